// Validate: sound bars pass, one bad row is named, and the verdict follows the report.
import { beforeAll, describe, expect, test } from 'vitest';
import { type GbmParams, model as gbm } from '../../../lib/models/gbm.ts';
import { makeTable } from '../../../lib/table/column.ts';
import { readParquet } from '../../../lib/table/parquet.ts';
import { writeParquet } from '../../../lib/table/parquet-writer.ts';
import type { Files } from '../ports.ts';
import {
  CHECKS,
  type CheckParams,
  check as checkMarket,
  configOf,
  LEGACY,
  type Market,
  makeBars,
  makeFeatures,
  paramsOf,
  REPORT,
  UNCALIBRATED,
} from './chain.ts';

let market: Market;
let bars: Files;
let features: Files;
beforeAll(async () => {
  market = await makeBars();
  ({ bars } = market);
  features = await makeFeatures(bars);
});

const check = (of: Files, derived: Files, over: Partial<CheckParams> = {}, report = REPORT) =>
  checkMarket({ ...market, bars: of }, derived, over, report);

/** The bars with one number of ticker A replaced. */
function corrupted(name: string, row: number, value: number): Files {
  const table = readParquet(bars['A.parquet'] as Uint8Array);
  (table.columns[name]?.values as Float64Array)[row] = value;
  return { ...bars, 'A.parquet': writeParquet(table) };
}

test('[S1-11] sound bars pass every check, and the metrics say so in numbers', async () => {
  const { out, verdict } = await check(bars, features);
  expect(verdict).toEqual({ passed: true, summary: `${out.validation.checks.length} checks on 2088 rows` });
  expect(out.validation).toMatchObject({ passed: true, quality_score: 1, failures: [] });
  expect(out.metrics).toMatchObject({ passed: true, quality_score: 1, rows: 2088, tickers: 2, failed: 0 });
  const names = new Set(out.validation.checks.map(({ name }) => name));
  for (const name of ['schema', 'ohlc', 'tick', 'mean', 'variance', 'correlation']) expect(names).toContain(name);
});

describe('[S1-106] one bad row is named and the verdict is no', () => {
  test.each([
    ['ohlc', 'low', 1e6],
    ['positive', 'low', -1],
    ['tick', 'close', 50.123456],
    ['volume', 'volume', -1],
  ])('%s', async (name, column, value) => {
    const { out, verdict } = await check(corrupted(column, 333, value), features);
    expect(out.validation.failures).toContainEqual(expect.objectContaining({ check: name, ticker: 'A', row: 333 }));
    expect(verdict?.passed).toBe(false);
    expect(verdict?.summary).toContain(name);
    expect(out.validation.passed).toBe(false);
    expect(out.metrics.passed).toBe(false);
  });

  test('a date out of order', async () => {
    const { out, verdict } = await check(corrupted('date', 333, 18262), features);
    expect(out.validation.failures).toContainEqual(expect.objectContaining({ check: 'index_monotone', row: 333 }));
    expect(verdict?.passed).toBe(false);
  });
});

describe('the verdict is no as well', () => {
  test('when a ticker is missing or is one too many', async () => {
    const { 'B.parquet': _, ...less } = bars;
    expect((await check(less, features)).verdict?.summary).toContain('schema');
    const more = { ...bars, 'C.parquet': bars['A.parquet'] as Uint8Array };
    expect((await check(more, features)).verdict?.passed).toBe(false);
  });

  test('when volatility, drift or correlation are not those that were asked for', async () => {
    const [a, b] = REPORT.assets as unknown as [(typeof REPORT.assets)[0], (typeof REPORT.assets)[0]];
    const wild = { ...REPORT, assets: [{ ...a, sigma: 0.35 }, b] };
    expect((await check(bars, features, {}, wild)).verdict?.summary).toContain('variance');
    const steep = { ...REPORT, assets: [{ ...a, mu: 1.5 }, b] };
    expect((await check(bars, features, {}, steep)).verdict?.summary).toContain('mean');
    const shocks = [
      [1, -0.2],
      [-0.2, 1],
    ];
    const report = { ...market.report, correlation: { ...market.report.correlation!, shocks } };
    expect((await checkMarket({ ...market, report }, features)).verdict?.summary).toContain('correlation');
  });

  test('when a table does not say that it is synthetic', async () => {
    const table = readParquet(bars['A.parquet'] as Uint8Array);
    const fields = table.schema.fields.map(({ metadata: _, ...field }) => field);
    const bare = makeTable({ ...table.schema, metadata: {}, fields } as typeof table.schema, table.columns);
    const { verdict } = await check({ ...bars, 'A.parquet': writeParquet(bare) }, features);
    expect(verdict).toMatchObject({ passed: false, summary: expect.stringContaining('synthetic marker') });
  });

  test('when every check is switched off', async () => {
    const checks = Object.fromEntries(Object.keys(CHECKS.checks).map((name) => [name, false]));
    expect((await check(bars, features, { checks })).verdict).toEqual({
      passed: false,
      summary: 'no check is switched on',
    });
  });
});

