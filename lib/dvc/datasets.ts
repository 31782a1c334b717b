// Published datasets as the workspace knows them: one `.dvc` pointer each, and `latest.json`, which names the newest.
import { basename, dirname, join } from 'node:path';
import type { Json } from '../base/canon.ts';
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';
import { PythonFloat, type PythonValue } from '../base/python-json.ts';
import type { Artifact, BlobStore } from '../store/blob.ts';
import { listNames, readText, readTextIfAny } from '../store/files.ts';
import { parsePointer } from './pointer.ts';

export type JsonMap = { readonly [key: string]: Json };

export interface Dataset {
  /** Name of its folder: the dataset_id, with a stamp where the strategy asks for one. */
  readonly name: string;
  /** Folder of the dataset and file of its pointer, relative to the project. */
  readonly path: string;
  readonly pointer: string;
  readonly artifact: Artifact;
  /** What the pointer says beside the digest; null values where nothing is known. */
  readonly meta: JsonMap;
  readonly isLatest: boolean;
}

/** Names of the pointers below `under`. */
export function datasetNames(root: string, under: string): string[] {
  return listNames(join(root, under)).flatMap((name) => (name.endsWith('.dvc') ? [name.slice(0, -4)] : []));
}

/** Every pointer below `under`, oldest first. Throws as parsePointer does. */
export function listDatasets(root: string, under: string): Dataset[] {
  const latest = latestName(root, under);
  const found = datasetNames(root, under).map((name) => readDataset(root, under, name, latest));
  const madeAt = ({ meta }: Dataset) => String(meta.made_at ?? '');
  return found
    .filter((one) => one !== null)
    .sort((a, b) => (madeAt(a) < madeAt(b) ? -1 : madeAt(a) > madeAt(b) ? 1 : 0));
}

/** One dataset by its name, or null when there is none. */
export function readDataset(
  root: string,
  under: string,
  name: string,
  latest = latestName(root, under),
): Dataset | null {
  const pointer = `${under}/${name}.dvc`;
  const text = readTextIfAny(join(root, pointer));
  return text === null ? null : datasetOf(pointer, text, latest);
}

/** A dataset from the text of its pointer; null when that has no digest, or is about something else than what lies beside it. */
export function datasetOf(pointer: string, text: string, latest: string | null): Dataset | null {
  const { outs, meta, wdir = '.' } = parsePointer(pointer, text);
  const [out] = outs;
  const name = basename(pointer, '.dvc');
  const path = join(dirname(pointer), name);
  if (out?.md5 == null || join(dirname(pointer), wdir, out.path) !== path) return null;
  const { md5, size = 0, nfiles } = out;
  return {
    name,
    path,
    pointer,
    artifact: { md5, size, ...(nfiles !== undefined && { nfiles }) },
    meta: plain(meta ?? {}) as JsonMap,
    isLatest: name === latest,
  };
}

/** The name in latest.json; null without one or with one that cannot be read. */
export function latestName(root: string, under: string): string | null {
  try {
    const value = JSON.parse(readTextIfAny(join(root, under, 'latest.json')) ?? 'null') as { path?: unknown } | null;
    return typeof value?.path === 'string' ? basename(value.path) : null;
  } catch {
    return null;
  }
}

/** The name that an id, `latest`, the path of a dataset, of its pointer or of latest.json means here. */
export function meantName(root: string, under: string, word: string): string {
  const inside = word.replace(/\/+$/, '').replace(/^\.\//, '');
  if (inside !== 'latest' && inside !== 'latest.json' && !inside.endsWith('/latest.json'))
    return basename(inside, '.dvc');
  const name = latestName(root, under);
  if (name !== null) return name;
  throw new ProblemError({
    code: 'dataset/unknown',
    message: `${under}/latest.json names no dataset`,
    hint: 'run `pipeline run` to publish one, or name the dataset',
  });
}

/** The dataset a word means. Throws dataset/unknown with the known names. */
export function findDataset(root: string, under: string, word: string): Dataset {
  const name = meantName(root, under, word);
  return (
    readDataset(root, under, name) ??
    unknown(
      name,
      listDatasets(root, under).map((known) => known.name),
    )
  );
}

export function unknown(name: string, known: readonly string[]): never {
  const close = nearest(name, known);
  throw new ProblemError({
    code: 'dataset/unknown',
    message: `there is no dataset \`${name}\``,
    facts: { known: known.slice(-10).join(', ') || 'none' },
    hint: close === null ? '`pipeline list` shows the datasets of this project' : `did you mean \`${close}\`?`,
  });
}

/** The bytes of a file of the dataset from the store, or from its folder when that still holds them; null when neither has them. */
export function datasetFile(root: string, store: BlobStore, dataset: Dataset, relpath: string): string | null {
  const { md5 } = dataset.artifact;
  if (!md5.endsWith('.dir') || !store.has(md5)) return null;
  const entry = store.readTree(md5).find((one) => one.relpath === relpath);
  if (entry === undefined) return null;
  if (store.has(entry.md5)) return Buffer.from(store.read(entry.md5)).toString('utf8');
  const path = join(root, dataset.path, relpath);
  return store.marks.holds(path, entry.md5) ? readText(path) : null;
}

function plain(value: PythonValue): Json {
  if (value instanceof PythonFloat) return value.value;
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner as PythonValue)]));
}
