// Features: a file per ticker with the columns asked for, in catalog order, described in the file itself.
import { beforeAll, expect, test } from 'vitest';
import { md5 } from '../../../lib/base/digest.ts';
import { readParquet } from '../../../lib/table/parquet.ts';
import { isSynthetic } from '../../../lib/table/schema.ts';
import { barsOf } from '../../../stages/market/tables.ts';
import type { Files } from '../ports.ts';
import { makeBars, makeFeatures } from './chain.ts';

let bars: Files;
beforeAll(async () => {
  ({ bars } = await makeBars());
});
const table = (files: Files, ticker = 'A') => readParquet(files[`${ticker}.parquet`] as Uint8Array);

test('a row per bar; columns in catalog order, each with its formula, window and warm-up', async () => {
  const { schema, rows } = table(await makeFeatures(bars));
  expect(rows).toBe(table(bars).rows);
  expect(schema.fields.map(({ name }) => name)).toEqual([
    'date',
    'ticker',
    'log_return_1',
    'rsi_14',
    'sma_20',
    'sma_50',
  ]);
  expect(schema.fields.find(({ name }) => name === 'sma_50')?.metadata).toMatchObject({
    'marketloom:n': '50',
    'marketloom:warmup': '49',
    'marketloom:formula': expect.stringMatching(/^sma@/),
  });
  expect(isSynthetic(schema)).toBe(true);
});

test('values are those of a naive second writing, and there is none while an indicator warms up', async () => {
  const made = table(await makeFeatures(bars));
  const { close } = barsOf(table(bars), 'A');
  const sma = made.columns.sma_20 as { values: Float64Array; valid: Uint8Array };
  const change = made.columns.log_return_1 as { values: Float64Array; valid: Uint8Array };
  expect(sma.valid.indexOf(1)).toBe(19);
  expect(change.valid.indexOf(1)).toBe(1);
  for (const row of [19, 20, 500, close.length - 1]) {
    let sum = 0;
    for (let i = row - 19; i <= row; i++) sum += close[i] as number;
    expect(sma.values[row]).toBeCloseTo(sum / 20, 9);
    expect(change.values[row]).toBeCloseTo(Math.log((close[row] as number) / (close[row - 1] as number)), 12);
  }
});

test('no look-ahead: features of the first half are the first half of the features', async () => {
  const short = (await makeBars({ set: ['end_date=2021-12-31'] })).bars;
  const [half, whole] = [table(await makeFeatures(short)), table(await makeFeatures(bars))];
  for (const { name } of half.schema.fields)
    expect(half.columns[name]?.values, name).toEqual(whole.columns[name]?.values.slice(0, half.rows));
});

test('the order in which indicators and windows are written changes no byte', async () => {
  const one = await makeFeatures(bars, { sma: [20, 50], rsi: [14] });
  const other = await makeFeatures(bars, { rsi: [14], sma: [50, 20] });
  expect(md5(other['A.parquet'] as Uint8Array)).toBe(md5(one['A.parquet'] as Uint8Array));
});

test('an indicator without windows is left out, and none at all leaves dates and tickers', async () => {
  const { schema } = table(await makeFeatures(bars, { sma: [], rsi: [] }));
  expect(schema.fields.map(({ name }) => name)).toEqual(['date', 'ticker']);
});
