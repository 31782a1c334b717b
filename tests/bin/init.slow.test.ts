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
