// Blocks of normals: twin of `addNormals` in lib/math/draw.ts.
import { exp, log } from './elementary.as';
import { eight, threefry } from './threefry.as';
import { uniformOf } from './uniform.as';

/** Counters whose words are worked out before they become normals. */
const CHUNK: i32 = 256;
const RETRY: u32 = 65536;

/** Places in the memory: two words for each counter of a chunk, and the ziggurat. */
let first: usize = 0;
let second: usize = 0;
/** 256 pairs (below this magnitude surely inside, width of a magnitude), then 257 heights, then the edge of the tail. */
let layers: usize = 0;
let heights: usize = 0;
let edge: f64 = 0;

export function init(scratch: usize, ziggurat: usize): void {
  first = scratch;
  second = scratch + 4 * CHUNK;
  layers = ziggurat;
  heights = ziggurat + 16 * 256;
  edge = load<f64>(heights + 8 * 257);
}

@inline
function magnitudeOf(words: u64): f64 {
  return (words >> 11) as i64 as f64;
}

/** Size of the normal at (bar, draw) whose first words fell outside the sure part of their layer. */
function rejected(k0: u32, k1: u32, bar: u32, mask1: u32, draw: u32, layer: u32, magnitude: f64): f64 {
  while (true) {
    if (layer == 0) {
      while (true) {
        draw += RETRY;
        const x = -log(uniformOf(threefry(k0, k1, bar, draw ^ mask1))) / edge;
        draw += RETRY;
        if (2 * -log(uniformOf(threefry(k0, k1, bar, draw ^ mask1))) > x * x) return edge + x;
      }
    }
    const x = magnitude * load<f64>(layers + (layer << 4), 8);
    draw += RETRY;
    const bottom = load<f64>(heights + (layer << 3));
    const y = bottom + uniformOf(threefry(k0, k1, bar, draw ^ mask1)) * (load<f64>(heights + (layer << 3), 8) - bottom);
    if (y < exp(-0.5 * x * x)) return x;
    draw += RETRY;
    const words = threefry(k0, k1, bar, draw ^ mask1);
    layer = (words as u32) & 255;
    magnitude = magnitudeOf(words);
    if (magnitude < load<f64>(layers + (layer << 4))) return magnitude * load<f64>(layers + (layer << 4), 8);
  }
}

/** Normal of counter i of the chunk, whose draw is numbered n in the block. */
function normalAt(i: i32, n: i32, k0: u32, k1: u32, mask0: u32, mask1: u32, firstBar: i32, perBar: i32): f64 {
  const low = load<u32>(second + (i << 2));
  const layer = low & 255;
  const magnitude = magnitudeOf(((load<u32>(first + (i << 2)) as u64) << 32) | (low as u64));
  const pair = layers + (layer << 4);
  const size =
    magnitude < load<f64>(pair)
      ? magnitude * load<f64>(pair, 8)
      : rejected(k0, k1, (firstBar + n / perBar) ^ mask0, mask1, n % perBar, layer, magnitude);
  return (low & 256) == 0 ? size : -size;
}

/** Magnitudes of two counters, whose words are at a place. */
@inline
function magnitudes(words: usize): v128 {
  const high = f64x2.convert_low_i32x4_u(v128.load64_zero(first + words));
  const low = f64x2.convert_low_i32x4_u(i32x4.shr_u(v128.load64_zero(second + words), 11));
  return f64x2.add(f64x2.mul(high, f64x2.splat(2097152)), low);
}

/** Sign bits of two counters. */
@inline
function signs(words: usize): v128 {
  const low = i64x2.extend_low_i32x4_u(v128.load64_zero(second + words));
  return v128.and(i64x2.shl(low, 55), i64x2.splat(0x8000000000000000));
}

export function addNormals(
  out: usize, k0: i32, k1: i32, mask0: i32, mask1: i32, weight: f64, firstBar: i32, bars: i32, perBar: i32,
): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const key2 = i32x4.splat(0x1bd11bda ^ k0 ^ k1);
  const bar0 = i32x4.splat(mask0);
  const bar1 = i32x4.splat(mask1);
  const weights = f64x2.splat(weight);
  const total = bars * perBar;
  // Lane l of a vector of four counters stands at (firstBar + (n + l) / perBar, (n + l) % perBar).
  const wholes = i32x4.splat(4 / perBar);
  const parts = i32x4.splat(4 % perBar);
  const most = i32x4.splat(perBar - 1);
  const size = i32x4.splat(perBar);
  let bar = i32x4(firstBar, firstBar + 1 / perBar, firstBar + 2 / perBar, firstBar + 3 / perBar);
  let draw = i32x4(0, 1 % perBar, 2 % perBar, 3 % perBar);
  for (let done = 0; done < total; done += CHUNK) {
    const count = min<i32>(CHUNK, total - done);
    for (let i = 0; i < count; i += 8) {
      const a0 = v128.xor(bar, bar0);
      const b0 = v128.xor(draw, bar1);
      draw = i32x4.add(draw, parts);
      let over = i32x4.gt_s(draw, most);
      draw = i32x4.sub(draw, v128.and(over, size));
      bar = i32x4.sub(i32x4.add(bar, wholes), over);
      const a1 = v128.xor(bar, bar0);
      const b1 = v128.xor(draw, bar1);
      draw = i32x4.add(draw, parts);
      over = i32x4.gt_s(draw, most);
      draw = i32x4.sub(draw, v128.and(over, size));
      bar = i32x4.sub(i32x4.add(bar, wholes), over);
      eight(key0, key1, key2, a0, b0, a1, b1, first + (i << 2), second + (i << 2));
    }
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const at = out + ((done + i) << 3);
      const words = i << 2;
      const a = v128.load(layers + ((load<u8>(second + words) as usize) << 4));
      const b = v128.load(layers + ((load<u8>(second + words, 4) as usize) << 4));
      const c = v128.load(layers + ((load<u8>(second + words, 8) as usize) << 4));
      const d = v128.load(layers + ((load<u8>(second + words, 12) as usize) << 4));
      const m0 = magnitudes(words);
      const m1 = magnitudes(words + 8);
      const in0 = f64x2.lt(m0, v128.shuffle<u64>(a, b, 0, 2));
      const in1 = f64x2.lt(m1, v128.shuffle<u64>(c, d, 0, 2));
      if (i64x2.all_true(v128.and(in0, in1))) {
        const n0 = v128.xor(f64x2.mul(m0, v128.shuffle<u64>(a, b, 1, 3)), signs(words));
        const n1 = v128.xor(f64x2.mul(m1, v128.shuffle<u64>(c, d, 1, 3)), signs(words + 8));
        v128.store(at, f64x2.add(v128.load(at), f64x2.mul(weights, n0)));
        v128.store(at, f64x2.add(v128.load(at, 16), f64x2.mul(weights, n1)), 16);
      } else {
        for (let k = 0; k < 4; k++) {
          const place = at + (k << 3);
          const normal = normalAt(i + k, done + i + k, k0, k1, mask0, mask1, firstBar, perBar);
          store<f64>(place, load<f64>(place) + weight * normal);
        }
      }
    }
    for (; i < count; i++) {
      const at = out + ((done + i) << 3);
      store<f64>(at, load<f64>(at) + weight * normalAt(i, done + i, k0, k1, mask0, mask1, firstBar, perBar));
    }
  }
}
