// E sqrt(h h') of variances that feed on the innovations of returns: against simulated ones, closed forms and limits.
import { describe, expect, it } from 'vitest';
import { normal } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { commonScale, marginScale } from '../../lib/models/copula.ts';
import { feedbackCurves } from '../../lib/models/feedback.ts';
import type { Feedback } from '../../lib/models/law.ts';
import { shockCorrelation } from '../../lib/models/norta.ts';
import { seeds } from '../thorough.ts';

const GAUSSIAN = Number.POSITIVE_INFINITY;
const NORMAL = Number.POSITIVE_INFINITY;
type Fed = { readonly df: number; readonly feedback: Feedback };
const fed = (df: number, alpha: number, gamma: number, beta: number): Fed => ({ df, feedback: { alpha, gamma, beta } });

const PLAIN = fed(NORMAL, 0.08, 0, 0.9);
const QUICK = fed(NORMAL, 0.15, 0, 0.6);
const FALLS = fed(NORMAL, 0.02, 0.12, 0.86);
const STUDENT = fed(8, 0.05, 0, 0.92);

const SESSIONS = 60_000;
const BATCHES = 30;

/** E sqrt(h h') over the roots of E h and E h', simulated, and its standard error by batches. */
function simulated(a: Fed, b: Fed, copulaDf: number, rho: number, seed: number) {
  const [x, y] = ['x', 'y'].map((asset) => streamOf(seed, { scope: 'asset', asset, component: 'diffusion' }));
  const common = commonScale(seed, copulaDf);
  const names = [a, b].map(({ df, feedback: { alpha, gamma, beta } }) => {
    const scale = marginScale(copulaDf, df);
    const omega = 1 - alpha - gamma / 2 - beta;
    const next = (h: number, z: number) => omega + (z < 0 ? alpha + gamma : alpha) * z * z * h + beta * h;
    return { scale, next };
  });
  const h = [1, 1];
  const batch = new Float64Array(BATCHES);
  for (let s = -2000; s < SESSIONS; s++) {
    const [u, v, w] = [normal(x!, s + 2000, 0), normal(y!, s + 2000, 0), common(s + 2000)];
    const shocks = [u, rho * u + Math.sqrt(1 - rho * rho) * v];
    if (s >= 0) {
      // E h is 1, so its half may be taken away and put back: what bursts bear of both goes.
      const at = Math.floor((s * BATCHES) / SESSIONS);
      batch[at] = batch[at]! + ((1 + Math.sqrt(h[0]! * h[1]!) - (h[0]! + h[1]!) / 2) * BATCHES) / SESSIONS;
    }
    names.forEach(({ scale, next }, i) => {
      h[i] = next(h[i]!, shocks[i]! * scale(shocks[i]!, w));
    });
  }
  const mean = batch.reduce((sum, one) => sum + one, 0) / BATCHES;
  const spread = batch.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (BATCHES - 1);
  return { mean, error: Math.sqrt(spread / BATCHES) };
}

