// Runs what has to run: hands units out as their inputs become known, stores what they make, and writes the receipt last.

import { join, relative } from 'node:path';
import type { Json } from '../base/canon.ts';
import { tickMs } from '../base/clock.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import type { Artifact } from '../store/blob.ts';
import { type Receipt, sameOutputs } from '../store/receipt.ts';
import { Told } from './alike.ts';
import type { Listener } from './event.ts';
import { keepEvidence } from './evidence.ts';
import { type Executor, inputFiles, type WorkItem } from './executor.ts';
import type { Reason } from './explain.ts';
import { Memory, readLast, writeLast } from './last.ts';
import { take, workOn } from './made.ts';
import { outputPath, type Project } from './project.ts';
import { needsOf, type StageSpec } from './spec.ts';
import { standing } from './standing.ts';
import { paramsOf, pluginsOf } from './unit-code.ts';
import {
  inputArtifacts,
  type Known,
  type Last,
  type LastUnit,
  type Loaded,
  mergeOutputs,
  planUnits,
  type UnitPlan,
  workInputs,
} from './units.ts';
import { layOut } from './workspace.ts';

export interface RunOptions {
  readonly run: string;
  readonly stages: ReadonlySet<string>;
  readonly force: boolean;
  readonly keepGoing: boolean;
  /** Facts for receipts, known once per run: the commit and which reachable files differ from it. */
  readonly provenance: (plan: UnitPlan) => Promise<{ head: string | null; dirty: boolean | null }>;
  /** Where bundles lie. */
  readonly codeDir: string;
  readonly at: string;
  /** Shuffles the order of ready stages, to show that order does not matter. */
  readonly shuffle: ((n: number) => number) | null;
  readonly signal: AbortSignal;
}

export interface DoneUnit {
  readonly element: string | null;
  readonly key: string;
  readonly known: Known;
  readonly ran: boolean;
  /** Found with the key and the result remembered from the last run. */
  readonly same: boolean;
}

export interface DoneStage {
  readonly spec: StageSpec;
  readonly units: readonly DoneUnit[];
  readonly outputs: Readonly<Record<string, Artifact>>;
  readonly verdict: { readonly passed: boolean; readonly summary: string } | null;
}

export interface RunResult {
  readonly done: ReadonlyMap<string, DoneStage>;
  readonly failed: readonly { readonly stage: string; readonly problems: readonly Problem[] }[];
  readonly skipped: readonly string[];
  readonly ran: number;
  readonly cached: number;
  readonly restored: number;
  readonly interrupted: boolean;
  /** The run that gave the newest of these results. */
  readonly run: string;
  /** The last such run, when all that keys rest on beside inputs is as it was then. */
  readonly before: string;
  /** What is known of every unit now, those of stages outside this run included. */
  readonly units: Last['units'];
}

export async function runStages(
  project: Project,
  loaded: Loaded,
  executor: Executor,
  options: RunOptions,
  emit: Listener,
): Promise<RunResult> {
  const runner = new Runner(project, loaded, executor, options, emit);
  project.store.onQuarantine = (md5, path) =>
    emit({ type: 'blob-quarantined', md5, path: relative(project.root, path) });
  try {
    return await runner.run();
  } finally {
    runner.saveLast();
  }
}

const RETRY_DELAY_MS = 500;

class Runner {
  readonly #project: Project;
  readonly #loaded: Loaded;
  readonly #executor: Executor;
  readonly #options: RunOptions;
  readonly #emit: Listener;
  readonly #made = new Map<string, Readonly<Record<string, Artifact>>>();
  readonly #done = new Map<string, DoneStage>();
  readonly #failed: { stage: string; problems: readonly Problem[] }[] = [];
  readonly #skipped: string[] = [];
  readonly #last: Last;
  readonly #memory: Memory;
  #counts = { ran: 0, cached: 0, restored: 0 };
  readonly #told = new Told();
  #nextId = 0;

  constructor(project: Project, loaded: Loaded, executor: Executor, options: RunOptions, emit: Listener) {
    this.#project = project;
    this.#loaded = loaded;
    this.#executor = executor;
    this.#options = options;
    this.#emit = emit;
    this.#memory = new Memory(readLast(project), loaded.stamp);
    this.#last = this.#memory.last;
  }

