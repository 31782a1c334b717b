// Laws of the cleaner: planted dirt is found at its row and treated as the policy says, clean series are left alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import {
  CLEANING_ACTIONS,
  type CleaningPolicy,
  cleanSeries,
  type DirtKind,
  type RawSeries,
} from '../../lib/market/clean.ts';
import { formatDate } from '../../lib/market/day.ts';
import { exp } from '../../lib/math/elementary.ts';
import { normals } from '../stats/normals.ts';
import { runs } from '../thorough.ts';

const refuseAll = Object.fromEntries(Object.keys(CLEANING_ACTIONS).map((kind) => [kind, 'refuse'])) as CleaningPolicy;

const DONE = { refuse: 'refused', drop: 'dropped', repair: 'repaired' } as const;

interface Arrays {
  file: string;
  row: number[];
  day: number[];
  open: number[] | null;
  high: number[] | null;
  low: number[] | null;
  close: number[] | null;
  volume: number[] | null;
}

/** A clean random series of n bars at about 20 percent volatility a year times `heat`, rows numbered from 2. */
function series(n: number, seed: number, heat = 1): Arrays {
  const z = normals('bars', seed, 2 * n + 1);
  const open: number[] = [];
  const close: number[] = [];
  let price = 50;
  for (let i = 0; i < n; i++) {
    open.push(price * exp(0.004 * heat * z[2 * i]!));
    price = open[i]! * exp(0.012 * heat * z[2 * i + 1]!);
    close.push(price);
  }
  return {
    file: 'X.csv',
    row: open.map((_, i) => i + 2),
    day: open.map((_, i) => 15000 + i),
    open,
    high: open.map((o, i) => Math.max(o, close[i]!) * 1.003),
    low: open.map((o, i) => Math.min(o, close[i]!) * 0.997),
    close,
    volume: open.map((_, i) => 1000 + ((i * 37) % 500)),
  };
}

/** Prices before row k times the ratio: what a vendor delivers who never adjusts. */
function plantSplit(x: Arrays, k: number, ratio: number): void {
  for (const column of [x.open!, x.high!, x.low!, x.close!]) for (let i = 0; i < k; i++) column[i]! *= ratio;
  for (let i = 0; i < k; i++) x.volume![i]! /= ratio;
}

function swapRows(x: Arrays, i: number, j: number): void {
  for (const column of [x.day, x.open!, x.high!, x.low!, x.close!, x.volume!])
    [column[i], column[j]] = [column[j]!, column[i]!];
}

/** Each kind of dirt: how to plant it at index k (2 <= k < n - 1) of a clean series. The finding is at row k + 2. */
const plants: Record<Exclude<DirtKind, 'missing_column'>, (x: Arrays, k: number) => void> = {
  missing_value: (x, k) => {
    x.high![k] = Number.NaN;
  },
  nonpositive_price: (x, k) => {
    x.low![k] = -0.5;
  },
  bad_volume: (x, k) => {
    x.volume![k] = -1;
  },
  // The row before k comes one too early in the file, so row k is late.
  unsorted_date: (x, k) => swapRows(x, k - 1, k),
  duplicate_date: (x, k) => {
    x.day[k] = x.day[k - 1]!;
  },
  ohlc_violation: (x, k) => {
    x.high![k] = (x.open![k]! + x.close![k]!) / 2 - 1e-9;
  },
  unadjusted_split: (x, k) => plantSplit(x, k, 2),
};

