// Moments of a sample by compensated sums in index order; null where the moment does not exist.

/** A list of numbers that is only read. */
export type Sample = ArrayLike<number>;

/** Sum of term(i) for i = 0..n-1 in this order, with Neumaier's (1974) compensation: as good as twice the precision. */
export function sumOf(n: number, term: (index: number) => number): number {
  let sum = 0;
  let rest = 0;
  for (let i = 0; i < n; i++) {
    const x = term(i);
    const next = sum + x;
    rest += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  // An overflowed sum has a rest of NaN; the sum itself says more.
  return Number.isFinite(sum) ? sum + rest : sum;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Mean of n >= 1 values; null for none or when a value is not finite. */
export function mean(sample: Sample): number | null {
  return finite(sumOf(sample.length, (i) => sample[i]!) / sample.length);
}

/** Sum of (x - mean)^k over the sample. */
function centralSum(sample: Sample, centre: number, power: 2 | 3 | 4): number {
  return sumOf(sample.length, (i) => {
    const d = sample[i]! - centre;
    const square = d * d;
    return power === 2 ? square : power === 3 ? square * d : square * square;
  });
}

/** Sample variance, divisor n - 1; null below two values or when a value is not finite. */
export function variance(sample: Sample): number | null {
  const centre = mean(sample);
  if (centre === null || sample.length < 2) return null;
  // The mean is rounded; (sum of deviations)^2 / n takes the trace of that rounding out (Chan, Golub & LeVeque 1983).
  const off = sumOf(sample.length, (i) => sample[i]! - centre);
  return finite((centralSum(sample, centre, 2) - (off * off) / sample.length) / (sample.length - 1));
}

/** True when the spread is nothing but the rounding of equal values. */
export function isConstant(sample: Sample): boolean {
  for (let i = 1; i < sample.length; i++) if (sample[i] !== sample[0]) return false;
  return true;
}

/** Standardised central moment m_k / m_2^(k/2), divisors n; null when the sample is constant or shorter than two. */
function standardised(sample: Sample, power: 3 | 4): number | null {
  const centre = mean(sample);
  if (centre === null || sample.length < 2 || isConstant(sample)) return null;
  const m2 = centralSum(sample, centre, 2) / sample.length;
  const scale = power === 3 ? m2 * Math.sqrt(m2) : m2 * m2;
  return scale > 0 ? finite(centralSum(sample, centre, power) / sample.length / scale) : null;
}

/** Skewness m3 / m2^(3/2) with divisors n. */
export function skewness(sample: Sample): number | null {
  return standardised(sample, 3);
}

/** Excess kurtosis m4 / m2^2 - 3 with divisors n; 0 for a normal law. */
export function excessKurtosis(sample: Sample): number | null {
  const kurtosis = standardised(sample, 4);
  return kurtosis === null ? null : kurtosis - 3;
}

/** Middle value (mean of the two middle ones); null for none or when a value is not finite. */
export function median(sample: Sample): number | null {
  if (sample.length === 0) return null;
  const sorted = Float64Array.from(sample).sort();
  const upper = sorted[sorted.length >> 1]!;
  return finite(sorted.length % 2 === 1 ? upper : (sorted[(sorted.length >> 1) - 1]! + upper) / 2);
}
