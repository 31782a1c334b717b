// Laws of the Ornstein-Uhlenbeck log price: exact for any step, stationary from the first session, reverting at the stated speed.
import { describe, expect, it } from 'vitest';
import type { PathBlock } from '../../lib/models/model.ts';
import { model, type OuParams } from '../../lib/models/ou.ts';
import { draws, seeds } from '../thorough.ts';
import { central, correlation, errors, mean, walk, YEARS } from './rig.ts';

const params: OuParams = { level: 50, theta: 50, sigma: 0.4 };
const atLevel: OuParams = { ...params, start: 'price' };
const logMean = Math.log(50) - 0.4 ** 2 / (4 * 50);
const still = (block: PathBlock) => {
  block.shocks.fill(0);
  block.gap.fill(0);
};

describe('ou', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`has the stationary mean and variance, and autocorrelation e^(-theta k dt), with seed ${seed}`, () => {
      const n = draws(100_000);
      const { ends } = walk(model, params, n, { seed, pieces: 2 });
      const phi = Math.exp(-50 * YEARS);
      const variance = 0.4 ** 2 / (2 * 50);
      expect(Math.abs(mean(ends) - logMean)).toBeLessThan(4 * Math.sqrt((variance / n) * ((1 + phi) / (1 - phi))));
      const seOfVariance = Math.sqrt((2 / n) * ((1 + phi * phi) / (1 - phi * phi)));
      expect(Math.abs(central(ends, 2) / variance - 1)).toBeLessThan(4 * seOfVariance);
      for (const k of [1, 5, 20]) {
        const p2k = phi ** (2 * k);
        // Bartlett's formula for an AR(1).
        const se = Math.sqrt((((1 + phi * phi) * (1 - p2k)) / (1 - phi * phi) - 2 * k * p2k) / n);
        expect(Math.abs(correlation(ends.slice(k), ends.slice(0, n - k)) - phi ** k), `lag ${k}`).toBeLessThan(4 * se);
      }
    });

    it(`the mean price is the level with seed ${seed}`, () => {
      const { ends } = walk(model, params, 100_000, { seed });
      expect(errors(ends.map(Math.exp), 50)).toBeLessThan(4);
    });

    it(`the first session already has the stationary law with seed ${seed}`, () => {
      const n = 1500;
      const first = Float64Array.from(
        { length: n },
        (_, i) => walk(model, params, 1, { seed, name: `N${i}`, startPrice: 3 }).ends[0]!,
      );
      const variance = 0.4 ** 2 / (2 * 50);
      expect(Math.abs(mean(first) - logMean)).toBeLessThan(4 * Math.sqrt(variance / n));
      expect(Math.abs(central(first, 2) / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    });
  }

  it('any cutting of a stretch of time has the same law: mean e^(-theta T) of the way, variance sigma^2 (1 - e^(-2 theta T)) / (2 theta)', () => {
    const years = 5 * YEARS;
    const cuttings = [
      { sessions: 1, pieces: 1, years },
      { sessions: 5, pieces: 1, years: YEARS },
      { sessions: 5, pieces: 4, years: YEARS, phi: 0.3 },
      { sessions: 1, pieces: 7, years, phi: 0.1 },
    ];
    for (const { sessions, ...options } of cuttings) {
      const { pieces, phi = 0 } = { phi: 0, ...options };
      const end = (poke: (block: PathBlock) => void) =>
        walk(model, atLevel, sessions, {
          ...options,
          startPrice: 80,
          prepare: (block) => {
            still(block);
            poke(block);
          },
        }).ends[sessions - 1]!;
      const quiet = end(() => {});
      expect((quiet - logMean) / (Math.log(80) - logMean)).toBeCloseTo(Math.exp(-50 * years), 12);
      // The path is linear in its shocks: the variance is the sum of squares of what each alone does.
      let power = 0;
      for (let p = 0; p < sessions * pieces; p++) {
        power += (end(({ shocks }) => (shocks[p] = 1)) - quiet) ** 2;
      }
      for (let s = 0; s < sessions && phi > 0; s++) power += (end(({ gap }) => (gap[s] = 1)) - quiet) ** 2;
      expect(power / ((0.4 ** 2 * (1 - Math.exp(-100 * years))) / 100)).toBeCloseTo(1, 10);
    }
  });

  it('half of the way back is gone after ln 2 / theta', () => {
    const years = Math.log(2) / 50 / 10;
    const { ends } = walk(model, atLevel, 10, { years, startPrice: 60, prepare: still });
    expect((ends[9]! - logMean) / (Math.log(60) - logMean)).toBeCloseTo(0.5, 12);
  });

  it('the level moves with its trend', () => {
    const startPrice = Math.exp(logMean);
    const { ends } = walk(model, { ...atLevel, trend: 0.3 }, 252, { pieces: 3, startPrice, prepare: still });
    ends.forEach((x, s) => {
      expect(x).toBeCloseTo(logMean + 0.3 * (s + 1) * YEARS, 12);
    });
  });

  it('growth of a regime moves the price by growth / theta in the end, however sessions are cut', () => {
    for (const pieces of [1, 4]) {
      const { ends } = walk(model, atLevel, 252, {
        pieces,
        startPrice: Math.exp(logMean),
        prepare: (block) => {
          still(block);
          block.growth.fill(0.5);
        },
      });
      expect(ends[251]! - logMean).toBeCloseTo(0.5 / 50, 12);
      expect(ends[0]! - logMean).toBeCloseTo((0.5 * (1 - Math.exp(-50 * YEARS))) / 50, 14);
    }
  });

  it('factors of volatility and margin multiply the shocks, and the bridge has their variance', () => {
    const shocked = (volatility: number, scale: number) =>
      walk(model, atLevel, 1, {
        prepare: (block) => {
          block.shocks.fill(1);
          block.volatility.fill(volatility);
          block.scale.fill(scale);
        },
        startPrice: Math.exp(logMean),
      });
    const move = (volatility: number, scale: number) => shocked(volatility, scale).ends[0]! - logMean;
    expect(move(3, 1)).toBeCloseTo(3 * move(1, 1), 14);
    expect(move(1, 2)).toBeCloseTo(2 * move(1, 1), 14);
    expect(shocked(3, 2).block.variance[0]).toBeCloseTo(36 * move(1, 1) ** 2, 15);
  });

  it('bad params are refused by field, value and rule', () => {
    const fields = (change: Partial<OuParams>) => model.check({ ...params, ...change }).map((p) => p.facts?.field);
    expect(fields({})).toEqual([]);
    expect(fields({ level: 0, theta: 0, sigma: 0 })).toEqual(['level', 'theta', 'sigma']);
    expect(fields({ theta: Number.NaN, trend: Number.POSITIVE_INFINITY, start: 'level' as 'price' })).toEqual([
      'theta',
      'trend',
      'start',
    ]);
    expect(model.check({ ...params, theta: -1 })[0]).toMatchObject({
      code: 'model/refused',
      message: 'ou: theta must be above 0, at most 1e6',
      facts: { field: 'theta', value: '-1' },
    });
  });
});
