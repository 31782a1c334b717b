// A kill or a refusing disk at every single write of the program, in turn.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disturb, type History, type How, type Thread, type Undisturbed, undisturbed } from '../chaos/inject.ts';
import { closeRigs } from '../e2e/rig.ts';

afterAll(closeRigs);

describe.each(['a new project', 'an edited project'] satisfies History[])('%s', (history) => {
  let normal: Undisturbed;
  beforeAll(async () => {
    normal = await undisturbed(history);
  }, 60_000);

  const hows: readonly How[] = history === 'a new project' ? ['kill', 'ENOSPC', 'EACCES'] : ['kill', 'ENOSPC'];
  describe.each(hows)('%s', (how) => {
    test.each(['main', 'worker'] satisfies Thread[])(
      'at each write of the %s thread leaves nothing half, and the next run mends all',
      async (thread) => {
        expect(normal.writes[thread]).toBeGreaterThan(thread === 'main' ? 40 : 5);
        const failures: string[] = [];
        for (let at = 1; at <= normal.writes[thread]; at++) {
          try {
            await disturb(at, how, thread, normal);
          } catch (error) {
            failures.push((error as Error).message);
          }
        }
        expect(failures).toEqual([]);
      },
    );
  });
});
