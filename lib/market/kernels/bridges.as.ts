// Extremes of Brownian bridges, four pieces at a time: twin of `bridgesTwin` in lib/market/bridges.ts.
import { layConstants, log2 } from '../../math/kernels/elementary.as';
import { layKeys, sixteen } from '../../math/kernels/threefry.as';
import { uniforms } from '../../math/kernels/uniform.as';

/** Columns of a chunk, in the order of `chunkIn` in lib/market/bridges.ts. */
let number: usize = 0;
let last: usize = 0;
let from: usize = 0;
let to: usize = 0;
let variance: usize = 0;
let top: usize = 0;
let bottom: usize = 0;
/** Of each piece: number of its bar and its first draw, then its maximum and minimum. */
let bar: usize = 0;
let draw: usize = 0;
let up: usize = 0;
let down: usize = 0;
/** Words of a chunk: for four pieces those of their first draws, then those of their second ones. */
let first: usize = 0;
let second: usize = 0;

/** Keys of the draws, and constants of the logarithm. */
let keys: usize = 0;
let constants: usize = 0;

export function init(chunk: i32, at: usize, by: usize): void {
  constants = by;
  layConstants(by);
  number = at;
  last = number + 4 * chunk;
  from = last + 4 * chunk;
  to = from + 8 * chunk;
  variance = to + 8 * chunk;
  top = variance + 8 * chunk;
  bottom = top + 8 * chunk;
  bar = bottom + 8 * chunk;
  draw = bar + 4 * chunk;
  up = draw + 4 * chunk;
  down = up + 8 * chunk;
  first = down + 8 * chunk;
  second = first + 8 * chunk;
  keys = second + 8 * chunk;
}

/** Turns the logarithms of the uniforms of two pieces into their maxima and minima. */
@inline
function extremes(at: usize): void {
  const a = v128.load(from + at);
  const b = v128.load(to + at);
  const move = f64x2.sub(b, a);
  const gap = f64x2.mul(move, move);
  const twice = f64x2.mul(f64x2.splat(2), v128.load(variance + at));
  const sum = f64x2.add(a, b);
  const rise = f64x2.sqrt(f64x2.sub(gap, f64x2.mul(twice, v128.load(up + at))));
  const fall = f64x2.sqrt(f64x2.sub(gap, f64x2.mul(twice, v128.load(down + at))));
  v128.store(up + at, f64x2.mul(f64x2.splat(0.5), f64x2.add(sum, rise)));
  v128.store(down + at, f64x2.mul(f64x2.splat(0.5), f64x2.sub(sum, fall)));
}

/** Extremes of the first `bars` bars of the chunk. */
export function bridges(bars: i32, k0: i32, k1: i32, mask0: i32, mask1: i32): void {
  let pieces = 0;
  for (let b = 0; b < bars; b++) {
    const address = load<i32>(number + (b << 2)) ^ mask0;
    const end = load<i32>(last + (b << 2));
    for (let d = 0; pieces < end; pieces++, d += 2) {
      store<i32>(bar + (pieces << 2), address);
      store<i32>(draw + (pieces << 2), d);
    }
  }
  layKeys(keys, k0, k1);
  const mask = i32x4.splat(mask1);
  const one = i32x4.splat(1);
  for (let i = 0; i < pieces; i += 8) {
    const counter0 = v128.load(bar + (i << 2));
    const even0 = v128.load(draw + (i << 2));
    const counter1 = v128.load(bar + (i << 2), 16);
    const even1 = v128.load(draw + (i << 2), 16);
    sixteen(
      keys, counter0, v128.xor(even0, mask), counter0, v128.xor(i32x4.add(even0, one), mask),
      counter1, v128.xor(even1, mask), counter1, v128.xor(i32x4.add(even1, one), mask), first + (i << 3), second + (i << 3),
    );
  }
  const by = constants;
  // What is worked out beyond the last piece, up to a multiple of eight, is not looked at.
  for (let i = 0; i < pieces; i += 4) {
    const at = i << 3;
    const high0 = log2(uniforms(first + at, second + at), by);
    const high1 = log2(uniforms(first + at + 8, second + at + 8), by);
    const low0 = log2(uniforms(first + at + 16, second + at + 16), by);
    const low1 = log2(uniforms(first + at + 24, second + at + 24), by);
    v128.store(up + at, high0);
    v128.store(up + at, high1, 16);
    v128.store(down + at, low0);
    v128.store(down + at, low1, 16);
  }
  for (let i = 0; i < pieces; i += 2) extremes(i << 3);
  let piece = 0;
  for (let b = 0; b < bars; b++) {
    let highest = load<f64>(from + (piece << 3));
    let lowest = highest;
    for (const end = load<i32>(last + (b << 2)); piece < end; piece++) {
      highest = max<f64>(highest, load<f64>(up + (piece << 3)));
      lowest = min<f64>(lowest, load<f64>(down + (piece << 3)));
    }
    store<f64>(top + (b << 3), highest);
    store<f64>(bottom + (b << 3), lowest);
  }
}
