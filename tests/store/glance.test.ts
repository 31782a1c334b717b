import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CTIME, cheapestGlance, type Glance, INO, MTIME, SIZE, timeMs } from '../../lib/store/glance.ts';

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
  ['errors go to the last argument', () => ({ stat: (path: string) => (path.endsWith('.none') ? undefined : [1]) })],
  ['fields stand elsewhere', () => ({ stat: other((fields) => fields.reverse()) })],
  ['what is absent has fields', () => ({ stat: other((fields) => fields, true) })],
];

/** Like the binding of Node 20 but for its fields, and for what it gives where nothing is. */
function other(change: (fields: number[]) => number[], isEverywhere = false) {
  return (path: string, _bigint: boolean, _request: undefined, throwIfNoEntry: unknown) => {
    const stat = statSync(path, { throwIfNoEntry: throwIfNoEntry !== false });
    if (stat === undefined) return isEverywhere ? [0] : undefined;
    const { ino, size, mtimeMs, ctimeMs } = stat;
    return change([0, 0, 0, 0, 0, 0, 0, ino, size, 0, 0, 0, mtimeMs, 0, ctimeMs, 0]);
  };
}

function strange(binding: () => unknown): Glance {
  vi.spyOn(process as unknown as { binding: (name: string) => unknown }, 'binding').mockImplementation(binding);
  return cheapestGlance(join(root, 'file'));
}

describe.each<[string, () => Glance]>([
  ['with the binding of this Node', () => cheapestGlance(join(root, 'file'))],
  ...STRANGE.map(([title, binding]) => [`where ${title}`, () => strange(binding)] as [string, () => Glance]),
])('a glance %s', (_, open) => {
  test.each(['file', 'folder', 'link'])('says of a %s what statSync says', (name) => {
    const fields = open()(join(root, name));
    const { size, mtimeMs, ctimeMs, ino } = statSync(join(root, name));
    if (fields === undefined) throw new Error('nothing is there');
    expect([fields[SIZE], timeMs(fields, MTIME), timeMs(fields, CTIME), fields[INO]]).toEqual([
      size,
      mtimeMs,
      ctimeMs,
      ino,
    ]);
  });

  test('tells what is not there from what cannot be looked at', () => {
    const glance = open();
    expect(glance(join(root, 'none'))).toBe(undefined);
    expect(() => glance(join(root, 'file/inside'))).toThrow('ENOTDIR');
  });
});
