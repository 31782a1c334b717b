// What is in use: the artifacts that dvc.lock, pointers and receipts name, here and in every branch and tag.
import { dirname, join } from 'node:path';
import type { Md5 } from '../base/digest.ts';
import { ProblemError } from '../base/problem.ts';
import { listNames, readTextIfAny, walk } from '../store/files.ts';
import { contentOf, type Receipts } from '../store/receipt.ts';
import { type Dataset, listDatasets } from './datasets.ts';
import { parseLock } from './pipeline-file.ts';
import { parsePointer } from './pointer.ts';
import { type DatasetRecord, parseRecord, type Wanted } from './remote.ts';

export interface RootsOptions {
  readonly root: string;
  /** Folder of datasets; null when the pipeline has none. */
  readonly under: string | null;
  /** Our own state folder. */
  readonly state: string;
  readonly receipts: Receipts;
  /** Keys of the units of the last runs. */
  readonly lastKeys: readonly string[];
}

export interface Roots {
  readonly wanted: readonly Wanted[];
  /** Receipts in use: of the last runs and of every dataset here. */
  readonly keys: ReadonlySet<string>;
  readonly datasets: readonly Dataset[];
  readonly records: ReadonlyMap<string, DatasetRecord>;
}

/** What the workspace uses: as `dvc push` would find it, and what receipts in use name besides. */
export function workspaceRoots(options: RootsOptions): Roots {
  const { root, under, receipts, lastKeys } = options;
  const datasets = under === null ? [] : listDatasets(root, under);
  const records = new Map<string, DatasetRecord>();
  for (const { name } of datasets) {
    const record = localRecord(options.state, name);
    if (record !== null) records.set(name, record);
  }
  const keys = new Set([...lastKeys, ...[...records.values()].flatMap((record) => record.keys)]);
  const wanted = new Map<Md5, Wanted>();
  const want = (one: Wanted, optional: boolean) => {
    const before = wanted.get(one.md5);
    if (before === undefined || (before.optional && !optional)) wanted.set(one.md5, { ...one, optional });
  };
  const older = new Set(datasets.filter(({ isLatest }) => !isLatest).map(({ pointer }) => pointer));
  for (const path of dvcFiles(root)) {
    for (const one of namedIn(path, readTextIfAny(join(root, path)) ?? '')) want(one, older.has(path));
  }
  for (const dataset of datasets) for (const input of inputsOf(dataset)) want(input, true);
  for (const key of keys) {
    const receipt = receipts.read(key);
    if (receipt !== null) for (const one of contentOf(receipt)) want(one, true);
  }
  return { wanted: [...wanted.values()], keys, datasets, records };
}

/** Every `*.dvc` and dvc.lock of the workspace; folders that a pointer tracks hold none, nor does that of journals, which each run changes. */
function dvcFiles(root: string): string[] {
  const skip = (relpath: string) =>
    /(?:^|\/)(?:\.git|\.dvc|\.pipeline|node_modules)$/.test(relpath) ||
    /^(?:data\/stages\/.|logs\/runs$)/.test(relpath) ||
    readTextIfAny(join(root, `${relpath}.dvc`)) !== null;
  return walk(root, undefined, skip)
    .filter(({ relpath, kind }) => kind === 'file' && isDvcFile(relpath))
    .map(({ relpath }) => relpath);
}

/** Whether DVC keeps digests in a file of this name. */
export function isDvcFile(path: string): boolean {
  return path.endsWith('.dvc') || path === 'dvc.lock' || path.endsWith('/dvc.lock');
}

/** The artifacts a pointer or dvc.lock names. Throws as their parsers do. */
export function namedIn(path: string, text: string): Wanted[] {
  const outs = path.endsWith('.dvc')
    ? parsePointer(path, text).outs
    : parseLock(path, text).flatMap((stage) => stage.outs);
  return outs.flatMap(({ md5, path: name }) => (md5 === null ? [] : [{ md5, name: join(dirname(path), name) }]));
}

/**
 * Digests in a file of some other commit, which may be of any age and any DVC: of one that cannot be read (an import, a newer key,
 * a conflict) all that look like one, because what it names is somebody's.
 */
export function mentionedIn(path: string, text: string): string[] {
  try {
    return namedIn(path, text).map(({ md5 }) => md5);
  } catch (error) {
    if (error instanceof ProblemError) return text.match(DIGEST) ?? [];
    throw error;
  }
}

const DIGEST = /\b[0-9a-f]{32}\b(?:\.dir\b)?/g;

/** The sources and files a dataset was made from. Files of the project are in git: dvc neither pushes nor keeps them. */
export function inputsOf({ meta }: Dataset): Wanted[] {
  return Object.entries((meta.inputs ?? {}) as Record<string, unknown>).flatMap(([name, md5]) =>
    typeof md5 === 'string' && /^[0-9a-f]{32}(\.dir)?$/.test(md5)
      ? [{ md5: md5 as Md5, name, ...(name.startsWith('./') && { optional: true }) }]
      : [],
  );
}

export function recordPath(state: string, name: string): string {
  return join(state, 'datasets', `${name}.json`);
}

export function localRecord(state: string, name: string): DatasetRecord | null {
  return parseRecord(readTextIfAny(recordPath(state, name)));
}

/** Artifacts kept as evidence of a stage that gave two results for one key. */
export function evidence(folder: string): string[] {
  return listNames(folder).flatMap((name) => {
    const text = readTextIfAny(join(folder, name)) ?? '';
    return [...text.matchAll(/"md5": "([0-9a-f]{32}(?:\.dir)?)"/g)].map(([, md5]) => md5 as string);
  });
}
