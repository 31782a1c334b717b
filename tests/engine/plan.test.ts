import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { describe as say } from '../../lib/engine/explain.ts';
import { planRun } from '../../lib/engine/plan.ts';
import type { Project } from '../../lib/engine/project.ts';
import { layOut } from '../../lib/engine/workspace.ts';
import type { Receipt } from '../../lib/store/receipt.ts';
import { Folder, finish, plansOf, removeProjects } from './folder.ts';

afterEach(removeProjects);

const FILES = {
  'pipeline.yaml': `pipeline: x
stages:
  a: {cmd: one, in: {n: ./n.txt}, out: {o: file}}
  b: {cmd: two, map: {over: [X, Y], as: e}, in: {o: a.o}, out: {t: file}}
  c: {cmd: three, in: {t: b.t}, out: {o: file}}
`,
  'n.txt': 'n\n',
};
const ALL = new Set(['a', 'b', 'c']);

/** What a run would do, as one line for each unit. */
async function planned(folder: Folder, force = false, stages: ReadonlySet<string> = ALL): Promise<string[]> {
  const project = folder.open();
  const plan = planRun(project, await folder.load(project), stages, force);
  return plan.flatMap(({ stage, units, drifted, refused }) => [
    ...units.map(({ element, state, reasons }) =>
      [`${stage}${element ? `/${element}` : ''} ${state}`, ...reasons.map(say)].join(': '),
    ),
    ...drifted.map((path) => `${path} drifted`),
    ...(refused === null ? [] : [`${stage} refused: ${refused}`]),
  ]);
}

/** As if a and some shards of b had run. */
async function ran(folder: Folder, elements: readonly string[], verdict: Receipt['verdict'] = null): Promise<Project> {
  const project = folder.open();
  const loaded = await folder.load(project);
  const o = project.store.put('made by a');
  const [a] = plansOf(project, loaded, 'a');
  if (a) {
    finish(project, a, { o });
    const receipt = project.receipts.read(a.key);
    if (receipt) project.receipts.write({ ...receipt, verdict });
  }
  layOut(project.store, project.marks, o, folder.path('data/stages/a/o'));
  for (const plan of plansOf(project, loaded, 'b', { a: { o } }))
    if (elements.includes(plan.element ?? ''))
      finish(project, plan, { t: project.store.put(`made by b for ${plan.element}`) });
  return project;
}

describe('a plan', () => {
  test('of a new project runs what it knows and waits for the rest', async () => {
    expect(await planned(new Folder(FILES))).toEqual([
      'a run: never made here',
      'b/X waits: upstream: `a` runs first',
      'b/Y waits: upstream: `a` runs first',
      'c waits: upstream: `b` runs first',
    ]);
  });

  test('sees what is cached shard by shard, and that what is below of one that is not has to wait', async () => {
    const folder = new Folder(FILES);
    await ran(folder, ['X']);
    expect(await planned(folder)).toEqual([
      'a cached',
      'b/X cached',
      'b/Y run: never made here',
      'c waits: upstream: `b` runs first',
    ]);
    await ran(folder, ['X', 'Y']);
    expect((await planned(folder)).filter((line) => !line.includes('drifted'))).toEqual([
      'a cached',
      'b/X cached',
      'b/Y cached',
      'c run: never made here',
    ]);
  });

  test('names what of a cached stage was changed in the workspace, and would be put back', async () => {
    const folder = new Folder(FILES);
    await ran(folder, []);
    expect(await planned(folder)).not.toContain('data/stages/a/o drifted');
    folder.write('data/stages/a/o', 'mine');
    expect(await planned(folder)).toContain('data/stages/a/o drifted');
  });

  test('runs a stage again whose output the store has lost, and says which', async () => {
    const folder = new Folder(FILES);
    const project = await ran(folder, ['X', 'Y']);
    rmSync(project.store.path(md5('made by a')));
    expect((await planned(folder))[0]).toBe(`a run: output missing: o (${md5('made by a').slice(0, 8)})`);
  });

  test('by force runs everything asked for, and only that', async () => {
    const folder = new Folder(FILES);
    await ran(folder, ['X', 'Y']);
    expect(await planned(folder, true, new Set(['a']))).toEqual(['a run: forced']);
  });

  test('goes no further than a verdict that says no', async () => {
    const folder = new Folder(FILES);
    await ran(folder, ['X', 'Y'], { passed: false, summary: 'too rough' });
    expect((await planned(folder)).slice(0, 3)).toEqual([
      'a cached',
      'a refused: too rough',
      'b/X waits: upstream: `a` runs first',
    ]);
  });

  test('changes nothing: the next is the same', async () => {
    const folder = new Folder(FILES);
    await ran(folder, ['X']);
    expect(await planned(folder)).toEqual(await planned(folder));
  });
});
