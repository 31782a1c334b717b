// Generate: shards are functions of their own inputs, v0 is the legacy data, and v1's bytes are pinned to its version.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { md5 } from '../../../lib/base/digest.ts';
import { formatDate } from '../../../lib/market/day.ts';
import { readParquet } from '../../../lib/table/parquet.ts';
import { isSynthetic } from '../../../lib/table/schema.ts';
import { barsOf } from '../../../stages/market/tables.ts';
import type { Files } from '../ports.ts';
import { LEGACY, makeBars, makeEnvironment, parametersOf } from './chain.ts';

const digests = (files: Files) => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, md5(bytes)]));
const bars = (files: Files, ticker: string) => barsOf(readParquet(files[`${ticker}.parquet`] as Uint8Array), ticker);

describe('v0', () => {
  test('[S1-3] [S1-11] [S1-70] [S1-108] gives the 2088 legacy rows: prices within 1e-12, every volume, in files by ticker', async () => {
    const { bars: files } = await makeBars(LEGACY);
    const oracle = readFileSync(new URL('../../oracles/syn_685360ffc97f.csv', import.meta.url), 'utf8');
    const expected = oracle
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(expected).toHaveLength(2088);
    const made = ['AAPL', 'MSFT'].flatMap((ticker) => {
      const { day, open, high, low, close, volume } = bars(files, ticker);
      return Array.from(day, (one, i) => [formatDate(one), ticker, open[i], high[i], low[i], close[i], volume[i]]);
    });
    expect(made).toHaveLength(2088);
    let farthest = 0;
    for (const [i, row] of made.entries()) {
      const [date, ticker, ...numbers] = expected[i] as string[];
      expect([row[0], row[1], row[6]]).toEqual([date, ticker, Number(numbers[4])]);
      for (let k = 0; k < 4; k++)
        farthest = Math.max(farthest, Math.abs((row[k + 2] as number) / Number(numbers[k]) - 1));
    }
    expect(farthest).toBeLessThanOrEqual(1e-12);
  });
});

describe('v1', () => {
  test('the bytes of v1-dev.3 are these: whoever changes one changes the version', async () => {
    const { bars: files } = await makeBars();
    expect(digests(files)).toEqual({
      'A.parquet': '51073e311600448da60dfe878a0a7f8d',
      'B.parquet': '13d99a13fe73e855fa2d65fa5bf3a3f9',
    });
  });

  test('dropping, adding or reordering tickers leaves the files of the others as they were', async () => {
    const around = await makeEnvironment();
    const all = digests((await makeBars({}, around)).bars);
    const mix = { sources: [{ scope: 'asset', name: 'C' }], weights: [1], varying: 'no' };
    const C = JSON.stringify({ ...parametersOf(around.parameters, 'A'), mix });
    const wider = { ...around, parameters: { ...around.parameters, 'C.json': Buffer.from(C) } };
    const more = digests((await makeBars({}, wider, ['C', 'B', 'A'])).bars);
    const less = digests((await makeBars({}, around, ['B'])).bars);
    expect(more['A.parquet']).toBe(all['A.parquet']);
    expect(more['B.parquet']).toBe(all['B.parquet']);
    expect(less['B.parquet']).toBe(all['B.parquet']);
    expect(more['C.parquet']).not.toBe(all['A.parquet']);
  });

  test('a later end date keeps every earlier bar', async () => {
    const short = bars((await makeBars()).bars, 'B');
    const long = bars((await makeBars({ set: ['end_date=2024-06-28'] })).bars, 'B');
    expect(long.day.length).toBeGreaterThan(short.day.length);
    for (const name of ['day', 'open', 'high', 'low', 'close', 'volume'] as const)
      expect(long[name].slice(0, short.day.length)).toEqual(short[name]);
  });

  test('the size of row groups changes the file and no value', async () => {
    const [one, many] = [await makeBars(), await makeBars({ set: ['persistence.row_group_rows=100'] })];
    expect(digests(many.bars)['A.parquet']).not.toBe(digests(one.bars)['A.parquet']);
    expect(bars(many.bars, 'A')).toEqual(bars(one.bars, 'A'));
  });

  test('another seed, a number or a text, gives other prices', async () => {
    const seeds = [123, 124, '123'] as const;
    const closes = await Promise.all(seeds.map(async (seed) => bars((await makeBars({ seed })).bars, 'A').close[5]));
    expect(new Set(closes).size).toBe(3);
  });

  test('every table and column says that it is synthetic, and names no dataset', async () => {
    const { bars: files } = await makeBars();
    for (const bytes of Object.values(files)) {
      const { schema } = readParquet(bytes);
      expect(isSynthetic(schema)).toBe(true);
      expect(schema.metadata).toMatchObject({ 'marketloom:generator_version': 'v1-dev.3' });
      expect(JSON.stringify(schema.metadata)).not.toContain('dataset_id');
    }
  });
});
