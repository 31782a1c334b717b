// Dependence between samples and along a sample: Pearson correlation with Fisher's band, and autocorrelation.
import { expm1, log1p } from '../math/elementary.ts';
import { normalQuantile } from '../math/special.ts';
import { isConstant, mean, type Sample, sumOf } from './moments.ts';

/** Pearson correlation of two samples of equal length; null below two values, for a constant sample or a value not finite. */
export function correlation(a: Sample, b: Sample): number | null {
  if (a.length !== b.length) throw new RangeError(`correlation of ${a.length} and ${b.length} values`);
  const meanA = mean(a);
  const meanB = mean(b);
  if (meanA === null || meanB === null || a.length < 2 || isConstant(a) || isConstant(b)) return null;
  const both = sumOf(a.length, (i) => (a[i]! - meanA) * (b[i]! - meanB));
  const aa = sumOf(a.length, (i) => (a[i]! - meanA) * (a[i]! - meanA));
  const bb = sumOf(b.length, (i) => (b[i]! - meanB) * (b[i]! - meanB));
  const scale = Math.sqrt(aa) * Math.sqrt(bb);
  if (!(scale > 0 && Number.isFinite(scale))) return null;
  return Math.max(-1, Math.min(1, both / scale));
}

/** Fisher's z = artanh r, |r| < 1 (infinite at the ends). */
export function fisherZ(r: number): number {
  return (log1p(r) - log1p(-r)) / 2;
}

/** r of Fisher's z: tanh. */
function inverseFisherZ(z: number): number {
  const e = expm1(-2 * Math.abs(z));
  return (z < 0 ? 1 : -1) * (e / (e + 2));
}

/**
 * Band around the true correlation rho that holds the sample correlation of n normal pairs with the given probability:
 * artanh r is about N(artanh rho, 1/(n - 3)) (Fisher 1921). Null below four pairs.
 */
export function fisherBand(rho: number, n: number, level: number): readonly [low: number, high: number] | null {
  if (n < 4) return null;
  if (Math.abs(rho) >= 1) return [rho, rho];
  const half = normalQuantile((1 + level) / 2) / Math.sqrt(n - 3);
  return [inverseFisherZ(fisherZ(rho) - half), inverseFisherZ(fisherZ(rho) + half)];
}

/** Sample autocorrelations at lags 0..maxLag, sums divided by the whole sample's; null when constant or not longer than maxLag. */
export function acf(sample: Sample, maxLag: number): Float64Array | null {
  const centre = mean(sample);
  const n = sample.length;
  if (centre === null || n <= maxLag || n < 2 || isConstant(sample)) return null;
  const lagged = (lag: number) => sumOf(n - lag, (i) => (sample[i]! - centre) * (sample[i + lag]! - centre));
  const total = lagged(0);
  if (!(total > 0)) return null;
  return Float64Array.from({ length: maxLag + 1 }, (_, lag) => lagged(lag) / total);
}
