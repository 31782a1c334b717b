// Laws of jump diffusions: cumulants of returns, growth of the mean, and a ledger whose counts, times and sizes are Poisson's.
import { describe, expect, it } from 'vitest';
import { chiSquareSf, logPoisson } from '../../lib/math/special.ts';
import { type JumpDiffusionParams, model } from '../../lib/models/jump-diffusion.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { draws, seeds } from '../thorough.ts';
import { errors, type WalkOptions, walk, YEARS } from './rig.ts';

const merton: JumpDiffusionParams = { mu: 0.2, sigma: 0.15, law: 'merton', intensity: 100, mean: -0.01, sd: 0.02 };
const kou: JumpDiffusionParams = {
  mu: 0.2,
  sigma: 0.15,
  law: 'kou',
  intensity: 100,
  probability_up: 0.4,
  up: 60,
  down: 45,
};
const N = draws(60_000);

/** E J^k. */
function moment(params: JumpDiffusionParams, k: 1 | 2 | 3 | 4): number {
  if (params.law === 'merton') {
    const { mean: m, sd: s } = params;
    return [m, m * m + s * s, m ** 3 + 3 * m * s * s, m ** 4 + 6 * m * m * s * s + 3 * s ** 4][k - 1]!;
  }
  const { probability_up: p, up, down } = params;
  return [1, 2, 6, 24][k - 1]! * (p / up ** k + ((1 - p) * (-1) ** k) / down ** k);
}
/** E e^J - 1. */
const kappa = (params: JumpDiffusionParams) =>
  params.law === 'merton'
    ? Math.exp(params.mean + params.sd ** 2 / 2) - 1
    : (params.probability_up * params.up) / (params.up - 1) +
      ((1 - params.probability_up) * params.down) / (params.down + 1) -
      1;

describe.each([
  ['merton', merton],
  ['kou', kou],
] as const)('jump_diffusion, %s', (_, params) => {
  for (const seed of seeds(1, 2, 3)) {
    for (const phi of [0, 0.3]) {
      it(`returns have the cumulants of their law with seed ${seed} and overnight share ${phi}`, () => {
        const { returns } = walk(model, params, N, { seed, phi, pieces: 2 });
        const rate = params.intensity * YEARS;
        const mean =
          (params.mu - params.sigma ** 2 / 2 - params.intensity * kappa(params)) * YEARS + rate * moment(params, 1);
        const k2 = params.sigma ** 2 * YEARS + rate * moment(params, 2);
        const away = returns.map((r) => r - mean);
        expect(errors(returns, mean)).toBeLessThan(4);
        expect(
          errors(
            away.map((r) => r ** 2),
            k2,
          ),
        ).toBeLessThan(4);
        expect(
          errors(
            away.map((r) => r ** 3),
            rate * moment(params, 3),
          ),
        ).toBeLessThan(4);
        expect(
          errors(
            away.map((r) => r ** 4),
            rate * moment(params, 4) + 3 * k2 ** 2,
          ),
        ).toBeLessThan(4);
      });
    }

    const settings: readonly (readonly [string, WalkOptions<never>, number])[] = [
      ['', {}, 0],
      [' over nights', { phi: 0.3 }, 0],
      [
        ' in a regime of other volatility, growth and jumps',
        {
          phi: 0.2,
          prepare: (block) => {
            block.volatility.fill(2);
            block.growth.fill(-0.7);
            block.jumpIntensity.fill(3);
            block.jumpMean.fill(-0.03);
            block.jumpSd.fill(1.5);
          },
        },
        -0.7,
      ],
    ];
    for (const [what, options, growth] of settings) {
      it(`the mean price grows as e^(mu t)${what} with seed ${seed}`, () => {
        const { returns } = walk(model, params, N, { seed, pieces: 2, ...options });
        expect(errors(returns.map(Math.exp), Math.exp((params.mu + growth) * YEARS))).toBeLessThan(4);
      });
    }

    it(`counts of sessions are Poisson, in a regime too, with seed ${seed}`, () => {
      for (const factor of [1, 4]) {
        const { block } = walk(model, params, N, { seed, prepare: ({ jumpIntensity }) => jumpIntensity.fill(factor) });
        const counts = new Int32Array(N);
        for (const s of block.jumps.session.subarray(0, block.jumps.count)) counts[s] = counts[s]! + 1;
        const rate = params.intensity * YEARS * factor;
        // The last cell holds all from there on, expected 5 at least.
        const cells: number[] = [];
        let rest = 1;
        for (let k = 0; N * (rest - Math.exp(logPoisson(k, rate))) > 5; k++) {
          cells.push(Math.exp(logPoisson(k, rate)));
          rest -= cells[k]!;
        }
        cells.push(rest);
        const seen = new Float64Array(cells.length);
        for (const count of counts) seen[Math.min(count, cells.length - 1)]! += 1;
        const chi = cells.reduce((sum, q, k) => sum + (seen[k]! - N * q) ** 2 / (N * q), 0);
        expect(chiSquareSf(chi, cells.length - 1)).toBeGreaterThan(1e-4);
        const centre = block.jumps.count / N;
        let dispersion = 0;
        for (const count of counts) dispersion += (count - centre) ** 2 / centre;
        expect(Math.abs(dispersion - (N - 1))).toBeLessThan(4 * Math.sqrt(2 * N));
      }
    });

    it(`times are uniform over the session, and the ledger is in their order, with seed ${seed}`, () => {
      const { jumps } = walk(model, params, N / 4, { seed, phi: 0.3 }).block;
      expect(testKolmogorov(jumps.time.slice(0, jumps.count), (t) => t).pvalue).toBeGreaterThan(1e-4);
      for (let j = 1; j < jumps.count; j++) {
        const later = jumps.session[j]! - jumps.session[j - 1]! + (jumps.time[j]! - jumps.time[j - 1]!) / 2;
        if (!(later > 0)) throw new Error(`jump ${j} is before jump ${j - 1}`);
      }
    });
  }

  it('returns less the ledger are those without jumps, up to the compensator', () => {
    const { returns, block } = walk(model, params, 500, { pieces: 2, phi: 0.3 });
    const plain = walk(model, { ...params, intensity: 0 }, 500, { pieces: 2, phi: 0.3 }).returns;
    for (let j = 0; j < block.jumps.count; j++) returns[block.jumps.session[j]!]! -= block.jumps.size[j]!;
    returns.forEach((r, s) => {
      expect(r + params.intensity * kappa(params) * YEARS).toBeCloseTo(plain[s]!, 12);
    });
  });
});

it('bad params are refused by field', () => {
  expect(model.check({ ...merton, mu: Number.NaN, sigma: -1, intensity: -1 }).map((p) => p.facts?.field)).toEqual([
    'mu',
    'sigma',
    'intensity',
  ]);
});
