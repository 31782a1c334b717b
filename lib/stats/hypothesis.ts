// Hypothesis tests that return one record; a sample that cannot answer gives nulls and a note, never a pass.
import { chiSquareCdf, chiSquareSf, normalTwoSided, studentQuantile, studentTwoSided } from '../math/special.ts';
import { acf } from './dependence.ts';
import { jarqueBeraSf } from './jarque-bera-table.ts';
import { kolmogorovSf } from './kolmogorov.ts';
import { excessKurtosis, isConstant, mean, type Sample, skewness, sumOf, variance } from './moments.ts';

export interface TestResult {
  readonly stat: number | null;
  /** Degrees of freedom, null where the law has none. */
  readonly df: number | null;
  readonly pvalue: number | null;
  readonly n: number;
  /** p < alpha; null when inconclusive. */
  readonly reject: boolean | null;
  readonly note: string;
}

/** Level used when the caller gives none. */
export const DEFAULT_ALPHA = 0.05;

function inconclusive(n: number, why: string): TestResult {
  return { stat: null, df: null, pvalue: null, n, reject: null, note: `inconclusive: ${why}` };
}

function result(stat: number, df: number | null, pvalue: number, n: number, alpha: number, note: string): TestResult {
  if (!Number.isFinite(stat) || !Number.isFinite(pvalue)) return inconclusive(n, 'the statistic is not finite');
  return { stat, df, pvalue, n, reject: pvalue < alpha, note };
}

/** Why a sample cannot be tested, or null when it can. */
function unfit(sample: Sample, least: number): string | null {
  if (sample.length < least) return `needs ${least} values, has ${sample.length}`;
  for (let i = 0; i < sample.length; i++) if (!Number.isFinite(sample[i]!)) return `value ${i} is not finite`;
  return isConstant(sample) ? 'the sample has zero variance' : null;
}

/** Student's t test that the mean of independent values is mu. */
export function testMean(sample: Sample, mu: number, alpha = DEFAULT_ALPHA): TestResult {
  const n = sample.length;
  const why = unfit(sample, 2);
  if (why !== null) return inconclusive(n, why);
  const stat = (mean(sample)! - mu) / Math.sqrt(variance(sample)! / n);
  return result(stat, n - 1, studentTwoSided(stat, n - 1), n, alpha, 'Student t, independent values');
}

/** Student's interval of the mean that holds the true one with probability `level`; null when it does not exist. */
export function meanInterval(sample: Sample, level: number): readonly [low: number, high: number] | null {
  if (unfit(sample, 2) !== null) return null;
  const n = sample.length;
  const half = studentQuantile((1 + level) / 2, n - 1) * Math.sqrt(variance(sample)! / n);
  return [mean(sample)! - half, mean(sample)! + half];
}

/** z test that the mean is mu when the standard deviation sigma > 0 is known. */
export function testMeanKnownSigma(sample: Sample, mu: number, sigma: number, alpha = DEFAULT_ALPHA): TestResult {
  const n = sample.length;
  const centre = mean(sample);
  if (centre === null) return inconclusive(n, n === 0 ? 'the sample is empty' : 'a value is not finite');
  if (!(sigma > 0)) return inconclusive(n, 'sigma is not positive');
  const stat = ((centre - mu) * Math.sqrt(n)) / sigma;
  return result(stat, null, normalTwoSided(stat), n, alpha, 'z with known standard deviation');
}

/**
 * Test that the variance is sigma^2. `normal`: (n-1) s^2/sigma^2 against chi-square, right only for normal data;
 * `robust`: s^2/sigma^2 - 1 over its asymptotic standard error sqrt((kurtosis - 1)/n), for any law with a fourth moment.
 */
export function testVariance(
  sample: Sample,
  sigma2: number,
  law: 'normal' | 'robust' = 'normal',
  alpha = DEFAULT_ALPHA,
): TestResult {
  const n = sample.length;
  const why = unfit(sample, law === 'normal' ? 2 : 20) ?? (sigma2 > 0 ? null : 'sigma^2 is not positive');
  if (why !== null) return inconclusive(n, why);
  const ratio = variance(sample)! / sigma2;
  if (law === 'normal') {
    const stat = (n - 1) * ratio;
    const p = Math.min(1, 2 * Math.min(chiSquareCdf(stat, n - 1), chiSquareSf(stat, n - 1)));
    return result(stat, n - 1, p, n, alpha, 'two-sided chi-square, normal data');
  }
  const stat = (ratio - 1) / Math.sqrt((excessKurtosis(sample)! + 2) / n);
  return result(stat, null, normalTwoSided(stat), n, alpha, 'z by the sample kurtosis');
}

