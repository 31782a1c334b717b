// The live lines of a run: one per stage with shards, pace and time left, as many as the terminal has room for.
import { durationText } from '../lib/engine/narrate.ts';
import { type Colour, clean, clip, type Paint, pad, padLeft, widthOf } from './paint.ts';
import { pace, type StageTally, settled, type Tally } from './tally.ts';

export interface LiveLine {
  readonly text: string;
  /** Columns on the screen. */
  readonly width: number;
}

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const BAR_COLUMNS = 20;

/** Lines for one frame, none wider or more than the room. Running and failed stages win when rows are short. */
export function liveLines(tally: Tally, nowMs: number, frame: number, room: Room, paint: Paint): LiveLine[] {
  const stages = [...tally.stages.values()];
  const kept = stages.length < room.rows ? stages : mostTelling(stages, room.rows - 1);
  const nameColumns = Math.min(24, Math.max(0, ...kept.map((stage) => widthOf(clean(stage.stage)))));
  const lines = kept.map((stage) => stageLine(stage, nowMs, frame, room.columns, nameColumns, paint));
  const hidden = stages.length - kept.length;
  const more = hidden === 0 ? '' : `, ${hidden} more stages`;
  const waiting = tally.waiting === null ? '' : `, waiting: ${tally.waiting}`;
  const last = clip(
    clean(`${durationText(nowMs - tally.startedMs)}, ${tally.jobs} jobs${more}${waiting}`),
    room.columns,
  );
  if (room.rows > 1 || lines.length === 0) lines.push({ text: paint('dim', last), width: widthOf(last) });
  return lines.slice(0, room.rows);
}

const TELLS: Readonly<Record<StageTally['state'], number>> = { running: 0, failed: 1, waiting: 2, skipped: 3, done: 4 };

/** In pipeline order, those that tell most. */
function mostTelling(stages: readonly StageTally[], most: number): StageTally[] {
  const kept = new Set([...stages].sort((a, b) => TELLS[a.state] - TELLS[b.state]).slice(0, Math.max(1, most)));
  return stages.filter((stage) => kept.has(stage));
}

function stageLine(
  stage: StageTally,
  nowMs: number,
  frame: number,
  columns: number,
  nameColumns: number,
  paint: Paint,
): LiveLine {
  const [symbol, colour] = symbolOf(stage, frame);
  const name = pad(clip(clean(stage.stage), nameColumns), nameColumns);
  const rest = clip(clean(restOf(stage, nowMs, columns >= 72)), Math.max(0, columns - nameColumns - 3));
  const line = `${symbol} ${name} ${rest}`.trimEnd();
  if (widthOf(line) > columns) {
    const short = clip(line, columns);
    return { text: short, width: widthOf(short) };
  }
  const dull = stage.state === 'running' || stage.state === 'failed' ? rest : paint('dim', rest);
  return {
    text: `${colour === null ? symbol : paint(colour, symbol)} ${name} ${dull}`.trimEnd(),
    width: widthOf(line),
  };
}

function symbolOf(stage: StageTally, frame: number): [string, Colour | null] {
  switch (stage.state) {
    case 'waiting':
      return ['·', 'dim'];
    case 'running':
      return [SPINNER[frame % SPINNER.length] as string, 'cyan'];
    case 'done':
      return ['✔', 'green'];
    case 'failed':
      return ['✖', 'red'];
    case 'skipped':
      return ['-', 'yellow'];
  }
}

function restOf(stage: StageTally, nowMs: number, wide: boolean): string {
  const took = stage.startedMs === null ? '' : `  ${durationText((stage.endedMs ?? nowMs) - stage.startedMs)}`;
  const shards = stage.shards > 1 ? `${stage.shards} shards` : '';
  switch (stage.state) {
    case 'waiting':
      return stage.shards === 0 ? '' : `${settled(stage)}/${stage.shards}`;
    case 'skipped':
      return `skipped, because ${stage.because}`;
    case 'failed':
      return `failed: ${stage.failed.join(', ')}${took}`;
    case 'done': {
      if (stage.ran === 0) return [shards, 'cached'].filter(Boolean).join(' ');
      return `${[shards, stage.cached > 0 ? `${stage.cached} cached` : '', stage.same === stage.ran ? 'unchanged' : ''].filter(Boolean).join(', ')}${took}`;
    }
    case 'running':
      return runningText(stage, nowMs, wide);
  }
}

function runningText(stage: StageTally, nowMs: number, wide: boolean): string {
  const speed = pace(stage, nowMs);
  const parts = [...stage.running.values()].filter((part) => part.total > 0);
  const doing = parts.reduce((sum, part) => sum + Math.min(1, part.done / part.total), 0);
  const bar = wide ? `${barOf((settled(stage) + doing) / Math.max(1, stage.shards))} ` : '';
  const counts =
    stage.shards > 1 ? `${padLeft(String(settled(stage)), String(stage.shards).length)}/${stage.shards}` : '';
  const rate = speed !== null && stage.shards > 1 ? `  ${speed.perSecond.toPrecision(2)}/s` : '';
  const left = speed === null || speed.leftMs === 0 ? '' : `  ${leftText(speed.leftMs)} left`;
  return `${bar}${counts}${rate}${left}  ${doingText(stage)}`;
}

/** Whole seconds: a guess has no decimals. */
function leftText(leftMs: number): string {
  const seconds = Math.max(1, Math.round(leftMs / 1000));
  return seconds < 60 ? `${seconds} s` : durationText(seconds * 1000);
}

/** The unit that has run longest, or how far the only one is. */
function doingText(stage: StageTally): string {
  const [first] = stage.running;
  if (first === undefined) return '';
  const [element, { done, total, unit }] = first;
  const far = total > 0 ? `${done}/${total} ${unit}` : '';
  if (stage.shards <= 1) return far;
  const others = stage.running.size > 1 ? ` +${stage.running.size - 1}` : '';
  return `${element}${others}`;
}

function barOf(part: number): string {
  const full = Math.max(0, Math.min(BAR_COLUMNS, Math.floor(part * BAR_COLUMNS)));
  return `${'━'.repeat(full)}${'╌'.repeat(BAR_COLUMNS - full)}`;
}
