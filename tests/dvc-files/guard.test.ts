// The guard against the flock program and against entries as DVC writes them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProblemError } from '../../lib/base/problem.ts';
import { Guard, type GuardOptions } from '../../lib/dvc/guard.ts';

let dvcDir: string;
let waits: string[];
const children: ChildProcess[] = [];

beforeEach(() => {
  dvcDir = mkdtempSync(join(tmpdir(), 'marketloom-guard-'));
  mkdirSync(join(dvcDir, 'tmp'));
  waits = [];
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dvcDir, { recursive: true, force: true });
});

const guard = (more: Partial<GuardOptions> = {}) =>
  new Guard({
    dvcDir,
    underDvc: false,
    hardlinkLock: false,
    cmd: 'pipeline run',
    waitMs: 700,
    onWait: (message) => waits.push(message),
    ...more,
  });
const rwlock = () => join(dvcDir, 'tmp', 'rwlock');
const entries = () => JSON.parse(readFileSync(rwlock(), 'utf8')) as { write: object; read: object };
const held = (path: string, pid: number, mode: 'read' | 'write' = 'write') =>
  writeFileSync(
    rwlock(),
    JSON.stringify({ [mode]: { [path]: mode === 'write' ? { pid, cmd: 'dvc repro' } : [{ pid, cmd: 'dvc repro' }] } }),
  );
