// Laws of local clocks: New York's moves when the tz database says it did.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatDate, parseDate } from '../../lib/market/day.ts';
import { newYork, utc } from '../../lib/market/zone.ts';

const { moves } = JSON.parse(readFileSync(new URL('../oracles/calendars.json', import.meta.url), 'utf8')) as {
  /** Days from which noon in New York is that many minutes behind UTC, 1970 to 2037. */
  readonly moves: readonly (readonly [string, number])[];
};

it('clocks of New York move on the days of the tz database from 1970 to 2037, and on no others', () => {
  const found: [string, number][] = [];
  for (let day = 0; day < parseDate('2038-01-01'); day++) {
    const behind = (newYork(day, 720) - utc(day, 720)) / 60_000_000;
    if (behind !== found.at(-1)?.[1]) found.push([formatDate(day), behind]);
  }
  expect(found).toEqual(moves);
});

it('an instant is what the platform says it is, in years 1 to 9999', () => {
  for (const [date, minute] of [
    ['2024-02-29', 0],
    ['1969-12-31', 1439],
    ['0001-01-01', 1],
    ['9999-12-31', 1439],
  ] as const) {
    expect(utc(parseDate(date), minute) / 1000).toBe(Date.parse(`${date}T00:00Z`) + minute * 60_000);
  }
});
