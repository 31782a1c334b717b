// The law of a square-root variance by its schemes: the next variance given this one, and what both say of the return between them.
import { expm1 } from '../math/elementary.ts';
import { normalCdf } from '../math/special.ts';
import { normalScore, type VarianceLaw } from './law.ts';
import { type SquareRootParams, SWITCH, squareRootVariance } from './square-root.ts';

/** How many standard deviations Euler's normal law must stay from 0, where it is cut. */
const FAR = 8;

export function squareRootLaw(params: SquareRootParams, yearsPerSession: number): VarianceLaw {
  const { kappa, theta, xi, scheme } = params;
  const euler = scheme === 'euler';
  const gone = -expm1(-kappa * yearsPerSession);
  const process = squareRootVariance(params, yearsPerSession);
  const probe = (v: number, shock: number, target: number) => {
    const state = Float64Array.of(v);
    const out = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
    process.step(state, 0, shock, target, out);
    return { next: state[0]!, ...out };
  };
  return {
    of: 'shocks',
    /** Leverage, integrated and residual variance are linear in the next variance, so two steps of the process say all of them. */
    parts(v, next, target) {
      // Euler stores variances below 0 and shows them as 0.
      if (euler && !(v > 0 && next > 0)) return null;
      const [a, b] = [probe(v, 0, target), probe(v, 1, target)];
      const part = a.next === b.next ? 0 : (next - a.next) / (b.next - a.next);
      const line = (name: 'integrated' | 'residual' | 'leverage') => a[name] + part * (b[name] - a[name]);
      return { integrated: line('integrated'), residual: line('residual'), leverage: line('leverage') };
    },
    /** Andersen (2008), 3.2.1, or the normal law of Euler; steps whose law has an atom at 0 have none. */
    score(v, next, target) {
      if (!(xi > 0)) return Number.NaN;
      const level = theta * target * target;
      if (euler) {
        const [m, sd] = [v + kappa * (level - v) * yearsPerSession, xi * Math.sqrt(v * yearsPerSession)];
        return m > FAR * sd && sd > 0 ? (next - m) / sd : Number.NaN;
      }
      const m = level + (v - level) * (1 - gone);
      const psi = (xi * xi * gone * (v * (1 - gone) + (level * gone) / 2)) / (kappa * m * m);
      if (!(psi <= SWITCH)) return Number.NaN;
      const b2 = 2 / psi - 1 + Math.sqrt((2 / psi) * (2 / psi - 1));
      const [b, root] = [Math.sqrt(b2), Math.sqrt((next * (1 + b2)) / m)];
      // P(V <= next) of V = a (b + Z)^2: from the lower tail or the upper one, whichever has digits.
      const above = normalCdf(b - root) + normalCdf(-b - root);
      return above < 0.5 ? -normalScore(above) : normalScore(normalCdf(root - b) - normalCdf(-root - b));
    },
  };
}
