// E sqrt(h_i h_j) of two variances that feed on the innovations of returns: what volatilities that move apart leave of correlations.
import { cos, pow } from '../math/elementary.ts';
import { solveLinear } from '../math/matrix.ts';
import { marginScale } from './copula.ts';
import type { Feedback } from './law.ts';
import { MASS, mixture, STEP } from './shock-grid.ts';

/** A return whose innovations have the Student law of `df` degrees, and how its variance feeds on them. */
interface Fed {
  readonly df: number;
  readonly feedback?: Feedback | null;
}

type Curve = (rho: number) => number;

const NONE: Feedback = { alpha: 0, gamma: 0, beta: 0 };

/** Nodes of a variance, degrees of Hermite polynomials, and parts into which correlations from 1 to -1 are cut: good to .001 together. */
const NODES = 8;
const DEGREES = 12;
const PARTS = 10;
/** The highest moment of a variance that must exist. */
const MOMENT = 1.25;
const HALVINGS = 50;

const RHOS = Array.from({ length: PARTS + 1 }, (_, t) => cos((Math.PI * t) / PARTS));
/** Points of the normal shock above 0, and the mass of 0 itself. */
const pointOf = (p: number): number => (p + 1) * STEP;
const ORIGIN = STEP / Math.sqrt(2 * Math.PI);
/** Chebyshev nodes over 0 to 1, and the polynomial of degree n at node j. */
const ANGLES = Float64Array.from({ length: NODES }, (_, j) => (Math.PI * (j + 0.5)) / NODES);
const PLACES = ANGLES.map((angle) => (1 + cos(angle)) / 2);
const BASIS = Float64Array.from({ length: NODES * NODES }, (_, at) =>
  cos((at % NODES) * ANGLES[Math.floor(at / NODES)]!),
);

/**
 * E sqrt(h_i h_j) over the roots of E h_i and E h_j in the stationary law, as a function of the correlation of normal shocks; exactly
 * 1 where neither variance moves. Returns correlate by it times what their innovations do, which are new in each session.
 *
 * A variance in units of its mean goes on to omega + A h, with A = beta + (alpha + gamma 1[z < 0]) z^2 and omega = 1 - E A. Functions
 * of it are taken as phi(v) / v with v = 1 / sqrt(h), from 0 to its largest value: sqrt(h), constants, and what expectations make of
 * them are smooth phi there, which values at Chebyshev nodes tell. By Mehler's formula the step of two variances is a sum of rho^k
 * times products of a matrix of one and of the other, so their joint law solves one small linear system. It exists where E h does; a
 * fourth moment of returns is not asked for. Where not even E h^1.25 is finite, alpha and gamma count as the greatest in their
 * proportion under which it is: no sample of a length that anyone makes shows the bursts that bear such a mean.
 */
export function feedbackCurves(copulaDf: number): (a: Fed, b: Fed) => Curve {
  const laws = new Map<string, Law>();
  const known = new Map<Fed, Law>();
  const curves = new Map<Law, Map<Law, Curve>>();
  const couplings = couplingsOf(copulaDf);
  const lawFor = (fed: Fed): Law => {
    const before = known.get(fed);
    if (before !== undefined) return before;
    const feedback = fed.feedback ?? NONE;
    const key = [fed.df, feedback.alpha, feedback.gamma, feedback.beta].join(' ');
    const law = laws.get(key) ?? lawOf(key, fed.df, feedback);
    laws.set(key, law);
    known.set(fed, law);
    return law;
  };
  return (one, other) => {
    if ((one.feedback ?? null) === null && (other.feedback ?? null) === null) return () => 1;
    const [first, second] = [lawFor(one), lawFor(other)];
    if (!first.moves && !second.moves) return () => 1;
    // In an order of their own, so that bits do not depend on that of names.
    const [a, b] = first.key < second.key ? [first, second] : [second, first];
    const row = curves.get(a) ?? new Map<Law, Curve>();
    curves.set(a, row);
    const curve = row.get(b) ?? curveOf(a, b, couplings());
    row.set(b, curve);
    return curve;
  };
}

/** The law of one variance in units of its mean. */
interface Law {
  readonly key: string;
  readonly moves: boolean;
  /** Falls and rises count alike. */
  readonly symmetric: boolean;
  /** 1 / sqrt(h) at each node. */
  readonly nodes: Float64Array;
  /** Per degree k, row by row: E[He_k(y) f(next)] at each node from phi at each node, with y the normal shock. */
  readonly step: readonly Float64Array[];
  /** E h as these nodes have it: near 1, and what is measured by them is measured in it. */
  readonly mean: number;
}

