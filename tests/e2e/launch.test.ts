import { afterEach, expect, test } from 'vitest';
import { Marks } from '../../lib/store/marks.ts';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

test('a file where a folder of outputs was is told by the program, not by a crash of its start', async () => {
  const rig = openRig({ 'pipeline.yaml': 'pipeline: x\nstages:\n  a: {cmd: echo 1 > out/t/x, out: {t: tree}}\n' });
  await rig.cli(['run']);
  expect((await rig.cli(['run'])).err).toContain('nothing to do');
  rig.remove('data/stages/a');
  rig.write('data/stages/a', 'mine');
  const { code, err } = await rig.cli(['run']);
  expect(code).toBe(1);
  expect(err).toMatch(/store\/io.*data\/stages\/a/s);
  expect(err).not.toContain('at Module');
  rig.remove('data/stages/a');
  expect((await rig.cli(['run'])).code).toBe(0);
  expect(rig.read('data/stages/a/t/x')).toBe('1\n');
});

test('how a run goes about its work is no other question', async () => {
  const rig = openRig({ 'pipeline.yaml': 'pipeline: x\nstages:\n  a: {cmd: echo 1 > out/x, out: {x: file}}\n' });
  await rig.cli(['run', '--jobs', '1']);
  await rig.cli(['run', '--jobs', '1']);
  // The program says how long it took; the launcher does not load it.
  for (const how of [[], ['--jobs', '3'], ['--jobs=2', '--keep-going']])
    expect(await rig.cli(['run', ...how])).toMatchObject({ code: 0, err: 'nothing to do: the one unit is cached\n' });
  expect(await rig.cli(['status'])).toMatchObject({ code: 0, err: '' });
  expect((await rig.cli(['status', '--jobs', '3'])).code).toBe(2);
  expect((await rig.cli(['run', '--jobs', '0'])).code).toBe(2);
  expect((await rig.cli(['run', '--force'])).err).not.toContain('nothing to do');
});

test('a run of one stage does not forget what is known of the others, and its answer does not rest on them', async () => {
  const cmd = (name: string) => `${name}: {cmd: echo ${name} > out/x, out: {x: file}}`;
  const rig = openRig({ 'pipeline.yaml': `pipeline: x\nstages:\n  ${cmd('a')}\n  ${cmd('b')}\n` });
  await rig.cli(['run']);
  await rig.cli(['run']);
  for (let time = 0; time < 2; time++) await rig.cli(['run', 'a']);
  const marks = new Marks(rig.root, rig.path('.pipeline/state'));
  expect(marks.md5(rig.path('data/stages/b/x'))).not.toBe(null);
  expect(marks.hashedFiles).toBe(0);
  rig.write('data/stages/b/x', 'mine');
  expect((await rig.cli(['run', 'a'])).err).toBe('nothing to do: the one unit is cached\n');
  expect((await rig.cli(['run'])).err).toContain('restored');
  expect(rig.read('data/stages/b/x')).toBe('b\n');
});