/** Kolmogorov-Smirnov test against a fully given cdf. With parameters fitted to the same sample its p-value is far too large. */
export function testKolmogorov(sample: Sample, cdf: (x: number) => number, alpha = DEFAULT_ALPHA): TestResult {
  const n = sample.length;
  const why = n === 0 ? 'the sample is empty' : unfit(sample, 1);
  if (why !== null && why !== 'the sample has zero variance') return inconclusive(n, why);
  const sorted = Float64Array.from(sample).sort();
  let d = 0;
  for (let i = 0; i < n; i++) {
    const f = cdf(sorted[i]!);
    d = Math.max(d, f - i / n, (i + 1) / n - f);
  }
  return result(d, null, kolmogorovSf(d, n), n, alpha, n <= 200 ? 'exact law' : 'limit law');
}

/** Jarque-Bera test of normality; p by simulated quantiles below n = 2000, by chi-square(2) from there on. */
export function testJarqueBera(sample: Sample, alpha = DEFAULT_ALPHA): TestResult {
  const n = sample.length;
  const why = unfit(sample, 10);
  if (why !== null) return inconclusive(n, why);
  const skew = skewness(sample)!;
  const excess = excessKurtosis(sample)!;
  const stat = n * ((skew * skew) / 6 + (excess * excess) / 24);
  if (n >= 2000) return result(stat, 2, chiSquareSf(stat, 2), n, alpha, 'chi-square limit');
  const { pvalue, bounded } = jarqueBeraSf(stat, n);
  return result(stat, 2, pvalue, n, alpha, bounded ? 'simulated law; p is at most this' : 'simulated law');
}

/**
 * Ljung-Box test of lags 1..lags: n(n+2) sum r_k^2/(n-k) against chi-square(lags - fitted).
 * `robust` divides each n r_k^2 by 1 + gamma_{x^2}(k)/s^4 instead (Lobato, Nankervis & Savin 2001): the plain form rejects far too often
 * when variance clusters, so use robust for "returns are uncorrelated" and plain on squares for "volatility clusters".
 */
export function testLjungBox(
  sample: Sample,
  lags: number,
  { form = 'plain', fitted = 0, alpha = DEFAULT_ALPHA }: LjungBoxOptions = {},
): TestResult {
  const n = sample.length;
  const why = unfit(sample, lags + 2) ?? (lags > fitted ? null : `${lags} lags leave no degree of freedom`);
  if (why !== null) return inconclusive(n, why);
  const r = acf(sample, lags)!;
  const robust = form === 'robust' ? squareCovariances(sample, lags) : null;
  const stat = sumOf(lags, (i) => {
    const k = i + 1;
    const square = r[k]! * r[k]!;
    return robust === null ? (n * (n + 2) * square) / (n - k) : (n * square) / (1 + robust[k]!);
  });
  return result(stat, lags - fitted, chiSquareSf(stat, lags - fitted), n, alpha, `${form} form, ${lags} lags`);
}

export interface LjungBoxOptions {
  readonly form?: 'plain' | 'robust';
  /** Parameters of a model fitted before, taken off the degrees of freedom. */
  readonly fitted?: number;
  readonly alpha?: number;
}

/** gamma_{x^2}(k)/s^4 for k = 0..lags, of the centred sample, all sums divided by n. */
function squareCovariances(sample: Sample, lags: number): Float64Array {
  const n = sample.length;
  const centre = mean(sample)!;
  const square = (i: number) => (sample[i]! - centre) * (sample[i]! - centre);
  const s2 = sumOf(n, square) / n;
  return Float64Array.from({ length: lags + 1 }, (_, k) => {
    const covariance = sumOf(n - k, (i) => (square(i) - s2) * (square(i + k) - s2)) / n;
    return covariance / (s2 * s2);
  });
}

/** Holm's (1979) adjusted p-values, in the given order: rejecting those below alpha keeps the chance of any false rejection below alpha. */
export function holm(pvalues: Sample): number[] {
  const m = pvalues.length;
  const order = Array.from({ length: m }, (_, i) => i).sort((a, b) => pvalues[a]! - pvalues[b]! || a - b);
  const adjusted = new Array<number>(m);
  let largest = 0;
  for (let rank = 0; rank < m; rank++) {
    const index = order[rank]!;
    largest = Math.max(largest, Math.min(1, (m - rank) * pvalues[index]!));
    adjusted[index] = largest;
  }
  return adjusted;
}
