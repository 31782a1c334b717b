// Lays artifacts out in the workspace, and puts back whatever somebody changed there: the store is the truth.
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artifact, BlobStore } from '../store/blob.ts';
import { remove, statIfAny, walk } from '../store/files.ts';
import type { Marks } from '../store/marks.ts';

/** What separates a workspace path from an artifact. */
interface Drift {
  /** Whether anything is at the path. */
  readonly isThere: boolean;
  /** Files to put there: path below the output (empty for the output itself) and md5. */
  readonly lay: readonly (readonly [string, string])[];
  /** Files and folders that should not be there. */
  readonly strays: readonly string[];
  /** Folders the artifact has. */
  readonly folders: ReadonlySet<string>;
}

const STANDS: Drift = { isThere: true, lay: [], strays: [], folders: new Set() };

function driftOf(store: BlobStore, marks: Marks, artifact: Artifact, path: string): Drift {
  if (marks.stands(path, artifact.md5)) return STANDS;
  const found = statIfAny(path, true);
  if (!artifact.md5.endsWith('.dir')) {
    const plain = found?.isFile() === true || (found?.isSymbolicLink() === true && isLinkTo(store, path, artifact.md5));
    const holds = plain && marks.holds(path, artifact.md5, found?.isFile() ? found : undefined);
    return {
      isThere: found !== undefined,
      lay: holds ? [] : [['', artifact.md5]],
      strays: found?.isDirectory() ? [''] : [],
      folders: new Set(),
    };
  }
  const wanted = new Map<string, string>();
  const folders = new Set(['']);
  for (const { relpath, md5 } of store.readTree(artifact.md5)) {
    wanted.set(relpath, md5);
    for (let folder = dirname(relpath); folder !== '.' && !folders.has(folder); folder = dirname(folder))
      folders.add(folder);
  }
  const strays: string[] = found !== undefined && !found.isDirectory() ? [''] : [];
  if (found?.isDirectory()) {
    const files = walk(path, (folder) => {
      if (!folders.has(folder)) strays.push(folder);
    });
    for (const { relpath, kind, mark } of files) {
      const md5 = wanted.get(relpath);
      const plain =
        kind === 'file' || (kind === 'link' && md5 !== undefined && isLinkTo(store, join(path, relpath), md5));
      if (md5 === undefined || !plain) strays.push(relpath);
      else if (marks.holds(`${path}/${relpath}`, md5, kind === 'file' ? mark : undefined)) wanted.delete(relpath);
    }
  }
  return { isThere: found !== undefined, lay: [...wanted], strays, folders };
}

/** Whether the path is a symbolic link that this store made, as DVC's link type `symlink` does. */
function isLinkTo(store: BlobStore, path: string, md5: string): boolean {
  return fs.readlinkSync(path, { encoding: 'utf8' }) === store.path(md5);
}

/** How many files of a workspace path differ from the artifact. */
export function drift(store: BlobStore, marks: Marks, artifact: Artifact, path: string): number {
  const { lay, strays } = driftOf(store, marks, artifact, path);
  return lay.length + strays.length;
}

/** Make the workspace path hold exactly this artifact. Returns how many files had to be laid or removed. */
export function layOut(store: BlobStore, marks: Marks, artifact: Artifact, path: string): number {
  const { isThere, lay, strays, folders } = driftOf(store, marks, artifact, path);
  for (const stray of strays) remove(join(path, stray));
  const isWhole = !isThere && folders.size > 0 && lay.length > 0 && store.linkAll(lay, folders, path);
  if (!isWhole) for (const [relpath, md5] of lay) store.link(md5, relpath === '' ? path : join(path, relpath));
  if (folders.size === 1 && !fs.existsSync(path)) fs.mkdirSync(path, { recursive: true });
  for (const folder of folders) marks.watch(folder === '' ? path : join(path, folder));
  return lay.length + strays.length;
}
