// Sums in place of integrals over normal shocks, and over the scale that a Student copula multiplies them by.
import { exp, log } from '../math/elementary.ts';
import { logGamma } from '../math/special.ts';

/** Trapezoid rule over the normal shock, spectrally accurate for what is smooth and dies out. */
export const STEP = 0.25;
export const POINTS = 96;

/** Normal mass of each point above 0. */
export const MASS = Float64Array.from({ length: POINTS }, (_, i) => {
  const x = (i + 1) * STEP;
  return (STEP * exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
});

/** Farthest that the log of a chi-square is followed below its degrees of freedom. */
const DEEPEST = 25;

/** Nodes of W = sqrt(df / chi2) and their masses: trapezoid rule in s = ln(chi2 / df), over all that is not negligible. */
export function mixture(df: number): readonly { readonly w: number; readonly weight: number }[] {
  if (df === Number.POSITIVE_INFINITY) return [{ w: 1, weight: 1 }];
  const a = df / 2;
  const step = Math.min(0.5, 0.7 / Math.sqrt(a));
  const peak = a * log(a) - a - logGamma(a);
  const nodes: { w: number; weight: number }[] = [];
  for (let i = -Math.ceil(DEEPEST / step); i * step < DEEPEST; i++) {
    const s = i * step;
    // ln density less its value at the peak s = 0.
    const drop = a * (s + 1 - exp(s));
    if (drop > -60) nodes.push({ w: exp(-s / 2), weight: step * exp(peak + drop) });
  }
  return nodes;
}
