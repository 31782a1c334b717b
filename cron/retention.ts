// Removes audits and run logs that are older than their tasks keep them, never what latest.json or dvc.lock still names.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { listNames, readTextIfAny, remove } from '../lib/store/files.ts';

export const AUTOMATION = 'logs/automation';
const RUNS = 'logs/runs';
const DAY_MS = 86_400_000;

export interface Keeping {
  readonly root: string;
  /** Folder of datasets; null when pipeline.yaml names none. */
  readonly under: string | null;
  readonly tasks: readonly { readonly name: string; readonly keepDays: number }[];
}

/** Paths, relative to the project, of what is past its time at `nowMs`. Audits go by their task, run logs by the most patient one. */
export function outdated({ root, under, tasks }: Keeping, nowMs: number): string[] {
  const longest = Math.max(0, ...tasks.map(({ keepDays }) => keepDays));
  const audits = listNames(join(root, AUTOMATION)).filter((name) => AUDIT.test(name));
  const daysOf = (name: string) => tasks.find((task) => name.startsWith(`${task.name}-`))?.keepDays ?? longest;
  const files = [
    ...audits.map((name) => ({ path: `${AUTOMATION}/${name}`, days: daysOf(name) })),
    ...listNames(join(root, RUNS))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => ({ path: `${RUNS}/${name}`, days: longest })),
  ];
  const old = files.filter(({ path, days }) => {
    const mtimeMs = statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? nowMs;
    return nowMs - mtimeMs > days * DAY_MS;
  });
  if (old.length === 0) return [];
  const named = namedBy(root, under, audits);
  return old.map(({ path }) => path).filter((path) => !named(path));
}

export function prune(keeping: Keeping, nowMs: number): string[] {
  const paths = outdated(keeping, nowMs);
  for (const path of paths) remove(join(keeping.root, path));
  return paths;
}

/** `<task>-<UTC stamp>.json`. */
const AUDIT = /^[a-z][a-z0-9_]*-\d{8}T\d{9}Z\.json$/;

/** Whether latest.json or dvc.lock names a path: itself, or as the newest evidence of a dataset that they name. */
function namedBy(root: string, under: string | null, audits: readonly string[]): (path: string) => boolean {
  const texts = [under === null ? null : `${under}/latest.json`, 'dvc.lock']
    .map((path) => (path === null ? null : readTextIfAny(join(root, path))))
    .filter((text) => text !== null);
  const named = (word: string) => texts.some((text) => text.includes(word));
  const kept = new Set<string>();
  const seen = new Set<string>();
  const stampOf = (name: string) => name.slice(name.lastIndexOf('-'));
  for (const name of [...audits].sort((a, b) => (stampOf(a) < stampOf(b) ? 1 : -1))) {
    const { outcome, dataset_id: id, run_log: log } = readAudit(join(root, AUTOMATION, name));
    if (outcome !== 'done' || typeof id !== 'string' || seen.has(id) || !named(id)) continue;
    seen.add(id);
    kept.add(`${AUTOMATION}/${name}`);
    if (typeof log === 'string') kept.add(log);
  }
  return (path) => kept.has(path) || named(path);
}

function readAudit(path: string): { readonly [key: string]: unknown } {
  try {
    return (JSON.parse(readTextIfAny(path) ?? 'null') as { [key: string]: unknown } | null) ?? {};
  } catch {
    // What is no JSON is no evidence.
    return {};
  }
}
