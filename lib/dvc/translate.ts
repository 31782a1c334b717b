// The pipeline in DVC's words: dvc.yaml, dvc.lock and the file of resolved values, from the spec and what a run gave (design D5).
import type { Json } from '../base/canon.ts';
import type { Md5 } from '../base/digest.ts';
import type { PythonValue } from '../base/python-json.ts';
import type { Spec, StageSpec, Wire } from '../engine/spec.ts';
import type { Artifact } from '../store/blob.ts';
import type { Entry } from './entry.ts';
import type { LockStage, PipelineStage, StageOut } from './pipeline-file.ts';

/** What the spec does not say. */
export interface Facts {
  /** Shell command that brings one stage up to date. */
  readonly command: (stage: string) => string;
  /** Workspace path of an output. */
  readonly place: (stage: string, port: string, kind: string) => string;
  /** Reachable sources inside the project, with their digests as they were run. */
  readonly code: (stage: StageSpec) => readonly { readonly path: string; readonly md5: Md5; readonly size?: number }[];
  /** What a key holds beside files: packages, the text of a command, code outside the project. */
  readonly besides: (stage: StageSpec) => Json;
  /** Stages that give a verdict: their json outputs are shown as metrics. */
  readonly judges: ReadonlySet<string>;
  readonly seed: Json;
  readonly generatorVersion: Json;
  readonly run: { readonly datasetId: string; readonly configHash: string; readonly gitSha: string };
}

/** Sources and workspace files by wire text, and outputs by stage. */
export interface Found {
  readonly given: ReadonlyMap<string, Artifact>;
  readonly made: ReadonlyMap<string, Readonly<Record<string, Artifact>>>;
}

/** The file of resolved values: in git, so that `dvc status` has it in a fresh clone. */
export const PARAMS_FILE = 'data/stages/params.yaml';

type PythonMap = { readonly [key: string]: PythonValue };

/** What PARAMS_FILE holds: `stages.<stage>.<param>`, `code.<stage>` and, when some stage is wired to it, `run`. */
export function paramsValue(spec: Spec, facts: Facts): PythonMap {
  const stages: Record<string, PythonMap> = {};
  const code: Record<string, PythonValue> = {};
  for (const stage of spec.stages) {
    const values = stageParams(stage, facts);
    if (Object.keys(values).length > 0) stages[stage.name] = values;
    const besides = facts.besides(stage);
    if (besides !== null) code[stage.name] = harmless(besides);
  }
  return {
    ...(spec.stages.some(usesRun) && { run: runFacts(facts) }),
    ...(Object.keys(stages).length > 0 && { stages }),
    ...(Object.keys(code).length > 0 && { code }),
  };
}

function runFacts({ run }: Facts): PythonMap {
  return { dataset_id: run.datasetId, config_hash: run.configHash, git_sha: run.gitSha };
}

function stageParams(stage: StageSpec, facts: Facts): Record<string, PythonValue> {
  const values: Record<string, PythonValue> = {};
  if (stage.uses.includes('seed')) values.seed = harmless(facts.seed);
  if (stage.uses.includes('generator_version')) values.generator_version = harmless(facts.generatorVersion);
  for (const { name, value } of stage.params) values[name] = harmless(value);
  if (stage.map !== null) values[stage.map.as] = [...stage.map.elements];
  return values;
}

/** DVC's run-cache forgets every value whose own key is `size` or `nfiles` (dvc-formats 14.3): such a map goes as one text. */
function harmless(value: Json): PythonValue {
  return holdsForgotten(value) ? JSON.stringify(value) : (value as PythonValue);
}

function holdsForgotten(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsForgotten);
  return Object.entries(value).some(([key, inner]) => key === 'size' || key === 'nfiles' || holdsForgotten(inner));
}

function usesRun(stage: StageSpec): boolean {
  return wiresOf(stage).some(({ kind }) => kind === 'run');
}

/** Key paths of a stage in PARAMS_FILE with their values. */
function paramEntries(stage: StageSpec, facts: Facts): [string, PythonValue][] {
  const below = (prefix: string, map: PythonMap) =>
    Object.entries(map).map(([name, value]): [string, PythonValue] => [`${prefix}.${name}`, value]);
  const besides = facts.besides(stage);
  return [
    ...below(`stages.${stage.name}`, stageParams(stage, facts)),
    ...(besides === null ? [] : below('code', { [stage.name]: harmless(besides) })),
    ...(usesRun(stage) ? below('run', runFacts(facts)) : []),
  ];
}

