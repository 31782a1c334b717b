// Laws of the clock within a session: shares are integrals of their shapes, sum to one, and meet the targets they are set by.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { calendarOf } from '../../lib/market/calendar.ts';
import { edgesOf, frequencyOf } from '../../lib/market/frequency.ts';
import {
  checkSeason,
  EXCHANGE,
  FLAT,
  type Season,
  seasonOf,
  spreadLevels,
  varianceShares,
  volumeShares,
} from '../../lib/market/season.ts';

const XNYS = calendarOf('XNYS');
const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
const edges = (frequency: string, minutes = 390, pieces = 1) =>
  edgesOf(XNYS, frequencyOf(frequency, XNYS), minutes, pieces);

const hundredths = (min: number, max: number) => fc.integer({ min, max }).map((n) => n / 100);
const anySeason = fc
  .record({
    open: hundredths(0, 1000),
    close: hundredths(0, 1000),
    firstVolume: hundredths(2, 25),
    lastVolume: hundredths(2, 25),
  })
  .filter((season) => checkSeason(season).length === 0);

/** Composite Simpson's rule over a full session. */
function integral(f: (x: number) => number, from: number, to: number): number {
  const n = 2000;
  const h = (to - from) / n;
  let total = f(from) + f(to);
  for (let i = 1; i < n; i++) total += (i % 2 === 1 ? 4 : 2) * f(from + i * h);
  return (total * h) / 3;
}
const volatility =
  ({ open, close }: Season, half: number) =>
  (x: number) =>
    1 + half * open * Math.exp(-x / 0.1) + half * close * Math.exp(-(1 - x) / 0.1);

