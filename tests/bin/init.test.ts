import { afterEach, expect, test } from 'vitest';
import { closeRigs, openRig } from '../proof/rig.ts';

afterEach(closeRigs);

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
