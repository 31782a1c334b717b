// One look at a path for a third of what `fs.statSync` costs, for those who look at thousands.
import { statSync } from 'node:fs';

/** Fields of `struct stat` as Node's own binding lists them, good until the next look; times in seconds and nanoseconds. */
export type Fields = ArrayLike<number>;
export const INO = 7;
export const SIZE = 8;
export const MTIME = 12;
export const CTIME = 14;

/** What a path leads to, undefined when nothing is there. Throws what `statSync` throws for anything else. */
export type Glance = (path: string) => Fields | undefined;

/** A time as `Stats` has it. */
export function timeMs(fields: Fields, at: typeof MTIME | typeof CTIME): number {
  return (fields[at] as number) * 1000 + (fields[at + 1] as number) / 1e6;
}

/** What `statSync` calls. */
type Binding = (path: string, bigint: false, request: undefined, throwIfNoEntry: unknown) => Fields | undefined;

/**
 * The cheapest look that this Node has. `statSync` checks its argument in three functions and makes a record of eighteen fields
 * with four `Date`s; the binding below it does nothing of that. It is no stable interface, so it must first say of a
 * file, and of one that is not there, what `statSync` says.
 */
export function cheapestGlance(file: string): Glance {
  try {
    const { stat } = (process as unknown as { binding(name: 'fs'): { stat: Binding } }).binding('fs');
    const none = `${file}.none`;
    // Node before 20.12 tells errors to its last argument, which `false` cannot take.
    const throws = isThrown(() => stat(none, false, undefined, {}));
    const own = throws && stat(none, false, undefined, false) === undefined && stat(file, false, undefined, false);
    if (own && String(Array.from(own).slice(0, CTIME + 2)) === String(listOf(file)))
      return (path) => stat(path, false, undefined, false);
  } catch {
    // No such binding, or one that takes other arguments.
  }
  return listOf;
}

function listOf(path: string): Fields | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
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
