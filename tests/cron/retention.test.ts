import { utimesSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { outdated, prune } from '../../cron/retention.ts';
import { closeRigs, openRig, type Rig } from '../proof/rig.ts';

afterEach(closeRigs);

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

function put(rig: Rig, path: string, ageDays: number, text = '{}'): string {
  rig.write(path, text);
  const atSeconds = (NOW_MS - ageDays * DAY_MS) / 1000;
  utimesSync(rig.path(path), atSeconds, atSeconds);
  return path;
}

const audit = (task: string, stamp: string) => `logs/automation/${task}-${stamp}T020000000Z.json`;
const keeping = (rig: Rig, tasks = [{ name: 'a', keepDays: 14 }]) => ({
  root: rig.root,
  under: 'data/synthetic',
  tasks,
});

test('[S1-17] after 13.9 days an audit and a run log stay, after 14.1 days they go', () => {
  const rig = openRig();
  const stay = [put(rig, audit('a', '20270102'), 13.9), put(rig, 'logs/runs/young.jsonl', 13.9)];
  const go = [put(rig, audit('a', '20270101'), 14.1), put(rig, 'logs/runs/old.jsonl', 14.1)];
  expect(outdated(keeping(rig), NOW_MS)).toEqual(go);
  expect(go.every(rig.exists), 'asking removes nothing').toBe(true);
  expect(prune(keeping(rig), NOW_MS)).toEqual(go);
  expect([stay.every(rig.exists), go.some(rig.exists)]).toEqual([true, false]);
});

test('each task keeps its audits its own time, and run logs stay as long as the most patient one wants', () => {
  const rig = openRig();
  const [a, b, log] = [audit('a', '20270101'), audit('ab', '20270101'), 'logs/runs/x.jsonl'];
  for (const path of [a, b, log]) put(rig, path, 5);
  const tasks = [
    { name: 'a', keepDays: 2 },
    { name: 'ab', keepDays: 9 },
  ];
  expect(outdated(keeping(rig, tasks), NOW_MS)).toEqual([a]);
});

test('what is not ours by its name is never touched', () => {
  const rig = openRig();
  const names = [
    'logs/automation/synthetic_runs.log',
    'logs/automation/notes.json',
    'logs/runs/.gitkeep',
    'logs/mine.jsonl',
  ];
  for (const path of names) put(rig, path, 400);
  expect(outdated(keeping(rig), NOW_MS)).toEqual([]);
});

test('[S1-17] the newest evidence of the dataset that latest.json names stays, with its log, and so does what dvc.lock names', () => {
  const rig = openRig({
    'data/synthetic/latest.json': '{"dataset_id": "syn_latest"}',
    'dvc.lock': 'path: logs/runs/locked.jsonl',
  });
  const done = (id: string, log: string) => JSON.stringify({ outcome: 'done', dataset_id: id, run_log: log });
  const go = [
    put(rig, audit('a', '20260101'), 50, done('syn_latest', 'logs/runs/1.jsonl')),
    put(rig, audit('a', '20260103'), 48, done('syn_other', 'logs/runs/3.jsonl')),
    put(rig, audit('a', '20260104'), 47, '{"outcome": "failed", "dataset_id": "syn_latest"}'),
    put(rig, audit('a', '20260105'), 46, '{torn'),
    put(rig, 'logs/runs/1.jsonl', 50),
    put(rig, 'logs/runs/3.jsonl', 48),
  ];
  put(rig, audit('a', '20260102'), 49, done('syn_latest', 'logs/runs/2.jsonl'));
  put(rig, 'logs/runs/2.jsonl', 49);
  put(rig, 'logs/runs/locked.jsonl', 49);
  expect(outdated(keeping(rig), NOW_MS)).toEqual(go);
});
