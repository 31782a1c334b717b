// The clock of the schedule, and the only file that knows node-cron: reads cron expressions and calls back at their times.
import { createTask, setLogger, validateDetailed } from 'node-cron';

export interface Timing {
  readonly cron: string;
  readonly zone: string;
}

/** What is wrong with a timing in words that follow its name, or null. */
export function wrongTiming({ cron, zone }: Timing): { readonly at: 'cron' | 'zone'; readonly message: string } | null {
  const [error] = validateDetailed(cron).errors;
  if (error !== undefined) return { at: 'cron', message: error.message };
  try {
    createTask(cron, () => {}, { timezone: zone }).destroy();
    return null;
  } catch {
    return { at: 'zone', message: `there is no time zone ${JSON.stringify(zone)}` };
  }
}

/** The next UTC instants of a timing that is right. */
export function nextTimes({ cron, zone }: Timing, count: number): string[] {
  const task = createTask(cron, () => {}, { timezone: zone });
  const times = task.getNextRuns(count).map((time) => time.toISOString());
  task.destroy();
  return times;
}

export interface Ticking {
  stop(): void;
}

/** Call `tick` with the planned UTC instant at each time until stopped; `missed` tells of times the process slept through. */
export function startTicking(
  { cron, zone }: Timing,
  tick: (planned: string) => void,
  missed: (planned: string) => void,
): Ticking {
  // The library would print; what it has to say comes as events too.
  const silent = () => {};
  setLogger({ info: silent, warn: silent, error: silent, debug: silent });
  const task = createTask(cron, ({ date }) => tick(date.toISOString()), { timezone: zone });
  task.on('execution:missed', ({ date }) => missed(date.toISOString()));
  task.start();
  return { stop: () => void task.destroy() };
}
