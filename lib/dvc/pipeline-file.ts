// Writes dvc.yaml and dvc.lock from a plain description of stages, and reads dvc.lock, as DVC itself does.
import type { Json } from '../base/canon.ts';
import { parseDocument } from '../base/document.ts';
import { raise } from '../base/problem.ts';
import { comparePoints, type PythonValue } from '../base/python-json.ts';
import { ENTRY_KEYS, type Entry, readEntry, UNSERVED_KEYS } from './entry.ts';
import { type JsonMap, Reader } from './reader.ts';
import { printYaml, type YamlMap, yamlMap } from './yaml-style.ts';

export interface StageOut {
  readonly path: string;
  /** False: in git, not in the cache. */
  readonly cache?: boolean;
}

/** A stage of dvc.yaml; paths relative to the folder of the file. Every text is meant literally, no templates. */
export interface PipelineStage {
  readonly name: string;
  readonly desc?: string;
  /** One shell command, or several that run in order. */
  readonly cmd: string | readonly string[];
  readonly deps: readonly string[];
  /** File -> key paths; an empty list takes the whole file. */
  readonly params: { readonly [file: string]: readonly string[] };
  readonly outs: readonly StageOut[];
  readonly metrics?: readonly StageOut[];
  readonly plots?: readonly StageOut[];
  readonly meta?: PythonValue;
}

/** A stage of dvc.lock: what it ran with and what it gave. */
export interface LockStage {
  readonly name: string;
  /** The command after templating. */
  readonly cmd: string | readonly string[];
  readonly deps: readonly Entry[];
  /** File -> key path -> value; for a whole file its top-level keys. */
  readonly params: { readonly [file: string]: { readonly [key: string]: PythonValue } };
  /** Outputs, metrics and plots together. */
  readonly outs: readonly Entry[];
}

/** Params without a file name come from here, and it stands first in dvc.lock. */
const DEFAULT_PARAMS = 'params.yaml';

/** The bytes of dvc.yaml: stages in the given order, lists sorted, empty ones left out, `${` escaped from templating. */
export function printPipeline(stages: readonly PipelineStage[]): string {
  return printYaml({ stages: Object.fromEntries(stages.map((stage) => [stage.name, literal(stageMap(stage))])) });
}

function stageMap(stage: PipelineStage): YamlMap {
  return yamlMap({
    desc: stage.desc || undefined,
    cmd: stage.cmd,
    deps: filled([...stage.deps].sort(comparePoints)),
    params: filled(paramsList(stage.params)),
    outs: filled(outsList(stage.outs)),
    metrics: filled(outsList(stage.metrics)),
    plots: filled(outsList(stage.plots)),
    meta: stage.meta,
  });
}

function paramsList(params: PipelineStage['params']): PythonValue[] {
  const plain: string[] = [];
  const byFile: PythonValue[] = [];
  for (const file of Object.keys(params).sort(comparePoints)) {
    const keys = [...params[file]!].sort(comparePoints);
    if (file === DEFAULT_PARAMS && keys.length > 0) plain.push(...keys);
    else byFile.push({ [file]: keys.length > 0 ? keys : null });
  }
  return [...plain, ...byFile];
}

function outsList(outs: readonly StageOut[] = []): PythonValue[] {
  const sorted = [...outs].sort((a, b) => comparePoints(a.path, b.path));
  return sorted.map((out) => (out.cache === false ? { [out.path]: { cache: false } } : out.path));
}

/** DVC replaces `${…}` in every text of a stage; a backslash keeps it as it is. */
function literal(value: PythonValue): PythonValue {
  if (typeof value === 'string') return value.replaceAll('${', '\\${');
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [literal(key), literal(inner as PythonValue)]));
}

/** The bytes of dvc.lock: stages in the given order; entries by path and params by key, params.yaml first. */
export function printLock(stages: readonly LockStage[]): string {
  return printYaml({
    schema: '2.0',
    stages: Object.fromEntries(stages.map((stage) => [stage.name, lockStageMap(stage)])),
  });
}

/** The lines of one stage in what `printLock` gives. */
export function printLockBlock(stage: LockStage): string {
  return printYaml({ stages: { [stage.name]: lockStageMap(stage) } })
    .trimEnd()
    .slice('stages:\n'.length);
}

