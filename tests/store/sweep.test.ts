import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { blobNames } from '../../lib/store/depot.ts';
import { closure, receiptsInUse, sweep, sweepRemote } from '../../lib/store/sweep.ts';
import { type Folder, openFolder, removeFolders } from './folder.ts';

afterEach(removeFolders);

const usedBy = ({ store }: Folder, ...roots: string[]) =>
  closure(
    roots,
    (md5) => store.readTree(md5),
    () => {},
  );

describe('what is in use', () => {
  test('is each artifact and every file its tree lists', () => {
    const folder = openFolder();
    const { md5 } = folder.tree({ a: '1', 'b/c': '2' });
    const files = folder.store.readTree(md5).map((entry) => entry.md5);
    expect(usedBy(folder, md5)).toEqual(new Set([md5, ...files]));
  });

  test('hears of trees nobody can read', () => {
    const lost: string[] = [];
    closure(
      ['x.dir', 'y'],
      () => null,
      (md5) => lost.push(md5),
    );
    expect(lost).toEqual(['x.dir']);
  });

  test('receipts stay when they are named, or when all they gave is in use anyway', () => {
    const folder = openFolder();
    const [a, b] = [folder.store.put('a'), folder.store.put('b')];
    folder.receipt('1', { x: a });
    folder.receipt('2', { x: b });
    folder.receipt('3', { x: a, y: b });
    const named = new Set(['2'.padEnd(64, '0')]);
    const kept = receiptsInUse(folder.receipts, named, new Set([a.md5])).map(({ key }) => key[0]);
    expect(kept).toEqual(['1', '2']);
  });

  test('of trees without an object the files count', () => {
    const folder = openFolder();
    const [one, two] = [folder.listed({ a: '1' }), folder.listed({ a: '1', b: '2' })];
    folder.receipt('1', { x: one });
    folder.receipt('2', { x: two });
    const used = new Set(one.files?.map(({ md5 }) => md5));
    expect(receiptsInUse(folder.receipts, new Set(), used).map(({ key }) => key[0])).toEqual(['1']);
  });
});

describe('sweeping', () => {
  test('removes exactly what is not in use, and counts its bytes', () => {
    const folder = openFolder();
    const keep = folder.tree({ a: 'shared', b: 'kept' });
    const drop = folder.tree({ a: 'shared', c: 'dropped!' });
    const used = usedBy(folder, keep.md5);
    const tree = folder.store.size(drop.md5);
    const swept = sweep(folder.store, folder.receipts, used, new Set(), false);
    expect(swept).toEqual({ blobs: 2, bytes: 8 + tree, receipts: 0 });
    expect(new Set(blobNames(folder.store.cacheDir))).toEqual(used);
    expect(sweep(folder.store, folder.receipts, used, new Set(), false).blobs).toBe(0);
  });

  test('a dry run says the same and removes nothing', () => {
    const folder = openFolder();
    folder.tree({ a: '1' });
    const receipt = folder.receipt('1', {});
    const before = [...blobNames(folder.store.cacheDir)];
    const planned = sweep(folder.store, folder.receipts, new Set(), new Set(), true);
    expect([...blobNames(folder.store.cacheDir)]).toEqual(before);
    expect(existsSync(folder.receipts.path(receipt.key))).toBe(true);
    expect(sweep(folder.store, folder.receipts, new Set(), new Set(), false)).toEqual(planned);
    expect(existsSync(folder.receipts.path(receipt.key))).toBe(false);
  });

  test('in a remote, a copy that nobody has gone on with for a day goes too, a younger one may be under way', () => {
    const { depot } = openFolder();
    const tmp = join(depot.root, 'pipeline/tmp');
    mkdirSync(tmp, { recursive: true });
    for (const name of ['left', 'young']) writeFileSync(join(tmp, name), 'half');
    const [hour, now] = [3600, Date.now() / 1000];
    utimesSync(join(tmp, 'left'), now, now - 25 * hour);
    utimesSync(join(tmp, 'young'), now, now - 23 * hour);
    for (const dryRun of [true, false])
      expect(sweepRemote(depot, new Set(), dryRun)).toEqual({ blobs: 1, bytes: 4, receipts: 0 });
    expect(readdirSync(tmp)).toEqual(['young']);
  });

  test('in a remote, a receipt goes with any of the blobs it names', () => {
    const { store, depot, receipt } = openFolder();
    const [a, b] = [store.put('a'), store.put('b')];
    for (const { md5 } of [a, b]) depot.put(md5, store.path(md5));
    for (const one of [receipt('1', { x: a }), receipt('2', { x: a, y: b })])
      depot.writeText(`receipts/${one.key.slice(0, 2)}/${one.key}.json`, JSON.stringify(one));
    depot.writeText('receipts/zz/torn.json', '{');
    expect(sweepRemote(depot, new Set([a.md5]), false)).toEqual({ blobs: 1, bytes: 1, receipts: 2 });
    expect(depot.textNames('receipts', true)).toEqual([`10/${'1'.padEnd(64, '0')}.json`]);
  });
});
