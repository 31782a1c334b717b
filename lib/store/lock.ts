// One writer per checkout: a lock file that names its owner, so that a dead owner's lock is taken over and a live one is waited for.
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { nowIso } from '../base/clock.ts';
import { ProblemError } from '../base/problem.ts';
import { errorCode, guard, listNames, readTextIfAny, remove, tempName } from './files.ts';

export interface LockOwner {
  readonly pid: number;
  /** Start of the process in kernel ticks: a recycled pid is another process. */
  readonly started: string;
  readonly host: string;
  readonly since: string;
  readonly command: string;
}

const POLL_MS = 100;

/** Who holds a lock, in words; whether a process of another host lives cannot be known here. */
export function ownerText(owner: LockOwner): string {
  const who = `the run of process ${owner.pid}, since ${owner.since}`;
  if (owner.host === hostname()) return who;
  return `${who}, on host ${owner.host}; when that is over, remove .pipeline/lock`;
}

export class Lock {
  readonly #path: string;
  readonly #text: string;

  /** Nobody held it, dead or alive, when it was asked for. */
  readonly wasFree: boolean;

  private constructor(path: string, text: string, wasFree: boolean) {
    this.wasFree = wasFree;
    this.#path = path;
    this.#text = text;
  }

  /** Wait for the lock; `onWait` is told once who holds it. Aborting the signal ends the wait as interrupted. */
  static async acquire(
    path: string,
    tmp: string,
    command: string,
    onWait: (owner: LockOwner) => void,
    signal: AbortSignal,
  ): Promise<Lock> {
    const owner: LockOwner = {
      pid: process.pid,
      started: startOf(process.pid) ?? '',
      host: hostname(),
      since: nowIso(),
      command,
    };
    const text = JSON.stringify(owner);
    let told = false;
    for (let tries = 0; ; tries++) {
      if (tryCreate(path, text, tmp)) return new Lock(path, text, tries === 0);
      const held = readTextIfAny(path);
      if (held === null) continue;
      const holder = parseOwner(held);
      const isLeft = holder === null || isDead(holder);
      if (isLeft && takeAway(path, held, text, tmp)) continue;
      if (!isLeft && !told) onWait(holder);
      told ||= !isLeft;
      if (signal.aborted)
        throw new ProblemError({
          code: 'interrupted',
          message: `stopped while waiting for the run of process ${holder?.pid ?? 'unknown'}`,
        });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  release(): void {
    if (readTextIfAny(this.#path) === this.#text) remove(this.#path);
  }
}

/** Create with content in one step: the lock never exists without its owner's name. */
function tryCreate(path: string, text: string, tmp: string): boolean {
  return guard('lock', path, () => {
    const temp = tempName(tmp);
    fs.writeFileSync(temp, text, { flag: 'wx' });
    try {
      fs.linkSync(temp, path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      remove(temp);
    }
  });
}

/**
 * Remove a dead owner's lock; false while another process does. Only the holder of a second lock may, and only what it
 * still finds there: else a slow process would remove the lock of a quick one that has taken over meanwhile.
 */
function takeAway(path: string, stale: string, text: string, tmp: string): boolean {
  const second = `${path}-taking`;
  if (!tryCreate(second, text, tmp)) {
    const held = readTextIfAny(second);
    if (held === null) return true;
    const holder = parseOwner(held);
    if (holder !== null && !isDead(holder)) return false;
    remove(second);
    return true;
  }
  try {
    if (readTextIfAny(path) === stale) remove(path);
  } finally {
    remove(second);
  }
  return true;
}

function parseOwner(text: string): LockOwner | null {
  try {
    const value = JSON.parse(text) as LockOwner;
    // No system counts processes beyond 2^31.
    const isPid = Number.isSafeInteger(value?.pid) && value.pid > 0 && value.pid < 2 ** 31;
    return isPid && typeof value.host === 'string' && typeof value.started === 'string' ? value : null;
  } catch {
    return null;
  }
}

function isDead(owner: LockOwner): boolean {
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
  const started = startOf(owner.pid);
  return started !== null && owner.started !== '' && started !== owner.started;
}

/** Field 22 of /proc/pid/stat; null where there is no /proc. */
function startOf(pid: number): string | null {
  const text = readTextIfAny(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** Remove temporary files whose makers are gone. */
export function sweepTemporary(tmp: string): number {
  let removed = 0;
  for (const name of listNames(tmp)) {
    const pid = Number.parseInt(name.split('-')[0] as string, 36);
    const alive = Number.isSafeInteger(pid) && pid > 0 && isAlive(pid);
    if (alive) continue;
    remove(`${tmp}/${name}`);
    removed++;
  }
  return removed;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
