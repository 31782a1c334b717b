// `pipeline list`, `show` and `diff`: what datasets are, from their pointers and manifests; nothing is laid out or changed.
import { canon, type Json } from '../lib/base/canon.ts';
import { raise } from '../lib/base/problem.ts';
import { type Dataset, datasetFile, findDataset, type JsonMap, listDatasets } from '../lib/dvc/datasets.ts';
import { type Difference, differences, leavesOf, parseManifest } from '../lib/dvc/manifest.ts';
import { treeAt } from '../lib/dvc/remote.ts';
import { bytesText, count } from '../lib/engine/narrate.ts';
import { columns } from './columns.ts';
import { anyRemote, type Data, datasetsUnder } from './data.ts';

export interface Listed {
  readonly dataset: string;
  readonly latest: boolean;
  readonly made_at: string | null;
  readonly rows: number | null;
  readonly files: number;
  readonly bytes: number;
  /** Null without a remote. */
  readonly pushed: boolean | null;
}

export function listAll(data: Data): Listed[] {
  const remote = anyRemote(data.dvc);
  return listDatasets(data.project.root, datasetsUnder(data)).map((dataset) => {
    const rows = localManifest(data, dataset)?.rows;
    return {
      dataset: dataset.name,
      latest: dataset.isLatest,
      made_at: typeof dataset.meta.made_at === 'string' ? dataset.meta.made_at : null,
      rows: typeof rows === 'number' ? rows : null,
      files: dataset.artifact.nfiles ?? 1,
      bytes: dataset.artifact.size,
      pushed: remote === null ? null : remote.depot.has(dataset.artifact.md5),
    };
  });
}

export function listText(list: readonly Listed[]): string {
  if (list.length === 0) return 'no dataset yet; `pipeline run` publishes one\n';
  const cells = list.map(({ dataset, latest, made_at, rows, files, bytes, pushed }) => [
    dataset,
    made_at?.slice(0, 19).replace('T', ' ') ?? '',
    rows === null ? '' : count(rows, 'row'),
    count(files, 'file'),
    bytesText(bytes),
    pushed === null ? '' : pushed ? 'pushed' : 'not pushed',
    latest ? 'latest' : '',
  ]);
  return columns(cells);
}

/** The manifest with what the pointer knows besides: when, where from and by which program it was made. */
export function showOne(data: Data, word: string): JsonMap {
  const dataset = findDataset(data.project.root, datasetsUnder(data), word);
  const { inputs: _, ...facts } = dataset.meta;
  const { md5, size, nfiles } = dataset.artifact;
  return {
    name: dataset.name,
    path: dataset.path,
    latest: dataset.isLatest,
    ...facts,
    md5,
    bytes: size,
    nfiles: nfiles ?? 1,
    ...manifestOf(data, dataset),
  };
}

export function showText(shown: JsonMap): string {
  const { files, config, code, packages, inputs, ...facts } = shown;
  const lines = Object.entries(facts)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => [name, typeof value === 'string' ? value : canon(value)] as const);
  const width = Math.max(...lines.map(([name]) => name.length));
  const head = lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
  const settings = [...leavesOf({ config: config ?? {} })].map(([at, value]) => `  ${at} = ${canon(value)}\n`);
  const list = (value: Json | undefined, title: string, line: (item: JsonMap) => string) =>
    Array.isArray(value) && value.length > 0 ? `${title}\n${value.map((one) => `  ${line(one)}\n`).join('')}` : '';
  return [
    head,
    settings.length > 0 ? `configuration\n${settings.join('')}` : '',
    list(inputs, 'inputs', ({ name, md5 }) => `${String(name)}  ${String(md5)}`),
    list(files, 'files', ({ path, rows, bytes }) =>
      [path, typeof rows === 'number' ? count(rows, 'row') : '', typeof bytes === 'number' ? bytesText(bytes) : '']
        .filter(Boolean)
        .join('  '),
    ),
  ].join('');
}

export interface Diff {
  readonly was: string;
  readonly now: string;
  readonly differences: readonly Difference[];
}

export function diffTwo(data: Data, first: string, second: string): Diff {
  const under = datasetsUnder(data);
  const [a, b] = [first, second].map((word) => findDataset(data.project.root, under, word)) as [Dataset, Dataset];
  return { was: a.name, now: b.name, differences: differences(describe(data, a), describe(data, b)) };
}

export function diffText({ was, now, differences: list }: Diff): string {
  const say = (value: Json) => (value === null ? '(absent)' : canon(value));
  if (list.length === 0) return `${was} and ${now} do not differ\n`;
  return list.map(({ at, was: a, now: b }) => `${at}: ${say(a)} -> ${say(b)}\n`).join('');
}

/** Leaves of the manifest; without one, those of the pointer and the files of the tree. */
function describe(data: Data, dataset: Dataset): ReadonlyMap<string, Json> {
  const manifest = manifestOf(data, dataset);
  if (manifest !== null) return leavesOf(manifest);
  const { inputs, head: _head, dirty: _dirty, node: _node, made_at: _at, ...identity } = dataset.meta;
  const problems = new Map();
  const remote = anyRemote(data.dvc);
  const { store } = data.project;
  const { md5, size } = dataset.artifact;
  const entries = !md5.endsWith('.dir')
    ? [{ relpath: dataset.name, md5 }]
    : store.has(md5)
      ? store.readTree(md5)
      : remote === null
        ? null
        : treeAt(store, remote.depot, md5, dataset.path, problems);
  raise([...problems.values()]);
  const files = (entries ?? []).map((entry) => ({ path: entry.relpath, md5: entry.md5 as string }));
  const named = Object.entries((inputs ?? {}) as JsonMap).map(([name, id]) => ({ name, md5: id }));
  return leavesOf({ ...identity, bytes: size, inputs: named, files });
}

function localManifest(data: Data, dataset: Dataset): JsonMap | null {
  const text = datasetFile(data.project.root, data.project.store, dataset, 'manifest.json');
  return text === null ? null : parseManifest(text);
}

/** The manifest from here or, byte by byte checked, from the remote; null when the dataset has none or nobody has it. */
export function manifestOf(data: Data, dataset: Dataset): JsonMap | null {
  const here = localManifest(data, dataset);
  const remote = anyRemote(data.dvc);
  const { md5 } = dataset.artifact;
  if (here !== null || remote === null || !md5.endsWith('.dir')) return here;
  const { depot } = remote;
  const entries = treeAt(data.project.store, depot, md5, dataset.path, new Map());
  const entry = entries?.find(({ relpath }) => relpath === 'manifest.json');
  const bytes = entry === undefined ? 'absent' : depot.read(entry.md5);
  return bytes instanceof Uint8Array ? parseManifest(Buffer.from(bytes).toString('utf8')) : null;
}
