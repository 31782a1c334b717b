// Laws of calendars: ordinals count sessions, hours follow the clocks of their place, years have the sessions they had.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { type Calendar, calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { parseDate, weekday } from '../../lib/market/day.ts';
import { newYork } from '../../lib/market/zone.ts';
import { runs } from '../thorough.ts';

const [B, XNYS, FX, ALWAYS] = ['B', 'XNYS', 'FX', '24/7'].map(calendarOf) as [Calendar, Calendar, Calendar, Calendar];
const anyDay = fc.integer({ min: parseDate('0001-01-01'), max: parseDate('9999-12-31') });

/** Sessions from one date to another, both included. */
const sessions = (calendar: Calendar, first: string, last: string) =>
  sessionsBetween(calendar, parseDate(first), parseDate(last)).length;
/** The opening as text, such as 2024-03-11T13:30. */
const opens = (calendar: Calendar, date: string) =>
  new Date(calendar.hours(parseDate(date)).open / 1000).toISOString().slice(0, 16);

describe.each([B, XNYS, FX, ALWAYS])('calendar $name', (calendar) => {
  it('finds itself by its name', () => {
    expect(calendarOf(calendar.name)).toBe(calendar);
  });

  it('the ordinal counts sessions day by day from 1940 to 2060, and is 0 on 1970-01-01', () => {
    let counted = calendar.ordinal(parseDate('1940-01-01'));
    let wrong = 0;
    for (let day = parseDate('1940-01-01'); day < parseDate('2060-01-01'); day++) {
      if (calendar.ordinal(day) !== counted) wrong++;
      if (calendar.isSession(day)) counted++;
    }
    expect(wrong).toBe(0);
    expect(calendar.ordinal(0)).toBe(0);
  });

  it('the ordinal steps by one over a session and stands still elsewhere, in years 1 to 9999', () => {
    fc.assert(
      fc.property(
        anyDay,
        (day) => calendar.ordinal(day + 1) - calendar.ordinal(day) === (calendar.isSession(day) ? 1 : 0),
      ),
      { numRuns: runs(500) },
    );
  });

  it('sessions are ascending, each at its own ordinal, and all there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9000, max: 30_000 }), fc.integer({ min: 0, max: 500 }), (first, length) => {
        const days = sessionsBetween(calendar, first, first + length);
        let expected = 0;
        for (let day = first; day <= first + length; day++) if (calendar.isSession(day)) expected++;
        expect(days.length).toBe(expected);
        const at = calendar.ordinal(first);
        expect(days.every((day, i) => calendar.isSession(day) && calendar.ordinal(day) === at + i)).toBe(true);
      }),
    );
  });

  it('no session begins before the one before it has ended, and none is longer than the longest', () => {
    const days = sessionsBetween(calendar, parseDate('1970-01-01'), parseDate('2030-12-31'));
    let end = Number.NEGATIVE_INFINITY;
    let longest = 0;
    let early = 0;
    for (const day of days) {
      const { open, minutes } = calendar.hours(day);
      if (open < end) early++;
      end = open + minutes * 60_000_000;
      longest = Math.max(longest, minutes);
    }
    expect(early).toBe(0);
    expect(longest).toBe(calendar.mostMinutes);
  });
});

describe('B', () => {
  it('has 1044 sessions from 2020-01-01 to 2024-01-01, both included', () => {
    expect(sessions(B, '2020-01-01', '2024-01-01')).toBe(1044);
  });

  it('meets on weekdays, at the same hour of UTC in winter and summer', () => {
    expect(sessionsBetween(B, 0, 6).every((day) => weekday(day) < 5)).toBe(true);
    expect(['1970-01-01', '1970-01-02', '1970-01-03', '1970-01-05'].map((d) => B.ordinal(parseDate(d)))).toEqual([
      0, 1, 2, 2,
    ]);
    expect([opens(B, '2024-01-02'), opens(B, '2024-07-02')]).toEqual(['2024-01-02T14:30', '2024-07-02T14:30']);
  });
});

describe('XNYS', () => {
  it('has 252, 253, 252, 251, 250, 252 and 250 sessions in 2019 to 2025', () => {
    const years = [2019, 2020, 2021, 2022, 2023, 2024, 2025];
    expect(years.map((year) => sessions(XNYS, `${year}-01-01`, `${year}-12-31`))).toEqual([
      252, 253, 252, 251, 250, 252, 250,
    ]);
  });

  it('opens at 13:30Z in summer and 14:30Z in winter, and changes with the clocks of New York', () => {
    expect(['2024-03-08', '2024-03-11', '2024-11-01', '2024-11-04'].map((date) => opens(XNYS, date))).toEqual([
      '2024-03-08T14:30',
      '2024-03-11T13:30',
      '2024-11-01T13:30',
      '2024-11-04T14:30',
    ]);
  });
});

describe('FX', () => {
  it('a week begins on Sunday at 17:00 and ends on Friday at 17:00 in New York, without a break between', () => {
    for (const monday of ['2024-01-08', '2024-03-11', '2024-07-08', '2024-11-04']) {
      const day = parseDate(monday);
      expect(FX.hours(day).open).toBe(newYork(day - 1, 17 * 60));
      const { open, minutes } = FX.hours(day + 4);
      expect(open + minutes * 60_000_000).toBe(newYork(day + 4, 17 * 60));
      for (let d = day; d < day + 4; d++) {
        expect(FX.hours(d).open + FX.hours(d).minutes * 60_000_000).toBe(FX.hours(d + 1).open);
      }
    }
  });

  it('the weekend after which clocks have gone forward is an hour shorter, the sessions are not', () => {
    const closed = (monday: string) => {
      const { open, minutes } = FX.hours(parseDate(monday) - 3);
      return (FX.hours(parseDate(monday)).open - open) / 60_000_000 - minutes;
    };
    expect(['2024-03-04', '2024-03-11', '2024-11-04'].map(closed)).toEqual([48 * 60, 47 * 60, 49 * 60]);
    expect(FX.hours(parseDate('2024-03-11')).minutes).toBe(1440);
  });
});

describe('24/7', () => {
  it('meets every day of a leap year, midnight to midnight UTC', () => {
    expect([2023, 2024].map((year) => sessions(ALWAYS, `${year}-01-01`, `${year}-12-31`))).toEqual([365, 366]);
    expect(opens(ALWAYS, '2024-02-29')).toBe('2024-02-29T00:00');
  });
});

describe('refusals', () => {
  it('an end before the start and an unknown name are refused', () => {
    expect(() => sessionsBetween(B, 10, 9)).toThrow(/end date is before/);
    expect(() => calendarOf('XB')).toThrow(ProblemError);
    expect(() => calendarOf('constructor')).toThrow(ProblemError);
  });
});