/** Stages of dvc.yaml in the order they can run. */
export function pipelineStages(spec: Spec, facts: Facts): PipelineStage[] {
  const kinds = kindsOf(spec);
  return spec.stages.map((stage) => {
    const outs = Object.entries(stage.outputs).map(([port, { kind }]) => ({
      path: facts.place(stage.name, port, kind),
      isMetric: kind === 'json' && facts.judges.has(stage.name),
    }));
    const paths = (wanted: boolean): StageOut[] =>
      outs.filter(({ isMetric }) => isMetric === wanted).map(({ path }) => ({ path }));
    const keys = paramEntries(stage, facts).map(([key]) => key);
    const params: PipelineStage['params'] = keys.length > 0 ? { [PARAMS_FILE]: keys } : {};
    return {
      name: stage.name,
      ...(stage.desc !== '' && { desc: stage.desc }),
      cmd: facts.command(stage.name),
      deps: [
        ...new Set([
          ...wiresOf(stage).flatMap((wire) => depPath(wire, kinds, facts) ?? []),
          ...facts.code(stage).map(({ path }) => path),
        ]),
      ],
      params,
      outs: paths(false),
      metrics: paths(true),
    };
  });
}

/** The lock entry of a stage whose outputs this run knows. */
export function lockStage(spec: Spec, stage: StageSpec, facts: Facts, found: Found): LockStage {
  const kinds = kindsOf(spec);
  const deps = new Map<string, Entry>();
  for (const wire of wiresOf(stage)) {
    const path = depPath(wire, kinds, facts);
    const artifact = wire.kind === 'stage' ? found.made.get(wire.stage)?.[wire.port] : found.given.get(givenName(wire));
    if (path !== null && artifact !== undefined) deps.set(path, { path, ...artifact });
  }
  for (const source of facts.code(stage)) deps.set(source.path, source);
  const values = Object.fromEntries(paramEntries(stage, facts));
  const params: LockStage['params'] = Object.keys(values).length > 0 ? { [PARAMS_FILE]: values } : {};
  const outs = Object.entries(stage.outputs).map(([port, { kind }]) => ({
    path: facts.place(stage.name, port, kind),
    ...(found.made.get(stage.name)?.[port] as Artifact),
  }));
  return {
    name: stage.name,
    cmd: facts.command(stage.name),
    deps: [...deps.values()],
    params,
    outs,
  };
}

/** Stages of the new lock: those of this run, and what the old one says of others that are still in the pipeline. */
export function mergeLock(spec: Spec, before: readonly LockStage[], now: readonly LockStage[]): LockStage[] {
  const known = new Map([...before, ...now].map((stage) => [stage.name, stage]));
  return spec.stages.flatMap(({ name }) => known.get(name) ?? []);
}

function wiresOf(stage: StageSpec): Wire[] {
  return Object.values(stage.inputs).flatMap(({ wires }) => Object.values(wires));
}

const kindsBySpec = new WeakMap<Spec, ReadonlyMap<string, StageSpec['outputs']>>();

/** Made once a spec: every stage's lock entry asks for it. */
function kindsOf(spec: Spec): ReadonlyMap<string, StageSpec['outputs']> {
  let kinds = kindsBySpec.get(spec);
  if (kinds === undefined) {
    kinds = new Map(spec.stages.map(({ name, outputs }) => [name, outputs]));
    kindsBySpec.set(spec, kinds);
  }
  return kinds;
}

/** Where DVC finds what a wire brings; nothing for the facts of the run, which are params. */
function depPath(wire: Wire, kinds: ReadonlyMap<string, StageSpec['outputs']>, facts: Facts): string | null {
  switch (wire.kind) {
    case 'source':
      return sourcePath(wire.name);
    case 'file':
      return wire.path;
    case 'stage':
      return facts.place(wire.stage, wire.port, kinds.get(wire.stage)?.[wire.port]?.kind ?? 'tree');
    case 'run':
      return null;
  }
}

export function sourcePath(name: string): string {
  return `data/sources/${name}`;
}

/** Sources and files under the names that the loaded pipeline gives them. */
function givenName(wire: Exclude<Wire, { kind: 'stage' }>): string {
  return wire.kind === 'source' ? `source:${wire.name}` : wire.kind === 'file' ? `./${wire.path}` : '$run';
}
