// `pipeline reproduce` makes a dataset again from its manifest and the store or the remote, and says what keeps it from being the same.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Md5 } from '../../lib/base/digest.ts';
import { openProject } from '../../lib/engine/project.ts';
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

/** A copy of the project as it was after its run. */
function copy(): Rig {
  const rig = openRig();
  cpSync(original.root, rig.root, { recursive: true });
  return rig;
}

/** Publish the dataset with one file replaced, its pointer and store consistent, as somebody who means harm would. */
function republish(rig: Rig, name: string, change: (bytes: Uint8Array) => string | Uint8Array): void {
  const pointer = `data/synthetic/${id}.dvc`;
  const { store } = openProject({
    root: rig.root,
    own: rig.root,
    cacheDir: rig.path('.dvc/cache'),
    links: ['copy'],
  });
  const before = /md5: (\w+\.dir)/.exec(rig.read(pointer))?.[1] as Md5;
  const entries = store.readTree(before).map((entry) => {
    const { md5 } = entry.relpath === name ? store.put(change(store.read(entry.md5))) : entry;
    return { relpath: entry.relpath, md5, size: store.size(md5) };
  });
  rig.edit(pointer, before, store.putTree(entries).md5);
}

describe('a dataset is made again', () => {
  test('from its manifest: what configuration, profiles, sources and environment say by now does not matter, and nothing is written', async () => {
    const rig = copy();
    rig.edit('config/synthetic_data_config.yml', 'seed: 123', 'seed: 7');
    rig.edit('config/synthetic_data_profiles.yml', 'default: {}', 'default: { tickers: [AAPL] }');
    rig.edit('config/data_sources_config.yml', 'bad_volume: repair', 'bad_volume: refuse');
    const files = () => readdirSync(rig.root, { recursive: true, encoding: 'utf8' }).sort();
    const before = files();
    const { code, out, err } = await rig.cli(['reproduce', id], { env: { PIPELINE_SEED: '9' } });
    expect(code, err).toBe(0);
    expect(out).toMatch(new RegExp(`^${id} is reproduced: 11 files, \\d+ bytes, all equal\\n$`));
    expect(files()).toEqual(before);
  });

  test('from the remote alone, sources included', async () => {
    const rig = copy();
    cpSync(rig.path('.dvc/cache'), rig.path('../remote'), { recursive: true });
    rmSync(rig.path('.dvc/cache'), { recursive: true });
    rmSync(rig.path(`data`), { recursive: true });
    cpSync(original.path(`data/synthetic/${id}.dvc`), rig.path(`data/synthetic/${id}.dvc`));
    rig.write('.dvc/config', '[core]\n    remote = store\n[\'remote "store"\']\n    url = ../../remote\n');
    rig.write('config/data_sources_config.yml', 'sources: {}\n');
    const { code, err, out } = await rig.cli(['reproduce', id, '--json']);
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ same: true, dataset: id, files: 11, commit: null });
  });
});

describe('a dataset that cannot be made again', () => {
  test('because a price was changed is told by file, row and column, with status 4', async () => {
    const rig = copy();
    republish(rig, 'ohlcv/AAPL.parquet', (bytes) => {
      const table = readParquet(bytes);
      (table.columns.close?.values as Float64Array)[41] = 1.25;
      return writeParquet(table);
    });
    const { code, problems } = await rig.cli(['reproduce', id, '--json']);
    expect(code).toBe(4);
    expect(problems).toMatchObject([
      {
        code: 'reproduce/differs',
        message: `${id} comes out different: 1 of 11 files`,
        facts: { output: 'dataset/ohlcv/AAPL.parquet', row: 42, column: 'close', published: '1.25' },
      },
    ]);
  });

  test('because other code made it names the files that differ and the commit to check out, and makes nothing', async () => {
    const rig = copy();
    rig.edit(`data/synthetic/${id}.dvc`, 'head:', `head: ${'ab'.repeat(20)}`);
    republish(rig, 'manifest.json', (bytes) => {
      const text = Buffer.from(bytes).toString('utf8');
      const manifest = JSON.parse(text);
      const code = { ...manifest.code, 'marketloom/lib/models/gbm.ts': 'f'.repeat(40) };
      return JSON.stringify({ ...manifest, code, git_sha: 'f'.repeat(40) });
    });
    const { code, problems } = await rig.cli(['reproduce', id, '--json']);
    expect(code).toBe(4);
    expect(problems).toMatchObject([
      {
        code: 'reproduce/other-code',
        facts: { differs: 'marketloom/lib/models/gbm.ts', commit: 'ab'.repeat(20) },
      },
    ]);
    expect(problems[0]?.hint).toContain(`reproduce ${id} --checkout`);
  });

  test('because pipeline.yaml wires it otherwise by now names that file', async () => {
    const rig = copy();
    rig.edit('pipeline.yaml', 'tick: $generation.tick', 'tick: 0.05');
    const { code, problems } = await rig.cli(['reproduce', id, '--json']);
    expect(code).toBe(4);
    expect(problems).toMatchObject([{ code: 'reproduce/other-code', facts: { differs: 'pipeline.yaml' } }]);
  });

  test('because its sources are nowhere names them', async () => {
    const rig = copy();
    const md5 = /source:aapl: (\w+)/.exec(rig.read(`data/synthetic/${id}.dvc`))?.[1] as string;
    rmSync(join(rig.path('.dvc/cache/files/md5'), md5.slice(0, 2), md5.slice(2)));
    const { code, problems } = await rig.cli(['reproduce', id, '--json']);
    expect(code).toBe(4);
    expect(problems[0]?.message).toContain('source aapl');
  });

  test('because no commit is recorded is told when one is asked for', async () => {
    const { code, problems } = await original.cli(['reproduce', id, '--checkout', '--json']);
    expect(code).toBe(1);
    expect(problems).toMatchObject([{ code: 'git/failed' }]);
  });
});
