import { expect, test } from 'vitest';
import { spanOf } from '../../lib/market/span.ts';

test('says of each session what the calendar says, and is worked out once for equal dates', () => {
  const span = spanOf('XNYS', '30min', '2020-11-02', '2020-12-04');
  const { calendar, days, opens, minutes } = span;
  expect(days.length).toBe(24);
  days.forEach((day, s) => {
    expect({ open: opens[s], minutes: minutes[s] }).toEqual(calendar.hours(day));
  });
  // One early close, after three and a half hours.
  expect(span.bars).toBe(23 * 13 + 7);
  expect(span.origin).toBe(calendar.ordinal(days[0]!));
  expect(spanOf('XNYS', '30min', '2020-11-02', '2020-12-04')).toBe(span);
  expect(spanOf('XNYS', '30min', '2020-11-02', '2020-12-03').days.length).toBe(23);
});

test('of many dates is right again after it was forgotten', () => {
  const ends = Array.from({ length: 20 }, (_, i) => `2020-01-${String(i + 10)}`);
  const lengths = () => ends.map((end) => spanOf('24/7', 'D', '2020-01-01', end).days.length);
  expect(lengths()).toEqual(ends.map((_, i) => i + 10));
  expect(lengths()).toEqual(ends.map((_, i) => i + 10));
});
