// Sums over the grids are the integrals they stand for.
import { expect, test } from 'vitest';
import { MASS, mixture, STEP } from '../../lib/models/shock-grid.ts';

const ORIGIN = STEP / Math.sqrt(2 * Math.PI);
const evenMoment = (power: number) =>
  (power === 0 ? ORIGIN : 0) + MASS.reduce((sum, mass, p) => sum + 2 * mass * ((p + 1) * STEP) ** power, 0);

test('even moments of the points are those of a normal', () => {
  [1, 1, 3, 15, 105].forEach((moment, k) => {
    expect(evenMoment(2 * k) / moment).toBeCloseTo(1, 12);
  });
});

test('masses of a mixture sum to 1, and its scale has the moments of a root of an inverse chi-square', () => {
  for (const df of [5, 6, 9.5, 40]) {
    const nodes = mixture(df);
    const mean = (f: (w: number) => number) => nodes.reduce((sum, { w, weight }) => sum + weight * f(w), 0);
    expect(mean(() => 1)).toBeCloseTo(1, 5);
    expect(mean((w) => w * w)).toBeCloseTo(df / (df - 2), 5);
    expect(mean((w) => 1 / (w * w))).toBeCloseTo(1, 5);
  }
});

test('without a mixture the scale is 1', () => {
  expect(mixture(Number.POSITIVE_INFINITY)).toEqual([{ w: 1, weight: 1 }]);
});
