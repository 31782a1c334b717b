// Laws of the table: a proper tail that meets its simulated quantiles, lies between the sizes around n, and is right for sizes that nobody simulated.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { jarqueBeraSf } from '../../lib/stats/jarque-bera-table.ts';
import { runs } from '../thorough.ts';

const sizes = fc.integer({ min: 10, max: 1999 });
const statistics = fc.double({ min: 0, max: 60, noNaN: true });
const tail = (stat: number, n: number) => jarqueBeraSf(stat, n).pvalue;

test('nothing is as extreme as nothing, and the tail falls from there, in (0, 1] whatever the size', () => {
  fc.assert(
    fc.property(sizes, statistics, statistics, (n, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(tail(0, n)).toBe(1);
      expect(tail(low, n)).toBeGreaterThanOrEqual(tail(high, n));
      expect(tail(high, n)).toBeGreaterThan(0);
    }),
  );
});

test('the quantiles of a simulated size have the probabilities they were simulated for', () => {
  // Of the table at n = 10 and n = 500.
  for (const [n, stat, p] of [
    [10, 0.694, 0.5],
    [10, 2.521, 0.05],
    [10, 10.99, 0.001],
    [500, 1.31, 0.5],
    [500, 10.77, 0.01],
  ] as const)
    expect(tail(stat, n)).toBeCloseTo(p, 12);
});

test('between two sizes the tail lies between theirs, and it has no jump at one', () => {
  const pairs = fc.constantFrom([10, 15], [20, 30], [300, 500], [800, 1200] as const);
  fc.assert(
    fc.property(pairs, fc.double({ min: 0, max: 1, noNaN: true }), statistics, ([a, b], share, stat) => {
      const [p, q] = [tail(stat, a!), tail(stat, b!)];
      const between = tail(stat, a! + share * (b! - a!));
      expect(between).toBeGreaterThanOrEqual(Math.min(p, q) * (1 - 1e-12));
      expect(between).toBeLessThanOrEqual(Math.max(p, q) * (1 + 1e-12));
      expect(tail(stat, b! - 1e-9) / q).toBeCloseTo(1, 6);
    }),
  );
});

test('beyond the last quantile of both sizes it says that p is only a bound, and the bound stays the last probability', () => {
  expect(jarqueBeraSf(10.98, 10)).toMatchObject({ bounded: false });
  expect(jarqueBeraSf(11, 10).bounded).toBe(true);
  for (const n of [10, 12, 70, 1500]) {
    expect(jarqueBeraSf(1e9, n)).toEqual({ pvalue: tail(1e4, n), bounded: true });
    expect(tail(1e9, n)).toBeCloseTo(0.001, 12);
  }
});

describe('of sizes between those of the table', () => {
  /** n (S²/6 + (K-3)²/24), from the raw moments. */
  function statistic(x: Float64Array): number {
    const [m, s2, s3, s4] = [0, 0, 0, 0].map((_, k) => x.reduce((sum, v) => sum + v ** (k + 1), 0) / x.length);
    const variance = s2! - m! ** 2;
    const skew = (s3! - 3 * m! * s2! + 2 * m! ** 3) / variance ** 1.5;
    const kurtosis = (s4! - 4 * m! * s3! + 6 * m! ** 2 * s2! - 3 * m! ** 4) / variance ** 2;
    return x.length * (skew ** 2 / 6 + (kurtosis - 3) ** 2 / 24);
  }

  test.each([12, 40, 120])('normal samples of %i are rejected as often as the level says', (n) => {
    const samples = runs(24_000);
    const stream = streamOf(n, { scope: 'market', asset: '', component: 'table' });
    const sample = (k: number) => Float64Array.from({ length: n }, (_, i) => normal(stream, k, i));
    const p = Array.from({ length: samples }, (_, k) => tail(statistic(sample(k)), n));
    for (const level of [0.4, 0.1, 0.03]) {
      const share = p.filter((value) => value <= level).length / samples;
      // Four standard errors, and a hundredth of the level for the straight lines between quantiles and sizes.
      expect(Math.abs(share - level), `level ${level}`).toBeLessThan(
        4 * Math.sqrt((level * (1 - level)) / samples) + 0.01 * level,
      );
    }
  });
});
