// Laws of Heston: martingale, variance of returns, leverage of the stated sign and size, and a path that has all its variance.
import { describe, expect, it } from 'vitest';
import { latentBars } from '../../lib/market/bars.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { type HestonParams, model } from '../../lib/models/heston.ts';
import { draws, seeds } from '../thorough.ts';
import { correlation, errors, mean, type WalkOptions, walk, YEARS } from './rig.ts';

const usual: HestonParams = { mu: 0.1, kappa: 4, theta: 0.04, xi: 0.36, rho: -0.7 };
/** Andersen's hard case (models.md 2.4). */
const hard: HestonParams = { mu: 0, kappa: 0.5, theta: 0.04, xi: 1, rho: -0.9 };
const N = draws(20_000);

describe('heston', () => {
  for (const seed of seeds(1, 2, 3)) {
    for (const scheme of ['qe', 'euler'] as const) {
      const regime: WalkOptions<never> = {
        phi: 0.3,
        prepare: (block) => {
          block.volatility.fill(2);
          block.growth.fill(0.8);
          block.target.fill(1.3);
        },
      };
      for (const [what, options, growth] of [
        ['', {}, 0],
        [' over nights', { phi: 0.3 }, 0],
        [' in a regime', regime, 0.8],
      ] as const) {
        it(`the mean price grows as e^(mu t)${what} by ${scheme} with seed ${seed}`, () => {
          for (const params of [usual, hard]) {
            const { returns } = walk(model, { ...params, scheme }, N, { seed, pieces: 2, ...options });
            expect(errors(returns.map(Math.exp), Math.exp((params.mu + growth) * YEARS))).toBeLessThan(4);
          }
        });
      }

      it(`variance of returns is the variance in force, the longest and the shortest session alike, by ${scheme} with seed ${seed}`, () => {
        for (const whole of [0.5, 1, 1.2]) {
          const { returns, block } = walk(model, { ...usual, scheme }, N, {
            seed,
            prepare: ({ share }) => share.fill(whole),
          });
          const excess = returns.map((r, s) => r ** 2 - whole * block.sd[s]! ** 2);
          expect(errors(excess, 0)).toBeLessThan(4);
          expect(mean(block.sd.map((sd) => sd * sd)) / (0.04 * YEARS)).toBeCloseTo(1, 0);
        }
      });

      it(`returns go with the change of variance as rho says by ${scheme} with seed ${seed}`, () => {
        const { returns, block } = walk(model, { ...usual, scheme }, N, { seed, pieces: 2 });
        const v = block.annualVariance;
        // Where the variance is well above 0 its shock can be read off its change.
        const chosen = Array.from({ length: N - 1 }, (_, s) => s).filter((s) => v[s]! > 0.02);
        const shocks = Float64Array.from(chosen, (s) => (v[s + 1]! - v[s]!) / Math.sqrt(v[s]!));
        const unit = Float64Array.from(chosen, (s) => returns[s]! / block.sd[s]!);
        expect(Math.abs(correlation(unit, shocks) + 0.7)).toBeLessThan(
          (4 * (1 - 0.7 ** 2)) / Math.sqrt(chosen.length) + 0.01,
        );
      });
    }

    it(`ten years of the hard case end where they should with seed ${seed}`, () => {
      const paths = 1000;
      const ends = Float64Array.from(
        { length: paths },
        (_, p) => walk(model, hard, 40, { seed, name: `P${p}`, years: 0.25 }).ends[39]!,
      );
      expect(errors(ends.map(Math.exp), 1)).toBeLessThan(4);
    });
  }

  it('starts at v0, and at theta without it', () => {
    expect(walk(model, { ...usual, v0: 0.09 }, 1).block.annualVariance[0]).toBe(0.09);
    expect(walk(model, usual, 1).block.annualVariance[0]).toBe(0.04);
  });

  it('ranges within a session have the variance of its ends (Parkinson over squared return), leverage and all', () => {
    for (const rho of [-0.95, 0, 0.5]) {
      const pieces = 4;
      const { block, returns } = walk(model, { ...usual, rho }, 20_000, { pieces });
      const extremes = streamOf(1, { scope: 'asset', asset: 'X', component: 'extremes' });
      const n = returns.length;
      const column = () => new Float64Array(n);
      const bars = { open: column(), high: column(), low: column(), close: column() };
      latentBars(block, pieces, Int32Array.from(returns.keys()), n, extremes, bars);
      const parkinson = returns.map((_, s) => Math.log(bars.high[s]! / bars.low[s]!) ** 2 / (4 * Math.LN2));
      const ratio = parkinson.map((p, s) => p / block.sd[s]! ** 2);
      expect(Math.abs(mean(ratio) - 1), `rho ${rho}`).toBeLessThan(0.001 + 4 * Math.sqrt(2 / 4.9 / 20_000));
    }
  });

  it('has its own variance, so it refuses another, and bad params by field', () => {
    expect(model.ownVolatility).toBe('it has a stochastic variance of its own');
    expect(model.check({ ...usual, mu: Number.NaN, kappa: -1 }).map((p) => p.facts?.field)).toEqual(['mu', 'kappa']);
    expect(model.warn!(hard)).toEqual(['heston: Feller ratio 0.0400 is below 1, so the variance touches 0']);
    expect(model.warn!(usual)).toEqual([]);
  });
});
