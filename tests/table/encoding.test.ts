// Known answers of the encodings: the examples of Parquet's specification (Encodings.md) and bytes worked out by hand.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kernelOf, useTwins } from '../../lib/math/kernel.ts';
import {
  delta,
  dictionaryOf,
  dictionaryOfTexts,
  hybrid,
  rangeOf,
  runsOf,
  splitStreams,
  widthOf,
} from '../../lib/table/encoding.ts';
import wasm from '../../lib/table/kernels/pages.wasm';
import { plainFlags, plainLongs, plainTexts } from '../../lib/table/plain.ts';
import { runs } from '../thorough.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('the numbers 0 to 7 in three bits are the bytes of the specification, after the header of one group', () => {
  expect(hex(hybrid(Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7), 3))).toBe('0388c6fa');
});

test('a long run is its length and its number; what comes before fills a whole group', () => {
  const numbers = Uint32Array.of(1, 0, ...new Array<number>(30).fill(1), 0);
  // One group (header 3) of 1 0 1 1 1 1 1 1, a run of 24 (header 48) ones, one group of what is left.
  expect(hex(hybrid(numbers, 1))).toBe('03fd30010300');
  expect(hex(hybrid(new Uint32Array(1000).fill(300), 9))).toBe('d00f2c01');
});

test('differences are those of the specification: 1 to 5 need no bits, 7 5 3 1 2 3 4 5 two', () => {
  // Blocks of 128 in 4 miniblocks, five values, the first zigzag 2; least difference 1 as zigzag, four widths of nothing.
  expect(hex(delta(Float64Array.of(1, 2, 3, 4, 5)))).toBe('80010405020200000000');
  expect(hex(delta(Float64Array.of(7, 5, 3, 1, 2, 3, 4, 5)))).toBe(`800104080e0302000000${'c03f'.padEnd(16, '0')}`);
});

test('plain values are little-endian; doubles are split into eight streams', () => {
  expect(hex(plainLongs(Float64Array.of(-1, 2 ** 40 + 1)))).toBe('ffffffffffffffff0100000000010000');
  expect(hex(plainFlags(Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 0, 1)))).toBe('0901');
  expect(hex(plainTexts([Buffer.from('ab'), Buffer.from('')]))).toBe('02000000616200000000');
  expect(hex(splitStreams(Float64Array.of(1, -2)))).toBe('000000000000000000000000f0003fc0');
});

test('a dictionary is in order, tells -0 from 0, and is refused when values hardly recur', () => {
  const found = dictionaryOf(Float64Array.of(3, 0, -0, 3, -7))!;
  expect([...found.values]).toEqual([-7, -0, 0, 3]);
  expect([...found.places]).toEqual([3, 2, 1, 3, 0]);
  expect(dictionaryOf(Float64Array.from({ length: 2000 }, (_, row) => row))).toBeNull();
  const many = Float64Array.from({ length: 70_000 }, (_, row) => ((Math.floor(row / 8) * 7) % 9973) - 4000);
  const { values, places } = dictionaryOf(many)!;
  expect(values.length).toBe(8750);
  expect(many.every((value, row) => values[places[row]!] === value)).toBe(true);
  const texts = dictionaryOfTexts(['b', 'é', 'b', 'a', 'z'])!;
  expect(texts.values.map(String)).toEqual(['a', 'b', 'z', 'é']);
  expect([...texts.places]).toEqual([1, 3, 1, 0, 2]);
});

test('n numbers need the bits of the largest', () => {
  expect([0, 1, 2, 3, 4, 5, 256, 257].map(widthOf)).toEqual([0, 0, 1, 2, 2, 3, 8, 9]);
});

test('kernels and their twins make the same pages of numbers of any law', () => {
  expect(kernelOf(wasm, () => {})()).not.toBeNull();
  const laws: readonly ((row: number, next: () => number) => number)[] = [
    (row) => Math.floor(row / 40),
    (row) => 1.7e15 + 6e7 * row,
    (_, next) => Math.floor(next() * 2 ** 50),
    (_, next) => Math.floor(next() * 200) / 100 - 1,
    (_, next) => (next() < 0.5 ? -0 : 0),
    (_, next) => Math.floor(next() ** 3 * 20_000),
    (row, next) => (row % 300 < 200 ? 7 : Math.floor(next() * 9)),
  ];
  const sizes = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1024, 1025, 5000, 131_072));
  fc.assert(
    fc.property(fc.constantFrom(...laws), sizes, fc.nat(), (law, size, seed) => {
      let state = seed >>> 0;
      const next = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 4294967296;
      };
      const values = Float64Array.from({ length: size }, (_, row) => law(row, next));
      const whole = values.map((value) => Math.floor(value) + 0);
      const made = [true, false].map((twins) => {
        useTwins(twins);
        const found = dictionaryOf(values);
        const { least, most } = rangeOf(values);
        return [
          hex(delta(whole)),
          hex(splitStreams(values)),
          found === null ? '' : hex(new Uint8Array(found.values.buffer)),
          found === null ? '' : hex(hybrid(found.places, widthOf(found.values.length))),
          hex(
            hybrid(
              Uint32Array.from(whole, (value) => value & 1),
              1,
            ),
          ),
          `${least + 0} ${most + 0} ${runsOf(values)}`,
        ];
      });
      expect(made[1]).toEqual(made[0]);
    }),
    { numRuns: runs(200) },
  );
});
