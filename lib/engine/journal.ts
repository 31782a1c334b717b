// The journal keeps every event of a run as one JSON line in logs/runs/<run>.jsonl; a journal that cannot be written never stops a run.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DestinationStream, pino } from 'pino';
import type { Json } from '../base/canon.ts';
import { nowIso } from '../base/clock.ts';
import type { Listener, RunEvent } from './event.ts';
import { narrate } from './narrate.ts';

export interface Journal {
  /** Where it is, relative to the project; null when it could not be opened. */
  readonly path: string | null;
  readonly listen: Listener;
}

type Destination = ReturnType<typeof pino.destination>;

/**
 * Open logs/runs/<run>.jsonl below the project's root. Lines are written before `listen` returns, so a kill loses none.
 * When the file cannot be opened or written, `notify` gets one notice and the journal stays silent from then on.
 */
export function openJournal(root: string, run: string, notify: Listener): Journal {
  const path = `logs/runs/${run}.jsonl`;
  let broken = false;
  const giveUp = (error: unknown) => {
    if (broken) return;
    broken = true; // before the notice, which comes back to this listener
    const reason = ((error as Error).message.split(',')[0] ?? '').trim();
    notify({ type: 'notice', level: 'warn', message: `no log of this run: cannot write ${path}: ${reason}` });
  };
  const stream = openFile(join(root, path), giveUp);
  if (stream === null) return { path: null, listen: () => {} };

  const hide = relativeTo(root);
  const logger = pino(
    {
      base: { run },
      level: 'debug',
      timestamp: () => `,"time":"${nowIso()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: hide },
    },
    stream as DestinationStream,
  );
  // Only some events of a unit carry its key; its lines all do, so that one search finds them.
  const keys = new Map<string, string>();
  const keyOf = (event: RunEvent): string | undefined => {
    if (!('element' in event)) return undefined;
    const unit = `${event.stage}/${event.element ?? ''}`;
    if ('key' in event) keys.set(unit, event.key);
    return keys.get(unit);
  };
  const listen = (event: RunEvent) => {
    // Of units found as they were nothing else is told under their names.
    if (broken || isSilent(event)) return;
    const key = keyOf(event);
    const { level, message } = narrate(event);
    try {
      logger[level](fields(event, key), message);
    } catch (error) {
      giveUp(error);
    }
  };
  return { path, listen };
}

/** What was cached is counted at the end of the run; a line for each would bury, and outweigh, what happened. */
function isSilent(event: RunEvent): boolean {
  return (
    event.type === 'unit-hit' ||
    event.type === 'stage-finished' ||
    (event.type === 'stage-ready' && event.hits === event.shards)
  );
}

function openFile(file: string, onError: (error: unknown) => void): Destination | null {
  try {
    const stream = pino.destination({ dest: file, sync: true, mkdir: true });
    stream.on('error', onError);
    return stream;
  } catch (error) {
    onError(error);
    return null;
  }
}

/** The event under the names that are searched for: `event`, `stage`, `shard`, `key`, then what only this kind of event has. */
function fields(event: RunEvent, key: string | undefined): Record<string, unknown> {
  // `run` stands in every line already; `level` and `message` are pino's.
  const {
    type,
    stage,
    element,
    key: _key,
    run: _run,
    level: _level,
    message: _message,
    ...rest
  } = event as RunEvent & Partial<Record<string, unknown>>;
  const named: Record<string, unknown> = { event: type };
  if (stage !== undefined) named.stage = stage;
  if (element !== undefined && element !== null) named.shard = element;
  if (key !== undefined) named.key = key;
  return { ...named, ...rest };
}

/** Rewrites a line so that paths in the project are relative and the home folder is `~`: a log can be shown to anyone. */
function relativeTo(root: string): (line: string) => string {
  const quoted = (path: string) =>
    JSON.stringify(path)
      .slice(1, -1)
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // A path starts where no longer path is under way and ends with a whole name.
  const pattern = (path: string) => new RegExp(`(?<=file://|(?<![\\w./~-]))${quoted(path)}(/|(?![\\w~-]|\\.\\w))`, 'g');
  const rules: [RegExp, string, string][] = [];
  if (root !== '/') rules.push([pattern(root), '', '.']);
  const home = homedir();
  if (home !== '/' && home !== '') rules.push([pattern(home), '~/', '~']);
  return (line) => {
    for (const [path, inside, itself] of rules)
      line = line.replace(path, (_, slash) => (slash === '/' ? inside : itself));
    return line;
  };
}

export interface JournalLine {
  readonly time: string;
  readonly level: string;
  readonly run: string;
  readonly event: string;
  readonly msg: string;
  readonly stage?: string;
  readonly shard?: string;
  readonly key?: string;
  readonly [more: string]: Json | undefined;
}

/** The lines of a journal's text. A kill may tear the last one: lines that are no JSON object are counted, not thrown. */
export function parseJournal(text: string): { readonly lines: readonly JournalLine[]; readonly torn: number } {
  const lines: JournalLine[] = [];
  let torn = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null || !('event' in value)) torn++;
      else lines.push(value as JournalLine);
    } catch {
      torn++;
    }
  }
  return { lines, torn };
}
