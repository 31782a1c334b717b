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

/** a + x * b. */
@inline
function step(a: f64, x: v128, b: v128): v128 {
  return add(f64x2.splat(a), mul(x, b));
}

/** Whether exponentials of both are plain: no scaling needs two factors, and nothing is special. */
@inline
export function isPlainExp(x: v128): v128 {
  return f64x2.lt(f64x2.abs(x), f64x2.splat(706));
}

/** Two exponentials of plain arguments. */
@inline
export function exp2(x: v128): v128 {
  const k = f64x2.floor(add(mul(x, f64x2.splat(LOG2E)), f64x2.splat(0.5)));
  const head = sub(x, mul(k, f64x2.splat(LN2_HEAD)));
  const low = mul(k, f64x2.splat(LN2_TAIL));
  const r = sub(head, low);
  const e = sub(sub(head, r), low);
  const r2 = mul(r, r);
  const r4 = mul(r2, r2);
  const first = add(
    step(1.0 / 2, r, f64x2.splat(1.0 / 6)),
    mul(r2, step(1.0 / 24, r, f64x2.splat(1.0 / 120))),
  );
  const mid = add(
    step(1.0 / 720, r, f64x2.splat(1.0 / 5040)),
    mul(r2, step(1.0 / 40320, r, f64x2.splat(1.0 / 362880))),
  );
  const top = add(
    step(1.0 / 3628800, r, f64x2.splat(1.0 / 39916800)),
    mul(r2, step(1.0 / 479001600, r, f64x2.splat(1.0 / 6227020800))),
  );
  const tail = add(first, mul(r4, add(mid, mul(r4, top))));
  const s = add(f64x2.splat(1), r);
  const m = add(s, add(add(sub(f64x2.splat(1), s), r), add(e, mul(r, add(e, mul(r, tail))))));
  // The bits of 2^52 + n end in n.
  const power = i64x2.shl(add(k, f64x2.splat(4503599627370496 + 1023)), 52);
  return mul(m, power);
}

/** Whether both are finite numbers from the smallest normal one up. */
@inline
export function isPlainLog(x: v128): v128 {
  return v128.and(f64x2.ge(x, f64x2.splat(SMALLEST_NORMAL)), f64x2.lt(x, f64x2.splat(Infinity)));
}

/** Two logarithms of plain arguments. */
@inline
export function log2(x: v128): v128 {
  const highs = v128.shuffle<u32>(x, x, 1, 3, 1, 3);
  const exponent = i32x4.shr_s(i32x4.sub(highs, i32x4.splat(0x3fe6a09e)), 20);
  const f = sub(i64x2.sub(x, i64x2.shl(i64x2.extend_low_i32x4_s(exponent), 52)), f64x2.splat(1));
  const k = f64x2.convert_low_i32x4_s(exponent);
  const s = f64x2.div(f, add(f64x2.splat(2), f));
  const z = mul(s, s);
  const w = mul(z, z);
  const odd = step(2.0 / 3, w, step(2.0 / 7, w, step(2.0 / 11, w,
    step(2.0 / 15, w, step(2.0 / 19, w, f64x2.splat(2.0 / 23))))));
  const even = step(2.0 / 5, w, step(2.0 / 9, w, step(2.0 / 13, w, step(2.0 / 17, w, f64x2.splat(2.0 / 21)))));
  const half = mul(mul(f64x2.splat(0.5), f), f);
  const rest = add(mul(s, add(half, add(mul(z, odd), mul(w, even)))), mul(k, f64x2.splat(LN2_TAIL)));
  return sub(mul(k, f64x2.splat(LN2_HEAD)), sub(sub(half, rest), f));
}
