// Laws of the common path: shares of sessions that are short or long, leverage within a session, innovations, too many jumps.
import { describe, expect, it } from 'vitest';
import { addNormals } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { model as jumpDiffusion } from '../../lib/models/jump-diffusion.ts';
import type { VarianceProcess } from '../../lib/models/model.ts';
import { constantVariance, pathKernel } from '../../lib/models/path.ts';
import { draws } from '../thorough.ts';
import { central, emptyBlock, errors, mean, meanWithError, walk, YEARS } from './rig.ts';

const stream = (component: string) => streamOf(5, { scope: 'asset', asset: 'X', component });
const VARIANCE = 0.04 * YEARS;

/** Variance .04 a year, of which the shock of the variance explains half: leverage z sqrt(.5 V). */
const leaning = (settled: number[] = []): VarianceProcess => ({
  stateLength: 0,
  start() {},
  step(_state, _at, shock, _target, out) {
    out.integrated = VARIANCE;
    out.leverage = Math.sqrt(0.5 * VARIANCE) * shock;
    out.residual = 0.5 * VARIANCE;
    out.annual = 0.04;
  },
  settle(_state, _at, innovation) {
    settled.push(innovation);
  },
});

/** A path of n sessions of some pieces, whose shares and closed hours sum to `whole`. */
function run(variance: VarianceProcess, n: number, pieces: number, phi: number, whole: number) {
  const kernel = pathKernel({ mu: 0, variance, jumps: null }, { yearsPerSession: YEARS, stream });
  const block = emptyBlock(n, pieces, kernel.stateLength);
  addNormals(block.shocks, stream('diffusion'), 1, 0, n, pieces);
  addNormals(block.varianceShock, stream('variance'), 1, 0, n, 1);
  addNormals(block.gap, stream('overnight'), 1, 0, n, 1);
  block.phi.fill(phi);
  block.share.fill((whole - phi) / pieces);
  kernel.fill(block, 0, n);
  const ends = Float64Array.from({ length: n }, (_, s) => block.to[(s + 1) * pieces - 1]!);
  return { block, returns: ends.map((x, s) => x - (s === 0 ? 0 : ends[s - 1]!)) };
}

describe('path', () => {
  for (const [what, phi, whole] of [
    ['a whole session', 0, 1],
    ['a session with a night', 0.3, 1],
    ['an early close', 0.2, 0.6],
    ['a session after a long weekend', 0.5, 1.4],
  ] as const) {
    it(`${what} has its shares' part of the variance, leverage included`, () => {
      const n = draws(40_000);
      const { returns } = run(leaning(), n, 2, phi, whole);
      expect(Math.abs(central(returns, 2) / (whole * VARIANCE) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    });

    it(`${what} has pieces of their own variance, whose bridges say so, and no correlation between them`, () => {
      const n = draws(40_000);
      const { block } = run(leaning(), n, 2, phi, whole);
      const piece = (k: number) =>
        Float64Array.from({ length: n }, (_, s) => block.to[2 * s + k]! - block.from[2 * s + k]!);
      const [a, b] = [piece(0), piece(1)];
      const part = ((whole - phi) / 2) * VARIANCE;
      expect(block.variance[1]).toBeCloseTo(part, 15);
      for (const x of [a, b]) expect(Math.abs(central(x, 2) / part - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
      const covariance = mean(a.map((x, s) => x * b[s]!)) - mean(a) * mean(b);
      expect(Math.abs(covariance / part)).toBeLessThan(4 / Math.sqrt(n));
    });
  }

  it('leverage goes with the shock of the variance as its share of the variance says', () => {
    const n = draws(20_000);
    const { block, returns } = run(leaning(), n, 4, 0, 1);
    const product = returns.map((r, s) => (r / Math.sqrt(VARIANCE)) * block.varianceShock[s]!);
    expect(errors(product, Math.sqrt(0.5))).toBeLessThan(4);
  });

  it('the innovation told to the variance is that of a session of share 1, without factor, leverage and drift', () => {
    for (const [phi, whole, factor] of [
      [0, 1, 1],
      [0.2, 0.6, 3],
      [0.5, 1.4, 0.5],
    ] as const) {
      const settled: number[] = [];
      const kernel = pathKernel({ mu: 9, variance: leaning(settled), jumps: null }, { yearsPerSession: YEARS, stream });
      const n = draws(20_000);
      const block = emptyBlock(n, 3, kernel.stateLength);
      addNormals(block.shocks, stream('diffusion'), 1, 0, n, 3);
      addNormals(block.gap, stream('overnight'), 1, 0, n, 1);
      block.phi.fill(phi);
      block.share.fill((whole - phi) / 3);
      block.volatility.fill(factor);
      kernel.fill(block, 0, n);
      const z = Float64Array.from(settled, (e) => e / Math.sqrt(0.5 * VARIANCE));
      expect(Math.abs(mean(z))).toBeLessThan(4 / Math.sqrt(n));
      expect(Math.abs(central(z, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    }
  });

  it('what bars remember is no innovation', () => {
    const settled: number[] = [];
    const kernel = pathKernel({ mu: 0, variance: leaning(settled), jumps: null }, { yearsPerSession: YEARS, stream });
    const block = { ...emptyBlock(3, 2, kernel.stateLength), fresh: Float64Array.of(1, 0, 0, 1, 0, 0) };
    block.shocks.fill(7);
    kernel.fill(block, 0, 3);
    expect(settled.map((e) => e / Math.sqrt(0.25 * VARIANCE))).toEqual([1, 1, 0].map((e) => expect.closeTo(e, 12)));
  });

  it('a short session has its part of the jumps, a long one more than the usual', () => {
    const params = { mu: 0, sigma: 0.1, law: 'merton', intensity: 252, mean: 0.01, sd: 0.02 } as const;
    for (const whole of [0.5, 1, 1.3]) {
      const n = draws(20_000);
      const { block } = walk(jumpDiffusion, params, n, { prepare: ({ share }) => share.fill(whole) });
      expect(Math.abs(block.jumps.count / n - whole)).toBeLessThan(4 * Math.sqrt(whole / n));
      expect(Math.max(...block.jumps.time.subarray(0, block.jumps.count))).toBeCloseTo(whole, 2);
      // So prices grow as the market does.
      const { ends } = walk(jumpDiffusion, { ...params, mu: 0.5 }, n, { prepare: ({ share }) => share.fill(whole) });
      const growth = ends.map((x, s) => Math.exp(x - (s === 0 ? 0 : ends[s - 1]!)));
      const { mean: m, se } = meanWithError(growth);
      expect(Math.abs(m - Math.exp(0.5 * whole * YEARS))).toBeLessThan(4 * se);
    }
  });

  it('more jumps than a session can hold are refused, not dropped', () => {
    const params = { mu: 0, sigma: 0.1, law: 'merton', intensity: 10_000, mean: 0, sd: 0.02 } as const;
    expect(() => walk(jumpDiffusion, params, 1, { years: 1 })).toThrow(/more than 1024 jumps/);
    expect(
      walk(jumpDiffusion, params, 1, { prepare: ({ jumpIntensity }) => jumpIntensity.fill(20) }).ends,
    ).toHaveLength(1);
  });

  it('a constant variance is its square times the time, and leans on nothing', () => {
    const out = { integrated: 0, leverage: 1, residual: 0, annual: 0 };
    constantVariance(0.2, YEARS).step(new Float64Array(0), 0, 3, 1, out);
    expect(out).toEqual({ integrated: 0.2 * 0.2 * YEARS, leverage: 0, residual: 0.2 * 0.2 * YEARS, annual: 0.2 * 0.2 });
  });
});
