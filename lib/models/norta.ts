// From target correlations of returns to correlations of normal shocks, when margins, copula or jumps stand between (NORTA).
import { type Problem, ProblemError } from '../base/problem.ts';
import { checkCopula, checkMargin, marginScale } from './copula.ts';
import { type CorrelationFactor, checkCorrelation, factorCorrelation, type Repair } from './correlation.ts';
import { feedbackCurves } from './feedback.ts';
import type { Feedback } from './law.ts';
import { refusal } from './model.ts';
import { MASS, mixture, POINTS, STEP } from './shock-grid.ts';

export interface ShockMargin {
  /** Degrees of freedom of the margin; Infinity is the normal law. */
  readonly df: number;
  /** Part of the return's variance that the shock carries: 1 for a diffusion, the diffusive part with jumps of one's own. */
  readonly share: number;
  /** Mean volatility over the root of its mean square, where a square-root process moves it; 1 where it does not move. */
  readonly steadiness: number;
  /** How its variance feeds on the innovations of the return; nothing where it does not. */
  readonly feedback?: Feedback | null;
}

/** A pair whose target no shocks can reach; `reachable` is what shocks of correlation 1 (or -1) give. */
export interface Unreachable {
  readonly row: string;
  readonly column: string;
  readonly target: number;
  readonly reachable: number;
}

export interface ShockCorrelation {
  /** Of the normal shocks; its repair is measured against what the pairs ask for one by one. */
  readonly factor: CorrelationFactor;
  /** Pairs set to 1 or -1 instead; empty under repair "none", which refuses them. */
  readonly unreachable: readonly Unreachable[];
}

/**
 * The shock matrix under which returns have the target matrix (Cario & Nelson 1997, NORTA: pair by pair, then repaired).
 * Return correlation = sqrt(share_i share_j) pearson(rho) together(rho): parts that are no shock's are independent of the others',
 * and volatilities that move apart take their toll, whether by shocks of their own (`steadiness`) or by those of returns (`feedback`).
 * Throws `model/refused` with every problem found.
 */
export function shockCorrelation(
  target: readonly (readonly number[])[],
  margins: readonly ShockMargin[],
  copulaDf: number,
  repair: Repair,
  names: readonly string[] = margins.map((_, i) => String(i)),
): ShockCorrelation {
  const problems = [...checkCorrelation(target, names), ...checkCopula(copulaDf)];
  for (const { df, share, steadiness } of margins) {
    problems.push(...checkMargin(df));
    if (!(steadiness > 0 && steadiness <= 1))
      problems.push(refusal('margin', 'steadiness', steadiness, 'above 0, at most 1'));
    if (!(share > 0 && share <= 1)) problems.push(refusal('margin', 'share', share, 'above 0, at most 1'));
  }
  if (margins.length !== target.length) {
    problems.push(refusal('margins', 'length', margins.length, `one for each of ${target.length} names`));
  }
  if (problems.length > 0) throw new ProblemError(problems);
  const expansions = new Map<number, MarginExpansion>();
  for (const { df } of margins) if (!expansions.has(df)) expansions.set(df, expand(copulaDf, df));
  const feedbackOf = feedbackCurves(copulaDf);
  const unreachable: Unreachable[] = [];
  const rows = target.map((row) => row.map(() => 1));
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      const rho = target[i]![j]!;
      const carried = Math.sqrt(margins[i]!.share * margins[j]!.share);
      const pearsonOf = curve(expansions.get(margins[i]!.df)!, expansions.get(margins[j]!.df)!);
      const togetherOf = together(margins[i]!.steadiness, margins[j]!.steadiness);
      const fedOf = feedbackOf(margins[i]!, margins[j]!);
      const side = Math.sign(rho);
      const curveOf: Curve = (size) => pearsonOf(size) * togetherOf(side * size) * fedOf(side * size);
      const solved = inverse(curveOf, rho / carried);
      if (solved === null) {
        const reachable = side * carried * curveOf(1);
        unreachable.push({ row: names[i]!, column: names[j]!, target: rho, reachable });
      }
      rows[i]![j] = rows[j]![i] = solved ?? Math.sign(rho);
    }
  }
  if (repair === 'none' && unreachable.length > 0) throw new ProblemError(unreachable.map(asProblem));
  return { factor: factorCorrelation(rows, repair, names), unreachable };
}

function asProblem({ row, column, target, reachable }: Unreachable): Problem {
  return {
    code: 'model/refused',
    message: `returns of ${row} and ${column} cannot reach their correlation: margins, jumps and volatilities that move apart leave too little to the shocks`,
    facts: { row, column, target, reachable },
    path: ['correlation', 'repair'],
    hint: 'lower the target or the share of jumps, or set repair to "nearest"',
  };
}

