// Artifacts and receipts between the store and a local-folder remote in DVC's own layout: files first, trees last (dvc-formats 12.5).
import type { Md5 } from '../base/digest.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import type { BlobStore } from '../store/blob.ts';
import { type Copied, type Depot, hasLegacy } from '../store/depot.ts';
import { contentOf, parseReceipt, type Receipt, type Receipts } from '../store/receipt.ts';
import { parseTree, type TreeEntry } from '../store/tree.ts';

/** An artifact and how people call it. */
export interface Wanted {
  readonly md5: Md5;
  readonly name: string;
  /** Not missed when it is neither here nor there. */
  readonly optional?: boolean;
}

export interface Moved {
  readonly blobs: number;
  readonly bytes: number;
  readonly receipts: number;
  /** What could not be moved; everything else was. */
  readonly problems: readonly Problem[];
}

/** What makes a dataset more than its bytes: the pointer, and keys of the receipts that give a colleague cache hits. */
export interface DatasetRecord {
  readonly format: 1;
  readonly pointer: string;
  readonly text: string;
  readonly keys: readonly string[];
}

/** Put what the remote lacks of these artifacts and receipts. A tree goes up only when all its files are there. */
export function push(
  store: BlobStore,
  depot: Depot,
  wanted: readonly Wanted[],
  receipts: readonly Receipt[] = [],
): Moved {
  const there = depot.names();
  const problems = new Map<string, Problem>();
  let [blobs, bytes] = [0, 0];
  const put = (md5: string, name: string) => {
    if (there.has(md5) || problems.has(md5)) return;
    const copied: Copied = store.has(md5) ? depot.put(md5, store.path(md5)) : 'absent';
    if (copied === 'absent') problems.set(md5, missingHere(store, md5, name));
    else if ('found' in copied) {
      // Its marks looked right, its bytes are not: read it again and move it out of the way.
      store.marks.forget(store.path(md5));
      store.has(md5);
      problems.set(md5, damaged('the cache', md5, name, copied.found, '`pipeline run` makes it again'));
    } else [blobs, bytes] = [blobs + 1, bytes + copied.bytes];
  };
  const trees = new Map<Md5, { name: string; entries: readonly TreeEntry[] }>();
  for (const { md5, name, optional } of wanted) {
    if (optional && !store.has(md5)) continue;
    if (!md5.endsWith('.dir')) put(md5, name);
    else if (store.has(md5)) trees.set(md5, { name, entries: store.readTree(md5) });
    else if (!there.has(md5)) problems.set(md5, missingHere(store, md5, name));
  }
  for (const { name, entries } of trees.values())
    for (const entry of entries) put(entry.md5, `${name}/${entry.relpath}`);
  for (const [md5, { name, entries }] of trees) if (entries.every((entry) => there.has(entry.md5))) put(md5, name);
  const sent = receipts.filter((receipt) => contentOf(receipt).every(({ md5 }) => there.has(md5)));
  const known = new Set(sent.length === 0 ? [] : depot.textNames('receipts', true));
  let count = 0;
  for (const receipt of sent) {
    const name = receiptName(receipt.key);
    if (known.has(name)) continue;
    depot.writeText(`receipts/${name}`, `${JSON.stringify(receipt)}\n`);
    count++;
  }
  return { blobs, bytes, receipts: count, problems: [...problems.values()] };
}

/** Take what the store lacks of these artifacts; every byte is hashed on the way, and a wrong one changes nothing here. */
export function pull(store: BlobStore, depot: Depot, wanted: readonly Wanted[]): Moved {
  const problems = new Map<string, Problem>();
  let [blobs, bytes] = [0, 0];
  const take = (md5: string, name: string): boolean => {
    if (store.has(md5)) return true;
    if (problems.has(md5)) return false;
    const copied = depot.take(md5, store);
    if (copied === 'absent') problems.set(md5, missingThere(store, depot, md5, name));
    else if ('found' in copied) problems.set(md5, damagedThere(md5, name, copied.found));
    else [blobs, bytes] = [blobs + 1, bytes + copied.bytes];
    return typeof copied === 'object' && 'bytes' in copied;
  };
  for (const { md5, name, optional } of wanted) {
    if (optional && !store.has(md5) && !depot.has(md5)) continue;
    if (!md5.endsWith('.dir')) {
      take(md5, name);
      continue;
    }
    const entries = treeAt(store, depot, md5, name, problems);
    const whole = entries?.map((entry) => take(entry.md5, `${name}/${entry.relpath}`)).every(Boolean);
    // The tree comes last, so that one in the store never names what is not there.
    if (whole) take(md5, name);
  }
  return { blobs, bytes, receipts: 0, problems: [...problems.values()] };
}

/** What a tree lists, from the store or else from the remote; null with a problem when neither can say. */
export function treeAt(
  store: BlobStore,
  depot: Depot,
  md5: Md5,
  name: string,
  problems: Map<string, Problem>,
): readonly TreeEntry[] | null {
  if (store.has(md5)) return store.readTree(md5);
  const read = depot.read(md5);
  if (read === 'absent') problems.set(md5, missingThere(store, depot, md5, name));
  else if ('found' in read) problems.set(md5, damagedThere(md5, name, read.found));
  else return parseTree(read);
  return null;
}

