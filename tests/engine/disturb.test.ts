// Laws of the disturbed world: who reads the clock or the order of a folder sees another one, and everything else is as it was.
import { expect, test } from 'vitest';
import { inThread } from './thread.ts';

const DAY_MS = 86_400_000;
/** Every way to ask for the time, in milliseconds. */
const CLOCKS = `const clocks = () => ({
  now: Date.now(), fresh: new Date().getTime(), text: Date.parse(Date()),
  constructor: new (new Date(0).constructor as any)().getTime(), subclass: new (class Day extends Date {})().getTime(),
});`;

test('every way to ask for the time is shifted by the same weeks, and a longer shift is a later day', async () => {
  const answer = await inThread<Record<'before' | 'after', Record<string, number>>[]>(`
    import { disturb } from '../../lib/engine/disturb.ts';
    ${CLOCKS}
    const first = { before: clocks(), after: (disturb(1), clocks()) };
    export const answer = [first, { before: first.after, after: (disturb(2), clocks()) }];
  `);
  for (const [i, { before, after }] of answer.entries())
    for (const [way, ms] of Object.entries(after)) {
      // Date() tells whole seconds.
      expect(ms - before[way]!, way).toBeGreaterThan((i + 1) * 37 * DAY_MS - 1000);
      expect(ms - before[way]!, way).toBeLessThan((i + 1) * 37 * DAY_MS + 60_000);
    }
});

test('a date that is given stays as it is, and dates are dates', async () => {
  expect(
    await inThread(`
      import { disturb } from '../../lib/engine/disturb.ts';
      const old = new Date(0);
      disturb(1);
      class Day extends Date { label() { return 'mine'; } }
      const day = new Day(0);
      export const answer = [
        new Date(0).getTime(), new Date('2020-01-02').toISOString(), Date.UTC(2020, 0, 2), Date.parse('2020-01-02'),
        old instanceof Date, new Date() instanceof Date, day instanceof Day, day.label(), day.getTime(),
      ];
    `),
  ).toEqual([0, '2020-01-02T00:00:00.000Z', Date.UTC(2020, 0, 2), Date.UTC(2020, 0, 2), true, true, true, 'mine', 0]);
});

test('a folder is listed the other way round, however it is listed, and its files are the same', async () => {
  const answer = await inThread<string[][]>(`
    import fs, { mkdtempSync, readdir, readdirSync, rmSync, writeFileSync } from 'node:fs';
    import { readdir as promised } from 'node:fs/promises';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    import { promisify } from 'node:util';
    import { disturb } from '../../lib/engine/disturb.ts';
    const folder = mkdtempSync(join(tmpdir(), 'marketloom-disturb-'));
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), name);
    const before = readdirSync(folder);
    disturb(1);
    const lists = async () => [
      before, readdirSync(folder), fs.readdirSync(folder), await promisify(readdir)(folder), await promised(folder),
      readdirSync(folder, { withFileTypes: true }).map(({ name }) => name),
      [await promised(join(folder, 'none')).catch(({ code }) => code)],
      [await promisify(readdir)(join(folder, 'none')).catch(({ code }) => code)],
    ];
    export const answer = lists().finally(() => rmSync(folder, { recursive: true }));
  `);
  const [before, ...after] = answer;
  expect(after).toEqual([...Array<unknown>(5).fill([...before!].reverse()), ['ENOENT'], ['ENOENT']]);
});
