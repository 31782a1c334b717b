// Laws of the GBM and correlation estimates: they find what was planted, say how well, and refuse what cannot be estimated.
import { describe, expect, it } from 'vitest';
import { fitCorrelation } from '../../lib/calibration/correlation.ts';
import { type Closes, fitGbm } from '../../lib/calibration/gbm.ts';
import { exp } from '../../lib/math/elementary.ts';
import { normals } from '../stats/normals.ts';

const YEAR = 252;
const setting = { periodsPerYear: YEAR, minObservations: 60 };

/** Closes whose log returns are (mu - sigma^2/2)/252 + sigma/sqrt(252) z. */
function path(ticker: string, z: Float64Array, mu: number, sigma: number): Closes {
  const close = new Float64Array(z.length + 1).fill(80);
  for (let i = 0; i < z.length; i++)
    close[i + 1] = close[i]! * exp((mu - (sigma * sigma) / 2) / YEAR + (sigma / Math.sqrt(YEAR)) * z[i]!);
  return { ticker, day: Int32Array.from(close, (_, i) => 15000 + i), close };
}

describe('GBM', () => {
  const truth = { mu: 0.08, sigma: 0.25 };
  const fits = Array.from({ length: 100 }, (_, seed) =>
    fitGbm(path('A', normals('gbm', seed, 5 * YEAR), truth.mu, truth.sigma), setting),
  );

  it('[S1-99] the 95 percent interval holds the truth for at least 90 of 100 seeds, and not for all by being too wide', () => {
    const inside = (off: number, se: number, width: number) => Math.abs(off) <= width * se;
    expect(fits.filter((f) => inside(f.sigma - truth.sigma, f.seSigma, 1.96)).length).toBeGreaterThanOrEqual(90);
    expect(fits.filter((f) => inside(f.mu - truth.mu, f.seMu, 1.96)).length).toBeGreaterThanOrEqual(90);
    // Half as wide, the interval holds the truth in 67 of 100, standard error 4.7: 95 is six of them away.
    expect(fits.filter((f) => inside(f.sigma - truth.sigma, f.seSigma, 0.98)).length).toBeLessThan(95);
  });

  it('every refit is within four standard errors', () => {
    for (const f of fits) {
      expect(Math.abs(f.sigma - truth.sigma)).toBeLessThan(4 * f.seSigma);
      expect(Math.abs(f.mu - truth.mu)).toBeLessThan(4 * f.seMu);
    }
  });

  it('gives n, days, the last close and standard errors by their formulas, and says that drift is not identified', () => {
    const series = path('A', normals('gbm', 0, 5 * YEAR), truth.mu, truth.sigma);
    const fit = fitGbm(series, setting);
    expect(fit).toMatchObject({
      n: 1260,
      firstDay: 15000,
      lastDay: 16260,
      startPrice: series.close.at(-1),
    });
    expect(fit.seSigma).toBeCloseTo(fit.sigma / Math.sqrt(2520), 15);
    expect(fit.seMu).toBeCloseTo(fit.sigma / Math.sqrt(5), 15);
    expect(fit.notes.join()).toContain('drift is not identified');
  });

  it('scaling prices changes nothing but the start price', () => {
    const series = path('A', normals('gbm', 1, 300), 0.1, 0.3);
    const fit = fitGbm(series, setting);
    const scaled = fitGbm({ ...series, close: series.close.map((c) => c * 64) }, setting);
    expect(scaled).toEqual({ ...fit, startPrice: fit.startPrice * 64 });
  });

  it('too few observations and zero variance are refused by ticker and number', () => {
    const short = path('SHORT', normals('gbm', 2, 59), 0, 0.2);
    expect(() => fitGbm(short, setting)).toThrow('SHORT: 59 log returns are too few to calibrate, 60 are needed');
    for (const rows of [0, 1, 2]) {
      const close = short.close.subarray(0, rows);
      expect(() => fitGbm({ ...short, close }, { ...setting, minObservations: 0 })).toThrow('2 are needed');
    }
    const flat = path('FLAT', new Float64Array(100), 0, 0);
    expect(() => fitGbm(flat, setting)).toThrow('FLAT: 100 log returns have zero variance');
    // Steady growth varies by nothing but the rounding of its closes.
    const steady = path('STEADY', new Float64Array(100), 0.1, 0);
    expect(() => fitGbm(steady, setting)).toThrow('STEADY: 100 log returns have zero variance');
  });
});

