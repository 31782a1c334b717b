// Laws of the New York Stock Exchange: every day off and every short day since 1970 is known.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatDate, parseDate, weekday } from '../../lib/market/day.ts';
import { xnysMinutes, xnysOrdinal } from '../../lib/market/xnys.ts';

const oracle = JSON.parse(readFileSync(new URL('../oracles/calendars.json', import.meta.url), 'utf8')) as {
  readonly first: string;
  readonly last: string;
  readonly closed: readonly string[];
  readonly short: readonly (readonly [string, number])[];
};
const [first, last] = [parseDate(oracle.first), parseDate(oracle.last)];

it('closes on the weekdays from 1970 to 2027 that exchange_calendars knows, and no others', () => {
  const closed: string[] = [];
  for (let day = first; day <= last; day++) {
    if (weekday(day) < 5 && xnysMinutes(day) === 0) closed.push(formatDate(day));
    if (weekday(day) >= 5) expect(xnysMinutes(day)).toBe(0);
  }
  expect(closed).toEqual(oracle.closed);
});

it('ends early on the days from 1970 to 2027 that exchange_calendars knows, and no others', () => {
  const short: [string, number][] = [];
  for (let day = first; day <= last; day++) {
    const minutes = xnysMinutes(day);
    if (minutes !== 0 && minutes !== 390) short.push([formatDate(day), minutes]);
  }
  expect(short).toEqual(oracle.short);
});

it('ordinals do not depend on which year is asked for first', () => {
  const years = [2500, 1600, 1970, 2026, 1969];
  const ordinals = years.map((year) => xnysOrdinal(parseDate(`${year}-07-01`)));
  expect(years.map((year) => xnysOrdinal(parseDate(`${year}-07-01`)))).toEqual(ordinals);
  expect([...ordinals].sort((a, b) => a - b)).toEqual([1, 4, 2, 3, 0].map((i) => ordinals[i]));
});
