// Manifest: every file with its digests, checked against its schema, and nothing of the place or time it was made.
import { beforeAll, expect, test } from 'vitest';
import schema from '../../../config/schema/manifest.schema.json' with { type: 'json' };
import { md5, sha256 } from '../../../lib/base/digest.ts';
import { checkValue } from '../../../lib/base/schema.ts';
import { readParquet, readParquetSchema } from '../../../lib/table/parquet.ts';
import { isSynthetic } from '../../../lib/table/schema.ts';
import { FACTS, makeDataset } from './chain.ts';

type Dataset = Awaited<ReturnType<typeof makeDataset>>;
interface Listed {
  readonly path: string;
  readonly rows: number | null;
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
  readonly logical_sha256: string | null;
}
type Manifest = Readonly<Record<string, unknown>> & { readonly files: readonly Listed[] };

let made: Dataset;
let manifest: Manifest;
beforeAll(async () => {
  made = await makeDataset();
  manifest = made.manifest as unknown as Manifest;
});

test('[S1-109] holds its schema, and names id, configuration, version, code, seed and inputs', () => {
  expect(checkValue(schema, made.manifest)).toEqual([]);
  const { dataset_id, config_hash, git_sha, seed, generator_version, config, code, packages, source_defaults } = FACTS;
  expect(manifest).toMatchObject({
    ...{ dataset_id, config_hash, git_sha, seed, generator_version, config, code, packages, source_defaults },
    synthetic: true,
    rows: 2088,
    inputs: [
      { name: 'mine', entry: { file: 'prices.csv' }, md5: md5('date,close\n'), files: [{ path: 'mine', size: 11 }] },
    ],
  });
});

test('lists every file of the dataset but itself, with the rows, bytes and digests they have', () => {
  const names = Object.keys(made.dataset).filter((name) => name !== 'manifest.json');
  expect(manifest.files.map(({ path }) => path)).toEqual([...names].sort());
  expect(names).toHaveLength(10);
  for (const file of manifest.files) {
    const bytes = made.dataset[file.path] as Uint8Array;
    expect(file).toMatchObject({ bytes: bytes.length, md5: md5(bytes), sha256: sha256(bytes) });
    const isTable = file.path.endsWith('.parquet') || file.path === '_common_metadata';
    expect(file.rows).toBe(isTable ? readParquet(bytes).rows : null);
    if (isTable) expect(file.logical_sha256).toBe(readParquetSchema(bytes).logicalHash);
    else expect(file.logical_sha256).toBeNull();
  }
});

test('[S1-116] names no path of a machine, host, date of making or commit', () => {
  const text = Buffer.from(made.dataset['manifest.json'] as Uint8Array).toString('utf8');
  expect(text).not.toMatch(/"\/|[A-Za-z]:\\\\|\/(home|root|tmp|work|Users)\//);
  expect(text).not.toMatch(/20\d\d-\d\d-\d\dT|made_at|hostname|"head"|"node"/);
  const days = text.match(/\d{4}-\d\d-\d\d/g) ?? [];
  expect(new Set(days)).toEqual(new Set(['2020-01-01', '2024-01-01']));
});

test('every table of the dataset says that it is synthetic, and _common_metadata says which dataset it is', () => {
  const tables = Object.entries(made.dataset).filter(
    ([, bytes]) => Buffer.from(bytes).toString('latin1', 0, 4) === 'PAR1',
  );
  expect(tables).toHaveLength(7);
  for (const [path, bytes] of tables) expect(isSynthetic(readParquet(bytes).schema), path).toBe(true);
  const common = readParquetSchema(made.dataset._common_metadata as Uint8Array);
  expect(common.rows).toBe(0);
  expect(common.schema.metadata['marketloom:dataset_id']).toBe(FACTS.dataset_id);
  expect(common.schema.fields).toEqual(readParquetSchema(made.bars['A.parquet'] as Uint8Array).schema.fields);
});

test('warnings of shards and notes of the calibration come along', () => {
  expect(manifest.warnings).toContainEqual({ code: 'calibration/note', message: 'drift is hardly known' });
});

test('another seed is another manifest and the same is the same', async () => {
  const [again, other] = [await makeDataset(), await makeDataset({ seed: 124 })];
  expect(again.manifest).toEqual(made.manifest);
  expect(other.manifest).not.toEqual(made.manifest);
});
