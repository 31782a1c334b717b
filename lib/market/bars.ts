// Bars of one ticker, and how a run of latent pieces becomes open, high, low and close.

import { uniform } from '../math/draw.ts';
import { exp, log } from '../math/elementary.ts';
import type { Stream } from '../math/stream.ts';
import type { PathBlock } from '../models/model.ts';

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

/** Latent values of one bar, prices before rounding to ticks. */
export interface LatentBar {
  open: number;
  high: number;
  low: number;
  close: number;
}

/**
 * Exact extremes of the Brownian bridges over pieces first..last-1 of a block.
 * Per piece with ends a, b and variance w: max = (a + b + sqrt((b - a)^2 - 2 w ln U)) / 2, min with its own U'
 * (the inverse of P(max > x) = exp(-2 (x - a)(x - b) / w)). Draws 2p and 2p + 1 of the bar belong to its piece p.
 */
export function latentBar(
  block: Pick<PathBlock, 'from' | 'to' | 'variance'>,
  first: number,
  last: number,
  extremes: Stream,
  bar: number,
  out: LatentBar,
): void {
  const { from, to, variance } = block;
  let top = from[first]!;
  let bottom = top;
  for (let piece = first; piece < last; piece++) {
    const a = from[piece]!;
    const b = to[piece]!;
    const w = variance[piece]!;
    const gap = (b - a) * (b - a);
    const draw = 2 * (piece - first);
    const up = 0.5 * (a + b + Math.sqrt(gap - 2 * w * log(uniform(extremes, bar, draw))));
    const down = 0.5 * (a + b - Math.sqrt(gap - 2 * w * log(uniform(extremes, bar, draw + 1))));
    top = Math.max(top, up);
    bottom = Math.min(bottom, down);
  }
  out.open = exp(from[first]!);
  out.close = exp(to[last - 1]!);
  // exp may turn a log that is above by the last bit into a price that is not: the ends bound the range once more.
  out.high = Math.max(exp(top), out.open, out.close);
  out.low = Math.min(exp(bottom), out.open, out.close);
}
