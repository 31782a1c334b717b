// Laws of the tests: agreement with scipy and statsmodels, uniform p-values under the null, power, and honest refusal to answer.
import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../lib/math/special.ts';
import {
  holm,
  meanInterval,
  type TestResult,
  testJarqueBera,
  testKolmogorov,
  testLjungBox,
  testMean,
  testMeanKnownSigma,
  testVariance,
} from '../../lib/stats/hypothesis.ts';
import { kolmogorovSf } from '../../lib/stats/kolmogorov.ts';
import { mean, variance } from '../../lib/stats/moments.ts';
import oracle from '../oracles/statistics.json' with { type: 'json' };
import { draws } from '../thorough.ts';
import { normals } from './normals.ts';

function agrees(got: TestResult, [stat, pvalue]: readonly number[]): void {
  expect(got.stat! / stat!).toBeCloseTo(1, 8);
  expect(Math.abs(got.pvalue! - pvalue!)).toBeLessThan(1e-9);
}

describe('tests agree with scipy and statsmodels', () => {
  for (const [name, record] of Object.entries(oracle.samples)) {
    it(`on the ${name} sample`, () => {
      const x = record.values;
      const s = Math.sqrt(variance(x)! * (1 - 1 / x.length));
      agrees(testMean(x, x[0]!), record.testMean);
      agrees(testVariance(x, 1.3 * variance(x)!), record.testVariance);
      agrees(
        testKolmogorov(x, (v) => normalCdf((v - mean(x)! - 0.1 * s) / s)),
        record.testKolmogorov,
      );
      if (!('ljungBox' in record)) return;
      agrees(testLjungBox(x, 5, { fitted: 1 }), record.ljungBox);
      agrees(testLjungBox(x, 5, { form: 'robust' }), record.robustLjungBox);
      expect(testJarqueBera(x).stat! / record.jarqueBera).toBeCloseTo(1, 7);
    });
  }

  it('on the law of D, exact to 200 values and its limit above', () => {
    for (const [d, n, p] of oracle.kolmogorov)
      expect(Math.abs(kolmogorovSf(d!, n!) - p!), `D=${d} n=${n}`).toBeLessThan(1e-10);
  });

  it("on Holm's adjustment", () => {
    const adjusted = holm(oracle.holm.p);
    oracle.holm.adjusted.forEach((want, i) => {
      expect(adjusted[i]).toBeCloseTo(want, 14);
    });
    expect(holm([])).toEqual([]);
  });
});

describe('p-values', () => {
  const count = draws(2000);
  const samples = Array.from({ length: count }, (_, k) => normals('null', k, 150));
  const tests: Record<string, (x: Float64Array) => TestResult> = {
    mean: (x) => testMean(x, 0),
    'mean with known sigma': (x) => testMeanKnownSigma(x, 0, 1),
    variance: (x) => testVariance(x, 1),
    'variance, robust': (x) => testVariance(x, 1, 'robust'),
    'Kolmogorov-Smirnov': (x) => testKolmogorov(x, normalCdf),
    'Jarque-Bera': (x) => testJarqueBera(x),
    'Ljung-Box': (x) => testLjungBox(x, 5),
    'Ljung-Box, robust': (x) => testLjungBox(x, 5, { form: 'robust' }),
  };
  /** Statistics known by their limit law only: their size is checked at 5 percent within .02, not their whole law. */
  const byLimit = new Set(['variance, robust', 'Ljung-Box', 'Ljung-Box, robust']);
  for (const [name, test] of Object.entries(tests)) {
    it(`of ${name} are uniform under the null over ${count} samples`, () => {
      const p = Float64Array.from(samples, (x) => test(x).pvalue!);
      if (!byLimit.has(name)) expect(testKolmogorov(p, (v) => v, 0.001)).toMatchObject({ reject: false });
      const size = p.filter((v) => v < 0.05).length / count;
      // Four standard errors of a share of .05, plus .02 for limit laws.
      expect(Math.abs(size - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / count) + (byLimit.has(name) ? 0.02 : 0));
    });
  }

  it('fall when the null is wrong', () => {
    const x = normals('power', 0, 400);
    const squeezed = x.map((v) => v * v * v);
    const walk = x.map((v, i) => v + (i > 0 ? 0.5 * x[i - 1]! : 0));
    expect(testMean(x, 0.4)).toMatchObject({ reject: true });
    expect(testVariance(x, 1.6)).toMatchObject({ reject: true });
    expect(testVariance(x, 1.6, 'robust')).toMatchObject({ reject: true });
    expect(testKolmogorov(x, (v) => normalCdf(v - 0.4))).toMatchObject({ reject: true });
    expect(testJarqueBera(squeezed)).toMatchObject({ reject: true, note: expect.stringContaining('at most') });
    expect(testLjungBox(walk, 5)).toMatchObject({ reject: true });
  });

  it('the interval of the mean is the set of means that are not rejected', () => {
    const x = normals('interval', 0, 60);
    const [low, high] = meanInterval(x, 0.95)!;
    expect(testMean(x, low).pvalue).toBeCloseTo(0.05, 10);
    expect(testMean(x, high).pvalue).toBeCloseTo(0.05, 10);
  });
});

describe('a sample that cannot answer', () => {
  const constant = new Float64Array(60).fill(0.1);
  const holed = normals('hole', 0, 60);
  holed[7] = Number.NaN;
  it.each([
    ['empty', new Float64Array(0)],
    ['single', new Float64Array([1])],
    ['constant', constant],
    ['not finite', holed],
  ])('%s is inconclusive, with nulls and never a pass', (_, x) => {
    const results = [testMean(x, 0), testVariance(x, 1), testVariance(x, 1, 'robust')];
    results.push(testJarqueBera(x), testLjungBox(x, 5), testLjungBox(x, 5, { form: 'robust' }));
    for (const r of results) {
      expect(r).toMatchObject({ stat: null, df: null, pvalue: null, reject: null });
      expect(r.note).toMatch(/^inconclusive: /);
    }
    expect(meanInterval(x, 0.95)).toBeNull();
  });

  it('an impossible scale is inconclusive too', () => {
    const x = normals('scale', 0, 30);
    expect(testMeanKnownSigma(x, 0, 0).reject).toBeNull();
    expect(testVariance(x, 0).reject).toBeNull();
    expect(testLjungBox(x, 3, { fitted: 3 }).reject).toBeNull();
    expect(normalQuantile(1)).toBeNaN();
  });
});
