// Draws of further laws at an address: Poisson, gamma, chi-square and categorical values of (stream, bar, draw).
import { inverseNormal, RETRY, uniform } from './draw.ts';
import { exp, log } from './elementary.ts';
import { logPoisson } from './special.ts';
import type { Stream } from './stream.ts';

/** Means from here on are drawn by rejection. */
const MANY = 10;
/** Counts stay exact integers below this mean. */
const LARGEST_MEAN = 1e15;

/**
 * Poisson count of the given mean, 0 to 1e15. Below 10 by sequential inversion of one uniform, so at a fixed address the
 * count grows with the mean; from 10 by PTRS (Hörmann 1993, Insurance: Mathematics and Economics 12), its rejections in
 * the bar's own sub-counter. Throws RangeError for another mean.
 */
export function poisson(stream: Stream, bar: number, draw: number, mean: number): number {
  if (!(mean >= 0 && mean <= LARGEST_MEAN)) throw new RangeError(`a Poisson mean must be 0 to 1e15, not ${mean}`);
  if (mean >= MANY) return poissonByRejection(stream, bar, draw, mean);
  const u = uniform(stream, bar, draw);
  let mass = exp(-mean);
  let below = mass;
  let count = 0;
  while (u > below) {
    count++;
    mass *= mean / count;
    const next = below + mass;
    // The sum of all masses may round to less than the largest uniform.
    if (next === below) break;
    below = next;
  }
  return count;
}

function poissonByRejection(stream: Stream, bar: number, draw: number, mean: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const sure = 0.9277 - 3.6224 / (b - 2);
  const hat = 1.1239 + 1.1328 / (b - 3.4);
  for (let at = draw; ; at += 2 * RETRY) {
    const u = uniform(stream, bar, at) - 0.5;
    const v = uniform(stream, bar, at + RETRY);
    const edge = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= sure) return count;
    if (count < 0 || (edge < 0.013 && v > edge)) continue;
    if (log((v * hat) / (a / (edge * edge) + b)) <= logPoisson(count, mean)) return count;
  }
}

/**
 * Gamma variate of scale 1 and the given shape: squeeze and rejection on cubed normals (Marsaglia & Tsang 2000, ACM TOMS
 * 26), for a shape below 1 that of shape + 1 times U^(1/shape). Throws RangeError unless the shape is positive and finite.
 */
export function gamma(stream: Stream, bar: number, draw: number, shape: number): number {
  if (!(shape > 0 && shape < Number.POSITIVE_INFINITY)) throw new RangeError(`a gamma shape must be above 0: ${shape}`);
  if (shape < 1) {
    const boost = exp(log(uniform(stream, bar, draw)) / shape);
    return boost * gamma(stream, bar, draw + RETRY, shape + 1);
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  // Normals by inversion: the ziggurat's own rejections would take the words of the next try.
  for (let at = draw; ; at += 2 * RETRY) {
    const x = inverseNormal(uniform(stream, bar, at));
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = uniform(stream, bar, at + RETRY);
    if (u < 1 - 0.0331 * x * x * x * x) return d * v;
    if (log(u) < 0.5 * x * x + d * (1 - v + log(v))) return d * v;
  }
}

/** Chi-square variate with `df` > 0 degrees of freedom, any real number. */
export function chiSquare(stream: Stream, bar: number, draw: number, df: number): number {
  return 2 * gamma(stream, bar, draw, df / 2);
}

/**
 * Index of a cell, by inversion of one uniform along the cells in their order. `probabilities` are non-negative and sum to
 * 1, which the caller has checked; what rounding leaves beyond their sum falls to the last cell that can happen.
 */
export function categorical(
  stream: Stream,
  bar: number,
  draw: number,
  probabilities: { readonly length: number; readonly [cell: number]: number },
): number {
  const u = uniform(stream, bar, draw);
  let below = 0;
  let last = 0;
  for (let cell = 0; cell < probabilities.length; cell++) {
    if (!(probabilities[cell]! > 0)) continue;
    below += probabilities[cell]!;
    last = cell;
    if (u <= below) break;
  }
  return last;
}
