import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProblemError } from '../../lib/base/problem.ts';
import {
  datasetFile,
  datasetNames,
  datasetOf,
  findDataset,
  latestName,
  listDatasets,
  meantName,
  readDataset,
  unknown,
} from '../../lib/dvc/datasets.ts';
import { differences, leavesOf, manifestFiles, parseManifest } from '../../lib/dvc/manifest.ts';
import { printPointer } from '../../lib/dvc/pointer.ts';
import { evidence, inputsOf, isDvcFile, mentionedIn, namedIn, workspaceRoots } from '../../lib/dvc/roots.ts';
import { verifyManifest, verifyStore, verifyWorkspace } from '../../lib/dvc/verify.ts';
import { layOut } from '../../lib/engine/workspace.ts';
import { type Folder, openFolder, removeFolders } from '../store/folder.ts';

afterEach(removeFolders);

const put = ({ root }: Folder, path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const publish = (folder: Folder, name: string, files: Record<string, string>, meta: Record<string, string> = {}) => {
  const artifact = folder.tree(files);
  put(folder, `data/${name}.dvc`, printPointer({ outs: [{ ...artifact, path: name }], meta }));
  return artifact;
};
const latest = (folder: Folder, name: string) =>
  put(folder, 'data/latest.json', JSON.stringify({ path: `data/${name}` }));
const codesOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return (error as ProblemError).problems.map(({ code, hint }) => `${code}: ${hint}`);
  }
  return [];
};

describe('datasets of a workspace', () => {
  test('are listed oldest first, with their facts and the mark of the latest', () => {
    const folder = openFolder();
    publish(folder, 'b', { x: '1' }, { made_at: '2026-01-02' });
    publish(folder, 'a', { x: '1', y: '2' }, { made_at: '2026-01-03', seed: '007' });
    latest(folder, 'b');
    const list = listDatasets(folder.root, 'data');
    expect(list.map(({ name, isLatest }) => [name, isLatest])).toEqual([
      ['b', true],
      ['a', false],
    ]);
    expect(list[1]).toMatchObject({
      path: 'data/a',
      pointer: 'data/a.dvc',
      artifact: { size: 2, nfiles: 2 },
      meta: { seed: '007' },
    });
    expect(datasetNames(folder.root, 'data')).toEqual(['a', 'b']);
    expect(datasetNames(folder.root, 'nowhere')).toEqual([]);
  });

  test('an id, latest, a path and a pointer name the same; a broken latest.json names nothing', () => {
    const folder = openFolder();
    publish(folder, 'a', { x: '1' });
    latest(folder, 'a');
    for (const word of ['a', 'latest', 'data/a', './data/a/', 'data/a.dvc', 'data/latest.json'])
      expect(meantName(folder.root, 'data', word)).toBe('a');
    put(folder, 'data/latest.json', '{');
    expect(latestName(folder.root, 'data')).toBeNull();
    expect(codesOf(() => meantName(folder.root, 'data', 'latest'))[0]).toMatch(/^dataset\/unknown/);
  });

  test('an unknown one is told with the nearest', () => {
    const folder = openFolder();
    publish(folder, 'syn_0123456789ab', { x: '1' });
    expect(codesOf(() => findDataset(folder.root, 'data', 'syn_0123456789ac'))).toEqual([
      'dataset/unknown: did you mean `syn_0123456789ab`?',
    ]);
    expect(codesOf(() => unknown('x', []))[0]).toContain('pipeline list');
    expect(readDataset(folder.root, 'data', 'nope')).toBeNull();
  });

  test('a pointer without a digest is no dataset, and one that leaves its folder is refused', () => {
    expect(datasetOf('data/a.dvc', 'outs:\n- path: a\n', null)).toBeNull();
    const out = `outs:\n- md5: ${'a'.repeat(32)}\n  hash: md5\n  path: ../../x\n`;
    expect(codesOf(() => datasetOf('data/a.dvc', out, null))[0]).toMatch(/^dvc\/unsupported/);
  });

  test('a pointer to the folder of another is no dataset: retiring it would take that one away', () => {
    const folder = openFolder();
    const artifact = publish(folder, 'a', { x: '1' });
    put(folder, 'data/copy.dvc', printPointer({ outs: [{ ...artifact, path: 'a' }] }));
    put(folder, 'data/b.dvc', printPointer({ wdir: 'sub', outs: [{ ...artifact, path: 'b' }] }));
    expect(listDatasets(folder.root, 'data').map(({ name }) => name)).toEqual(['a']);
  });

  test('a file of a dataset comes from the store, else from the workspace while it holds the right bytes', () => {
    const folder = openFolder();
    publish(folder, 'a', { 'manifest.json': '{}' });
    const dataset = findDataset(folder.root, 'data', 'a');
    expect(datasetFile(folder.root, folder.store, dataset, 'manifest.json')).toBe('{}');
    expect(datasetFile(folder.root, folder.store, dataset, 'other')).toBeNull();
    layOut(folder.store, folder.marks, dataset.artifact, join(folder.root, 'data/a'));
    rmSync(folder.store.path(folder.store.readTree(dataset.artifact.md5)[0]?.md5 as string));
    expect(datasetFile(folder.root, folder.store, dataset, 'manifest.json')).toBe('{}');
    put(folder, 'data/a/manifest.json', '[]');
    expect(datasetFile(folder.root, folder.store, dataset, 'manifest.json')).toBeNull();
  });
});

