// A tiny project whose program can be killed, or refused by the disk, at any single write; and what must hold afterwards.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { parseReceipt } from '../../lib/store/receipt.ts';
import { openRig, type Ran, type Rig, stageFile } from '../e2e/rig.ts';

export type How = 'kill' | 'ENOSPC' | 'EACCES';
export type Thread = 'main' | 'worker';

const FILES = {
  'pipeline.yaml': `pipeline: chaos
stages:
  split: {cmd: 'for i in 1 2; do echo $i > out/all/$i.txt; done', out: {all: tree}}
  join: {uses: ./join.ts, in: {all: split.all}}
`,
  'join.ts': stageFile({
    inputs: "all: tree('any')",
    outputs: "out: tree('any'), whole: json('any')",
    body: `for (const name of ctx.in.all.names()) ctx.out.out.write('turned/' + name, Uint8Array.from(ctx.in.all.bytes(name)).reverse());
    ctx.out.whole.write(ctx.in.all.names());`,
  }),
};

function runWith(rig: Rig, at: number, how: How | 'count', thread: Thread): Promise<Ran> {
  const env = {
    NODE_OPTIONS: `--require=${resolve('tests/chaos/inject.cjs')}`,
    INJECT_ROOT: `${rig.root}/`,
    INJECT_AT: String(at),
    INJECT_HOW: how,
    INJECT_IN: thread,
    INJECT_COUNT: how === 'count' ? join(rig.root, '..', 'count') : '',
  };
  return rig.cli(['run', '--json', '--jobs', '1'], { env });
}

/** Before the disturbed run the project is new, or it has run and was then edited. */
export type History = 'a new project' | 'an edited project';

async function openProject(history: History): Promise<Rig> {
  const rig = openRig(FILES);
  if (history === 'a new project') return rig;
  rig.write('.dvc/config', '[cache]\n    type = hardlink\n');
  expect((await rig.cli(['run', '--jobs', '1'])).code).toBe(0);
  rig.edit('pipeline.yaml', 'for i in 1 2', 'for i in 1 3');
  return rig;
}

export interface Undisturbed {
  readonly history: History;
  readonly writes: Readonly<Record<Thread, number>>;
  /** Outputs before the run, and after it. */
  readonly before: Readonly<Record<string, string>>;
  readonly stages: Readonly<Record<string, string>>;
}

/** What a run that nothing disturbs writes and gives. */
export async function undisturbed(history: History): Promise<Undisturbed> {
  const writes = { main: 0, worker: 0 };
  let before: Record<string, string> = {};
  let stages: Record<string, string> = {};
  for (const thread of ['main', 'worker'] as const) {
    const rig = await openProject(history);
    before = rig.digests('data/stages');
    const ran = await runWith(rig, 0, 'count', thread);
    expect(ran.code, ran.out + ran.err).toBe(0);
    writes[thread] = Number(rig.read('../count'));
    stages = rig.digests('data/stages');
    rig.close();
  }
  return { history, writes, before, stages };
}

/** Disturb one write; what is there afterwards is whole, what was said is clear, and the next run gives the same bytes. */
export async function disturb(at: number, how: How, thread: Thread, normal: Undisturbed): Promise<void> {
  const { stages } = normal;
  const rig = await openProject(normal.history);
  const label = `${how} at write ${at} of the ${thread} thread`;
  const ran = await runWith(rig, at, how, thread);
  if (how === 'kill') expect(ran.code, label).toBe(null);
  else if (ran.code !== 0) {
    const said = `${label}\n${ran.out}${ran.err}`;
    expect(ran.code, said).toBe(1);
    expect(ran.err, said).not.toContain('defect');
    const codes = ran.problems.map(({ code }) => code);
    expect(codes, said).toContain(how === 'ENOSPC' ? 'store/no-space' : 'store/denied');
  }
  nothingHalf(rig, normal, label);
  const again = await rig.cli(['run', '--json', '--jobs', '1']);
  expect(again.code, `${label}, and then\n${again.out}${again.err}`).toBe(0);
  expect(rig.digests('data/stages'), label).toEqual(stages);
  nothingHalf(rig, normal, label);
  for (const folder of ['.dvc/cache/pipeline-tmp', '.pipeline/tmp', '.pipeline/work', '.pipeline/quarantine'])
    expect(rig.digests(folder), `${label}: ${folder}`).toEqual({});
  rig.close();
}

/** Every blob is what its name says, every receipt can be read, and the workspace has whole outputs only. */
function nothingHalf(rig: Rig, { before, stages }: Undisturbed, label: string): void {
  for (const [name, found] of Object.entries(rig.digests('.dvc/cache/files/md5')))
    expect(`${found}${name.endsWith('.dir') ? '.dir' : ''}`, `${label}: blob ${name}`).toBe(name.replace('/', ''));
  for (const name of Object.keys(rig.digests('.pipeline/receipts')))
    expect(parseReceipt(readFileSync(rig.path(`.pipeline/receipts/${name}`), 'utf8')), `${label}: ${name}`).not.toBe(
      null,
    );
  for (const [name, found] of Object.entries(rig.digests('data/stages'))) {
    if (name in stages || name in before) expect([before[name], stages[name]], `${label}: ${name}`).toContain(found);
    else expect(name, `${label}: a temporary name in the workspace`).toMatch(/params\.yaml$|\.gitignore$/);
  }
}
