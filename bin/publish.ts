// What the door does after a run, hit or not: lay the dataset out, write pointers and DVC's files, push and commit (settled point 5).

import { join, relative, resolve } from 'node:path';
import { canon, type Json } from '../lib/base/canon.ts';
import { sha256Json } from '../lib/base/digest.ts';
import { type Problem, ProblemError } from '../lib/base/problem.ts';
import type { DvcConfig } from '../lib/dvc/config-file.ts';
import { type Dataset, datasetNames, type JsonMap, listDatasets, readDataset } from '../lib/dvc/datasets.ts';
import type { Basis } from '../lib/dvc/printed.ts';
import { datasetName, Publisher, surplus } from '../lib/dvc/publish.ts';
import { isDvcFile } from '../lib/dvc/roots.ts';
import type { Facts } from '../lib/dvc/translate.ts';
import { sourcePath } from '../lib/engine/build.ts';
import type { Listener, RunEvent } from '../lib/engine/event.ts';
import { codeSha } from '../lib/engine/key.ts';
import type { Pipeline } from '../lib/engine/load.ts';
import { outputPath, type Project } from '../lib/engine/project.ts';
import type { DoneStage, RunResult } from '../lib/engine/run.ts';
import type { StageSpec } from '../lib/engine/spec.ts';
import { stageCode } from '../lib/engine/unit-code.ts';
import { mark } from '../lib/store/files.ts';
import { groundOf, guardOf } from './data.ts';
import { type ConfigFlags, underDvc } from './open.ts';
import { pushAfterRun } from './push.ts';

export interface AfterRun {
  /** Name of the dataset, which may carry a stamp, and where it lies; null when none was published. */
  readonly name: string | null;
  readonly path: string | null;
  readonly problems: readonly Problem[];
}

interface Settings {
  readonly dataset_id_strategy?: string;
  readonly versioning?: {
    readonly enabled?: boolean;
    readonly remote_name?: string;
    readonly auto_push?: boolean;
    readonly commit?: boolean;
  };
  readonly retention?: { readonly keep_last?: number };
}

export interface EffectFlags extends ConfigFlags {
  readonly commit?: boolean;
}

export async function afterRun(
  project: Project,
  dvc: DvcConfig,
  pipeline: Pipeline,
  result: RunResult,
  flags: EffectFlags,
  emit: Listener,
): Promise<AfterRun> {
  // Run by dvc as one of its stages: pointers, lock and cache are its own affair then (dvc-formats 2.10).
  if (underDvc()) return { name: null, path: null, problems: [] };
  const settings = pipeline.config as Settings;
  const problems: Problem[] = [];
  const attempt = async (act: () => void | Promise<void>) => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
    }
  };
  let effects: Effects = { publisher: new Publisher(groundOf(project)), name: null, path: null, events: [] };
  await attempt(async () => {
    const gather = () => gatherEffects(project, pipeline, result, flags, settings);
    const seen = lockMark(project);
    effects = await gather();
    if (!effects.publisher.isPending) return effects.publisher.remember();
    // Under the lock everything is looked at once more when dvc has just written what it held the lock for.
    await guardOf(project, dvc, 'pipeline run', emit).alone(async () => {
      if (lockMark(project) !== seen) effects = await gather();
      effects.publisher.apply();
    });
    effects.publisher.remember();
  });
  const { publisher, name, path, events } = effects;
  for (const event of events) emit(event);
  const { auto_push: push, commit, remote_name: remote } = settings.versioning ?? {};
  if (push && problems.length === 0 && result.failed.length === 0) {
    const data = { project, under: pipeline.spec.dataset?.under ?? null, emit };
    await attempt(() => void problems.push(...pushAfterRun(data, dvc, remote ?? null)));
  }
  if ((flags.commit ?? commit) && problems.length === 0)
    await attempt(() => commitAll(project, publisher, name ?? pipeline.spec.pipeline, emit));
  return { name, path, problems };
}

/** Changes with every write of the files that both programs write. */
function lockMark(project: Project): string {
  return JSON.stringify(['dvc.lock', 'dvc.yaml', '.dvc/tmp/lock'].map((file) => mark(join(project.root, file))));
}

/** What a run is to leave in the workspace, and what there is to say of it. */
interface Effects {
  readonly publisher: Publisher;
  readonly name: string | null;
  readonly path: string | null;
  readonly events: readonly RunEvent[];
}

