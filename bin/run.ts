// `pipeline run`: brings the asked stages up to date, publishes the dataset, and remembers the answer for the next time.
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { nowIso, tickMs } from '../lib/base/clock.ts';
import { nearest } from '../lib/base/nearest.ts';
import { type Problem, ProblemError } from '../lib/base/problem.ts';
import type { Claim } from '../lib/dvc/guard.ts';
import type { Listener, RunSummary } from '../lib/engine/event.ts';
import type { Executor } from '../lib/engine/executor.ts';
import { above } from '../lib/engine/graph.ts';
import type { Pipeline } from '../lib/engine/load.ts';
import { outputPath, type Project, STAGES } from '../lib/engine/project.ts';
import { type RunResult, runStages } from '../lib/engine/run.ts';
import { settling } from '../lib/engine/settings.ts';
import { needsOf } from '../lib/engine/spec.ts';
import type { UnitPlan } from '../lib/engine/units.ts';
import type { Revision } from '../lib/git/revision.ts';
import { absorb } from '../lib/store/depot.ts';
import { ensureDir, mark } from '../lib/store/files.ts';
import { folderText } from '../lib/store/glance.ts';
import { Lock, ownerText, sweepTemporary } from '../lib/store/lock.ts';
import { guardOf } from './data.ts';
import { type ConfigFlags, load, open, openPool, type Program, underDvc, underDvcCache } from './open.ts';
import { statusText } from './status.ts';

export interface RunFlags extends ConfigFlags {
  readonly force?: boolean;
  readonly keepGoing?: boolean;
  readonly commit?: boolean;
}

/** The stages a run of these targets needs; no target means all. */
export function chosen(pipeline: Pipeline, targets: readonly string[]): Set<string> {
  const needs = new Map(pipeline.spec.stages.map((stage) => [stage.name, needsOf(stage)]));
  const unknown = targets.filter((name) => !needs.has(name));
  if (unknown.length > 0) {
    throw new ProblemError(
      unknown.map((name): Problem => {
        const close = nearest(name, needs.keys());
        return {
          code: 'spec/unknown-stage',
          message: `there is no stage \`${name}\``,
          hint: close ? `did you mean \`${close}\`?` : `stages: ${[...needs.keys()].join(', ')}`,
        };
      }),
    );
  }
  return above(targets.length > 0 ? targets : [...needs.keys()], needs);
}

/** Run names sort by time; they name logs and receipts, never outputs. */
export function newRunName(): string {
  return `${nowIso().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${process.pid.toString(36)}`;
}

export function jobsOf(flags: ConfigFlags, pipeline: Pipeline): number {
  const run = pipeline.config.run as { jobs?: number } | undefined;
  const asked = Number(flags.jobs ?? process.env.PIPELINE_JOBS ?? run?.jobs ?? 0);
  return asked > 0 ? asked : availableParallelism();
}

export interface Finished {
  readonly summary: RunSummary;
  readonly exitCode: number;
  /** Problems that no event has told yet. */
  readonly untold: readonly Problem[];
}

export async function runPipeline(
  program: Program,
  targets: readonly string[],
  flags: RunFlags,
  args: readonly string[],
  show: Listener,
  signal: AbortSignal,
): Promise<Finished> {
  const startedMs = tickMs();
  const { project, dvc } = open(program);
  const run = newRunName();
  const journal = (await import('../lib/engine/journal.ts')).openJournal(project.root, run, show);
  const emit: Listener = (event) => {
    journal.listen(event);
    show(event);
  };
  ensureDir(project.paths.state);
  const folder = mark(project.paths.state);
  const isAsSeen =
    folder !== null &&
    folderText(folder) === program.looked?.before &&
    !program.looked.changed.has(relative(project.root, project.paths.last));
  const lock = await Lock.acquire(
    project.paths.lock,
    project.tmp,
    'pipeline run',
    (owner) => emit({ type: 'waiting', message: `for ${ownerText(owner)}` }),
    signal,
  );
  // Nobody held the lock since the launcher looked: what it saw need not be looked at again.
  if (isAsSeen && lock.wasFree && program.looked !== null) project.marks.vouch(program.looked);
  try {
    for (const tmp of [project.tmp, project.store.tmp]) sweepTemporary(tmp);
    if (!underDvc()) absorb(underDvcCache(project.root), project.store);
    const pool = openPool(project, { jobs: 1 });
    const stop = () => void pool.close();
    signal.addEventListener('abort', stop);
    try {
      const pipeline = await load(program, project, pool, flags, emit);
      const stages = chosen(pipeline, targets);
      const jobs = jobsOf(flags, pipeline);
      pool.resize(jobs);
      emit({
        type: 'run-started',
        run,
        pipeline: pipeline.spec.pipeline,
        stages: pipeline.spec.stages.map(({ name }) => name).filter((name) => stages.has(name)),
        jobs,
      });
      const outs = outputsOf(project, pipeline, stages);
      const guard = guardOf(project, dvc, 'pipeline run', emit);
      await guard.clear(outs);
      const claim = guard.claim(outs);
      const result = await runStages(
        project,
        pipeline,
        settling(claiming(pool, claim, project), pipeline),
        {
          run,
          stages,
          force: flags.force ?? false,
          keepGoing: flags.keepGoing ?? false,
          provenance: provenanceOf(project),
          codeDir: project.paths.code,
          at: nowIso(),
          shuffle: null,
          signal,
        },
        emit,
      ).finally(() => claim.release());
      const { afterRun } = await import('./publish.ts');
      const after = await afterRun(project, dvc, pipeline, result, flags, emit);
      const summary = summarise(pipeline, result, run, startedMs, after, journal.path);
      emit({ type: 'run-finished', ...summary });
      const problems = [...result.failed.flatMap((stage) => stage.problems), ...after.problems];
      const exitCode = result.interrupted ? 130 : problems.length > 0 ? new ProblemError(problems).exitCode : 0;
      if (!underDvc()) remember(program, project, pipeline, stages, flags, args, summary, exitCode);
      return { summary, exitCode, untold: after.problems };
    } finally {
      signal.removeEventListener('abort', stop);
      await pool.close();
    }
  } finally {
    lock.release();
  }
}

