// What is new in the moves of a session whose bars remember the ones before them.
import { log } from '../math/elementary.ts';
import { bridgeScale, marginScale } from '../models/copula.ts';
import type { Move } from './moves.ts';
import { type Nodes, noiseOf, type Reading, type Shares, type Truth } from './truth.ts';

/** What is new in a session, in units of the standard deviation of its own shock, read from the last two prices of the one before, its open, and so on. */
export interface Fresh extends Reading {
  /** Variance that the rounding of prices adds, and what it would be if all of the session stayed where it opened. */
  readonly rounding: number;
  readonly expected: number;
}

/** The last bar that was read: its shock, the two prices it is read from and what it gives to a difference of their logs. */
interface Last {
  readonly shock: number;
  readonly node: number;
  readonly unit: number;
}

/**
 * Bars have y(b) = phi y(b-1) + sqrt(1 - phi^2) f(b), and f are independent. Where sessions have normal margins and neither jumps
 * nor leverage hide in a bar, y is its return over its standard deviation, and the session's part is the sum of its f, each by the
 * root of its share. Where a session is one bar, Student margins are taken off it too. To be asked for session by session; null where
 * a session or the bar before it is not known.
 */
export function freshOf(
  truth: Truth,
  shares: Shares,
  { prices, first }: Nodes,
  noise: number,
): (s: number, move: Move) => Fresh | null {
  const { surroundings: around, law, marginDf, copulaDf, latent, span } = truth;
  const normal = marginDf === Number.POSITIVE_INFINITY;
  const drawn = normal ? null : drawnUnder(marginDf);
  const shift = (s: number, fraction: number, side: 'before' | 'after') => around.shift?.at(s, fraction, side) ?? 0;
  const { day, time, size } = latent.jumps;
  let jump = 0;
  let last: Last | null = null;
  return (s, move) => {
    const { share, edges } = shares.bars(s);
    const bars = share.length;
    const power = move.variance / shares.open[s]!;
    const before = last;
    last = null;
    const hidden = move.leans && (bars > 1 || shares.closed[s]! > 0);
    if (copulaDf < Number.POSITIVE_INFINITY || law.kind !== 'path' || !(power > 0) || hidden) return null;
    if (drawn !== null && (bars > 1 || truth.shockVariance !== null)) return null;
    const phi = truth.memory + (around.memory?.[s] ?? 0);
    const shocks = new Float64Array(bars);
    while (jump < day.length && day[jump]! < span.days[s]!) jump++;
    let passed = shares.closed[s]!;
    let from = log(prices[first[s]!]!) - shift(s, 0, 'after');
    // Jumps before the open are no part of it.
    while (jump < day.length && day[jump] === span.days[s] && time[jump]! < passed) jump++;
    for (let k = 0; k < bars; k++) {
      const to = log(prices[first[s]! + k + 1]!) - shift(s, edges[k + 1]!, 'before');
      let own = to - from - (move.mean * share[k]!) / shares.open[s]!;
      passed += share[k]!;
      for (; jump < day.length && day[jump] === span.days[s] && (time[jump]! < passed || k === bars - 1); jump++)
        own -= size[jump]!;
      shocks[k] = own / Math.sqrt(power * share[k]!);
      from = to;
    }
    const unit = (k: number) => 1 / Math.sqrt(power * share[k]!);
    // Nothing comes before the first bar of all.
    const known = s === 0 || phi === 0 ? 0 : phi * (before?.shock ?? Number.NaN);
    const own = s === 0 ? 1 : Math.sqrt(1 - phi * phi);
    const found = drawn?.(shocks[0]!, known, own) ?? null;
    const shock = found === null ? shocks[bars - 1]! : known + own * found.shock;
    if (!Number.isNaN(shock)) last = { shock, node: first[s]! + bars - 1, unit: unit(bars - 1) };
    if (before === null || found?.certain === false) return null;
    const scale = Math.sqrt((1 - phi * phi) * shares.open[s]!);
    const weight = (k: number) => (Math.sqrt(share[k]!) - (k + 1 < bars ? phi * Math.sqrt(share[k + 1]!) : 0)) / scale;
    const recalled = (-phi * Math.sqrt(share[0]!)) / scale;
    const opened = prices[first[s]!]!;
    let value = recalled * before.shock;
    const at = [before.node, before.node + 1];
    const by = [-recalled * before.unit, recalled * before.unit];
    let held = 0;
    for (let k = 0; k <= bars; k++) {
      if (k < bars) value += weight(k) * shocks[k]!;
      const next = k < bars ? weight(k) * unit(k) : 0;
      // Without closed hours a session opens at the price that the last one closed at.
      if (k === 0 && truth.night === null && opened === prices[first[s]! - 1]) by[1] = by[1]! - next;
      else {
        at.push(first[s]! + k);
        by.push(held - next);
      }
      held = next;
    }
    const reading = { value: found?.move ?? value, at, by };
    return {
      ...reading,
      rounding: noise * noiseOf(reading, (node) => prices[node]!),
      expected: noise * noiseOf(reading, (node) => (node <= first[s]! ? prices[node]! : opened)),
    };
  };
}

/** Shocks are not followed farther than this, in standard deviations. */
const FARTHEST = 8;
const HALVINGS = 60;
const UNKNOWN = { shock: Number.NaN, move: Number.NaN, certain: false };

/**
 * What was drawn for a bar that is a session, whose margin is Student: with y its own shock, z its value by the margin and b(z) the
 * scale of the bridge beside its way (`bridgeScale`), it moves by z + b(z) (known - (1 - own) y). That rises in y where what is known
 * before it is small; elsewhere y is not certain. Where bars remember too much it is not known at all.
 */
function drawnUnder(df: number) {
  const scale = marginScale(Number.POSITIVE_INFINITY, df);
  const beside = bridgeScale(df);
  // The slope of b is less than 1 over this.
  const room = Math.sqrt(df - 1);
  return (moved: number, known: number, own: number) => {
    if (Number.isNaN(known) || (1 - own) * FARTHEST > 0.4 * room) return UNKNOWN;
    let [low, high] = [-FARTHEST, FARTHEST];
    for (let i = 0; i < HALVINGS; i++) {
      const y = (low + high) / 2;
      const z = y * scale(y, 1);
      if (z + beside(z) * (known - (1 - own) * y) < moved) low = y;
      else high = y;
    }
    const shock = (low + high) / 2;
    return { shock, move: shock * scale(shock, 1), certain: Math.abs(known) <= room / 2 };
  };
}