async function gatherEffects(
  project: Project,
  pipeline: Pipeline,
  result: RunResult,
  flags: EffectFlags,
  settings: Settings,
): Promise<Effects> {
  const publisher = new Publisher(groundOf(project));
  const events: RunEvent[] = [];
  publisher.skeleton();
  for (const [given, artifact] of pipeline.given)
    if (given.startsWith('source:')) publisher.source(given.slice('source:'.length), artifact);
  const done = datasetStage(pipeline, result);
  const published = done === null ? null : publish(project, pipeline, result, done, settings, publisher, events);
  const facts = factsOf(project, pipeline, result, flags);
  const made = new Map(passed(result).map(([stage, { outputs }]) => [stage, outputs]));
  const basis = basisOf(project, pipeline, result, facts);
  const refusal = publisher.pipeline(pipeline.spec, facts, { given: pipeline.given, made }, basis);
  if (refusal !== null) events.push({ type: 'notice', level: 'warn', message: refusal });
  if (published !== null) await retain(project, pipeline, published.name, settings, publisher, events);
  return { publisher, name: published?.name ?? null, path: published?.path ?? null, events };
}

/** Stages whose outputs stand; one whose verdict is no is not done for dvc. */
function passed(result: RunResult): [string, DoneStage][] {
  return [...result.done].filter(([, { verdict }]) => verdict?.passed !== false);
}

function datasetStage({ spec }: Pipeline, result: RunResult): DoneStage | null {
  const done = spec.dataset === null ? undefined : result.done.get(spec.dataset.stage);
  return done === undefined || done.verdict?.passed === false ? null : done;
}

function publish(
  project: Project,
  pipeline: Pipeline,
  result: RunResult,
  done: DoneStage,
  settings: Settings,
  publisher: Publisher,
  events: RunEvent[],
): { name: string; path: string } {
  const { under, port } = pipeline.spec.dataset as NonNullable<Pipeline['spec']['dataset']>;
  const artifact = done.outputs[port];
  if (artifact === undefined) throw new Error(`the stage ${done.spec.name} has no output ${port}`);
  const strategy = settings.dataset_id_strategy ?? 'hash';
  const { datasetId } = pipeline.run;
  const known =
    strategy === 'hash'
      ? [readDataset(project.root, under, datasetId)].filter((one) => one !== null)
      : listDatasets(project.root, under);
  const meta = metaOf(project, pipeline, result, done, known);
  const name = datasetName(datasetId, strategy, meta, String(meta.made_at), known);
  const tracked = settings.versioning?.enabled ?? true;
  const { path, was, changed } = publisher.dataset(under, name, artifact, meta, tracked);
  const keys = [...result.done.values()].flatMap(({ units }) => units.map(({ key }) => key));
  publisher.record(under, name, keys);
  if (was !== null) {
    const message = `${name} named other bytes before: ${was} -> ${artifact.md5}`;
    events.push({ type: 'notice', level: 'warn', message });
  }
  if (changed) events.push({ type: 'published', datasetId: name, path, was });
  return { name, path };
}

/**
 * What is known of a dataset beside its bytes: its identity, and facts for people from the receipts (settled point 4).
 * They are gathered when the dataset is first published and stay with its pointer.
 */
function metaOf(
  project: Project,
  pipeline: Pipeline,
  result: RunResult,
  done: DoneStage,
  known: readonly Dataset[],
): JsonMap {
  const { datasetId, configHash, gitSha } = pipeline.run;
  const identity: JsonMap = {
    dataset_id: datasetId,
    config_hash: configHash,
    git_sha: gitSha,
    seed: pipeline.seed,
    generator_version: pipeline.generatorVersion,
    inputs: Object.fromEntries([...pipeline.given].map(([name, { md5 }]) => [name, md5])),
  };
  const port = pipeline.spec.dataset?.port ?? '';
  const before = known.find(
    ({ artifact, meta }) =>
      artifact.md5 === done.outputs[port]?.md5 &&
      Object.entries(identity).every(([key, value]) => canon(meta[key] ?? null) === canon(value)),
  );
  if (before !== undefined) return before.meta;
  const made = [...result.done.values()].flatMap(({ units }) =>
    units.flatMap(({ key }) => project.receipts.read(key)?.made ?? []),
  );
  const newest = made.reduce<(typeof made)[number] | null>((a, b) => (a === null || b.at > a.at ? b : a), null);
  const dirt = made.map(({ dirty }) => dirty);
  const { inputs, ...names } = identity;
  return {
    ...names,
    profile: pipeline.profile,
    head: newest?.head ?? null,
    dirty: dirt.includes(true) ? true : dirt.length === 0 || dirt.includes(null) ? null : false,
    node: newest?.node ?? null,
    made_at: newest?.at ?? null,
    inputs: inputs as Json,
  };
}

