// `pipeline schedule`: lists the tasks of cron/schedule.yaml, runs them at their times or now, and prunes what they left long ago.

import { outdated, prune } from '../cron/retention.ts';
import { HINTS, pick, readSchedule, type Task } from '../cron/schedule.ts';
import { nextTimes, startTicking, wrongTiming } from '../cron/scheduler.ts';
import { type Done, type Ground, type Line, note, runTask } from '../cron/task.ts';
import { nowMs } from '../lib/base/clock.ts';
import { ProblemError } from '../lib/base/problem.ts';
import { openData } from './data.ts';
import { type Context, fail } from './door.ts';

export interface Scheduled {
  readonly task: string;
  readonly cron: string;
  readonly zone: string;
  readonly next: string;
  readonly settings: Task['settings'];
  readonly keep_days: number;
}

export function listTasks(context: Context): Scheduled[] {
  const { tasks } = ground(context, () => {});
  return tasks.map(({ name, cron, zone, settings, keepDays }) => {
    const [next = ''] = nextTimes({ cron, zone }, 1);
    return { task: name, cron, zone, next, settings, keep_days: keepDays };
  });
}

export function tasksText(list: readonly Scheduled[]): string {
  const width = Math.max(...list.map(({ task }) => task.length));
  return list
    .map(({ task, cron, zone, next, settings }) => {
      const told = Object.entries(settings).map(([key, { value }]) => `  ${key}=${[value].flat().join(',')}`);
      return `${task.padEnd(width)}  ${cron} ${zone}  next ${next}${told.join('')}\n`;
    })
    .join('');
}

/** Run tasks at their times until a signal, with `once` until each has run one time; gives the exit code. */
export async function startTasks(
  context: Context,
  names: readonly string[],
  flags: { readonly cron?: string; readonly once?: boolean; readonly json?: boolean },
): Promise<number> {
  const place = ground(context, teller(flags.json));
  const { cron } = flags;
  const wrong = cron === undefined ? null : wrongTiming({ cron, zone: 'UTC' });
  if (wrong !== null)
    throw new ProblemError({ code: 'usage', message: `--cron: ${wrong.message}`, hint: HINTS[wrong.at] });
  const tasks = pick(place.tasks, names).map((task) => ({ ...task, ...(cron !== undefined && { cron }) }));
  const running = new Set<Promise<void>>();
  let exitCode = 0;
  await new Promise<void>((stop) => {
    let left = tasks.length;
    for (const task of tasks) {
      const run = async (planned: string) => {
        let done: Done | null;
        try {
          done = await runTask(place, task, planned, context.signal);
          if (done === null) return;
          exitCode = Math.max(exitCode, exitOf(done));
        } catch (error) {
          // The next time may be better; what happened this time is said.
          exitCode = Math.max(exitCode, 1);
          if (error instanceof ProblemError) fail(error.problems, flags.json ?? false);
          else process.stderr.write(`${(error as Error).stack}\n`);
        }
        if (flags.once) {
          ticking.stop();
          if (--left === 0) stop();
        }
      };
      const ticking = startTicking(
        task,
        (planned) => {
          const one = run(planned).finally(() => running.delete(one));
          running.add(one);
        },
        (planned) => note(place, 'missed', task.name, { planned }),
      );
      const halt = () => {
        ticking.stop();
        stop();
      };
      context.signal.addEventListener('abort', halt);
      if (context.signal.aborted) halt();
    }
  });
  await Promise.all(running);
  return context.signal.aborted ? 130 : exitCode;
}

/** Run one task now. Throws lock/busy when it is running. */
export async function runNow(context: Context, name: string): Promise<Done & { readonly exitCode: number }> {
  const place = ground(context, teller(false));
  const [task] = pick(place.tasks, [name]);
  const done = await runTask(place, task as Task, null, context.signal);
  if (done !== null) return { ...done, exitCode: exitOf(done) };
  throw new ProblemError({ code: 'lock/busy', message: `the task \`${name}\` is running`, hint: 'wait for it to end' });
}

export function pruneNow(context: Context, dryRun: boolean): string[] {
  const place = ground(context, () => {});
  return dryRun ? outdated(place, nowMs()) : prune(place, nowMs());
}

function exitOf({ audit }: Done): number {
  return audit.exit_code ?? 1;
}

function ground(
  context: Context,
  tell: (line: Line) => void,
): Omit<Ground, 'tasks'> & { readonly tasks: readonly Task[] } {
  const { project, under } = openData(context);
  const { root, own } = project;
  return { root, own, under, tasks: readSchedule(root, own, process.env), tell };
}

/** Events for people on stderr; with --json they are the answer. */
function teller(json: boolean | undefined): (line: Line) => void {
  return (line) => {
    if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
    else {
      const { time, event, task, ...facts } = line;
      const told = Object.entries(facts).flatMap(([name, value]) =>
        value === null ? [] : [`  ${name}=${[value].flat().join(',')}`],
      );
      process.stderr.write(`${time} ${task} ${event}${told.join('')}\n`);
    }
  };
}
