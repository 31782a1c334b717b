// Bars of one ticker, and how a run of latent pieces becomes open, high, low and close.
import { expEach } from '../math/arrays.ts';
import { place } from '../math/kernel.ts';
import type { Stream } from '../math/stream.ts';
import { bridgeExtremes, type Pieces } from './bridges.ts';
import type { Plan } from './plan.ts';
import { type Prices, pricesKernel } from './ticks.ts';

/** Bars of one ticker in time order, one array per column. */
export interface Bars {
  readonly ticker: string;
  /** Epoch days of the sessions. */
  readonly day: Int32Array;
  /** Microseconds since 1970-01-01T00:00Z at which each bar begins; null where a bar is the whole session. */
  readonly time: Float64Array | null;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Whole numbers, 0 or more. */
  readonly volume: Float64Array;
}

export function emptyBars(ticker: string, day: Int32Array, time: Float64Array | null = null): Bars {
  const column = () => new Float64Array(day.length);
  return { ticker, day, time, open: column(), high: column(), low: column(), close: column(), volume: column() };
}

/** Bars of one ticker, one run under the other. */
export function joinBars(ticker: string, parts: readonly Bars[]): Bars {
  const day = new Int32Array(parts.reduce((sum, part) => sum + part.day.length, 0));
  const timed = parts.some(({ time }) => time !== null);
  const whole = emptyBars(ticker, day, timed ? new Float64Array(day.length) : null);
  let at = 0;
  for (const part of parts) {
    day.set(part.day, at);
    whole.time?.set(part.time!, at);
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) whole[name].set(part[name], at);
    at += part.day.length;
  }
  return whole;
}

/** Prices of the first `bars` bars of a block from its pieces, `perBar` runs of them a bar; number[b] addresses the draws of bar b. */
export function latentBars(
  pieces: Pieces,
  perBar: number,
  number: Int32Array,
  bars: number,
  extremes: Stream,
  out: Prices,
): void {
  const { from, to, ends } = pieces;
  const { open, high, low, close } = out;
  bridgeExtremes(pieces, perBar, number, bars, extremes, high, low);
  const kernel = pricesKernel(from, to, ends, open, high, low, close);
  if (kernel !== null)
    kernel.openAndClose(bars, perBar, place(from), place(to), place(ends), place(open), place(close));
  else
    for (let b = 0, first = 0; b < bars; b++) {
      const last = ends[(b + 1) * perBar - 1]!;
      open[b] = from[first]!;
      close[b] = to[last - 1]!;
      first = last;
    }
  for (const column of [open, high, low, close]) expEach(column.subarray(0, bars));
  if (kernel !== null) {
    kernel.bound(bars, place(open), place(high), place(low), place(close));
    return;
  }
  // exp may turn a log that is above by the last bit into a price that is not: the ends bound the range once more.
  for (let b = 0; b < bars; b++) {
    high[b] = Math.max(high[b]!, open[b]!, close[b]!);
    low[b] = Math.min(low[b]!, open[b]!, close[b]!);
  }
}

/** A bar of smaller standard deviation stands still: its return is drift and rounding, which says nothing to volume. */
const STILL = 1e-12;
/** Returns count for volume up to this many standard deviations: ten times the usual volume at the default settings. */
const LARGEST_SIZE = 8;

/** Size of each session's move from open to close in standard deviations, or NaN where it stands still. */
export function sizesOf({ block, layout, room }: Plan, sessions: number): Float64Array {
  const { from, to, ends, pieces, sd } = block;
  const { first: begins, share } = layout;
  const { sizes } = room;
  const kernel = pricesKernel(from, to, ends, pieces, sd, begins, share, sizes);
  if (kernel !== null) {
    const [a, b, c, d] = [place(from), place(to), place(ends), place(pieces)];
    kernel.sizes(sessions, a, b, c, d, place(sd), place(begins), place(share), place(sizes), STILL, LARGEST_SIZE);
    return sizes;
  }
  for (let s = 0, first = 0; s < sessions; s++) {
    const end = ends[pieces[s]! - 1]!;
    let whole = 0;
    for (let b = begins[s]!; b < begins[s + 1]!; b++) whole += share[b]!;
    const deviation = sd[s]! * Math.sqrt(whole);
    const move = Math.abs(to[end - 1]! - from[first]!);
    sizes[s] = deviation < STILL ? Number.NaN : Math.min(move / deviation, LARGEST_SIZE);
    first = end;
  }
  return sizes;
}
