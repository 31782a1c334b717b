// Laws of the square-root variance: moments of one step and of many, the stationary Gamma law, and the martingale of the price.
import { describe, expect, it } from 'vitest';
import { addNormals, inverseNormal } from '../../lib/math/draw.ts';
import { gammaP, normalCdf } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import type { VarianceStep } from '../../lib/models/model.ts';
import {
  checkSquareRoot,
  fellerRatio,
  type SquareRootParams,
  squareRootVariance,
  steadiness,
  warnSquareRoot,
} from '../../lib/models/square-root.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { draws } from '../thorough.ts';
import { central, mean, YEARS } from './rig.ts';

/** Andersen's hard case (models.md 2.4): Feller ratio .04. */
const hard: SquareRootParams = { kappa: 0.5, theta: 0.04, xi: 1, rho: -0.9 };
const mild: SquareRootParams = { kappa: 4, theta: 0.04, xi: 0.3, rho: -0.7 };
const step = (): VarianceStep => ({ integrated: 0, leverage: 0, residual: 0, annual: 0 });

/** Mean of f over one step from v, its shock running through N midpoints of the normal law. */
function expectation(params: SquareRootParams, dt: number, v: number, f: (next: number, out: VarianceStep) => number) {
  const n = draws(20_000);
  const process = squareRootVariance(params, dt);
  const out = step();
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const state = Float64Array.of(v);
    process.step(state, 0, inverseNormal((i + 0.5) / n), 1, out);
    sum += f(state[0]!, out);
  }
  return sum / n;
}
const meanAfter = ({ kappa, theta }: SquareRootParams, t: number, v: number) =>
  theta + (v - theta) * Math.exp(-kappa * t);
function varianceAfter({ kappa, theta, xi }: SquareRootParams, t: number, v: number): number {
  const e = Math.exp(-kappa * t);
  return (v * xi * xi * e * (1 - e)) / kappa + (theta * xi * xi * (1 - e) ** 2) / (2 * kappa);
}
/** Variances after each of some steps: one path. */
function path(params: SquareRootParams, dt: number, steps: number, seed: number, target = 1): Float64Array {
  const shocks = new Float64Array(steps);
  addNormals(shocks, streamOf(seed, { scope: 'asset', asset: 'X', component: 'variance' }), 1, 0, steps, 1);
  const process = squareRootVariance(params, dt);
  const state = new Float64Array(1);
  const out = step();
  process.start(state, 0, 0);
  return shocks.map((shock) => {
    process.step(state, 0, shock, target, out);
    return state[0]!;
  });
}

