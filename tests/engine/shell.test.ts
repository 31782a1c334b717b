import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Md5, md5 } from '../../lib/base/digest.ts';
import { type Problem, ProblemError } from '../../lib/base/problem.ts';
import type { InputArtifact, WorkItem } from '../../lib/engine/executor.ts';
import { runCommand, ShellSlot } from '../../lib/engine/shell.ts';

let root: string;
let tmp: string;
let slot: ShellSlot;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-shell-'));
  tmp = join(root, 'tmp');
  mkdirSync(tmp);
  slot = new ShellSlot(join(root, 'work'));
});
afterEach(async () => {
  await slot.close();
  rmSync(root, { recursive: true, force: true });
});

const item = (cmd: string, change: Partial<WorkItem> = {}): WorkItem => ({
  id: 1,
  stage: 's',
  element: null,
  key: 'k',
  code: { kind: 'command', cmd },
  params: {},
  seed: null,
  generatorVersion: null,
  inputs: {},
  outputs: { o: { kind: 'file' } },
  timeoutMs: null,
  ...change,
});
/** A read-only blob of the store, under its digest. */
function blob(text: string, relpath = ''): InputArtifact['files'][number] {
  const id = md5(text);
  const path = join(root, 'store', id.slice(0, 2), id.slice(2));
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o444);
  }
  return { relpath, md5: id, size: Buffer.byteLength(text), path };
}
const treeOf = (files: Readonly<Record<string, string>>): InputArtifact => ({
  md5: `${md5(JSON.stringify(files))}.dir` as Md5,
  files: Object.entries(files).map(([relpath, text]) => blob(text, relpath)),
});
const fileOf = (text: string): InputArtifact => ({ md5: md5(text), files: [blob(text)] });
const run = (cmd: string, change: Partial<WorkItem> = {}) => runCommand(item(cmd, change), slot, tmp);
const made = async (cmd: string, change: Partial<WorkItem> = {}) => {
  const { outputs } = await run(cmd, change);
  const text = ({ relpath, temp }: { relpath: string; temp: string | null }) => [
    relpath,
    readFileSync(temp ?? '', 'utf8'),
  ];
  return Object.fromEntries(
    Object.entries(outputs).map(([port, files]) => [port, Object.fromEntries(files.map(text))]),
  );
};
const failed = async (cmd: string, change: Partial<WorkItem> = {}): Promise<Problem> => {
  try {
    await run(cmd, change);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0] as Problem;
    throw error;
  }
  return expect.unreachable('it did not fail');
};

