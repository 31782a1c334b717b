// Laws of the adapters by themselves: which columns they take, what is no value, and who says that prices are synthetic.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adapter as csv } from '../../lib/table/adapters/csv.ts';
import { adapter as parquet } from '../../lib/table/adapters/parquet.ts';
import { type Column, makeTable, type Values } from '../../lib/table/column.ts';
import { dayOf } from '../../lib/table/day.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import type { ColumnNames, PriceTable } from '../../lib/table/prices.ts';
import { defineSchema, type FieldType, optional } from '../../lib/table/schema.ts';

const requestOf = (columns: ColumnNames = {}) => ({ file: 'X', ticker: 'X', columns });
const fromCsv = (text: string, columns?: ColumnNames) => csv.read(Buffer.from(text), requestOf(columns));

type Given = readonly [type: FieldType, values: Column | Values];
function fromParquet(columns: Readonly<Record<string, Given>>, names?: ColumnNames, synthetic = false): PriceTable[] {
  const fields = Object.entries(columns).map(([name, [type]]) => optional(name, type));
  const values = Object.fromEntries(Object.entries(columns).map(([name, [, given]]) => [name, given]));
  return parquet.read(writeParquet(makeTable(defineSchema('t@1', fields, { synthetic }), values)), requestOf(names));
}

const F = Float64Array;
const BAR = 'date,open,high,low,close,volume';
const prices = (n: number): Record<string, Given> =>
  Object.fromEntries(['open', 'high', 'low', 'close', 'volume'].map((name) => [name, ['float64', new F(n).fill(1)]]));
const details = ([table]: PriceTable[]) => table!.findings.map(({ row, detail }) => `${row} ${detail}`);

describe('csv', () => {
  test('one row that says so makes the whole file synthetic, wherever it stands and whoever wrote the rest', () => {
    const rows = ['2020-01-02,1,1,1,1,1', '2020-01-03,1,1,1,1,1', '2020-01-06,1,1,1,1,1'];
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), (marks) => {
        const text = `${BAR},synthetic\n${rows.map((row, i) => `${row},${marks[i]}`).join('\n')}\n`;
        expect(fromCsv(text)[0]!.synthetic).toBe(marks.includes(true));
      }),
    );
    expect(fromCsv(`${BAR}\n${rows.join('\n')}\n`)[0]!.synthetic).toBe(false);
    // Another column that is true, or another word, is no mark.
    expect(fromCsv(`${BAR},flag\n${rows[0]},true\n`)[0]!.synthetic).toBe(false);
    expect(fromCsv(`${BAR},synthetic\n${rows[0]},no\n`)[0]!.synthetic).toBe(false);
  });

  test('a mark survives that its row cannot be read as a price', () => {
    expect(fromCsv(`${BAR},synthetic\nnever,1,1,1,1,1,true\n`)[0]).toMatchObject({ synthetic: true });
  });
});

describe('parquet', () => {
  const dates: Given = ['date', Int32Array.of(18_262, 18_263)];

  test('days, instants at any hour and ISO texts are the same dates; numbers and anything else are none', () => {
    const day = dayOf(2020, 1, 2);
    const read = (date: Given) => fromParquet({ date, ...prices(1) });
    for (const date of [
      ['date', Int32Array.of(day)],
      ['timestamp', F.of(day * 86_400_000_000)],
      ['utf8', ['2020-01-02']],
    ] as const)
      expect(read(date)[0]).toMatchObject({ date: Int32Array.of(day), timestamp: null, findings: [] });
    const late = read(['timestamp', F.of((day + 0.75) * 86_400_000_000)])[0]!;
    expect([late.date, late.timestamp]).toEqual([Int32Array.of(day), F.of((day + 0.75) * 86_400_000_000)]);
    expect(details(read(['float64', F.of(20_200_102)]))).toEqual(['1 "20200102" is no ISO date']);
    expect(details(read(['date', { values: Int32Array.of(day), valid: Uint8Array.of(0) }]))).toEqual([
      '1 "" is no ISO date',
    ]);
  });

  test('null is no value without a word; a text that is no number is told by row and text', () => {
    const [table] = fromParquet({
      date: dates,
      ...prices(2),
      open: ['float64', { values: F.of(5, 6), valid: Uint8Array.of(1, 0) }],
      high: ['utf8', ['7.5', 'n/a']],
      low: ['int32', Int32Array.of(-1, 3)],
      volume: ['int64', F.of(2 ** 53 - 1, 0)],
    });
    expect([...table!.open, ...table!.high, ...table!.low, ...table!.volume]).toEqual([
      5,
      NaN,
      7.5,
      NaN,
      -1,
      3,
      2 ** 53 - 1,
      0,
    ]);
    expect(details([table!])).toEqual(['2 high "n/a" is no number']);
  });

  test('truth is no price', () => {
    const [table] = fromParquet({ date: dates, ...prices(2), close: ['bool', Uint8Array.of(1, 0)] });
    expect([...table!.close]).toEqual([NaN, NaN]);
    expect(details([table!])).toEqual(['1 close "true" is no number', '2 close "false" is no number']);
  });

  test('a column of another name is taken where it is asked for, and only by its exact name', () => {
    const columns = { date: dates, ...prices(2), adj: ['float64', F.of(8, 9)] as Given };
    expect([...fromParquet(columns, { close: 'adj' })[0]!.close]).toEqual([8, 9]);
    expect(details(fromParquet(columns, { close: 'ADJ' }))).toEqual(['0 there is no column "ADJ"']);
  });

  test('rows are counted from 1, tickers keep their own, and a row without a ticker is told', () => {
    const ticker: Given = ['utf8', { values: ['B', 'A', '', 'B'], valid: Uint8Array.of(1, 1, 0, 1) }];
    const tables = fromParquet({ date: ['date', Int32Array.of(1, 1, 1, 2)], ticker, ...prices(4) });
    expect(tables.map((one) => [one.ticker, [...one.row], details([one])])).toEqual([
      ['B', [1, 4], ['3 the ticker is empty']],
      ['A', [2], []],
    ]);
  });

  test('a file without rows says so, and one that says it is synthetic is', () => {
    expect(details(fromParquet({ date: ['date', new Int32Array(0)], ...prices(0) }))).toEqual([
      '0 the file has no rows',
    ]);
    expect(fromParquet({ date: dates, ...prices(2) }, {}, true)[0]!.synthetic).toBe(true);
  });
});
