// One asset of each class by the real program, by the half hour, with everything switched on: valid, told whole, and re-run only where it must.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeRigs, openMarket, type Ran, type Rig } from './rig.ts';

const WORLD = [
  'universe_profile=classes',
  'tickers=null',
  'start_date=2020-11-02',
  'end_date=2020-12-04',
  'calendar=XNYS',
  'frequency=30min',
  'generation={price_model: hybrid, volatility_model: garch, regimes: {enabled: true}, overnight: {share: null}}',
  'generation.events={volatility_spike: {rate: 24}, gap_risk: {dates: ["2020-11-10"]}, depeg: {dates: ["2020-11-16"]}}',
  'generation.correlation={mode: factor, factor: {volatility: {alpha: 0.08, gamma: 0, beta: 0.9}}}',
  'microstructure.enabled=true',
];
let rig: Rig;
let first: Ran;
const run = (...more: string[]) => rig.cli(['run', '--json', ...[...WORLD, ...more].flatMap((set) => ['--set', set])]);
const ranOf = ({ started }: Ran) => [...new Set(started.map((name) => name.split('/')[0]))].sort();

beforeAll(async () => {
  rig = openMarket();
  first = await run();
});
afterAll(closeRigs);

test('ten classes without a price are ten files of bars, quotes and ground truth that pass every check', () => {
  expect(first.code, first.err).toBe(0);
  const { dataset_id: id } = JSON.parse(rig.read('data/synthetic/latest.json')) as { dataset_id: string };
  const list = (folder: string) => readdirSync(rig.path(`data/synthetic/${id}/${folder}`)).sort();
  expect(list('ohlcv')).toHaveLength(10);
  for (const folder of ['microstructure', 'costs']) expect(list(folder)).toHaveLength(10);
  expect(list('latent').filter((name) => name.endsWith('.parquet'))).toEqual([
    'event_impacts.parquet',
    'events.parquet',
    'factors.parquet',
    'regimes.parquet',
  ]);
  expect(list('latent/COIN')).toContain('variance.parquet');
  // 24 sessions, the day after Thanksgiving ends at 13:00.
  expect(JSON.parse(rig.read(`data/synthetic/${id}/manifest.json`))).toMatchObject({ rows: 10 * (23 * 13 + 7) });
});

test('[S1-50] the published dataset passes again from its own files', async () => {
  const { dataset_id: id } = JSON.parse(rig.read('data/synthetic/latest.json')) as { dataset_id: string };
  const again = await rig.cli(['validate', id]);
  expect(again.code, again.out + again.err).toBe(0);
});

test('a changed feature makes no bar again, and a changed seed calibrates nothing', async () => {
  const feature = await run('features.rsi=[21]');
  expect(ranOf(feature)).toEqual(['features', 'manifest', 'publish', 'validate']);
  const seed = await run('seed=124');
  expect(seed.code, seed.err).toBe(0);
  expect(ranOf(seed)).not.toContain('calibrate');
  expect(ranOf(seed)).toContain('environment');
  const quotes = await run('microstructure.enabled=false');
  expect(ranOf(quotes)).toEqual(['manifest', 'microstructure', 'publish']);
});
