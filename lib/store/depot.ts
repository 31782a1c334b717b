// A folder that keeps blobs in DVC's layout for other machines (a local remote); none of its bytes are taken on trust.
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { nowMs } from '../base/clock.ts';
import { type Md5, md5 as md5Of } from '../base/digest.ts';
import { type BlobStore, blobPath } from './blob.ts';
import {
  copyHashing,
  ensureDir,
  exists,
  guard,
  hashFile,
  listNames,
  readBytes,
  readTextIfAny,
  remove,
  statIfAny,
  writeAtomic,
} from './files.ts';

/** What came of copying one blob: its bytes, or the digest of what lay there under its name. */
export type Copied = { readonly bytes: number } | { readonly found: string } | 'absent';

export class Depot {
  readonly root: string;
  /** On the same file system as the blobs, and out of reach of `dvc gc -c` (it sweeps folders of two letters). */
  readonly #tmp: string;
  #names: Set<string> | null = null;

  constructor(root: string) {
    this.root = root;
    this.#tmp = join(root, 'pipeline', 'tmp');
  }

  isThere(): boolean {
    return exists(this.root);
  }

  path(md5: string): string {
    return blobPath(this.root, md5);
  }

  /** Whether one blob is here, without listing all. */
  has(md5: string): boolean {
    return exists(this.path(md5));
  }

  /** Digests of all blobs here: one listing of at most 256 folders, however many files a push is about. */
  names(): ReadonlySet<string> {
    this.#names ??= new Set(blobNames(this.root));
    return this.#names;
  }

  /** Copy a blob here from a file that should have these bytes; nothing appears under the name unless it has. */
  put(md5: string, from: string): Copied {
    ensureDir(this.#tmp);
    const temp = copyHashing(from, this.#tmp);
    if (temp === null) return 'absent';
    if (temp.md5 !== md5.slice(0, 32)) {
      remove(temp.path);
      return { found: temp.md5 };
    }
    const path = this.path(md5);
    guard('store', path, () => {
      fs.chmodSync(temp.path, 0o444);
      ensureDir(dirname(path));
      fs.renameSync(temp.path, path);
    });
    this.#names?.add(md5);
    return { bytes: temp.size };
  }

  /** Copy a blob from here into the store, hashing on the way; a wrong one leaves the store as it was. */
  take(md5: string, store: BlobStore): Copied {
    const temp = copyHashing(this.path(md5), store.tmp);
    if (temp === null) return 'absent';
    if (temp.md5 !== md5.slice(0, 32)) {
      remove(temp.path);
      return { found: temp.md5 };
    }
    store.adopt({ ...temp, md5: md5 as Md5 });
    return { bytes: temp.size };
  }

  /** md5 of what lies under a blob's name; null when nothing does. */
  digest(md5: string): string | null {
    return this.has(md5) ? hashFile(this.path(md5)).md5 : null;
  }

  /** A blob's bytes when they are what its name says. */
  read(md5: string): Uint8Array | { readonly found: string } | 'absent' {
    if (!exists(this.path(md5))) return 'absent';
    const bytes = readBytes(this.path(md5));
    const found = md5Of(bytes);
    return found === md5.slice(0, 32) ? bytes : { found };
  }

  /** Move a damaged blob out of the way, so that the next push puts a good one. */
  setAside(md5: string): string {
    const aside = join(this.root, 'pipeline', 'quarantine', md5);
    ensureDir(dirname(aside));
    guard('quarantine', this.path(md5), () => fs.renameSync(this.path(md5), aside));
    this.#names?.delete(md5);
    return aside;
  }

  /** A text of ours beside the blobs, by its name below `pipeline/`. */
  readText(name: string): string | null {
    return readTextIfAny(join(this.root, 'pipeline', name));
  }

  /** Replace a text of ours; false when it was so already. */
  writeText(name: string, text: string): boolean {
    if (this.readText(name) === text) return false;
    const path = join(this.root, 'pipeline', name);
    ensureDir(this.#tmp);
    ensureDir(dirname(path));
    writeAtomic(path, text, this.#tmp);
    return true;
  }

  removeText(name: string): void {
    remove(join(this.root, 'pipeline', name));
  }

  /** Copies that were begun and have not grown for a day: whoever made them is gone, on this machine or another. */
  leftovers(): string[] {
    const dayAgoMs = nowMs() - 86_400_000;
    const paths = listNames(this.#tmp).map((name) => join(this.#tmp, name));
    return paths.filter((path) => (statIfAny(path)?.mtimeMs ?? dayAgoMs) < dayAgoMs);
  }

  /** Names below a folder of ours; with `split`, of the files in its folders, as `ab/name`. */
  textNames(folder: string, split: boolean): string[] {
    const path = join(this.root, 'pipeline', folder);
    if (!split) return listNames(path);
    return listNames(path).flatMap((part) => listNames(join(path, part)).map((name) => `${part}/${name}`));
  }
}

/** Digests of all blobs under a cache or a local remote. */
export function* blobNames(root: string): Generator<string> {
  const top = join(root, 'files', 'md5');
  for (const folder of listNames(top)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const name of listNames(join(top, folder))) if (/^[0-9a-f]{30}(\.dir)?$/.test(name)) yield folder + name;
  }
}

/** Whether DVC 2 left an object of this name: its digests mean other bytes (dvc-formats 4.3), so it is never read. */
export function hasLegacy(root: string, md5: string): boolean {
  return exists(`${root}/${md5.slice(0, 2)}/${md5.slice(2)}`);
}

/** Move what another cache made into the store, files before trees; what is damaged there is left out. */
export function absorb(root: string, store: BlobStore): void {
  if (!exists(root)) return;
  const depot = new Depot(root);
  const names = [...depot.names()];
  for (const md5 of [...names.filter((name) => !name.endsWith('.dir')), ...names]) {
    if (!store.has(md5)) depot.take(md5, store);
  }
  remove(root);
}
