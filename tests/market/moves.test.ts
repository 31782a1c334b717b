// Laws of what is known of a move: its mean and variance given what is in force.
import { expect, it } from 'vitest';
import { movesOf } from '../../lib/market/moves.ts';
import { spanOf } from '../../lib/market/span.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import type { Truth } from '../../lib/market/truth.ts';
import { jumpLaw } from '../../lib/models/jumps.ts';
import { constantLaw, type ReturnLaw } from '../../lib/models/law.ts';
import { model as ou } from '../../lib/models/ou.ts';
import { squareRootLaw } from '../../lib/models/square-root-law.ts';

const span = spanOf('B', 'B', '2024-01-01', '2024-01-03');
const DT = 1 / 252;
const of = (...values: number[]) => Float64Array.from(values);
const truth = (law: ReturnLaw, variance: Float64Array, more: Partial<Truth> = {}) =>
  ({
    ...{ law, span, periodsPerYear: 252, surroundings: CALM },
    latent: { variance, sd: variance.map((v) => Math.sqrt(v * DT)) },
    ...more,
  }) as Truth;
const shares = {
  closed: of(0.3, 0.3, 0.3),
  open: of(0.7, 0.7, 0.7),
  end: of(1, 1, 1),
  bars: () => ({ share: of(1), edges: of(0, 1) }),
};
const prices = { open: of(100, 110, 120), close: of(105, 115, 125) };

it('a jump diffusion pays for its jumps, with what regimes make of them', () => {
  const jumps = jumpLaw({ law: 'merton', intensity: 10, mean: 0, sd: 0.1 });
  const law: ReturnLaw = { kind: 'path', mu: 0.1, jumps, variance: constantLaw(0.2) };
  const surroundings = { ...CALM, jumpIntensity: of(2, 2, 2), volatility: of(3, 3, 3), growth: of(0.5, 0.5, 0.5) };
  const { mean, variance, gapMean, gapVariance } = movesOf(
    truth(law, of(0, 0, 0), { surroundings }),
    shares,
    prices,
  )(1);
  const drift = (0.6 - 20 * Math.expm1(0.005) - (9 * 0.04) / 2) * DT;
  expect([mean, gapMean]).toEqual([expect.closeTo(0.7 * drift, 15), expect.closeTo(0.3 * drift, 15)]);
  expect([variance, gapVariance]).toEqual([expect.closeTo(0.7 * 0.36 * DT, 15), expect.closeTo(0.3 * 0.36 * DT, 15)]);
});

it.each(['qe', 'euler'] as const)(
  'by %s leverage takes rho^2 of the variance from the shocks, and the last session is not known',
  (scheme) => {
    const params = { kappa: 4, theta: 0.04, xi: 0.4, rho: -0.6, scheme };
    const law: ReturnLaw = { kind: 'path', mu: 0, jumps: null, variance: squareRootLaw(params, DT) };
    const move = movesOf(
      truth(law, of(0.04, 0.05, 0.06)),
      { ...shares, closed: of(0, 0, 0), open: of(1, 1, 1) },
      prices,
    );
    const integrated = (scheme === 'qe' ? 0.045 : 0.04) * DT;
    const { mean, variance, sway } = move(0);
    expect([variance, sway]).toEqual([expect.closeTo(0.64 * integrated, 15), 0]);
    // dv = kappa (theta - v) dt + xi sqrt(v) dB, so rho int sqrt(v) dB = (rho / xi) (dv - kappa int (theta - v) dt).
    expect(mean + integrated / 2).toBeCloseTo((-0.6 / 0.4) * (0.01 - 4 * (0.04 * DT - integrated)), 5);
    expect(move(2).variance).toBe(0);
    const swaying = movesOf(truth(law, of(0.04, 0.05, 0.06)), shares, prices)(0);
    expect(swaying).toMatchObject({ gapVariance: 0, sway: expect.closeTo(0.36 * integrated * 0.21, 15) });
  },
);

it('a reverting price goes back from where it opened, events apart', () => {
  const params = { level: 100, theta: 2, sigma: 0.3, trend: 0.1 };
  const shift = { knots: () => [], at: (s: number) => (s === 1 ? 0.05 : 0) };
  const move = movesOf(
    truth(ou.law!(params, DT, null), of(0, 0, 0), { surroundings: { ...CALM, shift } }),
    shares,
    prices,
  );
  move(0);
  const { mean, variance } = move(1);
  const level = (t: number) => Math.log(100) - 0.09 / 8 + 0.1 * t;
  const [from, to] = [1.3 * DT, 2 * DT];
  const x = Math.log(110) - 0.05;
  const decay = Math.exp(-2 * 0.7 * DT);
  expect(mean).toBeCloseTo(level(to) + (x - level(from)) * decay - x, 14);
  expect(variance).toBeCloseTo((0.09 * (1 - decay * decay)) / 4, 15);
});
