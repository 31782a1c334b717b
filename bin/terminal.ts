// What a run shows while it goes on: live lines on a terminal, plain lines in a pipe, or events as JSON; the answer goes to stdout.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { tickMs } from '../lib/base/clock.ts';
import type { Listener, RunEvent } from '../lib/engine/event.ts';
import { narrate, unitName } from '../lib/engine/narrate.ts';
import { liveLines } from './live.ts';
import { clean, type Paint, painter } from './paint.ts';
import { reportProblems } from './report-problem.ts';
import { summary } from './summary.ts';
import { newTally, take } from './tally.ts';

export interface Out {
  write(text: string): unknown;
  /** Write what is held back. */
  flush?(): void;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** The outside world of a presenter, so that tests bring their own. */
export interface Screen {
  readonly stdout: Out;
  readonly stderr: Out;
  readonly env: Readonly<Record<string, string | undefined>>;
  nowMs(): number;
  /** Source text for underlining, by the name a place has; null when unreadable. */
  readText(file: string): string | null;
}

export interface Presenter {
  readonly listen: Listener;
  /** Leave the terminal as it was; a second call does nothing. */
  close(): void;
}

/** This process; places are read below `root`. A reader that goes away (`| head`) ends the output, not the run. */
export function processScreen(root: string): Screen {
  const quiet = () => {};
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(quiet)) stream.on('error', quiet);
  }
  const readText = (file: string) => {
    try {
      return readFileSync(resolve(root, file), 'utf8');
    } catch {
      return null;
    }
  };
  const stderr = process.stderr.isTTY ? process.stderr : gathered(process.stderr);
  return { stdout: process.stdout, stderr, env: process.env, nowMs: tickMs, readText };
}

/** Lines of one turn of the event loop go to the pipe in one piece: a thousand stages say three each. */
function gathered(out: Out): Out {
  let held = '';
  const flush = () => {
    if (held !== '') out.write(held);
    held = '';
  };
  const write = (text: string) => {
    if (held === '') setImmediate(flush);
    held += text;
  };
  process.once('exit', flush);
  return { write, flush };
}

/** https://no-color.org: any value but the empty one turns colours off. */
export function wantsColour(out: Out, env: Screen['env']): boolean {
  return out.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

export function presenter(screen: Screen, options: { readonly json: boolean }): Presenter {
  if (options.json) return jsonEvents(screen);
  return screen.stderr.isTTY === true && screen.env.TERM !== 'dumb' ? live(screen) : plain(screen);
}

/** One event, one line on stdout; nothing else, on either stream. */
function jsonEvents(screen: Screen): Presenter {
  return { listen: (event) => void screen.stdout.write(`${JSON.stringify(event)}\n`), close: () => {} };
}

function plain(screen: Screen): Presenter {
  const paint = painter(wantsColour(screen.stderr, screen.env));
  const tally = newTally(screen.nowMs());
  const listen = (event: RunEvent) => {
    take(tally, event, screen.nowMs());
    const text = event.type === 'run-finished' ? summary(event, tally, paint) : said(event, screen, paint, PLAIN);
    if (text !== '') screen.stderr.write(text);
    if (event.type === 'run-finished') screen.stderr.flush?.();
    answer(event, screen);
  };
  return { listen, close: () => screen.stderr.flush?.() };
}

const FRAME_MS = 100;

/** Lines at the bottom of the terminal that are drawn over; whatever must stay is printed above them. The cursor is never hidden, so a kill leaves no trace. */
function live(screen: Screen): Presenter {
  const { stderr } = screen;
  const paint = painter(wantsColour(stderr, screen.env));
  const tally = newTally(screen.nowMs());
  let widths: readonly number[] = []; // of the lines on the screen now
  let drawnMs = Number.NEGATIVE_INFINITY;
  let frame = 0;
  let closed = false;

  const erase = () => {
    // A terminal made narrower has wrapped what we drew.
    const columns = stderr.columns || 80;
    const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    widths = [];
    // Line by line: tmux keeps what is cleared from the top of the screen downwards in its history.
    return rows === 0 ? '' : `\r${'\u001b[A\u001b[2K'.repeat(rows)}`;
  };
  const draw = (above = '') => {
    const room = { columns: (stderr.columns || 80) - 1, rows: Math.max(1, (stderr.rows || 24) - 1) };
    const back = erase();
    const lines = liveLines(tally, screen.nowMs(), frame, room, paint);
    widths = lines.map((line) => line.width);
    stderr.write(`${back}${above}${lines.map((line) => `${line.text}\n`).join('')}`);
    drawnMs = screen.nowMs();
  };
  const tick = () => {
    if (closed || (tally.run === null && tally.waiting === null)) return;
    frame++;
    draw();
  };
  const timer = setInterval(tick, FRAME_MS);
  timer.unref();

  const close = () => {
    if (closed) return;
    closed = true;
    clearInterval(timer);
    const back = erase();
    if (back !== '') stderr.write(back);
    process.off('exit', close);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  // Whoever else handles the signal decides what becomes of the run; alone, we must not keep the process from dying.
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    close();
    process.kill(process.pid, signal);
  };
  process.on('exit', close);
  for (const signal of SIGNALS) process.on(signal, onSignal);

  const listen = (event: RunEvent) => {
    take(tally, event, screen.nowMs());
    if (event.type === 'run-finished') {
      close();
      stderr.write(summary(event, tally, paint));
      answer(event, screen);
      return;
    }
    const above = said(event, screen, paint, LIVE);
    if (closed) stderr.write(above);
    else if (above !== '') draw(above);
    else if (screen.nowMs() - drawnMs >= FRAME_MS) tick();
  };
  return { listen, close };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Which levels are worth a line that stays. */
const PLAIN = { trace: false, debug: false, info: true, warn: true, error: true };
const LIVE = { ...PLAIN, info: false };

/** The line that stays for an event, if any; a failed unit shows its problems in full. */
function said(event: RunEvent, screen: Screen, paint: Paint, shown: typeof PLAIN): string {
  const { level, message } = narrate(event);
  if (!shown[level] || (event.type === 'unit-failed' && event.alike)) return '';
  if ((event.type === 'unit-failed' && event.retryInMs === null) || event.type === 'stage-failed') {
    const colour = wantsColour(screen.stderr, screen.env);
    const problems = reportProblems(event.problems, { readText: screen.readText, colour });
    const who = event.type === 'unit-failed' ? unitName(event) : event.stage;
    return `${paint('red', `${clean(who)}: failed`)}\n${problems.replace(/^(?=.)/gm, '  ')}`;
  }
  const mark = level === 'error' ? paint('red', 'error: ') : level === 'warn' ? paint('yellow', 'warning: ') : '';
  return `${mark}${clean(message)}\n`;
}

/** Nothing but the dataset's name is the answer of a run, and only of one that went well. */
function answer(event: RunEvent, screen: Screen): void {
  if (event.type === 'run-finished' && event.ok && event.datasetId !== null)
    screen.stdout.write(`${event.datasetId}\n`);
}
