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
  /** Degrees of freedom of the copula; infinite for the Gaussian. */
  readonly copulaDf: number;
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
  bars(s: number): BarShares;
}

/** How the variance of each session is shared between its closed hours and its open ones, bar by bar. */
export function sharesOf({ span, season, night }: Truth): Shares {
  const { calendar, frequency, days } = span;
  const column = () => new Float64Array(days.length);
  const known = new Map<number, BarShares>();
  const ofLength = (minutes: number) => {
    const found = known.get(minutes);
    if (found !== undefined) return found;
    const edges = edgesOf(calendar, frequency, minutes, 1);
    const share = varianceShares(season, edges).map((one) => (1 - (night?.share ?? 0)) * one);
    known.set(minutes, { share, edges });
    return { share, edges };
  };
  const bars = (s: number) => ofLength(span.minutes[s]!);
  const shares = { closed: column(), open: column(), end: column(), bars };
  for (let s = 0; s < days.length; s++) {
    const { share, edges } = bars(s);
    let sum = 0;
    for (const one of share) sum += one;
    shares.open[s] = sum;
    shares.end[s] = edges.at(-1)!;
    const day = days[s]!;
    shares.closed[s] = night === null ? 0 : night.share * gapMultiple(calendar, previousSession(calendar, day), day);
  }
  return shares;
}

/** Share of an ordinary session's variance that each bar of one has, and where bars begin and end as fractions of a full session. */
export interface BarShares {
  readonly share: Float64Array;
  readonly edges: Float64Array;
}

/** First open and last close of each session. */
export interface Prices {
  readonly open: Float64Array;
  readonly close: Float64Array;
}

/** Prices that moves are read from: of each session its first open and the closes of its bars, from place first[s] on. */
export interface Nodes {
  readonly prices: Float64Array;
  readonly first: Int32Array;
}

/** A number that is linear in the logs of prices: `by` times those `at` these nodes. */
export interface Reading {
  readonly value: number;
  readonly at: readonly number[];
  readonly by: readonly number[];
}

/** Variance of a reading when each price has a variance of 1, independent of the others. */
export function noiseOf({ at, by }: Reading, price: (node: number) => number): number {
  let sum = 0;
  for (let k = 0; k < at.length; k++) {
    const one = by[k]! / price(at[k]!);
    sum += one * one;
  }
  return sum;
}

/** Share of a variance that the rounding of prices may have where it is taken for small. */
export const SMALL = 0.01;