describe('any season', () => {
  it('shares are positive and sum to one over a full session, at every frequency and number of pieces', () => {
    fc.assert(
      fc.property(
        anySeason,
        fc.constantFrom('D', '1h', '30min', '15min', '5min', '1min'),
        fc.integer({ min: 1, max: 6 }),
        (season, frequency, pieces) => {
          const cut = edges(frequency, 390, pieces);
          for (const shares of [varianceShares(season, cut), volumeShares(season, cut)]) {
            expect(Math.min(...shares)).toBeGreaterThan(0);
            expect(Math.abs(sum(shares) - 1)).toBeLessThan(1e-12);
          }
        },
      ),
    );
  });

  it('a bar has the shares of its pieces together', () => {
    fc.assert(
      fc.property(anySeason, (season) => {
        for (const shares of [varianceShares, volumeShares]) {
          const fine = shares(season, edges('30min', 390, 4));
          shares(season, edges('30min')).forEach((share, b) => {
            expect(Math.abs(sum(fine.subarray(4 * b, 4 * b + 4)) - share)).toBeLessThan(1e-14);
          });
        }
      }),
    );
  });

  it('an early close has the first shares of a full session, which sum to less than one', () => {
    fc.assert(
      fc.property(anySeason, (season) => {
        const [full, short] = [edges('5min'), edges('5min', 210)];
        for (const shape of [varianceShares, volumeShares, spreadLevels]) {
          expect(shape(season, short)).toEqual(shape(season, full).subarray(0, 42));
        }
        expect(sum(varianceShares(season, short))).toBeLessThan(1);
      }),
    );
  });

  it('shares are integrals: of the squared volatility, and of the spread, by quadrature', () => {
    fc.assert(
      fc.property(anySeason, (season) => {
        const cut = edges('1h');
        const s = volatility(season, 1);
        const spread = volatility(season, 0.5);
        const variance = varianceShares(season, cut);
        const levels = spreadLevels(season, cut);
        const square = (x: number) => s(x) * s(x);
        for (let b = 0; b < variance.length; b++) {
          const [from, to] = [cut[b]!, cut[b + 1]!];
          expect(variance[b]).toBeCloseTo(integral(square, from, to) / integral(square, 0, 1), 9);
          expect(levels[b]).toBeCloseTo(integral(spread, from, to) / (to - from) / integral(spread, 0, 1), 9);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('the first and last half hour have the volume asked for', () => {
    fc.assert(
      fc.property(anySeason, (season) => {
        const volume = volumeShares(season, edges('30min'));
        expect(volume[0]).toBeCloseTo(season.firstVolume, 12);
        expect(volume[12]).toBeCloseTo(season.lastVolume, 12);
      }),
    );
  });
});

describe('an exchange', () => {
  it('has 12 percent of volume in the first half hour, 14 in the last, and 4.5 at the trough', () => {
    const volume = volumeShares(EXCHANGE, edges('30min'));
    expect(volume[0]).toBeCloseTo(0.12, 12);
    expect(volume[12]).toBeCloseTo(0.14, 12);
    expect(Math.abs(Math.min(...volume) - 0.045)).toBeLessThan(0.0025);
    // A parabola with those ends cannot rise as late as trade does: at 13:30 it is already a point above its trough.
    expect(Math.abs(volume[8]! - 0.045)).toBeLessThan(0.0125);
  });

  it('moves twice as much in its first half hour as at noon, and 1.4 times as much in its last', () => {
    const sd = varianceShares(EXCHANGE, edges('30min')).map(Math.sqrt);
    expect(sd[0]! / sd[6]!).toBeCloseTo(2.06, 1);
    expect(sd[12]! / sd[6]!).toBeCloseTo(1.42, 1);
  });

  it('has spreads that widen half as much as volatility, and average to one', () => {
    const cut = edges('1min');
    const levels = spreadLevels(EXCHANGE, cut);
    expect(sum(levels) / 390).toBeCloseTo(1, 12);
    expect(levels[0]! / levels[195]!).toBeCloseTo(1.73, 1);
  });
});

test('round the clock every hour is as any other; at an exchange it is not', () => {
  for (const name of ['24/7', 'FX']) {
    const calendar = calendarOf(name);
    const cut = edgesOf(calendar, frequencyOf('1h', calendar), 1440, 1);
    for (const shares of [varianceShares, volumeShares]) {
      for (const share of shares(seasonOf(calendar), cut)) expect(share).toBeCloseTo(1 / 24, 14);
    }
    for (const level of spreadLevels(seasonOf(calendar), cut)) expect(level).toBeCloseTo(1, 13);
  }
  expect([seasonOf(XNYS), seasonOf(calendarOf('B'))]).toEqual([EXCHANGE, EXCHANGE]);
});

test('a season that is negative somewhere or has no meaning is refused by the field that is wrong', () => {
  const refused = (change: Partial<Season>) => checkSeason({ ...EXCHANGE, ...change }).map((p) => p.facts?.field);
  expect([checkSeason(EXCHANGE), checkSeason(FLAT)]).toEqual([[], []]);
  expect(refused({ open: -0.1 })).toEqual(['open']);
  expect(refused({ close: Number.NaN })).toEqual(['close']);
  expect(refused({ open: Number.POSITIVE_INFINITY, lastVolume: 1 })).toEqual(['open', 'lastVolume']);
  expect(refused({ firstVolume: 0 })).toEqual(['firstVolume']);
  expect(refused({ firstVolume: 0.1, lastVolume: 0.005 })).toEqual(['firstVolume']);
  expect(refused({ firstVolume: 0.005, lastVolume: 0.1 })).toEqual(['firstVolume']);
  // Ends so heavy that nothing is left for noon, and ends so light that the parabola leaves zero at them.
  expect(refused({ firstVolume: 0.2, lastVolume: 0.2 })).toEqual(['firstVolume']);
  expect(refused({ firstVolume: 0.01, lastVolume: 0.01 })).toEqual(['firstVolume']);
  expect(refused({ firstVolume: 0.15, lastVolume: 0.15 })).toEqual([]);
});