/** Correlation of normal shocks under which two unit-variance margins have the correlation `target`; null when out of reach. */
export function targetToNormal(target: number, dfA: number, dfB: number, copulaDf: number): number | null {
  return inverse(pearson(copulaDf, dfA, dfB), target);
}

type Curve = (rho: number) => number;

/**
 * E[s_i s_j] over the roots of E s_i^2 and E s_j^2 for volatilities s of square-root processes whose shocks correlate as those of
 * prices do. By Ito's lemma the noise of sqrt(v) has a constant size, so s_i and s_j correlate by about rho themselves: within .01 of
 * simulated ones for Feller ratios from 1 on. Exactly 1 where nothing moves.
 */
function together(a: number, b: number): Curve {
  const apart = Math.sqrt((1 - a * a) * (1 - b * b));
  return (rho) => a * b + rho * apart;
}

/** Bisection: curves are odd, rise, and lie below the diagonal. Targets out of reach by rounding alone are in reach. */
function inverse(curve: Curve, target: number): number | null {
  const size = Math.abs(target);
  const most = curve(1);
  if (size >= most) return size <= most + 1e-9 ? Math.sign(target) : null;
  let low = Math.min(size, 1);
  let high = 1;
  for (let i = 0; i < 52; i++) {
    const middle = (low + high) / 2;
    if (curve(middle) < size) low = middle;
    else high = middle;
  }
  return Math.sign(target) * ((low + high) / 2);
}

/** Hermite terms of odd degree 1, 3, ..., 41; even ones vanish for odd maps. */
const TERMS = 21;

/**
 * Pearson correlation of two margins as a function of the correlation of their normal shocks. For given W the margins are
 * g(x W); by Mehler's formula E g(x W) h(y W) = sum a_k b_k rho^k with their Hermite coefficients, so one sum over W
 * gives one power series, within 5e-6 (the sum over x is coarse where W is large). The terms past the last are taken as one,
 * with what is missing at rho = 1.
 */
export function pearson(copulaDf: number, dfA: number, dfB: number): Curve {
  return curve(expand(copulaDf, dfA), expand(copulaDf, dfB));
}

/** A margin at every node of the mixture: node by node its Hermite coefficients of odd degree, and its values. */
interface MarginExpansion {
  readonly copulaDf: number;
  readonly df: number;
  readonly weight: Float64Array;
  readonly odd: Float64Array;
  readonly values: Float64Array;
}

function curve(a: MarginExpansion, b: MarginExpansion): Curve {
  if (a.df === a.copulaDf && b.df === b.copulaDf) return (rho) => rho;
  const series = new Float64Array(TERMS);
  let rest = a.df === b.df ? 1 : 0;
  a.weight.forEach((weight, node) => {
    for (let k = 0, at = node * TERMS; k < TERMS; k++, at++) {
      series[k] = series[k]! + weight * a.odd[at]! * b.odd[at]!;
    }
    if (a.df === b.df) return;
    for (let i = 0, at = node * POINTS; i < POINTS; i++, at++)
      rest += weight * a.values[at]! * b.values[at]! * 2 * MASS[i]!;
  });
  for (const term of series) rest -= term;
  return (rho) => {
    const square = rho * rho;
    let sum = rest;
    for (let k = TERMS - 1; k >= 0; k--) sum = sum * square + series[k]!;
    return sum * rho;
  };
}

function expand(copulaDf: number, df: number): MarginExpansion {
  const nodes = mixture(copulaDf);
  const scale = marginScale(copulaDf, df);
  const odd = new Float64Array(nodes.length * TERMS);
  const values = new Float64Array(nodes.length * POINTS);
  nodes.forEach(({ w }, node) => {
    const coefficients = odd.subarray(node * TERMS, (node + 1) * TERMS);
    for (let i = 0; i < POINTS; i++) {
      const x = (i + 1) * STEP;
      const value = x * scale(x, w);
      values[node * POINTS + i] = value;
      // Orthonormal Hermite polynomials of degree 2k and 2k + 1.
      let even = 1;
      let next = x;
      for (let k = 0; k < TERMS; k++) {
        coefficients[k] = coefficients[k]! + 2 * value * MASS[i]! * next;
        const degree = 2 * k + 1;
        even = (x * next - Math.sqrt(degree) * even) / Math.sqrt(degree + 1);
        next = (x * even - Math.sqrt(degree + 1) * next) / Math.sqrt(degree + 2);
      }
    }
  });
  return { copulaDf, df, weight: Float64Array.from(nodes, ({ weight }) => weight), odd, values };
}