describe('square-root variance', () => {
  // psi from .002 to 25: both laws of the step, and either side of where they meet.
  const cases = [
    [mild, YEARS, 0.04],
    [mild, 0.1, 0.01],
    [mild, 1, 0.04],
    [hard, YEARS, 0.04],
    [hard, YEARS, 0.002],
    [hard, YEARS, 0],
    [hard, 0.1, 0.04],
    [hard, 1, 0.04],
  ] as const;

  it('a step has the exact mean and variance of the process', () => {
    for (const [params, dt, v] of cases) {
      const m = meanAfter(params, dt, v);
      expect(expectation(params, dt, v, (next) => next) / m).toBeCloseTo(1, 2);
      const variance = expectation(params, dt, v, (next) => (next - m) ** 2);
      expect(Math.abs(variance / varianceAfter(params, dt, v) - 1), `${dt} ${v}`).toBeLessThan(0.03);
    }
  });

  it('a step leaves the price a martingale', () => {
    for (const [params, dt, v] of cases) {
      for (const rho of [-0.9, -0.3, 0, 0.4]) {
        const growth = expectation({ ...params, rho }, dt, v, (_, { integrated, leverage, residual }) =>
          Math.exp(leverage + 0.5 * residual - 0.5 * integrated),
        );
        // The tail between the last two midpoints is what is missing.
        expect(Math.abs(growth - 1), `${dt} ${v} ${rho}`).toBeLessThan(rho > 0 && dt > 0.05 ? 0.02 : 2e-4);
      }
    }
  });

  it('the next variance grows with its shock, in the quadratic law from its lowest point on', () => {
    for (const [params, dt, v] of cases) {
      const m = meanAfter(params, dt, v);
      const psi = varianceAfter(params, dt, v) / (m * m);
      const lowest = psi > 1.5 ? 0 : normalCdf(-Math.sqrt(2 / psi - 1 + Math.sqrt((2 / psi) * (2 / psi - 1))));
      let last = -1;
      let i = 0;
      expectation(params, dt, v, (next) => {
        if (i++ / 20_000 < lowest) return 0;
        if (!(next >= last && next >= 0)) throw new Error(`${next} after ${last}`);
        last = next;
        return 0;
      });
      expect(last).toBeGreaterThan(m);
    }
  });

  for (const seed of [1, 2, 3]) {
    it(`mean and variance after a time are exact for either Feller ratio with seed ${seed}`, () => {
      for (const [params, dt] of [
        [hard, 1 / 12],
        [mild, YEARS],
      ] as const) {
        const [paths, steps] = [10_000, 12];
        const shocks = new Float64Array(paths * steps);
        addNormals(shocks, streamOf(seed, { scope: 'asset', asset: 'X', component: 'variance' }), 1, 0, paths, steps);
        const process = squareRootVariance({ ...params, v0: 0.09 }, dt);
        const out = step();
        const ends = Float64Array.from({ length: paths }, (_, p) => {
          const state = new Float64Array(1);
          process.start(state, 0, 0);
          for (let k = 0; k < steps; k++) process.step(state, 0, shocks[p * steps + k]!, 1, out);
          return state[0]!;
        });
        const variance = varianceAfter(params, steps * dt, 0.09);
        expect(Math.abs(mean(ends) - meanAfter(params, steps * dt, 0.09))).toBeLessThan(
          4 * Math.sqrt(variance / paths),
        );
        const spread = central(ends, 2);
        const se = Math.sqrt((central(ends, 4) - spread * spread) / paths);
        expect(Math.abs(spread - variance)).toBeLessThan(4 * se);
      }
    });

    it(`the stationary law is Gamma of shape 2 kappa theta / xi^2 with seed ${seed}`, () => {
      // One value in a year: what is left of the last one is e^-4.
      const years = 1000;
      const all = path(mild, YEARS, 252 * years, seed);
      const sample = Float64Array.from({ length: years }, (_, y) => all[252 * (y + 1) - 1]!);
      const rate = (2 * mild.kappa) / mild.xi ** 2;
      expect(testKolmogorov(sample, (v) => gammaP(fellerRatio(mild), rate * v)).pvalue).toBeGreaterThan(1e-3);
    });
  }

  it('Euler with full truncation keeps a variance below 0 to itself', () => {
    const process = squareRootVariance({ ...hard, scheme: 'euler' }, YEARS);
    const state = Float64Array.of(1e-4);
    const out = step();
    process.step(state, 0, -3, 1, out);
    const below = state[0]!;
    expect(below).toBeLessThan(0);
    process.step(state, 0, 1, 1, out);
    expect(out).toEqual({ integrated: 0, leverage: -0, residual: 0, annual: 0 });
    expect(state[0]).toBe(below + 0.5 * 0.04 * YEARS);
  });

  it('Euler leaves the price a martingale and has the mean of its scheme', () => {
    const params = { ...mild, scheme: 'euler' } as const;
    const growth = expectation(params, YEARS, 0.04, (_, { integrated, leverage, residual }) =>
      Math.exp(leverage + 0.5 * residual - 0.5 * integrated),
    );
    expect(growth).toBeCloseTo(1, 6);
    expect(expectation(params, YEARS, 0.09, (next) => next)).toBeCloseTo(0.09 + 4 * (0.04 - 0.09) * YEARS, 10);
  });

  it('a target moves the level by its square, and a target of 0 takes the variance to 0', () => {
    for (const scheme of ['qe', 'euler'] as const) {
      const level = mean(path({ ...mild, scheme }, YEARS, 252 * 400, 1, 1.5));
      // Stationary variance theta xi^2 / (2 kappa), correlated over 1 / kappa years on both sides.
      const se = Math.sqrt(((0.09 * 0.09) / 8) * (2 / 4 / 400));
      expect(Math.abs(level - 0.04 * 1.5 ** 2)).toBeLessThan(4 * se);
      const dying = path({ ...hard, scheme }, YEARS, 252 * 40, 1, 0);
      expect(dying.every(Number.isFinite)).toBe(true);
      expect(Math.max(dying.at(-1)!, 0)).toBe(0);
    }
  });

  it('without volatility of its own the variance goes straight to its level, and its integral is exact', () => {
    const process = squareRootVariance({ ...mild, xi: 0, v0: 0.16 }, 0.25);
    const state = new Float64Array(1);
    const out = step();
    process.start(state, 0, 0);
    process.step(state, 0, 2, 1, out);
    expect(state[0]).toBeCloseTo(0.04 + 0.12 * Math.exp(-1), 15);
    expect(out.integrated).toBeCloseTo(0.04 * 0.25 + (0.12 * (1 - Math.exp(-1))) / 4, 15);
    expect(out).toMatchObject({ leverage: 0, residual: out.integrated, annual: 0.16 });
    const nearly = squareRootVariance({ ...mild, xi: 1e-6, v0: 0.16 }, 0.25);
    nearly.start(state, 0, 0);
    nearly.step(state, 0, 2, 1, out);
    expect(state[0]).toBeCloseTo(0.04 + 0.12 * Math.exp(-1), 6);
    // What is left of it is the shock's own part of the return, within the half steps of its integral.
    expect(out.leverage / (-0.7 * Math.sqrt(out.integrated) * 2)).toBeCloseTo(1, 0);
  });

  it('extreme parameters leave nothing that is not finite', () => {
    for (const kappa of [1e-4, 1e4])
      for (const theta of [1e-8, 1e4])
        for (const xi of [1e-6, 1e4])
          for (const rho of [-1, 0, 1])
            for (const scheme of ['qe', 'euler'] as const) {
              const out = step();
              const state = Float64Array.of(theta);
              const process = squareRootVariance({ kappa, theta, xi, rho, scheme }, YEARS);
              for (const shock of [-6, 6, 0, 1, -1, 3]) {
                process.step(state, 0, shock, 1, out);
                const fine = Object.values(out).every(Number.isFinite) && out.integrated >= 0 && out.residual >= 0;
                if (!fine) throw new Error(JSON.stringify({ kappa, theta, xi, rho, scheme, out }));
              }
            }
  });

  it('bad params are refused by field, and a Feller ratio below 1 is warned of or refused as asked', () => {
    const fields = (change: Partial<SquareRootParams>) =>
      checkSquareRoot('heston', { ...mild, ...change }).map((p) => p.facts?.field);
    expect(fields({})).toEqual([]);
    expect(fields({ kappa: 0, theta: -1, xi: -1, rho: 1.01, v0: -0.1 })).toEqual(['kappa', 'theta', 'xi', 'rho', 'v0']);
    expect(fields({ kappa: Number.NaN, xi: 1e-9, scheme: 'milstein' as 'qe' })).toEqual(['kappa', 'xi', 'scheme']);
    expect(fields({ xi: 0, rho: -1, v0: 0 })).toEqual([]);
    expect(warnSquareRoot('heston', mild)).toEqual([]);
    expect(warnSquareRoot('heston', hard)).toEqual([
      'heston: Feller ratio 0.0400 is below 1, so the variance touches 0',
    ]);
    expect(fields({ ...hard, require_feller: true })).toEqual(['xi']);
    expect(fields({ require_feller: true })).toEqual([]);
  });
});

describe('steadiness', () => {
  const of = (xi: number) => steadiness({ kappa: 4, theta: 0.04, xi, rho: -0.5 });

  it('is E sqrt(v) / sqrt(E v) of the stationary law: 1 without volatility of variance, sqrt(2 / pi) where 2 v is chi-square(1)', () => {
    expect(of(0)).toBe(1);
    expect(of(Math.sqrt(0.64))).toBeCloseTo(Math.sqrt(2 / Math.PI), 12);
    expect(of(1e-3)).toBeCloseTo(1 - 1 / (8 * 320_000), 8);
    expect([0.1, 0.3, 0.5, 0.8].map(of)).toEqual([0.1, 0.3, 0.5, 0.8].map(of).sort((a, b) => b - a));
  });
});
