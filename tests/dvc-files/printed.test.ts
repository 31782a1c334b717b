import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Md5 } from '../../lib/base/digest.ts';
import { type LockStage, parseLock, printLock, printLockBlock } from '../../lib/dvc/pipeline-file.ts';
import { parsePrinted, replaceBlocks } from '../../lib/dvc/printed.ts';
import { runs } from '../thorough.ts';

const stage = (name: string, text: string): LockStage => ({
  name,
  cmd: `run ${text}`,
  deps: [{ path: text, md5: 'a'.repeat(32) as Md5, size: 1 }],
  params: {},
  outs: [],
});
// Names and texts that YAML quotes, folds, takes for numbers, or writes with an explicit key.
const awkward = fc.oneof(
  fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
  fc.constantFrom('7', 'true', ': x', '? y', 'a b '.repeat(60), 'k'.repeat(150)),
);

test('blocks put in place of others give the text that printing everything gives, or say that they cannot', () => {
  const names = fc.uniqueArray(awkward, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(names, awkward, awkward, fc.nat(), (all, was, now, mask) => {
      const isNew = (i: number) => ((mask >> i) & 1) === 1;
      const text = printLock(all.map((name) => stage(name, was)));
      const after = all.map((name, i) => stage(name, isNew(i) ? now : was));
      const blocks = new Map(after.filter((_, i) => isNew(i)).map((one) => [one.name, printLockBlock(one)]));
      const replaced = replaceBlocks(text, blocks);
      // A long key is not found; then everything is printed.
      if (replaced === null) expect(all.some((name) => Array.from(name).length >= 123 || /\s/.test(name))).toBe(true);
      else expect(replaced).toBe(printLock(after));
    }),
    { numRuns: runs(200) },
  );
});

test('a stage that the text does not have is not added, and nothing to replace leaves the text as it is', () => {
  const text = printLock([stage('a', 'x')]);
  expect(replaceBlocks(text, new Map([['b', printLockBlock(stage('b', 'x'))]]))).toBeNull();
  expect(replaceBlocks(text, new Map())).toBe(text);
  expect(parseLock('dvc.lock', text).map(({ name }) => name)).toEqual(['a']);
});

test('a note that is torn, or of another format, is none', () => {
  const note = JSON.stringify({ format: 1, ground: 'g', run: 'r', files: { 'dvc.lock': 'm' } });
  expect(parsePrinted(note)).toEqual(JSON.parse(note));
  for (let cut = 0; cut < note.length; cut++) expect(parsePrinted(note.slice(0, cut))).toBeNull();
  for (const odd of [null, '7', '[]', 'null', '{"format":2}', '{"format":1,"files":null}'])
    expect(parsePrinted(odd)).toBeNull();
});
