// The path locks of `.dvc/tmp/rwlock` as pure functions on its value, so that DVC and we do not write the same paths at once.
import { ProblemError } from '../base/problem.ts';
import { pythonJson } from '../base/python-json.ts';

export type LockOwner = { readonly pid: number; readonly cmd: string };

/** Absolute path -> who holds it; several may read a path, one may write it. */
export interface PathLocks {
  readonly write: { readonly [path: string]: LockOwner };
  readonly read: { readonly [path: string]: readonly LockOwner[] };
}

/** Absolute paths that a step reads and writes. */
export interface Wanted {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export interface Blocker {
  /** The path we want, and the one that is held: equal, or one inside the other. */
  readonly wanted: string;
  readonly held: string;
  readonly mode: 'read' | 'write';
  readonly owner: LockOwner;
}

/** Read the lock file; null for no file. Throws dvc/malformed where DVC would stop too (an empty file, other keys). */
export function parseLocks(file: string, text: string | null): PathLocks {
  if (text === null) return { write: {}, read: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(file, 'it is not JSON', cause);
  }
  if (!isMap(value) || Object.keys(value).some((key) => key !== 'write' && key !== 'read')) {
    throw malformed(file, 'it must be a map of read and write');
  }
  const { write = {}, read = {} } = value;
  if (!isMap(write) || !Object.values(write).every(isOwner))
    throw malformed(file, 'write must name a pid and cmd by path');
  if (!isMap(read) || !Object.values(read).every((list) => Array.isArray(list) && list.every(isOwner))) {
    throw malformed(file, 'read must list pids and cmds by path');
  }
  return { write: write as PathLocks['write'], read: read as PathLocks['read'] };
}

/** The text to put in place by rename: a short file stops every DVC command. */
export function printLocks(locks: PathLocks): string {
  return pythonJson({ write: locks.write, read: locks.read });
}

/**
 * Who keeps us from taking `wanted`: a read waits for foreign writes, a write for foreign reads and writes, on the path
 * itself or one above or below it. Only living owners block; entries equal to `us` do not.
 */
export function findBlockers(
  locks: PathLocks,
  us: LockOwner,
  wanted: Wanted,
  isAlive: (pid: number) => boolean,
): Blocker[] {
  const blockers: Blocker[] = [];
  for (const mode of ['write', 'read'] as const) {
    const waiting = mode === 'write' ? [...wanted.read, ...wanted.write] : wanted.write;
    for (const [held, value] of Object.entries(locks[mode])) {
      const path = waiting.find((candidate) => overlaps(candidate, held));
      if (path === undefined) continue;
      for (const owner of ownersOf(value)) {
        if (!isSame(owner, us) && isAlive(owner.pid)) blockers.push({ wanted: path, held, mode, owner });
      }
    }
  }
  return blockers;
}

/** The locks with our entries added and those of dead owners that overlap them removed. Ask findBlockers first. */
export function addLocks(
  locks: PathLocks,
  us: LockOwner,
  wanted: Wanted,
  isAlive: (pid: number) => boolean,
): PathLocks {
  const all = [...wanted.read, ...wanted.write];
  const keeps = (path: string, owner: LockOwner, paths: readonly string[]) =>
    isSame(owner, us) || isAlive(owner.pid) || !paths.some((candidate) => overlaps(candidate, path));
  const write = new Map(Object.entries(locks.write).filter(([path, owner]) => keeps(path, owner, all)));
  const read = new Map(
    Object.entries(locks.read).map(([path, owners]) => [path, owners.filter((o) => keeps(path, o, wanted.write))]),
  );
  for (const path of wanted.write) write.set(path, us);
  for (const path of wanted.read) {
    const owners = read.get(path) ?? [];
    if (!owners.some((owner) => isSame(owner, us))) read.set(path, [...owners, us]);
  }
  return build(write, read);
}

/** The locks without our entries on `wanted`; entries of others stay. */
export function removeLocks(locks: PathLocks, us: LockOwner, wanted: Wanted): PathLocks {
  const [written, readOnes] = [new Set(wanted.write), new Set(wanted.read)];
  const write = Object.entries(locks.write).filter(([path, owner]) => !written.has(path) || !isSame(owner, us));
  const read = Object.entries(locks.read).map(([path, owners]): [string, LockOwner[]] => [
    path,
    owners.filter((owner) => !readOnes.has(path) || !isSame(owner, us)),
  ]);
  return build(new Map(write), new Map(read));
}

function build(write: ReadonlyMap<string, LockOwner>, read: ReadonlyMap<string, readonly LockOwner[]>): PathLocks {
  return {
    write: Object.fromEntries(write),
    read: Object.fromEntries([...read].filter(([, owners]) => owners.length > 0)),
  };
}

function overlaps(a: string, b: string): boolean {
  const [left, right] = [trimmed(a), trimmed(b)];
  return left === right || left.startsWith(`${right}/`) || right.startsWith(`${left}/`);
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}

function ownersOf(value: LockOwner | readonly LockOwner[]): readonly LockOwner[] {
  return Array.isArray(value) ? value : [value as LockOwner];
}

function isSame(a: LockOwner, b: LockOwner): boolean {
  return a.pid === b.pid && a.cmd === b.cmd;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOwner(value: unknown): value is LockOwner {
  return (
    isMap(value) && Number.isSafeInteger(value.pid) && typeof value.cmd === 'string' && Object.keys(value).length === 2
  );
}

function malformed(file: string, reason: string, cause?: unknown): ProblemError {
  const hint = 'Stop all DVC processes, then remove the file';
  return new ProblemError({ code: 'dvc/malformed', message: `${file} is broken: ${reason}`, hint }, { cause });
}
