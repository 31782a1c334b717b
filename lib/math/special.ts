// Distribution functions built on our own elementary functions: erf, gamma, beta, and the normal, chi-square and Student laws.
import { exp, log, log1p, pow } from './elementary.ts';

const TWO_OVER_SQRT_PI = 1.1283791670955126;
const HALF_LOG_TWO_PI = 0.9189385332046728;
const TWO_PI = 6.283185307179586;
const EPSILON = 2.220446049250313e-16;

/** Stirling's correction g(z) = ln Gamma(z) - (z - 1/2) ln z + z - ln(2 pi)/2, z > 0 (NIST DLMF 5.11.1). */
function stirlingRest(z: number): number {
  // Below 10 climb by Gamma(z + 1) = z Gamma(z): every step adds a small number, so nothing cancels.
  let climbed = 0;
  while (z < 10) {
    climbed += (z + 0.5) * log1p(1 / z) - 1;
    z += 1;
  }
  const w = 1 / (z * z);
  const series =
    1 / 12 + w * (-1 / 360 + w * (1 / 1260 + w * (-1 / 1680 + w * (1 / 1188 + w * (-691 / 360360 + w * (1 / 156))))));
  return series / z + climbed;
}

/** ln Gamma(x) for x > 0, to about 1e-14 absolute or relative, whichever is larger; NaN elsewhere. */
export function logGamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  return (x - 0.5) * log(x) - x + HALF_LOG_TWO_PI + stirlingRest(x);
}

/** d - ln(1 + d) without cancellation near 0 (the deviance of Loader 2000): with v = d/(2+d), d v - 2 sum v^(2k+1)/(2k+1).
 *  ratio = 1 + d is given apart, since near d = -1 it has digits that d has not. */
function deviance(d: number, ratio: number): number {
  if (Math.abs(d) > 0.3) return d - log(ratio);
  const v = d / (2 + d);
  const w = v * v;
  let power = v * w;
  let sum = 0;
  for (let k = 3; k < 40; k += 2) {
    const term = power / k;
    sum += term;
    if (Math.abs(term) <= EPSILON * Math.abs(sum)) break;
    power *= w;
  }
  return d * v - 2 * sum;
}

/** x^a e^-x / Gamma(a), by the deviance so that large a keeps its digits. */
function gammaDensityTimesX(a: number, x: number): number {
  return Math.sqrt(a / TWO_PI) * exp(-a * deviance((x - a) / a, x / a) - stirlingRest(a));
}

/** ln P(N = count) of the Poisson law, mean > 0: the saddle point form of Loader (2000), which keeps its digits for large means. */
export function logPoisson(count: number, mean: number): number {
  if (count === 0) return -mean;
  return -count * deviance((mean - count) / count, mean / count) - stirlingRest(count) - log(TWO_PI * count) / 2;
}

/** Continued fraction of Q(a, x) without its prefactor (DLMF 8.9.2, even part), by Lentz's method; x > a or x >= 1. */
function gammaFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let f = d;
  for (let i = 1; i < 1_000_000; i++) {
    const an = i * (a - i);
    b += 2;
    d = 1 / (an * d + b || tiny);
    c = b + an / c || tiny;
    const step = c * d;
    f *= step;
    if (Math.abs(step - 1) <= EPSILON) break;
  }
  return f;
}

/** The series of P(a, x): x^a e^-x / Gamma(a + 1) times 1 + x/(a+1) + x^2/((a+1)(a+2)) + ... */
function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; k < 1_000_000 && term > EPSILON * 0.25 * sum; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum * gammaDensityTimesX(a, x);
}

/** Regularised lower incomplete gamma P(a, x), a > 0, x >= 0; NaN outside. */
export function gammaP(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0 || x === Number.POSITIVE_INFINITY) return x === 0 ? 0 : 1;
  return x < a + 1 ? Math.min(1, gammaSeries(a, x)) : 1 - gammaQ(a, x);
}

/** Regularised upper incomplete gamma Q(a, x) = 1 - P(a, x), keeping its digits far out. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0 || x === Number.POSITIVE_INFINITY) return x === 0 ? 1 : 0;
  return x < a + 1 ? Math.max(0, 1 - gammaSeries(a, x)) : gammaDensityTimesX(a, x) * gammaFraction(a, x);
}

/** P(X <= x) of the chi-square law with df degrees of freedom. */
export function chiSquareCdf(x: number, df: number): number {
  return x <= 0 ? (df > 0 ? 0 : Number.NaN) : gammaP(df / 2, x / 2);
}

