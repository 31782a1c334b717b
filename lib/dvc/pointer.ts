// A pointer is a `.dvc` file: the digest of one output that git does not hold, with room for our own `meta`.
import { parseDocument } from '../base/document.ts';
import { raise } from '../base/problem.ts';
import type { PythonValue } from '../base/python-json.ts';
import { ENTRY_KEYS, type Entry, readEntry, UNSERVED_KEYS } from './entry.ts';
import { present, Reader } from './reader.ts';
import { printYaml, type YamlMap, yamlMap } from './yaml-style.ts';

export interface PointerOut extends Entry {
  readonly desc?: string;
  readonly type?: string;
  readonly labels?: readonly string[];
  readonly meta?: PythonValue;
  /** False: in git, not in the cache. */
  readonly cache?: boolean;
  readonly persist?: boolean;
  readonly remote?: string;
  /** False: never pushed. */
  readonly push?: boolean;
}

export interface Pointer {
  readonly desc?: string;
  readonly wdir?: string;
  readonly frozen?: boolean;
  readonly outs: readonly PointerOut[];
  readonly alwaysChanged?: boolean;
  /** Any value; DVC keeps it when it rewrites the file. */
  readonly meta?: PythonValue;
}

/** The bytes DVC would write: its key order, no key whose value is its default, `hash: md5` on every out. */
export function printPointer(pointer: Pointer): string {
  return printYaml(
    yamlMap({
      desc: pointer.desc || undefined,
      wdir: pointer.wdir,
      frozen: pointer.frozen || undefined,
      outs: pointer.outs.length > 0 ? pointer.outs.map(outMap) : undefined,
      always_changed: pointer.alwaysChanged || undefined,
      meta: isEmpty(pointer.meta) ? undefined : pointer.meta,
    }),
  );
}

function outMap(out: PointerOut): YamlMap {
  return yamlMap({
    md5: out.md5 ?? undefined,
    size: out.size,
    nfiles: out.nfiles,
    isexec: out.isexec || undefined,
    hash: 'md5',
    path: out.path,
    desc: out.desc || undefined,
    type: out.type || undefined,
    labels: isEmpty(out.labels) ? undefined : out.labels,
    meta: isEmpty(out.meta) ? undefined : out.meta,
    cache: out.cache === false ? false : undefined,
    persist: out.persist || undefined,
    remote: out.remote,
    push: out.push === false ? false : undefined,
  });
}

const TOP_KEYS = ['desc', 'wdir', 'frozen', 'outs', 'always_changed', 'meta'];
const TOP_UNSERVED = ['deps', 'md5', 'locked', 'cmd'];
const OUT_KEYS = [...ENTRY_KEYS, 'desc', 'type', 'labels', 'meta', 'cache', 'persist', 'remote', 'push'];

/**
 * Read a `.dvc` file. Throws one ProblemError with all problems and their places: dvc/malformed where DVC itself would
 * refuse the file, dvc/unsupported for imports, cloud versions and paths that leave the folder, store/legacy-layout
 * for digests of DVC 2.
 */
export function parsePointer(file: string, text: string): Pointer {
  const reader = new Reader(parseDocument(file, text));
  raise(reader.problems);
  const top = reader.map(reader.document.value ?? {}, [], 'The file');
  raise(reader.problems);
  const map = top!;
  reader.keys(map, TOP_KEYS, TOP_UNSERVED, []);
  const outs = reader.list(map.outs, ['outs'], 'outs').map((item, i) => readOut(reader, item, ['outs', i]));
  const wdir = map.wdir === null ? undefined : reader.field(map, 'wdir', 'string', []);
  if (wdir !== undefined && leavesFolder(wdir)) {
    reader.report('dvc/unsupported', ['wdir'], 'A working folder outside the folder of the file is not supported');
  }
  const pointer = present<Omit<Pointer, 'outs'>>({
    desc: reader.field(map, 'desc', 'string', []),
    wdir,
    frozen: reader.field(map, 'frozen', 'boolean', []),
    alwaysChanged: reader.field(map, 'always_changed', 'boolean', []),
    meta: map.meta === undefined ? undefined : reader.python(map.meta, ['meta']),
  });
  raise(reader.problems);
  return { ...pointer, outs: outs.filter((out) => out !== null) };
}

function readOut(reader: Reader, value: Parameters<Reader['map']>[0], path: ['outs', number]): PointerOut | null {
  const map = reader.map(value, path, 'An output');
  if (map === null) return null;
  reader.keys(map, OUT_KEYS, UNSERVED_KEYS, path);
  const entry = readEntry(reader, map, path);
  if (entry === null) return null;
  if (leavesFolder(entry.path)) {
    reader.report('dvc/unsupported', [...path, 'path'], 'An output outside the folder of the file is not supported');
  } else if (/^[\\/.]*$/.test(entry.path)) {
    reader.report('dvc/unsupported', [...path, 'path'], 'The folder of the file itself as an output is not supported');
  }
  const labels = reader.list(map.labels, [...path, 'labels'], 'labels');
  if (labels.some((label) => typeof label !== 'string')) {
    reader.report('dvc/malformed', [...path, 'labels'], 'labels must be a list of texts');
  }
  return {
    ...entry,
    ...present<Omit<PointerOut, keyof Entry>>({
      desc: reader.field(map, 'desc', 'string', path),
      type: reader.field(map, 'type', 'string', path),
      labels: labels.length > 0 ? (labels as string[]) : undefined,
      meta: map.meta === undefined ? undefined : reader.python(map.meta, [...path, 'meta']),
      cache: reader.field(map, 'cache', 'boolean', path),
      persist: reader.field(map, 'persist', 'boolean', path),
      remote: reader.field(map, 'remote', 'string', path),
      push: reader.field(map, 'push', 'boolean', path),
    }),
  };
}

/** DVC would follow such a path anywhere; a pointer from a stranger must not make us write there. */
function leavesFolder(path: string): boolean {
  return /^[\\/]|^[A-Za-z][\w+.-]*:|\0/.test(path) || path.split(/[\\/]/).includes('..');
}

function isEmpty(value: PythonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