/** Another program that holds DVC's own lock, as DVC would. */
async function lockedByOther(): Promise<ChildProcess> {
  const child = spawn('flock', [join(dvcDir, 'tmp', 'lock'), 'sh', '-c', 'echo; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(child);
  await new Promise((done) => child.stdout.once('data', done));
  return child;
}
/** The shell that keeps locks dies of a file it cannot open, and the next one has the PATH of that time. */
async function restartShell(): Promise<void> {
  rmSync(join(dvcDir, 'tmp', 'lock'), { force: true });
  mkdirSync(join(dvcDir, 'tmp', 'lock'));
  await codesOf(guard({ waitMs: 0 }).alone(() => 1));
  rmSync(join(dvcDir, 'tmp', 'lock'), { recursive: true });
}
const codesOf = (work: Promise<unknown>) =>
  work.then(
    () => [],
    (error: unknown) => (error as ProblemError).problems.map(({ code }) => code),
  );

describe('the lock of the repository', () => {
  test('is held while the work is done and free afterwards', async () => {
    const outcome = await guard().alone(() => codesOf(guard({ waitMs: 100 }).alone(() => 0)));
    expect(outcome).toEqual(['lock/busy']);
    expect(await guard({ waitMs: 100 }).alone(() => 'free')).toBe('free');
  });

  test('is waited for while a dvc command holds it, then the work is refused as busy', async () => {
    await lockedByOther();
    let worked = false;
    expect(await codesOf(guard().alone(() => (worked = true)))).toEqual(['lock/busy']);
    expect(worked).toBe(false);
    expect(waits).toEqual(['for a dvc command that is running here']);
  });

  test('is taken as soon as the other lets go', async () => {
    const other = await lockedByOther();
    const work = guard({ waitMs: 20_000 }).alone(() => 'done');
    process.kill(-(other.pid as number), 'SIGKILL');
    expect(await work).toBe('done');
  });

  test('is taken and obeyed with the flock of BusyBox too, which knows no wait', async () => {
    const real = execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim();
    const bin = join(dvcDir, 'bin');
    mkdirSync(bin);
    const busybox = `#!/bin/sh\ncase "$1" in -n) exec ${real} "$@" ;; -*) exit 1 ;; esac\nexec ${real} "$@"\n`;
    writeFileSync(join(bin, 'flock'), busybox, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    await restartShell();
    expect(await guard().alone(() => 'mine')).toBe('mine');
    await lockedByOther();
    expect(await codesOf(guard({ waitMs: 300 }).alone(() => 0))).toEqual(['lock/busy']);
    vi.unstubAllEnvs();
    await restartShell();
  });

  test('that cannot be opened is said to be that, at once, and not to be held by others', async () => {
    mkdirSync(join(dvcDir, 'tmp', 'lock'));
    const busy = guard({ waitMs: 20_000 });
    expect(await codesOf(busy.alone(() => 1))).toEqual(['store/io']);
    rmSync(join(dvcDir, 'tmp', 'lock'), { recursive: true });
    expect(await busy.alone(() => 1)).toBe(1);
  });

  test('is let go when the work fails', async () => {
    await expect(
      guard().alone(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await guard({ waitMs: 100 }).alone(() => 1)).toBe(1);
  });

  test('is not touched when dvc runs us, nor when dvc locks with hard links', async () => {
    await lockedByOther();
    expect(await guard({ underDvc: true }).alone(() => 1)).toBe(1);
    expect(await guard({ hardlinkLock: true }).alone(() => 1)).toBe(1);
  });
});

describe('path locks', () => {
  test('a claim shows dvc what we write, from take to release, and nothing before', async () => {
    const claim = guard().claim(['/p/out']);
    expect(readdirSync(join(dvcDir, 'tmp'))).toEqual([]);
    await claim.take();
    await claim.take();
    expect(entries()).toEqual({ write: { '/p/out': { pid: process.pid, cmd: 'pipeline run' } }, read: {} });
    await claim.release();
    expect(entries()).toEqual({ write: {}, read: {} });
  });

  test('claims taken at once in one process do not wait for each other’s lock of the list', async () => {
    const claims = ['/p/a', '/p/b', '/p/c'].map((path) => guard().claim([path]));
    await Promise.all(claims.map((claim) => claim.take()));
    expect(Object.keys(entries().write).sort()).toEqual(['/p/a', '/p/b', '/p/c']);
    await Promise.all(claims.map((claim) => claim.release()));
    expect(entries()).toEqual({ write: {}, read: {} });
  });

  test('a claim never taken leaves no trace', async () => {
    await guard().claim(['/p/out']).release();
    expect(readdirSync(join(dvcDir, 'tmp'))).toEqual([]);
  });

  test.each([
    ['writes', '/p/out', 'write'],
    ['writes a folder above', '/p', 'write'],
    ['reads a file below', '/p/out/a', 'read'],
  ] as const)(
    'a living process that %s what we would write makes us wait and then gives lock/busy',
    async (_, path, mode) => {
      held(path, process.ppid, mode);
      expect(await codesOf(guard().clear(['/p/out']))).toEqual(['lock/busy']);
      expect(await codesOf(guard().claim(['/p/out']).take())).toEqual(['lock/busy']);
      expect(waits[0]).toContain('dvc repro');
      expect(await codesOf(guard({ waitMs: 0 }).clear(['/elsewhere']))).toEqual([]);
    },
  );

  test('a dead process is no obstacle, and its entry goes', async () => {
    const child = spawn('true');
    await new Promise((done) => child.on('close', done));
    held('/p/out', child.pid as number);
    const claim = guard().claim(['/p/out']);
    await claim.take();
    expect(Object.keys(entries().write)).toEqual(['/p/out']);
    await claim.release();
    expect(entries().write).toEqual({});
  });

  test('what blocks may go away while we wait', async () => {
    held('/p/out', process.ppid);
    setTimeout(() => writeFileSync(rwlock(), '{}'), 300);
    await guard({ waitMs: 20_000 }).claim(['/p/out']).take();
    expect(Object.keys(entries().write)).toEqual(['/p/out']);
  });

  test('are not looked at when dvc runs us', async () => {
    held('/p/out', process.ppid);
    const us = guard({ underDvc: true });
    await us.clear(['/p/out']);
    await us.claim(['/p/out']).take();
    expect(entries().write).toMatchObject({ '/p/out': { cmd: 'dvc repro' } });
  });
});
