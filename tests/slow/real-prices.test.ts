// Real prices with known dirt, kept beside the checkout and never in it: the cleaner must find what people found in them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CleaningPolicy, cleanSeries } from '../../lib/market/clean.ts';
import { readSource } from '../../lib/table/adapter.ts';

const real = resolve(import.meta.dirname, '../../../shared/data/real');
const here = existsSync(join(real, 'defects.csv'));
const reason = here ? '' : ` (skipped: there is no ${'shared/data/real'} beside the checkout)`;

const POLICY: CleaningPolicy = {
  missing_column: 'drop',
  missing_value: 'drop',
  nonpositive_price: 'drop',
  bad_volume: 'repair',
  unsorted_date: 'repair',
  duplicate_date: 'drop',
  ohlc_violation: 'repair',
  unadjusted_split: 'repair',
};

/** What the list of defects calls a kind, and what the cleaner does. */
const KINDS: Readonly<Record<string, string>> = {
  ohlc_violation: 'ohlc_violation',
  unadjusted_split: 'unadjusted_split',
  nan_field: 'missing_value',
  nonpositive_price: 'nonpositive_price',
};

async function findingsOf(file: string) {
  const bytes = readFileSync(join(real, 'daily', file));
  const [table] = await readSource([{ name: file, bytes }], { adapter: null, columns: {} });
  if (table === undefined) throw new Error(`${file} has no prices`);
  return cleanSeries({ ...table, day: table.date }, POLICY).findings;
}

describe(`real prices${reason}`, () => {
  test('are there in CI', () => {
    expect(here || process.env.CI === undefined).toBe(true);
  });

  test.skipIf(!here)('every listed defect of a kind the cleaner knows is found on its day', async () => {
    const listed = readFileSync(join(real, 'defects.csv'), 'utf8')
      .split('\n')
      .map((line) => line.split(','))
      .filter(([file = '', , kind = '']) => file.startsWith('daily/') && kind in KINDS);
    expect(listed.length).toBeGreaterThan(50);
    const missed: string[] = [];
    for (const file of new Set(listed.map(([name = '']) => name.slice('daily/'.length)))) {
      const found = new Set((await findingsOf(file)).map(({ kind, date }) => `${kind} ${date}`));
      for (const [name = '', when = '', kind = ''] of listed)
        if (name === `daily/${file}` && !found.has(`${KINDS[kind]} ${when}`)) missed.push(`${file} ${when} ${kind}`);
    }
    expect(missed).toEqual([]);
  });

  test.skipIf(!here)('no crash of a market is taken for a split', async () => {
    const splits: string[] = [];
    for (const file of readdirSync(join(real, 'daily')).sort())
      for (const { kind, date } of await findingsOf(file))
        if (kind === 'unadjusted_split') splits.push(`${file} ${date}`);
    const known = readFileSync(join(real, 'defects.csv'), 'utf8')
      .split('\n')
      .filter((line) => /,unadjusted_split,/.test(line))
      .map((line) => line.split(',').slice(0, 2).join(' ').replace('daily/', ''));
    expect(splits).toEqual(known.sort());
  });
});
