// Elementary functions of whole arrays, in place: twins of the loops in lib/math/arrays.ts.
import { CHUNK, exp, expChunk, isPlainLog, layConstants, log, log2 } from './elementary.as';

let constants: usize = 0;
let spare: usize = 0;

export function init(at: usize, own: usize): void {
  constants = at;
  spare = own;
  layConstants(at);
}

export function expEach(at: usize, count: i32): void {
  const end = at + (count << 3);
  while (at < end) {
    const stop = at + min<usize>(CHUNK, end - at);
    if (expChunk(at, at + ((stop - at) & -16), constants, spare)) at += (stop - at) & -16;
    for (; at < stop; at += 8) store<f64>(at, exp(load<f64>(at)));
  }
}

/** Two vectors a step, because one alone waits for its own results. */
export function logEach(at: usize, count: i32): void {
  const end = at + (count << 3);
  const by = constants;
  for (; at + 32 <= end; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    if (i64x2.all_true(v128.and(isPlainLog(a), isPlainLog(b)))) {
      const x = log2(a, by);
      const y = log2(b, by);
      v128.store(at, x);
      v128.store(at, y, 16);
    } else for (let i = at; i < at + 32; i += 8) store<f64>(i, log(load<f64>(i)));
  }
  for (; at < end; at += 8) store<f64>(at, log(load<f64>(at)));
}

/** Eight places of two rows: all that is loaded before it is used stays in registers. */
@inline
function addEight(to: usize, at0: usize, at1: usize, w0: v128, w1: v128, toZeros: bool): void {
  const zero = f64x2.splat(0);
  let a = f64x2.add(toZeros ? zero : v128.load(to), f64x2.mul(w0, v128.load(at0)));
  let b = f64x2.add(toZeros ? zero : v128.load(to, 16), f64x2.mul(w0, v128.load(at0, 16)));
  let c = f64x2.add(toZeros ? zero : v128.load(to, 32), f64x2.mul(w0, v128.load(at0, 32)));
  let d = f64x2.add(toZeros ? zero : v128.load(to, 48), f64x2.mul(w0, v128.load(at0, 48)));
  a = f64x2.add(a, f64x2.mul(w1, v128.load(at1)));
  b = f64x2.add(b, f64x2.mul(w1, v128.load(at1, 16)));
  c = f64x2.add(c, f64x2.mul(w1, v128.load(at1, 32)));
  d = f64x2.add(d, f64x2.mul(w1, v128.load(at1, 48)));
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}

/** Rows count from as many bytes on; the first are added to zeros, or to what is there. */
export function addRows(out: usize, count: i32, rows: i32, places: usize, weights: usize, from: usize, toZeros: bool): void {
  const bytes = count << 3;
  const end = out + bytes;
  if (toZeros) {
    const whole = rows < 2 ? 0 : bytes & -64;
    memory.fill(out + whole, 0, bytes - whole);
  }
  let k = 0;
  for (; k + 2 <= rows; k += 2) {
    const off0 = load<u32>(places + (k << 2)) + from - out;
    const off1 = load<u32>(places + (k << 2), 4) + from - out;
    const w0 = v128.load64_splat(weights + (k << 3));
    const w1 = v128.load64_splat(weights + (k << 3), 8);
    let to = out;
    if (k == 0 && toZeros) for (; to + 64 <= end; to += 64) addEight(to, off0 + to, off1 + to, w0, w1, true);
    else for (; to + 64 <= end; to += 64) addEight(to, off0 + to, off1 + to, w0, w1, false);
    addRow(to, end - to, off0 + to, load<f64>(weights + (k << 3)));
    addRow(to, end - to, off1 + to, load<f64>(weights + (k << 3), 8));
  }
  if (k < rows) addRow(out, bytes, load<u32>(places + (k << 2)) + from, load<f64>(weights + (k << 3)));
}

function addRow(out: usize, bytes: i32, row: usize, weight: f64): void {
  const weights = f64x2.splat(weight);
  let at = 0;
  for (; at + 16 <= bytes; at += 16)
    v128.store(out + at, f64x2.add(v128.load(out + at), f64x2.mul(weights, v128.load(row + at))));
  if (at < bytes) store<f64>(out + at, load<f64>(out + at) + weight * load<f64>(row + at));
}
