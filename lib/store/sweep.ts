// Collects blobs that nothing names: trees go before the files they list, so that a tree never outlives its files.
import * as fs from 'node:fs';
import type { BlobStore } from './blob.ts';
import { blobNames, type Depot } from './depot.ts';
import { guard, remove } from './files.ts';
import { contentOf, parseReceipt, type Receipt, type Receipts } from './receipt.ts';

export interface Swept {
  readonly blobs: number;
  readonly bytes: number;
  readonly receipts: number;
}

/** Digests of these artifacts and of every file their trees list. `unknown` hears of trees nobody can read. */
export function closure(
  md5s: Iterable<string>,
  readTree: (md5: string) => readonly { readonly md5: string }[] | null,
  unknown: (md5: string) => void,
): Set<string> {
  const used = new Set<string>();
  for (const md5 of md5s) {
    if (used.has(md5)) continue;
    used.add(md5);
    if (!md5.endsWith('.dir')) continue;
    const entries = readTree(md5);
    if (entries === null) unknown(md5);
    for (const entry of entries ?? []) used.add(entry.md5);
  }
  return used;
}

/** Receipts that stay: those named, and those whose outputs are all in use anyway. */
export function receiptsInUse(receipts: Receipts, named: ReadonlySet<string>, used: ReadonlySet<string>): Receipt[] {
  const stays = (receipt: Receipt) => named.has(receipt.key) || isWholeIn(receipt, used);
  return [...receipts.all()].filter(stays);
}

function isWholeIn(receipt: Receipt, used: ReadonlySet<string>): boolean {
  return contentOf(receipt).every(({ md5 }) => used.has(md5));
}

/** Remove the store's blobs and receipts that are not in use; with `dryRun`, only count them. */
export function sweep(
  store: BlobStore,
  receipts: Receipts,
  used: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  dryRun: boolean,
): Swept {
  // Receipts first: one without its blobs costs a run, a blob without its receipt only space.
  let count = 0;
  for (const { key } of [...receipts.all()]) {
    if (kept.has(key)) continue;
    count++;
    if (!dryRun) receipts.remove(key);
  }
  const unused = unusedBlobs(store.cacheDir, used).map((md5) => store.path(md5));
  return { ...sweepFiles(unused, dryRun), receipts: count };
}

/** The same for a remote; receipts there go with any of the blobs they name, and copies nobody finished count as blobs. */
export function sweepRemote(depot: Depot, used: ReadonlySet<string>, dryRun: boolean): Swept {
  let count = 0;
  for (const name of depot.textNames('receipts', true)) {
    const path = `receipts/${name}`;
    const receipt = parseReceipt(depot.readText(path) ?? '');
    if (receipt !== null && isWholeIn(receipt, used)) continue;
    count++;
    if (!dryRun) depot.removeText(path);
  }
  const unused = unusedBlobs(depot.root, used).map((md5) => depot.path(md5));
  return { ...sweepFiles([...unused, ...depot.leftovers()], dryRun), receipts: count };
}

/** Trees first. */
function unusedBlobs(root: string, used: ReadonlySet<string>): string[] {
  const unused = [...blobNames(root)].filter((md5) => !used.has(md5));
  const isTree = (name: string) => name.endsWith('.dir');
  return [...unused.filter(isTree), ...unused.filter((name) => !isTree(name))];
}

function sweepFiles(paths: readonly string[], dryRun: boolean): { blobs: number; bytes: number } {
  let bytes = 0;
  for (const path of paths) {
    bytes += guard('look at', path, () => fs.statSync(path).size);
    if (!dryRun) remove(path);
  }
  return { blobs: paths.length, bytes };
}
