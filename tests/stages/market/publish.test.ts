// Publish and recheck: the dataset is what the stages made, file for file, and it carries all that is needed to check it again.
import { beforeAll, expect, test } from 'vitest';
import { publish } from '../../../stages/market/publish.ts';
import { recheck } from '../../../stages/market/recheck.ts';
import { jsonIn, runStage, treeIn } from '../ports.ts';
import { makeDataset } from './chain.ts';

let made: Awaited<ReturnType<typeof makeDataset>>;
beforeAll(async () => {
  made = await makeDataset();
});

test('[S1-41] the tree has prices, features and ground truth by ticker beside reports and manifest, with the bytes of the stages', () => {
  const { dataset, bars, features, own } = made;
  expect(Object.keys(dataset).sort()).toEqual([
    '_common_metadata',
    'calibration.json',
    'environment.json',
    'features/A.parquet',
    'features/B.parquet',
    'latent/A/variance.parquet',
    'latent/B/variance.parquet',
    'manifest.json',
    'ohlcv/A.parquet',
    'ohlcv/B.parquet',
    'validation.json',
  ]);
  for (const name of ['A.parquet', 'B.parquet']) {
    expect(dataset[`ohlcv/${name}`]).toBe(bars[name]);
    expect(dataset[`features/${name}`]).toBe(features[name]);
    const variance = name.replace('.', '/variance.');
    expect(dataset[`latent/${variance}`]).toBe(own[variance]);
  }
  expect(Buffer.from(dataset['manifest.json'] as Uint8Array)).toEqual(Buffer.from(jsonIn(made.manifest).bytes()));
  expect(Buffer.from(dataset['validation.json'] as Uint8Array)).toEqual(Buffer.from(jsonIn(made.validation).bytes()));
});

test('publish takes no params, seed or version: it adds nothing of its own', () => {
  expect(publish.uses).toEqual([]);
  expect(publish.params.properties).toEqual({});
});

test('[S1-50] recheck finds in the dataset alone what validate found', async () => {
  const { out, verdict } = await runStage(recheck, { params: {}, in: { dataset: treeIn(made.dataset) } });
  expect(verdict?.passed).toBe(true);
  expect(out.validation).toEqual(made.validation);
  const { 'ohlcv/B.parquet': _, ...less } = made.dataset;
  const bad = await runStage(recheck, { params: {}, in: { dataset: treeIn(less) } });
  expect(bad.verdict?.passed).toBe(false);
});
