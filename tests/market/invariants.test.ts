// Laws of the exact checks: valid bars breach nothing, one fault in one cell breaches its own checks at its own row and no other, NaN included.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import { type Breach, checkSchema, INVARIANTS, type InvariantFacts } from '../../lib/market/invariants.ts';

const FIRST = 18_262; // 2020-01-01
const DAY_US = 86_400_000_000;

/** Valid bars of n days on a tick of 0.05. */
function bars(n: number, change: Partial<Bars> = {}): Bars {
  const column = (ticks: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => (ticks(i) * 5) / 100);
  return {
    ticker: 'A',
    day: Int32Array.from({ length: n }, (_, i) => FIRST + i),
    time: null,
    open: column((i) => 200 + i),
    high: column((i) => 205 + i),
    low: column((i) => 195 + i),
    close: column((i) => 200 + ((7 * i) % 4)).map((close, i) => Math.max(close, ((195 + i) * 5) / 100)),
    volume: Float64Array.from({ length: n }, (_, i) => 1000 * i),
    ...change,
  };
}

/** The same bars by the minute from midnight of the first day. */
function timed(n: number): Bars {
  return bars(n, {
    day: new Int32Array(n).fill(FIRST),
    time: Float64Array.from({ length: n }, (_, i) => FIRST * DAY_US + i * 6e7),
  });
}

const factsOf = ({ day, time }: Bars): InvariantFacts => ({
  calendar: time === null ? day.slice() : null,
  times: time?.slice() ?? null,
  tick: 0.05,
});

/** Check -> what it reports. */
function breaches(given: Bars, facts: InvariantFacts = factsOf(bars(given.day.length))): Record<string, Breach[]> {
  const found = Object.entries(INVARIANTS).map(([name, check]): [string, Breach[]] => {
    const list: Breach[] = [];
    check(given, facts, (breach) => list.push(breach));
    return [name, list];
  });
  return Object.fromEntries(found.filter(([, list]) => list.length > 0));
}

const rowsOf = (found: Record<string, Breach[]>) =>
  Object.fromEntries(Object.entries(found).map(([name, list]) => [name, list.map(({ row }) => row)]));

test('valid bars breach nothing, by the day and by the minute, one row or many', () => {
  for (const n of [1, 2, 40]) {
    expect(breaches(bars(n))).toEqual({});
    expect(breaches(timed(n), factsOf(timed(n)))).toEqual({});
  }
});

describe('one fault in one cell', () => {
  type Fault = readonly [
    column: 'open' | 'high' | 'low' | 'close' | 'volume',
    value: (b: Bars, i: number) => number,
    checks: readonly string[],
  ];
  const ticksOf = (price: number, more: number) => ((Math.round(price * 20) + more) * 5) / 100;
  const faults: Record<string, Fault> = {
    'a missing open': ['open', () => Number.NaN, ['finite', 'positive', 'ohlc', 'tick']],
    'a missing volume': ['volume', () => Number.NaN, ['finite', 'volume']],
    'an endless high': ['high', () => Number.POSITIVE_INFINITY, ['finite']],
    'a low of zero': ['low', () => 0, ['positive']],
    'a high below the open': ['high', (b, i) => ticksOf(b.open[i]!, -1), ['ohlc']],
    'a low above the open': ['low', (b, i) => ticksOf(b.open[i]!, 1), ['ohlc']],
    'a high half a tick off': ['high', (b, i) => b.high[i]! + 0.025, ['tick']],
    'a high one bit off its tick': ['high', (b, i) => b.high[i]! * (1 + 2 ** -52), ['tick']],
    'half a share': ['volume', () => 0.5, ['volume']],
    'more shares than a float counts': ['volume', () => 2 ** 53, ['volume']],
    'shares below zero': ['volume', () => -1, ['volume']],
  };
  for (const [what, [column, value, checks]] of Object.entries(faults)) {
    test(`${what} breaches ${checks.join(', ')} at its row and nothing else`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(29), (n, at) => {
          fc.pre(at < n);
          const given = bars(n);
          given[column][at] = value(given, at);
          const found = rowsOf(breaches(given));
          expect(Object.keys(found).sort()).toEqual([...checks].sort());
          for (const rows of Object.values(found)) expect(new Set(rows)).toEqual(new Set([at]));
        }),
        { numRuns: 25 },
      );
    });
  }
});

