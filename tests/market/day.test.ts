// Laws of dates: strict text, and round trips over all years.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { dayOf, formatDate, onOrAfter, parseDate, weekday, yearOf } from '../../lib/market/day.ts';
import { runs } from '../thorough.ts';

const anyDay = fc.integer({ min: parseDate('0001-01-01'), max: parseDate('9999-12-31') });

describe('dates', () => {
  it('known days have their numbers and weekdays', () => {
    expect(['1970-01-01', '1969-12-31', '2000-03-01', '2024-02-29', '0001-01-01', '9999-12-31'].map(parseDate)).toEqual(
      [0, -1, 11017, 19782, -719162, 2932896],
    );
    expect([0, 4, -1, 19782].map(weekday)).toEqual([3, 0, 2, 3]);
  });

  it('formatting undoes parsing for every day of years 1 to 9999', () => {
    fc.assert(
      fc.property(anyDay, (day) => parseDate(formatDate(day)) === day),
      { numRuns: runs(2000) },
    );
  });

  it('agrees with the built-in Gregorian calendar', () => {
    fc.assert(
      fc.property(anyDay, (day) => new Date(day * 86_400_000).toISOString().startsWith(formatDate(day))),
      { numRuns: runs(2000) },
    );
  });

  it('days that do not exist and other spellings are refused', () => {
    const wrong = ['2023-02-29', '1900-02-29', '2024-04-31', '2024-13-01', '2024-00-10', '2024-01-00', '0000-01-01'];
    const spellings = ['2024-1-1', '20240101', '2024-01-01T00:00', ' 2024-01-01', '2024-01-01\n', '', '24-01-01'];
    for (const text of [...wrong, ...spellings]) expect(() => parseDate(text), text).toThrow(ProblemError);
    expect(() => formatDate(parseDate('9999-12-31') + 1)).toThrow(RangeError);
  });

  it('a day lies in its year, and its civil date leads back to it', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const [year, month, date] = formatDate(day).split('-').map(Number) as [number, number, number];
        return yearOf(day) === year && dayOf(year, month, date) === day;
      }),
      { numRuns: runs(2000) },
    );
  });

  it('the first day with a weekday is that weekday, at most six days on', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: 0, max: 6 }), (day, wanted) => {
        const found = onOrAfter(day, wanted);
        return weekday(found) === wanted && found >= day && found < day + 7;
      }),
    );
  });
});
