import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { absorb, blobNames, Depot, hasLegacy } from '../../lib/store/depot.ts';
import { openFolder, removeFolders } from './folder.ts';

afterEach(removeFolders);

const rot = (path: string) => {
  chmodSync(path, 0o644);
  writeFileSync(path, 'rotten');
};
const left = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

describe('a depot', () => {
  test('takes a blob under its digest, read-only, and leaves no temporary file', () => {
    const { store, depot } = openFolder();
    const { md5 } = store.put('bytes\n');
    expect(depot.put(md5, store.path(md5))).toEqual({ bytes: 6 });
    expect(depot.path(md5)).toBe(join(depot.root, 'files', 'md5', md5.slice(0, 2), md5.slice(2)));
    expect(statSync(depot.path(md5)).mode & 0o777).toBe(0o444);
    expect(left(join(depot.root, 'pipeline', 'tmp'))).toEqual([]);
    expect([...depot.names()]).toEqual([md5]);
  });

  test('refuses bytes that are not what their name says, in both directions, and changes nothing', () => {
    const { store, depot, other } = openFolder();
    const { md5 } = store.put('bytes\n');
    rot(store.path(md5));
    expect(depot.put(md5, store.path(md5))).toMatchObject({ found: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(depot.has(md5)).toBe(false);

    const there = other();
    const good = there.store.put('good\n').md5;
    there.depot.put(good, there.store.path(good));
    rot(there.depot.path(good));
    const here = there.other();
    expect(here.depot.take(good, here.store)).toMatchObject({ found: expect.any(String) });
    expect(here.store.has(good)).toBe(false);
    expect(left(here.store.tmp)).toEqual([]);
    expect(here.depot.read(good)).toMatchObject({ found: expect.any(String) });
  });

  test('says when a blob is absent', () => {
    const { store, depot } = openFolder();
    expect(depot.take('0'.repeat(32), store)).toBe('absent');
    expect(depot.read('0'.repeat(32))).toBe('absent');
    expect(depot.put('0'.repeat(32), store.path('0'.repeat(32)))).toBe('absent');
    expect([...depot.names()]).toEqual([]);
  });

  test('a tree is checked by the digest before its .dir', () => {
    const { tree, store, depot, other } = openFolder();
    const { md5 } = tree({ a: '1' });
    expect(depot.put(md5, store.path(md5))).toMatchObject({ bytes: expect.any(Number) });
    const here = other();
    expect(here.depot.take(md5, here.store)).toMatchObject({ bytes: expect.any(Number) });
    expect(here.store.readTree(md5).map(({ relpath }) => relpath)).toEqual(['a']);
  });

  test('moves a damaged blob aside, so that another can be put', () => {
    const { store, depot } = openFolder();
    const { md5 } = store.put('bytes\n');
    depot.put(md5, store.path(md5));
    rot(depot.path(md5));
    const aside = depot.setAside(md5);
    expect(existsSync(aside)).toBe(true);
    expect(depot.names().has(md5)).toBe(false);
    expect(depot.put(md5, store.path(md5))).toEqual({ bytes: 6 });
  });

  test('writes a text only when it is another', () => {
    const { depot } = openFolder();
    expect(depot.writeText('receipts/aa/x.json', 'one')).toBe(true);
    expect(depot.writeText('receipts/aa/x.json', 'one')).toBe(false);
    expect(depot.readText('receipts/aa/x.json')).toBe('one');
    expect(depot.textNames('receipts', true)).toEqual(['aa/x.json']);
    depot.removeText('receipts/aa/x.json');
    expect(depot.readText('receipts/aa/x.json')).toBeNull();
  });

  test('lists only names that are digests', () => {
    const { store, depot } = openFolder();
    const { md5 } = store.put('x');
    depot.put(md5, store.path(md5));
    for (const stray of ['aa/short', `zz/${'0'.repeat(30)}`, 'aa/.tmp', 'note']) {
      const path = join(depot.root, 'files/md5', stray);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    }
    expect([...blobNames(depot.root)]).toEqual([md5]);
  });
});

test('what DVC 2 kept is seen as such and not as a blob', () => {
  const { depot } = openFolder();
  const id = 'ab'.padEnd(32, '0');
  depot.writeText(`../${id.slice(0, 2)}/${id.slice(2)}`, 'x');
  expect(hasLegacy(depot.root, id)).toBe(true);
  expect(depot.has(id)).toBe(false);
});

test('absorbing another cache takes its good blobs, trees after files, and leaves out what is damaged', () => {
  const other = openFolder();
  const { md5 } = other.tree({ a: '1', b: '2' });
  const bad = other.store.put('bad').md5;
  rot(other.store.path(bad));
  const { store } = openFolder();
  absorb(other.store.cacheDir, store);
  expect(store.missing({ md5, size: 0 })).toEqual([]);
  expect(store.has(bad)).toBe(false);
  expect(existsSync(other.store.cacheDir)).toBe(false);
  absorb(join(store.cacheDir, 'nowhere'), store);
  expect(new Depot(store.cacheDir).names().size).toBe(3);
});

test('a store with another behind it reads both and writes only its own', async () => {
  const { BlobStore } = await import('../../lib/store/blob.ts');
  const back = openFolder();
  const { md5 } = back.store.put('from behind');
  const before = [...blobNames(back.store.cacheDir)];
  const store = new BlobStore({
    cacheDir: join(back.root, 'front'),
    behind: back.store.cacheDir,
    quarantine: join(back.root, 'quarantine'),
    laying: join(back.root, 'laying'),
    links: ['copy'],
    marks: back.marks,
  });
  expect(Buffer.from(store.read(md5)).toString()).toBe('from behind');
  const own = store.put('own').md5;
  expect([...blobNames(back.store.cacheDir)]).toEqual(before);
  expect([...blobNames(join(back.root, 'front'))]).toEqual([own]);
});
