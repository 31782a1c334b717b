// What ground truth holds beside prices, against its own laws: jumps and variances.
import type { JumpLaw, VarianceLaw } from '../models/law.ts';
import { type Nodes, noiseOf, type Reading, type Shares, SMALL, type Truth } from './truth.ts';

/** Mean number of jumps over all sessions. */
export function expectedJumps(
  { intensity }: JumpLaw,
  { surroundings, periodsPerYear }: Truth,
  { closed, open }: Shares,
): number {
  let sum = 0;
  for (let s = 0; s < open.length; s++)
    sum += (intensity * (surroundings.jumpIntensity?.[s] ?? 1) * (closed[s]! + open[s]!)) / periodsPerYear;
  return sum;
}

/** Normal scores of the sizes in the ledger that have one. */
export function jumpScores(law: JumpLaw, { latent, span, surroundings }: Truth): Float64Array {
  const { days } = span;
  const { day, size } = latent.jumps;
  let s = 0;
  return size
    .map((x, j) => {
      while (s < days.length - 1 && days[s]! < day[j]!) s++;
      return law.score?.(x, surroundings.jumpMean?.[s] ?? 0, surroundings.jumpSd?.[s] ?? 1) ?? Number.NaN;
    })
    .filter(Number.isFinite);
}

/** Variance of a session per year, without the factor of regimes and events. */
const bare = ({ latent, surroundings }: Truth, s: number) => {
  const factor = surroundings.volatility?.[s] ?? 1;
  return latent.variance[s]! / (factor * factor);
};

/** Normal score of each next variance given the one before; which steps have one rests on the variance before, so the others keep their law. */
export function varianceScores(law: Extract<VarianceLaw, { of: 'shocks' }>, truth: Truth): Float64Array {
  const { latent, surroundings: around } = truth;
  const scores: number[] = [];
  for (let s = 0; s < latent.variance.length - 1; s++) {
    const [v, next] = [bare(truth, s), bare(truth, s + 1)];
    if (!Number.isFinite(v) || !Number.isFinite(next)) continue;
    const score = law.score(v, next, around.target?.[s] ?? 1);
    if (Number.isFinite(score)) scores.push(score);
  }
  return Float64Array.from(scores);
}

/**
 * A variance less what the innovation before it makes it is 0 but for the rounding of the prices that innovations are read from: its
 * sum over the sessions in units of the standard error of that rounding (rounding errors of prices are independent, uniform, one tick wide).
 */
export function recursion(
  law: Extract<VarianceLaw, { of: 'innovations' }>,
  truth: Truth,
  { closed, open }: Shares,
  innovations: readonly (Reading | null)[],
  { prices }: Nodes,
  noise: number,
): number | null {
  const { surroundings: around, periodsPerYear } = truth;
  /** By price, what its rounding does to the sum. */
  const slopes = new Float64Array(prices.length);
  let sum = 0;
  let square = 0;
  let used = 0;
  for (let s = 1; s < innovations.length - 1; s++) {
    const factor = around.volatility?.[s] ?? 1;
    const read = innovations[s]!;
    if (read === null || !(factor > 0 && (around.volatility?.[s + 1] ?? 1) > 0)) continue;
    const scale = 1 / (factor * Math.sqrt(closed[s]! + open[s]!));
    const rounding = noise * scale * scale * noiseOf(read, (node) => prices[node]!);
    const v = bare(truth, s);
    if (!(rounding * periodsPerYear <= SMALL * v)) continue;
    const next = (e: number) => law.next(v, e, around.target?.[s + 1] ?? 1);
    const e = read.value * scale;
    const step = Math.max(Math.sqrt(rounding), TINY * Math.sqrt(v / periodsPerYear));
    const [low, mid, high] = [next(e - step), next(e), next(e + step)];
    const bend = (low + high - 2 * mid) / (2 * step * step);
    sum += bare(truth, s + 1) - mid + bend * rounding;
    square += 2 * bend * bend * rounding * rounding + EXACT * v * (EXACT * v);
    const slope = ((high - low) / (2 * step)) * scale;
    for (const [k, node] of read.at.entries()) slopes[node] = slopes[node]! + slope * read.by[k]!;
    used++;
  }
  for (const [node, slope] of slopes.entries()) square += noise * (slope / prices[node]!) * (slope / prices[node]!);
  return used === 0 ? null : sum / Math.sqrt(square);
}

/** Of a variance, what the arithmetic of the two ways to it may differ by. */
const EXACT = 1e-9;
/** Step of a numeric slope, of a standard deviation. */
const TINY = 1e-4;
