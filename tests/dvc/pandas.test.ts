// Another program's eyes on our Parquet: pandas reads a published dataset, marker, ids and all.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const own = resolve(import.meta.dirname, '../..');
const python = process.env.DVC === undefined ? '' : join(dirname(process.env.DVC), 'python');
const reason = existsSync(python) && reads('import pandas, pyarrow') ? null : 'no python with pandas beside DVC';
const folder = mkdtempSync(join(tmpdir(), 'marketloom-pandas-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reads(script: string): boolean {
  try {
    execFileSync(python, ['-c', script], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const LOOK = `
import json, sys, pandas, pyarrow.parquet as pq
root = sys.argv[1]
bars = pandas.read_parquet(root + "/ohlcv/AAPL.parquet")
features = pandas.read_parquet(root + "/features/AAPL.parquet")
schema = pq.read_schema(root + "/ohlcv/AAPL.parquet")
common = pq.read_schema(root + "/_common_metadata")
print(json.dumps({
  "columns": list(bars.columns), "rows": len(bars), "first": str(bars.date.iloc[0]), "close": float(bars.close.iloc[0]),
  "volume": int(bars.volume.iloc[0]), "features": len(features), "warmup": int(features.sma_20.isna().sum()),
  "synthetic": schema.metadata[b"marketloom:synthetic"].decode(),
  "column": schema.field("close").metadata[b"marketloom:synthetic"].decode(),
  "dataset": common.metadata[b"marketloom:dataset_id"].decode(),
}))`;

test('pandas is there in CI', () => {
  expect(reason === null || process.env.CI === undefined, reason ?? '').toBe(true);
});

test.skipIf(reason !== null)(
  `[S1-41] pandas reads the legacy dataset as it was made${reason ? ` (${reason})` : ''}`,
  () => {
    execFileSync('git', ['clone', '--quiet', own, folder]);
    symlinkSync(join(own, 'node_modules'), join(folder, 'node_modules'));
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: folder });
    execFileSync(process.execPath, ['dist/pipeline.cjs', 'run', '--profile', 'legacy'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const said = execFileSync(python, ['-c', LOOK, join(folder, 'data/synthetic/syn_685360ffc97f')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual({
      columns: ['date', 'ticker', 'open', 'high', 'low', 'close', 'volume'],
      rows: 1044,
      first: '2020-01-01',
      close: 98.69623529380247,
      volume: 972591,
      features: 1044,
      warmup: 19,
      synthetic: 'true',
      column: 'true',
      dataset: 'syn_685360ffc97f',
    });
  },
);
