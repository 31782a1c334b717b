// Laws of ground truth beside prices: sizes of jumps and steps of variance become standard normals.
import { describe, expect, it } from 'vitest';
import { expectedJumps, jumpScores, recursion, varianceScores } from '../../lib/market/hidden.ts';
import { spanOf } from '../../lib/market/span.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import type { Truth } from '../../lib/market/truth.ts';
import { normal } from '../../lib/math/draw.ts';
import { normalCdf } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { type JumpParams, jumpLaw } from '../../lib/models/jumps.ts';
import type { VarianceLaw } from '../../lib/models/law.ts';
import { squareRootVariance } from '../../lib/models/square-root.ts';
import { squareRootLaw } from '../../lib/models/square-root-law.ts';
import { model as garch } from '../../lib/models/volatility/garch.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';

const stream = streamOf(1, { scope: 'asset', asset: 'A', component: 'variance' });
const N = 2000;
const bars = () => ({ share: Float64Array.of(1), edges: Float64Array.of(0, 1) });
const span = spanOf('B', 'B', '2024-01-01', '2024-01-01');

describe('jumps', () => {
  const merton: JumpParams = { law: 'merton', intensity: 10, mean: -0.02, sd: 0.05 };
  const kou: JumpParams = { law: 'kou', intensity: 10, probability_up: 0.4, up: 20, down: 30 };
  it.each([merton, kou])('of the law $law have normal scores, whatever shifts and spreads them', (params) => {
    const law = jumpLaw(params);
    const size = Float64Array.from({ length: N }, (_, j) => law.size(stream, 0, j, 0.01, 2));
    const surroundings = { ...CALM, jumpMean: Float64Array.of(0.01), jumpSd: Float64Array.of(2) };
    const truth = { span, surroundings, latent: { jumps: { day: new Int32Array(N).fill(span.days[0]!), size } } };
    const scores = jumpScores(law, truth as unknown as Truth);
    expect(scores).toHaveLength(N);
    expect(testKolmogorov(scores, normalCdf).pvalue).toBeGreaterThan(0.001);
  });

  it('are expected by the variance that passes, and by what regimes make of it', () => {
    const surroundings = { ...CALM, jumpIntensity: Float64Array.of(3, 1) };
    const shares = {
      closed: Float64Array.of(0.3, 0),
      open: Float64Array.of(0.7, 0.5),
      end: Float64Array.of(1, 0.5),
      bars,
    };
    const expected = expectedJumps(jumpLaw(merton), { surroundings, periodsPerYear: 250 } as Truth, shares);
    expect(expected).toBeCloseTo((10 * 3.5) / 250, 15);
  });

  it('of one size have no scores', () => {
    const jumps = { day: Int32Array.of(span.days[0]!), size: Float64Array.of(0.1) };
    const truth = { span, surroundings: CALM, latent: { jumps } } as unknown as Truth;
    expect(jumpScores(jumpLaw({ ...merton, sd: 0 }), truth)).toHaveLength(0);
  });
});

describe('variances', () => {
  const path = (params: Parameters<typeof squareRootVariance>[0]) => {
    const process = squareRootVariance(params, 1 / 252);
    const state = new Float64Array(1);
    const out = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
    process.start(state, 0, 0);
    const variance = new Float64Array(N);
    for (let s = 0; s < N; s++) {
      process.step(state, 0, normal(stream, s, 0), 1, out);
      variance[s] = out.annual;
    }
    return { latent: { variance }, surroundings: CALM, periodsPerYear: 252 } as unknown as Truth;
  };

  it.each([
    ['qe', 0.4],
    ['qe', 2.5],
    ['euler', 0.4],
  ] as const)('by %s with xi %f step by normals, near 0 and far from it', (scheme, xi) => {
    const params = { kappa: 4, theta: 0.04, xi, rho: -0.5, scheme };
    const law = (of: typeof params) => squareRootLaw(of, 1 / 252) as Extract<VarianceLaw, { of: 'shocks' }>;
    const scores = varianceScores(law(params), path(params));
    expect(scores.length).toBeGreaterThan(N / 10);
    expect(testKolmogorov(scores, normalCdf).pvalue).toBeGreaterThan(0.001);
    const wrong = varianceScores(law({ ...params, theta: 0.4 }), path(params));
    expect(testKolmogorov(wrong, normalCdf).pvalue).toBeLessThan(0.01);
  });

  it('of garch are those that the returns before them make', () => {
    const params = { sigma: 0.2, alpha: 0.1, gamma: 0.05, beta: 0.85, innovations: 'normal' } as const;
    const moves = new Float64Array(N);
    const variance = new Float64Array(N);
    const omega = (0.04 / 252) * (1 - 0.975);
    for (let s = 0, h = 0.04 / 252; s < N; s++) {
      variance[s] = h * 252;
      const e = Math.sqrt(h) * normal(stream, s, 0);
      moves[s] = e;
      h = omega + (e < 0 ? 0.15 : 0.1) * e * e + 0.85 * h;
    }
    const truth = { latent: { variance }, surroundings: CALM, memory: 0, periodsPerYear: 252 } as unknown as Truth;
    const ones = new Float64Array(N).fill(1);
    const shares = { closed: new Float64Array(N), open: ones, end: ones, bars };
    const innovations = Array.from(moves, (value, s) => ({ value, at: [Math.max(0, s - 1), s], by: [-1, 1] }));
    const nodes = { prices: ones, first: Int32Array.from(ones, (_, s) => s) };
    const law = (change: object) =>
      garch.law!({ ...params, ...change }, 1 / 252) as Extract<VarianceLaw, { of: 'innovations' }>;
    const of = (change: object) => Math.abs(recursion(law(change), truth, shares, innovations, nodes, 0)!);
    expect(of({})).toBeLessThan(1e-2);
    for (const wrong of [{ sigma: 0.21 }, { alpha: 0.101 }, { gamma: 0.06 }, { beta: 0.851 }])
      expect(of(wrong)).toBeGreaterThan(4);
  });
});
