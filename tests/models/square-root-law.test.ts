// The law of a square-root variance against the process that makes it: what two variances say, and the score of the step between them.
import { expect, test } from 'vitest';
import { normal } from '../../lib/math/draw.ts';
import { normalCdf } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import type { VarianceLaw } from '../../lib/models/law.ts';
import { squareRootVariance } from '../../lib/models/square-root.ts';
import { squareRootLaw } from '../../lib/models/square-root-law.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { YEARS } from './rig.ts';

const stream = streamOf(1, { scope: 'asset', asset: 'A', component: 'variance' });
const of = (params: Parameters<typeof squareRootLaw>[0]) =>
  squareRootLaw(params, YEARS) as Extract<VarianceLaw, { of: 'shocks' }>;

test.each([
  ['qe', 0.4],
  ['qe', 2.5],
  ['euler', 0.4],
] as const)(
  'by %s with xi %f a variance and the next one say all of the session between them, drawn to any target',
  (scheme, xi) => {
    const params = { kappa: 4, theta: 0.04, xi, rho: -0.5, scheme };
    const process = squareRootVariance(params, YEARS);
    const law = of(params);
    for (let k = 0; k < 200; k++) {
      const [v, target] = [0.002 * (k + 1), 1 + (k % 3)];
      const state = Float64Array.of(v);
      const out = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
      process.step(state, 0, normal(stream, k, 0), target, out);
      const parts = law.parts(v, state[0]!, target);
      if (parts === null) expect(scheme === 'euler' && state[0]! <= 0).toBe(true);
      for (const [name, value] of Object.entries(parts ?? {}))
        expect(value, name).toBeCloseTo(out[name as keyof typeof out], 12);
    }
  },
);

test('scores of steps are normals; a step whose law has an atom, and a variance without shocks, have none', () => {
  const params = { kappa: 4, theta: 0.04, xi: 0.4, rho: -0.5 };
  const process = squareRootVariance(params, YEARS);
  const out = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
  const scores = Float64Array.from({ length: 2000 }, (_, k) => {
    const state = Float64Array.of(0.03);
    process.step(state, 0, normal(stream, k, 1), 1, out);
    return of(params).score(0.03, state[0]!, 1);
  });
  expect(testKolmogorov(scores, normalCdf).pvalue).toBeGreaterThan(0.001);
  expect(of({ ...params, xi: 2.5 }).score(1e-7, 0.01, 1)).toBeNaN();
  expect(of({ ...params, scheme: 'euler' }).score(5e-4, 0.01, 1)).toBeNaN();
  expect(of({ ...params, xi: 0 }).score(0.04, 0.04, 1)).toBeNaN();
});
