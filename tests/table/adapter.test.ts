// Laws of price sources: the same prices come out of every format, and every cell that cannot be read is found by file and row.
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { findAdapter, readSource, type SourceFile, stem } from '../../lib/table/adapter.ts';
import { adapters } from '../../lib/table/adapters/catalog.ts';
import { makeTable, nanAsNull } from '../../lib/table/column.ts';
import { writeCsv } from '../../lib/table/csv.ts';
import { dayOf } from '../../lib/table/day.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import type { PriceTable } from '../../lib/table/prices.ts';
import { defineSchema, optional, required } from '../../lib/table/schema.ts';
import { runs } from '../thorough.ts';

const any = { adapter: null, columns: {} };
const csv = (name: string, text: string): SourceFile => ({ name, bytes: Buffer.from(text) });
const said = ({ findings }: PriceTable) => findings.map(({ row, kind }) => `${row} ${kind}`);

async function one(text: string, columns = {}): Promise<PriceTable> {
  const [table] = await readSource([csv('AAPL.csv', text)], { adapter: null, columns });
  return table!;
}

test('a file without a ticker column is about the ticker it is named after', async () => {
  const table = await one(
    'Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,1,4,0.5,2.5,9,100\n2020-01-03,,,,3,9,\n',
  );
  expect(table).toEqual({
    ticker: 'AAPL',
    file: 'AAPL.csv',
    synthetic: false,
    row: Int32Array.of(2, 3),
    date: Int32Array.of(dayOf(2020, 1, 2), dayOf(2020, 1, 3)),
    timestamp: null,
    open: Float64Array.of(1, Number.NaN),
    high: Float64Array.of(4, Number.NaN),
    low: Float64Array.of(0.5, Number.NaN),
    close: Float64Array.of(2.5, 3),
    volume: Float64Array.of(100, Number.NaN),
    findings: [],
  });
  expect(['a/b/BRK.B.csv', 'SPX', '.csv'].map(stem)).toEqual(['BRK.B', 'SPX', '.csv']);
});

test('a cell that is no number is NaN and is reported with its row and text; an empty one is NaN without a word', async () => {
  const table = await one('date,open,high,low,close,volume\n2020-01-02,1,2,1,"1,234",5\n2020-01-03,x,,1, 2,5\n');
  expect(table.findings).toEqual([
    { file: 'AAPL.csv', row: 2, kind: 'bad-number', detail: 'close "1,234" is no number' },
    { file: 'AAPL.csv', row: 3, kind: 'bad-number', detail: 'open "x" is no number' },
    { file: 'AAPL.csv', row: 3, kind: 'bad-number', detail: 'close " 2" is no number' },
  ]);
  expect([...table.close, ...table.high]).toEqual([Number.NaN, Number.NaN, 2, Number.NaN]);
});

test('a row without a readable date or with broken fields is left out and reported, the others keep their line numbers', async () => {
  const table = await one(
    'date,open,high,low,close,volume\n02/01/2020,1,1,1,1,1\n2020-01-03,1,1\n2020-01-06,1,1,1,1,1\n',
  );
  expect(said(table)).toEqual(['2 bad-date', '3 field-count']);
  expect([...table.row]).toEqual([4]);
});

test('a column that is not there is reported once and reads as NaN; without dates there are no rows', async () => {
  const noVolume = await one('date,open,high,low,close\n2020-01-02,1,1,1,1\n');
  expect(said(noVolume)).toEqual(['0 missing-column']);
  expect(noVolume.findings[0]!.detail).toBe('there is no column "volume"');
  expect([...noVolume.volume]).toEqual([Number.NaN]);
  const noDate = await one('day,open,high,low,close,volume\n2020-01-02,1,1,1,1,1\n');
  expect([noDate.row.length, said(noDate)]).toEqual([0, ['0 missing-column']]);
  expect(said(await one(''))).toEqual(['0 empty-file']);
});

test('named columns are taken by exactly that name, and are reported when they are not there', async () => {
  const text = 'date,open,high,low,close,Adj Close,volume\n2020-01-02,1,1,1,1,0.5,1\n';
  expect([...(await one(text, { close: 'Adj Close' })).close]).toEqual([0.5]);
  const wrong = await one(text, { close: 'adj close', ticker: 'symbol' });
  expect(wrong.findings.map(({ detail }) => detail)).toEqual([
    'there is no column "adj close"',
    'there is no column "symbol"',
  ]);
});

test('a file of several tickers gives one table each, in order of appearance, with the findings of its rows', async () => {
  const text =
    'date,ticker,open,high,low,close,volume\n2020-01-02,MSFT,1,1,1,1,1\n2020-01-02,AAPL,1,1,1,?,1\n2020-01-03,,1,1,1,1,1\n2020-01-03,MSFT,2,2,2,2,2\nx\n';
  const tables = await readSource([csv('all.csv', text)], any);
  expect(tables.map((table) => [table.ticker, [...table.row], said(table)])).toEqual([
    ['MSFT', [2, 5], ['4 missing-ticker', '6 field-count']],
    ['AAPL', [3], ['3 bad-number']],
  ]);
});

