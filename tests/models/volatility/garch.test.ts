// Laws of GARCH: unconditional variance, kurtosis and autocorrelation of squares where they exist, asymmetry, burn-in, drift.
import { describe, expect, it } from 'vitest';
import { model as gbm } from '../../../lib/models/gbm.ts';
import { loadVolatility, VOLATILITY_NAMES } from '../../../lib/models/volatility/catalog.ts';
import { type GarchParams, halfLife, kurtosis, model, persistence } from '../../../lib/models/volatility/garch.ts';
import { draws, seeds } from '../../thorough.ts';
import { central, correlation, errors, mean, type WalkOptions, walk, YEARS } from '../rig.ts';

const plain: GarchParams = { sigma: 0.2, alpha: 0.1, gamma: 0, beta: 0.8, innovations: 'normal' };
const gjr: GarchParams = { sigma: 0.2, alpha: 0.03, gamma: 0.12, beta: 0.8, innovations: 'normal' };
const N = draws(100_000);
const LEVEL = 0.04 * YEARS;

const run = (params: GarchParams, n: number, options: WalkOptions<GarchParams> = {}) =>
  walk(gbm, { mu: 0, sigma: 9 }, n, { ...options, volatility: { model, params } });
/** Innovations in units of the long-run deviation. */
const innovations = (params: GarchParams, n: number, options: WalkOptions<GarchParams> = {}) => {
  const { returns, block } = run(params, n, options);
  return returns.map((r, s) => (r + 0.5 * block.sd[s]! ** 2) / Math.sqrt(LEVEL));
};

