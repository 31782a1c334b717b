// Content-addressed blobs in DVC's own cache layout: what an md5 names is here whole, verified and read-only, or not at all.
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { type Md5, md5 as md5Of } from '../base/digest.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import {
  copyHashing,
  ensureDir,
  errorCode,
  exists,
  guard,
  HashingFile,
  moveFile,
  readBytes,
  remove,
  tempName,
} from './files.ts';
import type { Marks } from './marks.ts';
import { inDvcOrder, parseTree, printTree, type TreeEntry, treeDigest } from './tree.ts';

export type LinkType = 'reflink' | 'hardlink' | 'symlink' | 'copy';

/** One output's content: a file's md5, or a tree's md5 with `.dir`, its total bytes and number of files. */
export interface Artifact {
  readonly md5: Md5;
  readonly size: number;
  readonly nfiles?: number;
  /** Of a shard's tree, which has no object in the store: what that would list. */
  readonly files?: readonly SizedEntry[];
}

export interface SizedEntry extends TreeEntry {
  readonly size: number;
}

/** Link errors that mean "this kind does not work here, try the next" (dvc-formats 6.2). */
const UNSUPPORTED = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EXDEV',
  'ENOTTY',
  'ENOSYS',
  'EINVAL',
  'EAGAIN',
  'EMLINK',
]);