describe('correlation', () => {
  const mix = (rho: number, a: Float64Array, e: Float64Array) =>
    a.map((v, i) => rho * v + Math.sqrt(1 - rho * rho) * e[i]!);

  it('[S1-100] a planted correlation is recovered within four standard errors on twenty seeds', () => {
    for (let seed = 0; seed < 20; seed++) {
      const z = normals('rho', seed, 1000);
      const series = [
        path('A', z, 0.1, 0.2),
        path('B', mix(0.6, z, normals('rho-e', seed, 1000)), 0, 0.4),
        path('C', mix(-0.3, z, normals('rho-f', seed, 1000)), 0, 0.1),
      ];
      const fit = fitCorrelation(series, { minObservations: 60, repair: 'none' });
      expect(Math.abs(fit.matrix[0]![1]! - 0.6)).toBeLessThan(4 * ((1 - 0.36) / Math.sqrt(1000)));
      expect(Math.abs(fit.matrix[0]![2]! + 0.3)).toBeLessThan(4 * ((1 - 0.09) / Math.sqrt(1000)));
      expect(fit.standardErrors[0]![1]!).toBeCloseTo((1 - fit.matrix[0]![1]! ** 2) / Math.sqrt(1000), 12);
      expect(fit).toMatchObject({ tickers: ['A', 'B', 'C'], repair: null, notes: [] });
      expect(fit.n).toEqual([0, 1, 2].map(() => [1000, 1000, 1000]));
    }
  });

  it('[S1-100] histories of unequal length meet on the dates that both have', () => {
    const z = normals('gap', 0, 500);
    const a = path('A', z, 0, 0.2);
    const same = path('B', z, 0, 0.2);
    // B starts later and lacks every third day: over the days it has, its returns are still those of A.
    const kept = [...same.day.keys()].filter((i) => i > 100 && i % 3 !== 0);
    const b = {
      ...same,
      day: same.day.filter((_, i) => kept.includes(i)),
      close: same.close.filter((_, i) => kept.includes(i)),
    };
    const fit = fitCorrelation([a, b], { minObservations: 60, repair: 'none' });
    expect(fit.matrix[0]![1]).toBeCloseTo(1, 12);
    expect(fit.n).toEqual([
      [500, kept.length - 1],
      [kept.length - 1, kept.length - 1],
    ]);
  });

  it('a pairwise matrix that contradicts itself is repaired and noted, or refused', () => {
    const z = [0, 1, 2].map((k) => normals('clash', k, 100));
    const piece = (from: number, x: Float64Array) => ({ from, x });
    // Each pair meets on its own 100 days only: A~B and B~C agree, A~C disagree.
    const build = (ticker: string, parts: { from: number; x: Float64Array }[]): Closes => {
      const all = parts.map(({ from, x }) => ({ ...path(ticker, x, 0, 0.2), from }));
      return {
        ticker,
        day: Int32Array.from(all.flatMap((p) => Array.from(p.day, (_, i) => p.from + i))),
        close: Float64Array.from(all.flatMap((p) => Array.from(p.close))),
      };
    };
    const series = [
      build('A', [piece(0, z[0]!), piece(2000, z[2]!)]),
      build('B', [piece(0, z[0]!), piece(1000, z[1]!)]),
      build('C', [
        piece(1000, z[1]!),
        piece(
          2000,
          z[2]!.map((v) => -v),
        ),
      ]),
    ];
    const fit = fitCorrelation(series, { minObservations: 60, repair: 'nearest' });
    expect(fit.repair!.largestChange).toBeGreaterThan(0.3);
    expect(fit.notes).toHaveLength(1);
    // The nearest matrix to +1, +1, -1 spreads the contradiction: +.5, +.5, -.5.
    expect(fit.matrix[0]![1]).toBeCloseTo(0.5, 6);
    expect(fit.matrix[0]![2]).toBeCloseTo(-0.5, 6);
    expect(() => fitCorrelation(series, { minObservations: 60, repair: 'none' })).toThrow('positive semidefinite');
  });

  it('too few common dates and zero variance are refused by pair and number', () => {
    const a = path('A', normals('few', 0, 200), 0, 0.2);
    const b = path('B', normals('few', 1, 200), 0, 0.2);
    const late = { ...b, day: b.day.map((d) => d + 171) };
    const setting = { minObservations: 60, repair: 'none' } as const;
    expect(() => fitCorrelation([a, late], setting)).toThrow(
      'A and B: 29 log returns are too few to calibrate, 60 are needed',
    );
    const flat = path('FLAT', new Float64Array(200), 0, 0);
    expect(() => fitCorrelation([a, flat], setting)).toThrow('A and FLAT: 200 log returns have zero variance');
    expect(fitCorrelation([a], setting).matrix).toEqual([[1]]);
  });
});