describe('two variances of innovations', () => {
  const settings: readonly (readonly [string, Fed, Fed, number])[] = [
    ['alike', PLAIN, PLAIN, GAUSSIAN],
    ['with falls that count more', FALLS, FALLS, GAUSSIAN],
    ['of parameters of their own', QUICK, FALLS, GAUSSIAN],
    ['under Student innovations', STUDENT, PLAIN, GAUSSIAN],
    ['under a Student copula', PLAIN, FALLS, 5],
    ['one of which stands still', PLAIN, fed(NORMAL, 0, 0, 0.5), GAUSSIAN],
  ];
  for (const [title, a, b, copulaDf] of settings)
    for (const seed of seeds(1, 2, 3))
      it(`go together as simulated ones do: ${title}, seed ${seed}`, () => {
        const curve = feedbackCurves(copulaDf)(a, b);
        for (const rho of [-0.7, 0, 0.6]) {
          const { mean, error } = simulated(a, b, copulaDf, rho, seed);
          expect(Math.abs(curve(rho) - mean), `rho ${rho}`).toBeLessThan(4 * error + 2e-4);
        }
      });

  it('are 1 together where they are one', () => {
    for (const copulaDf of [GAUSSIAN, 4])
      for (const one of [PLAIN, QUICK, STUDENT, fed(4.5, 0.06, 0.02, 0.915)])
        expect(feedbackCurves(copulaDf)(one, { ...one })(1)).toBeCloseTo(1, 10);
    expect(feedbackCurves(GAUSSIAN)(PLAIN, QUICK)(1)).toBeLessThan(0.999);
    expect(feedbackCurves(GAUSSIAN)(FALLS, FALLS)(-1)).toBeLessThan(0.99);
  });

  it('are the product of their means where shocks are independent, and more where a copula moves both', () => {
    const of = feedbackCurves(GAUSSIAN);
    expect(of(PLAIN, FALLS)(0) ** 2).toBeCloseTo(of(PLAIN, PLAIN)(0) * of(FALLS, FALLS)(0), 6);
    expect(feedbackCurves(4)(PLAIN, FALLS)(0)).toBeGreaterThan(of(PLAIN, FALLS)(0) + 0.003);
  });

  it('do not ask who comes first, to the bit, nor for the sign of shocks where falls and rises count alike', () => {
    for (const rho of [-0.9, -0.3, 0.5]) {
      expect(feedbackCurves(GAUSSIAN)(PLAIN, FALLS)(rho)).toBe(feedbackCurves(GAUSSIAN)(FALLS, PLAIN)(rho));
      expect(feedbackCurves(5)(PLAIN, QUICK)(rho)).toBeCloseTo(feedbackCurves(5)(PLAIN, QUICK)(-rho), 12);
    }
    expect(feedbackCurves(GAUSSIAN)(FALLS, FALLS)(0.6)).toBeGreaterThan(
      feedbackCurves(GAUSSIAN)(FALLS, FALLS)(-0.6) + 0.01,
    );
  });

  it('have the covariance of their squares where they hardly move: 1 - (V - C) / 4', () => {
    // V = 2 a^2 / (1 - p^2 - 2 a^2) and C the same of rho^2 (Bollerslev 1986 for the variance of h).
    const [a, p] = [0.01, 0.9];
    const squared = (rho: number) => (2 * a * a * rho * rho) / (1 - p * p - 2 * a * a * rho * rho);
    const curve = feedbackCurves(GAUSSIAN)(fed(NORMAL, a, 0, p - a), fed(NORMAL, a, 0, p - a));
    for (const rho of [0, 0.4, 0.8]) {
      const expected = (squared(1) - squared(rho)) / 4;
      // The next term is of the order of V itself.
      expect(Math.abs((1 - curve(rho)) / expected - 1)).toBeLessThan(0.015);
    }
  });

  it('count as calmer where E h^1.25 does not exist, without a jump on the way', () => {
    const at = (alpha: number, beta = 0.85) => {
      const one = fed(3.5, alpha, 0, beta);
      return feedbackCurves(GAUSSIAN)(one, one)(0.5);
    };
    expect(at(0.13)).toBe(at(0.145));
    expect(at(0.12)).toBeGreaterThan(at(0.13));
    expect(Math.abs(at(0.129) - at(0.13))).toBeLessThan(0.005);
    // An integrated process has no mean at all; one that cannot fall back counts as still.
    expect(at(0.1, 0.95)).toBeLessThan(1);
    expect(at(0.02, 1)).toBe(1);
  });
});

describe('shocks of returns whose variances feed on them', () => {
  const pair = (rho: number) => [
    [1, rho],
    [rho, 1],
  ];
  const shocks = (rho: number, a: Fed, b: Fed, copulaDf = GAUSSIAN) =>
    shockCorrelation(
      pair(rho),
      [a, b].map((one) => ({ ...one, share: 1, steadiness: 1 })),
      copulaDf,
      'nearest',
      ['X', 'Y'],
    );

  it('correlate more than returns, by what variances that move apart take', () => {
    for (const rho of [-0.4, 0.2, 0.6, 0.9])
      for (const copulaDf of [GAUSSIAN, 6]) {
        const x = shocks(rho, PLAIN, FALLS, copulaDf).factor.matrix[1]![0]!;
        expect(Math.abs(x)).toBeGreaterThan(Math.abs(rho));
        // Normal innovations: Mehler leaves x to the Gaussian copula alone.
        if (copulaDf === GAUSSIAN) expect(x * feedbackCurves(copulaDf)(PLAIN, FALLS)(x)).toBeCloseTo(rho, 9);
      }
  });

  it('stay independent, and stay one where parameters are the same', () => {
    for (const copulaDf of [GAUSSIAN, 5]) {
      expect(Math.abs(shocks(0, FALLS, STUDENT, copulaDf).factor.matrix[1]![0]!)).toBe(0);
      expect(shocks(1, FALLS, FALLS, copulaDf).factor.matrix[1]![0]).toBe(1);
      expect(shocks(1, FALLS, FALLS, copulaDf).unreachable).toEqual([]);
    }
  });

  it('are those of gbm, to the bit, where nothing feeds', () => {
    const still = { share: 1, steadiness: 1, df: NORMAL };
    const plain = shockCorrelation(pair(0.6), [still, still], GAUSSIAN, 'none').factor;
    expect(shocks(0.6, fed(NORMAL, 0, 0, 0.9), fed(NORMAL, 0, 0, 0)).factor).toEqual(plain);
  });

  it('cannot reach every target where parameters differ: told with what they reach', () => {
    const { unreachable, factor } = shocks(0.999, PLAIN, QUICK);
    expect(factor.matrix[1]![0]).toBe(1);
    expect(unreachable).toEqual([
      {
        row: 'Y',
        column: 'X',
        target: 0.999,
        reachable: expect.closeTo(feedbackCurves(GAUSSIAN)(PLAIN, QUICK)(1), 12),
      },
    ]);
    expect(shocks(-0.995, FALLS, FALLS).unreachable).toMatchObject([{ target: -0.995 }]);
  });
});