function lawOf(key: string, df: number, { alpha, gamma, beta }: Feedback): Law {
  const scale = marginScale(Number.POSITIVE_INFINITY, df);
  const squares = MASS.map((_, p) => {
    const z = pointOf(p) * scale(pointOf(p), 1);
    return z * z;
  });
  const part = beta < 1 ? tamed(squares, alpha, alpha + gamma, beta) : 0;
  const [rise, fall] = [part * alpha, part * (alpha + gamma)];
  const moves = rise > 0 || fall > 0;
  const level = moves ? beta : 0;
  const omega = 1 - level - (rise + fall) / 2;
  const most = Math.sqrt((1 - level) / omega);
  const nodes = PLACES.map((place) => most * place);
  const step = Array.from({ length: DEGREES }, () => new Float64Array(NODES * NODES));
  const degrees = new Float64Array(DEGREES);
  const polynomials = new Float64Array(NODES);
  const add = (i: number, shock: number, growth: number, mass: number) => {
    const v = nodes[i]!;
    const root = Math.sqrt(growth + omega * v * v);
    chebyshev((2 * v) / (root * most) - 1, polynomials);
    hermite(shock, degrees);
    for (let j = 0; j < NODES; j++) {
      // The polynomial that is 1 at node j and 0 at the others.
      let sum = 0.5;
      for (let n = 1; n < NODES; n++) sum += BASIS[j * NODES + n]! * polynomials[n]!;
      const value = (mass * root * 2 * sum) / NODES;
      for (let k = 0, at = i * NODES + j; k < DEGREES; k++) step[k]![at] = step[k]![at]! + degrees[k]! * value;
    }
  };
  for (let i = 0; i < NODES; i++) {
    add(i, 0, level, ORIGIN);
    MASS.forEach((mass, p) => {
      add(i, pointOf(p), level + rise * squares[p]!, mass);
      add(i, -pointOf(p), level + fall * squares[p]!, mass);
    });
  }
  const law = { key, moves, symmetric: rise === fall, nodes, step, mean: 1 };
  return { ...law, mean: jointRoot(law, law, alike(1)) };
}

/** The greatest part, up to 1, of the weights of squares under which E h^MOMENT exists: where E A^MOMENT is 1 at most. */
function tamed(squares: Float64Array, rise: number, fall: number, beta: number): number {
  const excess = (part: number) => {
    let sum = ORIGIN * pow(beta, MOMENT);
    squares.forEach((square, p) => {
      sum += MASS[p]! * (pow(beta + part * rise * square, MOMENT) + pow(beta + part * fall * square, MOMENT));
    });
    return sum - 1;
  };
  if (excess(1) <= 0) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  return low;
}

/** E[He_k(y) He_l(y')] of the normal scores of two names, row by row. */
type Coupling = Float64Array;

/** Of normal shocks with correlation rho. */
function alike(rho: number): Coupling {
  const out = new Float64Array(DEGREES * DEGREES);
  for (let k = 0, power = 1; k < DEGREES; k++, power *= rho) out[k * DEGREES + k] = power;
  return out;
}

/** Those of a copula at each of RHOS, worked out when first asked for. */
function couplingsOf(copulaDf: number): () => readonly Coupling[] {
  let made: readonly Coupling[] | null = null;
  return () => {
    made ??= copulaDf === Number.POSITIVE_INFINITY ? RHOS.map(alike) : mixed(copulaDf);
    return made;
  };
}

