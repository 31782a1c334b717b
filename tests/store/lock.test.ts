import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { Lock, type LockOwner, ownerText, sweepTemporary } from '../../lib/store/lock.ts';
import { runs } from '../thorough.ts';
import { healFs, replaceFs } from './faults.ts';

let root: string;
let path: string;
let tmp: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-lock-'));
  path = join(root, 'lock');
  tmp = join(root, 'tmp');
  mkdirSync(tmp);
});
afterEach(() => {
  healFs();
  rmSync(root, { recursive: true, force: true });
});

const ABORTED = AbortSignal.abort();
const unasked = () => expect.unreachable('nobody is waited for');
const take = (command = 'run', onWait: (owner: LockOwner) => void = unasked, signal = ABORTED) =>
  Lock.acquire(path, tmp, command, onWait, signal);
const owner = (): LockOwner => JSON.parse(readFileSync(path, 'utf8')) as LockOwner;
const plant = (change: Partial<LockOwner>) => writeFileSync(path, JSON.stringify({ ...SELF, ...change }));
let SELF: LockOwner;
beforeEach(async () => {
  const lock = await take();
  SELF = owner();
  lock.release();
});
/** A pid that was alive a moment ago. */
const deadPid = () =>
  new Promise<number>((resolve) => {
    const child = spawn('true');
    child.on('exit', () => resolve(child.pid ?? 0));
  });

describe('a lock', () => {
  test('names its owner, and is gone with everything else when it is released', async () => {
    const lock = await take('run generate');
    expect(owner()).toMatchObject({ pid: process.pid, host: hostname(), command: 'run generate' });
    expect(owner().started).toMatch(process.platform === 'linux' ? /^\d+$/ : /^/);
    lock.release();
    expect(readdirSync(root)).toEqual(['tmp']);
    expect(readdirSync(tmp)).toEqual([]);
  });

  test('is not released by who no longer has it', async () => {
    const lock = await take();
    plant({ command: 'another', pid: 1 });
    lock.release();
    expect(owner().command).toBe('another');
  });

  test('held by a living process is waited for, who waits is told once, and gets it after', async () => {
    const first = await take('first');
    const told: string[] = [];
    const second = take('second', ({ command }) => told.push(command), new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(told).toEqual(['first']);
    first.release();
    await second;
    expect(owner().command).toBe('second');
  });

  test('that is waited for can be given up: interrupted, and the owner keeps it', async () => {
    await take('first');
    const waiting = take('second', () => {}, ABORTED);
    await expect(waiting).rejects.toThrow(ProblemError);
    await expect(waiting).rejects.toMatchObject({ exitCode: 130 });
    expect(owner().command).toBe('first');
  });
});

describe('a lock that nobody holds is taken over at once', () => {
  const taken = async () => {
    await take('mine');
    expect(owner().command).toBe('mine');
    expect(readdirSync(root).sort()).toEqual(['lock', 'tmp']);
    expect(readdirSync(tmp)).toEqual([]);
  };

  test('when its process is dead', async () => {
    plant({ pid: await deadPid() });
    await taken();
  });

  test.runIf(existsSync('/proc/self/stat'))('when its pid is another process by now', async () => {
    plant({ started: String(Number(SELF.started) - 1) });
    await taken();
  });

  test.each([
    ['empty', ''],
    ['torn', '{"pid":1,"sta'],
    ['null', 'null'],
    ['a number', '7'],
    ['without a pid', '{"host":"h"}'],
    ['with a pid that is none', '{"pid":-1,"started":"","host":"h","since":"","command":""}'],
    ['with a pid no system has', '{"pid":1e15,"started":"","host":"h","since":"","command":""}'],
    ['with nothing but a pid', '{"pid":1}'],
  ])('when it is %s', async (_, text) => {
    writeFileSync(path, text);
    await taken();
  });

  test('also when who was taking it over died in the very act', async () => {
    const pid = await deadPid();
    plant({ pid });
    writeFileSync(`${path}-taking`, JSON.stringify({ ...SELF, pid }));
    await taken();
  });

  test('but not while another process that lives takes it over', async () => {
    plant({ pid: await deadPid() });
    writeFileSync(`${path}-taking`, JSON.stringify(SELF));
    await expect(take('mine')).rejects.toMatchObject({ exitCode: 130 });
    rmSync(`${path}-taking`);
    await taken();
  });
});

describe('a lock that may be held is not taken', () => {
  test.each<[string, () => Partial<LockOwner>]>([
    ['by a process of another host, dead or alive here', () => ({ host: 'elsewhere', pid: 999_999 })],
    ['by a process that may not be signalled', () => ({ pid: 1, started: '' })],
    ['by a process whose start is not known', () => ({ started: '' })],
  ])('%s', async (_, change) => {
    plant(change());
    const before = readFileSync(path, 'utf8');
    const told: LockOwner[] = [];
    await expect(take('mine', (who) => told.push(who))).rejects.toMatchObject({ exitCode: 130 });
    expect(told).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('and of another host the way out is named', () => {
    expect(ownerText({ ...SELF, host: 'elsewhere' })).toContain('elsewhere; when that is over, remove .pipeline/lock');
    expect(ownerText(SELF)).not.toContain('remove');
  });
});

describe('racers', () => {
  const HOOKED = ['writeFileSync', 'linkSync', 'renameSync', 'rmSync', 'readFileSync', 'existsSync'] as const;

  /** One racer starts, another between any two of its acts on the disk, a third between any two acts of both. */
  async function race(second: number, third: number): Promise<number> {
    const starts = [second, third];
    const racers: Promise<boolean>[] = [];
    let acts = 0;
    const enter = () => {
      const won = take(`racer ${racers.length}`, () => {}).then(
        () => true,
        () => false,
      );
      racers.push(won);
    };
    for (const name of HOOKED)
      replaceFs(name, (real, ...args) => {
        if (String(args[0]).startsWith(root)) {
          acts++;
          while (starts[0] !== undefined && acts > starts[0]) {
            starts.shift();
            enter();
          }
        }
        return real(...args);
      });
    enter();
    const won = (await Promise.all(racers)).filter(Boolean).length;
    healFs();
    return won;
  }

  test('never both hold it: whatever acts of three fall between each other at a dead lock, one has it', async () => {
    const stale = JSON.stringify({ ...SELF, pid: await deadPid() });
    const wrong: string[] = [];
    for (let second = 0; second < 16; second++) {
      for (let third = second; third < second + 24; third += 24 / runs(24)) {
        writeFileSync(path, stale);
        const won = await race(second, third);
        if (won !== 1) wrong.push(`${won} hold it when the others start at acts ${second} and ${third}`);
        rmSync(path, { force: true });
        rmSync(`${path}-taking`, { force: true });
      }
    }
    expect(wrong).toEqual([]);
  });
});

test('temporary files of dead processes are swept, those of the living stay', async () => {
  const name = (pid: number) => `${pid.toString(36)}-abc-0`;
  const living = spawn('sleep', ['5']);
  for (const file of [name(await deadPid()), name(living.pid ?? 0), 'no pid']) writeFileSync(join(tmp, file), '');
  mkdirSync(join(tmp, name(await deadPid())));
  expect(sweepTemporary(tmp)).toBe(3);
  expect(readdirSync(tmp)).toEqual([name(living.pid ?? 0)]);
  living.kill();
});
