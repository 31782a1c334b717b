// Laws of how columns are laid out: whatever law their values follow, another's reader gives back every bit.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, makeTable, type Values } from '../../lib/table/column.ts';
import { readFooter } from '../../lib/table/footer.ts';
import { logicalHash } from '../../lib/table/logical.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { defineSchema, type FieldType, optional, required } from '../../lib/table/schema.ts';
import { runs } from '../thorough.ts';

/** Numbers in [0, 1) by row, the same for a seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

type Make = (rows: number, next: () => number) => Values;
const doubles =
  (of: (row: number, next: () => number, before: number) => number): Make =>
  (rows, next) => {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = of(row, next, row === 0 ? 0 : values[row - 1]!);
    return values;
  };
const ints = (of: Parameters<typeof doubles>[0]): Make => {
  const make = doubles(of);
  return (rows, next) => Int32Array.from(make(rows, next) as Float64Array);
};

const walk = doubles((row, next, before) => (row === 0 ? 5000 : Math.max(1, before + Math.floor(41 * next()) - 20)));
const LAWS: readonly (readonly [FieldType, Make])[] = [
  ['float64', doubles(() => 0.25)],
  ['float64', doubles((_, next) => (next() < 0.5 ? -0 : 0))],
  ['float64', doubles((_, next) => next() - next())],
  ['float64', doubles((row, next, before) => (row === 0 ? 100 : before * (1 + 0.001 * (next() - 0.5))))],
  ['float64', (rows, next) => (walk(rows, next) as Float64Array).map((ticks) => ticks / 100)],
  ['float64', doubles((_, next) => Math.floor(1e6 * next()) / 100)],
  ['float64', doubles((row) => (row % 7 === 0 ? Number.MAX_VALUE : Number.MIN_VALUE * row))],
  ['int64', doubles((_, next) => Math.floor(next() * 2 ** 53) - 2 ** 52)],
  ['int64', doubles((row) => (row % 2 === 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER))],
  ['int64', doubles((_, next) => Math.floor(1e7 * next() ** 4))],
  ['timestamp', doubles((row) => 1.7e15 + 6e7 * row + 6e10 * Math.floor(row / 390))],
  ['timestamp', doubles((row) => -(2 ** 52) + row)],
  ['int32', ints((_, next) => Math.floor(4294967296 * next()) - 2147483648)],
  ['date', ints((row) => 18000 + Math.floor(row / 390))],
  ['date', ints((row) => 18000 + row + 2 * Math.floor(row / 5))],
  ['bool', (rows, next) => Uint8Array.from({ length: rows }, () => (next() < 0.1 ? 1 : 0))],
  ['utf8', (rows) => new Array<string>(rows).fill('AAPL')],
  ['utf8', (rows, next) => Array.from({ length: rows }, () => `calm ${Math.floor(3 * next())}`)],
  ['utf8', (rows, next) => Array.from({ length: rows }, (_, row) => `${row} ${'x'.repeat(Math.floor(90 * next()))}`)],
];

const masks: readonly ((rows: number, next: () => number) => Uint8Array | null)[] = [
  () => null,
  (rows) => new Uint8Array(rows),
  (rows, next) => Uint8Array.from({ length: rows }, () => (next() < 0.8 ? 1 : 0)),
  (rows) => new Uint8Array(rows).fill(1, 14),
];

/** Every law once, each column with its own holes. */
function everything(rows: number, seed: number, holes: boolean) {
  const next = chance(seed);
  const name = (i: number) => `c${i}`;
  const make = holes ? optional : required;
  const fields = LAWS.map(([type], i) => make(name(i), type));
  const columns = LAWS.map(([, law], i): [string, Column] => [
    name(i),
    { values: law(rows, next), valid: holes ? masks[(i + seed) % masks.length]!(rows, next) : null },
  ]);
  return makeTable(defineSchema('t@1', fields, { synthetic: true }), Object.fromEntries(columns));
}

const LENGTHS = [0, 1, 2, 7, 8, 9, 16, 17, 32, 33, 34, 128, 129, 130, 257, 1000, 1025, 3000];

test('values of every law come back bit by bit, with nulls, all null and none, in any number of row groups', () => {
  const sizes = fc.constantFrom(1 << 20, 1000, 129, 33);
  fc.assert(
    fc.property(fc.constantFrom(...LENGTHS), fc.nat(), sizes, fc.boolean(), (rows, seed, rowGroupRows, holes) => {
      const table = everything(rows, seed, holes);
      const back = readParquet(writeParquet(table, { rowGroupRows }));
      expect(back.rows).toBe(rows);
      expect(logicalHash(back)).toBe(logicalHash(table));
    }),
    { numRuns: runs(300) },
  );
});

test.each([131_071, 131_072, 131_073])('%i rows of a row group are as many pages as they need', (rows) => {
  const next = chance(rows);
  const fields = ['float64', 'int64', 'utf8'] as const;
  const [drawn, counts, text] = [LAWS[3]![1](rows, next), LAWS[9]![1](rows, next), LAWS[17]![1](rows, next)];
  const valid = Uint8Array.from({ length: rows }, (_, row) => (row % 1000 === 3 ? 0 : 1));
  const table = makeTable(
    defineSchema(
      't@1',
      fields.map((type) => optional(type, type)),
      { synthetic: true },
    ),
    { float64: { values: drawn, valid }, int64: counts, utf8: { values: text, valid } },
  );
  const back = readParquet(writeParquet(table, { rowGroupRows: 1 << 20 }));
  expect(logicalHash(back)).toBe(logicalHash(table));
});

/** Bytes of the pages of one column of a law. */
function sizeOf(law: number, rows: number): number {
  const [type, make] = LAWS[law]!;
  const schema = defineSchema('t@1', [required('x', type)], { synthetic: true });
  const footer = readFooter(writeParquet(makeTable(schema, { x: make(rows, chance(1)) })));
  return Number(footer.rowGroups[0]!.get(6)!.value);
}

test('prices in ticks take a third of a double when they recur, and little more than half of one when they do not', () => {
  // Some ten thousand distinct prices: 14 bits each and a dictionary.
  expect(sizeOf(4, 60_000)).toBeLessThan(60_000 * 2.5);
  expect(sizeOf(5, 2600)).toBeLessThan(2600 * 4.2);
});

test('what has no law costs no more than it is, and what never changes costs next to nothing', () => {
  expect(sizeOf(2, 10_000)).toBeLessThan(10_000 * 8 + 100);
  expect(sizeOf(0, 10_000)).toBeLessThan(150);
  expect(sizeOf(14, 10_000)).toBeLessThan(400);
});
