// What a unit is called with and what its code reaches: for the most part the same for all shards of a stage, and worked out once.
import { canon, canonOnce, type Json } from '../base/canon.ts';
import { type GitOid, gitBlob } from '../base/digest.ts';
import { type BuiltCode, reach, type Selection } from './build.ts';
import { picksOf, pluginFile } from './plugins.ts';
import type { Spec, StageSpec } from './spec.ts';

/** The params of a unit by name, with the names to show. */
export function paramValues(stage: StageSpec, element: string | null): Map<string, { shown: string; value: Json }> {
  const values = new Map(stage.params.map(({ name, shown, value }) => [name, { shown, value }]));
  if (stage.map !== null && element !== null) values.set(stage.map.as, { shown: stage.map.as, value: element });
  return values;
}

/** Params as a stage gets them: in canonical order at every depth, because the order in YAML is not in the key. */
export function paramsOf(stage: StageSpec, element: string | null): Record<string, Json> {
  const values = [...paramValues(stage, element)].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(values.map(([name, { value }]) => [name, inOrder(value)]));
}

const ordered = new WeakMap<object, Json>();

/** A value of the spec in canonical order, put so once for all shards. */
function inOrder(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  let known = ordered.get(value);
  if (known === undefined) {
    known = JSON.parse(canonOnce(value)) as Json;
    ordered.set(value, known);
  }
  return known;
}

const codeCache = new WeakMap<BuiltCode, Map<string, Readonly<Record<string, string>>>>();

/** Sources and packages a unit reaches: a stage's code under what its params select, or the text of its command. */
export function codeOf(
  built: BuiltCode,
  stage: StageSpec,
  values: ReadonlyMap<string, { value: Json }>,
): Readonly<Record<string, string>> {
  if (stage.code.kind === 'command') return commandCode(stage, stage.code.cmd);
  // Unless elements pick code, all shards have the same.
  if (stage.map !== null && Object.hasOwn(stage.selects, stage.map.as))
    return selectedCode(built, stage, stage.code.entry, values);
  let known = stageCodes.get(built);
  if (known === undefined) {
    known = new Map();
    stageCodes.set(built, known);
  }
  let code = known.get(stage);
  if (code === undefined) {
    code = selectedCode(built, stage, stage.code.entry, values);
    known.set(stage, code);
  }
  return code;
}

const stageCodes = new WeakMap<BuiltCode, Map<StageSpec, Readonly<Record<string, string>>>>();

function selectedCode(
  built: BuiltCode,
  stage: StageSpec,
  entry: string,
  values: ReadonlyMap<string, { value: Json }>,
): Readonly<Record<string, string>> {
  const selection: Record<string, string[]> = {};
  for (const [selector, catalog] of Object.entries(stage.selects)) {
    const names = picksOf(selector, values).flatMap(({ name }) =>
      pluginFile(name) !== null || name === 'none' ? [] : [String(name)],
    );
    selection[catalog] = [...(selection[catalog] ?? []), ...names];
  }
  const own = cachedReach(built, entry, selection);
  const named = pluginsOf(stage);
  return named.length === 0 ? own : Object.assign({}, own, ...named.map((file) => cachedReach(built, file, {})));
}

/** Project files that a stage's params name as code, each once. */
export function pluginsOf(stage: StageSpec): readonly string[] {
  let files = plugins.get(stage);
  if (files === undefined) {
    const values = paramValues(stage, null);
    const picks = Object.keys(stage.selects).flatMap((selector) => picksOf(selector, values));
    files = [...new Set(picks.flatMap(({ name }) => pluginFile(name) ?? []))].sort();
    plugins.set(stage, files);
  }
  return files;
}

const plugins = new WeakMap<StageSpec, readonly string[]>();

/** Sources and packages that any unit of a stage reaches. */
export function stageCode(built: BuiltCode, stage: StageSpec): Readonly<Record<string, string>> {
  const elements = stage.map?.elements ?? [null];
  const codes = new Set(elements.map((element) => codeOf(built, stage, paramValues(stage, element))));
  return Object.assign({}, ...codes);
}

function cachedReach(code: BuiltCode, entry: string, selection: Selection): Readonly<Record<string, string>> {
  let known = codeCache.get(code);
  if (known === undefined) {
    known = new Map();
    codeCache.set(code, known);
  }
  const name = JSON.stringify([entry, selection]);
  let found = known.get(name);
  if (found === undefined) {
    found = reach(code, entry, selection);
    known.set(name, found);
  }
  return found;
}

const commands = new WeakMap<StageSpec, Readonly<Record<string, GitOid>>>();

/** The code of a command is its text and what is taken of what it leaves. */
function commandCode(stage: StageSpec, cmd: string): Readonly<Record<string, GitOid>> {
  let code = commands.get(stage);
  if (code === undefined) {
    code = { [`cmd:${stage.name}`]: gitBlob(Buffer.from(canon({ cmd, out: stage.outputs } as unknown as Json))) };
    commands.set(stage, code);
  }
  return code;
}

/** All code of all stages, every catalog line included, and how they are wired: what dataset_id takes (settled point 2). */
export function allCode(spec: Spec, code: BuiltCode, wiring: GitOid): Record<string, string> {
  const all: Record<string, string> = { 'pipeline.yaml': wiring };
  for (const stage of spec.stages) {
    if (stage.code.kind === 'command') Object.assign(all, commandCode(stage, stage.code.cmd));
    else for (const entry of [stage.code.entry, ...pluginsOf(stage)]) Object.assign(all, reach(code, entry, {}));
  }
  return all;
}
