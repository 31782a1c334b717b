// Laws of dates: strict text, round trips over centuries, and ordinals that count sessions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { calendarOf, formatDate, parseDate, sessionsBetween, weekday } from '../../lib/market/calendar.ts';

const B = calendarOf('B');
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
      { numRuns: 2000 },
    );
  });

  it('agrees with the built-in Gregorian calendar', () => {
    fc.assert(
      fc.property(anyDay, (day) => new Date(day * 86_400_000).toISOString().startsWith(formatDate(day))),
      { numRuns: 2000 },
    );
  });

  it('days that do not exist and other spellings are refused', () => {
    const wrong = ['2023-02-29', '1900-02-29', '2024-04-31', '2024-13-01', '2024-00-10', '2024-01-00', '0000-01-01'];
    const spellings = ['2024-1-1', '20240101', '2024-01-01T00:00', ' 2024-01-01', '2024-01-01\n', '', '24-01-01'];
    for (const text of [...wrong, ...spellings]) expect(() => parseDate(text), text).toThrow(ProblemError);
    expect(() => formatDate(parseDate('9999-12-31') + 1)).toThrow(RangeError);
  });
});

describe('calendar B', () => {
  it('has 1044 sessions from 2020-01-01 to 2024-01-01, both included', () => {
    expect(sessionsBetween(B, parseDate('2020-01-01'), parseDate('2024-01-01'))).toHaveLength(1044);
  });

  it('the ordinal counts sessions since 1970-01-01, before it downwards', () => {
    expect(['1970-01-01', '1970-01-02', '1970-01-03', '1970-01-05'].map((d) => B.ordinal(parseDate(d)))).toEqual([
      0, 1, 2, 2,
    ]);
    fc.assert(
      fc.property(anyDay, (day) => B.ordinal(day + 1) - B.ordinal(day) === (B.isSession(day) ? 1 : 0)),
      { numRuns: 2000 },
    );
  });

  it('sessions are weekdays, ascending, each at its own ordinal', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9000, max: 30_000 }), fc.integer({ min: 0, max: 500 }), (first, length) => {
        const days = sessionsBetween(B, first, first + length);
        let expected = 0;
        for (let day = first; day <= first + length; day++) if (weekday(day) < 5) expected++;
        expect(days.length).toBe(expected);
        days.forEach((day, i) => {
          expect(weekday(day)).toBeLessThan(5);
          expect(B.ordinal(day)).toBe(B.ordinal(first) + i);
        });
      }),
    );
  });

  it('an end before the start and an unknown name are refused', () => {
    expect(() => sessionsBetween(B, 10, 9)).toThrow(/end date is before/);
    expect(() => calendarOf('XB')).toThrow(ProblemError);
    expect(() => calendarOf('constructor')).toThrow(ProblemError);
  });
});
