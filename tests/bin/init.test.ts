import { afterEach, expect, test } from 'vitest';
import { closeRigs, openRig } from '../proof/rig.ts';

afterEach(closeRigs);

test('a run works in a new project and gives the dataset of this package, as does its schedule', async () => {
  const rig = openRig();
  expect((await rig.cli(['init'])).out).toMatch(/^\d+ files written\nnext: pipeline run\n$/);
  const { code, out } = await rig.cli(['run']);
  expect(code).toBe(0);
  expect(out).toMatch(/^syn_[0-9a-f]{12}\n$/);
  expect((await rig.cli(['schedule'])).out).toMatch(/^synthetic_refresh {2}0 2 \* \* \* UTC {2}next /);
  expect((await rig.cli(['push'])).code, 'its remote works').toBe(0);
});

test('it makes the folder it is told, below where one stands', async () => {
  const rig = openRig();
  const { out } = await rig.cli(['init', 'a/b', '--json']);
  const { folder, written } = JSON.parse(out);
  expect(folder).toBe('a/b');
  expect(written).toContain('pipeline.yaml');
  for (const path of written) expect(rig.exists(`a/b/${path}`), path).toBe(true);
});

test('one file in the way and nothing is written; settings of git that are there stay', async () => {
  const rig = openRig({ 'config/synthetic_data_config.yml': 'mine\n', '.gitignore': 'mine\n' });
  const refused = await rig.cli(['init', '--json']);
  expect(refused.code).toBe(2);
  expect(refused.problems).toMatchObject([
    { code: 'usage', facts: { 'in the way': 'config/synthetic_data_config.yml' } },
  ]);
  expect([rig.read('config/synthetic_data_config.yml'), rig.exists('pipeline.yaml')]).toEqual(['mine\n', false]);
  rig.write('elsewhere/.gitignore', 'mine\n');
  expect((await rig.cli(['init', 'elsewhere'])).out).toContain('.gitignore stayed');
  expect(rig.read('elsewhere/.gitignore')).toBe('mine\n');
});

test('a folder that cannot be one is a problem with its path', async () => {
  const rig = openRig({ file: '' });
  const { code, problems } = await rig.cli(['init', 'file/inside', '--json']);
  expect(code).toBe(1);
  expect(problems).toMatchObject([{ code: 'store/io', facts: { path: rig.path('file/inside') } }]);
});
