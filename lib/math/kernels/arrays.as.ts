// Elementary functions of whole arrays, in place: twins of the loops in lib/math/arrays.ts.
import { exp, exp2, isPlainExp, isPlainLog, log, log2 } from './elementary.as';

// Two vectors a step, because one alone waits for its own results.

export function expEach(at: usize, count: i32): void {
  const end = at + (count << 3);
  for (; at + 32 <= end; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    if (i64x2.all_true(v128.and(isPlainExp(a), isPlainExp(b)))) {
      const x = exp2(a);
      const y = exp2(b);
      v128.store(at, x);
      v128.store(at, y, 16);
    } else for (let i = at; i < at + 32; i += 8) store<f64>(i, exp(load<f64>(i)));
  }
  for (; at < end; at += 8) store<f64>(at, exp(load<f64>(at)));
}

export function logEach(at: usize, count: i32): void {
  const end = at + (count << 3);
  for (; at + 32 <= end; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    if (i64x2.all_true(v128.and(isPlainLog(a), isPlainLog(b)))) {
      const x = log2(a);
      const y = log2(b);
      v128.store(at, x);
      v128.store(at, y, 16);
    } else for (let i = at; i < at + 32; i += 8) store<f64>(i, log(load<f64>(i)));
  }
  for (; at < end; at += 8) store<f64>(at, log(load<f64>(at)));
}