function factsOf(project: Project, pipeline: Pipeline, result: RunResult, flags: EffectFlags): Facts {
  const outside = (path: string) => project.own !== project.root && path.startsWith('marketloom/');
  const judges = pipeline.spec.stages.filter(({ name }) => {
    const known = result.done.get(name)?.units.map((unit) => unit.known) ?? Object.values(result.units[name] ?? {});
    return known.some(({ verdict }) => verdict !== null);
  });
  const codes = new Map<string, Readonly<Record<string, string>>>();
  const codeOf = (stage: StageSpec) => {
    const known = codes.get(stage.name) ?? stageCode(pipeline.code, stage);
    codes.set(stage.name, known);
    return known;
  };
  return {
    command: commandFor(project.root, pipeline, flags),
    place: outputPath,
    code: (stage) =>
      Object.keys(codeOf(stage)).flatMap((path) => {
        // The digest is that of the bytes that ran; the file may have been edited since.
        const md5 = outside(path) ? undefined : pipeline.code.sources[path]?.md5;
        if (md5 === undefined) return [];
        const now = project.marks.md5(sourcePath(pipeline.codeRoots, path));
        return [{ path, md5, ...(now?.md5 === md5 && { size: now.size }) }];
      }),
    besides: (stage) => besidesOf(stage, codeOf(stage), outside),
    judges: new Set(judges.map(({ name }) => name)),
    seed: pipeline.seed,
    generatorVersion: pipeline.generatorVersion,
    run: pipeline.run,
  };
}

/** What DVC's files rest on, named so that a run which finds it unchanged prints only what units gave anew. */
function basisOf(project: Project, { spec, stamp, run }: Pipeline, result: RunResult, facts: Facts): Basis {
  const code = spec.stages.flatMap((stage) => (stage.code.kind === 'module' ? facts.code(stage) : []));
  // The run's own facts stand in the files only when a stage is wired to them.
  const told = run.artifact === null ? null : [run.datasetId, run.configHash, run.gitSha];
  const ground = [stamp, told, facts.command(''), [...facts.judges], code, project.own];
  return {
    ground: sha256Json(ground as unknown as Json),
    run: result.run,
    before: result.before,
    same: new Set([...result.done].flatMap(([name, { units }]) => (units.every(({ same }) => same) ? [name] : []))),
    whole: result.failed.length === 0 && result.skipped.length === 0,
  };
}

/** What a stage's key holds and no file of the project shows: a command's text, packages, code of this package elsewhere. */
function besidesOf(stage: StageSpec, code: Readonly<Record<string, string>>, outside: (path: string) => boolean): Json {
  if (stage.code.kind === 'command') return stage.code.cmd;
  const packages = Object.keys(code).filter((name) => name.startsWith('npm:'));
  const elsewhere = Object.fromEntries(Object.entries(code).filter(([path]) => outside(path)));
  const list = [
    ...packages.map((name) => name.slice('npm:'.length)).sort(),
    ...(Object.keys(elsewhere).length > 0 ? [`marketloom ${codeSha(elsewhere)}`] : []),
  ];
  return list.length > 0 ? list : null;
}

/** The command that makes one stage as this run did: with its profile, flags and environment, but not with what is operational. */
function commandFor(root: string, { profile, variables }: Pipeline, flags: EffectFlags): (stage: string) => string {
  const after: string[] = [];
  // Relative to the project: dvc.yaml goes to other machines.
  if (flags.config !== undefined) after.push('--config', relative(root, resolve(root, flags.config)));
  if (profile !== 'default') after.push('--profile', profile);
  if (flags.seed !== undefined) after.push('--seed', flags.seed);
  for (const set of flags.set ?? []) after.push('--set', set);
  const environment = Object.entries(process.env)
    .filter(([name, value]) => variables.includes(name) && name !== 'PIPELINE_JOBS' && value?.trim())
    .sort()
    .map(([name, value]) => `${name}=${shellWord(value as string)}`);
  return (stage) => [...environment, 'npx pipeline run', ...[stage, ...after].map(shellWord)].join(' ');
}

function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Take datasets beyond the newest N out of the workspace, never the one just published nor one committed anywhere. */
async function retain(
  project: Project,
  { spec }: Pipeline,
  published: string,
  settings: Settings,
  publisher: Publisher,
  events: RunEvent[],
): Promise<void> {
  const keep = settings.retention?.keep_last;
  if (keep === undefined || spec.dataset === null) return;
  const { under } = spec.dataset;
  const names = new Set([...datasetNames(project.root, under), published]);
  if (names.size <= keep) return;
  const { filesInRefs } = await import('../lib/git/revision.ts');
  const pinned = new Set((await filesInRefs(project.root, isDvcFile)).map(({ path }) => path));
  const older = listDatasets(project.root, under).filter(({ name }) => name !== published);
  for (const old of surplus(older, keep - 1, pinned)) {
    publisher.retire(old);
    const message = `retired ${old.name}: only the newest ${keep} datasets stay; \`pipeline gc\` frees its space`;
    events.push({ type: 'notice', level: 'info', message });
  }
}

async function commitAll(project: Project, publisher: Publisher, what: string, emit: Listener): Promise<void> {
  const { commitFiles } = await import('../lib/git/revision.ts');
  const commit = await commitFiles(project.root, [...publisher.files].sort(), `Publish ${what}`);
  if (commit !== null)
    emit({ type: 'notice', level: 'info', message: `committed ${commit.slice(0, 12)}: Publish ${what}` });
}
