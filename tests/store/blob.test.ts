// The store: DVC's layout, whole or absent, read-only, and never a byte that its name does not say.
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { BlobStore, type LinkType } from '../../lib/store/blob.ts';
import { ensureDir } from '../../lib/store/files.ts';
import { Marks } from '../../lib/store/marks.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-blob-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function openStore(links: readonly LinkType[] = ['copy']): BlobStore {
  ensureDir(join(root, 'tmp'));
  return new BlobStore({
    cacheDir: join(root, 'cache'),
    links,
    marks: new Marks(root, join(root, 'state')),
    laying: join(root, 'tmp'),
    quarantine: join(root, 'quarantine'),
  });
}
const blobs = () =>
  readdirSync(join(root, 'cache/files/md5'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('/'),
  );

test('what was made before is taken by its md5 while it is here, and missed by name when it is not', () => {
  const store = openStore();
  const made = { path: null, md5: md5('alpha'), size: 5 };
  expect(() => store.adopt(made)).toThrow(`store/missing: the store has no file ${md5('alpha')}`);
  store.put('alpha');
  expect(store.adopt(made)).toEqual({ md5: md5('alpha'), size: 5 });
});

test('a blob lies under its md5 as DVC has it, read-only, and a tree under its list with .dir', () => {
  const store = openStore();
  const a = store.put('alpha');
  expect(a).toEqual({ md5: md5('alpha'), size: 5 });
  const tree = store.putTree([
    { relpath: 'b', ...store.put('beta') },
    { relpath: 'a', ...a },
  ]);
  const list = `[{"md5": "${md5('alpha')}", "relpath": "a"}, {"md5": "${md5('beta')}", "relpath": "b"}]`;
  expect(tree).toEqual({ md5: `${md5(list)}.dir`, size: 9, nfiles: 2 });
  const place = (id: string) => `${id.slice(0, 2)}/${id.slice(2)}`;
  expect(blobs().sort()).toEqual([md5('alpha'), md5('beta'), tree.md5].map(place).sort());
  for (const name of blobs()) expect(statSync(join(root, 'cache/files/md5', name)).mode & 0o777).toBe(0o444);
  expect(readFileSync(store.path(tree.md5), 'utf8')).toBe(list);
  expect(readdirSync(store.tmp)).toEqual([]);
});

test('a tree reads in one order, just made or found on disk', () => {
  const entries = ['z', 'a', 'm/b', 'é', 'B'].map((relpath) => ({ relpath, md5: md5(relpath), size: 1 }));
  const store = openStore();
  for (const { relpath } of entries) store.put(relpath);
  const { md5: id } = store.putTree(entries);
  const names = (one: BlobStore) => one.readTree(id).map(({ relpath }) => relpath);
  expect(names(store)).toEqual(names(openStore()));
  expect(names(store)).toEqual(['B', 'a', 'm/b', 'z', 'é']);
});

describe('a damaged blob', () => {
  test('counts as absent, is kept aside under both its names, and can be put again', () => {
    const store = openStore();
    const { md5: id } = store.put('good');
    const { mtime } = statSync(store.path(id));
    chmodSync(store.path(id), 0o644);
    writeFileSync(store.path(id), 'evil');
    utimesSync(store.path(id), mtime, mtime);
    const again = openStore();
    const told: string[] = [];
    again.onQuarantine = (bad) => told.push(bad);
    expect(again.has(id)).toBe(false);
    expect(told).toEqual([id]);
    expect(readFileSync(join(root, 'quarantine', `${id}-${md5('evil')}`), 'utf8')).toBe('evil');
    again.put('good');
    expect(Buffer.from(again.read(id)).toString()).toBe('good');
  });

  test('inside a tree makes exactly that file missing', () => {
    const store = openStore();
    const [one, two] = [store.put('one'), store.put('two')];
    const tree = store.putTree([
      { relpath: '1', ...one },
      { relpath: '2', ...two },
    ]);
    rmSync(store.path(two.md5));
    expect(openStore().missing(tree)).toEqual([two.md5]);
  });

  test('in a cache behind, which is only read, is left where it is', () => {
    const behind = openStore();
    const { md5: id } = behind.put('theirs');
    chmodSync(behind.path(id), 0o644);
    writeFileSync(behind.path(id), 'broken');
    const front = new BlobStore({
      cacheDir: join(root, 'front'),
      behind: join(root, 'cache'),
      links: ['copy'],
      marks: new Marks(root, join(root, 'front.json')),
      laying: join(root, 'tmp'),
      quarantine: join(root, 'quarantine'),
    });
    expect(front.has(id)).toBe(false);
    expect(readFileSync(behind.path(id), 'utf8')).toBe('broken');
    front.put('theirs');
    expect(front.has(id)).toBe(true);
    expect(Buffer.from(front.read(id)).toString()).toBe('theirs');
  });
});

test.each(['copy', 'hardlink', 'symlink'] satisfies LinkType[])(
  'a %s replaces what stands in its place, whole',
  (type) => {
    const store = openStore([type]);
    const [one, two] = [store.put('one'), store.put('two')];
    const path = join(root, 'data/out');
    store.link(one.md5, path);
    store.link(one.md5, path);
    expect(readFileSync(path, 'utf8')).toBe('one');
    store.link(two.md5, path);
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(store.has(one.md5)).toBe(true);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
    expect(readdirSync(join(root, 'data'))).toEqual(['out']);
  },
);

test('a link type that the file system refuses gives way to the next', () => {
  const store = openStore(['reflink', 'hardlink', 'copy']);
  const { md5: id } = store.put('bytes');
  store.link(id, join(root, 'out'));
  expect(readFileSync(join(root, 'out'), 'utf8')).toBe('bytes');
});

describe('the memory of marks', () => {
  test('saves reading a file that looks the same, and no other', () => {
    const path = join(root, 'f');
    writeFileSync(path, 'one');
    const old = new Date(Date.now() - 60_000);
    utimesSync(path, old, old);
    const first = new Marks(root, join(root, 'state'));
    first.md5(path);
    first.save(root, 'q', {});
    const second = new Marks(root, join(root, 'state'));
    expect(second.md5(path)?.md5).toBe(md5('one'));
    expect(second.hashedFiles).toBe(0);
    // Same size, same modification time: the inode's own time tells.
    writeFileSync(path, 'two');
    utimesSync(path, old, old);
    const third = new Marks(root, join(root, 'state'));
    expect(third.md5(path)?.md5).toBe(md5('two'));
    expect(third.hashedFiles).toBe(1);
  });

  test('does not trust an entry as young as itself', () => {
    const path = join(root, 'f');
    writeFileSync(path, 'one');
    const first = new Marks(root, join(root, 'state'));
    first.md5(path);
    first.save(root, 'q');
    const second = new Marks(root, join(root, 'state'));
    second.md5(path);
    expect(second.hashedFiles).toBe(1);
  });
});
