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
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Whole numbers, 0 or more. */
  readonly volume: Float64Array;
}

export function emptyBars(ticker: string, day: Int32Array): Bars {
  const column = () => new Float64Array(day.length);
  return { ticker, day, open: column(), high: column(), low: column(), close: column(), volume: column() };
}

/** Latent values of one bar, logs and prices before rounding to ticks. */
export interface LatentBar {
  high: number;
  low: number;
  close: number;
  /** Log return over the bar and its variance. */
  logReturn: number;
  variance: number;
}

/**
 * Exact extremes of the Brownian bridges over pieces first..last-1 of a block, whose price at the start is `open`.
 * Per piece with ends a, b and variance w: max = (a + b + sqrt((b - a)^2 - 2 w ln U)) / 2, min with its own U'
 * (the inverse of P(max > x) = exp(-2 (x - a)(x - b) / w)). Draws 2p and 2p + 1 of the bar belong to its piece p.
 */
export function latentBar(
  block: PathBlock,
  first: number,
  last: number,
  open: number,
  extremes: Stream,
  bar: number,
  out: LatentBar,
): void {
  const { from, to, variance } = block;
  let top = from[first]!;
  let bottom = top;
  let total = 0;
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
    total += w;
  }
  const close = exp(to[last - 1]!);
  out.close = close;
  // exp may turn a log that is above by the last bit into a price that is not: the ends bound the range once more.
  out.high = Math.max(exp(top), open, close);
  out.low = Math.min(exp(bottom), open, close);
  out.logReturn = to[last - 1]! - from[first]!;
  out.variance = total;
}
