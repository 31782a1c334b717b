// What is known of each session's move given regimes, events and variances: its mean and its variance, jumps apart.
import { log } from '../math/elementary.ts';
import type { ReturnLaw } from '../models/law.ts';
import type { Prices, Shares, Truth } from './truth.ts';

/** Mean and variance of a session's move without jumps, and of the gap before it; a variance of 0 is not known or not there. */
export interface Move {
  readonly mean: number;
  readonly variance: number;
  readonly gapMean: number;
  readonly gapVariance: number;
  /** Variance that none of the ticker's shocks has. */
  readonly sway: number;
  /** Part of the variance is what the variance's own shock explains. */
  readonly leans: boolean;
}

/** Moves of the sessions, to be asked for in their order. */
export function movesOf(truth: Truth, shares: Shares, prices: Prices): (s: number) => Move {
  const { law } = truth;
  return law.kind === 'path' ? pathMoves(law, truth, shares) : transitions(law, truth, shares, prices);
}

const UNKNOWN: Move = { mean: 0, variance: 0, gapMean: 0, gapVariance: 0, sway: 0, leans: false };

function pathMoves(
  { mu, jumps, variance: of }: Extract<ReturnLaw, { kind: 'path' }>,
  { surroundings: around, latent, periodsPerYear }: Truth,
  { closed, open }: Shares,
): (s: number) => Move {
  const dt = 1 / periodsPerYear;
  const factorAt = (s: number) => around.volatility?.[s] ?? 1;
  const given = (s: number, factor: number) => {
    if (of.of === 'nothing') return plain(factor * factor * of.annual * dt);
    if (of.of === 'innovations') return plain(latent.sd[s]! * latent.sd[s]!);
    const after = s + 1 < latent.variance.length ? factorAt(s + 1) : 0;
    if (!(factor > 0 && after > 0)) return null;
    const square = factor * factor;
    const next = latent.variance[s + 1]! / (after * after);
    const parts = of.parts(latent.variance[s]! / square, next, around.target?.[s] ?? 1);
    return (
      parts && {
        integrated: square * parts.integrated,
        residual: square * parts.residual,
        lean: factor * parts.leverage,
      }
    );
  };
  return (s) => {
    const step = given(s, factorAt(s));
    if (step === null) return UNKNOWN;
    const { integrated, residual, lean } = step;
    const intensity = jumps === null ? 0 : jumps.intensity * (around.jumpIntensity?.[s] ?? 1);
    const compensation =
      intensity === 0 ? 0 : intensity * jumps!.compensator(around.jumpMean?.[s] ?? 0, around.jumpSd?.[s] ?? 1);
    const w = closed[s]! + open[s]!;
    const drift = (mu + (around.growth?.[s] ?? 0) - compensation) * dt - integrated / 2 + lean / Math.sqrt(w);
    // What the variance's own shock explains moves as a bridge within the session.
    const sway = Math.max(0, ((integrated - residual) * closed[s]! * open[s]!) / w);
    return {
      mean: drift * open[s]!,
      variance: residual * open[s]!,
      gapMean: drift * closed[s]!,
      gapVariance: sway > 0 ? 0 : residual * closed[s]!,
      sway,
      leans: integrated > residual,
    };
  };
}

const plain = (variance: number) => ({ integrated: variance, residual: variance, lean: 0 });

/** Events are added to the path, which moves on as if there were none. */
function transitions(
  { over }: Extract<ReturnLaw, { kind: 'transition' }>,
  { surroundings: around, periodsPerYear }: Truth,
  { closed, open, end }: Shares,
  prices: Prices,
): (s: number) => Move {
  let passed = 0;
  const step = (s: number, from: number, share: number) => {
    const years = share / periodsPerYear;
    const move = over(from, passed, years, around.growth?.[s] ?? 0, around.volatility?.[s] ?? 1);
    passed += years;
    return move;
  };
  const shift = (s: number, fraction: number, side: 'before' | 'after') => around.shift?.at(s, fraction, side) ?? 0;
  return (s) => {
    // Nobody saw the close before the first session.
    const before = log(s === 0 ? prices.open[0]! : prices.close[s - 1]!);
    const gap = step(s, s === 0 ? before : before - shift(s - 1, end[s - 1]!, 'before'), closed[s]!);
    const inside = step(s, log(prices.open[s]!) - shift(s, 0, 'after'), open[s]!);
    return {
      mean: inside.mean,
      variance: inside.variance,
      gapMean: gap.mean,
      gapVariance: gap.variance,
      sway: 0,
      leans: false,
    };
  };
}
