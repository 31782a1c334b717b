// Lays artifacts out in the workspace, and puts back whatever somebody changed there: the store is the truth.
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artifact, BlobStore } from '../store/blob.ts';
import { remove, walk } from '../store/files.ts';
import type { Marks } from '../store/marks.ts';

/** Make the workspace path hold exactly this artifact. Returns how many files had to be laid or removed. */
export function layOut(store: BlobStore, marks: Marks, artifact: Artifact, path: string): number {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!artifact.md5.endsWith('.dir')) {
    if (found?.isFile() && marks.holds(path, artifact.md5)) return 0;
    if (found?.isDirectory()) remove(path);
    store.link(artifact.md5, path);
    return 1;
  }
  if (found !== undefined && !found.isDirectory()) remove(path);
  const entries = store.readTree(artifact.md5);
  const wanted = new Map(entries.map((entry) => [entry.relpath, entry.md5]));
  const folders = new Set(['']);
  for (const { relpath } of entries) {
    for (let folder = dirname(relpath); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  let touched = 0;
  const here = new Set<string>();
  if (found?.isDirectory()) {
    const strays = new Set<string>();
    const files = walk(path, (folder) => {
      if (!folders.has(folder)) strays.add(folder);
    });
    for (const file of files) {
      const md5 = wanted.get(file.relpath);
      const inner = join(path, file.relpath);
      if (md5 !== undefined && file.kind === 'file' && marks.holds(inner, md5)) here.add(file.relpath);
      else if (md5 === undefined) {
        remove(inner);
        touched++;
      } else remove(inner);
    }
    for (const folder of strays) remove(join(path, folder));
  }
  store.forgetFolders();
  for (const [relpath, md5] of wanted) {
    if (here.has(relpath)) continue;
    store.link(md5, join(path, relpath));
    touched++;
  }
  if (entries.length === 0) fs.mkdirSync(path, { recursive: true });
  for (const folder of folders) marks.watch(folder === '' ? path : join(path, folder));
  return touched;
}
