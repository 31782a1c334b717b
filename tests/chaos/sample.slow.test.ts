// A kill or a refusing disk at some of the program's writes; tests/slow has them all.
import { afterAll, beforeAll, describe, test } from 'vitest';
import { closeRigs } from '../e2e/rig.ts';
import { disturb, type How, type Thread, type Undisturbed, undisturbed } from './inject.ts';

let normal: Undisturbed;
beforeAll(async () => {
  normal = await undisturbed('a new project');
}, 60_000);
afterAll(closeRigs);

/** How, in which thread, and at which parts of the whole. */
const SAMPLE: readonly (readonly [How, Thread, readonly number[]])[] = [
  ['kill', 'main', [0.08, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97]],
  ['kill', 'worker', [0.3, 0.8]],
  ['ENOSPC', 'main', [0.1, 0.5, 0.8]],
  ['ENOSPC', 'worker', [0.5]],
  ['EACCES', 'main', [0.2, 0.6]],
  ['EACCES', 'worker', [0.2]],
];

describe.each(SAMPLE)('%s in the %s thread', (how, thread, parts) => {
  test.each(parts)('at %d of its writes leaves nothing half, and the next run mends all', async (part) => {
    await disturb(Math.max(1, Math.round(part * normal.writes[thread])), how, thread, normal);
  });
});
