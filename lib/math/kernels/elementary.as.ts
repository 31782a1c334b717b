// exp and log of lib/math/elementary.ts in one and in two lanes: the same operations in the same order, so the same bits.

const LOG2E: f64 = 1.4426950408889634;
const LN2_HEAD: f64 = 0.6931471805582987;
const LN2_TAIL: f64 = 1.6465949582897082e-12;
const SMALLEST_NORMAL: f64 = 2.2250738585072014e-308;
const LIFT: f64 = 18014398509481984;

/** 2^k for -1022 <= k <= 1023. */
@inline
function powerOfTwo(k: i32): f64 {
  return reinterpret<f64>((k + 1023) as i64 << 52);
}

/** m * 2^k, one rounding, for m in [0.25, 4). */
@inline
function scale(m: f64, k: i32): f64 {
  if (k >= -1020 && k <= 1021) return m * powerOfTwo(k);
  return k > 0 ? m * powerOfTwo(k - 2) * 4 : m * powerOfTwo(k + 200) * powerOfTwo(-200);
}

export function exp(x: f64): f64 {
  if (!(x <= 709.782712893384)) return x != x ? x : Infinity;
  if (x < -745.1332191019412) return 0;
  const k = floor<f64>(x * LOG2E + 0.5);
  const head = x - k * LN2_HEAD;
  const low = k * LN2_TAIL - 0;
  const r = head - low;
  const e = head - r - low;
  const r2 = r * r;
  const r4 = r2 * r2;
  const first = 1.0 / 2 + r * (1.0 / 6) + r2 * (1.0 / 24 + r * (1.0 / 120));
  const mid = 1.0 / 720 + r * (1.0 / 5040) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  const top = 1.0 / 3628800 + r * (1.0 / 39916800) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
  const tail = first + r4 * (mid + r4 * top);
  const s = 1 + r;
  return scale(s + (1 - s + r + (e + r * (e + r * tail))), k as i32);
}

export function log(x: f64): f64 {
  if (!(x > 0 && x < Infinity)) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const small = x < SMALLEST_NORMAL;
  const bits = reinterpret<i64>(small ? x * LIFT : x);
  const exponent = ((bits >> 32) as i32 - 0x3fe6a09e) >> 20;
  const f = reinterpret<f64>(bits - ((exponent as i64) << 52)) - 1;
  const k = (small ? exponent - 54 : exponent) as f64;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = 2.0 / 3 + w * (2.0 / 7 + w * (2.0 / 11 + w * (2.0 / 15 + w * (2.0 / 19 + w * (2.0 / 23)))));
  const even = 2.0 / 5 + w * (2.0 / 9 + w * (2.0 / 13 + w * (2.0 / 17 + w * (2.0 / 21))));
  const half = 0.5 * f * f;
  const rest = s * (half + (z * odd + w * even)) + (k * LN2_TAIL + 0);
  return k * LN2_HEAD - (half - rest - f);
}

@inline
function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b);
}

@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b);
}

@inline
function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b);
}

const ONE: i32 = 1;
const LOG2_OF_E: i32 = 0;
const HEAD: i32 = 14;
const TAIL: i32 = 15;
const BIAS: i32 = 16;
const ODD: i32 = 17;
const TWO: i32 = 28;
/** Where |x| is below, no scaling of e^x needs two factors, and nothing is special. */
const PLAIN: i32 = 29;

function putTwice(at: usize, k: i32, value: f64): void {
  v128.store(at + (k << 4), f64x2.splat(value));
}

/** Lays the constants, each twice: an operand in the memory costs less than one that the code makes anew each time. */
export function layConstants(at: usize): void {
  putTwice(at, LOG2_OF_E, LOG2E);
  // 1 / k! at place k.
  let factorial: f64 = 1;
  for (let k = 1; k <= 13; k++) putTwice(at, k, 1 / (factorial *= k));
  putTwice(at, HEAD, LN2_HEAD);
  putTwice(at, TAIL, LN2_TAIL);
  // The bits of 2^52 + n end in n.
  putTwice(at, BIAS, 4503599627370496 + 1023);
  for (let k = 0; k <= 10; k++) putTwice(at, ODD + k, 2 / ((2 * k + 3) as f64));
  putTwice(at, TWO, 2);
  putTwice(at, PLAIN, 706);
}

@inline
function constant(at: usize, k: i32): v128 {
  return v128.load(at + (k << 4));
}

/** The constant a, plus x * b. */
@inline
function step(at: usize, a: i32, x: v128, b: v128): v128 {
  return add(constant(at, a), mul(x, b));
}

