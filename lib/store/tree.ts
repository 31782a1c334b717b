// A tree is DVC's directory object: the names and md5s of a folder's files as one JSON text whose hash names the folder.
import { type Md5, md5 } from '../base/digest.ts';
import { type Problem, type ProblemCode, ProblemError } from '../base/problem.ts';
import { comparePoints, pythonString } from '../base/python-json.ts';

export interface TreeEntry {
  /** Path below the folder, `/` between names, as the file system spells it (no Unicode normalisation). */
  readonly relpath: string;
  readonly md5: Md5;
  /** Bytes; kept by callers, never written: DVC cannot read an object with more keys. */
  readonly size?: number;
}

/**
 * The bytes of the directory object, in DVC's order (code points of the whole path) and text (json.dumps, ASCII).
 * Throws store/unsafe-tree for paths that parseTree would refuse.
 */
export function printTree(entries: readonly TreeEntry[]): Uint8Array {
  refuseUnsafe(entries);
  const items = inDvcOrder(entries).map(
    (entry) => `{"md5": "${entry.md5}", "relpath": ${pythonString(entry.relpath)}}`,
  );
  return Buffer.from(`[${items.join(', ')}]`, 'latin1');
}

/** Entries as a reader of their directory object sees them: by code points of the whole path. */
export function inDvcOrder<Entry extends TreeEntry>(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => comparePoints(a.relpath, b.relpath));
}

/** The id of the folder: md5 of its object's bytes followed by `.dir`. */
export function treeDigest(entries: readonly TreeEntry[]): Md5 {
  return `${md5(printTree(entries))}.dir` as Md5;
}

/**
 * Read a directory object. Throws store/corrupt when it is not a list of {md5, relpath} and store/unsafe-tree when its
 * paths could leave the folder or contradict each other: DVC joins them to the output path unchecked, we must not.
 */
export function parseTree(bytes: Uint8Array): TreeEntry[] {
  const list = readJson(bytes);
  if (!Array.isArray(list)) throw corrupt('the text is not a JSON list');
  const entries = list.map((item: unknown, index): TreeEntry => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) throw corrupt(`entry ${index} is not a map`);
    const { md5: id, relpath } = item as Record<string, unknown>;
    if (typeof id !== 'string' || typeof relpath !== 'string' || Object.keys(item).length !== 2) {
      throw corrupt(`entry ${index} must have exactly the texts md5 and relpath`);
    }
    return { relpath, md5: id as Md5 };
  });
  refuseUnsafe(entries);
  return entries;
}

/** A name a stage may give a file: relative, no empty, `.` or `..` part, no control character or backslash, nothing DVC never lists. */
export function isSafeName(relpath: string): boolean {
  const names = relpath.split('/');
  if (/[\p{Cc}\\\p{Cs}]/u.test(relpath) || names.some((name) => ['', '.', '..', '.git', '.hg', '.dvc'].includes(name)))
    return false;
  return names.at(-1) !== '.dvcignore';
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw corrupt('the bytes are not JSON in UTF-8', cause);
  }
}

function refuseUnsafe(entries: readonly TreeEntry[]): void {
  const problems: Problem[] = [];
  const files = new Set<string>();
  for (const entry of entries) {
    const reason = unsafe(entry, files);
    if (reason !== null) problems.push(problem('store/unsafe-tree', reason, entry.relpath));
    files.add(entry.relpath);
  }
  for (const { relpath } of entries) {
    for (let slash = relpath.indexOf('/'); slash >= 0; slash = relpath.indexOf('/', slash + 1)) {
      if (files.has(relpath.slice(0, slash))) {
        problems.push(problem('store/unsafe-tree', 'one path is both a file and a folder', relpath));
        break;
      }
    }
  }
  // A hostile object may hold a million bad paths; a person needs a few.
  if (problems.length > 0) throw new ProblemError(problems.slice(0, 20));
}

/** Why an entry is refused, or null. DVC itself never lists what it always ignores, so such names are planted. */
function unsafe(entry: TreeEntry, before: ReadonlySet<string>): string | null {
  const { relpath } = entry;
  if (!/^[0-9a-f]{32}$/.test(entry.md5)) return 'an id in the tree is not 32 hex digits';
  if (before.has(relpath)) return 'a path occurs twice';
  if (relpath.includes('\0')) return 'a path holds a NUL character';
  if (!relpath.isWellFormed()) return 'a path is not valid Unicode';
  const names = relpath.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) {
    return 'a path is absolute, empty, or has empty, . or .. names';
  }
  if (names.some((name) => name === '.git' || name === '.hg' || name === '.dvc')) {
    return 'a path leads into a repository folder';
  }
  if (names.at(-1) === '.dvcignore') return 'a .dvcignore cannot be part of a tree';
  return null;
}

function problem(code: ProblemCode, reason: string, relpath: string): Problem {
  return { code, message: `Unsafe directory object: ${reason}`, facts: { path: relpath } };
}

function corrupt(reason: string, cause?: unknown): ProblemError {
  return new ProblemError({ code: 'store/corrupt', message: `Broken directory object: ${reason}` }, { cause });
}
