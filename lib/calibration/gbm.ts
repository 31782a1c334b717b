// Estimates drift and volatility of geometric Brownian motion from closes, with the errors one must know.
import { ProblemError } from '../base/problem.ts';
import { log } from '../math/elementary.ts';
import { mean, variance } from '../stats/moments.ts';

/** Cleaned closes of one ticker: days ascending and unique, prices positive. */
export interface Closes {
  readonly ticker: string;
  /** Days since 1970-01-01. */
  readonly day: Int32Array;
  readonly close: Float64Array;
}

export interface GbmFit {
  /** Growth of the mean price per year. */
  readonly mu: number;
  /** Volatility per square root of a year. */
  readonly sigma: number;
  readonly seMu: number;
  readonly seSigma: number;
  /** Log returns used. */
  readonly n: number;
  /** Days since 1970-01-01 of the first and the last close. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** The last close: where a generated path goes on. */
  readonly startPrice: number;
  readonly notes: readonly string[];
}

export interface GbmSetting {
  readonly periodsPerYear: number;
  /** Fewest log returns to estimate from; two at the very least. */
  readonly minObservations: number;
}

/** Variance of a log return that the rounding of closes (about 1e-32) can explain; no market is as calm. */
const ROUNDING = 1e-24;

/**
 * Closed-form maximum likelihood with Delta = 1 / periodsPerYear: sigma^2 = s^2 / Delta, mu = mean / Delta + sigma^2 / 2 (s^2 with n - 1).
 * Standard errors sigma / sqrt(2 n) and sigma / sqrt(n Delta). Throws `data/refused` for too few returns or no variance.
 */
export function fitGbm({ ticker, day, close }: Closes, { periodsPerYear, minObservations }: GbmSetting): GbmFit {
  const n = Math.max(0, close.length - 1);
  requireObservations(ticker, n, minObservations);
  const returns = logReturns(close);
  const s2 = variance(returns);
  if (s2 === null || !(s2 > ROUNDING)) throw zeroVariance(ticker, n);
  const sigma = Math.sqrt(s2 * periodsPerYear);
  const mu = mean(returns)! * periodsPerYear + (sigma * sigma) / 2;
  const years = n / periodsPerYear;
  const seMu = sigma / Math.sqrt(years);
  const low = (mu - 1.96 * seMu).toFixed(3);
  const high = (mu + 1.96 * seMu).toFixed(3);
  return {
    mu,
    sigma,
    seMu,
    seSigma: sigma / Math.sqrt(2 * n),
    n,
    firstDay: day[0]!,
    lastDay: day.at(-1)!,
    startPrice: close.at(-1)!,
    notes: [
      `drift is not identified: ${years.toFixed(1)} years leave mu anywhere in ${low}..${high} (95 percent); take it from the configuration`,
    ],
  };
}

/** ln C(i) / C(i-1), one fewer than there are closes. */
export function logReturns(close: Float64Array): Float64Array {
  return Float64Array.from({ length: Math.max(0, close.length - 1) }, (_, i) => log(close[i + 1]! / close[i]!));
}

/** Throws `data/refused` naming who has how many observations and how many are needed. */
export function requireObservations(who: string, found: number, wanted: number): void {
  const needed = Math.max(2, wanted);
  if (found >= needed) return;
  throw new ProblemError({
    code: 'data/refused',
    message: `${who}: ${found} log returns are too few to calibrate, ${needed} are needed`,
    facts: { ticker: who, found, needed },
    path: ['fit', 'minObservations'],
    hint: 'give a longer history, or lower the least number of observations',
  });
}

export function zeroVariance(who: string, n: number): ProblemError {
  return new ProblemError({
    code: 'data/refused',
    message: `${who}: ${n} log returns have zero variance, so there is nothing to calibrate`,
    facts: { ticker: who, n },
  });
}