test('times of day are kept as instants, midnights are dates', async () => {
  const bar = (time: string) => one(`timestamp,open,high,low,close,volume\n2020-01-02${time},1,1,1,1,1\n`);
  expect((await bar('')).timestamp).toBeNull();
  expect((await bar(' 00:00:00')).timestamp).toBeNull();
  expect((await bar('T14:30:00Z')).timestamp).toEqual(Float64Array.of(Date.UTC(2020, 0, 2, 14, 30) * 1000));
});

const schema = defineSchema(
  'test/prices@1',
  [
    required('date', 'date'),
    required('ticker', 'utf8'),
    ...['open', 'high', 'low', 'close', 'volume'].map((name) => optional(name, 'float64')),
  ],
  { synthetic: true },
);

test('[S1-10] CSV and Parquet of one table read as the same prices, and both still say that they are synthetic', async () => {
  const price = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: Number.NaN });
  const bar = fc.tuple(fc.integer({ min: -30_000, max: 60_000 }), fc.constantFrom('A', 'B.C', 'é'), price, price);
  await fc.assert(
    fc.asyncProperty(fc.array(bar, { minLength: 1 }), async (bars) => {
      const [close, volume] = [2, 3].map((i) => nanAsNull(Float64Array.from(bars, (row) => row[i] as number)));
      const table = makeTable(schema, {
        date: Int32Array.from(bars, ([day]) => day),
        ticker: bars.map(([, ticker]) => ticker),
        open: close!,
        high: close!,
        low: volume!,
        close: close!,
        volume: volume!,
      });
      const text = await readSource([csv('x.csv', writeCsv(table))], any);
      const binary = await readSource([{ name: 'x.parquet', bytes: writeParquet(table) }], any);
      const place = (tables: PriceTable[], shift: number) =>
        tables.map((one) => ({ ...one, file: '', row: one.row.map((row) => row - shift) }));
      expect(place(binary, 1)).toEqual(place(text, 2));
      expect(binary.every((one) => one.synthetic && one.findings.length === 0)).toBe(true);
    }),
    { numRuns: runs(60) },
  );
});

test('Parquet of text, timestamps and infinities is judged cell by cell as CSV is, with row numbers from 1', async () => {
  const fields = [required('Date', 'timestamp'), optional('Close', 'utf8'), optional('open', 'int64')];
  const table = makeTable(defineSchema('t@1', fields, { synthetic: false }), {
    Date: Float64Array.of(0, 86_400_000_000, 172_800_000_000),
    Close: { values: ['1.5', '1,5', ''], valid: Uint8Array.of(1, 1, 0) },
    open: Float64Array.of(1, 2, 3),
  });
  const [prices] = await readSource([{ name: 'KO.parquet', bytes: writeParquet(table) }], any);
  expect([prices!.ticker, [...prices!.date], prices!.timestamp, prices!.synthetic]).toEqual([
    'KO',
    [0, 1, 2],
    null,
    false,
  ]);
  expect([...prices!.close, ...prices!.open]).toEqual([1.5, Number.NaN, Number.NaN, 1, 2, 3]);
  expect(said(prices!)).toEqual(['0 missing-column', '0 missing-column', '0 missing-column', '2 bad-number']);
});

test('two files about one ticker, files of no known format and unknown adapters are refused', async () => {
  const bar = 'date,open,high,low,close,volume\n2020-01-02,1,1,1,1,1\n';
  const refused = (files: SourceFile[], adapter: string | null = null) =>
    readSource(files, { adapter, columns: {} }).then(
      () => 'read',
      (error: unknown) => (error as ProblemError).problems[0]!.code,
    );
  expect(await refused([csv('a/KO.csv', bar), csv('b/KO.csv', bar)])).toBe('data/refused');
  expect(await refused([csv('KO.xlsx', bar)])).toBe('config/invalid');
  expect(await refused([csv('KO.csv', bar)], 'excel')).toBe('config/invalid');
  expect(await refused([csv('KO.csv', bar)], 'parquet')).toBe('table/malformed');
  expect(await refused([csv('KO.txt', bar)], 'csv')).toBe('read');
});

test('[S1-32] every file in the adapters folder is a line of the catalog, under the name it calls itself', async () => {
  const files = readdirSync(new URL('../../lib/table/adapters', import.meta.url)).filter(
    (file) => file !== 'catalog.ts',
  );
  expect(files.sort()).toEqual(
    Object.keys(adapters)
      .map((name) => `${name}.ts`)
      .sort(),
  );
  for (const name of Object.keys(adapters)) expect((await findAdapter('', name)).name).toBe(name);
});

test('random bytes give a problem or tables, whatever adapter reads them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('csv', 'parquet'), async (bytes, adapter) => {
      try {
        const tables = await readSource([{ name: 'x', bytes }], { adapter, columns: {} });
        expect(tables.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ProblemError);
      }
    }),
    { numRuns: runs(300) },
  );
});
