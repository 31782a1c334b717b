// Every byte that reaches the disk passes here: write to a temporary name, fsync, rename; failures become problems.

import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import type { Md5 } from '../base/digest.ts';
import { type Problem, type ProblemCode, ProblemError } from '../base/problem.ts';
import { cheapestLooker, Look, type Looker, type Mark } from './glance.ts';

const CODES: Readonly<Record<string, ProblemCode>> = {
  ENOSPC: 'store/no-space',
  EDQUOT: 'store/no-space',
  EACCES: 'store/denied',
  EPERM: 'store/denied',
  EROFS: 'store/denied',
};

const HINTS: Readonly<Partial<Record<ProblemCode, string>>> = {
  'store/no-space':
    'free some disk space (`pipeline gc` removes what nothing names) and run again; finished stages are kept',
  'store/denied': 'check the owner and mode of this path; finished stages are kept',
};

export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}

/** Do file work; a system error becomes a problem that names the act and the path. */
export function guard<T>(act: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProblemError || !errorCode(error)) throw error;
    const code = CODES[errorCode(error)] ?? 'store/io';
    const reason = (error as Error).message.split(',')[0] ?? errorCode(error);
    throw new ProblemError(
      { code, message: `cannot ${act}: ${reason}`, facts: { path }, hint: HINTS[code] },
      { cause: error },
    );
  }
}

export function ensureDir(path: string): void {
  guard('make the folder', path, () => fs.mkdirSync(path, { recursive: true }));
}

/** No other thread or process that lives, or lived since the folder was swept, has this start. */
const OWN_NAME = `${process.pid.toString(36)}-${crypto.randomBytes(6).toString('hex')}`;
let named = 0;

/** A name nobody else uses, in a folder that exists. */
export function tempName(dir: string): string {
  return `${dir}/${OWN_NAME}-${(named++).toString(36)}`;
}

export function mark(path: string): Mark | null {
  return statIfAny(path) ?? null;
}

let looker: Looker | null = null;

/** What a path leads to, or `self`, the path itself, is; undefined when nothing is there. */
function lookAt(path: string, self = false): Look | undefined {
  // The system would look at what comes before it.
  if (path.includes('\0')) fs.statSync(path);
  looker ??= cheapestLooker();
  const found = self ? looker.lstat(path) : looker.stat(path);
  return found === undefined ? undefined : new Look(found);
}

/** What a path leads to, or `self`, the path itself, is; undefined when it is not there, also below a file. */
export function statIfAny(path: string, self = false): Look | undefined {
  try {
    const stat = lookAt(path, self);
    if (looks !== null) note(path, self ? lookAt(path) : stat);
    return stat;
  } catch (error) {
    // `throwIfNoEntry` means ENOENT only.
    if (errorCode(error) === 'ENOTDIR') {
      looks?.set(path, null);
      return undefined;
    }
    return guard('look at', path, () => {
      throw error;
    });
  }
}

let looks: Map<string, Mark | null> | null = null;

/**
 * From now on keep what each file and folder was like when this room first looked at it, null for none: an answer that rests
 * on nothing else stays true while all of them look the same.
 */
export function keepLooks(): ReadonlyMap<string, Mark | null> {
  looks = new Map();
  return looks;
}

/** Keep what a path is like before its bytes or names are read, so that a change meanwhile shows. */
function note(path: string, found: Look | undefined): void {
  if (looks?.has(path) === false) looks.set(path, found ?? null);
}

export function exists(path: string): boolean {
  return statIfAny(path, true) !== undefined;
}

export function readBytes(path: string): Uint8Array {
  if (looks !== null) statIfAny(path);
  return guard('read', path, () => fs.readFileSync(path));
}

export function readText(path: string): string {
  if (looks !== null) statIfAny(path);
  return guard('read', path, () => fs.readFileSync(path, 'utf8'));
}

/** Text of a file, or null when there is none. */
export function readTextIfAny(path: string): string | null {
  if (looks !== null) statIfAny(path);
  // Asking first is cheaper than the exception of a missing file, and most receipts that are asked for are missing.
  if (!fs.existsSync(path)) return null;
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    return guard('read', path, () => {
      throw error;
    });
  }
}

