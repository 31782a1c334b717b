// What made the bars of a ticker: the law of its returns, what surrounds them, and the tables of ground truth.
import type { JumpParams } from '../models/jumps.ts';
import type { ModelParams } from '../models/model.ts';
import type { OuParams } from '../models/ou.ts';
import type { SquareRootParams } from '../models/square-root.ts';
import type { GarchParams } from '../models/volatility/garch.ts';
import type { Span } from './environment.ts';
import { edgesOf } from './frequency.ts';
import { gapMultiple, previousSession } from './overnight.ts';
import { type Season, varianceShares } from './season.ts';
import type { Surroundings } from './surroundings.ts';

/** The law of a ticker's returns between what surrounds them. */
export type ReturnLaw =
  | {
      readonly kind: 'path';
      readonly mu: number;
      readonly jumps: JumpParams | null;
      readonly variance:
        | { readonly kind: 'constant'; readonly sigma: number }
        | { readonly kind: 'garch'; readonly params: GarchParams }
        | { readonly kind: 'square-root'; readonly params: SquareRootParams };
    }
  | { readonly kind: 'ou'; readonly params: OuParams };

/** What made the bars of a ticker. */
export interface Truth {
  readonly law: ReturnLaw;
  readonly span: Span;
  readonly periodsPerYear: number;
  readonly season: Season;
  readonly night: { readonly share: number; readonly nu: number } | null;
  readonly surroundings: Surroundings;
  /** Autocorrelation of bar returns beside that of the surroundings. */
  readonly memory: number;
  /** Degrees of freedom of a session's innovation; infinite for the normal law. */
  readonly marginDf: number;
  /** Variance of each session's shock where factors move; null where it is 1. */
  readonly shockVariance: Float64Array | null;
  /** Tables of ground truth: per session, and jump by jump. */
  readonly latent: {
    readonly variance: Float64Array;
    readonly sd: Float64Array;
    readonly jumps: { readonly day: Int32Array; readonly time: Float64Array; readonly size: Float64Array };
  };
}

/** The law of a model of the catalog with these params; null for a model of somebody's own. */
export function lawOf(
  model: string,
  params: ModelParams,
  volatility: { readonly name: string; readonly params: ModelParams } | null,
): ReturnLaw | null {
  if (model === 'ou') return { kind: 'ou', params: params as OuParams };
  const given = params as { mu: number; sigma: number };
  const own = (): Extract<ReturnLaw, { kind: 'path' }>['variance'] => {
    if (volatility === null) return { kind: 'constant', sigma: given.sigma };
    if (volatility.name === 'garch') return { kind: 'garch', params: volatility.params as GarchParams };
    return { kind: 'square-root', params: volatility.params as SquareRootParams };
  };
  const { mu } = given;
  if (model === 'gbm') return { kind: 'path', mu, jumps: null, variance: own() };
  if (model === 'jump_diffusion') return { kind: 'path', mu, jumps: params as unknown as JumpParams, variance: own() };
  if (model === 'hybrid')
    return { kind: 'path', mu, jumps: (params as { jumps: JumpParams | null }).jumps, variance: own() };
  if (model !== 'heston') return null;
  return { kind: 'path', mu, jumps: null, variance: { kind: 'square-root', params: params as SquareRootParams } };
}

export interface Shares {
  /** Shares of an ordinary session's variance: of the hours before the open, and of the open ones. */
  readonly closed: Float64Array;
  readonly open: Float64Array;
  /** Fraction of a full session at which each one closes. */
  readonly end: Float64Array;
}

/** How the variance of each session is shared between its closed hours and its open ones. */
export function sharesOf({ span, season, night }: Truth): Shares {
  const { calendar, frequency, days } = span;
  const column = () => new Float64Array(days.length);
  const shares = { closed: column(), open: column(), end: column() };
  const known = new Map<number, readonly [share: number, end: number]>();
  const ofLength = (minutes: number) => {
    const found = known.get(minutes);
    if (found !== undefined) return found;
    const edges = edgesOf(calendar, frequency, minutes, 1);
    let sum = 0;
    for (const share of varianceShares(season, edges)) sum += share;
    const made = [sum, edges.at(-1)!] as const;
    known.set(minutes, made);
    return made;
  };
  for (let s = 0; s < days.length; s++) {
    const [share, end] = ofLength(span.minutes[s]!);
    shares.open[s] = (1 - (night?.share ?? 0)) * share;
    shares.end[s] = end;
    const day = days[s]!;
    shares.closed[s] = night === null ? 0 : night.share * gapMultiple(calendar, previousSession(calendar, day), day);
  }
  return shares;
}

/** First open and last close of each session. */
export interface Prices {
  readonly open: Float64Array;
  readonly close: Float64Array;
}

/** Share of a variance that the rounding of prices may have where it is taken for small. */
export const SMALL = 0.01;

/** A probability that underflows counts as this one. */
export const LEAST = 1e-300;
