import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { md5 as md5Of } from '../../lib/base/digest.ts';
import { parseRecord, pull, pullReceipts, push, verifyRemote, type Wanted } from '../../lib/dvc/remote.ts';
import { contentOf } from '../../lib/store/receipt.ts';
import { openFolder, removeFolders } from '../store/folder.ts';

afterEach(removeFolders);

const want = (md5: string, name: string, optional = false): Wanted => ({ md5: md5 as Wanted['md5'], name, optional });
const rot = (path: string) => {
  chmodSync(path, 0o644);
  writeFileSync(path, 'rotten');
};
const legacy = (root: string, md5: string) => {
  mkdirSync(join(root, md5.slice(0, 2)), { recursive: true });
  writeFileSync(join(root, md5.slice(0, 2), md5.slice(2)), '');
};
const codes = (problems: readonly { code: string }[]) => problems.map(({ code }) => code);

describe('push', () => {
  test('what is pushed is pulled elsewhere, trees and files alike', () => {
    const here = openFolder();
    const tree = here.tree({ a: '1', 'b/é': '2' });
    const file = here.store.put('file');
    const wanted = [want(tree.md5, 'tree'), want(file.md5, 'file')];
    expect(push(here.store, here.depot, wanted)).toMatchObject({ blobs: 4, problems: [] });
    const there = here.other();
    expect(pull(there.store, there.depot, wanted)).toMatchObject({ blobs: 4, problems: [] });
    expect([...there.store.missing(tree), ...there.store.missing(file)]).toEqual([]);
  });

  test('a tree goes up only when every file of it is there', () => {
    const here = openFolder();
    const tree = here.tree({ a: '1', b: '2' });
    rmSync(here.store.path(md5Of('2')));
    const { problems } = push(here.store, here.depot, [want(tree.md5, 'tree')]);
    expect(problems).toMatchObject([{ code: 'store/missing', message: expect.stringContaining('tree/b') }]);
    expect(here.depot.names()).toEqual(new Set([md5Of('1')]));
    here.store.put('2');
    expect(push(here.store, here.depot, [want(tree.md5, 'tree')]).problems).toEqual([]);
    expect(here.depot.names().has(tree.md5)).toBe(true);
  });

  test('files whose tree is in the remote already are looked for all the same', () => {
    const here = openFolder();
    const tree = here.tree({ a: '1' });
    push(here.store, here.depot, [want(tree.md5, 'tree')]);
    here.depot.setAside(md5Of('1'));
    expect(push(here.store, here.depot, [want(tree.md5, 'tree')])).toMatchObject({ blobs: 1, problems: [] });
  });

  test('when nothing is missing, no blob of the store is looked at, whatever its number', () => {
    const here = openFolder();
    const files = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, `bytes ${i}`]));
    const { md5 } = here.tree(files);
    push(here.store, here.depot, [want(md5, 'tree')]);
    // Were one looked at, it would be missed: all but the tree are gone.
    for (const folder of readdirSync(join(here.store.cacheDir, 'files/md5')))
      for (const name of readdirSync(join(here.store.cacheDir, 'files/md5', folder)))
        if (!name.endsWith('.dir')) rmSync(join(here.store.cacheDir, 'files/md5', folder, name));
    const { depot } = here.other();
    expect(push(here.store, depot, [want(md5, 'tree')])).toEqual({ blobs: 0, bytes: 0, receipts: 0, problems: [] });
  });

  test('a blob that rotted in the cache never reaches the remote, and is moved aside', () => {
    const here = openFolder();
    const { md5 } = here.store.put('good');
    rot(here.store.path(md5));
    here.marks.note(here.store.path(md5), md5);
    expect(codes(push(here.store, here.depot, [want(md5, 'file')]).problems)).toEqual(['store/corrupt']);
    expect(here.depot.has(md5)).toBe(false);
    expect(here.store.quarantined.has(md5)).toBe(true);
  });

  test('what is optional is not missed, what is not is, and what DVC 2 kept is told apart', () => {
    const here = openFolder();
    const gone = md5Of('gone');
    expect(push(here.store, here.depot, [want(gone, 'old', true)]).problems).toEqual([]);
    expect(codes(push(here.store, here.depot, [want(gone, 'new')]).problems)).toEqual(['store/missing']);
    legacy(here.store.cacheDir, gone);
    expect(codes(push(here.store, here.depot, [want(gone, 'new')]).problems)).toEqual(['store/legacy-layout']);
  });

  test('a receipt follows when all it names is there, and is sent once', () => {
    const here = openFolder();
    const [a, b] = [here.store.put('a'), here.store.put('b')];
    const receipts = [here.receipt('1', { x: a }), here.receipt('2', { x: b })];
    expect(push(here.store, here.depot, [want(a.md5, 'a')], receipts).receipts).toBe(1);
    expect(push(here.store, here.depot, [want(a.md5, 'a'), want(b.md5, 'b')], receipts).receipts).toBe(1);
    expect(push(here.store, here.depot, [], receipts).receipts).toBe(0);
  });
});

