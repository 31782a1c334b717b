import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../lib/engine/event.ts';
import { openJournal, parseJournal } from '../../lib/engine/journal.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const unit = { stage: 'generate', element: 'AAPL', key: 'f'.repeat(64) } as const;
const notice = (message: string): RunEvent => ({ type: 'notice', level: 'warn', message });
const never = (event: RunEvent) => expect.unreachable(`unexpected ${event.type}`);
const read = (run: string) => parseJournal(readFileSync(join(root, `logs/runs/${run}.jsonl`), 'utf8'));

describe('a journal', () => {
  test('is one JSON line for each event, on disk before the listener returns', () => {
    const journal = openJournal(root, 'r1', never);
    expect(journal.path).toBe('logs/runs/r1.jsonl');
    journal.listen({ type: 'unit-started', ...unit, reasons: [{ kind: 'forced' }] });
    expect(read('r1').lines).toHaveLength(1);
    journal.listen({ type: 'unit-log', stage: 'publish', element: null, message: 'hello', facts: { rows: 3 } });
    const [started, log] = read('r1').lines;
    expect(started).toMatchObject({
      run: 'r1',
      level: 'info',
      event: 'unit-started',
      stage: 'generate',
      shard: 'AAPL',
      key: unit.key,
      reasons: [{ kind: 'forced' }],
      msg: 'generate[AAPL]: started, because forced',
    });
    expect(started?.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(log).toMatchObject({ stage: 'publish', facts: { rows: 3 }, msg: 'publish: hello (rows 3)' });
    expect(log).not.toHaveProperty('shard');
  });

  test('has no line for progress', () => {
    const journal = openJournal(root, 'r1', never);
    journal.listen({ type: 'unit-progress', stage: 's', element: null, done: 1, total: 2, unit: 'bars' });
    expect(read('r1').lines).toEqual([]);
  });

  test('names neither host nor process', () => {
    const journal = openJournal(root, 'r1', never);
    journal.listen(notice('x'));
    expect(Object.keys(read('r1').lines[0] ?? {}).sort()).toEqual(['event', 'level', 'msg', 'run', 'time']);
  });

  test('[S1-116] paths in the project are relative, the home folder is ~, other names that only begin alike stay', () => {
    const journal = openJournal(root, 'r1', never);
    const message = `at ${root}/lib/x.ts:3 (file://${root}/a "b") in ${root}. ${root}-2/c ${homedir()}/.cache /mnt${root}/d`;
    journal.listen(notice(message));
    journal.listen({ type: 'blob-quarantined', md5: 'm', path: `${root}/.pipeline/bad/m` });
    const [first, second] = read('r1').lines;
    expect(first?.msg).toBe(`at lib/x.ts:3 (file://a "b") in .. ${root}-2/c ~/.cache /mnt${root}/d`);
    expect(second).toMatchObject({ path: '.pipeline/bad/m' });
  });

  test('of the same run is appended to', () => {
    openJournal(root, 'r1', never).listen(notice('one'));
    openJournal(root, 'r1', never).listen(notice('two'));
    expect(read('r1').lines.map((line) => line.msg)).toEqual(['one', 'two']);
  });
});

describe('a journal that cannot be written', () => {
  test('for want of a folder gives one notice and the run goes on', () => {
    writeFileSync(join(root, 'logs'), 'a file where the folder should be');
    const said: RunEvent[] = [];
    const journal = openJournal(root, 'r1', (event) => said.push(event));
    for (let i = 0; i < 3; i++) journal.listen(notice('x'));
    expect(journal.path).toBeNull();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({
      type: 'notice',
      level: 'warn',
      message: expect.stringMatching(/logs\/runs\/r1.*E/),
    });
  });

  test.skipIf(process.getuid?.() === 0)('for want of permission gives one notice', () => {
    mkdirSync(join(root, 'logs'));
    chmodSync(join(root, 'logs'), 0o555);
    const said: RunEvent[] = [];
    openJournal(root, 'r1', (event) => said.push(event)).listen(notice('x'));
    expect(said).toHaveLength(1);
  });

  test('because the disk is full gives one notice, which comes back to the journal itself without harm', async () => {
    const heard: RunEvent[] = [];
    // /dev/full takes any open and fails each write with ENOSPC.
    mkdirSync(join(root, 'logs/runs'), { recursive: true });
    const { symlinkSync } = await import('node:fs');
    symlinkSync('/dev/full', join(root, 'logs/runs/r1.jsonl'));
    const journal = openJournal(root, 'r1', (event) => {
      heard.push(event);
      journal.listen(event);
    });
    for (let i = 0; i < 3; i++) journal.listen(notice('x'));
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ message: expect.stringContaining('ENOSPC') });
  });
});

describe('reading', () => {
  test('a line torn at any byte loses that line only', () => {
    const journal = openJournal(root, 'r1', never);
    journal.listen(notice('first'));
    const one = readFileSync(join(root, 'logs/runs/r1.jsonl'), 'utf8');
    journal.listen(notice('second'));
    const both = readFileSync(join(root, 'logs/runs/r1.jsonl'), 'utf8');
    for (let end = one.length + 1; end < both.length - 1; end++) {
      const { lines, torn } = parseJournal(both.slice(0, end));
      expect(lines.map((line) => line.msg)).toEqual(['first']);
      expect(torn).toBe(1);
    }
    expect(parseJournal(both)).toMatchObject({ torn: 0, lines: [{ msg: 'first' }, { msg: 'second' }] });
  });

  test('JSON that is no event is counted, not returned', () => {
    expect(parseJournal('null\n3\n{"a":1}\n')).toEqual({ lines: [], torn: 3 });
  });
});

test('kill -9 loses no event that was heard', async () => {
  const driver = join(root, 'driver.ts');
  const lib = join(import.meta.dirname, '../../lib/engine/journal.ts');
  writeFileSync(
    driver,
    `import { openJournal } from '${lib}';
     const journal = openJournal(${JSON.stringify(root)}, 'r1', () => {});
     for (let i = 0; ; i++) {
       journal.listen({ type: 'notice', level: 'info', message: 'n' + i });
       if (i === 500) process.kill(process.pid, 'SIGKILL');
     }`,
  );
  await build({
    entryPoints: [driver],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: join(root, 'driver.cjs'),
    nodePaths: [join(import.meta.dirname, '../../node_modules')],
  });
  const child = spawn(process.execPath, [join(root, 'driver.cjs')], { stdio: 'inherit' });
  const signal = await new Promise((done) => child.on('exit', (_, by) => done(by)));
  expect(signal).toBe('SIGKILL');
  expect(read('r1').lines.map((line) => line.msg)).toEqual(Array.from({ length: 501 }, (_, i) => `n${i}`));
  expect(readdirSync(join(root, 'logs/runs'))).toEqual(['r1.jsonl']);
});
