// Reads cron/schedule.yaml: tasks, their times, and the values a run is told, with the environment's overrides applied.
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Json } from '../lib/base/canon.ts';
import { parseDocument } from '../lib/base/document.ts';
import { nearest } from '../lib/base/nearest.ts';
import { at } from '../lib/base/place.ts';
import { type Problem, ProblemError, raise } from '../lib/base/problem.ts';
import { checkValue, type Schema } from '../lib/base/schema.ts';
import { readTextIfAny } from '../lib/store/files.ts';
import { type Timing, wrongTiming } from './scheduler.ts';

export const SCHEDULE_FILE = 'cron/schedule.yaml';

/** What `run` of a task may say. */
const KEYS = ['profile', 'config', 'seed', 'tickers'] as const;
export type Key = (typeof KEYS)[number];

export interface Setting {
  readonly value: string | number | readonly string[];
  /** `env CRON_SYNTHETIC_SEED` or `cron/schedule.yaml:8:20`. */
  readonly from: string;
}

export interface Task extends Timing {
  readonly name: string;
  readonly settings: Readonly<Partial<Record<Key, Setting>>>;
  readonly keepDays: number;
}

interface Written {
  readonly cron: string;
  readonly zone?: string;
  readonly run?: Readonly<Partial<Record<Key, Setting['value']>>>;
  readonly keep_days?: number;
}

/** The tasks of a project, in the order of the file. Throws config/missing-file, and all that is wrong with the file at its places. */
export function readSchedule(root: string, own: string, env: Readonly<Record<string, string | undefined>>): Task[] {
  const text = readTextIfAny(join(root, SCHEDULE_FILE));
  if (text === null) {
    throw new ProblemError({
      code: 'config/missing-file',
      message: `there is no ${SCHEDULE_FILE}`,
      hint: 'Write one, for example: tasks: { synthetic_refresh: { cron: "0 2 * * *", run: { profile: default } } }',
    });
  }
  const document = parseDocument(SCHEDULE_FILE, text);
  raise(document.problems);
  raise(checkValue(readSchema(own, 'schedule'), document.value, document.place));
  const { tasks } = document.value as unknown as { tasks: Readonly<Record<string, Written>> };
  const problems: Problem[] = [];
  const read = Object.entries(tasks).map(([name, { cron, zone = 'UTC', run = {}, keep_days: keepDays = 14 }]): Task => {
    const wrong = wrongTiming({ cron, zone });
    if (wrong !== null) {
      const path = ['tasks', name, wrong.at];
      const message = `${path.join('.')}: ${wrong.message}`;
      problems.push({ code: 'config/invalid', message, place: document.place(path), hint: HINTS[wrong.at] });
    }
    const settings: Partial<Record<Key, Setting>> = {};
    for (const key of KEYS) {
      const variable = `CRON_${name.split('_')[0]}_${key}`.toUpperCase();
      const given = env[variable]?.trim();
      const value = run[key];
      if (given) settings[key] = { value: settingOf(key, given, root), from: `env ${variable}` };
      else if (value !== undefined) settings[key] = { value, from: at(document.place(['tasks', name, 'run', key])) };
    }
    return { name, cron, zone, settings, keepDays };
  });
  raise(problems);
  return read;
}

export const HINTS = {
  cron: 'Write minute, hour, day of month, month, day of week; for example "0 2 * * *"',
  zone: 'Use UTC or a name such as Europe/Berlin',
};

/** The named tasks, all of them for no name. Throws usage for a name that is not there. */
export function pick(tasks: readonly Task[], names: readonly string[]): Task[] {
  const known = tasks.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  raise(
    unknown.map((name): Problem => {
      const close = nearest(name, known);
      const hint = close === null ? `tasks: ${known.join(', ')}` : `did you mean \`${close}\`?`;
      return { code: 'usage', message: `there is no task \`${name}\``, hint };
    }),
  );
  return tasks.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** The arguments of `pipeline` that do what a task says. What YAML holds as text stays text: flags are read as YAML. */
export function argumentsOf({ settings }: Task): string[] {
  const { profile, config, seed, tickers } = settings;
  const words = ['run', '--json'];
  if (profile !== undefined) words.push('--profile', String(profile.value));
  if (config !== undefined) words.push('--config', String(config.value));
  if (seed !== undefined)
    words.push('--seed', seed.from.startsWith('env ') ? String(seed.value) : JSON.stringify(seed.value));
  if (tickers !== undefined) words.push('--set', `tickers=${JSON.stringify(tickers.value)}`);
  return words;
}

export function readSchema(own: string, name: string): Schema {
  return JSON.parse(readFileSync(join(own, 'config', 'schema', `${name}.schema.json`), 'utf8')) as Schema & Json;
}

/** A variable's value; a file is meant from the project, wherever it lies. */
function settingOf(key: Key, text: string, root: string): Setting['value'] {
  if (key === 'tickers') return text.split(',').map((item) => item.trim());
  return key === 'config' ? relative(root, resolve(root, text)) : text;
}
