// One look at a path for a third of what `fs.statSync` costs, for those who look at thousands.
import { constants, lstatSync, statSync } from 'node:fs';

/** Fields of `struct stat` as Node's own binding lists them, good until the next look; times in seconds and nanoseconds. */
export type Fields = ArrayLike<number>;
export const MODE = 1;
export const INO = 7;
export const SIZE = 8;
export const MTIME = 12;
export const CTIME = 14;

/** What a path is, undefined when nothing is there. Throws what `statSync` throws for anything else. */
export type Glance = (path: string) => Fields | undefined;

export interface Looker {
  /** What a path leads to. */
  readonly stat: Glance;
  /** What a path itself is. */
  readonly lstat: Glance;
  /** The MARK_FIELDS of the last look in two parts, to be copied without a number made on the way. */
  readonly own: Float64Array;
  readonly times: Float64Array;
}

/** Inode, size, seconds and nanoseconds of the modification and of the change: what a mark is made of, in this order. */
export const MARK_FIELDS = 6;
export const SIZE_AT = 1;
export const CTIME_AT = 4;

/** A time as `Stats` has it. */
export function timeMs(fields: Fields, at: typeof MTIME | typeof CTIME): number {
  return (fields[at] as number) * 1000 + (fields[at + 1] as number) / 1e6;
}

/** What `statSync` and `lstatSync` call. */
type BoundLook = (path: string, bigint: false, request: undefined, throwIfNoEntry: unknown) => Fields | undefined;

/** What a file looked like: equal marks and an age beyond the clock's grain mean equal bytes (settled point 13). */
export interface Mark {
  readonly ino: number;
  readonly size: number;
  /** Seconds, and nanoseconds within the second. */
  readonly mtimeS: number;
  readonly mtimeNs: number;
  readonly ctimeS: number;
  readonly ctimeNs: number;
  /** Milliseconds with a quarter-microsecond fraction, finer than any kernel's file clock tick. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** What one look at a path tells. */
export class Look implements Mark {
  readonly mode: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeS: number;
  readonly mtimeNs: number;
  readonly ctimeS: number;
  readonly ctimeNs: number;

  constructor(fields: Fields) {
    this.mode = fields[MODE] as number;
    this.ino = fields[INO] as number;
    this.size = fields[SIZE] as number;
    this.mtimeS = fields[MTIME] as number;
    this.mtimeNs = fields[MTIME + 1] as number;
    this.ctimeS = fields[CTIME] as number;
    this.ctimeNs = fields[CTIME + 1] as number;
  }

  get mtimeMs(): number {
    return this.mtimeS * 1000 + this.mtimeNs / 1e6;
  }

  get ctimeMs(): number {
    return this.ctimeS * 1000 + this.ctimeNs / 1e6;
  }

  isFile(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFREG;
  }

  isDirectory(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFDIR;
  }

  isSymbolicLink(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFLNK;
  }
}

/** What changes with every name that comes to a folder or goes. */
export function folderText({ ino, mtimeS, mtimeNs }: Mark): string {
  return `${ino} ${mtimeS} ${mtimeNs}`;
}

interface Binding {
  readonly stat: BoundLook;
  readonly lstat: BoundLook;
}

/**
 * The cheapest look that this Node has. `statSync` checks its argument in three functions and makes a record of eighteen fields
 * with four `Date`s; the binding below it does nothing of that. It is no stable interface, so it must first say of a
 * file, and of one that is not there, what `statSync` says; `isTried` when this version of Node has done so before.
 */
export function cheapestLooker(isTried = isBindingAlike()): Looker {
  if (!isTried) return plainLooker();
  const { stat, lstat } = binding();
  return {
    stat: (path) => stat(path, false, undefined, false),
    lstat: (path) => lstat(path, false, undefined, false),
    ...partsOf(stat(process.execPath, false, undefined, false) as Float64Array),
  };
}

function partsOf(fields: Float64Array): Pick<Looker, 'own' | 'times'> {
  return { own: fields.subarray(INO, SIZE + 1), times: fields.subarray(MTIME, CTIME + 2) };
}

/** Whether the binding of this Node says what the functions above it say. */
export function isBindingAlike(): boolean {
  try {
    const { stat, lstat } = binding();
    return isAlike(stat) && isAlike(lstat);
  } catch {
    // No such binding, or one that takes other arguments.
    return false;
  }
}

function binding(): Binding {
  return (process as unknown as { binding(name: 'fs'): Binding }).binding('fs');
}

/** Whether it says what it should, in the same list each time. */
function isAlike(look: BoundLook): boolean {
  const file = process.execPath;
  const none = `${file}.none`;
  // Node before 20.12 tells errors to its last argument, which `false` cannot take.
  if (!isThrown(() => look(none, false, undefined, {})) || look(none, false, undefined, false) !== undefined)
    return false;
  const found = look(file, false, undefined, false);
  if (!(found instanceof Float64Array) || look(file, false, undefined, false) !== found) return false;
  return String(Array.from(found).slice(0, CTIME + 2)) === String(listOf(statSync, file));
}

function plainLooker(): Looker {
  const fields = new Float64Array(CTIME + 2);
  const keeping = (look: typeof statSync): Glance => {
    return (path) => {
      const found = listOf(look, path);
      if (found === undefined) return undefined;
      fields.set(found);
      return fields;
    };
  };
  return { stat: keeping(statSync), lstat: keeping(lstatSync as typeof statSync), ...partsOf(fields) };
}

function listOf(look: typeof statSync, path: string): Fields | undefined {
  const stat = look(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const { dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks, atimeNs, mtimeNs, ctimeNs } = stat;
  const times = [atimeNs, mtimeNs, ctimeNs].flatMap((ns) => [ns / 1_000_000_000n, ns % 1_000_000_000n]);
  return [dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks, ...times].map(Number);
}

function isThrown(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
