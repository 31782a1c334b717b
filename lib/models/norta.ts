// From target correlations of returns to correlations of normal shocks, when margins, copula or jumps stand between (NORTA).
import { type Problem, ProblemError } from '../base/problem.ts';
import { exp, log } from '../math/elementary.ts';
import { logGamma } from '../math/special.ts';
import { checkCopula, checkMargin, marginScale } from './copula.ts';
import { type CorrelationFactor, checkCorrelation, factorCorrelation, type Repair } from './correlation.ts';
import { refusal } from './model.ts';

export interface ShockMargin {
  /** Degrees of freedom of the margin; Infinity is the normal law. */
  readonly df: number;
  /** Part of the return's variance that the shock carries: 1 for a diffusion, the diffusive part with jumps of one's own. */
  readonly share: number;
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
 * Return correlation = sqrt(share_i share_j) pearson(rho): parts that are no shock's are independent of the others'.
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
  for (const { df, share } of margins) {
    problems.push(...checkMargin(df));
    if (!(share > 0 && share <= 1)) problems.push(refusal('margin', 'share', share, 'above 0, at most 1'));
  }
  if (margins.length !== target.length) {
    problems.push(refusal('margins', 'length', margins.length, `one for each of ${target.length} names`));
  }
  if (problems.length > 0) throw new ProblemError(problems);
  const curves = new Map<string, Curve>();
  const curveOf = (i: number, j: number) => {
    const [a, b] = [margins[i]!.df, margins[j]!.df];
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    const known = curves.get(key) ?? pearson(copulaDf, Math.min(a, b), Math.max(a, b));
    curves.set(key, known);
    return known;
  };
  const unreachable: Unreachable[] = [];
  const rows = target.map((row) => row.map(() => 1));
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      const rho = target[i]![j]!;
      const carried = Math.sqrt(margins[i]!.share * margins[j]!.share);
      const solved = inverse(curveOf(i, j), rho / carried);
      if (solved === null) {
        const reachable = Math.sign(rho) * carried * curveOf(i, j)(1);
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
    message: `returns of ${row} and ${column} cannot reach their correlation: margins and jumps leave too little to the shocks`,
    facts: { row, column, target, reachable },
    hint: 'lower the target or the share of jumps, or set repair to "nearest"',
  };
}

/** Correlation of normal shocks under which two unit-variance margins have the correlation `target`; null when out of reach. */
export function targetToNormal(target: number, dfA: number, dfB: number, copulaDf: number): number | null {
  return inverse(pearson(copulaDf, dfA, dfB), target);
}

type Curve = (rho: number) => number;

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
/** Trapezoid rule over the normal shock, spectrally accurate for what is smooth and dies out. */
const STEP = 0.25;
const POINTS = 96;

/**
 * Pearson correlation of two margins as a function of the correlation of their normal shocks. For given W the margins are
 * g(x W); by Mehler's formula E g(x W) h(y W) = sum a_k b_k rho^k with their Hermite coefficients, so one sum over W
 * gives one power series, within 5e-6 (the sum over x is coarse where W is large). The terms past the last are taken as one, with what is missing at rho = 1.
 */
export function pearson(copulaDf: number, dfA: number, dfB: number): Curve {
  if (dfA === copulaDf && dfB === copulaDf) return (rho) => rho;
  const scaleA = marginScale(copulaDf, dfA);
  const scaleB = marginScale(copulaDf, dfB);
  const series = new Float64Array(TERMS);
  let full = 0;
  for (const { w, weight } of mixture(copulaDf)) {
    const a = hermite(scaleA, w);
    const b = dfA === dfB ? a : hermite(scaleB, w);
    for (let k = 0; k < TERMS; k++) series[k] = series[k]! + weight * a.odd[k]! * b.odd[k]!;
    for (let i = 0; i < POINTS; i++) full += weight * a.values[i]! * b.values[i]! * 2 * a.mass[i]!;
  }
  let rest = dfA === dfB ? 1 : full;
  for (let k = 0; k < TERMS; k++) rest -= series[k]!;
  return (rho) => {
    const square = rho * rho;
    let sum = rest;
    for (let k = TERMS - 1; k >= 0; k--) sum = sum * square + series[k]!;
    return sum * rho;
  };
}

interface Expansion {
  /** Coefficients of the orthonormal Hermite polynomials of odd degree. */
  readonly odd: Float64Array;
  /** The margin at each point x > 0, and the normal mass of that point. */
  readonly values: Float64Array;
  readonly mass: Float64Array;
}

function hermite(scale: (shock: number, common: number) => number, w: number): Expansion {
  const odd = new Float64Array(TERMS);
  const values = new Float64Array(POINTS);
  const mass = new Float64Array(POINTS);
  for (let i = 0; i < POINTS; i++) {
    const x = (i + 1) * STEP;
    values[i] = x * scale(x, w);
    mass[i] = (STEP * exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
    let even = 1;
    let next = x;
    for (let k = 0; k < TERMS; k++) {
      odd[k] = odd[k]! + 2 * values[i]! * mass[i]! * next;
      const degree = 2 * k + 1;
      even = (x * next - Math.sqrt(degree) * even) / Math.sqrt(degree + 1);
      next = (x * even - Math.sqrt(degree + 1) * next) / Math.sqrt(degree + 2);
    }
  }
  return { odd, values, mass };
}

/** Farthest that the log of a chi-square is followed below its degrees of freedom. */
const DEEPEST = 25;

/** Nodes of W = sqrt(df / chi2) and their masses: trapezoid rule in s = ln(chi2 / df), over all that is not negligible. */
function mixture(df: number): readonly { readonly w: number; readonly weight: number }[] {
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
