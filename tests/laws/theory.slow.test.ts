// What theory says of whole paths: their mean at a horizon for every model of the catalog, and the tails of jumps.
import { describe, expect, it } from 'vitest';
import { model as jumpDiffusion } from '../../lib/models/jump-diffusion.ts';
import type { Model } from '../../lib/models/model.ts';
import type { OuParams } from '../../lib/models/ou.ts';
import { errors, mean, walk, YEARS } from '../models/rig.ts';
import { combinations, facts } from './rig.ts';

/** Paths and sessions of each: the mean of e^x has all its digits where x moves by some fifths. */
const PATHS = 1000;
const SESSIONS = 250;
const T = SESSIONS * YEARS;

// Student innovations have no mean of e^x at all, so theirs are normal here.
describe.each(
  combinations('index', { innovations: 'normal', mean: -0.02, sd: 0.05 }).map((one) => [one.name, one] as const),
)('%s', (_, { model, params, volatility }) => {
  const { mu, startPrice } = facts('index');
  const log = Math.log(startPrice);

  for (const round of [1, 2, 3]) {
    it(`the mean of S(T) over ${PATHS} paths is that of theory, round ${round}`, () => {
      const ratios = Float64Array.from({ length: PATHS }, (_, path) => {
        const options = { ...(volatility && { volatility }), seed: 1000 * round + path, startPrice, phi: 0.3 };
        return Math.exp(walk(model, params, SESSIONS, options).ends.at(-1)! - log);
      });
      let expected = Math.exp(mu * T);
      if (model.name === 'ou') {
        // X(T) is normal: mean m + (x - m) e^(-theta T), variance sigma^2 (1 - e^(-2 theta T)) / (2 theta).
        const { level, theta, sigma } = params as OuParams;
        const m = Math.log(level) - sigma ** 2 / (4 * theta);
        const spread = (sigma ** 2 * -Math.expm1(-2 * theta * T)) / (2 * theta);
        expected = Math.exp(m + (log - m) * Math.exp(-theta * T) + spread / 2 - log);
      }
      expect(errors(ratios, expected, PATHS)).toBeLessThan(4);
    });
  }
});

describe('jumps', () => {
  const N = 40_000;
  it.each([
    [
      'merton',
      { mean: -0.003, sd: 0.01 },
      (p: Numbers) => [moment2(p), p.mean! ** 4 + 6 * p.mean! ** 2 * p.sd! ** 2 + 3 * p.sd! ** 4],
    ],
    [
      'kou',
      { probability_up: 0.3, up: 130, down: 110 },
      (p: Numbers) =>
        [2, 24].map(
          (k, i) => k * (p.probability_up! / p.up! ** (2 + 2 * i) + (1 - p.probability_up!) / p.down! ** (2 + 2 * i)),
        ),
    ],
  ] as const)(
    'of the law %s give returns the kurtosis k4 / k2^2 of a compound Poisson process',
    (law, sizes, moments) => {
      const params = { mu: 0.05, sigma: 0.2, law, intensity: 500, ...sizes } as never;
      const [second, fourth] = moments(sizes as Numbers) as [number, number];
      const k2 = (0.04 + 500 * second) * YEARS;
      const kurtosis = 3 + (500 * YEARS * fourth) / k2 ** 2;
      expect(kurtosis).toBeGreaterThan(3.2);
      for (const seed of [1, 2, 3]) {
        const { returns } = walk(jumpDiffusion as unknown as Model, params, N, { seed });
        const m = mean(returns);
        expect(
          errors(
            returns.map((r) => (r - m) ** 4 / k2 ** 2),
            kurtosis,
          ),
        ).toBeLessThan(4);
      }
    },
  );
});

type Numbers = Readonly<Record<string, number | undefined>>;
const moment2 = ({ mean: m, sd }: Numbers) => m! ** 2 + sd! ** 2;
