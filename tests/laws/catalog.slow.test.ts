// The laws of the catalog over many seeds: errors that four standard errors of one sample would hide add up here.
import { describe, expect, it } from 'vitest';
import { mean, meanWithError, walk, YEARS } from '../models/rig.ts';
import { combinations, facts } from './rig.ts';

const SEEDS = 40;
const N = 25_000;
const { sigma, mu, startPrice } = facts('fx');

describe.each(combinations('fx').map((one) => [one.name, one] as const))('%s', (_, { model, params, volatility }) => {
  const options = volatility === null ? {} : { volatility };
  /** Mean over all seeds of what `of` makes of returns, in standard errors from 0. */
  const pooled = (phi: number, of: (returns: Float64Array) => Float64Array): number => {
    const means = Float64Array.from({ length: SEEDS }, (_, seed) =>
      mean(of(walk(model, params, N, { ...options, seed, phi, startPrice }).returns)),
    );
    const { mean: m, se } = meanWithError(means, SEEDS);
    return Math.abs(m) / se;
  };

  for (const phi of [0, 0.3]) {
    it(`variance is sigma squared over a million sessions, overnight share ${phi}`, () => {
      const theta = model.name === 'ou' ? (params.theta as number) : 0;
      const left = theta === 0 ? YEARS : -Math.expm1(-theta * YEARS) / theta;
      const squares = (r: Float64Array) => {
        const m = mean(r);
        return r.map((x) => ((x - m) * (x - m)) / (sigma * sigma * left) - 1);
      };
      expect(pooled(phi, squares)).toBeLessThan(4);
    });

    it.runIf(model.name !== 'ou')(
      `the mean price grows as e^(mu t) over a million sessions, overnight share ${phi}`,
      () => {
        expect(pooled(phi, (r) => r.map((x) => Math.exp(x - mu * YEARS) - 1))).toBeLessThan(4);
      },
    );
  }
});
