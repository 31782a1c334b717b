// Blocks of normals: twin of `addNormals` in lib/math/draw.ts.
import { exp, log } from './elementary.as';
import { eight, threefry } from './threefry.as';

/** Counters whose words are worked out before they become normals. */
const CHUNK: i32 = 256;
const RETRY: u32 = 65536;
const TWO_M53: f64 = 1.1102230246251565e-16;

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
function uniformOf(words: u64): f64 {
  const u = (((words >> 37) as f64) * 67108864 + (((words as u32) >>> 6) as f64) + 0.5) * TWO_M53;
  return u < 1 ? u : 1 - TWO_M53;
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

/** The normal of counter i of the chunk. */
function one(i: i32, k0: u32, k1: u32, bar: u32, mask1: u32, draw: u32): f64 {
  const low = load<u32>(second + (i << 2));
  const words = ((load<u32>(first + (i << 2)) as u64) << 32) | (low as u64);
  const layer = low & 255;
  const magnitude = magnitudeOf(words);
  const size =
    magnitude < load<f64>(layers + (layer << 4))
      ? magnitude * load<f64>(layers + (layer << 4), 8)
      : rejected(k0, k1, bar, mask1, draw, layer, magnitude);
  return (low & 256) == 0 ? size : -size;
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
    const pairs = count & ~1;
    for (let i = 0; i < pairs; i += 2) {
      const high = v128.load64_zero(first + (i << 2));
      const low = v128.load64_zero(second + (i << 2));
      const layer0 = v128.load(layers + ((load<u8>(second + (i << 2)) as usize) << 4));
      const layer1 = v128.load(layers + ((load<u8>(second + (i << 2), 4) as usize) << 4));
      const sure = v128.shuffle<u64>(layer0, layer1, 0, 2);
      const width = v128.shuffle<u64>(layer0, layer1, 1, 3);
      const magnitude = f64x2.add(
        f64x2.mul(f64x2.convert_low_i32x4_u(high), f64x2.splat(2097152)),
        f64x2.convert_low_i32x4_u(i32x4.shr_u(low, 11)),
      );
      const at = out + ((done + i) << 3);
      if (i64x2.all_true(f64x2.lt(magnitude, sure))) {
        const sign = v128.and(i64x2.shl(i64x2.extend_low_i32x4_u(low), 55), i64x2.splat(0x8000000000000000));
        const normal = v128.xor(f64x2.mul(magnitude, width), sign);
        v128.store(at, f64x2.add(v128.load(at), f64x2.mul(weights, normal)));
      } else {
        store<f64>(at, load<f64>(at) + weight * at_(i, done, k0, k1, mask0, mask1, firstBar, perBar));
        store<f64>(at, load<f64>(at, 8) + weight * at_(i + 1, done, k0, k1, mask0, mask1, firstBar, perBar), 8);
      }
    }
    if (pairs < count) {
      const at = out + ((done + pairs) << 3);
      store<f64>(at, load<f64>(at) + weight * at_(pairs, done, k0, k1, mask0, mask1, firstBar, perBar));
    }
  }
}

function at_(i: i32, done: i32, k0: u32, k1: u32, mask0: u32, mask1: u32, firstBar: i32, perBar: i32): f64 {
  const n = done + i;
  return one(i, k0, k1, (firstBar + n / perBar) ^ mask0, mask1, n % perBar);
}