/** For given W the scores are functions of the normal shocks, so their Hermite coefficients and one sum over W tell. */
function mixed(copulaDf: number): readonly Coupling[] {
  const score = marginScale(copulaDf, Number.POSITIVE_INFINITY);
  const size = DEGREES * DEGREES;
  const out = RHOS.map((rho) => (Math.abs(rho) === 1 ? alike(rho) : new Float64Array(size)));
  const [shock, scores] = [new Float64Array(DEGREES), new Float64Array(DEGREES)];
  for (const { w, weight } of mixture(copulaDf)) {
    const coefficients = new Float64Array(size);
    const add = (x: number, mass: number) => {
      hermite(x, shock);
      hermite(x * score(x, w), scores);
      for (let k = 0; k < DEGREES; k++)
        for (let j = k % 2; j < DEGREES; j += 2)
          coefficients[k * DEGREES + j] = coefficients[k * DEGREES + j]! + mass * scores[k]! * shock[j]!;
    };
    add(0, ORIGIN);
    MASS.forEach((mass, p) => {
      add(pointOf(p), 2 * mass);
    });
    RHOS.forEach((rho, t) => {
      if (Math.abs(rho) === 1) return;
      for (let k = 0; k < DEGREES; k++)
        for (let l = k % 2; l < DEGREES; l += 2) {
          let sum = 0;
          for (let j = DEGREES - 1; j >= 0; j--)
            sum = sum * rho + coefficients[k * DEGREES + j]! * coefficients[l * DEGREES + j]!;
          out[t]![k * DEGREES + l] = out[t]![k * DEGREES + l]! + weight * sum;
        }
    });
  }
  return out;
}

/** E sqrt(h h') in the stationary law of two variances: a left eigenvector of their step, whose mass is 1. */
function jointRoot(a: Pick<Law, 'nodes' | 'step'>, b: Pick<Law, 'nodes' | 'step'>, coupling: Coupling): number {
  const n = NODES * NODES;
  const ones = Float64Array.from({ length: n }, (_, at) => a.nodes[Math.floor(at / NODES)]! * b.nodes[at % NODES]!);
  const unit = 1 / ones.reduce((sum, one) => sum + one, 0);
  // 1 - step' + unit ones', row by row: its solution for `unit` has mass 1, and so solves step' x = x.
  const system = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) system[row * n + column] = unit * ones[column]!;
    system[row * n + row] = system[row * n + row]! + 1;
  }
  const others = new Float64Array(n);
  for (let k = 0; k < DEGREES; k++) {
    others.fill(0);
    for (let l = 0; l < DEGREES; l++) {
      const weight = coupling[k * DEGREES + l]!;
      if (weight !== 0) for (let at = 0; at < n; at++) others[at] = others[at]! + weight * b.step[l]![at]!;
    }
    for (let i = 0; i < NODES; i++)
      for (let j = 0; j < NODES; j++) {
        const of = a.step[k]![i * NODES + j]!;
        if (of === 0) continue;
        for (let p = 0; p < NODES; p++)
          for (let q = 0; q < NODES; q++) {
            // From nodes (i, p) to (j, q), transposed.
            const place = (j * NODES + q) * n + i * NODES + p;
            system[place] = system[place]! - of * others[p * NODES + q]!;
          }
      }
  }
  return solveLinear({ n, values: system }, new Float64Array(n).fill(unit)).reduce((sum, x) => sum + x, 0);
}

/** The Chebyshev interpolant of it over RHOS. */
function curveOf(a: Law, b: Law, couplings: readonly Coupling[]): Curve {
  const scale = Math.sqrt(a.mean * b.mean);
  const even = a.symmetric && b.symmetric;
  const values = new Float64Array(PARTS + 1);
  for (let t = 0; t <= PARTS; t++)
    values[t] = even && t > PARTS / 2 ? values[PARTS - t]! : jointRoot(a, b, couplings[t]!) / scale;
  const half = (t: number) => (t === 0 || t === PARTS ? 0.5 : 1);
  const coefficients = values.map((_, n) => {
    let sum = 0;
    for (let t = 0; t <= PARTS; t++) sum += half(t) * values[t]! * cos((Math.PI * n * t) / PARTS);
    return (2 * half(n) * sum) / PARTS;
  });
  return (rho) => {
    let [next, after] = [0, 0];
    for (let n = PARTS; n > 0; n--) [next, after] = [coefficients[n]! + 2 * rho * next - after, next];
    return coefficients[0]! + rho * next - after;
  };
}

/** Chebyshev polynomials of degree 0, 1, ... at x. */
function chebyshev(x: number, out: Float64Array): void {
  out[0] = 1;
  out[1] = x;
  for (let n = 2; n < out.length; n++) out[n] = 2 * x * out[n - 1]! - out[n - 2]!;
}

/** Orthonormal Hermite polynomials of degree 0, 1, ... at x. */
function hermite(x: number, out: Float64Array): void {
  out[0] = 1;
  out[1] = x;
  for (let k = 2; k < out.length; k++) out[k] = (x * out[k - 1]! - Math.sqrt(k - 1) * out[k - 2]!) / Math.sqrt(k);
}
