// Laws of functions over arrays: the values of the single ones, bit by bit, over the whole range and at every length.
import { afterEach, describe, expect, it } from 'vitest';
import { expEach, logEach, Rows } from '../../lib/math/arrays.ts';
import { uniform } from '../../lib/math/draw.ts';
import { exp, log } from '../../lib/math/elementary.ts';
import { floats, kernelOf, release, useTwins } from '../../lib/math/kernel.ts';
import wasm from '../../lib/math/kernels/arrays.wasm';
import { streamOf } from '../../lib/math/stream.ts';
import { draws } from '../thorough.ts';

afterEach(() => useTwins(false));
const stream = streamOf(1, { scope: 'market', asset: '', component: 'arguments' });

/** Arguments of every kind: spread over a range, close to what is special, and special themselves. */
function argumentsOf(low: number, high: number, special: readonly number[]): Float64Array {
  const n = draws(300_000);
  return Float64Array.from({ length: n }, (_, i) =>
    i % 50 === 0 ? special[(i / 50) % special.length]! : low + (high - low) * uniform(stream, i, 0),
  );
}

/** Every double is reached: 64 random bits that are no NaN. */
function anyDoubles(): Float64Array {
  const words = Uint32Array.from({ length: 400_000 }, (_, i) => Math.floor(uniform(stream, i, 1) * 4294967296));
  return new Float64Array(words.buffer).map((x) => (Number.isNaN(x) ? -1 : x));
}

const ENDS = [0, -0, 1, -1, 1e-320, 5e-324, 1.7976931348623157e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const cases = [
  ['expEach', expEach, exp, argumentsOf(-720, 712, [...ENDS, 709.782712893384, 709.7827128933841, 706, 707])],
  ['expEach', expEach, exp, argumentsOf(-746, -700, [...ENDS, -745.1332191019412, -745.1332191019413, -706, -708.4])],
  ['expEach', expEach, exp, argumentsOf(-1, 1, ENDS)],
  ['expEach', expEach, exp, anyDoubles()],
  ['logEach', logEach, log, argumentsOf(0, 1e6, [...ENDS, 2.2250738585072014e-308, 2.225073858507201e-308])],
  ['logEach', logEach, log, argumentsOf(0.6, 1.5, [...ENDS, Math.SQRT1_2, Math.SQRT2, 1.41422, 1.4142131805419922])],
  ['logEach', logEach, log, argumentsOf(0, 1e-307, ENDS)],
  ['logEach', logEach, log, anyDoubles()],
] as const;

describe('functions of arrays', () => {
  it('have a kernel here', () => {
    expect(kernelOf(wasm, () => {})()).not.toBeNull();
  });

  cases.forEach(([name, each, one, x], k) => {
    it(`${name} has the bits of the single function, wherever the array lies (${k})`, () => {
      // A NaN has no sign that everyone agrees on.
      const bits = (y: Float64Array) => Buffer.from(y.map((v) => (Number.isNaN(v) ? Number.NaN : v)).buffer);
      const expected = bits(x.map((v) => one(v)));
      const inside = floats(x.length);
      inside.set(x);
      const outside = x.slice();
      each(inside);
      each(outside);
      expect(bits(inside).equals(expected)).toBe(true);
      expect(bits(outside).equals(expected)).toBe(true);
      release(inside);
      useTwins(true);
      const twin = x.slice();
      each(twin);
      expect(bits(twin).equals(expected)).toBe(true);
    });
  });

  it('are right at every length, and touch nothing behind', () => {
    for (let length = 0; length < 9; length++) {
      const x = floats(12).fill(0.5);
      expEach(x.subarray(2, 2 + length));
      expect([...x]).toEqual(Array.from({ length: 12 }, (_, i) => (i >= 2 && i < 2 + length ? exp(0.5) : 0.5)));
      release(x);
    }
  });
});

/** All but the first of some rows, which stands for others, from their place 7 on. */
function addAll(
  arrays: readonly Float64Array[],
  weights: readonly number[],
  out: Float64Array,
  length: number,
  toZeros = false,
): void {
  const rows = new Rows();
  for (const [k, array] of arrays.entries()) rows.put(k + 1, array);
  rows.add(out, length, 1, weights, 0, arrays.length, 7, toZeros);
  rows.close();
}

describe('rows', () => {
  it('adds row after row, with the bits of its twin at every length and number of rows, and touches nothing behind', () => {
    const LENGTH = 80;
    for (const rows of [0, 1, 2, 5, 64, 65, 130]) {
      const inside = Array.from({ length: rows }, (_, k) =>
        Float64Array.from({ length: LENGTH }, (_, i) => 1e3 * (uniform(stream, k, i) - 0.5)),
      );
      const lying = inside.map((row) => {
        const there = floats(LENGTH);
        there.set(row);
        return there;
      });
      const weights = inside.map((_, k) => uniform(stream, k, 1000) - 0.5);
      for (const length of [0, 1, 2, 15, 16, 17, 33, 70]) {
        const out = floats(LENGTH).fill(0.1);
        const twin = new Float64Array(LENGTH).fill(0.1);
        addAll(lying, weights, out.subarray(3), length);
        for (let i = 0; i < length; i++)
          for (let k = 0; k < rows; k++) twin[3 + i] = twin[3 + i]! + weights[k]! * inside[k]![7 + i]!;
        expect(out, `${rows} rows of ${length}`).toEqual(twin);
        twin.fill(0.1);
        addAll(inside, weights, twin.subarray(3), length);
        expect(out, `${rows} rows of ${length}, outside`).toEqual(twin);
        if (rows > 0) {
          out.fill(0, 3, 3 + length);
          addAll(inside, weights, out.subarray(3), length);
          for (const arrays of [lying, inside]) {
            const over = floats(LENGTH).fill(0.1);
            over.fill(Number.NaN, 3, 3 + length);
            addAll(arrays, weights, over.subarray(3), length, true);
            expect(over, `${rows} rows of ${length}, to zeros`).toEqual(out);
            release(over);
          }
        }
        release(out);
      }
      release(...lying);
    }
  });
});
