import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { statIfAny } from '../../lib/store/files.ts';
import type { Mark } from '../../lib/store/glance.ts';
import { Marks } from '../../lib/store/marks.ts';
import { decodeState, fullNames, GRAIN_MS, type State } from '../../lib/store/state.ts';

let root: string;
let state: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-marks-'));
  state = join(root, 'state');
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(root, { recursive: true, force: true });
});

const at = (name: string) => join(root, name);
const open = () => new Marks(root, state);
/** The bytes of a memory that says it has so many rows. */
function withCount(bytes: Buffer, count: number): Buffer {
  bytes.writeDoubleLE(count, 8);
  return bytes;
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const saved = () => decodeState(readFileSync(state)) as State;

/** A memory that has seen these files, saved long after they were written. */
async function remember(...names: string[]): Promise<void> {
  await sleep(2 * GRAIN_MS);
  const marks = open();
  for (const name of names) marks.md5(at(name));
  marks.save(root, 'q', {});
}

describe('a remembered file', () => {
  beforeEach(async () => {
    writeFileSync(at('f'), 'one');
    await remember('f');
  });

  /** What the next process says of the file, and whether it had to read it. */
  const next = () => {
    const marks = open();
    const found = marks.md5(at('f'));
    return { md5: found?.md5 ?? null, read: marks.hashedFiles };
  };

  test('is not read again while it looks the same', () => {
    expect(next()).toEqual({ md5: md5('one'), read: 0 });
  });

  test('is read again once when it was touched, and known from then on', async () => {
    utimesSync(at('f'), new Date(1e12), new Date(1e12));
    await sleep(2 * GRAIN_MS);
    const marks = open();
    expect([marks.md5(at('f')), marks.md5(at('f'))]).toEqual([
      { md5: md5('one'), size: 3 },
      { md5: md5('one'), size: 3 },
    ]);
    expect(marks.hashedFiles).toBe(1);
  });

  test('[C-3] is noticed when other bytes have its size and its modification time', () => {
    const { atimeMs, mtimeMs } = statSync(at('f'));
    writeFileSync(at('f'), 'two');
    utimesSync(at('f'), atimeMs / 1000, mtimeMs / 1000);
    expect(next()).toEqual({ md5: md5('two'), read: 1 });
  });

  test('is noticed when another file of the same size and times took its place', () => {
    writeFileSync(at('g'), 'two');
    const was = statIfAny(at('f'));
    renameSync(at('g'), at('f'));
    // Times as a backup program may restore them, on a system that lets it.
    const now: Mark = Object.assign(Object.create(was as Mark), { ino: statSync(at('f')).ino });
    const marks = open();
    expect(marks.md5(at('f'), now)).toEqual({ md5: md5('two'), size: 3 });
    expect(marks.hashedFiles).toBe(1);
  });

  test('that went away is nothing, and read anew when it comes back', () => {
    rmSync(at('f'));
    expect(next()).toEqual({ md5: null, read: 0 });
    writeFileSync(at('f'), 'one');
    expect(next()).toEqual({ md5: md5('one'), read: 1 });
  });

  test('is only doubted, never mistaken, when a hard link changes its times', () => {
    linkSync(at('f'), at('g'));
    expect(next()).toEqual({ md5: md5('one'), read: 1 });
  });
});

describe('what is too young proves nothing', () => {
  test('a file as young as the memory is read again', () => {
    writeFileSync(at('f'), 'one');
    const marks = open();
    marks.note(at('f'), md5('one'));
    // No answer, so it does not wait for the clock to move on.
    marks.save(root, 'q');
    const { ctimeMs } = statSync(at('f'));
    utimesSync(state, ctimeMs / 1000, (ctimeMs + GRAIN_MS - 1) / 1000);
    const young = open();
    young.md5(at('f'));
    expect(young.hashedFiles).toBe(1);
    utimesSync(state, ctimeMs / 1000, (ctimeMs + GRAIN_MS + 1) / 1000);
    const old = open();
    old.md5(at('f'));
    expect(old.hashedFiles).toBe(0);
  });

  test('a memory with an answer is saved later than a grain after the youngest file, so that it can be used', () => {
    const marks = open();
    writeFileSync(at('f'), 'one');
    marks.note(at('f'), md5('one'));
    marks.save(root, 'q', {});
    expect(statSync(state).mtimeMs).toBeGreaterThan(statSync(at('f')).ctimeMs + GRAIN_MS);
    const next = open();
    next.md5(at('f'));
    expect(next.hashedFiles).toBe(0);
  });

  test('a file that is rewritten in the same tick after it was read is still noticed, in this run and the next', async () => {
    const tick = statSync(root).ctimeMs;
    // A file clock that stands still, as within one tick of older kernels.
    const stands = (): Mark => {
      const [mtimeS, mtimeNs] = [Math.floor(tick / 1000), (tick % 1000) * 1e6];
      return Object.assign(Object.create(statIfAny(at('f')) as Mark), {
        mtimeS,
        mtimeNs,
        ctimeS: mtimeS,
        ctimeNs: mtimeNs,
      });
    };
    vi.useFakeTimers({ now: tick + 1, toFake: ['Date'] });
    writeFileSync(at('f'), 'one');
    const marks = open();
    expect(marks.md5(at('f'), stands())?.md5).toBe(md5('one'));
    writeFileSync(at('f'), 'two');
    expect(marks.md5(at('f'), stands())?.md5).toBe(md5('two'));
    writeFileSync(at('f'), 'six');
    vi.useRealTimers();
    await sleep(2 * GRAIN_MS);
    marks.save(root, 'q', { run: { stdout: '', stderr: 'up to date' } });
    // The run had other bytes than those that lie there now: its answer must not be served.
    expect(saved().answers).toEqual({});
    expect(open().md5(at('f'))?.md5).toBe(md5('six'));
  });

  test('a clock that is set back makes files doubtful, not right', () => {
    writeFileSync(at('f'), 'one');
    vi.useFakeTimers({ now: Date.now() - 86_400_000, toFake: ['Date'] });
    const marks = open();
    marks.md5(at('f'));
    marks.save(root, 'q', {});
    // The file clock, too, was set back.
    utimesSync(state, new Date(), new Date());
    const next = open();
    expect(next.md5(at('f'))?.md5).toBe(md5('one'));
    expect(next.hashedFiles).toBe(1);
  });
});

describe('the file of marks', () => {
  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['torn among its numbers', (bytes) => bytes.subarray(0, 30)],
    ['torn among its names', (bytes) => bytes.subarray(0, -1)],
    ['torn before its names', (bytes) => bytes.subarray(0, 16 + 32 + 32)],
    ['longer than it was', (bytes) => Buffer.concat([bytes, Buffer.from('\0g')])],
    ['empty', () => Buffer.alloc(0)],
    ['all zeros', () => Buffer.alloc(4096)],
    [
      'of the format before',
      () => Buffer.from('{"format":2,"question":"q","paths":["f"],"marks":[1,2,3,4],"md5s":["x"]}'),
    ],
    ['of another byte order', (bytes) => Buffer.from(bytes.subarray(0, bytes.length & ~7)).swap64()],
    ['of no number of rows', (bytes) => withCount(bytes, Number.NaN)],
    ['of more rows than it holds', (bytes) => withCount(bytes, 2 ** 40)],
    ['of half a row', (bytes) => withCount(bytes, 0.5)],
    ['without folders', (bytes) => Buffer.from(bytes.toString('latin1').replace('folders', 'fodlers'), 'latin1')],
  ])('that is %s costs one reading and nothing else', async (_, damage) => {
    writeFileSync(at('f'), 'one');
    await remember('f');
    writeFileSync(state, damage(readFileSync(state)));
    await sleep(GRAIN_MS);
    const marks = open();
    expect(marks.md5(at('f'))?.md5).toBe(md5('one'));
    expect(marks.hashedFiles).toBe(1);
  });

  test('keeps every row of many in folders, absolute places and other alphabets', async () => {
    const names = [
      'top',
      'ünï/çode',
      '新/文',
      'a b/new\nline',
      'one/deep/er',
      ...Array.from({ length: 20 }, (_, i) => `many/${i}`),
    ];
    for (const name of names) {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), name);
    }
    const outside = mkdtempSync(join(tmpdir(), 'marketloom-outside-'));
    for (let i = 0; i < 10; i++) writeFileSync(join(outside, `${i}`), `${i}`);
    await sleep(2 * GRAIN_MS);
    const look = (marks: Marks) => [
      ...names.map((name) => marks.md5(at(name))?.md5),
      ...Array.from({ length: 10 }, (_, i) => marks.md5(join(outside, `${i}`))?.md5),
      marks.md5(at('many/none')),
    ];
    const first = open();
    const seen = look(first);
    first.save(root, 'q', {});
    const second = open();
    expect(look(second)).toEqual(seen);
    expect(second.hashedFiles).toBe(0);
    rmSync(outside, { recursive: true });
  });

  test('that is a folder costs no more', () => {
    writeFileSync(at('f'), 'one');
    mkdirSync(state);
    expect(open().md5(at('f'))?.md5).toBe(md5('one'));
  });

  test('holds what this run saw and nothing of runs before', async () => {
    writeFileSync(at('f'), 'one');
    writeFileSync(at('g'), 'two');
    await remember('f', 'g');
    await remember('g');
    expect(fullNames(saved())).toEqual(['g']);
  });

  test('of a run of a part keeps what the last four such runs knew of other files; a whole run drops it', async () => {
    writeFileSync(at('f'), 'one');
    writeFileSync(at('g'), 'two');
    await remember('f', 'g');
    const part = () => {
      const marks = open();
      marks.md5(at('g'));
      marks.md5(at('none'));
      marks.save(root, 'q', {}, true);
    };
    for (let run = 1; run <= 4; run++) {
      part();
      expect(fullNames(saved())).toEqual(['g', 'none', 'f']);
      const next = open();
      expect(next.md5(at('f'))?.md5).toBe(md5('one'));
      expect(next.hashedFiles).toBe(0);
    }
    part();
    expect(fullNames(saved())).toEqual(['g', 'none']);
    await remember('f', 'g');
    part();
    await remember('g');
    expect(fullNames(saved())).toEqual(['g']);
  });

  test('a file that changes while only parts run is noticed, and what was too young then is not trusted later', async () => {
    for (const name of ['f', 'g', 'young']) writeFileSync(at(name), name);
    await remember('f', 'g');
    const first = open();
    for (const name of ['f', 'young']) first.note(at(name), md5(name));
    first.save(root, 'q', undefined, true);
    const { ctimeMs } = statSync(at('young'));
    utimesSync(state, ctimeMs / 1000, (ctimeMs + GRAIN_MS - 1) / 1000);
    open().save(root, 'q', undefined, true);
    writeFileSync(at('f'), 'new');
    const next = open();
    expect([next.md5(at('f'))?.md5, next.md5(at('young'))?.md5]).toEqual([md5('new'), md5('young')]);
    expect(next.hashedFiles).toBe(2);
  });

  test('names files below the root by their place in it, so that it survives a move of the project', async () => {
    mkdirSync(at('here'));
    writeFileSync(at('here/f'), 'one');
    const marks = new Marks(at('here'), state);
    await sleep(2 * GRAIN_MS);
    marks.md5(at('here/f'));
    marks.md5(at('outside'));
    marks.save(root, 'q', {});
    renameSync(at('here'), at('there'));
    expect(fullNames(saved())).toEqual(['f', at('outside')]);
    const moved = new Marks(at('there'), state);
    expect(moved.md5(at('there/f'))?.md5).toBe(md5('one'));
    expect(moved.hashedFiles).toBe(0);
    expect([moved.path('f'), moved.path('/x')]).toEqual([at('there/f'), '/x']);
  });

  test('remembers what was asked for and is not there: its appearing is a change', async () => {
    await remember('none');
    expect(fullNames(saved())).toEqual(['none']);
    expect([...saved().marks]).toEqual([0, -1, 0, 0, 0, 0]);
    expect(saved().md5s.toString()).toBe(' '.repeat(32));
  });

  test('forgets what it is told to', async () => {
    writeFileSync(at('f'), 'one');
    const marks = open();
    marks.md5(at('f'));
    marks.forget(at('f'));
    marks.save(root, 'q');
    expect(fullNames(saved())).toEqual([]);
  });
});

test('a watched folder vouches for no bytes', () => {
  const marks = open();
  writeFileSync(at('f'), 'one');
  marks.watch(at('f'));
  expect(marks.holds(at('f'), md5('one'))).toBe(true);
  expect(marks.hashedFiles).toBe(1);
});
