// Sessions that are all alike, of a variance that stays as it is: the path alone is worked out piece by piece.

import {
  annuals, annualVariance, ends, from, growth, integrals, phi, residuals, scale, sd, share, shocks, to, until, variance, volatility,
} from './columns.as';

/** Variance that leverage carries. */
@inline
export function extraOf(integrated: v128, power: v128): v128 {
  return f64x2.pmax(f64x2.sub(integrated, power), f64x2.splat(0));
}

/** Differences, bit by bit, of places from..to-1 of a column from a value. */
@inline
function unlike(column: usize, from: i32, to: i32, value: v128): v128 {
  let i = column + (from << 3);
  const end = column + (to << 3);
  let a = i64x2.splat(0);
  let b = a;
  for (; i + 32 <= end; i += 32) {
    a = v128.or(a, v128.xor(v128.load(i), value));
    b = v128.or(b, v128.xor(v128.load(i, 16), value));
  }
  for (; i < end; i += 8) a = v128.or(a, v128.xor(v128.load64_splat(i), value));
  return v128.or(a, b);
}

/** Is every session as the first one, without closed hours, and every piece p..last-1 of the same share? */
export function areAlike(first: i32, end: i32, p: i32, last: i32): bool {
  let all = unlike(phi, first, end, f64x2.splat(0));
  all = v128.or(all, unlike(volatility, first, end, v128.load64_splat(volatility + (first << 3))));
  all = v128.or(all, unlike(growth, first, end, v128.load64_splat(growth + (first << 3))));
  all = v128.or(all, unlike(scale, first, end, v128.load64_splat(scale + (first << 3))));
  all = v128.or(all, unlike(share, p, last, v128.load64_splat(share + (p << 3))));
  return !v128.any_true(all);
}

@inline
function fill(column: usize, from: i32, to: i32, value: v128): void {
  let i = column + (from << 3);
  const end = column + (to << 3);
  for (; i + 32 <= end; i += 32) {
    v128.store(i, value);
    v128.store(i, value, 16);
  }
  for (; i < end; i += 8) v128.store64_lane(i, value, 0);
}

/** Sessions that `areAlike`, of a variance that stays as it is: all but the path itself is worked out once. */
export function steady(first: i32, end: i32, p: i32, last: i32, piece: i32, start: f64, mu: v128, years: v128): f64 {
  const factor = v128.load64_splat(volatility + (first << 3));
  const square = f64x2.mul(factor, factor);
  const integrated = f64x2.mul(square, v128.load64_splat(integrals));
  const power = f64x2.mul(square, v128.load64_splat(residuals));
  const wide = v128.load64_splat(scale + (first << 3));
  const part = v128.load64_splat(share + (p << 3));
  const amount = f64x2.mul(power, part);
  const drift = f64x2.sub(
    f64x2.mul(f64x2.add(mu, v128.load64_splat(growth + (first << 3))), years), f64x2.mul(f64x2.splat(0.5), integrated),
  );
  const step = f64x2.mul(drift, part);
  const unit = f64x2.mul(f64x2.sqrt(amount), wide);
  const width = f64x2.add(f64x2.mul(amount, f64x2.mul(wide, wide)), f64x2.mul(extraOf(integrated, power), part));
  fill(annualVariance, first, end, f64x2.mul(square, v128.load64_splat(annuals)));
  fill(sd, first, end, f64x2.sqrt(integrated));
  const beyond = piece + last - p;
  fill(variance, piece, beyond, width);
  fill(until, piece, beyond, f64x2.splat(1));
  for (let i = p, k = piece; i < last; ) store<i32>(ends + (i++ << 2), ++k);
  let x = f64x2.splat(start);
  let at = shocks + (p << 3);
  let a = from + (piece << 3);
  let b = to + (piece << 3);
  for (const stop = shocks + (last << 3) - 8; at < stop; at += 16, a += 16, b += 16) {
    const move = f64x2.add(step, f64x2.mul(unit, v128.load(at)));
    const middle = f64x2.add(x, move);
    v128.store(a, v128.shuffle<u64>(x, middle, 0, 2));
    x = f64x2.add(middle, v128.shuffle<u64>(move, move, 1, 1));
    v128.store(b, v128.shuffle<u64>(middle, x, 0, 2));
  }
  if (((last - p) & 1) != 0) {
    v128.store64_lane(a, x, 0);
    x = f64x2.add(x, f64x2.add(step, f64x2.mul(unit, v128.load64_splat(at))));
    v128.store64_lane(b, x, 0);
  }
  return f64x2.extract_lane(x, 0);
}
