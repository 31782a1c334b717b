// What ground truth holds beside prices, against its own laws: jumps and variances.
import { exp, expm1 } from '../math/elementary.ts';
import { normalCdf, normalQuantile } from '../math/special.ts';
import type { JumpParams } from '../models/jumps.ts';
import type { SquareRootParams } from '../models/square-root.ts';
import type { GarchParams } from '../models/volatility/garch.ts';
import { LEAST, type Shares, SMALL, type Truth } from './truth.ts';

const quantile = (p: number) => normalQuantile(Math.max(LEAST, p));

/** Mean number of jumps over all sessions. */
export function expectedJumps(
  { intensity }: JumpParams,
  { surroundings, periodsPerYear }: Truth,
  { closed, open }: Shares,
): number {
  let sum = 0;
  for (let s = 0; s < open.length; s++)
    sum += (intensity * (surroundings.jumpIntensity?.[s] ?? 1) * (closed[s]! + open[s]!)) / periodsPerYear;
  return sum;
}

/** Normal scores of the sizes in the ledger; none where sizes are no random numbers. */
export function jumpScores(params: JumpParams, { latent, span, surroundings }: Truth): Float64Array {
  const { days } = span;
  const { day, size } = latent.jumps;
  const scores: number[] = [];
  for (let j = 0, s = 0; j < day.length; j++) {
    while (s < days.length - 1 && days[s]! < day[j]!) s++;
    const spread = surroundings.jumpSd?.[s] ?? 1;
    const x = size[j]! - (surroundings.jumpMean?.[s] ?? 0);
    if (params.law === 'merton') {
      if (params.sd * spread > 0) scores.push((x - params.mean) / (params.sd * spread));
      continue;
    }
    const { probability_up: p, up, down } = params;
    const c = Math.min(spread, 0.5 * (1 + up));
    if (c > 0) scores.push(x < 0 ? quantile((1 - p) * exp((down * x) / c)) : -quantile(p * exp((-up * x) / c)));
  }
  return Float64Array.from(scores);
}

/** Where psi = s^2 / m^2 passes to a law with an atom at 0 (Andersen 2008, 3.2.3), and how far from 0 Euler's normal law must stay. */
const SWITCH = 1.5;
const FAR = 8;

/**
 * Normal score of each next variance given the one before (its own law: Andersen 2008, 3.2.1, or the normal one of Euler). Steps whose
 * law has an atom are left out; the choice rests on the variance before, so the others keep their law.
 */
export function varianceScores(
  params: SquareRootParams,
  { latent, surroundings: around, periodsPerYear }: Truth,
): Float64Array {
  const { kappa, theta, xi, scheme } = params;
  const dt = 1 / periodsPerYear;
  const gone = -expm1(-kappa * dt);
  const bare = (s: number) => {
    const factor = around.volatility?.[s] ?? 1;
    return latent.variance[s]! / (factor * factor);
  };
  const scores: number[] = [];
  for (let s = 0; xi > 0 && s < latent.variance.length - 1; s++) {
    const [v, next] = [bare(s), bare(s + 1)];
    if (!Number.isFinite(v) || !Number.isFinite(next)) continue;
    const level = theta * (around.target?.[s] ?? 1) * (around.target?.[s] ?? 1);
    if (scheme === 'euler') {
      const [m, sd] = [v + kappa * (level - v) * dt, xi * Math.sqrt(v * dt)];
      if (m > FAR * sd && sd > 0) scores.push((next - m) / sd);
      continue;
    }
    const m = level + (v - level) * (1 - gone);
    const psi = (xi * xi * gone * (v * (1 - gone) + (level * gone) / 2)) / (kappa * m * m);
    if (!(psi <= SWITCH)) continue;
    const b2 = 2 / psi - 1 + Math.sqrt((2 / psi) * (2 / psi - 1));
    const [b, root] = [Math.sqrt(b2), Math.sqrt((next * (1 + b2)) / m)];
    // P(V <= next) of V = a (b + Z)^2: from the lower tail or the upper one, whichever has digits.
    const above = normalCdf(b - root) + normalCdf(-b - root);
    scores.push(above < 0.5 ? -quantile(above) : quantile(normalCdf(root - b) - normalCdf(-root - b)));
  }
  return Float64Array.from(scores);
}

/**
 * h(t+1) - omega - (alpha + gamma 1[e < 0]) e^2 - beta h(t) is 0 but for the rounding of the prices that e is read from: its sum
 * over the sessions in units of the standard error of that rounding (rounding errors of prices are independent, uniform, one tick wide).
 */
export function recursion(
  { sigma, alpha, gamma, beta }: GarchParams,
  { latent, surroundings: around, memory, periodsPerYear }: Truth,
  { closed, open }: Shares,
  moves: Float64Array,
  close: Float64Array,
  noise: number,
): number | null {
  const dt = 1 / periodsPerYear;
  const p = alpha + gamma / 2 + beta;
  const omega = p < 1 ? sigma * sigma * dt * (1 - p) : 0;
  const h = (s: number) => {
    const factor = around.volatility?.[s] ?? 1;
    return (latent.variance[s]! * dt) / (factor * factor);
  };
  let sum = 0;
  let square = 0;
  let used = 0;
  let before = 0;
  for (let s = 1; s < moves.length; s++) {
    const factor = around.volatility?.[s] ?? 1;
    const known = memory + (around.memory?.[s] ?? 0) === 0 && factor > 0 && (around.volatility?.[s + 1] ?? 1) > 0;
    const scale = 1 / (factor * Math.sqrt(closed[s]! + open[s]!));
    const e = moves[s]! * scale;
    const a = e < 0 ? alpha + gamma : alpha;
    let slope = 0;
    const rounding = noise * scale * scale * (1 / (close[s - 1]! * close[s - 1]!) + 1 / (close[s]! * close[s]!));
    if (known && s < moves.length - 1 && rounding <= SMALL * h(s)) {
      const target = around.target?.[s + 1] ?? 1;
      sum += h(s + 1) - omega * target * target - a * (e * e - rounding) - beta * h(s);
      slope = 2 * a * e * scale;
      square += 2 * a * a * rounding * rounding + EXACT * h(s) * (EXACT * h(s));
      used++;
    }
    // The close of session s - 1 is an end of both moves.
    const both = (before - slope) / close[s - 1]!;
    square += noise * both * both;
    before = slope;
  }
  return used === 0 ? null : sum / Math.sqrt(square);
}

/** Of a variance, what the arithmetic of the two ways to it may differ by. */
const EXACT = 1e-9;