/** Errors that mean "this folder cannot be renamed to there". */
const TAKEN = new Set(['EXDEV', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

export class BlobStore {
  readonly cacheDir: string;
  /** On the cache's file system and outside the folders `dvc gc` sweeps. */
  readonly tmp: string;
  readonly marks: Marks;
  /** A cache that is only read, for what is not in ours. */
  readonly #behind: string | null;
  readonly #quarantine: string;
  /** For temporary names on the workspace's file system. */
  readonly #laying: string;
  #links: LinkType[];
  /** Folders of blobs that are there. */
  readonly #folders = new Set<string>();
  readonly #trees = new Map<string, readonly TreeEntry[]>();
  /** Blobs found damaged in this process. */
  readonly quarantined = new Set<string>();
  /** Called when a blob was found damaged and moved aside. */
  onQuarantine: (md5: string, movedTo: string) => void = () => {};

  constructor(options: {
    cacheDir: string;
    behind?: string;
    quarantine: string;
    laying: string;
    links: readonly LinkType[];
    marks: Marks;
  }) {
    this.cacheDir = options.cacheDir;
    this.#behind = options.behind ?? null;
    this.tmp = join(options.cacheDir, 'pipeline-tmp');
    this.#quarantine = options.quarantine;
    this.#laying = options.laying;
    this.#links = [...options.links];
    this.marks = options.marks;
    ensureDir(this.tmp);
  }

  /** Where the blob is, or would be put. */
  path(md5: string): string {
    const own = blobPath(this.cacheDir, md5);
    if (this.#behind === null || exists(own)) return own;
    const behind = blobPath(this.#behind, md5);
    return exists(behind) ? behind : own;
  }

  /** Whether the blob is here with the right bytes; a damaged one is moved to quarantine and counts as absent. */
  has(md5: string): boolean {
    const path = this.path(md5);
    if (this.marks.stands(path, md5.slice(0, 32))) return true;
    const found = this.marks.md5(path);
    if (found === null) return false;
    if (found.md5 === md5.slice(0, 32)) return true;
    // The cache behind is another's: only read.
    if (path !== blobPath(this.cacheDir, md5)) return false;
    ensureDir(this.#quarantine);
    const movedTo = join(this.#quarantine, `${md5}-${found.md5}`);
    guard('quarantine', path, () => moveFile(path, movedTo));
    this.marks.forget(path);
    this.#trees.delete(md5);
    this.quarantined.add(md5);
    this.onQuarantine(md5, movedTo);
    return false;
  }

  /** The blobs of an artifact that are absent or damaged: its own and, of a tree, every one it lists. */
  missing({ md5, files }: Artifact): string[] {
    if (files === undefined && !this.has(md5)) return [md5];
    if (!md5.endsWith('.dir')) return [];
    return (files ?? this.readTree(md5)).map((entry) => entry.md5).filter((entry) => !this.has(entry));
  }

  read(md5: string): Uint8Array {
    if (!this.has(md5)) throw new ProblemError(missingBlob(md5));
    return readBytes(this.path(md5));
  }

  readTree(md5: string): readonly TreeEntry[] {
    const known = this.#trees.get(md5);
    if (known !== undefined) return known;
    const entries = parseTree(this.read(md5));
    this.#trees.set(md5, entries);
    return entries;
  }

  /** Bytes of a blob that is here. */
  size(md5: string): number {
    return this.marks.md5(this.path(md5))?.size ?? 0;
  }

  /** Entries of an artifact, one file being a tree of one file called `name`. */
  entries(md5: Md5, name: string): readonly TreeEntry[] {
    return md5.endsWith('.dir') ? this.readTree(md5) : [{ relpath: name, md5 }];
  }

  /** Move a finished temporary file, whose md5 was computed while it was written, to its final name; without one it must be here. */
  adopt({ path: temp, md5, size }: { path: string | null; md5: Md5; size: number }): Artifact {
    if (this.has(md5)) {
      if (temp !== null) guard('remove', temp, () => fs.unlinkSync(temp));
      return { md5, size };
    }
    if (temp === null) throw new ProblemError(missingBlob(md5));
    const path = blobPath(this.cacheDir, md5);
    guard('store', path, () => {
      try {
        fs.chmodSync(temp, 0o444);
        this.#ensureFolder(path);
        fs.renameSync(temp, path);
      } catch (error) {
        remove(temp);
        throw error;
      }
    });
    this.marks.note(path, md5.slice(0, 32));
    return { md5, size };
  }

  put(bytes: Uint8Array | string): Artifact {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const md5 = md5Of(data);
    return this.has(md5) ? { md5, size: data.length } : this.#write(data, md5);
  }

  #write(bytes: Uint8Array, md5: Md5): Artifact {
    const file = new HashingFile(this.tmp);
    try {
      file.write(bytes);
      return this.adopt({ ...file.finish(), md5 });
    } catch (error) {
      file.abandon();
      throw error;
    }
  }

  /** Copy a file from anywhere into the store, hashing on the way. */
  import(path: string): Artifact {
    const copy = copyHashing(path, this.tmp);
    if (copy !== null) return this.adopt(copy);
    throw new ProblemError({ code: 'store/io', message: 'cannot read: there is no such file', facts: { path } });
  }

  /** Store the object of a tree; its files must be stored before, so that a tree never names what is not there. */
  putTree(entries: readonly SizedEntry[]): Artifact {
    const bytes = printTree(entries);
    const { files: _, ...tree } = this.#listed(`${md5Of(bytes)}.dir` as Md5, entries);
    if (!this.has(tree.md5)) this.#write(bytes, tree.md5);
    return tree;
  }

  /** A tree that only this process and receipts know: no object, which would cost a shard as much as its file. */
  listTree(entries: readonly SizedEntry[]): Artifact {
    return this.#listed(treeDigest(entries), entries);
  }

  /** In the order a reader of the object sees, whatever order they were made in. */
  #listed(md5: Md5, entries: readonly SizedEntry[]): Required<Artifact> {
    const files = inDvcOrder(entries).map((entry) => ({ relpath: entry.relpath, md5: entry.md5, size: entry.size }));
    this.#trees.set(
      md5,
      files.map(({ relpath, md5: id }) => ({ relpath, md5: id })),
    );
    return { md5, size: files.reduce((sum, { size }) => sum + size, 0), nfiles: files.length, files };
  }

  /** Put a blob at a workspace path by the first link type that works; the old file is replaced whole. */
  link(md5: string, path: string): void {
    guard('lay out', path, () => {
      const blob = this.path(md5);
      if (this.#links[0] === 'hardlink' && this.#linkNew(blob, path, md5)) return;
      const temp = tempName(this.#laying);
      try {
        this.#linkTo(blob, temp);
        // Renaming over a file makes some file systems flush the new one at once; the workspace can be laid out again.
        if (exists(path)) fs.unlinkSync(path);
        inFolder(path, () => fs.renameSync(temp, path));
      } catch (error) {
        remove(temp);
        throw error;
      }
      this.marks.note(path, md5);
      // A hard link changes the blob's own times.
      if (this.#links[0] === 'hardlink') this.marks.note(blob, md5);
    });
  }

  /**
   * Put blobs at places below a folder that is not there: it is made beside and appears whole, by one rename. False, with nothing
   * done, when it cannot appear so: on another file system, or because something has come there meanwhile.
   */
  linkAll(files: readonly (readonly [string, string])[], folders: Iterable<string>, path: string): boolean {
    const temp = tempName(this.#laying);
    return guard('lay out', path, () => {
      try {
        for (const folder of folders) fs.mkdirSync(`${temp}/${folder}`, { recursive: true });
        for (const [relpath, md5] of files) this.#linkFresh(md5, `${temp}/${relpath}`, `${path}/${relpath}`);
        ensureDir(dirname(path));
        fs.renameSync(temp, path);
        return true;
      } catch (error) {
        remove(temp);
        if (!TAKEN.has(errorCode(error))) throw error;
        return false;
      }
    });
  }

  /** A new file that will be called `shown`. */
  #linkFresh(md5: string, to: string, shown: string): void {
    const blob = this.path(md5);
    if (this.#links[0] === 'hardlink' && this.#linkNew(blob, to, md5, shown)) return;
    this.#linkTo(blob, to);
    this.marks.note(shown, md5, to);
  }

  /** Link a name that is not taken: one step, whole or not at all. False when it needs the longer way. */
  #linkNew(blob: string, path: string, md5: string, shown = path): boolean {
    try {
      inFolder(path, () => fs.linkSync(blob, path));
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' && !this.#next(error)) throw error;
      return false;
    }
    const size = this.marks.noteTwo(shown, blob, md5, path);
    // DVC creates empty files anew, so that they do not use up link counts.
    if (size === 0) fs.unlinkSync(path);
    return size > 0;
  }

  #ensureFolder(path: string): void {
    const folder = dirname(path);
    if (this.#folders.has(folder)) return;
    fs.mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
  }

  #linkTo(from: string, to: string): void {
    for (;;) {
      const type = this.#links[0] ?? 'copy';
      try {
        linkAs(type, from, to);
        return;
      } catch (error) {
        if (!this.#next(error)) throw error;
      }
    }
  }

  /** Go on to the next link type for good, when the error says that this one does not work here and there is another. */
  #next(error: unknown): boolean {
    if (this.#links.length < 2 || !UNSUPPORTED.has(errorCode(error))) return false;
    this.#links = this.#links.slice(1);
    return true;
  }
}

/** Name a file in a folder that most often is there: looking first would cost two calls a file. */
function inFolder(path: string, name: () => void): void {
  try {
    name();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    ensureDir(dirname(path));
    name();
  }
}

/** Where an md5 lies under a cache or a local remote (dvc-formats 4.2, 4.4). */
export function blobPath(root: string, md5: string): string {
  return `${root}/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`;
}

function linkAs(type: LinkType, from: string, to: string): void {
  if (type === 'symlink') fs.symlinkSync(from, to);
  // DVC creates empty files anew, so that they do not use up link counts.
  else if (type === 'hardlink' && fs.statSync(from).size > 0) fs.linkSync(from, to);
  else {
    fs.copyFileSync(from, to, type === 'reflink' ? fs.constants.COPYFILE_FICLONE_FORCE : fs.constants.COPYFILE_EXCL);
    fs.chmodSync(to, 0o666 & ~umask());
  }
}

let knownUmask: number | null = null;
function umask(): number {
  knownUmask ??= process.umask();
  return knownUmask;
}

export function missingBlob(md5: string): Problem {
  return {
    code: 'store/missing',
    message: `the store has no ${md5.endsWith('.dir') ? 'tree' : 'file'} ${md5}`,
    hint: '`pipeline pull` fetches it from the remote; `pipeline run` makes it again',
  };
}
