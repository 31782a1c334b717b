// The law of Kolmogorov's distance D between a sample of n and a fully given continuous distribution.
import { exp, log, log1p } from '../math/elementary.ts';
import { logGamma } from '../math/special.ts';

/** P(D_n >= d): exact for n <= 200, the limit law of sqrt(n) D above. Not for distributions fitted to the same sample. */
export function kolmogorovSf(d: number, n: number): number {
  if (d <= 0.5 / n) return 1;
  if (d >= 1) return 0;
  if (n > 200) return limitSf(d * Math.sqrt(n));
  // The two one-sided events exclude each other from d = 1/2 on; from n d^2 = 4 both together weigh below e^-24 of the sum.
  return d >= 0.5 || n * d * d >= 4 ? Math.min(1, 2 * oneSidedSf(d, n)) : 1 - exactCdf(d, n);
}

/** Limit law 2 sum (-1)^(j-1) e^(-2 j^2 z^2); for small z its theta-function twin sqrt(2 pi)/z sum e^(-(2j-1)^2 pi^2/(8 z^2)). */
function limitSf(z: number): number {
  let sum = 0;
  if (z < 1) {
    for (let j = 1; j < 20; j += 2) sum += exp((-j * j * Math.PI * Math.PI) / (8 * z * z));
    return 1 - (Math.sqrt(2 * Math.PI) / z) * sum;
  }
  for (let j = 8; j >= 1; j--) sum += (j % 2 === 1 ? 2 : -2) * exp(-2 * j * j * z * z);
  return sum;
}

/** P(D+ >= d) = d sum_j C(n,j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j), j <= n(1-d) (Birnbaum & Tingey 1951): all terms positive. */
function oneSidedSf(d: number, n: number): number {
  let sum = 0;
  for (let j = 0; j <= n * (1 - d); j++) {
    const rest = 1 - d - j / n;
    if (rest <= 0) break;
    const choose = logGamma(n + 1) - logGamma(j + 1) - logGamma(n - j + 1);
    sum += exp(choose + (j - 1) * log(d + j / n) + (n - j) * log1p(-d - j / n));
  }
  return d * sum;
}

/** P(D_n < d) = n!/n^n (H^n)_kk with d = (k - h)/n (Marsaglia, Tsang & Wang 2003). */
function exactCdf(d: number, n: number): number {
  const k = Math.floor(n * d) + 1;
  const h = k - n * d;
  const m = 2 * k - 1;
  const start = new Float64Array(m * m);
  const powers = [1];
  const factorials = [1];
  for (let i = 1; i <= m; i++) {
    powers.push(powers[i - 1]! * h);
    factorials.push(factorials[i - 1]! * i);
  }
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) {
      const order = i - j + 1;
      if (order < 0) continue;
      let entry = 1;
      if (j === 0) entry -= powers[i + 1]!;
      if (i === m - 1) entry -= powers[m - j]!;
      if (j === 0 && i === m - 1 && 2 * h > 1) {
        let corner = 1;
        for (let p = 0; p < m; p++) corner *= 2 * h - 1;
        entry += corner;
      }
      start[i * m + j] = entry / factorials[order]!;
    }
  }
  // Rows of H sum to less than e, so H^n stays below e^200 and nothing overflows; n! / n^n is put in factor by factor.
  let value = powerOf(start, m, n)[(k - 1) * m + (k - 1)]!;
  for (let i = 1; i <= n; i++) value = (value * i) / n;
  return value;
}

function powerOf(base: Float64Array, m: number, n: number): Float64Array {
  if (n === 1) return base;
  const half = powerOf(base, m, n >> 1);
  const squared = product(half, half, m);
  return n % 2 === 0 ? squared : product(squared, base, m);
}

function product(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const out = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < m; k++) {
      const left = a[i * m + k]!;
      for (let j = 0; j < m; j++) out[i * m + j]! += left * b[k * m + j]!;
    }
  }
  return out;
}