/** Take receipts and what they name. One that is torn, lies under another's name or names lost blobs is left where it is. */
export function pullReceipts(store: BlobStore, receipts: Receipts, depot: Depot, keys: readonly string[]): Moved {
  let [blobs, bytes, count] = [0, 0, 0];
  for (const key of keys) {
    if (receipts.read(key) !== null) continue;
    const receipt = parseReceipt(depot.readText(`receipts/${receiptName(key)}`) ?? '');
    if (receipt?.key !== key) continue;
    const moved = pull(store, depot, contentOf(receipt));
    [blobs, bytes] = [blobs + moved.blobs, bytes + moved.bytes];
    if (moved.problems.length > 0) continue;
    receipts.write(receipt);
    count++;
  }
  return { blobs, bytes, receipts: count, problems: [] };
}

/** Hash these artifacts in the remote; what is damaged is moved aside there, so that a push can heal it. */
export function verifyRemote(store: BlobStore, depot: Depot, wanted: readonly Wanted[]): Problem[] {
  const problems = new Map<string, Problem>();
  const checked = new Set<string>();
  const check = (md5: string, name: string) => {
    if (checked.has(md5)) return;
    checked.add(md5);
    const found = depot.digest(md5);
    if (found === null) problems.set(md5, missingThere(store, depot, md5, name));
    else if (found !== md5.slice(0, 32)) {
      depot.setAside(md5);
      problems.set(md5, damagedThere(md5, name, found));
    }
  };
  for (const { md5, name, optional } of wanted) {
    if (optional && !depot.has(md5)) continue;
    check(md5, name);
    const entries = md5.endsWith('.dir') && !problems.has(md5) ? treeAt(store, depot, md5, name, problems) : null;
    for (const entry of entries ?? []) check(entry.md5, `${name}/${entry.relpath}`);
  }
  return [...problems.values()];
}

export function writeRecord(depot: Depot, name: string, record: DatasetRecord): void {
  depot.writeText(`datasets/${name}.json`, `${JSON.stringify(record)}\n`);
}

/** The record of a dataset, or null when there is none that can be used: it comes from strangers. */
export function readRecord(depot: Depot, name: string): DatasetRecord | null {
  return /^[\w.-]+$/.test(name) ? parseRecord(depot.readText(`datasets/${name}.json`)) : null;
}

export function parseRecord(text: string | null): DatasetRecord | null {
  try {
    const value = JSON.parse(text ?? 'null') as DatasetRecord | null;
    const whole =
      value?.format === 1 &&
      typeof value.pointer === 'string' &&
      typeof value.text === 'string' &&
      Array.isArray(value.keys) &&
      value.keys.every((key) => /^[0-9a-f]{64}$/.test(String(key)));
    return whole ? value : null;
  } catch {
    return null;
  }
}

/** Names of the datasets the remote has records of. */
export function recordNames(depot: Depot): string[] {
  return depot.textNames('datasets', false).map((name) => name.replace(/\.json$/, ''));
}

function receiptName(key: string): string {
  return `${key.slice(0, 2)}/${key}.json`;
}

/** The remote's folder must be there before anything is read from it. */
export function mustExist(depot: Depot, remote: string): void {
  if (depot.isThere()) return;
  throw new ProblemError({
    code: 'remote/not-found',
    message: `the folder of the remote ${remote} is not there`,
    facts: { url: depot.root },
    hint: 'mount it, or correct it with `pipeline remote set`; `pipeline push` makes it',
  });
}

function missingHere(store: BlobStore, md5: string, name: string): Problem {
  if (hasLegacy(store.cacheDir, md5)) return legacy('the cache', md5, name);
  return {
    code: 'store/missing',
    message: `neither the cache nor the remote has ${name}`,
    facts: { md5 },
    hint: '`pipeline run` makes it again',
  };
}

function missingThere(store: BlobStore, depot: Depot, md5: string, name: string): Problem {
  if (hasLegacy(depot.root, md5)) return legacy('the remote', md5, name);
  if (hasLegacy(store.cacheDir, md5)) return legacy('the cache', md5, name);
  return {
    code: 'remote/not-found',
    message: `the remote does not have ${name}`,
    facts: { md5 },
    hint: 'push it from where it was made, or make it again with `pipeline run`',
  };
}

function damagedThere(md5: string, name: string, found: string): Problem {
  const hint = '`pipeline verify --remote` and then `pipeline push`, where it was made, put a good copy there';
  return damaged('the remote', md5, name, found, hint);
}

function damaged(where: string, md5: string, name: string, found: string, hint: string): Problem {
  return {
    code: 'store/corrupt',
    message: `${name} is damaged in ${where}`,
    facts: { md5, found },
    hint,
  };
}

function legacy(where: string, md5: string, name: string): Problem {
  return {
    code: 'store/legacy-layout',
    message: `${where} has ${name} only as DVC 2 kept it, where a digest means other bytes`,
    facts: { md5 },
    hint: 'run `dvc cache migrate` with DVC 3 where the data was made, then push again',
  };
}