test('the files of shards travel with the receipts that list them, and no tree does', () => {
  const here = openFolder();
  const [one, two] = [here.listed({ a: '1' }), here.listed({ b: '2', c: '3' })];
  const receipts = [here.receipt('1', { x: one }), here.receipt('2', { x: two })];
  const wanted = [...receipts.flatMap(contentOf)].map(({ md5, name }) => want(md5, name));
  expect(push(here.store, here.depot, wanted, receipts)).toMatchObject({ blobs: 3, receipts: 2, problems: [] });
  const there = here.other();
  here.depot.setAside(md5Of('3'));
  const keys = receipts.map(({ key }) => key);
  expect(pullReceipts(there.store, there.receipts, there.depot, keys)).toMatchObject({ blobs: 2, receipts: 1 });
  expect(there.receipts.read(keys[0]!)).toEqual(receipts[0]);
  expect([there.store.missing(one), there.store.missing(two)]).toEqual([[], [md5Of('3')]]);
  expect([...there.depot.names()].filter((name) => name.endsWith('.dir'))).toEqual([]);
});

describe('pull', () => {
  test('a damaged file leaves the store without it and without its tree, and names it', () => {
    const here = openFolder();
    const tree = here.tree({ a: '1', b: '2' });
    push(here.store, here.depot, [want(tree.md5, 'tree')]);
    rot(here.depot.path(md5Of('2')));
    const there = here.other();
    const { problems } = pull(there.store, there.depot, [want(tree.md5, 'tree')]);
    expect(problems).toMatchObject([{ code: 'store/corrupt', message: 'tree/b is damaged in the remote' }]);
    expect([there.store.has(md5Of('1')), there.store.has(md5Of('2')), there.store.has(tree.md5)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('a tree that could write elsewhere is refused before any of its files is taken', () => {
    const here = openFolder();
    const bytes = Buffer.from(`[{"md5": "${md5Of('x')}", "relpath": "../../x"}]`);
    const id = `${md5Of(bytes)}.dir`;
    mkdirSync(dirname(here.depot.path(id)), { recursive: true });
    writeFileSync(here.depot.path(id), bytes);
    expect(() => pull(here.store, here.depot, [want(id, 'tree')])).toThrow('store/unsafe-tree');
  });

  test('what is absent is told, unless it is optional; what DVC 2 kept there is told apart', () => {
    const { store, depot } = openFolder();
    const gone = md5Of('gone');
    expect(pull(store, depot, [want(gone, 'x', true)]).problems).toEqual([]);
    expect(codes(pull(store, depot, [want(gone, 'x')]).problems)).toEqual(['remote/not-found']);
    legacy(depot.root, gone);
    expect(codes(pull(store, depot, [want(gone, 'x')]).problems)).toEqual(['store/legacy-layout']);
  });

  test('a receipt is taken with what it names; torn, foreign and hollow ones are left there', () => {
    const here = openFolder();
    const a = here.store.put('a');
    const good = here.receipt('1', { x: a });
    push(here.store, here.depot, [want(a.md5, 'a')], [good]);
    const put = (key: string, text: string) =>
      here.depot.writeText(`receipts/${key.slice(0, 2)}/${key.padEnd(64, '0')}.json`, text);
    put('2', '{"format": 1');
    put('3', JSON.stringify(good));
    put('4', JSON.stringify({ ...good, key: '4'.padEnd(64, '0'), outputs: { x: { md5: md5Of('lost'), size: 4 } } }));
    put('5', JSON.stringify({ ...good, key: '5'.padEnd(64, '0'), outputs: { x: { md5: '../../x', size: 4 } } }));
    const there = here.other();
    const keys = ['1', '2', '3', '4', '5', '6'].map((key) => key.padEnd(64, '0'));
    expect(pullReceipts(there.store, there.receipts, there.depot, keys)).toMatchObject({ receipts: 1, blobs: 1 });
    expect([...there.receipts.all()]).toEqual([good]);
    expect(there.store.has(a.md5)).toBe(true);
  });
});

test('verifying a remote names what is damaged or missing and moves the damaged aside', () => {
  const here = openFolder();
  const tree = here.tree({ a: '1', b: '2', c: '3' });
  push(here.store, here.depot, [want(tree.md5, 'tree')]);
  expect(verifyRemote(here.store, here.depot, [want(tree.md5, 'tree')])).toEqual([]);
  rot(here.depot.path(md5Of('1')));
  rmSync(here.depot.path(md5Of('2')));
  const found = verifyRemote(here.store, here.depot, [want(tree.md5, 'tree')]);
  expect(found.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    'store/corrupt: tree/a is damaged in the remote',
    'remote/not-found: the remote does not have tree/b',
  ]);
  expect(push(here.store, here.other().depot, [want(tree.md5, 'tree')])).toMatchObject({ blobs: 2, problems: [] });
  expect(verifyRemote(here.store, here.depot, [want(tree.md5, 'tree')])).toEqual([]);
});

test('a blob that many trees name is verified once, and stays damaged in the answer when it has been moved aside', () => {
  const here = openFolder();
  const trees = [here.tree({ a: '1' }), here.tree({ b: '1' })].map(({ md5 }, i) => want(md5, `tree ${i}`));
  push(here.store, here.depot, trees);
  rot(here.depot.path(md5Of('1')));
  expect(verifyRemote(here.store, here.depot, trees).map(({ message }) => message)).toEqual([
    'tree 0/a is damaged in the remote',
  ]);
});

test('a record from a stranger is used only when it is whole', () => {
  const whole = { format: 1, pointer: 'p', text: 't', keys: ['a'.repeat(64)] };
  expect(parseRecord(JSON.stringify(whole))).toEqual(whole);
  for (const bad of [null, '', '{', '[]', 'null', JSON.stringify({ ...whole, keys: ['../x'] })])
    expect(parseRecord(bad)).toBeNull();
});