describe('the index', () => {
  test('is out of order at each row that is earlier than the one before, and nowhere else', () => {
    const days = fc.array(fc.integer({ min: FIRST, max: FIRST + 50 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(days, (day) => {
        const found = rowsOf(breaches(bars(day.length, { day: Int32Array.from(day) })));
        const late = day.flatMap((value, i) => (i > 0 && value < day[i - 1]! ? [i] : []));
        const again = day.flatMap((value, i) => (day.indexOf(value) < i ? [i] : []));
        expect([found.index_monotone ?? [], found.index_unique ?? []]).toEqual([late, again]);
      }),
    );
  });

  test('an instant that is none is out of order and out of the calendar', () => {
    const given = timed(5);
    given.time![2] = Number.NaN;
    const found = rowsOf(breaches(given, factsOf(timed(5))));
    expect(found.index_monotone).toEqual([2, 3]);
    expect(found.index_calendar).toEqual([2, null]);
  });

  test('must be the calendar: a foreign day is told at its row, a missing one by its name', () => {
    const given = bars(3, { day: Int32Array.of(FIRST, FIRST + 9, FIRST + 2) });
    expect(breaches(given)).toMatchObject({
      index_calendar: [
        { row: 1, detail: '2020-01-10 is no session of the calendar' },
        { row: null, detail: 'no row for the session 2020-01-02' },
      ],
    });
    const late = timed(2);
    late.time![1] = FIRST * DAY_US + 90 * 6e7;
    expect(breaches(late, factsOf(timed(2))).index_calendar).toEqual([
      { row: 1, detail: '2020-01-01 01:30 is no session of the calendar' },
      { row: null, detail: 'no row for the session 2020-01-01 00:01' },
    ]);
  });

  test('of days cannot be that of instants: the column is missing', () => {
    expect(breaches(bars(2), factsOf(timed(2))).index_calendar).toEqual([
      { row: null, detail: 'column time is missing' },
    ]);
  });

  test('names days that no calendar can write', () => {
    const given = bars(2, { day: Int32Array.of(3_000_000, -800_000) });
    expect(breaches(given).index_monotone).toEqual([{ row: 1, detail: 'day -800000 after day 3000000' }]);
  });
});

describe('the schema', () => {
  const refused = (change: Readonly<Record<string, unknown>>) => {
    const details: (Breach & object)[] = [];
    const whole = checkSchema({ ...bars(2), ...change }, (breach) => details.push(breach));
    expect(whole).toBe(details.length === 0);
    return details.map(({ detail }) => detail);
  };

  test('holds for bars, and names each column that is missing, of another type or another length', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ time: Float64Array.of(1, 2) })).toEqual([]);
    expect(refused({ open: undefined, volume: [1, 2], low: Float64Array.of(1) })).toEqual([
      'column open is missing',
      'column low has 1 rows, day has 2',
      'column volume is not a Float64Array',
    ]);
    expect(refused({ day: Float64Array.of(1, 2) })).toEqual(['column day is not an Int32Array']);
    expect(refused({ time: [1, 2] })).toEqual(['column time is not a Float64Array']);
    expect(refused({ time: Float64Array.of(1) })).toEqual(['column time has 1 rows, day has 2']);
  });

  test('does not hold for bars without a row', () => {
    const none = new Float64Array(0);
    expect(refused({ day: new Int32Array(0), open: none, high: none, low: none, close: none, volume: none })).toEqual([
      'there is no row',
    ]);
  });
});
