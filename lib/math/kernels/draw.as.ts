// Blocks of normals: twin of `addNormals` in lib/math/draw.ts.
import { exp, log } from './elementary.as';
import { layKeys, sixteen, threefry } from './threefry.as';
import { uniformOf } from './uniform.as';

/** Counters whose words are worked out before they become normals. */
const CHUNK: i32 = 256;
const RETRY: u32 = 65536;

/** Where what the kernel keeps for itself lies in `scratch`, after the first words of a chunk. */
const SECOND: usize = 4 * CHUNK;
const KEYS: usize = 8 * CHUNK;
const STEPS: usize = KEYS + 128;
const CONSTANTS: usize = STEPS + 96;
const ZEROS: usize = CONSTANTS + 64;
/** Four normals of which some are not there yet. */
const NORMALS: usize = ZEROS + 32;

let scratch: usize = 0;
/** 256 pairs (below this magnitude surely inside, width of a magnitude), then 257 heights, then the edge of the tail. */
let layers: usize = 0;
let heights: usize = 0;
let edge: f64 = 0;

export function init(own: usize, ziggurat: usize): void {
  scratch = own;
  layers = ziggurat;
  heights = ziggurat + 16 * 256;
  edge = load<f64>(heights + 8 * 257);
  // The high halves of 2^73, whose last bit is 2^21, and of 2^52, whose last bit is 1; then both numbers at once.
  v128.store(own, i32x4.splat(0x44800000), CONSTANTS);
  v128.store(own, i32x4.splat(0x43300000), CONSTANTS + 16);
  v128.store(own, f64x2.splat(9444732965739290427392.0 + 4503599627370496.0), CONSTANTS + 32);
  v128.store(own, i32x4.splat(0x80000000), CONSTANTS + 48);
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
  const low = load<u32>(scratch + (i << 2), SECOND);
  const layer = low & 255;
  const magnitude = magnitudeOf(((load<u32>(scratch + (i << 2)) as u64) << 32) | (low as u64));
  const pair = layers + (layer << 4);
  const size =
    magnitude < load<f64>(pair)
      ? magnitude * load<f64>(pair, 8)
      : rejected(k0, k1, (firstBar + n / perBar) ^ mask0, mask1, n % perBar, layer, magnitude);
  return (low & 256) == 0 ? size : -size;
}

/** The draws four counters after some, and their bars. */
@inline
function drawAfter(draw: v128, parts: v128, most: v128, size: v128): v128 {
  const sum = i32x4.add(draw, parts);
  return i32x4.sub(sum, v128.and(i32x4.gt_s(sum, most), size));
}

@inline
function barAfter(bar: v128, draw: v128, wholes: v128, parts: v128, most: v128): v128 {
  return i32x4.sub(i32x4.add(bar, wholes), i32x4.gt_s(i32x4.add(draw, parts), most));
}

