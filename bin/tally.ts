// What a run has come to so far, stage by stage: the state behind the live lines and the summary.
import type { RunEvent } from '../lib/engine/event.ts';
import { unitName } from '../lib/engine/narrate.ts';

export interface StageTally {
  readonly stage: string;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  /** 0 until its keys are known. */
  shards: number;
  /** Units found in the store: those the stage announced, or those seen one by one. */
  cached: number;
  hits: number;
  ran: number;
  /** Units that ran and gave the bytes they gave before. */
  same: number;
  restored: number;
  /** Names of units that failed or whose verdict was no. */
  readonly failed: string[];
  because: string | null;
  /** Running elements (an empty name when the stage is not mapped) and how far their work is. */
  readonly running: Map<string, { done: number; total: number; unit: string }>;
  /** When its first unit started, and when it was over. */
  startedMs: number | null;
  endedMs: number | null;
}

export interface Tally {
  run: string | null;
  jobs: number;
  startedMs: number;
  waiting: string | null;
  readonly stages: Map<string, StageTally>;
}

export function newTally(nowMs: number): Tally {
  return { run: null, jobs: 1, startedMs: nowMs, waiting: null, stages: new Map() };
}

/** Account for one event that came at `nowMs`. */
export function take(tally: Tally, event: RunEvent, nowMs: number): void {
  if (event.type !== 'waiting') tally.waiting = null;
  switch (event.type) {
    case 'run-started':
      tally.run = event.run;
      tally.jobs = event.jobs;
      tally.startedMs = nowMs;
      for (const stage of event.stages) stageOf(tally, stage);
      return;
    case 'waiting':
      tally.waiting = event.message;
      return;
    case 'stage-ready': {
      const stage = stageOf(tally, event.stage);
      stage.shards = event.shards;
      stage.cached = Math.max(stage.cached, event.hits);
      return;
    }
    case 'unit-hit': {
      const stage = stageOf(tally, event.stage);
      stage.cached = Math.max(stage.cached, ++stage.hits);
      return;
    }
    case 'unit-started': {
      const stage = stageOf(tally, event.stage);
      stage.state = 'running';
      stage.startedMs ??= nowMs;
      stage.running.set(event.element ?? '', { done: 0, total: 0, unit: '' });
      return;
    }
    case 'unit-progress': {
      const { done, total, unit } = event;
      const running = stageOf(tally, event.stage).running;
      if (running.has(event.element ?? '')) running.set(event.element ?? '', { done, total, unit });
      return;
    }
    case 'unit-finished': {
      const stage = stageOf(tally, event.stage);
      stage.running.delete(event.element ?? '');
      stage.ran++;
      if (!event.changed) stage.same++;
      return;
    }
    case 'unit-failed': {
      const stage = stageOf(tally, event.stage);
      stage.running.delete(event.element ?? '');
      if (event.retryInMs === null) fail(stage, unitName(event));
      return;
    }
    case 'unit-verdict':
      if (!event.passed) fail(stageOf(tally, event.stage), unitName(event));
      return;
    case 'stage-failed':
      fail(stageOf(tally, event.stage), event.stage);
      return;
    case 'stage-skipped': {
      const stage = stageOf(tally, event.stage);
      stage.state = 'skipped';
      stage.because = event.because;
      return;
    }
    case 'stage-finished': {
      const stage = stageOf(tally, event.stage);
      if (stage.failed.length === 0) stage.state = 'done';
      stage.endedMs = nowMs;
      return;
    }
    case 'output-restored':
      stageOf(tally, event.stage).restored++;
      return;
    case 'run-finished':
      for (const stage of tally.stages.values()) stage.endedMs ??= nowMs;
      return;
    case 'source-imported':
    case 'unit-log':
    case 'blob-quarantined':
    case 'published':
    case 'pushed':
    case 'pulled':
    case 'notice':
      return;
  }
}

/** Units of a stage that need nothing more. */
export function settled(stage: StageTally): number {
  return stage.cached + stage.ran;
}

/** Units per second among those that had to run, and the time the rest will take; null until a unit's worth of work tells. */
export function pace(stage: StageTally, nowMs: number): { perSecond: number; leftMs: number } | null {
  if (stage.startedMs === null || stage.state !== 'running') return null;
  let done = stage.ran;
  for (const part of stage.running.values()) if (part.total > 0) done += Math.min(1, part.done / part.total);
  const elapsedMs = nowMs - stage.startedMs;
  const left = Math.max(0, Math.max(1, stage.shards) - stage.cached - stage.failed.length - done);
  if (elapsedMs < 1000 || done < 0.05) return null;
  return { perSecond: (done / elapsedMs) * 1000, leftMs: (left / done) * elapsedMs };
}

function stageOf(tally: Tally, name: string): StageTally {
  let stage = tally.stages.get(name);
  if (stage === undefined) {
    stage = {
      stage: name,
      state: 'waiting',
      shards: 0,
      cached: 0,
      hits: 0,
      ran: 0,
      same: 0,
      restored: 0,
      failed: [],
      because: null,
      running: new Map(),
      startedMs: null,
      endedMs: null,
    };
    tally.stages.set(name, stage);
  }
  return stage;
}

function fail(stage: StageTally, unit: string): void {
  if (!stage.failed.includes(unit)) stage.failed.push(unit);
  stage.state = 'failed';
}
