// What the commands about data share: the project without its pipeline being loaded, its remote, and the locks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from '../lib/base/document.ts';
import { ProblemError, raise } from '../lib/base/problem.ts';
import { type DvcConfig, remoteFolder } from '../lib/dvc/config-file.ts';
import { Guard } from '../lib/dvc/guard.ts';
import type { Ground } from '../lib/dvc/publish.ts';
import { type Roots, workspaceRoots } from '../lib/dvc/roots.ts';
import type { Listener } from '../lib/engine/event.ts';
import { readLast } from '../lib/engine/last.ts';
import { narrate } from '../lib/engine/narrate.ts';
import type { Project } from '../lib/engine/project.ts';
import { drift, layOut } from '../lib/engine/workspace.ts';
import { Depot } from '../lib/store/depot.ts';
import { Lock, ownerText } from '../lib/store/lock.ts';
import type { Context } from './door.ts';
import { open, underDvc } from './open.ts';

export interface Data {
  readonly project: Project;
  readonly dvc: DvcConfig;
  /** Folder of datasets; null when pipeline.yaml names none. */
  readonly under: string | null;
  readonly emit: Listener;
}

/** Open the project for a command about data; what it says besides its answer goes to stderr. */
export function openData(context: Context): Data {
  const { project, dvc } = open(context.program);
  const document = parseDocument('pipeline.yaml', readFileSync(project.file, 'utf8'));
  raise(document.problems);
  const { dataset } = (document.value ?? {}) as { dataset?: { under?: unknown } };
  const under = typeof dataset?.under === 'string' ? dataset.under : null;
  const emit: Listener = (event) => {
    const { level, message } = narrate(event);
    if (level === 'warn' || level === 'error') process.stderr.write(`warning: ${message}\n`);
    else if (event.type === 'waiting' || event.type === 'notice') process.stderr.write(`${message}\n`);
  };
  project.store.onQuarantine = (md5, path) =>
    emit({ type: 'blob-quarantined', md5, path: path.replace(`${project.root}/`, '') });
  return { project, dvc, under, emit };
}

/** The folder of datasets, for commands that make no sense without one. */
export function datasetsUnder({ under }: Data): string {
  if (under !== null) return under;
  throw new ProblemError({
    code: 'dataset/unknown',
    message: 'pipeline.yaml names no dataset',
    hint: 'add `dataset: { from: <stage>.<port>, under: data/synthetic }`',
  });
}

export interface Remote {
  readonly name: string;
  readonly depot: Depot;
}

/** The remote of that name, or the default one. Throws remote/missing and dvc/unsupported. */
export function openRemote(dvc: DvcConfig, name: string | null): Remote {
  const folder = remoteFolder(dvc, name);
  return { name: name ?? (dvc.remote as string), depot: new Depot(folder) };
}

/** The default remote, or null when there is none to use. */
export function anyRemote(dvc: DvcConfig): Remote | null {
  try {
    const remote = openRemote(dvc, null);
    return remote.depot.isThere() ? remote : null;
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}

export function rootsOf({ project, under }: Pick<Data, 'project' | 'under'>): Roots {
  const lastKeys = Object.values(readLast(project).units).flatMap((units) =>
    Object.values(units).map(({ key }) => key),
  );
  const { root, receipts, paths } = project;
  return workspaceRoots({ root, under, state: paths.state, receipts, lastKeys });
}

/** Where the effects of a run or a pull happen. */
export function groundOf({ root, store, marks }: Project): Ground {
  return {
    root,
    store,
    drift: (artifact, path) => drift(store, marks, artifact, path),
    layOut: (artifact, path) => void layOut(store, marks, artifact, path),
  };
}

/** How long a live dvc command is waited for. */
const WAIT_MS = 30_000;

export function guardOf(project: Project, dvc: DvcConfig, cmd: string, emit: Listener): Guard {
  return new Guard({
    dvcDir: join(project.root, '.dvc'),
    underDvc: underDvc(),
    hardlinkLock: dvc.hardlinkLock,
    cmd,
    waitMs: WAIT_MS,
    onWait: (message) => emit({ type: 'waiting', message }),
  });
}

/** Do work while neither another run nor a dvc command changes the project. */
export async function alone<T>(
  { project, dvc, emit }: Data,
  cmd: string,
  signal: AbortSignal,
  work: () => T | Promise<T>,
): Promise<T> {
  const lock = await Lock.acquire(
    project.paths.lock,
    project.store.tmp,
    cmd,
    (owner) => emit({ type: 'waiting', message: `for ${ownerText(owner)}` }),
    signal,
  );
  try {
    return await guardOf(project, dvc, cmd, emit).alone(work);
  } finally {
    lock.release();
  }
}
