// What each event says to people, in one sentence: the journal, plain lines and the live display use the same words.
import type { Json } from '../base/canon.ts';
import { listOf } from './alike.ts';
import type { RunEvent, Unit } from './event.ts';
import { describe } from './explain.ts';

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export interface Sentence {
  readonly level: Level;
  readonly message: string;
}

/** Never throws; the message is one line unless a stage or problem put line breaks into its own text. */
export function narrate(event: RunEvent): Sentence {
  switch (event.type) {
    case 'run-started': {
      const size = `${count(event.stages.length, 'stage')}, ${count(event.jobs, 'job')}`;
      return debug(`run ${event.run}: pipeline ${event.pipeline}, ${size}`);
    }
    case 'waiting':
      return info(`waiting: ${event.message}`);
    case 'source-imported':
      return info(`source ${event.source}: imported ${bytesText(event.sizeBytes)}`);
    case 'stage-ready':
      if (event.hits === event.shards) return debug(`${event.stage}: cached`);
      return info(`${event.stage}: ${event.shards === 1 ? 'to run' : `${event.shards} shards, ${event.hits} cached`}`);
    case 'unit-hit':
      return debug(`${unitName(event)}: cached`);
    case 'unit-started':
      return info(`${unitName(event)}: started${because(event.reasons.map(describe))}`);
    case 'unit-progress':
      return { level: 'trace', message: `${unitName(event)}: ${event.done} of ${event.total} ${event.unit}` };
    case 'unit-log':
      return info(`${unitName(event)}: ${event.message}${factsText(event.facts)}`);
    case 'unit-finished': {
      const same = event.changed ? '' : ', the same bytes as before';
      return info(`${unitName(event)}: done in ${durationText(event.durationMs)}, ${bytesText(event.bytes)}${same}`);
    }
    case 'unit-failed': {
      const what = event.problems.map((problem) => `${problem.code}: ${problem.message}`).join('; ');
      if (event.retryInMs === null) return { level: 'error', message: `${unitName(event)}: failed: ${what}` };
      return {
        level: 'warn',
        message: `${unitName(event)}: failed, again in ${durationText(event.retryInMs)}: ${what}`,
      };
    }
    case 'shards-failed': {
      const { stage, problem, elements } = event;
      const what = `${stage}: ${elements.length} shards failed by "${problem.message}": ${listOf(elements)}`;
      return { level: 'error', message: what };
    }
    case 'unit-verdict':
      if (event.passed) return info(`${unitName(event)}: passed: ${event.summary}`);
      return { level: 'error', message: `${unitName(event)}: did not pass: ${event.summary}` };
    case 'stage-failed': {
      const what = event.problems.map((problem) => `${problem.code}: ${problem.message}`).join('; ');
      return { level: 'error', message: `${event.stage}: failed: ${what}` };
    }
    case 'stage-skipped':
      return { level: 'warn', message: `${event.stage}: skipped, because ${event.because}` };
    case 'stage-finished':
      return debug(`${event.stage}: finished`);
    case 'output-restored':
      return info(`${event.stage}: restored ${event.port} to ${event.path}, ${count(event.files, 'file')}`);
    case 'blob-quarantined':
      return {
        level: 'warn',
        message: `a damaged blob ${event.md5} was moved to ${event.path} and will be made again`,
      };
    case 'published':
      return info(`published ${event.datasetId} at ${event.path}${event.was === null ? '' : `, was ${event.was}`}`);
    case 'pushed':
      return info(`pushed ${count(event.blobs, 'blob')}, ${bytesText(event.bytes)}, to ${event.remote}`);
    case 'pulled':
      return info(`pulled ${count(event.blobs, 'blob')}, ${bytesText(event.bytes)}, from ${event.remote}`);
    case 'notice':
      return { level: event.level, message: `${event.message}${factsText(event.facts ?? {})}` };
    case 'run-finished': {
      const { ran, cached, failed, skipped, restored } = event;
      const message = `run ${event.ok ? 'done' : 'failed'} in ${durationText(event.durationMs)}: ${ran} ran, ${cached} cached, ${restored} restored, ${failed} failed, ${skipped} skipped`;
      return { level: event.ok ? 'info' : 'error', message };
    }
  }
}

/** `generate`, or `generate[AAPL]` for a shard. */
export function unitName(unit: Unit): string {
  return unit.element === null ? unit.stage : `${unit.stage}[${unit.element}]`;
}

/** `850 ms`, `1.2 s`, `59 s`, `4 min 05 s`, `2 h 07 min`. */
export function durationText(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 9950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Decimal units, three digits: `0 B`, `999 B`, `1.23 kB`, `45.6 MB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function debug(message: string): Sentence {
  return { level: 'debug', message };
}

function info(message: string): Sentence {
  return { level: 'info', message };
}

const SHOWN_REASONS = 3;

function because(reasons: readonly string[]): string {
  if (reasons.length === 0) return '';
  const more = reasons.length > SHOWN_REASONS ? `; and ${reasons.length - SHOWN_REASONS} more` : '';
  return `, because ${reasons.slice(0, SHOWN_REASONS).join('; ')}${more}`;
}

function factsText(facts: Readonly<Record<string, Json>>): string {
  const parts = Object.entries(facts).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
