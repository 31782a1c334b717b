// Uniforms in (0, 1) from pairs of words: twin of `uniform` in lib/math/draw.ts.

const TWO_M53: f64 = 1.1102230246251565e-16;

/** The uniform of a block: (53-bit integer + 1/2) 2^-53, below 1. */
@inline
export function uniformOf(words: u64): f64 {
  const u = (((words >> 37) as f64) * 67108864 + (((words as u32) >>> 6) as f64) + 0.5) * TWO_M53;
  return u < 1 ? u : 1 - TWO_M53;
}

/** Two uniforms, from two first words at one place and two second words at another. */
@inline
export function uniforms(first: usize, second: usize): v128 {
  const high = f64x2.convert_low_i32x4_u(i32x4.shr_u(v128.load64_zero(first), 5));
  const low = f64x2.convert_low_i32x4_u(i32x4.shr_u(v128.load64_zero(second), 6));
  const whole = f64x2.add(f64x2.add(f64x2.mul(high, f64x2.splat(67108864)), low), f64x2.splat(0.5));
  return f64x2.pmin(f64x2.mul(whole, f64x2.splat(TWO_M53)), f64x2.splat(1 - TWO_M53));
}
