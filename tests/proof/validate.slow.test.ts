// `pipeline validate` runs the market's checks again on what a user has of a dataset.
import { cpSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readParquet } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { closeRigs, openMarket, openRig, type Rig } from './rig.ts';

let original: Rig;
let id = '';
beforeAll(async () => {
  original = openMarket();
  const { code, out, err } = await original.cli(['run']);
  expect(code, err).toBe(0);
  id = out.trim();
});
afterAll(closeRigs);

function copy(): Rig {
  const rig = openRig();
  cpSync(original.root, rig.root, { recursive: true });
  return rig;
}

test('[S1-50] a sound dataset passes with status 0, and its report is the one it was published with', async () => {
  const { code, out, err } = await original.cli(['validate', id]);
  expect(code, err).toBe(0);
  expect(err).toContain(`${id} passes: `);
  expect(JSON.parse(out)).toEqual(JSON.parse(original.read(`data/synthetic/${id}/validation.json`)));
});

test('[S1-50] [S1-106] a dataset with one bad row in its folder fails with status 1, and the report names the row', async () => {
  const rig = copy();
  const path = `data/synthetic/${id}/ohlcv/AAPL.parquet`;
  const table = readParquet(rig.bytes(path));
  const { high, low } = table.columns as Record<string, { values: Float64Array }>;
  (high?.values as Float64Array)[17] = (low?.values[17] as number) / 2;
  rig.write(path, writeParquet(table));
  const { code, out, err } = await rig.cli(['validate', id, '--json']);
  expect({ code, err }).toEqual({ code: 1, err: '' });
  const report = JSON.parse(out);
  expect(report.passed).toBe(false);
  expect(report.failures).toContainEqual(expect.objectContaining({ check: 'ohlc', ticker: 'AAPL', row: 17 }));
});

test('without its folder a dataset is checked in the store, and without both it is missing', async () => {
  const rig = copy();
  rmSync(rig.path(`data/synthetic/${id}`), { recursive: true });
  expect((await rig.cli(['validate', id])).code).toBe(0);
  rmSync(rig.path('.dvc/cache'), { recursive: true });
  const { code, problems } = await rig.cli(['validate', id, '--json']);
  expect(code).toBe(4);
  expect(problems).toMatchObject([{ code: 'store/missing' }]);
});

test('a file that is no table any more is a problem, not a verdict', async () => {
  const rig = copy();
  rig.write(`data/synthetic/${id}/ohlcv/SPX.parquet`, 'PAR1 no more');
  const { code, problems } = await rig.cli(['validate', id, '--json']);
  expect(code).toBe(1);
  expect(problems).toMatchObject([{ code: 'table/malformed' }]);
});

test('a pipeline without such checks says so', async () => {
  const rig = copy();
  rig.edit('pipeline.yaml', 'pipeline: market', 'pipeline: other');
  const { code, problems } = await rig.cli(['validate', id, '--json']);
  expect(code).toBe(2);
  expect(problems).toMatchObject([
    { code: 'spec/unknown-stage', hint: expect.stringContaining('stages/other/recheck.ts') },
  ]);
});
