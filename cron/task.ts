// Runs one scheduled task once: `pipeline run` as a child process, an audit of what came of it, a line per event, old logs pruned.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Json } from '../lib/base/canon.ts';
import { nowIso, nowMs } from '../lib/base/clock.ts';
import { EXIT_OF, type Problem, ProblemError } from '../lib/base/problem.ts';
import { checkValue } from '../lib/base/schema.ts';
import { readDataset } from '../lib/dvc/datasets.ts';
import type { RunEvent, RunSummary } from '../lib/engine/event.ts';
import { ensureDir, guard, writeAtomic } from '../lib/store/files.ts';
import { Lock } from '../lib/store/lock.ts';
import { AUTOMATION, type Keeping, prune } from './retention.ts';
import { argumentsOf, readSchema, type Setting, type Task } from './schedule.ts';

export interface Ground extends Keeping {
  /** The folder of this package. */
  readonly own: string;
  readonly tell: (line: Line) => void;
}

/** A line of synthetic_runs.log. */
export interface Line {
  readonly time: string;
  readonly event: 'started' | 'generated' | 'validated' | 'finished' | 'skipped' | 'missed' | 'pruned';
  readonly task: string;
  readonly [more: string]: Json;
}

export interface Audit {
  readonly task: string;
  readonly outcome: 'done' | 'failed' | 'interrupted' | 'crashed';
  readonly exit_code: number | null;
  readonly [more: string]: Json;
}

export interface Done {
  /** Relative to the project. */
  readonly path: string;
  readonly audit: Audit;
}

/** Append one event in a single write: lines of processes that write at once do not mix. */
export function note(ground: Ground, event: Line['event'], task: string, facts: Readonly<Record<string, Json>>): void {
  const line: Line = { time: nowIso(), event, task, ...facts };
  const path = join(ground.root, AUTOMATION, 'synthetic_runs.log');
  ensureDir(dirname(path));
  guard('append to', path, () => {
    const fd = openSync(path, 'a');
    try {
      writeSync(fd, `${JSON.stringify(line)}\n`);
    } finally {
      closeSync(fd);
    }
  });
  ground.tell(line);
}

/**
 * Run a task now. Null when a run of it is under way, here or in another process: that is noted as skipped.
 * Whatever happens to the child becomes an audit; only files that cannot be written throw (store/…).
 */
export async function runTask(
  ground: Ground,
  task: Task,
  planned: string | null,
  signal: AbortSignal,
): Promise<Done | null> {
  const state = join(ground.root, '.pipeline');
  ensureDir(state);
  const lock = await tryLock(join(state, `task-${task.name}.lock`), state, task.name);
  if (typeof lock === 'string') {
    note(ground, 'skipped', task.name, { planned, because: lock });
    return null;
  }
  try {
    const started = nowIso();
    note(ground, 'started', task.name, { planned });
    const child = await runChild(ground, argumentsOf(task), signal);
    const audit = auditOf(ground, task, { planned, started, ended: nowIso() }, child);
    const told = checkValue(readSchema(ground.own, 'audit'), audit);
    if (told.length > 0)
      throw new Error(`an audit breaks its schema: ${told.map(({ message }) => message).join('; ')}`);
    const path = `${AUTOMATION}/${task.name}-${started.replace(/[-:.]/g, '')}.json`;
    writeAtomic(join(ground.root, path), `${JSON.stringify(audit, null, 2)}\n`, join(ground.root, AUTOMATION));
    const { run, dataset_id } = audit;
    if (dataset_id !== null && audit.outcome === 'done')
      note(ground, 'generated', task.name, { run: run as Json, dataset_id: dataset_id as Json });
    for (const { stage, passed, summary } of child.verdicts)
      note(ground, 'validated', task.name, { run: run as Json, stage, passed, summary });
    note(ground, 'finished', task.name, { run: run as Json, outcome: audit.outcome, audit: path });
    const pruned = prune(ground, nowMs());
    if (pruned.length > 0) note(ground, 'pruned', task.name, { paths: pruned });
    return { path, audit };
  } finally {
    lock.release();
  }
}

