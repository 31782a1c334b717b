// Laws of jump sizes: their distribution, what they add to mean and variance, and which parameters are refused.
import { describe, expect, it } from 'vitest';
import { normalCdf } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import {
  checkJumps,
  type JumpParams,
  jumpLaw,
  type KouJumps,
  type MertonJumps,
  secondMoment,
} from '../../lib/models/jumps.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { draws } from '../thorough.ts';
import { errors } from './rig.ts';

const merton: MertonJumps = { law: 'merton', intensity: 5, mean: -0.04, sd: 0.08 };
const kou: KouJumps = { law: 'kou', intensity: 5, probability_up: 0.35, up: 20, down: 12 };

const N = draws(20_000);
const sizes = (params: JumpParams, seed: number, shift = 0, spread = 1) => {
  const stream = streamOf(seed, { scope: 'asset', asset: 'X', component: 'jumpSize' });
  return Float64Array.from({ length: N }, (_, i) => jumpLaw(params).size(stream, i, 0, shift, spread));
};
const kouCdf =
  ({ probability_up: p, up, down }: KouJumps) =>
  (x: number) =>
    x < 0 ? (1 - p) * Math.exp(down * x) : 1 - p * Math.exp(-up * x);

describe('jumps', () => {
  for (const seed of [1, 2, 3]) {
    it(`sizes follow their law, shifted and spread, with seed ${seed}`, () => {
      for (const [shift, spread] of [
        [0, 1],
        [-0.1, 2.5],
      ] as const) {
        const normal = testKolmogorov(sizes(merton, seed, shift, spread), (x) =>
          normalCdf((x - shift + 0.04) / (0.08 * spread)),
        );
        expect(normal.pvalue).toBeGreaterThan(1e-4);
        const double = testKolmogorov(sizes(kou, seed, shift, spread), (x) => kouCdf(kou)((x - shift) / spread));
        expect(double.pvalue).toBeGreaterThan(1e-4);
      }
    });

    it(`the compensator is what a jump adds to the price on average with seed ${seed}`, () => {
      for (const params of [merton, kou, { ...kou, probability_up: 0 }, { ...kou, probability_up: 1 }]) {
        for (const [shift, spread] of [
          [0, 1],
          [-0.1, 2.5],
          [0.05, 0],
        ] as const) {
          const compensator = jumpLaw(params).compensator(shift, spread);
          const mean = sizes(params, seed, shift, spread).map(Math.expm1);
          if (spread === 0)
            expect(compensator).toBeCloseTo(params.law === 'merton' ? Math.expm1(0.01) : Math.expm1(0.05), 12);
          else expect(errors(mean, compensator)).toBeLessThan(4);
        }
      }
    });

    it(`the second moment is the mean square with seed ${seed}`, () => {
      for (const params of [merton, kou])
        expect(
          errors(
            sizes(params, seed).map((x) => x * x),
            secondMoment(params),
          ),
        ).toBeLessThan(4);
    });
  }

  it('jumps up keep a mean price however they are spread', () => {
    const wild = jumpLaw({ ...kou, up: 1.5 });
    expect(wild.compensator(0, 1)).toBeCloseTo((0.35 * 1.5) / 0.5 + (0.65 * 12) / 13 - 1, 12);
    for (const spread of [2, 1e6]) expect(Number.isFinite(wild.compensator(0, spread))).toBe(true);
  });

  it('bad params are refused by field, value and rule', () => {
    const fields = (params: unknown) => checkJumps('jumps', params as JumpParams).map((p) => p.facts?.field);
    expect(fields(merton)).toEqual([]);
    expect(fields(kou)).toEqual([]);
    expect(fields({ ...merton, intensity: -1, mean: Number.NaN, sd: -0.1 })).toEqual(['intensity', 'mean', 'sd']);
    expect(fields({ ...merton, intensity: 10_001 })).toEqual(['intensity']);
    expect(fields({ law: 'merton', intensity: 1 })).toEqual(['mean', 'sd']);
    expect(fields({ ...kou, probability_up: 1.01, up: 1, down: 0 })).toEqual(['probability_up', 'up', 'down']);
    expect(fields({ ...kou, law: 'normal' })).toEqual(['law']);
    expect(checkJumps('jumps', { ...kou, up: 0.5 })[0]).toMatchObject({
      code: 'model/refused',
      message: 'jumps: up must be above 1: otherwise the mean price is infinite',
      facts: { field: 'up', value: '0.5' },
    });
  });
});