/** Bytes of a column of `expChunk`, the most that it takes at once. */
export const CHUNK: usize = 2048;

/**
 * Exponentials of whole pairs, in place, or nothing and false where one is not plain; `own` has room for three columns. In passes
 * so short that the processor works on many values at once: one chain of all operations would fill its queue with what waits.
 * Constants are loaded before the loops, or the engine would make each anew in every step.
 */
export function expChunk(at: usize, end: usize, by: usize, own: usize): bool {
  const half = constant(by, 2);
  const one = constant(by, ONE);
  const log2OfE = constant(by, LOG2_OF_E);
  const ln2Head = constant(by, HEAD);
  const ln2Tail = constant(by, TAIL);
  const bias = constant(by, BIAS);
  const most = constant(by, PLAIN);
  let plain = i64x2.splat(-1);
  for (let i = at, to = own; i < end; i += 16, to += 16) {
    const x = v128.load(i);
    plain = v128.and(plain, f64x2.lt(f64x2.abs(x), most));
    const k = f64x2.floor(add(mul(x, log2OfE), half));
    const head = sub(x, mul(k, ln2Head));
    const low = mul(k, ln2Tail);
    const r = sub(head, low);
    v128.store(to, r);
    v128.store(to, sub(sub(head, r), low), CHUNK);
    v128.store(to, i64x2.shl(add(k, bias), 52), 2 * CHUNK);
  }
  if (i64x2.bitmask(plain) != 3) return false;
  const c3 = constant(by, 3);
  const c4 = constant(by, 4);
  const c5 = constant(by, 5);
  const c6 = constant(by, 6);
  const c7 = constant(by, 7);
  const c8 = constant(by, 8);
  const c9 = constant(by, 9);
  const c10 = constant(by, 10);
  const c11 = constant(by, 11);
  const c12 = constant(by, 12);
  const c13 = constant(by, 13);
  for (let i = at, from = own; i < end; i += 16, from += 16) {
    const r = v128.load(from);
    const r2 = mul(r, r);
    const r4 = mul(r2, r2);
    const first = add(add(half, mul(r, c3)), mul(r2, add(c4, mul(r, c5))));
    const mid = add(add(c6, mul(r, c7)), mul(r2, add(c8, mul(r, c9))));
    const top = add(add(c10, mul(r, c11)), mul(r2, add(c12, mul(r, c13))));
    v128.store(i, add(first, mul(r4, add(mid, mul(r4, top)))));
  }
  for (let i = at, from = own; i < end; i += 16, from += 16) {
    const tail = v128.load(i);
    const r = v128.load(from);
    const e = v128.load(from, CHUNK);
    const s = add(one, r);
    const m = add(s, add(add(sub(one, s), r), add(e, mul(r, add(e, mul(r, tail))))));
    v128.store(i, mul(m, v128.load(from, 2 * CHUNK)));
  }
  return true;
}

/** Whether both are finite numbers from the smallest normal one up. */
@inline
export function isPlainLog(x: v128): v128 {
  return v128.and(f64x2.ge(x, f64x2.splat(SMALLEST_NORMAL)), f64x2.lt(x, f64x2.splat(Infinity)));
}

/** Two logarithms of plain arguments, by the constants at a place. */
@inline
export function log2(x: v128, at: usize): v128 {
  const highs = v128.shuffle<u32>(x, x, 1, 3, 1, 3);
  const exponent = i32x4.shr_s(i32x4.sub(highs, i32x4.splat(0x3fe6a09e)), 20);
  const f = sub(i64x2.sub(x, i64x2.shl(i64x2.extend_low_i32x4_s(exponent), 52)), constant(at, ONE));
  const k = f64x2.convert_low_i32x4_s(exponent);
  const s = f64x2.div(f, add(constant(at, TWO), f));
  const z = mul(s, s);
  const w = mul(z, z);
  const odd = step(at, ODD, w, step(at, ODD + 2, w, step(at, ODD + 4, w,
    step(at, ODD + 6, w, step(at, ODD + 8, w, constant(at, ODD + 10))))));
  const even = step(at, ODD + 1, w, step(at, ODD + 3, w, step(at, ODD + 5, w, step(at, ODD + 7, w, constant(at, ODD + 9)))));
  const half = mul(mul(constant(at, 2), f), f);
  const rest = add(mul(s, add(half, add(mul(z, odd), mul(w, even)))), mul(k, constant(at, TAIL)));
  return sub(mul(k, constant(at, HEAD)), sub(sub(half, rest), f));
}
