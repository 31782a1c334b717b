import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { floats, kernelOf } from '../../lib/math/kernel.ts';
import wasm from '../../lib/math/kernels/pcg64.wasm';
import { fillStandardNormal, fillStandardNormalTwin, standardNormal } from '../../lib/math/numpy-normal.ts';
import { fillWords, next64, nextDouble, nextInteger, pcg64, seedSequence } from '../../lib/math/pcg64.ts';
import { runs } from '../thorough.ts';

interface Generator {
  seed: number;
  words: number[];
  raw: string[];
  doubles: number[];
  mixed: [bound: number, first: number, double: number, second: number][];
  integers: Record<string, number[]>;
}
interface Normals {
  seed: number;
  count: number;
  inner_sha256: string;
  tail_at: number[];
  tail: number[];
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/legacy.json', import.meta.url), 'utf8')) as {
  generators: Generator[];
  raw_100000_seed_7_sha256: string;
  normals: Normals[];
};
const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
const repeat = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

describe.each(oracle.generators)('the generator of seed $seed', ({ seed, words, raw, doubles, mixed, integers }) => {
  test('spreads its seed as numpy does', () => {
    expect([...seedSequence(seed, 8)]).toEqual(words);
  });

  test('gives the 64-bit words of numpy', () => {
    const rng = pcg64(seed);
    const drawn = repeat(raw.length, () => {
      const at = next64(rng);
      return hex(rng.words[at + 1]!) + hex(rng.words[at]!);
    });
    expect(drawn).toEqual(raw);
  });

  test('gives the doubles of numpy', () => {
    const rng = pcg64(seed);
    expect(repeat(doubles.length, () => nextDouble(rng))).toEqual(doubles);
  });

  test('gives the bounded integers of numpy, at bounds where words are refused too', () => {
    for (const [bound, expected] of Object.entries(integers)) {
      const rng = pcg64(seed);
      expect(repeat(expected.length, () => nextInteger(rng, Number(bound)))).toEqual(expected);
    }
  });

  test('keeps a left-over half for the next integer while doubles are drawn in between', () => {
    const rng = pcg64(seed);
    for (const [bound, first, double, second] of mixed) {
      expect([nextInteger(rng, bound), nextDouble(rng), nextInteger(rng, bound)]).toEqual([first, double, second]);
    }
  });
});

test('100000 words in a row are those of numpy', () => {
  const rng = pcg64(7);
  const words = new DataView(new ArrayBuffer(800_000));
  for (let i = 0; i < 100_000; i++) {
    const at = next64(rng);
    words.setInt32(8 * i, rng.words[at]!, true);
    words.setInt32(8 * i + 4, rng.words[at + 1]!, true);
  }
  expect(sha256(new Uint8Array(words.buffer))).toBe(oracle.raw_100000_seed_7_sha256);
});

test('a step is state * multiplier + increment modulo 2^128, whatever the state', () => {
  const word = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 1, 0x80000000, 0xffffffff));
  const join = (words: readonly number[]) => words.reduceRight((sum, w) => (sum << 32n) | BigInt(w), 0n);
  fc.assert(
    fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
      const after = Int32Array.from(words);
      const made = new Int32Array(2);
      fillWords(after, made);
      const multiplier = 0x2360ed051fc65da44385df649fccf645n;
      const state = BigInt.asUintN(128, join(words.slice(0, 4)) * multiplier + join(words.slice(4)));
      const folded = BigInt.asUintN(64, state) ^ (state >> 64n);
      const by = state >> 122n;
      const output = BigInt.asUintN(64, (folded >> by) | (folded << (64n - by)));
      expect(join([...new Uint32Array(after.buffer)].slice(0, 4))).toBe(state);
      expect(hex(made[1]!) + hex(made[0]!)).toBe(output.toString(16).padStart(16, '0'));
    }),
    { numRuns: runs(2000) },
  );
});

test('a seed that is negative, broken or above 2^53-1 is refused', () => {
  for (const seed of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => pcg64(seed)).toThrow(ProblemError);
  }
});

describe.each(oracle.normals)('$count normals of seed $seed', ({ seed, count, inner_sha256, tail_at, tail }) => {
  const draws = fillStandardNormal(pcg64(seed), new Float64Array(count));
  const far = new Map(tail_at.map((at, i) => [at, tail[i]!]));

  test('are those of numpy to the bit, wedges included', () => {
    const inner = draws.filter((_, i) => !far.has(i));
    expect(sha256(new Uint8Array(inner.buffer))).toBe(inner_sha256);
  });

  test('have the tail of numpy, within the last bits of log1p', () => {
    expect(tail_at.length).toBeGreaterThan(20);
    for (const [at, value] of far) expect(Math.abs(draws[at]! / value - 1)).toBeLessThan(4 * Number.EPSILON);
  });

  test('come one by one as they come in bulk', () => {
    const rng = pcg64(seed);
    expect(repeat(5000, () => standardNormal(rng))).toEqual([...draws.subarray(0, 5000)]);
  });
});

test('the kernel and its twin draw the same bits, and what is drawn after them is the same', () => {
  const count = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2000, max: 9000 }));
  fc.assert(
    fc.property(fc.nat(), fc.array(count, { minLength: 1, maxLength: 4 }), fc.boolean(), (seed, counts, isInside) => {
      const [one, other] = [pcg64(seed), pcg64(seed)];
      nextInteger(one, 10);
      nextInteger(other, 10);
      for (const length of counts) {
        const out = isInside ? floats(length) : new Float64Array(length);
        fillStandardNormal(one, out);
        expect(out).toEqual(fillStandardNormalTwin(other, new Float64Array(length)));
      }
      expect(one).toEqual(other);
    }),
    { numRuns: 25 },
  );
  // Else twins were compared with twins.
  expect(kernelOf(wasm, () => {})()).not.toBe(null);
});