/** Absolute places of what these stages write; of all stages, the folder they lie in: a list of thousands is read and written by every claim. */
function outputsOf(project: Project, { spec }: Pipeline, stages: ReadonlySet<string>): string[] {
  if (spec.stages.every(({ name }) => stages.has(name))) return [join(project.root, STAGES)];
  return spec.stages.flatMap(({ name, outputs }) =>
    stages.has(name)
      ? Object.entries(outputs).map(([port, { kind }]) => `${project.root}/${outputPath(name, port, kind)}`)
      : [],
  );
}

/** An executor that claims the outputs of the run before its first unit: a run that makes nothing needs no claim. */
function claiming(executor: Executor, claim: Claim, { marks }: Project): Executor {
  return {
    submit: async (item, onEvent) => {
      await claim.take();
      // What runs may do anything: what was seen before proves nothing any more.
      marks.doubt();
      return executor.submit(item, onEvent);
    },
    close: () => executor.close(),
  };
}

/** What the effects after a run tell of the dataset. */
interface Published {
  readonly name: string | null;
  readonly path: string | null;
}

function summarise(
  pipeline: Pipeline,
  result: RunResult,
  run: string,
  startedMs: number,
  published: Published,
  log: string | null,
): RunSummary {
  const { ran, cached, restored, failed, skipped } = result;
  return {
    run,
    ok: failed.length === 0 && !result.interrupted,
    interrupted: result.interrupted,
    datasetId: pipeline.spec.dataset === null ? null : (published.name ?? pipeline.run.datasetId),
    datasetPath: published.path,
    ran,
    cached,
    failed: failed.length,
    skipped: skipped.length,
    restored,
    durationMs: Math.round(tickMs() - startedMs),
    log,
  };
}

/** Save what was seen; when all is up to date, also what the launcher may say next time. */
function remember(
  program: Program,
  project: Project,
  { spec, run }: Pipeline,
  stages: ReadonlySet<string>,
  flags: RunFlags,
  args: readonly string[],
  summary: RunSummary,
  exitCode: number,
): void {
  const { marks } = project;
  // With the files, so that they are known to be of one run.
  marks.watch(project.paths.last);
  for (const file of ['pipeline.yaml', '.dvc/config', '.dvc/config.local', 'dvc.yaml', 'dvc.lock'])
    marks.md5(join(project.root, file));
  const units = summary.ran + summary.cached;
  const where =
    summary.datasetId === null
      ? ''
      : `, dataset ${summary.datasetId}${summary.datasetPath ? ` at ${summary.datasetPath}` : ''}`;
  const again = {
    stdout: summary.datasetId === null ? '' : `${summary.datasetId}\n`,
    stderr: `nothing to do: ${units === 1 ? 'the one unit is cached' : `all ${units} units are cached`}${where}\n`,
  };
  const cached = spec.stages.flatMap(({ name }) =>
    stages.has(name) ? [{ stage: name, units: [], drifted: [], refused: null }] : [],
  );
  const status = statusText({ datasetId: spec.dataset === null ? null : run.datasetId, stages: cached });
  // The launcher answers in words.
  const plain = exitCode === 0 && !flags.force && !args.includes('--json');
  const answers = { run: again, ...(!flags.commit && { status: { stdout: status, stderr: '' } }) };
  const isPart = stages.size < spec.stages.length;
  marks.save(project.tmp, program.question(project.root, args.slice(1)), plain ? answers : undefined, isPart);
}

/** The commit is read once, and only when something ran. */
function provenanceOf(project: Project) {
  let known: Revision | null = null;
  return async (plan: UnitPlan) => {
    if (known === null) {
      const { readRevision } = await import('../lib/git/revision.ts');
      known = readRevision(project.root);
    }
    const { head } = known;
    const isSource = (name: string) =>
      !name.startsWith('npm:') && !name.startsWith('cmd:') && !name.startsWith('marketloom/');
    // A catalog stands in a key by its selected lines, which no commit holds; only whole files can be compared.
    const sources = Object.entries(plan.parts().code).filter(
      ([path]) => isSource(path) && !path.endsWith('/catalog.ts'),
    );
    if (head === null || sources.length === 0) return { head, dirty: head === null ? null : false };
    const blobs = await known.blobs();
    return { head, dirty: blobs === null ? null : sources.some(([path, oid]) => blobs.get(path) !== oid) };
  };
}
