import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkEvent, WorkItem } from '../../lib/engine/executor.ts';
import { LocalPool } from '../../lib/engine/pool.ts';

let root: string;
let pool: LocalPool;
const open = (jobs: number, worker = 'module.exports = 1;') => {
  writeFileSync(join(root, 'worker.cjs'), worker);
  pool = new LocalPool({
    jobs,
    tmp: join(root, 'tmp'),
    cacheDir: join(root, 'cache'),
    workRoot: join(root, 'work'),
    workerFile: join(root, 'worker.cjs'),
    trapped: false,
    modulePaths: [],
    project: root,
    disturb: null,
  });
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-pool-'));
  mkdirSync(join(root, 'tmp'));
});
afterEach(async () => {
  await pool.close();
  rmSync(root, { recursive: true, force: true });
});

let ids = 0;
const item = (code: WorkItem['code'], timeoutMs: number | null = null): WorkItem => ({
  id: ids++,
  stage: 's',
  element: null,
  key: 'k',
  code,
  params: {},
  seed: null,
  generatorVersion: null,
  inputs: {},
  outputs: { o: { kind: 'file' } },
  timeoutMs,
});
const command = (cmd: string) => pool.submit(item({ kind: 'command', cmd }), () => {});
const module = (bundle: string, timeoutMs: number | null = null, onEvent: (event: WorkEvent) => void = () => {}) =>
  pool.submit(item({ kind: 'module', bundle, plugins: {} }, timeoutMs), onEvent);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { problems?: { code: string }[] }) => error.problems?.[0]?.code ?? String(error),
  );

describe('a pool of commands', () => {
  test('runs as many at once as it has jobs, and no more', async () => {
    open(2);
    // Each says how many are running while it does.
    const cmd = `mkdir ${root}/run.$$; sleep 0.1; ls -d ${root}/run.* | wc -l > out/o; cat out/o >> ${root}/counts; sleep 0.05; rmdir ${root}/run.$$`;
    await Promise.all(Array.from({ length: 6 }, () => command(cmd)));
    const counts = readFileSync(join(root, 'counts'), 'utf8').trim().split('\n').map(Number);
    expect(counts).toHaveLength(6);
    expect(Math.max(...counts)).toBe(2);
  });

  test('starts them in the order they were given', async () => {
    open(1);
    await Promise.all(['a', 'b', 'c'].map((name) => command(`echo ${name} >> ${root}/order; : > out/o`)));
    expect(readFileSync(join(root, 'order'), 'utf8')).toBe('a\nb\nc\n');
  });

  test('goes on after a failure', async () => {
    open(1);
    expect(await Promise.all([codeOf(command('exit 1')), codeOf(command(': > out/o'))])).toEqual([
      'stage/failed',
      'done',
    ]);
  });

  test('of no job runs once it has one', async () => {
    open(0);
    const work = codeOf(command(': > out/o'));
    pool.resize(1);
    expect(await work).toBe('done');
  });

  test('sweeps what a killed run left, and leaves nothing itself', async () => {
    open(1);
    mkdirSync(join(root, 'work/0/out'), { recursive: true });
    writeFileSync(join(root, 'work/0/out/o'), 'old');
    expect(await codeOf(command('ls out; test ! -e out/o && : > out/o'))).toBe('done');
    await pool.close();
    expect(existsSync(join(root, 'work'))).toBe(false);
  });

  test('that is closed stops what runs, refuses what waits and takes nothing more: interrupted, all of it', async () => {
    open(1);
    const works = [codeOf(command('sleep 30')), codeOf(command(': > out/o'))];
    await new Promise((resolve) => setTimeout(resolve, 100));
    await pool.close();
    expect(await Promise.all([...works, codeOf(command(': > out/o'))])).toEqual([
      'interrupted',
      'interrupted',
      'interrupted',
    ]);
  });
});

/** A worker whose bundles are acts: what a stage can do to its thread. */
const WORKER = `const { parentPort, threadId } = require('node:worker_threads');
parentPort.on('message', (item) => {
  const act = item.describe ?? item.code.bundle;
  if (act === 'throw') throw new Error('planted');
  if (act === 'exit') process.exit(3);
  if (act === 'spin') for (;;);
  if (item.describe && act === 'ok') return parentPort.postMessage({ type: 'described', declaration: { summary: act } });
  if (act === 'late') setTimeout(() => { throw new Error('left behind'); }, 20);
  if (act === 'fail') return parentPort.postMessage({ type: 'failed', problems: [{ code: 'data/refused', message: 'no' }] });
  parentPort.postMessage({ type: 'event', event: { type: 'progress', done: 1, total: 2, unit: 'rows' } });
  parentPort.postMessage({ type: 'done', result: { outputs: {}, verdict: null, thread: threadId } });
});`;

describe('a pool of threads', () => {
  const threadOf = async (work: Promise<unknown>) => ((await work) as { thread: number }).thread;

  test('passes on events and results, and uses a thread again', async () => {
    open(1, WORKER);
    const events: WorkEvent[] = [];
    const first = await threadOf(module('ok', null, (event) => events.push(event)));
    expect(events).toEqual([{ type: 'started' }, { type: 'progress', done: 1, total: 2, unit: 'rows' }]);
    expect(await threadOf(module('ok'))).toBe(first);
    expect(await codeOf(module('fail'))).toBe('data/refused');
    expect(await threadOf(module('ok'))).toBe(first);
  });

  test.each([
    ['throw', 'stage/failed'],
    ['exit', 'stage/failed'],
    ['spin', 'stage/timeout'],
  ])('gives up a thread that does %s, says %s, and goes on with another', async (act, code) => {
    open(1, WORKER);
    const first = await threadOf(module('ok'));
    expect(await codeOf(module(act, act === 'spin' ? 100 : null))).toBe(code);
    expect(await threadOf(module('ok'))).not.toBe(first);
  });

  test('goes on when a stage that was done breaks its thread later', async () => {
    open(1, WORKER);
    await module('late');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await codeOf(module('ok'))).toBe('done');
  });

  test('tells work that it started when its turn comes, not when it is handed in', async () => {
    open(1, WORKER);
    const told: string[] = [];
    const tell = (name: string) => (event: WorkEvent) => void (event.type === 'started' && told.push(name));
    const ended = (name: string) => () => void told.push(`${name} ended`);
    await Promise.all([
      module('ok', null, tell('one')).then(ended('one')),
      module('ok', null, tell('two')).then(ended('two')),
    ]);
    expect(told).toEqual(['one', 'one ended', 'two', 'two ended']);
  });

  test('that is closed ends a stage that never would: interrupted', async () => {
    open(1, WORKER);
    const work = codeOf(module('spin'));
    await new Promise((resolve) => setTimeout(resolve, 150));
    await pool.close();
    expect(await work).toBe('interrupted');
  });

  test('asks a bundle what it declares, and code that breaks while it is loaded is a build that failed', async () => {
    open(1, WORKER);
    expect(await pool.describe('ok')).toEqual({ summary: 'ok' });
    for (const act of ['throw', 'exit']) expect(await codeOf(pool.describe(act))).toBe('code/build-failed');
    expect(await codeOf(pool.describe('fail'))).toBe('data/refused');
    expect(await codeOf(module('ok'))).toBe('done');
  });
});