/** The lock, or who has it. */
async function tryLock(path: string, tmp: string, name: string): Promise<Lock | string> {
  const give = new AbortController();
  let holder = '';
  try {
    return await Lock.acquire(
      path,
      tmp,
      `pipeline schedule: ${name}`,
      (owner) => {
        holder = `process ${owner?.pid} runs it since ${owner?.since}`;
        give.abort();
      },
      give.signal,
    );
  } catch (error) {
    if (error instanceof ProblemError && holder !== '') return holder;
    throw error;
  }
}

type Verdict = {
  readonly stage: string;
  readonly shard: string | null;
  readonly passed: boolean;
  readonly summary: string;
};

interface ChildRun {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly run: string | null;
  readonly summary: RunSummary | null;
  readonly verdicts: readonly Verdict[];
  readonly problems: readonly string[];
}

async function runChild({ own, root }: Ground, args: readonly string[], signal: AbortSignal): Promise<ChildRun> {
  // A group of its own: Ctrl-C at the terminal would reach the child beside the signal we pass on, and two mean "at once".
  const child = spawn(process.execPath, [join(own, 'dist', 'pipeline.cjs'), ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pass = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', pass);
  if (signal.aborted) pass();
  const closed = once(child, 'close').catch(() => [null, null]); // it could not even start
  let run: string | null = null;
  let summary: RunSummary | null = null;
  const verdicts: Verdict[] = [];
  const problems = new Set<string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const said = parseLine(line);
    if (said === null) continue;
    if (!('type' in said)) for (const { code } of said.problems) problems.add(code);
    else if (said.type === 'run-started') run = said.run;
    else if (said.type === 'run-finished') summary = said;
    else if (said.type === 'unit-verdict')
      verdicts.push({ stage: said.stage, shard: said.element, passed: said.passed, summary: said.summary });
    else if (said.type === 'stage-failed' || (said.type === 'unit-failed' && said.retryInMs === null))
      for (const { code } of said.problems) problems.add(code);
  }
  const [exitCode, killed] = (await closed) as [number | null, string | null];
  signal.removeEventListener('abort', pass);
  return { exitCode, signal: killed, run, summary, verdicts, problems: [...problems] };
}

function parseLine(line: string): RunEvent | { readonly problems: readonly Problem[] } | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return null;
    if ('type' in value) return value as RunEvent;
    return 'problems' in value ? (value as { problems: readonly Problem[] }) : null;
  } catch {
    return null;
  }
}

function auditOf(
  ground: Ground,
  task: Task,
  times: { readonly planned: string | null; readonly started: string; readonly ended: string },
  child: ChildRun,
): Audit & Json {
  const { root, under } = ground;
  const { exitCode, signal, run, summary, verdicts, problems } = child;
  const datasetId = summary?.datasetId ?? null;
  const dataset = under === null || datasetId === null || exitCode !== 0 ? null : readDataset(root, under, datasetId);
  const meta = (name: string) => dataset?.meta[name] ?? null;
  const own = (name: string) => JSON.parse(readFileSync(join(ground.own, name), 'utf8')) as Record<string, string>;
  return {
    format: 1,
    task: task.name,
    ...times,
    outcome:
      exitCode === null
        ? 'crashed'
        : exitCode === EXIT_OF.interrupted
          ? 'interrupted'
          : exitCode === 0
            ? 'done'
            : 'failed',
    exit_code: exitCode,
    signal,
    settings: Object.fromEntries(
      Object.entries(task.settings).map(([key, setting]) => [
        key,
        { from: setting.from, value: key === 'config' ? shown(root, setting) : setting.value },
      ]),
    ),
    run,
    run_log: summary?.log ?? null,
    units: summary === null ? null : { ran: summary.ran, cached: summary.cached, failed: summary.failed },
    dataset_id: datasetId,
    dataset:
      dataset === null
        ? null
        : {
            path: dataset.path,
            digest: dataset.artifact.md5,
            config_hash: meta('config_hash'),
            git_sha: meta('git_sha'),
            seed: meta('seed'),
            generator_version: meta('generator_version'),
          },
    verdicts,
    problems,
    versions: {
      marketloom: own('package.json').version as string,
      // The build of the child: the program may have been built again since the scheduler started.
      build: own('dist/build.json').id as string,
      node: process.versions.node,
    },
  };
}

/** A configuration file as an audit names it: inside the project by its path, elsewhere by its name alone. */
function shown(root: string, { value }: Setting): string {
  const inside = relative(root, resolve(root, String(value)));
  return inside.startsWith('..') || isAbsolute(inside) ? basename(inside) : inside;
}
