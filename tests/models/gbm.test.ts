// Laws of geometric Brownian motion, and of the catalog that finds it.
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { loadModel, MODEL_NAMES } from '../../lib/models/catalog.ts';
import { type GbmParams, model } from '../../lib/models/gbm.ts';
import { draws, seeds } from '../thorough.ts';
import { walk, YEARS } from './rig.ts';

const PIECES = 4;

const path = (params: GbmParams, seed: number, bars: number, first = 0) =>
  walk(model, params, bars, { seed, pieces: PIECES, first });

describe('gbm', () => {
  for (const seed of seeds(1, 2, 3, 4)) {
    it(`[S1-118] log returns have mean (mu - sigma^2/2) dt and variance sigma^2 dt with seed ${seed}`, () => {
      const n = draws(100_000);
      const { mu, sigma } = { mu: 0.08, sigma: 0.25 };
      const { ends } = path({ mu, sigma }, seed, n);
      const returns = ends.map((x, i) => x - (ends[i - 1] ?? 0));
      const mean = returns.reduce((a, b) => a + b, 0) / n;
      const variance = returns.reduce((a, r) => a + (r - mean) ** 2, 0) / (n - 1);
      const sd = sigma * Math.sqrt(YEARS);
      expect(Math.abs(mean - (mu - sigma ** 2 / 2) * YEARS)).toBeLessThan((4 * sd) / Math.sqrt(n));
      expect(Math.abs(variance / sd ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    });

    it(`the mean price grows as e^(mu t) with seed ${seed}`, () => {
      const paths = draws(20_000);
      const { mu, sigma } = { mu: 0.3, sigma: 0.4 };
      const bars = 20;
      const t = bars * YEARS;
      let sum = 0;
      // Bars are independent, so stretches of one long path are independent paths.
      const { ends } = path({ mu, sigma }, seed, paths * bars);
      for (let p = 0; p < paths; p++) sum += Math.exp(ends[(p + 1) * bars - 1]! - (ends[p * bars - 1] ?? 0));
      // Var S(t) / E S(t)^2 = e^(sigma^2 t) - 1.
      const se = Math.sqrt(Math.expm1(sigma ** 2 * t) / paths);
      expect(Math.abs((sum / paths) * Math.exp(-mu * t) - 1)).toBeLessThan(4 * se);
    });
  }

  it('[S1-119] log returns have no skew and no excess kurtosis', () => {
    const n = draws(200_000);
    const { ends } = path({ mu: 0, sigma: 0.2 }, 7, n);
    const returns = ends.map((x, i) => x - (ends[i - 1] ?? 0));
    const mean = returns.reduce((a, b) => a + b, 0) / n;
    const central = (k: number) => returns.reduce((a, r) => a + (r - mean) ** k, 0) / n;
    expect(Math.abs(central(3) / central(2) ** 1.5)).toBeLessThan(4 * Math.sqrt(6 / n));
    expect(Math.abs(central(4) / central(2) ** 2 - 3)).toBeLessThan(4 * Math.sqrt(24 / n));
  });

  it('pieces join end to end and share the variance of the bar', () => {
    const { block } = path({ mu: 0.1, sigma: 0.3 }, 1, 50);
    for (let p = 1; p < 200; p++) expect(block.from[p]).toBe(block.to[p - 1]);
    for (const w of block.variance.subarray(0, 200)) expect(w).toBeCloseTo((0.09 * YEARS) / PIECES, 18);
    expect(Array.from(block.ends)).toEqual(Array.from({ length: 200 }, (_, p) => p + 1));
  });

  it('without volatility the price grows exactly at mu', () => {
    const { ends } = path({ mu: 0.252, sigma: 0 }, 1, 100);
    ends.forEach((x, i) => {
      expect(x).toBeCloseTo((i + 1) * 0.001, 12);
    });
  });

  it('the shocks of a bar do not depend on where its block starts', () => {
    const whole = path({ mu: 0, sigma: 0.2 }, 3, 40).block;
    const late = path({ mu: 0, sigma: 0.2 }, 3, 10, 30).block;
    expect(late.shocks).toEqual(whole.shocks.slice(30 * PIECES));
  });

  it('bad params are refused by field, value and rule', () => {
    const refused = (params: GbmParams) => model.check(params).map((p) => [p.facts?.field, p.facts?.value]);
    expect(refused({ mu: Number.NaN, sigma: -0.1 })).toEqual([
      ['mu', 'NaN'],
      ['sigma', '-0.1'],
    ]);
    expect(refused({ mu: 0, sigma: Number.POSITIVE_INFINITY })).toEqual([['sigma', 'Infinity']]);
    expect(refused({ mu: -3, sigma: 0 })).toEqual([]);
  });
});

describe('catalog', () => {
  it('every line loads the model of its name, with a schema that requires what it describes', async () => {
    for (const name of MODEL_NAMES) {
      const found = await loadModel(name);
      expect(found.name).toBe(name);
      for (const field of found.params.required) expect(Object.keys(found.params.properties)).toContain(field);
    }
  });

  it('an unknown name is refused with the nearest one', async () => {
    await expect(loadModel('gmb')).rejects.toThrow(ProblemError);
    await expect(loadModel('toString')).rejects.toThrow(ProblemError);
    const problem = await loadModel('gbn').catch((error: ProblemError) => error.problems[0]!);
    expect(problem).toMatchObject({ code: 'model/refused', hint: 'did you mean "gbm"?' });
  });
});
