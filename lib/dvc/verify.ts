// Hashes a dataset everywhere it lies, whatever any memory says: the store, the workspace and the sums its manifest gives.
import { join } from 'node:path';
import type { Problem } from '../base/problem.ts';
import type { BlobStore } from '../store/blob.ts';
import { hasLegacy } from '../store/depot.ts';
import { digestFile, exists, hashFile, statIfAny, walk } from '../store/files.ts';
import type { TreeEntry } from '../store/tree.ts';
import { type Dataset, datasetFile } from './datasets.ts';
import { manifestFiles, parseManifest } from './manifest.ts';
import type { Wanted } from './remote.ts';

export interface Verified {
  /** Files that were hashed, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** Every blob of these artifacts in the store; a damaged one is moved aside, so that the next run or pull heals it. */
export function verifyStore(store: BlobStore, wanted: readonly Wanted[]): Verified {
  const problems = new Map<string, Problem>();
  const checked = new Set<string>();
  let [files, bytes] = [0, 0];
  /** Whether it is whole; a blob is hashed once, however many trees name it. */
  const check = (md5: string, name: string) => {
    if (checked.has(md5)) return !problems.has(md5);
    checked.add(md5);
    const path = store.path(md5);
    if (!exists(path)) {
      problems.set(md5, hasLegacy(store.cacheDir, md5) ? legacy(md5, name) : missing(md5, name));
      return false;
    }
    store.marks.forget(path);
    files++;
    if (store.has(md5)) {
      bytes += store.size(md5);
      return true;
    }
    problems.set(md5, {
      code: 'store/corrupt',
      message: `${name} is damaged in the cache`,
      facts: { md5 },
      hint: 'it was moved aside; `pipeline run` makes it again, `pipeline pull` fetches it',
    });
    return false;
  };
  for (const { md5, name, optional } of wanted) {
    if (optional && !exists(store.path(md5))) continue;
    if (!check(md5, name) || !md5.endsWith('.dir')) continue;
    for (const entry of store.readTree(md5)) check(entry.md5, `${name}/${entry.relpath}`);
  }
  return { files, bytes, problems: [...problems.values()] };
}

/** Every file of the dataset's folder against its tree; a dataset that is not laid out has nothing to verify here. */
export function verifyWorkspace(root: string, store: BlobStore, dataset: Dataset): Verified {
  const { artifact, path, name } = dataset;
  const folder = join(root, path);
  if (!exists(folder)) return { files: 0, bytes: 0, problems: [] };
  const problems: Problem[] = [];
  let [files, bytes] = [0, 0];
  const differs = (file: string, message: string) =>
    problems.push({ code: 'store/corrupt', message, facts: { path: file }, hint: '`pipeline run` lays it out again' });
  const check = (file: string, md5: string) => {
    store.marks.forget(join(root, file));
    files++;
    if (statIfAny(join(root, file))?.isFile() !== true) {
      differs(file, `there is no file where ${name} has one`);
      return;
    }
    const found = hashFile(join(root, file));
    bytes += found.size;
    if (found.md5 !== md5) differs(file, `a file of ${name} was changed in the workspace`);
  };
  if (!artifact.md5.endsWith('.dir')) check(path, artifact.md5);
  else if (store.has(artifact.md5)) {
    const wanted = new Map(store.readTree(artifact.md5).map((entry) => [entry.relpath, entry.md5]));
    for (const { relpath } of walk(folder)) {
      const md5 = wanted.get(relpath);
      if (md5 === undefined) differs(`${path}/${relpath}`, `a file that is not part of ${name} lies in its folder`);
      else check(`${path}/${relpath}`, md5);
      wanted.delete(relpath);
    }
    for (const relpath of wanted.keys()) differs(`${path}/${relpath}`, `a file of ${name} is missing in the workspace`);
  }
  return { files, bytes, problems };
}

/** The sha256 sums of the manifest against the blobs: md5 alone no longer proves that bytes are the ones meant (design D4). */
export function verifyManifest(root: string, store: BlobStore, dataset: Dataset): Verified {
  const text = datasetFile(root, store, dataset, 'manifest.json');
  const manifest = text === null ? null : parseManifest(text);
  if (manifest === null) return { files: 0, bytes: 0, problems: [] };
  const entries = new Map(
    store.readTree(dataset.artifact.md5).map((entry): [string, TreeEntry] => [entry.relpath, entry]),
  );
  const problems: Problem[] = [];
  let bytes = 0;
  const refuse = (message: string, path: string) =>
    problems.push({ code: 'store/corrupt', message, facts: { dataset: dataset.name, path } });
  const files = manifestFiles(manifest);
  for (const { path, sha256 } of files) {
    const entry = entries.get(path);
    entries.delete(path);
    if (entry === undefined) refuse('the manifest names a file the dataset does not have', path);
    else if (store.has(entry.md5)) {
      const found = digestFile(store.path(entry.md5), 'sha256');
      bytes += found.size;
      if (found.digest !== sha256) refuse('a file has another sha256 than the manifest says', path);
    }
  }
  entries.delete('manifest.json');
  for (const path of entries.keys()) refuse('the dataset has a file its manifest does not name', path);
  return { files: files.length, bytes, problems };
}

function missing(md5: string, name: string): Problem {
  return {
    code: 'store/missing',
    message: `the cache does not have ${name}`,
    facts: { md5 },
    hint: '`pipeline pull` fetches it, `pipeline run` makes it again',
  };
}

function legacy(md5: string, name: string): Problem {
  return {
    code: 'store/legacy-layout',
    message: `the cache has ${name} only as DVC 2 kept it, where a digest means other bytes`,
    facts: { md5 },
    hint: 'run `dvc cache migrate` with DVC 3',
  };
}