/** Adds to what is there, or to zeros. What a loop needs all the time comes from the memory: the engine would make it anew in every step. */
export function addNormals(
  out: usize, k0: i32, k1: i32, mask0: i32, mask1: i32, weight: f64, firstBar: i32, bars: i32, perBar: i32, toZeros: bool,
): void {
  const base = scratch;
  layKeys(base + KEYS, k0, k1);
  // Lane l of a vector of four counters stands at (firstBar + (n + l) / perBar, (n + l) % perBar).
  v128.store(base, i32x4.splat(4 / perBar), STEPS);
  v128.store(base, i32x4.splat(4 % perBar), STEPS + 16);
  v128.store(base, i32x4.splat(perBar - 1), STEPS + 32);
  v128.store(base, i32x4.splat(perBar), STEPS + 48);
  v128.store(base, i32x4.splat(mask0), STEPS + 64);
  v128.store(base, i32x4.splat(mask1), STEPS + 80);
  let bar = i32x4(firstBar, firstBar + 1 / perBar, firstBar + 2 / perBar, firstBar + 3 / perBar);
  let draw = i32x4(0, 1 % perBar, 2 % perBar, 3 % perBar);
  let was = toZeros ? base + ZEROS : out;
  const stride = toZeros ? 0 : 32;
  const total = bars * perBar;
  // Four counters further is the same draw of another bar where bars have one, two or four.
  const turns = 4 % perBar != 0;
  for (let done = 0; done < total; done += CHUNK) {
    const count = min<i32>(CHUNK, total - done);
    for (let at = base, end = base + (count << 2); at < end; at += 64) {
      const wholes = v128.load(base, STEPS);
      const parts = v128.load(base, STEPS + 16);
      const most = v128.load(base, STEPS + 32);
      const size = v128.load(base, STEPS + 48);
      let bar1 = i32x4.add(bar, wholes);
      let draw1 = draw;
      let bar2 = i32x4.add(bar1, wholes);
      let draw2 = draw;
      let bar3 = i32x4.add(bar2, wholes);
      let draw3 = draw;
      if (turns) {
        bar1 = barAfter(bar, draw, wholes, parts, most);
        draw1 = drawAfter(draw, parts, most, size);
        bar2 = barAfter(bar1, draw1, wholes, parts, most);
        draw2 = drawAfter(draw1, parts, most, size);
        bar3 = barAfter(bar2, draw2, wholes, parts, most);
        draw3 = drawAfter(draw2, parts, most, size);
      }
      const bars = v128.load(base, STEPS + 64);
      const draws = v128.load(base, STEPS + 80);
      sixteen(
        base + KEYS, v128.xor(bar, bars), v128.xor(draw, draws), v128.xor(bar1, bars), v128.xor(draw1, draws),
        v128.xor(bar2, bars), v128.xor(draw2, draws), v128.xor(bar3, bars), v128.xor(draw3, draws), at, at + SECOND,
      );
      bar = turns ? barAfter(bar3, draw3, wholes, parts, most) : i32x4.add(bar3, wholes);
      if (turns) draw = drawAfter(draw3, parts, most, size);
    }
    const bits73 = v128.load(base, CONSTANTS);
    const bits52 = v128.load(base, CONSTANTS + 16);
    const bias = v128.load(base, CONSTANTS + 32);
    const top = v128.load(base, CONSTANTS + 48);
    const table = layers;
    const weights = f64x2.splat(weight);
    const zero = i32x4.splat(0);
    let to = out + (done << 3);
    let at = base;
    for (const end = base + ((count & -4) << 2); at < end; at += 16, to += 32, was += stride) {
      const low = v128.load(at, SECOND);
      const high = v128.load(at);
      const rest = i32x4.shr_u(low, 11);
      const sign = v128.and(i32x4.shl(low, 23), top);
      // high * 2^21 + rest: every sum on the way is exact.
      const m0 = f64x2.add(f64x2.sub(v128.shuffle<u32>(high, bits73, 0, 4, 1, 5), bias), v128.shuffle<u32>(rest, bits52, 0, 4, 1, 5));
      const m1 = f64x2.add(f64x2.sub(v128.shuffle<u32>(high, bits73, 2, 6, 3, 7), bias), v128.shuffle<u32>(rest, bits52, 2, 6, 3, 7));
      const a = v128.load(table + ((load<u8>(at, SECOND) as usize) << 4));
      const b = v128.load(table + ((load<u8>(at, SECOND + 4) as usize) << 4));
      const c = v128.load(table + ((load<u8>(at, SECOND + 8) as usize) << 4));
      const d = v128.load(table + ((load<u8>(at, SECOND + 12) as usize) << 4));
      const out0 = f64x2.ge(m0, v128.shuffle<u64>(a, b, 0, 2));
      const out1 = f64x2.ge(m1, v128.shuffle<u64>(c, d, 0, 2));
      let n0 = v128.xor(f64x2.mul(m0, v128.shuffle<u64>(a, b, 1, 3)), v128.shuffle<u32>(zero, sign, 0, 4, 1, 5));
      let n1 = v128.xor(f64x2.mul(m1, v128.shuffle<u64>(c, d, 1, 3)), v128.shuffle<u32>(zero, sign, 2, 6, 3, 7));
      if (i32x4.bitmask(v128.or(out0, out1)) != 0) {
        v128.store(base, n0, NORMALS);
        v128.store(base, n1, NORMALS + 16);
        const outside = i64x2.bitmask(out0) | (i64x2.bitmask(out1) << 2);
        for (let k = 0; k < 4; k++) {
          const i = ((at - base) >> 2) + k;
          if ((outside >> k) & 1)
            store<f64>(base + (k << 3), normalAt(i, done + i, k0, k1, mask0, mask1, firstBar, perBar), NORMALS);
        }
        n0 = v128.load(base, NORMALS);
        n1 = v128.load(base, NORMALS + 16);
      }
      v128.store(to, f64x2.add(v128.load(was), f64x2.mul(weights, n0)));
      v128.store(to, f64x2.add(v128.load(was, 16), f64x2.mul(weights, n1)), 16);
    }
    for (let i = count & -4; i < count; i++, to += 8, was += stride >> 2)
      store<f64>(to, load<f64>(was) + weight * normalAt(i, done + i, k0, k1, mask0, mask1, firstBar, perBar));
  }
}