const where = fc.tuple(
  fc.integer({ min: 0, max: 1000 }),
  fc.integer({ min: 40, max: 120 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const indexOf = (n: number, share: number) => 2 + Math.floor(share * (n - 4));

describe('a clean series', () => {
  it('has no finding under the strictest policy and keeps every number', () => {
    fc.assert(
      fc.property(where, fc.constantFrom(0.2, 1, 5), ([seed, n], heat) => {
        const x = series(n, seed, heat);
        const got = cleanSeries(x, refuseAll);
        expect(got.findings).toEqual([]);
        expect(Array.from(got.close)).toEqual(x.close);
        expect(Array.from(got.day)).toEqual(x.day);
      }),
      { numRuns: runs(60) },
    );
  });

  it('may be empty or of one row', () => {
    expect(cleanSeries(series(0, 1), refuseAll)).toMatchObject({ findings: [] });
    expect(cleanSeries(series(1, 1), refuseAll).close).toHaveLength(1);
  });
});

for (const kind of Object.keys(plants) as (keyof typeof plants)[]) {
  describe(kind, () => {
    for (const action of CLEANING_ACTIONS[kind]) {
      it(`planted anywhere is found at its row and ${DONE[action]}`, () => {
        fc.assert(
          fc.property(where, ([seed, n, share]) => {
            const k = indexOf(n, share);
            const x = series(n, seed);
            plants[kind](x, k);
            const policy = { ...refuseAll, [kind]: action } as CleaningPolicy;
            // Replacing by the last row is noted at the row that gives way.
            const row = kind === 'duplicate_date' && action === 'repair' ? k + 1 : k + 2;
            const date = formatDate(x.day[row - 2]!);
            if (action === 'refuse') {
              const caught = attempt(() => cleanSeries(x, policy));
              expect(caught.problems).toHaveLength(1);
              expect(caught.problems[0]).toMatchObject({
                code: 'data/refused',
                facts: { file: 'X.csv', row, date, kind },
              });
              expect(caught.problems[0]!.message).toContain(`X.csv row ${row}`);
              return;
            }
            const got = cleanSeries(x, policy);
            expect(got.findings).toHaveLength(1);
            expect(got.findings[0]).toMatchObject({ file: 'X.csv', row, date, kind, action: DONE[action] });
            const gone = action === 'drop' || kind === 'duplicate_date' ? 1 : 0;
            expect(got.day).toHaveLength(n - gone);
            expect(Array.from(got.row).includes(row)).toBe(gone === 0);
            // What was cleaned stays clean: an unknown volume is the one fault that a repair leaves as it is.
            if (kind !== 'bad_volume' || action === 'drop') expect(cleanSeries(got, refuseAll).findings).toEqual([]);
          }),
          { numRuns: runs(25) },
        );
      });
    }
  });
}

describe('repairs', () => {
  it('sorting gives back the series as it was', () => {
    const x = series(50, 3);
    swapRows(x, 10, 30);
    const got = cleanSeries(x, { ...refuseAll, unsorted_date: 'repair' });
    expect(Array.from(got.close)).toEqual(series(50, 3).close);
  });

  it('of a split gives back the unsplit prices and volumes, for every ratio and also for two in a row', () => {
    for (const ratio of [1.5, 2, 3, 4, 7, 10, 20, 1 / 2, 1 / 5, 1 / 10]) {
      const x = series(120, 4);
      plantSplit(x, 70, ratio);
      if (ratio === 2) plantSplit(x, 30, 3);
      const got = cleanSeries(x, { ...refuseAll, unadjusted_split: 'repair' });
      expect(got.findings.map((f) => f.row)).toEqual(ratio === 2 ? [32, 72] : [72]);
      const plain = series(120, 4);
      got.close.forEach((v, i) => {
        expect(v / plain.close![i]!).toBeCloseTo(1, 12);
      });
      got.volume!.forEach((v, i) => {
        expect(v / plain.volume![i]!).toBeCloseTo(1, 6);
      });
    }
  });

  it('a widened bar holds its open and close', () => {
    const x = series(30, 5);
    [x.high![4], x.low![4]] = [x.low![4]!, x.high![4]!];
    const got = cleanSeries(x, { ...refuseAll, ohlc_violation: 'repair' });
    expect(got.high![4]).toBe(x.low![4]);
    expect(got.low![4]).toBe(x.high![4]);
  });
});

describe('what looks like a split and is none', () => {
  const policy = refuseAll;
  it.each([
    ['a crash of 20.5 percent over night, as in October 1987', 0.795],
    ['a crash of 23 percent', 0.77],
    ['a jump of 50 percent on a bid', 1.5],
  ])('%s', (_, factor) => {
    const x = series(100, 6);
    for (const column of [x.open!, x.high!, x.low!, x.close!]) for (let i = 60; i < 100; i++) column[i]! *= factor;
    expect(cleanSeries(x, policy).findings).toEqual([]);
  });

  it('halving on news: the volume surges', () => {
    const x = series(100, 7);
    plantSplit(x, 60, 2);
    x.volume![60]! *= 12;
    expect(cleanSeries(x, policy).findings).toEqual([]);
  });

  it('one bar at half price, which comes back', () => {
    const x = series(100, 8);
    for (const column of [x.open!, x.high!, x.low!, x.close!]) column[60]! /= 2;
    expect(cleanSeries(x, policy).findings).toEqual([]);
  });

  it('an ordinary gap of a market that moves that much every day', () => {
    const x = series(100, 9, 12);
    plantSplit(x, 60, 2);
    expect(cleanSeries(x, policy).findings).toEqual([]);
  });

  it('a close-only series is never judged', () => {
    const x = series(100, 10);
    plantSplit(x, 60, 2);
    const closes: RawSeries = { ...x, open: null, high: null, low: null, volume: null };
    const got = cleanSeries(closes, { ...refuseAll, missing_column: 'drop' });
    expect(got.findings.map((f) => f.kind)).toEqual(Array(4).fill('missing_column'));
  });
});

describe('columns', () => {
  it('that are absent or empty are dropped or refused by name, close always refused', () => {
    const x = series(10, 11);
    x.volume = null;
    x.open!.fill(Number.NaN);
    const got = cleanSeries(x, { ...refuseAll, missing_column: 'drop' });
    expect([got.open, got.volume]).toEqual([null, null]);
    expect(got.findings.map((f) => [f.row, f.date, f.action, f.detail])).toEqual([
      [null, null, 'dropped', 'no open in any row'],
      [null, null, 'dropped', 'no volume in any row'],
    ]);
    expect(attempt(() => cleanSeries(x, refuseAll)).problems).toHaveLength(2);
    x.close = null;
    const problems = attempt(() => cleanSeries(x, { ...refuseAll, missing_column: 'drop' })).problems;
    expect(problems.map((p) => p.message)).toEqual(['X.csv: missing_column: no close in any row']);
  });
});

describe('refusal', () => {
  it('lists every kind at once, the first twenty rows in full and the rest by number', () => {
    const x = series(60, 12);
    for (let i = 0; i < 30; i++) x.high![i] = Number.NaN;
    x.low![40] = -3;
    const problems = attempt(() => cleanSeries(x, refuseAll)).problems;
    expect(problems).toHaveLength(21);
    expect(problems[20]!.message).toContain('11 more findings are refused, 31 in all');
    expect(problems[20]!.hint).toBeDefined();
  });

  it('says so when a date cannot be read', () => {
    const x = series(20, 13);
    x.day[5] = Number.NaN;
    expect(attempt(() => cleanSeries(x, refuseAll)).problems[0]!.message).toBe(
      'X.csv row 7: missing_value: date missing or unreadable',
    );
  });
});

function attempt(act: () => unknown): ProblemError {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
