import { afterEach, expect, test } from 'vitest';
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