/** P(X > x) of the chi-square law. */
export function chiSquareSf(x: number, df: number): number {
  return x <= 0 ? (df > 0 ? 1 : Number.NaN) : gammaQ(df / 2, x / 2);
}

/** x with P(X <= x) = p of the chi-square law, 0 < p < 1, df > 0; NaN outside. */
export function chiSquareQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1 && df > 0)) return Number.NaN;
  const a = df / 2;
  const lower = p < 0.5;
  const target = lower ? p : 1 - p;
  // Wilson & Hilferty's cube; where it has no root, P(a, x) <= x^a / Gamma(a + 1) from the left.
  const root = 1 - 1 / (9 * a) + normalQuantile(p) / (3 * Math.sqrt(a));
  let x = lower && (a < 1 || root < 0.1) ? exp((log(p) + logGamma(a + 1)) / a) : a * pow(Math.max(root, 0.1), 3);
  // Newton's method in ln x, where the logs of both tails are concave; a long step could leave the doubles.
  for (let i = 0; i < 1000; i++) {
    const at = lower ? gammaP(a, x) : gammaQ(a, x);
    const step = (log(at / target) * at) / gammaDensityTimesX(a, x);
    x *= exp(Math.max(-1, Math.min(1, lower ? -step : step)));
    if (Math.abs(step) < 1e-9) break;
  }
  return 2 * x;
}

/** e^(-x^2) with x^2 split in an exact head and a rest: a bare square would lose digits for large x. */
function expOfMinusSquare(x: number): number {
  const head = Math.fround(x);
  return exp(-head * head) * exp(-(x - head) * (x + head));
}

/** Complementary error function; its relative error stays near 1e-15 in the tail. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 1.5) return 1 - erf(x);
  return x > 27.3 ? 0 : (expOfMinusSquare(x) * x * TWO_OVER_SQRT_PI * gammaFraction(0.5, x * x)) / 2;
}

/** Error function: 2/sqrt(pi) e^(-x^2) x sum (2 x^2)^n / (2n+1)!!, all terms of one sign (DLMF 7.6.2). */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= 1.5) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > EPSILON * 0.25 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_SQRT_PI * exp(-x * x) * sum;
}

/** P(Z <= x) of the standard normal law. */
export function normalCdf(x: number): number {
  return erfc(-x * Math.SQRT1_2) / 2;
}

/** Two-sided p-value P(|Z| >= |x|). */
export function normalTwoSided(x: number): number {
  return erfc(Math.abs(x) * Math.SQRT1_2);
}

/** Regularised incomplete beta I_x(a, b), with y = 1 - x given apart so that neither end loses digits. */
export function betaI(a: number, b: number, x: number, y = 1 - x): number {
  if (!(a > 0 && b > 0 && x >= 0 && y >= 0)) return Number.NaN;
  if (x === 0 || y === 0) return x === 0 ? 0 : 1;
  return b * x > a * y ? 1 - betaTail(b, a, y, x) : betaTail(a, b, x, y);
}

/** I_x(a, b) left of its mean: prefactor by deviances; continued fraction of Didonato & Morris (1992, eq. 9), all of one sign there. */
function betaTail(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  const left = a * y - b * x; // a - n x, without its rounding
  const rest = stirlingRest(n) - stirlingRest(a) - stirlingRest(b);
  const spread = a * deviance(-left / a, (n * x) / a) + b * deviance(left / b, (n * y) / b);
  const prefactor = Math.sqrt((a / TWO_PI) * (b / n)) * exp(rest - spread);
  const tiny = 1e-300;
  let c = 1 / tiny;
  let d = (a + 1) / (a * (left + 1));
  let f = d;
  for (let m = 1; m < 1_000_000; m++) {
    const k = a + 2 * m - 1;
    const numerator = ((a + m - 1) / k) * ((n + m - 1) / k) * m * (b - m) * x * x;
    const denominator = m + (m * (b - m) * x) / k + ((a + m) / (k + 2)) * (left + 1 + m * (1 + y));
    d = 1 / (numerator * d + denominator || tiny);
    c = denominator + numerator / c || tiny;
    f *= c * d;
    if (Math.abs(c * d - 1) <= EPSILON) break;
  }
  return prefactor * f;
}

