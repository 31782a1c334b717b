import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { argumentsOf, readSchedule } from '../../cron/schedule.ts';
import { nextTimes } from '../../cron/scheduler.ts';
import type { ProblemError } from '../../lib/base/problem.ts';
import { OWN } from '../proof/rig.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function read(yaml: string, env: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'marketloom-schedule-'));
  folders.push(root);
  mkdirSync(join(root, 'cron'));
  writeFileSync(join(root, 'cron', 'schedule.yaml'), yaml);
  return readSchedule(root, OWN, env);
}

function problemsOf(yaml: string) {
  try {
    read(yaml);
  } catch (error) {
    return (error as ProblemError).problems;
  }
  return [];
}

const TASK = 'tasks:\n  synthetic_refresh:\n    cron: "0 2 * * *"\n';

describe('cron/schedule.yaml', () => {
  test('what is left out is UTC, 14 days and nothing to tell', () => {
    expect(read(TASK)).toEqual([
      { name: 'synthetic_refresh', cron: '0 2 * * *', zone: 'UTC', keepDays: 14, settings: {} },
    ]);
  });

  test('the one of this package is right and runs every night at two, UTC', () => {
    const [task] = readSchedule(OWN, OWN, {});
    expect(task).toMatchObject({
      name: 'synthetic_refresh',
      keepDays: 14,
      settings: { profile: { value: 'default' } },
    });
    for (const time of nextTimes(task!, 3)) expect(time.slice(10)).toBe('T02:00:00.000Z');
  });

  test.each([
    ['an unknown key', `${TASK}    retry: 3\n`, 'config/unknown-key', 4, 5],
    ['a minute that no hour has', TASK.replace('0 2', '61 2'), 'config/invalid', 3, 11],
    ['too few fields', TASK.replace('0 2', '0'), 'config/invalid', 3, 11],
    ['a day that no year has', TASK.replace('* * *', '30 2 *'), 'config/invalid', 3, 11],
    ['an unknown zone', `${TASK}    zone: Mars/Olympus\n`, 'config/invalid', 4, 11],
    ['no days at all', `${TASK}    keep_days: 0\n`, 'config/invalid', 4, 16],
    ['a name with a dash', TASK.replace('synthetic_', 'synthetic-'), 'config/invalid', 2, 3],
  ] as const)('%s is told at its place', (_, yaml, code, line, column) => {
    expect(problemsOf(yaml)).toMatchObject([{ code, place: { file: 'cron/schedule.yaml', line, column } }]);
  });

  test('a project without one is told what to write, and that works', () => {
    try {
      readSchedule('/nowhere', OWN, {});
      expect.unreachable();
    } catch (error) {
      const [problem] = (error as ProblemError).problems;
      expect(problem?.code).toBe('config/missing-file');
      expect(read(problem!.hint!.replace(/^.*?(?=tasks:)/, ''))).toHaveLength(1);
    }
  });
});

describe('what a run is told', () => {
  const yaml = `${TASK}    run: { profile: a, seed: "7", tickers: [AAPL] }\n  other:\n    cron: "* * * * *"\n    run: { profile: a }\n`;

  test('comes from the file, with its place', () => {
    const [task] = read(yaml);
    expect(task!.settings.profile).toEqual({ value: 'a', from: 'cron/schedule.yaml:4:21' });
    expect(argumentsOf(task!)).toEqual('run --json --profile a --seed "7" --set tickers=["AAPL"]'.split(' '));
  });

  test('the environment overrides each value, of the tasks of that name alone', () => {
    const env = {
      CRON_SYNTHETIC_PROFILE: 'b',
      CRON_SYNTHETIC_SEED: '9',
      CRON_SYNTHETIC_TICKERS: 'AAPL, SPX',
      CRON_SYNTHETIC_CONFIG: 'other.yml',
    };
    const [task, other] = read(yaml, env);
    expect(argumentsOf(task!)).toEqual(
      'run --json --profile b --config other.yml --seed 9 --set tickers=["AAPL","SPX"]'.split(' '),
    );
    expect(Object.values(task!.settings).map(({ from }) => from)).toEqual([
      'env CRON_SYNTHETIC_PROFILE',
      'env CRON_SYNTHETIC_CONFIG',
      'env CRON_SYNTHETIC_SEED',
      'env CRON_SYNTHETIC_TICKERS',
    ]);
    expect(other).toEqual(read(yaml)[1]);
  });
});

test('an hour of a zone is that hour there, in summer and in winter', () => {
  const times = nextTimes({ cron: '0 12 1 1,7 *', zone: 'Europe/Berlin' }, 2).sort((a, b) =>
    a.slice(5) < b.slice(5) ? -1 : 1,
  );
  expect(times.map((time) => time.slice(5))).toEqual(['01-01T11:00:00.000Z', '07-01T10:00:00.000Z']);
});

test('[C-6] node-cron is what keeps the time', () => {
  expect(readFileSync(join(OWN, 'cron', 'scheduler.ts'), 'utf8')).toContain("from 'node-cron'");
});