describe('garch', () => {
  for (const seed of seeds(1, 2, 3)) {
    for (const [name, params] of [
      ['plain', plain],
      ['asymmetric', gjr],
    ] as const) {
      it(`${name}: variance and kurtosis are the closed forms with seed ${seed}`, () => {
        const e = innovations(params, N, { seed });
        expect(
          errors(
            e.map((x) => x * x),
            1,
          ),
        ).toBeLessThan(4);
        expect(
          errors(
            e.map((x) => x ** 4),
            kurtosis(params),
          ),
        ).toBeLessThan(4);
      });

      it(`${name}: sigma holds over nights and in short and long sessions with seed ${seed}`, () => {
        const e = innovations(params, N, { seed, phi: 0.3, pieces: 2 });
        expect(
          errors(
            e.map((x) => x * x),
            1,
          ),
        ).toBeLessThan(4);
        for (const whole of [0.5, 1.3]) {
          const { block } = run(params, N, { seed, prepare: ({ share }) => share.fill(whole) });
          expect(errors(block.annualVariance, 0.04)).toBeLessThan(4);
        }
      });
    }

    it(`squares have autocorrelation rho_1 p^(k-1) with seed ${seed}`, () => {
      const { alpha, beta } = plain;
      const squares = innovations(plain, N, { seed }).map((x) => x * x);
      const [m, v] = [mean(squares), central(squares, 2)];
      const first = (alpha * (1 - alpha * beta - beta * beta)) / (1 - 2 * alpha * beta - beta * beta);
      for (const k of [1, 2, 5, 10]) {
        const product = squares.slice(k).map((x, i) => ((x - m) * (squares[i]! - m)) / v);
        expect(errors(product, first * 0.9 ** (k - 1)), `lag ${k}`).toBeLessThan(4);
      }
    });

    it(`a fall raises variance more than a rise by gamma with seed ${seed}`, () => {
      const { returns, block } = run(gjr, N, { seed });
      const [h, dt] = [block.annualVariance, YEARS];
      for (let s = 1; s < 1000; s++) {
        const e = returns[s - 1]! + 0.5 * h[s - 1]! * dt;
        const next = LEVEL * (1 - persistence(gjr)) + (e < 0 ? 0.15 : 0.03) * e * e + 0.8 * h[s - 1]! * dt;
        expect(h[s]! * dt).toBeCloseTo(next, 15);
      }
      expect(correlation(returns.subarray(0, N - 1), h.subarray(1))).toBeLessThan(-0.05);
    });

    it(`the mean price grows as e^(mu t), over nights and in regimes too, with seed ${seed}`, () => {
      for (const [phi, factor, growth] of [
        [0, 1, 0],
        [0.3, 1, 0],
        [0.2, 2.5, 0.6],
      ] as const) {
        const { returns } = walk(gbm, { mu: 0.3, sigma: 9 }, 40_000, {
          seed,
          phi,
          volatility: { model, params: gjr },
          prepare: (block) => {
            block.volatility.fill(factor);
            block.growth.fill(growth);
          },
        });
        expect(errors(returns.map(Math.exp), Math.exp((0.3 + growth) * YEARS))).toBeLessThan(4);
      }
    });
  }

  it('without alpha and gamma it is the plain model of its sigma', () => {
    const flat = run({ ...plain, alpha: 0 }, 2000).ends;
    const { ends } = walk(gbm, { mu: 0, sigma: 0.2 }, 2000);
    flat.forEach((x, s) => {
      expect(x).toBeCloseTo(ends[s]!, 12);
    });
  });

  it('burns in: the first variances already spread as later ones, and no block moves them', () => {
    const first = Float64Array.from(
      { length: 1500 },
      (_, i) => run(plain, 1, { name: `N${i}` }).block.annualVariance[0]!,
    );
    const later = run(plain, N).block.annualVariance;
    expect(Math.abs(mean(first) / 0.04 - 1)).toBeLessThan(4 * Math.sqrt(central(later, 2) / 0.04 ** 2 / 1500));
    const spread = central(first, 2) / central(later, 2);
    expect(Math.abs(spread - 1)).toBeLessThan(4 * Math.sqrt((central(later, 4) / central(later, 2) ** 2 - 1) / 1500));
  });

  it('a target moves the level by its square; a factor of volatility does not feed back', () => {
    const { block } = run(plain, N, { prepare: ({ target }) => target.fill(2) });
    expect(errors(block.annualVariance.subarray(100), 0.16)).toBeLessThan(4);
    const scaled = run(plain, N, { prepare: ({ volatility }) => volatility.fill(3) }).block;
    expect(scaled.annualVariance.map((v) => v / 9)[N - 1]).toBeCloseTo(run(plain, N).block.annualVariance[N - 1]!, 12);
  });

  it('Student innovations widen the burn-in, and the margin says how', () => {
    const student: GarchParams = { ...plain, innovations: 'student', nu: 5 };
    expect([model.marginDf(plain), model.marginDf(student)]).toEqual([Number.POSITIVE_INFINITY, 5]);
    const first = (params: GarchParams) =>
      Float64Array.from({ length: 800 }, (_, i) => run(params, 1, { name: `N${i}` }).block.annualVariance[0]! / 0.04);
    expect(central(first(student), 2)).toBeGreaterThan(central(first(plain), 2));
    expect(errors(first(student), 1, 100)).toBeLessThan(4);
  });

  it('closed forms: persistence, half-life, and a kurtosis that is infinite where the fourth moment is', () => {
    expect(persistence(gjr)).toBeCloseTo(0.89, 15);
    expect(halfLife(plain)).toBeCloseTo(Math.log(0.5) / Math.log(0.9), 12);
    expect(kurtosis(plain)).toBeCloseTo((3 * (1 - 0.81)) / (1 - 0.64 - 0.16 - 0.03), 12);
    expect(kurtosis({ ...plain, alpha: 0.5, beta: 0.45 })).toBe(Number.POSITIVE_INFINITY);
    expect(kurtosis({ ...plain, innovations: 'student', nu: 4 })).toBe(Number.POSITIVE_INFINITY);
    expect(kurtosis({ ...plain, alpha: 0, innovations: 'student', nu: 6 })).toBeCloseTo(6, 12);
  });

  it('a unit root is refused unless said, and then starts at its level and has none', () => {
    const integrated: GarchParams = { ...plain, alpha: 0.1, beta: 0.9 };
    expect(model.check(integrated).map((p) => p.facts?.field)).toEqual(['alpha + gamma/2 + beta']);
    expect(model.check({ ...integrated, integrated: true })).toEqual([]);
    const { block, returns } = run({ ...integrated, integrated: true }, 3);
    expect(block.annualVariance[0]).toBe((0.2 * 0.2 * YEARS) / YEARS);
    const e = returns[0]! + 0.5 * LEVEL;
    expect(block.annualVariance[1]! * YEARS).toBeCloseTo(0.1 * e * e + 0.9 * LEVEL, 15);
  });

  it('bad params are refused by field, a burn-in too long is warned of', () => {
    const fields = (change: Partial<GarchParams>) => model.check({ ...plain, ...change }).map((p) => p.facts?.field);
    expect(fields({})).toEqual([]);
    expect(fields({ sigma: 0, alpha: -0.1, beta: -0.1 })).toEqual(['sigma', 'alpha', 'gamma', 'beta']);
    expect(fields({ gamma: -0.2 })).toEqual(['gamma']);
    expect(fields({ innovations: 'student' })).toEqual(['nu']);
    expect(fields({ innovations: 'student', nu: 2 })).toEqual(['nu']);
    expect(fields({ innovations: 'cauchy' as 'normal' })).toEqual(['innovations']);
    expect(fields({ alpha: 0.2, beta: 0.9, integrated: true })).toEqual(['alpha + gamma/2 + beta']);
    expect(fields({ alpha: Number.NaN })).toEqual(['alpha', 'gamma', 'alpha + gamma/2 + beta']);
    expect(model.warn!(plain)).toEqual([]);
    expect(model.warn!({ ...plain, alpha: 0.1, beta: 0.89995 })[0]).toMatch(/burn-in/);
  });
});

describe('catalog of volatility models', () => {
  it('every line loads the model of its name, with a schema that requires what it describes', async () => {
    for (const name of VOLATILITY_NAMES) {
      const found = await loadVolatility(name);
      expect(found.name).toBe(name);
      for (const field of found.params.required) expect(Object.keys(found.params.properties)).toContain(field);
    }
    await expect(loadVolatility('grach')).rejects.toMatchObject({
      problems: [{ code: 'model/refused', hint: 'did you mean "garch"?' }],
    });
  });
});