/** P(T > t) of Student's law with df degrees of freedom, for t of either sign. */
export function studentSf(t: number, df: number): number {
  if (!(df > 0) || Number.isNaN(t)) return Number.NaN;
  const tail = studentTwoSided(t, df) / 2;
  return t > 0 ? tail : 1 - tail;
}

/** P(T <= t) of Student's law. */
export function studentCdf(t: number, df: number): number {
  return studentSf(-t, df);
}

/** Two-sided p-value P(|T| >= |t|) = I_{df/(df+t^2)}(df/2, 1/2); far out its power law, where t^2 would overflow. */
export function studentTwoSided(t: number, df: number): number {
  const size = Math.abs(t);
  if (size === Number.POSITIVE_INFINITY) return 0;
  const square = t * t;
  if (square > FAR * FAR * df) return 2 * studentFarTail(df) * pow(size / Math.sqrt(df), -df);
  return betaI(df / 2, 0.5, df / (df + square), square / (df + square));
}

/** In units of sqrt(df): from here on P(T > t) is its power law to a relative 1e-18. */
const FAR = 1e9;

/** The c of P(T > t) -> c (t / sqrt(df))^-df. */
function studentFarTail(df: number): number {
  return exp(studentLogPeak(df)) / Math.sqrt(df);
}

/** ln density at 0: ln Gamma((df+1)/2) - ln Gamma(df/2) - ln(df pi)/2, with Stirling's leading parts cancelled. */
function studentLogPeak(df: number): number {
  const scale = stirlingRest((df + 1) / 2) - stirlingRest(df / 2) - 0.5 + (df / 2) * log1p(1 / df);
  return scale - HALF_LOG_TWO_PI;
}

type Curve = (x: number) => number;

/** A law that is symmetric about 0: P(X > x), P(0 < X < x) for x > 0, and ln density. */
export interface SymmetricLaw {
  readonly tail: Curve;
  readonly middle: Curve;
  readonly logDensity: Curve;
}

export const NORMAL_LAW: SymmetricLaw = {
  tail: (z) => normalCdf(-z),
  middle: (z) => erf(z * Math.SQRT1_2) / 2,
  logDensity: (z) => -HALF_LOG_TWO_PI - (z * z) / 2,
};

/** Student's law with df > 0 degrees of freedom. */
export function studentLaw(df: number): SymmetricLaw {
  const peak = studentLogPeak(df);
  return {
    tail: (t) => studentSf(t, df),
    middle: (t) => betaI(0.5, df / 2, (t * t) / (df + t * t), df / (df + t * t)) / 2,
    logDensity: (t) => peak - ((df + 1) / 2) * log1p((t * t) / df),
  };
}

/** t with P(T <= t) = p, 0 < p < 1; NaN outside. Infinite where t would not be a double. */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1 && df > 0)) return Number.NaN;
  const far = studentFarTail(df);
  if (p < far * pow(FAR, -df)) return -Math.sqrt(df) * pow(p / far, -1 / df);
  return quantile(p, studentLaw(df));
}

/** z with P(Z <= z) = p, 0 < p < 1; NaN outside. */
export function normalQuantile(p: number): number {
  return p > 0 && p < 1 ? quantile(p, NORMAL_LAW) : Number.NaN;
}

/**
 * Quantile of a symmetric law by Newton's method inside a bracket that halving keeps: on ln P(X > x), which is concave, in the
 * tail, and on P(0 < X < x) in the middle, where the tail has no digits left for a small x.
 */
function quantile(p: number, { tail, middle, logDensity }: SymmetricLaw): number {
  if (p === 0.5) return 0;
  const target = p < 0.5 ? p : 1 - p;
  let low = 0;
  let high = 1;
  while (tail(high) > target) {
    low = high;
    high *= 2;
  }
  let x = (low + high) / 2;
  for (let i = 0; i < 200; i++) {
    const at = tail(x);
    const short = target > 0.25 ? Math.abs(p - 0.5) - middle(x) : at * log1p((at - target) / target);
    if (short > 0) low = x;
    else high = x;
    const newton = x + short * exp(-logDensity(x));
    const next = newton >= low && newton <= high ? newton : (low + high) / 2;
    const moved = Math.abs(next - x);
    x = next;
    if (moved <= EPSILON * x) break;
  }
  return p < 0.5 ? -x : x;
}
