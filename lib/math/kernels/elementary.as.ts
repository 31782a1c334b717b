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

/** Whether exponentials of both are plain: no scaling needs two factors, and nothing is special. */
@inline
export function isPlainExp(x: v128): v128 {
  return f64x2.lt(f64x2.abs(x), f64x2.splat(706));
}

/** Two exponentials of plain arguments, by the constants at a place. */
@inline
export function exp2(x: v128, at: usize): v128 {
  const k = f64x2.floor(add(mul(x, constant(at, LOG2_OF_E)), constant(at, 2)));
  const head = sub(x, mul(k, constant(at, HEAD)));
  const low = mul(k, constant(at, TAIL));
  const r = sub(head, low);
  const e = sub(sub(head, r), low);
  const r2 = mul(r, r);
  const r4 = mul(r2, r2);
  const first = add(step(at, 2, r, constant(at, 3)), mul(r2, step(at, 4, r, constant(at, 5))));
  const mid = add(step(at, 6, r, constant(at, 7)), mul(r2, step(at, 8, r, constant(at, 9))));
  const top = add(step(at, 10, r, constant(at, 11)), mul(r2, step(at, 12, r, constant(at, 13))));
  const tail = add(first, mul(r4, add(mid, mul(r4, top))));
  const s = add(constant(at, ONE), r);
  const m = add(s, add(add(sub(constant(at, ONE), s), r), add(e, mul(r, add(e, mul(r, tail))))));
  return mul(m, i64x2.shl(add(k, constant(at, BIAS)), 52));
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
