import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Dataset, findDataset, listDatasets } from '../../lib/dvc/datasets.ts';
import type { Basis } from '../../lib/dvc/printed.ts';
import { datasetName, Publisher, surplus } from '../../lib/dvc/publish.ts';
import type { Facts } from '../../lib/dvc/translate.ts';
import type { Spec, StageSpec } from '../../lib/engine/spec.ts';
import { drift, layOut } from '../../lib/engine/workspace.ts';
import { type Folder, openFolder, removeFolders } from '../store/folder.ts';

afterEach(removeFolders);

const publisher = ({ root, store, marks }: Folder) =>
  new Publisher({
    root,
    store,
    drift: (artifact, path) => drift(store, marks, artifact, path),
    layOut: (artifact, path) => void layOut(store, marks, artifact, path),
  });
const read = ({ root }: Folder, path: string) => readFileSync(join(root, path), 'utf8');
const put = ({ root }: Folder, path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const meta = { dataset_id: 'syn_1', seed: 7 };

describe('effects', () => {
  test('are gathered first and made together, and made once', () => {
    const folder = openFolder();
    const artifact = folder.tree({ 'a/b': '1' });
    const gather = () => {
      const one = publisher(folder);
      one.skeleton();
      one.source('raw', folder.store.put('raw'));
      const published = one.dataset('data/synthetic', 'syn_1', artifact, meta, true);
      one.record('data/synthetic', 'syn_1', ['b', 'a']);
      return { one, published };
    };
    const first = gather();
    expect(first.one.isPending).toBe(true);
    expect(existsSync(join(folder.root, 'data'))).toBe(false);
    expect(first.published).toEqual({ path: 'data/synthetic/syn_1', was: null, changed: true });
    first.one.apply();
    expect(first.one.isPending).toBe(false);
    expect(read(folder, 'data/synthetic/syn_1/a/b')).toBe('1');
    expect(JSON.parse(read(folder, '.pipeline/datasets/syn_1.json'))).toMatchObject({
      keys: ['a', 'b'],
      text: read(folder, 'data/synthetic/syn_1.dvc'),
    });
    const again = gather();
    expect(again.one.isPending).toBe(false);
    expect(again.published.changed).toBe(false);
    expect([...again.one.files].sort()).toEqual([
      '.dvc/.gitignore',
      '.dvc/config',
      '.dvcignore',
      'data/sources/.gitignore',
      'data/sources/raw.dvc',
      'data/synthetic/.gitignore',
      'data/synthetic/latest.json',
      'data/synthetic/syn_1.dvc',
    ]);
  });

  test('two sources in one folder both get their line', () => {
    const folder = openFolder();
    const one = publisher(folder);
    one.source('b', folder.store.put('1'));
    one.source('a', folder.store.put('2'));
    one.apply();
    expect(read(folder, 'data/sources/.gitignore')).toBe('/b\n/a\n');
  });

  test('a manifest in the dataset is named by latest.json', () => {
    const folder = openFolder();
    const one = publisher(folder);
    one.dataset('data', 'syn_1', folder.tree({ 'manifest.json': '{}' }), meta, true);
    one.apply();
    expect(JSON.parse(read(folder, 'data/latest.json'))).toEqual({
      dataset_id: 'syn_1',
      path: 'data/syn_1',
      manifest: 'data/syn_1/manifest.json',
    });
  });

  test('an id that names other bytes moves its pointer and says which it was', () => {
    const folder = openFolder();
    const [old, now] = [folder.tree({ a: '1' }), folder.tree({ a: '2' })];
    const one = publisher(folder);
    one.dataset('data', 'syn_1', old, meta, true);
    one.apply();
    const two = publisher(folder);
    expect(two.dataset('data', 'syn_1', now, meta, true).was).toBe(old.md5);
    two.apply();
    expect(read(folder, 'data/syn_1/a')).toBe('2');
    expect(findDataset(folder.root, 'data', 'syn_1').artifact.md5).toBe(now.md5);
  });

  test('a retired dataset leaves no file, no pointer and no line; its blobs stay for gc', () => {
    const folder = openFolder();
    const artifact = folder.tree({ a: '1' });
    const one = publisher(folder);
    one.dataset('data', 'syn_1', artifact, meta, true);
    one.record('data', 'syn_1', []);
    one.apply();
    const two = publisher(folder);
    two.retire(findDataset(folder.root, 'data', 'syn_1'));
    two.apply();
    for (const path of ['data/syn_1', 'data/syn_1.dvc', '.pipeline/datasets/syn_1.json'])
      expect(existsSync(join(folder.root, path))).toBe(false);
    expect(read(folder, 'data/.gitignore')).toBe('');
    expect(folder.store.missing(artifact)).toEqual([]);
  });

  test('what was pulled without a pointer here gets the one of the record, and latest.json only when there is none', () => {
    const folder = openFolder();
    const one = publisher(folder);
    one.dataset('data', 'syn_1', folder.tree({ a: '1' }), meta, true);
    one.apply();
    const dataset = findDataset(folder.root, 'data', 'syn_1');
    const record = { format: 1 as const, pointer: 'data/syn_1.dvc', text: read(folder, 'data/syn_1.dvc'), keys: [] };
    for (const name of ['syn_1.dvc', 'latest.json', 'syn_1'])
      rmSync(join(folder.root, 'data', name), { recursive: true });
    const two = publisher(folder);
    two.restore(dataset, record);
    two.apply();
    expect(read(folder, 'data/syn_1.dvc')).toBe(record.text);
    expect(JSON.parse(read(folder, 'data/latest.json'))).toMatchObject({ dataset_id: 'syn_1' });
    put(folder, 'data/latest.json', JSON.stringify({ path: 'data/other' }));
    const three = publisher(folder);
    three.restore(dataset, record);
    expect(three.isPending).toBe(false);
  });
});

describe('the files of dvc', () => {
  const spec: Spec = {
    pipeline: 'p',
    dataset: null,
    stages: ['a', 'b'].map((name) => ({
      name,
      desc: '',
      code: { kind: 'command', cmd: 'true' },
      inputs: {},
      outputs: { out: { kind: 'file' } },
      params: [],
      uses: [],
      selects: {},
      map: null,
      retries: 0,
      timeoutMs: null,
    })),
  };
  const facts: Facts = {
    command: (stage) => `run ${stage}`,
    place: (stage, port) => `data/stages/${stage}/${port}`,
    code: () => [],
    besides: () => 'true',
    judges: new Set(),
    seed: null,
    generatorVersion: null,
    run: { datasetId: '', configHash: '', gitSha: '' },
  };
  const fresh: Basis = { ground: 'g', run: 'r1', before: '', same: new Set(), whole: true };
  const write = (folder: Folder, ...made: string[]) => {
    const one = publisher(folder);
    const outputs = new Map(made.map((name) => [name, { out: folder.store.put(name) }]));
    const refusal = one.pipeline(spec, facts, { given: new Map(), made: outputs }, fresh);
    one.apply();
    return refusal;
  };

  test('before any stage is done there is no dvc.lock, and each run adds its own entries', () => {
    const folder = openFolder();
    expect(write(folder)).toBeNull();
    expect(existsSync(join(folder.root, 'dvc.lock'))).toBe(false);
    write(folder, 'b');
    write(folder, 'a');
    const both = read(folder, 'dvc.lock');
    rmSync(join(folder.root, 'dvc.lock'));
    write(folder, 'a', 'b');
    expect(read(folder, 'dvc.lock')).toBe(both);
  });

  describe('printed before', () => {
    const LOCK = 'dvc.lock';
    // A short name, one that YAML quotes, one it takes for a number, and one too long for a simple key.
    const named = ['a', 'true', '7', 'b'.repeat(140)];
    const stages = named.map((name) => ({ ...(spec.stages[0] as StageSpec), name }));
    /** Bring DVC's files up to date with what each stage gave; `same` names those that gave what they gave before. */
    const print = (folder: Folder, gave: Record<string, string>, basis: Partial<Basis>) => {
      const one = publisher(folder);
      const made = new Map(Object.entries(gave).map(([name, text]) => [name, { out: folder.store.put(text) }]));
      one.pipeline({ ...spec, stages }, facts, { given: new Map(), made }, { ...fresh, ...basis });
      one.apply();
      one.remember();
      return ['dvc.yaml', 'dvc.lock', 'data/stages/params.yaml'].map((path) => read(folder, path));
    };
    const all = (salt: string) => Object.fromEntries(named.map((name) => [name, `${name} ${salt}`]));

    test.each(named)('only what stage %.8s gave anew is printed, and all files are as if printed whole', (name) => {
      const folder = openFolder();
      print(folder, all('1'), {});
      const now = { ...all('1'), [name]: 'other' };
      const same = new Set(named.filter((one) => one !== name));
      const next: Partial<Basis> = { run: 'r2', before: 'r1', same };
      expect(print(folder, now, next)).toEqual(print(openFolder(), now, {}));
      // A stage that is not done keeps what the lock says of it.
      const { [name]: _, ...others } = now;
      const after: Partial<Basis> = { run: 'r3', before: 'r2', same: new Set() };
      expect(print(folder, others, after)).toEqual(print(openFolder(), now, {}));
    });

    test('nothing is taken over from files that somebody touched, from another run, or from other grounds', () => {
      const same = new Set(named);
      const whole = print(openFolder(), all('2'), {});
      for (const [then, basis] of [
        [{ run: 'r0' }, { before: 'r1' }],
        [{ ground: 'h' }, { before: 'r1' }],
        [{ whole: false }, { before: 'r1' }],
        [{}, { before: '' }],
      ] satisfies [Partial<Basis>, Partial<Basis>][]) {
        const folder = openFolder();
        print(folder, all('1'), then);
        expect(print(folder, all('2'), { run: 'r2', same, ...basis })).toEqual(whole);
      }
      for (const path of ['dvc.yaml', LOCK, 'data/stages/params.yaml']) {
        const folder = openFolder();
        print(folder, all('2'), {});
        put(folder, path, read(folder, path).replace('true', 'edited'));
        expect(print(folder, all('2'), { run: 'r2', before: 'r1', same })).toEqual(whole);
      }
      const folder = openFolder();
      print(folder, all('2'), {});
      rmSync(join(folder.root, LOCK));
      expect(print(folder, all('2'), { run: 'r2', before: 'r1', same })).toEqual(whole);
    });
  });

  test('one that somebody else wrote is left alone, an empty one is not somebody’s', () => {
    const folder = openFolder();
    put(folder, 'dvc.yaml', 'stages: {}\n');
    expect(write(folder, 'a')).toContain('not ours');
    expect(read(folder, 'dvc.yaml')).toBe('stages: {}\n');
    put(folder, 'dvc.yaml', '\n');
    expect(write(folder, 'a')).toBeNull();
  });

  test('a dvc.lock in conflict stops a partial run, and a full run writes it anew', () => {
    const folder = openFolder();
    write(folder, 'a', 'b');
    put(folder, 'dvc.lock', '<<<<<<< ours\n');
    expect(() => write(folder, 'a')).toThrow('dvc/malformed');
    write(folder, 'a', 'b');
    expect(read(folder, 'dvc.lock')).toContain("schema: '2.0'");
  });
});

describe('names and retention', () => {
  const dataset = (name: string, more: Partial<Dataset> = {}): Dataset => ({
    name,
    path: `data/${name}`,
    pointer: `data/${name}.dvc`,
    artifact: { md5: 'x' as Dataset['artifact']['md5'], size: 0 },
    meta: {},
    isLatest: false,
    ...more,
  });
  const facts = { dataset_id: 'syn_1', config_hash: 'c', git_sha: 'g', seed: 1, generator_version: null };

  test('a stamp is drawn once: the same identity keeps the name it has', () => {
    const name = datasetName('syn_1', 'timestamped_hash', facts, '2026-01-31T09:30:00.123Z', []);
    expect(name).toBe('syn_1_20260131T093000Z');
    const known = [dataset(name, { meta: facts })];
    expect(datasetName('syn_1', 'timestamped_hash', facts, '2027-01-01T00:00:00.000Z', known)).toBe(name);
    const other = { ...facts, config_hash: 'd' };
    expect(datasetName('syn_1', 'timestamped_hash', other, '2027-01-01T00:00:00.000Z', known)).not.toBe(name);
    expect(datasetName('syn_1', 'hash', facts, '2026-01-31T09:30:00.123Z', known)).toBe('syn_1');
  });

  test('[S1-65] the oldest beyond the number go, save those a branch or tag names', () => {
    const known = ['a', 'b', 'c', 'd'].map((name) => dataset(name));
    const names = (keep: number, ...pinned: string[]) => surplus(known, keep, new Set(pinned)).map(({ name }) => name);
    expect(names(2)).toEqual(['a', 'b']);
    expect(names(2, 'data/a.dvc')).toEqual(['b']);
    expect(names(0)).toEqual(['a', 'b', 'c', 'd']);
    expect(names(9)).toEqual([]);
  });

  test('listing follows the times the datasets were made', () => {
    const folder = openFolder();
    for (const [name, made_at] of [
      ['x', '2026-03-01'],
      ['y', '2026-01-01'],
      ['z', '2026-02-01'],
    ] as const) {
      const one = publisher(folder);
      one.dataset('data', name, folder.tree({ a: '1' }), { made_at }, true);
      one.apply();
    }
    expect(listDatasets(folder.root, 'data').map(({ name }) => name)).toEqual(['y', 'z', 'x']);
  });
});
