import { lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CTIME, cheapestLooker, INO, type Looker, MODE, MTIME, SIZE, timeMs } from '../../lib/store/glance.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-glance-'));
  writeFileSync(join(root, 'file'), 'bytes');
  mkdirSync(join(root, 'folder'));
  symlinkSync('file', join(root, 'link'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

/** Bindings of other versions of Node, by what they would do to a caller. */
const STRANGE: readonly [string, () => unknown][] = [
  ['there is none', () => undefined],
  [
    'asking is forbidden',
    () => {
      throw new Error('ERR_ACCESS_DENIED');
    },
  ],
  ['errors go to the last argument', () => both((path) => (path.endsWith('.none') ? undefined : Float64Array.of(1)))],
  ['fields stand elsewhere', () => both(other((fields) => fields.reverse()))],
  ['what is absent has fields', () => both(other((fields) => fields, true))],
  ['each look has a list of its own', () => both(other((fields) => fields))],
];

type Look = (path: string, bigint: boolean, request: undefined, throwIfNoEntry: unknown) => unknown;
const both = (look: Look) => ({ stat: look, lstat: look });

/** Like the binding of Node 20 but for its fields, and for what it gives where nothing is. */
function other(change: (fields: Float64Array) => Float64Array, isEverywhere = false): Look {
  return (path, _bigint, _request, throwIfNoEntry) => {
    const stat = statSync(path, { throwIfNoEntry: throwIfNoEntry !== false });
    if (stat === undefined) return isEverywhere ? [0] : undefined;
    const { ino, size, mtimeMs, ctimeMs } = stat;
    return change(Float64Array.of(0, 0, 0, 0, 0, 0, 0, ino, size, 0, 0, 0, mtimeMs, 0, ctimeMs, 0));
  };
}

function strange(binding: () => unknown): Looker {
  vi.spyOn(process as unknown as { binding: (name: string) => unknown }, 'binding').mockImplementation(binding);
  return cheapestLooker();
}

describe.each<[string, () => Looker]>([
  ['with the binding of this Node', () => cheapestLooker()],
  ...STRANGE.map(([title, binding]) => [`where ${title}`, () => strange(binding)] as [string, () => Looker]),
])('a look %s', (_, open) => {
  test.each([
    ['stat', 'file'],
    ['stat', 'folder'],
    ['stat', 'link'],
    ['lstat', 'file'],
    ['lstat', 'folder'],
    ['lstat', 'link'],
  ] as const)('of %s says of a %s what Node says', (how, name) => {
    const looker = open();
    const fields = looker[how](join(root, name));
    const { mode, size, mtimeMs, ctimeMs, ino } = (how === 'stat' ? statSync : lstatSync)(join(root, name));
    if (fields === undefined) throw new Error('nothing is there');
    const times = [timeMs(fields, MTIME), timeMs(fields, CTIME)];
    expect([fields[MODE], fields[SIZE], ...times, fields[INO]]).toEqual([mode, size, mtimeMs, ctimeMs, ino]);
    expect([...looker.own, ...looker.times]).toEqual(
      [INO, SIZE, MTIME, MTIME + 1, CTIME, CTIME + 1].map((field) => fields[field]),
    );
  });

  test('tells what is not there from what cannot be looked at', () => {
    const { stat, lstat } = open();
    for (const look of [stat, lstat]) {
      expect(look(join(root, 'none'))).toBe(undefined);
      expect(() => look(join(root, 'file/inside'))).toThrow('ENOTDIR');
    }
  });
});