describe('what is in use', () => {
  const roots = (folder: Folder, lastKeys: string[] = []) =>
    workspaceRoots({
      root: folder.root,
      under: 'data',
      state: join(folder.root, '.pipeline'),
      receipts: folder.receipts,
      lastKeys,
    });

  test('is all that pointers and locks anywhere in the workspace name, and what receipts in use gave', () => {
    const folder = openFolder();
    const old = publish(folder, 'old', { x: '1' }, { made_at: '1' });
    const now = publish(folder, 'now', { x: '2' }, { made_at: '2' });
    latest(folder, 'now');
    const model = folder.store.put('model');
    put(folder, 'models/deep/m.dvc', printPointer({ outs: [{ ...model, path: 'm' }] }));
    const out = folder.store.put('out');
    put(
      folder,
      'sub/dvc.lock',
      `schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: o\n      hash: md5\n      md5: ${out.md5}\n`,
    );
    const made = folder.store.put('made');
    const used = folder.receipt('1', { x: made });
    const record = { format: 1, pointer: 'data/now.dvc', text: '', keys: [used.key] };
    put(folder, '.pipeline/datasets/now.json', JSON.stringify(record));
    // What lies inside tracked data and in other tools' folders speaks for nobody.
    put(folder, 'data/now/inner.dvc', 'broken: [');
    put(folder, 'node_modules/x/y.dvc', 'broken: [');
    const { wanted, keys, datasets } = roots(folder);
    expect(wanted.map(({ md5, optional }) => [md5, optional ?? false]).sort()).toEqual(
      [
        [old.md5, true],
        [now.md5, false],
        [model.md5, false],
        [out.md5, false],
        [made.md5, true],
      ].sort(),
    );
    expect([...keys]).toEqual([used.key]);
    expect(datasets).toHaveLength(2);
  });

  test('includes the receipts of the last runs', () => {
    const folder = openFolder();
    const made = folder.store.put('made');
    const { key } = folder.receipt('1', { x: made });
    expect(roots(folder, [key]).wanted.map(({ md5 }) => md5)).toEqual([made.md5]);
  });

  test('includes both results kept as evidence', () => {
    const folder = openFolder();
    const [a, b] = ['a', 'b'].map((char) => char.repeat(32));
    put(folder, 'evidence/k.json', JSON.stringify({ was: { md5: a }, now: { md5: `${b}.dir` } }, null, 2));
    expect(evidence(join(folder.root, 'evidence'))).toEqual([a, `${b}.dir`]);
  });

  test('a file of another commit that cannot be read keeps every digest in it, one of this commit is told', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((char) => char.repeat(32));
    const imported = `deps:\n- path: x\n  md5: ${a}\nouts:\n- md5: '${b}.dir'\n  path: y\nsum: ${'c'.repeat(64)}\n`;
    expect(mentionedIn('a.dvc', imported)).toEqual([a, `${b}.dir`]);
    expect(mentionedIn('dvc.lock', `<<<<<<< ours\nmd5: ${a}\n=======\nmd5: ${c}\n>>>>>>> theirs\n`)).toEqual([a, c]);
    expect(mentionedIn('a.dvc', `outs:\n- md5: ${a}\n  hash: md5\n  path: x\nmeta: {was: ${b}}\n`)).toEqual([a]);
    expect(mentionedIn('a.dvc', 'broken: [')).toEqual([]);
    expect(() => namedIn('a.dvc', 'broken: [')).toThrow();
    expect(['a/b.dvc', 'dvc.lock', 'a/dvc.lock', 'dvc.yaml', 'a.dvcx'].map(isDvcFile)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('inputs of a dataset are its sources, which must be there, and files of the project, which git has', () => {
    const folder = openFolder();
    const md5 = 'a'.repeat(32);
    const meta = { inputs: { 'source:raw': md5, './x': md5, bad: '../x' } };
    put(folder, 'data/a.dvc', printPointer({ outs: [{ ...folder.tree({ x: '1' }), path: 'a' }], meta }));
    expect(inputsOf(findDataset(folder.root, 'data', 'a'))).toEqual([
      { md5, name: 'source:raw' },
      { md5, name: './x', optional: true },
    ]);
  });
});

describe('manifests', () => {
  const manifest = {
    dataset_id: 'syn_1',
    config: { seed: 7, deep: { list: [1, 2], on: true } },
    code: { 'a.ts': 'x' },
    packages: { 'p@1': 'sha' },
    inputs: [{ name: 'raw', md5: 'm' }],
    files: [{ path: 'ohlcv/A.parquet', md5: 'f', sha256: 's' }],
    warnings: [{ code: 'w' }],
  };

  test('become leaves by name, lists of named things too', () => {
    expect(Object.fromEntries(leavesOf(manifest))).toEqual({
      dataset_id: 'syn_1',
      'config.seed': 7,
      'config.deep.list': [1, 2],
      'config.deep.on': true,
      'code.a.ts': 'x',
      'packages.p@1': 'sha',
      'inputs.raw': 'm',
      'files.ohlcv/A.parquet': 'f',
    });
  });

  test('differ in exactly the leaves that changed, came or went', () => {
    const other = { ...manifest, config: { seed: 8, deep: { list: [1, 2], on: true } }, code: { 'b.ts': 'x' } };
    expect(differences(leavesOf(manifest), leavesOf(manifest))).toEqual([]);
    expect(differences(leavesOf(manifest), leavesOf(other))).toEqual([
      { at: 'config.seed', was: 7, now: 8 },
      { at: 'code.a.ts', was: 'x', now: null },
      { at: 'code.b.ts', was: null, now: 'x' },
    ]);
  });

  test('that are no JSON maps are none', () => {
    for (const text of ['', '{', '[]', 'null', '"x"']) expect(parseManifest(text)).toBeNull();
    expect(manifestFiles({ files: [{ path: 'a', sha256: 's' }, { path: 1 }, 'x'] })).toEqual([
      { path: 'a', sha256: 's' },
    ]);
  });
});

describe('verifying', () => {
  const sha = { one: '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed' };

  test('counts what was hashed and finds nothing in a whole dataset', () => {
    const folder = openFolder();
    const { md5, size } = publish(folder, 'a', { x: 'one', y: 'two' });
    const found = verifyStore(folder.store, [{ md5, name: 'a' }]);
    expect(found).toMatchObject({ files: 3, problems: [] });
    expect(found.bytes).toBe(size + folder.store.size(md5));
  });

  test('believes no memory: bytes changed behind it are found', () => {
    const folder = openFolder();
    const { md5 } = publish(folder, 'a', { x: 'one' });
    const file = folder.store.readTree(md5)[0]?.md5 as string;
    rmSync(folder.store.path(file));
    writeFileSync(folder.store.path(file), 'two');
    folder.marks.note(folder.store.path(file), file);
    expect(folder.store.has(file)).toBe(true);
    expect(verifyStore(folder.store, [{ md5, name: 'a' }]).problems).toMatchObject([
      { code: 'store/corrupt', message: 'a/x is damaged in the cache' },
    ]);
    expect(verifyStore(folder.store, [{ md5, name: 'a' }]).problems).toMatchObject([{ code: 'store/missing' }]);
  });

  test('finds what was changed, added or deleted in the folder of a dataset, laid out or not', () => {
    const folder = openFolder();
    publish(folder, 'a', { x: 'one', y: 'two', z: 'three' });
    const dataset = findDataset(folder.root, 'data', 'a');
    const look = () =>
      verifyWorkspace(folder.root, folder.store, dataset)
        .problems.map(({ facts }) => String(facts?.path))
        .sort();
    expect(look()).toEqual([]);
    layOut(folder.store, folder.marks, dataset.artifact, join(folder.root, dataset.path));
    expect(look()).toEqual([]);
    put(folder, 'data/a/x', 'One');
    put(folder, 'data/a/stray', '');
    rmSync(join(folder.root, 'data/a/z'));
    expect(look()).toEqual(['data/a/stray', 'data/a/x', 'data/a/z']);
  });

  test('hashes a blob once, however many trees name it', () => {
    const folder = openFolder();
    const wanted = ['a', 'b'].map((name) => ({ md5: publish(folder, name, { [name]: 'same' }).md5, name }));
    expect(verifyStore(folder.store, [...wanted, ...wanted])).toMatchObject({ files: 3, problems: [] });
  });

  test('finds what is no file where one should be: a link to nothing, a folder', () => {
    const folder = openFolder();
    publish(folder, 'a', { x: 'one', y: 'two' });
    const dataset = findDataset(folder.root, 'data', 'a');
    layOut(folder.store, folder.marks, dataset.artifact, join(folder.root, dataset.path));
    rmSync(join(folder.root, 'data/a/x'));
    symlinkSync('nowhere', join(folder.root, 'data/a/x'));
    rmSync(join(folder.root, 'data/a/y'));
    mkdirSync(join(folder.root, 'data/a/y'));
    const look = () => verifyWorkspace(folder.root, folder.store, dataset).problems.map(({ facts }) => facts?.path);
    expect(look()).toEqual(['data/a/x', 'data/a/y']);
    const single = { ...dataset, artifact: folder.store.put('one') };
    expect(verifyWorkspace(folder.root, folder.store, single).problems).toMatchObject([
      { code: 'store/corrupt', facts: { path: 'data/a' } },
    ]);
  });

  test('finds a sum of the manifest that is not that of the file, and files on one side only', () => {
    const folder = openFolder();
    const named = (path: string, sha256: string) => ({ path, sha256 });
    const look = (name: string, files: object[]) => {
      publish(folder, name, { x: 'one', y: 'two', 'manifest.json': JSON.stringify({ files }) });
      const { problems } = verifyManifest(folder.root, folder.store, findDataset(folder.root, 'data', name));
      return problems.map(({ facts }) => facts?.path);
    };
    const two = '3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3';
    expect(look('a', [named('x', sha.one), named('y', two)])).toEqual([]);
    expect(look('b', [named('x', two), named('gone', two)])).toEqual(['x', 'gone', 'y']);
  });
});
