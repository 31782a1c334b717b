// Extremes of the Brownian bridges over the pieces of a block, from two uniforms each.
import { uniform } from '../math/draw.ts';
import { log } from '../math/elementary.ts';
import { CONSTANTS, kernelOf, place } from '../math/kernel.ts';
import type { Stream } from '../math/stream.ts';
import wasm from './kernels/bridges.wasm';

/** Pieces worked on at a time. */
const CHUNK = 512;

interface BridgesKernel {
  init(chunk: number, at: number, constants: number): void;
  bridges(bars: number, key0: number, key1: number, mask0: number, mask1: number): void;
}

/** What the kernel reads and writes for a few bars: of each bar its number, one past its last piece and its extremes, and the pieces. */
interface Chunk {
  readonly number: Int32Array;
  readonly last: Int32Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly variance: Float64Array;
  readonly top: Float64Array;
  readonly bottom: Float64Array;
}

let chunk: Chunk;

const bridgesKernel = kernelOf<BridgesKernel>(wasm, ({ init }, zeros) => {
  // One column behind the other; the kernel's own columns, the words of a chunk and its keys follow.
  const array = zeros(11 * CHUNK + 16);
  const ints = (k: number) => new Int32Array(array.buffer, array.byteOffset + 4 * k * CHUNK, CHUNK);
  const column = (k: number) => array.subarray((1 + k) * CHUNK, (2 + k) * CHUNK);
  const [from, to, variance, top, bottom] = [column(0), column(1), column(2), column(3), column(4)];
  chunk = { number: ints(0), last: ints(1), from, to, variance, top, bottom };
  init(CHUNK, place(array), place(zeros(CONSTANTS)));
});

export interface Pieces {
  /** Log price at both ends of each piece, and the variance of the bridge between them. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly variance: Float64Array;
  /** ends[k] is one past the last piece of the k-th run of pieces; a bar is `perBar` runs, and has a piece. */
  readonly ends: Int32Array;
}

/**
 * Exact extremes of the log price over each bar, into top[b] and bottom[b] for b < bars.
 * Per piece with ends a, b and variance w: max = (a + b + sqrt((b - a)^2 - 2 w ln U)) / 2, min with its own U'
 * (the inverse of P(max > x) = exp(-2 (x - a)(x - b) / w)). Draws 2p and 2p + 1 of bar number[b] belong to its piece p.
 */
export function bridgeExtremes(
  pieces: Pieces,
  perBar: number,
  number: Int32Array,
  bars: number,
  stream: Stream,
  top: Float64Array,
  bottom: Float64Array,
): void {
  const { from, to, variance, ends } = pieces;
  const kernel = bridgesKernel();
  for (let b = 0, first = 0; b < bars; ) {
    const begun = b;
    const start = first;
    // As many whole bars as fit.
    for (let last = first; b < bars; b++, first = last) {
      last = ends[(b + 1) * perBar - 1]!;
      if (kernel === null || last - start > CHUNK) break;
      chunk.number[b - begun] = number[b]!;
      chunk.last[b - begun] = last - start;
    }
    if (kernel === null || b === begun) {
      first = bridgesTwin(pieces, start, ends[(b + 1) * perBar - 1]!, number[b]!, stream, b, top, bottom);
      b++;
      continue;
    }
    chunk.from.set(from.subarray(start, first));
    chunk.to.set(to.subarray(start, first));
    chunk.variance.set(variance.subarray(start, first));
    kernel.bridges(b - begun, stream.key0, stream.key1, stream.mask0, stream.mask1);
    top.set(chunk.top.subarray(0, b - begun), begun);
    bottom.set(chunk.bottom.subarray(0, b - begun), begun);
  }
}

/** The twin, for one bar b of pieces start..last-1: also for a bar of more pieces than the kernel takes. Returns `last`. */
function bridgesTwin(
  { from, to, variance }: Pieces,
  start: number,
  last: number,
  number: number,
  stream: Stream,
  b: number,
  top: Float64Array,
  bottom: Float64Array,
): number {
  let highest = from[start]!;
  let lowest = highest;
  for (let piece = start, draw = 0; piece < last; piece++, draw += 2) {
    const a = from[piece]!;
    const z = to[piece]!;
    const w = variance[piece]!;
    const gap = (z - a) * (z - a);
    highest = Math.max(highest, 0.5 * (a + z + Math.sqrt(gap - 2 * w * log(uniform(stream, number, draw)))));
    lowest = Math.min(lowest, 0.5 * (a + z - Math.sqrt(gap - 2 * w * log(uniform(stream, number, draw + 1)))));
  }
  top[b] = highest;
  bottom[b] = lowest;
  return last;
}
