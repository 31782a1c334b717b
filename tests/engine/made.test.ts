import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import type { Executor, MadeFile, WorkItem } from '../../lib/engine/executor.ts';
import { take, workOn } from '../../lib/engine/made.ts';
import type { StageSpec } from '../../lib/engine/spec.ts';
import { Folder, removeProjects } from './folder.ts';

afterEach(removeProjects);

const STAGE = { map: null, outputs: { o: { kind: 'tree' } } } as unknown as StageSpec;
const ITEM = { id: 0 } as unknown as WorkItem;

/** Work that writes `texts`; those of `spared` only when it is told to write all. */
function work(store: { tmp: string }, texts: readonly string[], spared: ReadonlySet<string>) {
  const asked: (true | undefined)[] = [];
  const temps: string[] = [];
  const made = (text: string, anew: boolean): MadeFile => {
    const temp = join(store.tmp, `made-${temps.length}`);
    const isSpared = spared.has(text) && !anew;
    if (!isSpared) {
      temps.push(temp);
      writeFileSync(temp, text);
    }
    return { relpath: text, size: text.length, md5: md5(text), temp: isSpared ? null : temp };
  };
  const executor: Executor = {
    submit: async ({ anew }) => {
      asked.push(anew);
      return { outputs: { o: texts.map((text) => made(text, anew === true)) }, verdict: null };
    },
    close: () => Promise.resolve(),
  };
  return { executor, asked, temps };
}

test('a file that work did not write because the store has it is taken from there', async () => {
  const { store } = new Folder({}).open();
  store.put('old');
  const { executor, asked } = work(store, ['old', 'new'], new Set(['old']));
  const result = await workOn(executor, store, ITEM, () => {});
  const { o } = take(store, STAGE, result);
  expect(asked).toEqual([undefined]);
  expect(store.missing(o!)).toEqual([]);
  expect(store.readTree(o!.md5).map(({ md5 }) => md5)).toEqual([md5('new'), md5('old')]);
});

test('the tree of one shard has no object of its own, its files are in the store', async () => {
  const { store } = new Folder({}).open();
  const { executor } = work(store, ['new'], new Set());
  const result = await workOn(executor, store, ITEM, () => {});
  const shard = { ...STAGE, map: { elements: ['new'] } } as unknown as StageSpec;
  const { o } = take(store, shard, result);
  expect(o).toMatchObject({ size: 3, nfiles: 1, files: [{ relpath: 'new', md5: md5('new'), size: 3 }] });
  expect([store.has(o!.md5), store.missing(o!)]).toEqual([false, []]);
  expect(store.putTree(o!.files!)).toEqual({ md5: o!.md5, size: 3, nfiles: 1 });
  expect(store.has(o!.md5)).toBe(true);
});

test('work is done once more, and everything is written, when such a file is damaged; nothing of the first time is left', async () => {
  const { store } = new Folder({}).open();
  const blob = store.path(store.put('old').md5);
  rmSync(blob);
  writeFileSync(blob, 'bad');
  const { executor, asked, temps } = work(store, ['old', 'new'], new Set(['old']));
  const { o } = take(store, STAGE, await workOn(executor, store, ITEM, () => {}));
  expect(asked).toEqual([undefined, true]);
  expect(store.missing(o!)).toEqual([]);
  expect(store.quarantined).toEqual(new Set([md5('old')]));
  expect(temps.filter((temp) => existsSync(temp))).toEqual([]);
});

test('an input that work passes on and the store has lost is told, not made up', async () => {
  const { store } = new Folder({}).open();
  const { executor } = work(store, ['lost'], new Set(['lost']));
  const spare: Executor = {
    ...executor,
    submit: (item, onEvent) => executor.submit({ ...item, anew: undefined as never }, onEvent),
  };
  const result = await workOn(spare, store, ITEM, () => {});
  expect(() => take(store, STAGE, result)).toThrow(ProblemError);
});