/** One stage as dvc.lock holds it; the run-cache hashes this value. */
export function lockStageMap(stage: LockStage): YamlMap {
  return yamlMap({
    cmd: stage.cmd,
    deps: filled(entries(stage.deps)),
    params: Object.keys(stage.params).length > 0 ? paramsMap(stage.params) : undefined,
    outs: filled(entries(stage.outs)),
  });
}

function entries(list: readonly Entry[]): YamlMap[] {
  return [...list]
    .sort((a, b) => comparePoints(a.path, b.path))
    .map((entry) =>
      yamlMap({
        path: entry.path,
        hash: 'md5',
        md5: entry.md5 ?? undefined,
        size: entry.size,
        nfiles: entry.nfiles,
        isexec: entry.isexec || undefined,
      }),
    );
}

function paramsMap(params: LockStage['params']): YamlMap {
  const files = Object.keys(params).sort(comparePoints);
  const ordered = [...files.filter((f) => f === DEFAULT_PARAMS), ...files.filter((f) => f !== DEFAULT_PARAMS)];
  const sorted = (map: { readonly [key: string]: PythonValue }) =>
    Object.fromEntries(Object.entries(map).sort(([a], [b]) => comparePoints(a, b)));
  return Object.fromEntries(ordered.map((file) => [file, sorted(params[file]!)]));
}

/**
 * Read dvc.lock; an empty text is a lock without stages. Throws one ProblemError with all problems: dvc/malformed where
 * DVC would refuse the file, dvc/unsupported for cloud data and datasets, store/legacy-layout for digests of DVC 2.
 * Paths are as the file has them and may leave the folder: whoever follows them checks first.
 */
export function parseLock(file: string, text: string): LockStage[] {
  const reader = new Reader(parseDocument(file, text));
  raise(reader.problems);
  if (reader.document.value === null) return [];
  const top = reader.map(reader.document.value, [], 'The file');
  raise(reader.problems);
  reader.keys(top!, ['schema', 'stages'], ['datasets'], []);
  if (top!.schema !== '2.0') {
    reader.report('dvc/malformed', ['schema'], "A lock file must have schema: '2.0'", 'Run `dvc repro` with DVC 3');
  }
  const stages = top!.stages === undefined ? {} : reader.map(top!.stages, ['stages'], 'stages');
  const list = Object.entries(stages ?? {}).map(([name, value]) => readStage(reader, name, value));
  raise(reader.problems);
  return list.filter((stage) => stage !== null);
}

const STAGE_KEYS = ['cmd', 'deps', 'params', 'outs'];

function readStage(reader: Reader, name: string, value: Json): LockStage | null {
  const path = ['stages', name];
  const map = reader.map(value, path, `The stage ${name}`);
  if (map === null) return null;
  reader.keys(map, STAGE_KEYS, [], path);
  const params: Record<string, Record<string, PythonValue>> = {};
  const files = map.params === undefined ? {} : reader.map(map.params, [...path, 'params'], 'params');
  for (const [paramsFile, values] of Object.entries(files ?? {})) {
    const at = [...path, 'params', paramsFile];
    const read = reader.map(values, at, `The params of ${paramsFile}`);
    if (read !== null) params[paramsFile] = reader.python(read, at) as Record<string, PythonValue>;
  }
  return {
    name,
    cmd: readCmd(reader, map, path),
    deps: readEntries(reader, map, 'deps', path),
    params,
    outs: readEntries(reader, map, 'outs', path),
  };
}

function readCmd(reader: Reader, map: JsonMap, path: readonly string[]): string | readonly string[] {
  const { cmd } = map;
  if (typeof cmd === 'string') return cmd;
  if (Array.isArray(cmd) && cmd.every((line: Json) => typeof line === 'string')) return cmd as readonly string[];
  reader.report('dvc/malformed', [...path, 'cmd'], 'A stage must have a cmd: a text or a list of texts');
  return '';
}

function readEntries(reader: Reader, map: JsonMap, key: 'deps' | 'outs', path: readonly string[]): Entry[] {
  if (map[key] === null) reader.report('dvc/malformed', [...path, key], `${key} must be a list`);
  const list = reader.list(map[key], [...path, key], key).map((item, i) => {
    const at = [...path, key, i];
    const entry = reader.map(item, at, `An entry of ${key}`);
    if (entry === null) return null;
    reader.keys(entry, ENTRY_KEYS, UNSERVED_KEYS, at);
    return readEntry(reader, entry, at);
  });
  return list.filter((entry) => entry !== null);
}

function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
