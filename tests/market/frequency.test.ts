// Laws of frequencies: rows are exact over leap days, clock changes and early closes, and stamps follow the session's clock.
import { describe, expect, it, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { parseDate } from '../../lib/market/day.ts';
import { barsOf, clockOf, edgesOf, frequencyOf, mostBars } from '../../lib/market/frequency.ts';

const XNYS = calendarOf('XNYS');
const names = ['1h', '30min', '15min', '5min', '1min'];

function clock(calendar: string, frequency: string, first: string, last = first) {
  const of = calendarOf(calendar);
  return clockOf(of, frequencyOf(frequency, of), sessionsBetween(of, parseDate(first), parseDate(last)));
}
const text = (us: number) => new Date(us / 1000).toISOString().slice(0, 16);

describe('a session has as many bars as begin in it', () => {
  const bars = (calendar: string, minutes: number) =>
    names.map((name) => barsOf(frequencyOf(name, calendarOf(calendar)), minutes));

  it('7, 13, 26, 78 and 390 in a full session of XNYS; 4, 7, 14, 42 and 210 when it closes at 13:00', () => {
    expect(bars('XNYS', 390)).toEqual([7, 13, 26, 78, 390]);
    expect(bars('XNYS', 210)).toEqual([4, 7, 14, 42, 210]);
    expect(bars('XNYS', 270)).toEqual([5, 9, 18, 54, 270]);
  });

  it('24, 48, 96, 288 and 1440 round the clock', () => {
    expect(bars('24/7', 1440)).toEqual([24, 48, 96, 288, 1440]);
    expect(names.map((name) => mostBars(calendarOf('FX'), frequencyOf(name, calendarOf('FX'))))).toEqual([
      24, 48, 96, 288, 1440,
    ]);
  });

  it('one when the bar is the session', () => {
    for (const name of ['B', 'D'])
      for (const minutes of [210, 390]) {
        expect(barsOf(frequencyOf(name, XNYS), minutes)).toBe(1);
      }
  });
});

describe('row counts', () => {
  it.each([
    // 250 sessions of 2025 less three that end at 13:00: 3 July, 28 November, 24 December.
    ['XNYS', '1min', '2025-01-01', '2025-12-31', 250 * 390 - 3 * 180],
    ['XNYS', '1h', '2025-01-01', '2025-12-31', 250 * 7 - 3 * 3],
    ['XNYS', '5min', '2023-07-03', '2023-07-05', 42 + 78],
    ['XNYS', 'D', '2019-01-01', '2025-12-31', 252 + 253 + 252 + 251 + 250 + 252 + 250],
    ['24/7', '1h', '2024-01-01', '2024-12-31', 366 * 24],
    ['24/7', '1min', '2024-02-28', '2024-03-01', 3 * 1440],
    ['24/7', '15min', '2023-02-28', '2023-03-01', 2 * 96],
    ['FX', '1h', '2024-03-04', '2024-03-15', 10 * 24],
    ['FX', '30min', '2024-10-28', '2024-11-08', 10 * 48],
    ['B', 'B', '2020-01-01', '2024-01-01', 1044],
    ['B', '1min', '2024-02-26', '2024-03-01', 5 * 390],
  ])('%s %s from %s to %s', (calendar, frequency, first, last, rows) => {
    const { day, start } = clock(calendar, frequency, first, last);
    expect([day.length, start.length]).toEqual([rows, rows]);
  });

  it('a span without a session has no rows', () => {
    expect(clock('XNYS', '1min', '2024-03-29', '2024-03-31').start).toHaveLength(0);
  });
});

describe('stamps', () => {
  it('a bar is stamped with its start in UTC, and the last hour of XNYS is a half', () => {
    const { day, start } = clock('XNYS', '1h', '2024-03-08');
    expect(Array.from(start, text)).toEqual(
      ['14:30', '15:30', '16:30', '17:30', '18:30', '19:30', '20:30'].map((at) => `2024-03-08T${at}`),
    );
    expect(new Set(day)).toEqual(new Set([parseDate('2024-03-08')]));
  });

  it('the first bar moves an hour in UTC when New York changes its clocks', () => {
    const { day, start } = clock('XNYS', 'D', '2024-03-08', '2024-03-11');
    expect(Array.from(start, text)).toEqual(['2024-03-08T14:30', '2024-03-11T13:30']);
    expect(Array.from(day)).toEqual(['2024-03-08', '2024-03-11'].map(parseDate));
  });

  it('an FX session begins on the evening before', () => {
    const { day, start } = clock('FX', '1h', '2024-07-08');
    expect([text(start[0]!), text(start[23]!)]).toEqual(['2024-07-07T21:00', '2024-07-08T20:00']);
    expect(day[0]).toBe(parseDate('2024-07-08'));
  });

  it.each(['B', 'XNYS', 'FX', '24/7'])('rise strictly through the years in %s, and days never fall', (calendar) => {
    const { day, start } = clock(calendar, '1h', '2006-12-01', '2008-03-31');
    expect(start.every((at, i) => i === 0 || at > start[i - 1]!)).toBe(true);
    expect(day.every((at, i) => i === 0 || at >= day[i - 1]!)).toBe(true);
  });

  it('minutes are whole and exact in year 9999', () => {
    const { start } = clock('24/7', '1min', '9999-12-31');
    expect(text(start.at(-1)!)).toBe('9999-12-31T23:59');
    expect(start.every((at, i) => i === 0 || at - start[i - 1]! === 60_000_000)).toBe(true);
  });
});

describe('edges', () => {
  it('cut a full session from 0 to 1, bars by the clock and pieces equally within each', () => {
    const edges = edgesOf(XNYS, frequencyOf('1h', XNYS), 390, 4);
    expect(edges).toHaveLength(7 * 4 + 1);
    expect([edges[0], edges[4], edges[24], edges[28]]).toEqual([0, 60 / 390, 360 / 390, 1]);
    expect(edges[26]).toBeCloseTo(375 / 390, 15);
    expect(edges.every((edge, i) => i === 0 || edge > edges[i - 1]!)).toBe(true);
  });

  it('of an early close are the first of a full session', () => {
    const minute = frequencyOf('1min', XNYS);
    expect(edgesOf(XNYS, minute, 210, 2)).toEqual(edgesOf(XNYS, minute, 390, 2).subarray(0, 421));
  });

  it('of a daily bar are quarters of the session', () => {
    expect(Array.from(edgesOf(XNYS, frequencyOf('D', XNYS), 390, 4))).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });
});

test('business days are refused where sessions meet at weekends, and so are unknown names', () => {
  expect(() => frequencyOf('B', calendarOf('24/7'))).toThrow(/meets at weekends/);
  expect(frequencyOf('D', calendarOf('24/7')).name).toBe('D');
  for (const name of ['1d', '60min', 'toString', '']) expect(() => frequencyOf(name, XNYS)).toThrow(ProblemError);
});
