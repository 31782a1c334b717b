// What made the bars of a ticker: the law of its returns, what surrounds them, and the tables of ground truth.
import type { ReturnLaw } from '../models/law.ts';
import type { Model, ModelParams, VolatilityModel } from '../models/model.ts';
import { edgesOf } from './frequency.ts';
import { gapMultiple, previousSession } from './overnight.ts';
import { type Season, varianceShares } from './season.ts';
import type { Span } from './span.ts';
import type { Surroundings } from './surroundings.ts';

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

/** What a price model states of its returns, driven by a volatility model or not; null where one of them states nothing. */
export function lawOf(
  price: { readonly model: Model; readonly params: ModelParams },
  driver: { readonly model: VolatilityModel; readonly params: ModelParams } | null,
  yearsPerSession: number,
): ReturnLaw | null {
  const variance = driver?.model.law?.(driver.params, yearsPerSession) ?? null;
  if (driver !== null && variance === null) return null;
  return price.model.law?.(price.params, yearsPerSession, variance) ?? null;
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
