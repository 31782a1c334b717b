// Laws of moments and dependence: agreement with numpy, scipy and statsmodels, invariances, and null where nothing exists.
import { describe, expect, it } from 'vitest';
import { acf, correlation, fisherBand } from '../../lib/stats/dependence.ts';
import { excessKurtosis, mean, median, skewness, sumOf, variance } from '../../lib/stats/moments.ts';
import oracle from '../oracles/statistics.json' with { type: 'json' };

const samples = Object.entries(oracle.samples);

function close(got: number | null, want: number, digits = 11): void {
  expect(got).not.toBeNull();
  expect(Math.abs(got! - want)).toBeLessThanOrEqual(10 ** -digits * Math.max(1, Math.abs(want)));
}

describe('moments', () => {
  for (const [name, record] of samples) {
    it(`of the ${name} sample agree with numpy and scipy`, () => {
      close(mean(record.values), record.mean, 15);
      close(variance(record.values), record.variance);
      close(median(record.values), record.median, 15);
      // An offset of a million leaves numpy itself about ten digits of the higher moments.
      close(skewness(record.values), record.skewness, 8);
      close(excessKurtosis(record.values), record.excessKurtosis, 8);
    });
  }

  it('a compensated sum keeps what a plain sum loses', () => {
    const values = [1, 1e100, 1, -1e100];
    expect(sumOf(4, (i) => values[i]!)).toBe(2);
  });

  it('shifting a sample by a million leaves its variance', () => {
    const values = Array.from({ length: 500 }, (_, i) => ((i * 37) % 101) / 128);
    expect(variance(values.map((v) => v + 2 ** 20))).toBeCloseTo(variance(values)!, 12);
  });

  it('what does not exist is null: empty, single, constant and non-finite samples', () => {
    expect([mean([]), variance([]), median([]), skewness([]), excessKurtosis([])]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect([variance([1]), skewness([1]), correlation([1], [2])]).toEqual([null, null, null]);
    expect(variance([0.1, 0.1, 0.1])).toBe(0);
    expect([skewness([0.1, 0.1, 0.1]), excessKurtosis([0.1, 0.1, 0.1]), acf([0.1, 0.1, 0.1], 1)]).toEqual([
      null,
      null,
      null,
    ]);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect([mean([1, bad]), variance([1, bad, 2]), skewness([1, bad, 2])]).toEqual([null, null, null]);
      expect(median([bad, bad])).toBeNull();
      expect(correlation([1, bad, 2], [1, 2, 3])).toBeNull();
    }
  });
});

describe('dependence', () => {
  it('correlation and autocorrelation agree with scipy and statsmodels', () => {
    close(correlation(oracle.samples.normal.values, oracle.correlation.other), oracle.correlation.value, 13);
    for (const [, record] of samples) {
      if (!('acf' in record)) continue;
      const got = acf(record.values, record.acf.length - 1)!;
      record.acf.forEach((want, lag) => {
        close(got[lag]!, want, 9);
      });
    }
  });

  it('a sample correlates perfectly with its linear images and never beyond one', () => {
    const x = oracle.samples.normal.values;
    expect(
      correlation(
        x,
        x.map((v) => 3 * v - 1),
      ),
    ).toBeCloseTo(1, 14);
    expect(
      correlation(
        x,
        x.map((v) => 2 - v),
      ),
    ).toBeCloseTo(-1, 14);
    expect(Math.abs(correlation([1, 2, 3], [0.1, 0.2, 0.3])!)).toBeLessThanOrEqual(1);
  });

  it('the band around rho narrows with n, mirrors in sign and is absent without pairs', () => {
    const { rho, n, level, band } = oracle.fisherBand;
    const [low, high] = fisherBand(rho, n, level)!;
    expect(low).toBeCloseTo(band[0]!, 12);
    expect(high).toBeCloseTo(band[1]!, 12);
    const mirrored = fisherBand(-0.5, 100, 0.95)!;
    expect(mirrored[0]).toBeCloseTo(-high, 14);
    expect(mirrored[1]).toBeCloseTo(-low, 14);
    expect(fisherBand(0.5, 1000, 0.95)![0]).toBeGreaterThan(low);
    expect(fisherBand(0.5, 3, 0.95)).toBeNull();
    expect(acf([1, 2], 2)).toBeNull();
  });
});