/** Replace a file whole: readers see the old bytes or the new, never a part. `fsync: false` is for what can be made again. */
export function writeAtomic(
  path: string,
  bytes: string | Uint8Array,
  tmp: string,
  options: { fsync?: boolean } = {},
): void {
  guard('write', path, () => {
    const temp = tempName(tmp);
    try {
      const fd = fs.openSync(temp, 'wx', 0o666);
      try {
        writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
        if (options.fsync ?? true) fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      moveFile(temp, path);
    } catch (error) {
      remove(temp);
      throw error;
    }
  });
}

/** Write only when the bytes differ, so that a repeated effect changes nothing on disk. */
export function writeIfChanged(path: string, text: string, tmp: string): boolean {
  if (readTextIfAny(path) === text) return false;
  ensureDir(dirname(path));
  writeAtomic(path, text, tmp);
  return true;
}

/** writeSync may write less than it was given. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) from += fs.writeSync(fd, bytes, from, bytes.length - from);
}

/** Rename; between file systems, copy to a name beside the target first, so that the target still appears whole. */
export function moveFile(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    const beside = tempName(dirname(to));
    try {
      fs.copyFileSync(from, beside);
      const fd = fs.openSync(beside, 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(beside, to);
    } finally {
      remove(beside);
    }
    remove(from);
  }
}

export function remove(path: string): void {
  guard('remove', path, () => fs.rmSync(path, { recursive: true, force: true, maxRetries: 2 }));
}

/** A part of the cache next to a core: what was read is hashed from there. */
const CHUNK_BYTES = 1 << 17;
let chunk: Buffer | null = null;

/** md5 and size of a file, read once piece by piece (perf: synchronous reads cost a fifth of streams); of one just looked at, as far as it went. */
export function hashFile(path: string, upTo?: number): { md5: Md5; size: number } {
  const { digest, size } = digestFile(path, 'md5', upTo);
  return { md5: digest as Md5, size };
}

/** The same of a file that another program wrote, which is durable afterwards. */
export function settleFile(path: string): { md5: Md5; size: number } {
  const { digest, size } = digestFile(path, 'md5', Number.POSITIVE_INFINITY, fs.fsyncSync);
  return { md5: digest as Md5, size };
}

export function digestFile(
  path: string,
  algorithm: 'md5' | 'sha256',
  upTo = Number.POSITIVE_INFINITY,
  onRead: (fd: number) => void = () => {},
): { digest: string; size: number } {
  return guard('read', path, () => {
    chunk ??= Buffer.allocUnsafe(CHUNK_BYTES);
    const fd = fs.openSync(path, 'r');
    let hash: crypto.Hash | null = null;
    let size = 0;
    let held = 0;
    try {
      // One read fewer: most files are small, and that they end where they ended a moment ago needs no asking.
      while (size < upTo) {
        if (held === CHUNK_BYTES) [hash, held] = [(hash ?? crypto.createHash(algorithm)).update(chunk), 0];
        const got = fs.readSync(fd, chunk, held, CHUNK_BYTES - held, null);
        if (got === 0) break;
        held += got;
        size += got;
      }
      onRead(fd);
    } finally {
      fs.closeSync(fd);
    }
    const last = chunk.subarray(0, held);
    // What fits into one piece needs no stream, which costs more than the bytes of a small file.
    const isWhole = hash === null && crypto.hash !== undefined;
    const streamed = () => (hash ?? crypto.createHash(algorithm)).update(last).digest('hex');
    return { digest: isWhole ? crypto.hash(algorithm, last, 'hex') : streamed(), size };
  });
}

/** Bytes that wait in memory before there is a file for them. */
const HELD_BYTES = 1 << 18;

/** A file that is hashed while it is written; `finish` leaves it closed, durable and unnamed to others until the caller renames it. */
export class HashingFile {
  readonly path: string;
  #fd = -1;
  #hash = crypto.createHash('md5');
  #size = 0;
  #held: Uint8Array[] = [];

  constructor(tmp: string) {
    this.path = tempName(tmp);
  }

  /** The bytes are copied, or written, before this returns. */
  write(bytes: Uint8Array | string): void {
    const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#hash.update(part);
    this.#size += part.length;
    const holds = this.#fd < 0 && this.#size <= HELD_BYTES;
    this.#held.push(holds ? Uint8Array.from(part) : part);
    if (!holds) this.#flush();
  }

  #flush(): void {
    guard('write', this.path, () => {
      if (this.#fd < 0) this.#fd = fs.openSync(this.path, 'wx', 0o666);
      for (const part of this.#held) writeAll(this.#fd, part);
    });
    this.#held = [];
  }

  /** Without a path when it is small and its bytes are known by their md5: then nothing is written. */
  finish(): { path: string; md5: Md5; size: number };
  finish(isKnown: (md5: Md5) => boolean): { path: string | null; md5: Md5; size: number };
  finish(isKnown?: (md5: Md5) => boolean): { path: string | null; md5: Md5; size: number } {
    const md5 = this.#hash.digest('hex') as Md5;
    if (this.#fd < 0 && isKnown?.(md5)) return { path: null, md5, size: this.#size };
    this.#flush();
    guard('write', this.path, () => {
      try {
        fs.fsyncSync(this.#fd);
      } finally {
        this.#close();
      }
    });
    return { path: this.path, md5, size: this.#size };
  }

  abandon(): void {
    this.#held = [];
    this.#close();
    remove(this.path);
  }

  #close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    fs.closeSync(fd);
  }
}

/**
 * Copy a file to a temporary name in `tmp` and hash what has come there; null when there is no such file. The system copies without passing
 * bytes through here, or shares them where the file system can (perf: reading and writing piece by piece cost a quarter more).
 */
export function copyHashing(from: string, tmp: string): { path: string; md5: Md5; size: number } | null {
  if (statIfAny(from) === undefined) return null;
  const path = tempName(tmp);
  try {
    guard('copy', from, () => {
      fs.copyFileSync(from, path, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
      // The copy has the mode of the original, which others may own and we may read.
      fs.chmodSync(path, 0o644);
    });
    return { path, ...settleFile(path) };
  } catch (error) {
    remove(path);
    throw error;
  }
}

/** Names in a folder in code-unit order; none when there is no such folder. */
export function listNames(path: string): string[] {
  if (looks !== null) statIfAny(path);
  return guard('list', path, () => {
    try {
      return fs.readdirSync(path).sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
      throw error;
    }
  });
}

export interface Walked {
  /** Path below the root with `/`, as the file system returns the name. */
  readonly relpath: string;
  readonly kind: 'file' | 'link' | 'other';
  readonly executable: boolean;
  readonly mark: Mark;
}

/** Files below a folder in code-unit order of names, folder by folder; folders' own marks go to `onFolder`, folders to `skip` are left out. Links are reported, not followed. */
export function walk(
  root: string,
  onFolder?: (relpath: string, mark: Mark) => void,
  skip: (relpath: string) => boolean = () => false,
): Walked[] {
  const found: Walked[] = [];
  const visit = (dir: string, prefix: string) => {
    const own = lookAt(dir);
    if (own !== undefined) {
      note(dir, own);
      onFolder?.(prefix === '' ? '' : prefix.slice(0, -1), own);
    }
    for (const name of fs.readdirSync(dir).sort()) {
      const path = `${dir}/${name}`;
      const stat = lookAt(path, true);
      if (stat === undefined) {
        // Gone meanwhile, or never there under a name that Node could not decode.
        if (name.includes('\ufffd')) throw new ProblemError(undecodable(dir, name));
        continue;
      }
      if (stat.isDirectory()) {
        if (!skip(prefix + name)) visit(path, `${prefix}${name}/`);
      } else {
        const kind = stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : 'other';
        found.push({ relpath: prefix + name, kind, executable: (stat.mode & 0o111) !== 0, mark: stat });
      }
    }
  };
  guard('list', root, () => visit(root, ''));
  return found;
}

function undecodable(folder: string, name: string): Problem {
  return {
    code: 'store/io',
    message: 'cannot list: a name is not valid UTF-8',
    facts: { folder, name },
    hint: 'rename the file; trees hold names as Unicode text',
  };
}