test('every failure has a line, however many the report has room for', async () => {
  const table = readParquet(bars['A.parquet'] as Uint8Array);
  (table.columns.low!.values as Float64Array).fill(1e6, 300, 400);
  const { out } = await check({ ...bars, 'A.parquet': writeParquet(table) }, features);
  const lines = Buffer.from(out.failures).toString('utf8').trimEnd().split('\n');
  const all = lines.map((line) => JSON.parse(line) as { check: string; row: number | null });
  const rows = all.flatMap(({ check: name, row }) => (name === 'ohlc' ? [row] : []));
  expect([...new Set(rows)]).toEqual(Array.from({ length: 100 }, (_, i) => 300 + i));
  const { failures, checks } = out.validation;
  expect(failures.filter(({ check: name }) => name === 'ohlc')).toHaveLength(20);
  expect(checks.find(({ name, ticker }) => name === 'ohlc' && ticker === 'A')?.stat).toBe(rows.length);
  for (const failure of failures) expect(all).toContainEqual(failure);
  expect((await check(bars, features)).out.failures).toHaveLength(0);
});

test('a check that is switched off is not run', async () => {
  const checks = { ...CHECKS.checks, ohlc: false };
  const { out, verdict } = await check(corrupted('low', 333, 1e5), features, {
    checks: { ...checks, moments: false, correlation: false },
  });
  expect(out.validation.checks.map(({ name }) => name)).not.toContain('ohlc');
  expect(out.validation.checks.map(({ name }) => name)).not.toContain('mean');
  expect(verdict?.summary ?? '').not.toContain('ohlc');
});

test('with fail_fast a broken invariant spares the statistics', async () => {
  const { out } = await check(corrupted('low', 333, 1e6), features, { fail_fast: true });
  expect(out.validation.passed).toBe(false);
  expect(out.validation.checks.map(({ kind }) => kind)).not.toContain('statistical');
});

test('[S1-70] legacy bars are not held to a grid, a drift or a correlation that nobody promised', async () => {
  const legacy = await makeBars(LEGACY);
  const { out, verdict } = await checkMarket(legacy, {}, { tickers: ['AAPL', 'MSFT'] }, UNCALIBRATED);
  expect(verdict?.passed).toBe(true);
  const unstated = new Map(out.validation.metrics.unstated.map(({ check, why }) => [check, why]));
  expect([...unstated.keys()]).toEqual(['tick', 'mean', 'variance', 'memory', 'correlation']);
  expect(unstated.get('mean')).toBe('the legacy generator states no law');
  expect(out.validation.quality_score).toBe(1);
});

test('a market of a model of somebody’s own is held to the law that the model states, and to none where it states none', async () => {
  const of = (model: object) =>
    checkMarket(market, features, { price_model: './models/mine.ts' }, REPORT, { './models/mine.ts': { model } });
  const { out, verdict } = await of(gbm);
  expect(verdict?.passed).toBe(true);
  expect(out.validation.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['mean', 'variance', 'correlation']),
  );
  const wrong = await of({
    ...gbm,
    law: ({ mu, sigma }: GbmParams) => gbm.law!({ mu, sigma: 1.3 * sigma }, 1 / 252, null),
  });
  expect(new Set(wrong.out.validation.failures.map((failure) => failure.check))).toEqual(new Set(['variance']));
  const { law: _, ...silent } = gbm;
  expect((await of(silent)).out.validation.metrics.unstated).toEqual(
    ['mean', 'variance', 'memory', 'correlation'].map((check) => ({ check, why: './models/mine.ts states no law' })),
  );
});

test('what the checks do not read runs nothing again', () => {
  const params = (set: readonly string[]) => JSON.stringify(paramsOf('validate', configOf(set)));
  for (const leaf of [
    'pieces=5',
    'tick=0.05',
    'volume.sd=0.5',
    'volume.level=5000',
    'correlation.repair=none',
    'correlation.rolling.a=0.05',
  ])
    expect(params([`generation.${leaf}`]), leaf).toBe(params([]));
  for (const leaf of ['memory=0.1', 'overnight.share=0.2', 'models.heston.xi=0.3', 'correlation.mode=factor'])
    expect(params([`generation.${leaf}`]), leaf).not.toBe(params([]));
});