  async run(): Promise<RunResult> {
    const stages = this.#loaded.spec.stages.filter(({ name }) => this.#options.stages.has(name));
    const waiting = new Map(stages.map((stage) => [stage.name, new Set(needsOf(stage))]));
    const below = new Map(stages.map(({ name }): [string, StageSpec[]] => [name, []]));
    for (const stage of stages) for (const name of waiting.get(stage.name) ?? []) below.get(name)?.push(stage);
    const ready = stages.filter(({ name }) => waiting.get(name)?.size === 0);

    const finish = (stage: StageSpec, ok: boolean) => {
      for (const next of below.get(stage.name) ?? []) {
        if (!ok) this.#skip(next, stage.name, below);
        const needs = waiting.get(next.name);
        if (needs?.delete(stage.name) && needs.size === 0 && ok && !this.#skipped.includes(next.name)) ready.push(next);
      }
    };
    await new Promise<void>((resolve, reject) => {
      let running = 0;
      const start = () => {
        while (ready.length > 0 && !this.#stopped()) {
          const [stage] = ready.splice(this.#options.shuffle?.(ready.length) ?? 0, 1) as [StageSpec];
          const ended = this.#stage(stage);
          // Most stages are found as they were: no promise each for thousands of them.
          if (typeof ended === 'boolean') finish(stage, ended);
          else {
            running++;
            ended
              .then((ok) => {
                running--;
                finish(stage, ok);
                start();
              })
              .catch(reject);
          }
        }
        if (running === 0) resolve();
      };
      start();
    });
    if (this.#stopped()) {
      const settled = new Set([...this.#done.keys(), ...this.#skipped, ...this.#failed.map(({ stage }) => stage)]);
      this.#skipped.push(...stages.map(({ name }) => name).filter((name) => !settled.has(name)));
    }
    return {
      done: this.#done,
      failed: this.#failed,
      skipped: this.#skipped,
      ...this.#counts,
      interrupted: this.#options.signal.aborted,
      run: this.#memory.isNew ? this.#options.run : this.#last.run,
      before: this.#last.stamp === this.#loaded.stamp ? this.#last.run : '',
      units: this.#memory.units,
    };
  }

  #stopped(): boolean {
    return this.#options.signal.aborted || (this.#failed.length > 0 && !this.#options.keepGoing);
  }

  #skip(stage: StageSpec, because: string, below: ReadonlyMap<string, readonly StageSpec[]>): void {
    if (this.#skipped.includes(stage.name)) return;
    this.#skipped.push(stage.name);
    this.#emit({ type: 'stage-skipped', stage: stage.name, because });
    for (const next of below.get(stage.name) ?? []) this.#skip(next, because, below);
  }

  /** Make a stage's outputs known, at once where nothing has to run; false when it failed or its verdict is no. */
  #stage(stage: StageSpec): boolean | Promise<boolean> {
    try {
      const known = this.#options.force ? null : standing(this.#project, this.#loaded, stage, this.#last, this.#done);
      if (known !== null) return this.#stood(stage, known);
      const found = inputArtifacts(stage, this.#loaded, this.#made);
      if ('waitsFor' in found) throw new Error(`${stage.name} was started before ${found.waitsFor}`);
      const plans = planUnits(this.#project, this.#loaded, stage, found.inputs, this.#last, this.#options.force);
      const hits = plans.filter((plan) => plan.hit !== null).length;
      this.#emit({ type: 'stage-ready', stage: stage.name, shards: plans.length, hits });
      if (hits < plans.length) return this.#make(stage, plans).catch((error) => this.#fail(stage, error));
      const units = plans.map((plan) => this.#hit(plan, plan.hit as Known));
      return this.#finishStage(stage, units);
    } catch (error) {
      return this.#fail(stage, error);
    }
  }

  /** A stage that stands is done, without its key being made. */
  #stood(stage: StageSpec, known: LastUnit): true {
    const { name } = stage;
    const unit = { element: null, key: known.key, known, ran: false, same: true };
    this.#emit({ type: 'stage-ready', stage: name, shards: 1, hits: 1 });
    this.#emit({ type: 'unit-hit', stage: name, element: null, key: known.key });
    this.#emit({ type: 'stage-finished', stage: name });
    this.#counts.cached++;
    this.#made.set(name, known.outputs);
    this.#done.set(name, { spec: stage, units: [unit], outputs: known.outputs, verdict: null });
    return true;
  }

  async #make(stage: StageSpec, plans: readonly UnitPlan[]): Promise<boolean> {
    const results = await Promise.allSettled(plans.map((plan) => this.#unit(stage, plan)));
    const bad = results.flatMap((result, i) => {
      if (result.status === 'fulfilled') return [];
      const { element } = plans[i] as UnitPlan;
      return problemsOf(result.reason).map((problem) => ({ element, problem }));
    });
    const many = (problem: Problem, elements: readonly string[]) =>
      this.#emit({ type: 'shards-failed', stage: stage.name, problem, elements });
    if (bad.length > 0) throw new ProblemError(this.#told.together(bad, many));
    const units = results.map((result) => (result as PromiseFulfilledResult<DoneUnit>).value);
    return this.#finishStage(stage, units);
  }

  #fail(stage: StageSpec, error: unknown): false {
    const problems = problemsOf(error);
    const untold = problems.filter((problem) => !this.#told.has(problem));
    if (untold.length > 0) this.#emit({ type: 'stage-failed', stage: stage.name, problems: untold });
    this.#failed.push({ stage: stage.name, problems });
    return false;
  }

  #finishStage(stage: StageSpec, units: readonly DoneUnit[]): boolean {
    const outputs = mergeOutputs(
      this.#project,
      stage,
      units.map(({ element, known }) => ({ element, outputs: known.outputs })),
    );
    const ranAny = units.some(({ ran }) => ran);
    for (const [port, artifact] of Object.entries(outputs)) {
      const path = outputPath(stage.name, port, stage.outputs[port]?.kind ?? 'tree');
      const files = layOut(this.#project.store, this.#project.marks, artifact, `${this.#project.workspace}/${path}`);
      if (files > 0 && !ranAny) {
        this.#counts.restored++;
        this.#emit({ type: 'output-restored', stage: stage.name, port, path, files });
      }
    }
    const verdicts = units.flatMap(({ known }) => known.verdict ?? []);
    const verdict = verdicts.find(({ passed }) => !passed) ?? verdicts[0] ?? null;
    this.#done.set(stage.name, { spec: stage, units, outputs, verdict });
    this.#emit({ type: 'stage-finished', stage: stage.name });
    if (verdict?.passed === false) {
      const problem: Problem = {
        code: 'verdict/failed',
        message: `stage \`${stage.name}\` says no: ${verdict.summary}`,
        facts: {
          see: Object.entries(stage.outputs)
            .map(([port, { kind }]) => outputPath(stage.name, port, kind))
            .join(', '),
        },
      };
      this.#emit({ type: 'stage-failed', stage: stage.name, problems: [problem] });
      this.#failed.push({ stage: stage.name, problems: [problem] });
      return false;
    }
    this.#made.set(stage.name, outputs);
    return true;
  }

  #bundle(entry: string): string {
    return join(this.#options.codeDir, this.#loaded.code.bundles[entry] as string);
  }

  #hit(plan: UnitPlan, known: Known): DoneUnit {
    const { stage, element, key, same } = plan;
    const unit = { stage, element, key };
    this.#counts.cached++;
    if (!same) this.#memory.note(plan, known);
    this.#emit({ type: 'unit-hit', ...unit });
    if (known.verdict !== null) this.#emit({ type: 'unit-verdict', ...unit, ...known.verdict });
    return { element, key, known, ran: false, same };
  }

  async #unit(stage: StageSpec, plan: UnitPlan): Promise<DoneUnit> {
    const { element, key } = plan;
    const unit = { stage: stage.name, element, key };
    if (plan.hit !== null) return this.#hit(plan, plan.hit);
    for (let attempt = 0; ; attempt++) {
      if (this.#options.signal.aborted)
        throw new ProblemError({ code: 'interrupted', message: `stage \`${stage.name}\` was not started` });
      try {
        const known = await this.#work(stage, plan);
        this.#counts.ran++;
        this.#memory.note(plan, known);
        return { element, key, known, ran: true, same: false };
      } catch (error) {
        const problems = problemsOf(error);
        const again = attempt < stage.retries && problems.every(({ code }) => RETRIED.has(code)) && !this.#stopped();
        const failures = problems.map((problem) => ({ element, problem }));
        const alike = !again && this.#told.note(stage.name, failures);
        const retryInMs = again ? RETRY_DELAY_MS * (attempt + 1) : null;
        this.#emit({ type: 'unit-failed', ...unit, problems, retryInMs, alike });
        if (!again) throw new ProblemError(problems, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS * (attempt + 1)));
      }
    }
  }

  async #work(stage: StageSpec, plan: UnitPlan): Promise<Known> {
    const { element, key } = plan;
    const unit = { stage: stage.name, element };
    let startedMs: number | null = null;
    const { code } = stage;
    const inputs = workInputs(this.#project, stage, plan);
    const item: WorkItem = {
      id: this.#nextId++,
      ...unit,
      key,
      code:
        code.kind === 'command'
          ? code
          : {
              kind: 'module',
              bundle: this.#bundle(code.entry),
              plugins: Object.fromEntries(pluginsOf(stage).map((file) => [`./${file}`, this.#bundle(file)])),
            },
      params: paramsOf(stage, element),
      seed: stage.uses.includes('seed') ? this.#loaded.seed : null,
      generatorVersion: stage.uses.includes('generator_version') ? this.#loaded.generatorVersion : null,
      inputs,
      outputs: stage.outputs,
      timeoutMs: stage.timeoutMs,
    };
    const result = await workOn(this.#executor, this.#project.store, item, (event) => {
      if (event.type === 'log') return this.#emit({ ...event, ...unit, type: 'unit-log' });
      if (event.type === 'progress') return this.#emit({ ...event, ...unit, type: 'unit-progress' });
      // Work that is done once more has started before.
      if (startedMs === null) this.#emit({ type: 'unit-started', ...unit, key, reasons: plan.reasons });
      startedMs ??= tickMs();
    });
    // Laying inputs out by hard link changed their blobs' times; they were checked to hold the same bytes.
    if (code.kind === 'command')
      for (const { path, md5 } of inputFiles({ inputs })) this.#project.marks.note(path, md5);
    const outputs = take(this.#project.store, stage, result);
    const endedMs = tickMs();
    const durationMs = Math.round(endedMs - (startedMs ?? endedMs));
    const provenance = await this.#options.provenance(plan);
    const receipt: Receipt = {
      format: 1,
      key: plan.key,
      ...unit,
      outputs,
      parts: plan.parts() as unknown as Json,
      verdict: result.verdict,
      made: { at: this.#options.at, durationMs, run: this.#options.run, ...provenance, node: process.version },
    };
    const before = plan.reasons.some(({ kind }) => REMADE.has(kind)) ? this.#project.receipts.read(key) : null;
    if (before !== null && !sameOutputs(before, receipt))
      throw new ProblemError(keepEvidence(this.#project, before, receipt));
    const previous = this.#last.units[stage.name]?.[element ?? ''];
    this.#project.receipts.write(receipt);
    const bytes = Object.values(outputs).reduce((sum, { size }) => sum + size, 0);
    this.#emit({
      type: 'unit-finished',
      ...unit,
      key,
      changed: previous === undefined || !sameOutputs(previous, receipt),
      durationMs,
      bytes,
    });
    if (result.verdict !== null) this.#emit({ type: 'unit-verdict', ...unit, ...result.verdict });
    return { outputs, verdict: result.verdict };
  }

  saveLast(): void {
    if (this.#memory.isNew)
      writeLast(this.#project, { stamp: this.#loaded.stamp, run: this.#options.run, units: this.#memory.units });
  }
}

/** Reasons to make a key again: its receipt says what must come out. */
const REMADE: ReadonlySet<Reason['kind']> = new Set(['forced', 'output-missing', 'output-corrupted']);

/** A problem of the stage may pass; a problem of its declaration or of the disk will not. */
const RETRIED: ReadonlySet<Problem['code']> = new Set(['stage/failed', 'stage/timeout']);

export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  throw error;
}
