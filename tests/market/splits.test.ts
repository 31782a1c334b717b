// Laws of finding splits: a split is found where it is with its ratio, whatever the scale of the prices, and nothing else is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSplits, type PriceColumns } from '../../lib/market/splits.ts';
import { normals } from '../stats/normals.ts';
import { runs } from '../thorough.ts';

const RATIOS = [1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100, 1 / 2, 1 / 5, 1 / 10, 1 / 100];

interface Series {
  readonly open: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** About 20 percent a year, a fifth of it over night, volume about 1000. */
function series(n: number, seed: number): Series {
  const z = normals('splits', seed, 3 * n);
  const [open, close, volume] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  let price = 50;
  for (let i = 0; i < n; i++) {
    open[i] = price * Math.exp(0.004 * z[3 * i]!);
    price = open[i]! * Math.exp(0.012 * z[3 * i + 1]!);
    close[i] = price;
    volume[i] = Math.round(1000 * Math.exp(0.3 * z[3 * i + 2]!));
  }
  return { open, close, volume };
}

/** What a vendor delivers who never adjusts: before row k prices are times the ratio. */
function planted({ open, close, volume }: Series, k: number, ratio: number): Series {
  return {
    open: open.map((v, i) => (i < k ? v * ratio : v)),
    close: close.map((v, i) => (i < k ? v * ratio : v)),
    volume: volume.map((v, i) => (i < k ? v / ratio : v)),
  };
}

const found = (columns: PriceColumns) => findSplits(columns).map(({ index, ratio }) => [index, ratio]);

test('a split of every ratio is found at its first row, with and without volume; the gap is what the prices say', () => {
  const where = fc.record({ seed: fc.nat(200), n: fc.integer({ min: 40, max: 90 }), at: fc.nat(100) });
  fc.assert(
    fc.property(where, fc.constantFrom(...RATIOS), ({ seed, n, at }, ratio) => {
      const k = 5 + (at % (n - 10));
      const x = planted(series(n, seed), k, ratio);
      expect(found(x)).toEqual([[k, ratio]]);
      expect(found({ ...x, volume: null })).toEqual([[k, ratio]]);
      expect(findSplits(x)[0]!.gap).toBe(x.open[k]! / x.close[k - 1]!);
    }),
    { numRuns: runs(200) },
  );
});

test('a series without a split has none', () => {
  for (let seed = 0; seed < runs(400); seed++) expect(found(series(80, seed)), `seed ${seed}`).toEqual([]);
});

test('the unit of prices and of volumes decides nothing', () => {
  const x = planted(series(80, 1), 40, 4);
  for (const unit of [2 ** -20, 2 ** 20])
    expect(
      found({
        open: x.open.map((v) => v * unit),
        close: x.close.map((v) => v * unit),
        volume: x.volume.map((v) => v / unit),
      }),
    ).toEqual([[40, 4]]);
});

test('splits in a row are found each by itself', () => {
  expect(found(planted(planted(series(120, 2), 30, 3), 80, 1 / 2))).toEqual([
    [30, 3],
    [80, 1 / 2],
  ]);
});

describe('is none', () => {
  test('a gap whose ratio no company gives, or that an index fell in a night', () => {
    for (const ratio of [1.25, 4 / 3, 2.5, 3.5, 2 / 3, 12])
      expect(found(planted(series(80, 3), 40, ratio)), String(ratio)).toEqual([]);
  });

  test('a move on news: shares and turnover surge; a surge of shares alone is what a split does', () => {
    const surge = (factor: number, ratio: number) => {
      const x = planted(series(80, 4), 40, ratio);
      x.volume[40]! *= factor;
      return found(x);
    };
    expect(surge(20, 2)).toEqual([]);
    expect(surge(1, 10)).toEqual([[40, 10]]);
  });

  test('one bad tick: the prices come back', () => {
    const x = series(80, 5);
    x.open[40]! /= 2;
    x.close[40]! /= 2;
    expect(found(x)).toEqual([]);
  });

  test('a fall of the day, not of the night, and what stands in too few rows or without opens', () => {
    const x = planted(series(80, 6), 40, 2);
    x.open[40] = x.close[39]!;
    expect(found(x)).toEqual([]);
    expect(found({ ...planted(series(80, 7), 40, 2), open: null })).toEqual([]);
    const few = planted(series(5, 8), 2, 2);
    expect(found({ open: few.open.subarray(0, 4), close: few.close.subarray(0, 4), volume: null })).toEqual([]);
    for (const n of [0, 1])
      expect(found({ open: few.open.subarray(0, n), close: few.close.subarray(0, n), volume: null })).toEqual([]);
  });
});
