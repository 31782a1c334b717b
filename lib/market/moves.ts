// What is known of each session's move given regimes, events and variances: its mean and its variance, jumps apart.
import { expm1, log } from '../math/elementary.ts';
import { jumpLaw } from '../models/jumps.ts';
import type { VarianceStep } from '../models/model.ts';
import type { OuParams } from '../models/ou.ts';
import { type SquareRootParams, squareRootVariance } from '../models/square-root.ts';
import type { Prices, ReturnLaw, Shares, Truth } from './truth.ts';

/** Mean and variance of a session's move without jumps, and of the gap before it; a variance of 0 is not known or not there. */
export interface Move {
  readonly mean: number;
  readonly variance: number;
  readonly gapMean: number;
  readonly gapVariance: number;
  /** Variance that none of the ticker's shocks has. */
  readonly sway: number;
}

/** Moves of the sessions, to be asked for in their order. */
export function movesOf(truth: Truth, shares: Shares, prices: Prices): (s: number) => Move {
  const { law } = truth;
  return law.kind === 'ou' ? ouMoves(law.params, truth, shares, prices) : pathMoves(law, truth, shares);
}

const UNKNOWN: Move = { mean: 0, variance: 0, gapMean: 0, gapVariance: 0, sway: 0 };

function pathMoves(
  law: Extract<ReturnLaw, { kind: 'path' }>,
  truth: Truth,
  { closed, open }: Shares,
): (s: number) => Move {
  const { surroundings: around, latent } = truth;
  const dt = 1 / truth.periodsPerYear;
  const jumps = law.jumps === null ? null : jumpLaw(law.jumps);
  const of = law.variance;
  const leverage = of.kind === 'square-root' ? leverageOf(of.params, truth) : null;
  return (s) => {
    const factor = around.volatility?.[s] ?? 1;
    const step =
      of.kind === 'constant'
        ? plain(factor * factor * of.sigma * of.sigma * dt)
        : leverage === null
          ? plain(latent.sd[s]! * latent.sd[s]!)
          : leverage(s, factor);
    if (step === null) return UNKNOWN;
    const { integrated, residual, lean } = step;
    const intensity = jumps === null ? 0 : jumps.intensity * (around.jumpIntensity?.[s] ?? 1);
    const compensation =
      intensity === 0 ? 0 : intensity * jumps!.compensator(around.jumpMean?.[s] ?? 0, around.jumpSd?.[s] ?? 1);
    const w = closed[s]! + open[s]!;
    const drift = (law.mu + (around.growth?.[s] ?? 0) - compensation) * dt - integrated / 2 + lean / Math.sqrt(w);
    // What the variance's own shock explains moves as a bridge within the session.
    const sway = Math.max(0, ((integrated - residual) * closed[s]! * open[s]!) / w);
    return {
      mean: drift * open[s]!,
      variance: residual * open[s]!,
      gapMean: drift * closed[s]!,
      gapVariance: sway > 0 ? 0 : residual * closed[s]!,
      sway,
    };
  };
}

const plain = (variance: number) => ({ integrated: variance, residual: variance, lean: 0 });

/**
 * What a session's return owes to its variances. Leverage, integrated and residual variance are linear in the next variance given
 * this one, so two steps of the process say all of it. Null where the variances are not both known.
 */
function leverageOf(params: SquareRootParams, { latent, surroundings: around, periodsPerYear }: Truth) {
  const process = squareRootVariance(params, 1 / periodsPerYear);
  const probe = (v: number, shock: number, target: number) => {
    const state = Float64Array.of(v);
    const out: VarianceStep = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
    process.step(state, 0, shock, target, out);
    return { next: state[0]!, ...out };
  };
  const factorAt = (s: number) => around.volatility?.[s] ?? 1;
  const n = latent.variance.length;
  return (s: number, factor: number) => {
    if (s === n - 1 || !(factor > 0) || !(factorAt(s + 1) > 0)) return null;
    const v = latent.variance[s]! / (factor * factor);
    const next = latent.variance[s + 1]! / (factorAt(s + 1) * factorAt(s + 1));
    // Euler stores variances below 0 and shows them as 0.
    if (params.scheme === 'euler' && !(v > 0 && next > 0)) return null;
    const target = around.target?.[s] ?? 1;
    const [a, b] = [probe(v, 0, target), probe(v, 1, target)];
    const part = a.next === b.next ? 0 : (next - a.next) / (b.next - a.next);
    const line = (name: 'integrated' | 'residual' | 'leverage') => a[name] + part * (b[name] - a[name]);
    const square = factor * factor;
    return {
      integrated: square * line('integrated'),
      residual: square * line('residual'),
      lean: factor * line('leverage'),
    };
  };
}

/** Exact transitions of the log price of Ornstein and Uhlenbeck; events are added to the path, which reverts as if there were none. */
function ouMoves(params: OuParams, truth: Truth, { closed, open, end }: Shares, prices: Prices): (s: number) => Move {
  const { level, theta, sigma, trend = 0 } = params;
  const { surroundings: around } = truth;
  const dt = 1 / truth.periodsPerYear;
  const mean = log(level) - (sigma * sigma) / (4 * theta);
  let passed = 0;
  const over = (s: number, from: number, share: number) => {
    const start = mean + trend * passed;
    passed += dt * share;
    const pull = expm1(-theta * dt * share);
    const growth = around.growth?.[s] ?? 0;
    const volatility = sigma * (around.volatility?.[s] ?? 1);
    return {
      mean: mean + trend * passed - start + (from - start) * pull - (growth * pull) / theta,
      variance: (volatility * volatility * -expm1(-2 * theta * dt * share)) / (2 * theta),
    };
  };
  const shift = (s: number, fraction: number, side: 'before' | 'after') => around.shift?.at(s, fraction, side) ?? 0;
  return (s) => {
    // Nobody saw the close before the first session.
    const before = s === 0 ? mean : log(prices.close[s - 1]!) - shift(s - 1, end[s - 1]!, 'before');
    const gap = over(s, before, closed[s]!);
    const inside = over(s, log(prices.open[s]!) - shift(s, 0, 'after'), open[s]!);
    return { mean: inside.mean, variance: inside.variance, gapMean: gap.mean, gapVariance: gap.variance, sway: 0 };
  };
}
