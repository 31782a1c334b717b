// Laws of the gap between sessions: nights, weekends and markets that never close.
import { expect, it } from 'vitest';
import { calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { parseDate } from '../../lib/market/day.ts';
import { gapMultiple } from '../../lib/market/overnight.ts';

const multiple = (calendar: string, previous: string, day: string) =>
  gapMultiple(calendarOf(calendar), parseDate(previous), parseDate(day));

it('a weekend, a long weekend and a holiday count a tenth more than a night, and a week averages one', () => {
  const night = multiple('XNYS', '2024-03-05', '2024-03-06');
  expect(multiple('XNYS', '2024-03-01', '2024-03-04')).toBe(1.1 * night);
  expect(multiple('XNYS', '2024-03-28', '2024-04-01')).toBe(1.1 * night);
  expect(multiple('XNYS', '2024-06-18', '2024-06-20')).toBe(1.1 * night);
  expect(multiple('XNYS', '2024-07-03', '2024-07-05')).toBe(1.1 * night);
  expect((4 * night + 1.1 * night) / 5).toBeCloseTo(1, 15);
});

it('a market without nights has no gap but its weekends, and the average gap of a week is one', () => {
  const FX = calendarOf('FX');
  const days = sessionsBetween(FX, parseDate('2024-01-01'), parseDate('2024-12-27'));
  const gaps = Array.from(days.subarray(1), (day, i) => gapMultiple(FX, days[i]!, day));
  expect(new Set(gaps)).toEqual(new Set([0, 5]));
  const weeks = gaps.slice(0, 255);
  expect(weeks.reduce((a, b) => a + b, 0) / weeks.length).toBe(1);
  expect(multiple('24/7', '2024-03-01', '2024-03-02')).toBe(0);
});