describe('a command sees', () => {
  test('its inputs by port: files, trees, and sets by name', async () => {
    const inputs: WorkItem['inputs'] = {
      one: { kind: 'file', many: false, artifacts: { '': fileOf('1') } },
      tree: { kind: 'tree', many: false, artifacts: { '': treeOf({ 'a/b': '2', c: '3' }) } },
      set: { kind: 'tree', many: true, artifacts: { spx: fileOf('4'), 'b.t': treeOf({ d: '5' }), 'x/y': fileOf('6') } },
    };
    const cmd = 'find in -type f | sort | while read f; do printf "%s=%s " "$f" "$(cat $f)"; done > out/o';
    expect(await made(cmd, { inputs })).toEqual({
      o: { '': 'in/one=1 in/set/b.t/d=5 in/set/spx=4 in/set/x__y=6 in/tree/a/b=2 in/tree/c=3 ' },
    });
  });

  test('its params in params.json, the simple ones as variables with the element', async () => {
    const params = { rate: 0.1, mode: "it's $HOME", list: [1], map: { a: 1 }, none: null, 'with-dash': true };
    const cmd = 'cat params.json > out/o; env | grep ^PARAM_ | sort > out/e';
    const outputs = { o: { kind: 'file' }, e: { kind: 'file' } } as const;
    const { o, e } = await made(cmd, { params, element: 'BRK.B', outputs });
    expect(JSON.parse(o?.[''] ?? '')).toEqual(params);
    expect(e?.[''].split('\n')).toEqual([
      'PARAM_ELEMENT=BRK.B',
      "PARAM_MODE=it's $HOME",
      'PARAM_NONE=null',
      'PARAM_RATE=0.1',
      'PARAM_WITH_DASH=true',
      '',
    ]);
  });

  test('values as they are, whatever a shell makes of them', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', "'", '"', '$', '`', '\\', '\n', ' ', ';', '&', '|', 'é', '*', '#'),
    });
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect(await made('printf %s "$PARAM_V" > out/o', { params: { v: value } })).toEqual({ o: { '': value } });
      }),
      { numRuns: 25 },
    );
  });

  test('nothing of the environment, of the clock’s zone, or of what was there before', async () => {
    process.env.SECRET_OF_TEST = 'x';
    await run('echo x > left; echo y > out/o; echo z > out/more; mkdir in/sub');
    const { o } = await made('{ env | cut -d= -f1 | sort | tr "\\n" " "; date +%Z; ls -A . in out; } > out/o');
    expect(o?.['']).not.toContain('SECRET_OF_TEST');
    expect(o?.['']).toMatch(/UTC\n/);
    expect(o?.['']).not.toMatch(/left|more|sub/);
    delete process.env.SECRET_OF_TEST;
  });
});

describe('what a command leaves', () => {
  test('is hashed and moved to the store’s own folder; empty trees and empty files count', async () => {
    const outputs = { t: { kind: 'tree' }, e: { kind: 'tree' }, f: { kind: 'file' } } as const;
    const { outputs: found, verdict } = await run('mkdir -p out/t/a; echo 1 > out/t/a/b; : > out/t/c; : > out/f', {
      outputs,
    });
    expect(verdict).toBeNull();
    expect(found.t?.map(({ temp, ...file }) => file)).toEqual([
      { relpath: 'a/b', md5: md5('1\n'), size: 2 },
      { relpath: 'c', md5: md5(''), size: 0 },
    ]);
    expect([found.e, found.f?.length]).toEqual([[], 1]);
    for (const { temp } of found.t ?? []) expect(dirname(temp ?? '')).toBe(tmp);
  });

  test('in the background still belongs to it: it is waited for', async () => {
    expect(await made('(sleep 0.2; echo late > out/o) &')).toEqual({ o: { '': 'late\n' } });
  });

  test.each<[string, string, 'file' | 'tree', string]>([
    ['nothing', 'true', 'file', 'stage/bad-output'],
    ['a folder for a file', 'mkdir out/o', 'file', 'stage/bad-output'],
    ['a file for a folder', 'rmdir out/o; : > out/o', 'tree', 'stage/bad-output'],
    ['a link for a file', 'ln -s /etc/passwd out/o', 'file', 'stage/bad-output'],
    ['a link in a folder', 'ln -s /etc/passwd out/o/x', 'tree', 'stage/bad-output'],
    ['a pipe in a folder', 'mkfifo out/o/x', 'tree', 'stage/bad-output'],
    ['a name that no tree may hold', 'mkdir out/o/.git; : > out/o/.git/config', 'tree', 'stage/bad-output'],
    ['a name with a control character', 'touch "$(printf "out/o/a\\tb")"', 'tree', 'stage/bad-output'],
  ])('%s is refused, and nothing of it stays', async (_, cmd, kind, code) => {
    expect((await failed(cmd, { outputs: { o: { kind } } })).code).toBe(code);
    expect(existsSync(slot.home)).toBe(false);
  });
});

describe('a command that fails', () => {
  test('is told with its status, its line and its last eight lines', async () => {
    const problem = await failed('for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; echo sorry >&2; exit 3', {
      element: 'X',
    });
    expect(problem).toMatchObject({
      code: 'stage/failed',
      message: 'the command of stage `s` for `X` left with status 3',
    });
    expect(String(problem.facts?.output).split('\n')).toEqual([
      'line 4',
      'line 5',
      'line 6',
      'line 7',
      'line 8',
      'line 9',
      'line 10',
      'sorry',
    ]);
  });

  test.each(['exit 7', 'false', 'no-such-program', 'if then', "echo '"])(
    'by %j is told, and the next runs as if nothing was',
    async (cmd) => {
      expect((await failed(cmd)).code).toBe('stage/failed');
      expect(await made('echo fine > out/o')).toEqual({ o: { '': 'fine\n' } });
    },
  );

  test('by killing its shell is told, and the next gets another', async () => {
    expect(await failed('kill -9 $$')).toMatchObject({
      code: 'stage/failed',
      message: expect.stringContaining('killed'),
    });
    expect(await made('echo fine > out/o')).toEqual({ o: { '': 'fine\n' } });
  });

  test('by taking too long is stopped with all it started', async () => {
    const problem = await failed(`(sleep 1; : > ${root}/escaped) & sleep 30`, { timeoutMs: 150 });
    expect(problem).toMatchObject({ code: 'stage/timeout', message: expect.stringContaining('0.15 s') });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(existsSync(join(root, 'escaped'))).toBe(false);
    expect(await made('echo fine > out/o')).toEqual({ o: { '': 'fine\n' } });
  });

  test('because the run is stopped is interrupted, not failed', async () => {
    const running = failed('sleep 30');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await slot.close();
    expect(await running).toMatchObject({ code: 'interrupted' });
  });

  test('cannot say that it did not', async () => {
    expect((await failed('echo 0 >&3; exit 5')).message).toContain('status 5');
  });
});

test.each([
  ['with new bytes of the same size', 'chmod u+w in/i; printf 2 > in/i; chmod a-w in/i'],
  ['with more bytes', 'chmod u+w in/i; echo more >> in/i; chmod a-w in/i'],
  ['by making it writable', 'chmod u+w in/i'],
])('a command that changes its input, %s, is refused: it is the store’s own', async (_, cmd) => {
  const inputs: WorkItem['inputs'] = { i: { kind: 'file', many: false, artifacts: { '': fileOf('1') } } };
  expect((await failed(`${cmd}; : > out/o`, { inputs })).code).toBe('stage/undeclared-input');
});

test('thirty commands in one slot leave nothing of each other', async () => {
  for (let i = 0; i < 30; i++)
    expect(await made(`ls -A in out > out/o; echo ${i} >> out/o`)).toEqual({ o: { '': `in:\n\nout:\no\n${i}\n` } });
  expect(readdirSync(slot.home).sort()).toEqual(['in', 'out']);
});
