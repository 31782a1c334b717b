// What is new in the moves of a session whose bars remember the ones before them.
import { log } from '../math/elementary.ts';
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
 * root of its share. To be asked for session by session; null where a session or the bar before it is not known.
 */
export function freshOf(
  truth: Truth,
  shares: Shares,
  { prices, first }: Nodes,
  noise: number,
): (s: number, move: Move) => Fresh | null {
  const { surroundings: around, law, marginDf, copulaDf, latent, span } = truth;
  const normal = marginDf === Number.POSITIVE_INFINITY && copulaDf === Number.POSITIVE_INFINITY;
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
    if (!normal || law.kind !== 'path' || !(power > 0) || hidden) return null;
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
    last = { shock: shocks[bars - 1]!, node: first[s]! + bars - 1, unit: unit(bars - 1) };
    if (before === null) return null;
    const scale = Math.sqrt((1 - phi * phi) * shares.open[s]!);
    const weight = (k: number) => (Math.sqrt(share[k]!) - (k + 1 < bars ? phi * Math.sqrt(share[k + 1]!) : 0)) / scale;
    const known = (-phi * Math.sqrt(share[0]!)) / scale;
    const opened = prices[first[s]!]!;
    let value = known * before.shock;
    const at = [before.node, before.node + 1];
    const by = [-known * before.unit, known * before.unit];
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
    const reading = { value, at, by };
    return {
      ...reading,
      rounding: noise * noiseOf(reading, (node) => prices[node]!),
      expected: noise * noiseOf(reading, (node) => (node <= first[s]! ? prices[node]! : opened)),
    };
  };
}
