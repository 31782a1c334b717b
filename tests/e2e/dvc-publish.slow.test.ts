// What a run leaves beside its outputs: dataset, pointers, latest.json and DVC's files, and what it does when they are gone.
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { datasetOf } from '../../lib/dvc/datasets.ts';
import { parseLock } from '../../lib/dvc/pipeline-file.ts';
import { parsePointer } from '../../lib/dvc/pointer.ts';
import { DEMO } from '../dvc-files/demo.ts';
import { closeRigs, openRig, type Rig } from '../proof/rig.ts';

afterEach(closeRigs);

const run = async (rig: Rig, ...args: string[]) => {
  const ran = await rig.cli(['run', ...args]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const demo = (more: Readonly<Record<string, string>> = {}) => openRig({ ...DEMO, ...more });
const settings = (text: string) => ({ 'config.yml': `${DEMO['config.yml']}${text}\n` });
const latest = (rig: Rig) => JSON.parse(rig.read('data/synthetic/latest.json')) as Record<string, unknown>;
const pointerOf = (rig: Rig, id: string) => parsePointer('p', rig.read(`data/synthetic/${id}.dvc`));

describe('after a run', () => {
  test('[S1-18] latest.json names the dataset just published, with its path', async () => {
    const rig = demo();
    const id = await run(rig);
    expect(latest(rig)).toEqual({ dataset_id: id, path: `data/synthetic/${id}`, manifest: null });
    expect(rig.read(`data/synthetic/${id}/reports/report.json`)).toBe('{"rows":3,"passed":true}');
    expect(rig.read(`data/synthetic/${id}/loud.txt`)).toContain('SEED 7 SINCE 2020-01-01');
  });

  test('[S1-18] runs that race leave whole files at every moment, and the last to end is latest', async () => {
    const rig = demo();
    await run(rig);
    const runs = Array.from({ length: 5 }, (_, i) => rig.cli(['run', '--seed', String(i)]));
    let racing = true;
    const ended: string[] = [];
    const all = Promise.all(runs.map((one) => one.then((ran) => ended.push(ran.out.trim())))).then(() => {
      racing = false;
    });
    let reads = 0;
    while (racing) {
      expect(latest(rig)).toMatchObject({ dataset_id: expect.stringMatching(/^syn_[0-9a-f]{12}$/) });
      reads++;
      await new Promise((next) => setTimeout(next, 2));
    }
    await all;
    expect(reads).toBeGreaterThan(10);
    expect(new Set(ended).size).toBe(5);
    expect(ended).toContain(latest(rig).dataset_id);
  });

  test('[S1-103] each dataset and wired source has a pointer, and git ignores the data beside it', async () => {
    const rig = demo();
    const id = await run(rig);
    expect(rig.read('data/synthetic/.gitignore')).toBe(`/${id}\n`);
    expect(rig.read('data/sources/.gitignore').trim().split('\n').sort()).toEqual(['/more', '/raw']);
    expect(rig.read('data/sources/raw')).toBe('b\na\n');
    expect(rig.read('data/sources/more/sub/two.txt')).toBe('two\n');
    expect(parsePointer('p', rig.read('data/sources/more.dvc')).outs[0]).toMatchObject({ path: 'more', nfiles: 2 });
    const { outs, meta } = pointerOf(rig, id);
    expect(outs[0]).toMatchObject({ path: id, nfiles: 4 });
    expect(meta).toMatchObject({ dataset_id: id, seed: 7, generator_version: null, profile: 'default', head: null });
    expect(Object.keys((meta as { inputs: object }).inputs).sort()).toEqual([
      './notes.txt',
      'source:more',
      'source:raw',
    ]);
  });

  test('the next run has nothing to do and changes no file', async () => {
    const rig = demo();
    await run(rig);
    const before = ['dvc.yaml', 'dvc.lock', 'data/synthetic/latest.json', 'data/stages/params.yaml'].map(rig.read);
    const again = await rig.cli(['run', '--json']);
    expect(again.started).toEqual([]);
    expect(again.events.filter(({ type }) => type === 'published' || type === 'notice')).toEqual([]);
    const after = ['dvc.yaml', 'dvc.lock', 'data/synthetic/latest.json', 'data/stages/params.yaml'].map(rig.read);
    expect(after).toEqual(before);
    expect((await rig.cli(['run'])).err).toMatch(/^nothing to do/);
  });

  test.each([
    'data/synthetic/latest.json',
    'data/synthetic/.gitignore',
    'data/synthetic/<id>.dvc',
    'data/synthetic/<id>/AAPL.txt',
    'data/synthetic/<id>',
    'data/sources/raw',
    'data/sources/raw.dvc',
    'data/sources/more/one.txt',
    'dvc.yaml',
    'dvc.lock',
    'data/stages/params.yaml',
    'data/stages/.gitignore',
    '.dvc/.gitignore',
  ])('deleting %s is mended by the next run, which runs no stage', async (name) => {
    const rig = demo();
    const id = await run(rig);
    await run(rig);
    const path = name.replace('<id>', id);
    const show = () => (rig.exists(path) && !path.endsWith(id) ? rig.read(path) : rig.exists(path));
    const before = show();
    rmSync(rig.path(path), { recursive: true });
    const ran = await rig.cli(['run', '--json']);
    expect(ran.code, ran.err).toBe(0);
    expect(ran.started).toEqual([]);
    expect(show()).toEqual(before);
  });

  test('editing a file of the dataset is undone by the next run', async () => {
    const rig = demo();
    const id = await run(rig);
    await run(rig);
    rig.write(`data/synthetic/${id}/AAPL.txt`, 'mine');
    rig.write(`data/synthetic/${id}/stray.txt`, 'mine');
    await run(rig);
    expect(rig.read(`data/synthetic/${id}/AAPL.txt`)).toContain('AAPL');
    expect(rig.exists(`data/synthetic/${id}/stray.txt`)).toBe(false);
  });

  test('going from A to B and back points at A again, without running anything', async () => {
    const rig = demo();
    const a = await run(rig);
    const b = await run(rig, '--seed', '8');
    expect(latest(rig).dataset_id).toBe(b);
    expect(rig.exists(`data/synthetic/${a}/AAPL.txt`)).toBe(true);
    const ran = await rig.cli(['run', '--json']);
    expect(ran.started).toEqual([]);
    expect(ran.events).toContainEqual({ type: 'published', datasetId: a, path: `data/synthetic/${a}`, was: null });
    expect(latest(rig).dataset_id).toBe(a);
  });
});

describe('dvc.lock', () => {
  test('a run of some stages keeps what it says of the others', async () => {
    const rig = demo();
    await run(rig);
    const before = parseLock('l', rig.read('dvc.lock'));
    rig.edit('raw.csv', 'a', 'c');
    await run(rig, 'prices');
    const after = parseLock('l', rig.read('dvc.lock'));
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    const changed = after.filter((stage, i) => JSON.stringify(stage) !== JSON.stringify(before[i]));
    expect(changed.map(({ name }) => name)).toEqual(['prices']);
  });

  test('a stage that left the pipeline leaves dvc.yaml and dvc.lock', async () => {
    const rig = demo();
    await run(rig);
    rig.edit('pipeline.yaml', '  loud:\n    uses: ./loud.ts\n    in: { bars: prices.bars }\n', '');
    rig.edit('pipeline.yaml', ', loud: loud.out', '');
    rig.edit('pipeline.yaml', '; cp in/loud out/dataset/loud.txt', '');
    await run(rig);
    expect(parseLock('l', rig.read('dvc.lock')).map(({ name }) => name)).not.toContain('loud');
    expect(rig.read('dvc.yaml')).not.toContain('loud');
  });

  test('code of the project is a dep of the stage that reaches it, by the bytes that ran', async () => {
    const rig = demo();
    await run(rig);
    const loud = parseLock('l', rig.read('dvc.lock')).find(({ name }) => name === 'loud');
    expect(loud?.deps.map(({ path }) => path)).toEqual(['data/stages/prices/bars', 'loud.ts', 'words.ts']);
  });

  test('the command of each stage carries the flags that its result depends on', async () => {
    const rig = demo();
    const ran = await rig.cli(['run', '--seed', '9', '--set', 'start="2021-02-03"', '--jobs', '2']);
    expect(ran.code, ran.err).toBe(0);
    const [stage] = parseLock('l', rig.read('dvc.lock'));
    expect(stage?.cmd).toBe(`npx pipeline run prices --seed 9 --set 'start="2021-02-03"'`);
  });

  test('a dvc.yaml that somebody else wrote stays, and a notice says so', async () => {
    const rig = demo({ 'dvc.yaml': 'stages:\n  mine:\n    cmd: true\n    deps: [raw.csv]\n' });
    const ran = await rig.cli(['run']);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('dvc.yaml is not ours');
    expect(rig.read('dvc.yaml')).toContain('mine');
    expect(rig.exists('dvc.lock')).toBe(false);
  });
});

describe('names of datasets', () => {
  test('[S1-52] timestamped_hash appends a stamp that is drawn once and changes no key', async () => {
    const rig = demo(settings('dataset_id_strategy: timestamped_hash'));
    const name = await run(rig);
    expect(name).toMatch(/^syn_[0-9a-f]{12}_\d{8}T\d{6}Z$/);
    rmSync(rig.path('data/synthetic/latest.json'));
    expect(await run(rig)).toBe(name);
    expect(latest(rig).dataset_id).toBe(name);
    rig.write('config.yml', DEMO['config.yml'] as string);
    const plain = await rig.cli(['run', '--json']);
    expect(plain.started).toEqual([]);
    expect(name.startsWith(`${latest(rig).dataset_id}_`)).toBe(true);
  });

  test('an id that comes to name other bytes moves its pointer and says old -> new', async () => {
    const rig = demo();
    const id = await run(rig);
    const old = datasetOf(`data/synthetic/${id}.dvc`, rig.read(`data/synthetic/${id}.dvc`), null)?.artifact
      .md5 as string;
    const other = `0${old.slice(1)}` === old ? `1${old.slice(1)}` : `0${old.slice(1)}`;
    rig.edit(`data/synthetic/${id}.dvc`, old, other);
    const ran = await rig.cli(['run', '--json']);
    expect(ran.events).toContainEqual(
      expect.objectContaining({ type: 'notice', message: `${id} named other bytes before: ${other} -> ${old}` }),
    );
    expect(pointerOf(rig, id).outs[0]?.md5).toBe(old);
  });

  test('[S1-65] only the newest datasets stay in the workspace, and always the latest', async () => {
    const rig = demo(settings('retention: { keep_last: 2 }'));
    const ids: string[] = [];
    for (const seed of ['1', '2', '3']) ids.push(await run(rig, '--seed', seed));
    const [first, second, third] = ids as [string, string, string];
    expect(rig.exists(`data/synthetic/${first}`) || rig.exists(`data/synthetic/${first}.dvc`)).toBe(false);
    expect(rig.read('data/synthetic/.gitignore')).toBe(`/${second}\n/${third}\n`);
    expect(rig.exists(`data/synthetic/${second}/AAPL.txt`)).toBe(true);
    // The oldest by its making, republished: it is the latest now and stays.
    expect(await run(rig, '--seed', '1')).toBe(first);
    expect(await run(rig, '--seed', '2')).toBe(second);
    expect(latest(rig).dataset_id).toBe(second);
    expect(rig.exists(`data/synthetic/${second}/AAPL.txt`)).toBe(true);
  });

  test('[S1-66] versioning off leaves the dataset without a pointer, and git ignores it all the same', async () => {
    const rig = demo(settings('versioning: { enabled: false }'));
    const id = await run(rig);
    expect(rig.exists(`data/synthetic/${id}.dvc`)).toBe(false);
    expect(rig.read('data/synthetic/.gitignore')).toContain(id);
    expect(latest(rig).dataset_id).toBe(id);
  });
});
