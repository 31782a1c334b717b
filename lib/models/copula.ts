// Gaussian and Student copulas as factors on a session's normal shock: z = F^-1(C(y)) is y times a positive scale.
import type { Problem } from '../base/problem.ts';
import { exp, log1p, pow } from '../math/elementary.ts';
import { chiSquare } from '../math/laws.ts';
import {
  NORMAL_LAW,
  normalQuantile,
  type SymmetricLaw,
  studentCdf,
  studentLaw,
  studentQuantile,
} from '../math/special.ts';
import { streamOf } from '../math/stream.ts';
import { refusal } from './model.ts';

// Both laws here are named by their degrees of freedom, any real number; Infinity is the normal law and the Gaussian copula.

/** Everything wrong with the copula's degrees of freedom. */
export function checkCopula(df: number): readonly Problem[] {
  return df > 0 ? [] : [refusal('copula', 'df', df, 'above 0')];
}

/** Everything wrong with a margin's degrees of freedom; up to 2 it would have no variance to set to 1. */
export function checkMargin(df: number): readonly Problem[] {
  return df > 2 ? [] : [refusal('margin', 'df', df, 'above 2')];
}

/**
 * W = sqrt(df / chi2) of a session, common to all names of the market or, in a grouped copula, of one class: normal shocks
 * times W are Student(df) with the copula of that law (Demarta & McNeil 2005, 2.1). Exactly 1 for the Gaussian copula.
 */
export function commonScale(seed: number | string, df: number, group = ''): (session: number) => number {
  if (df === Number.POSITIVE_INFINITY) return () => 1;
  const stream = streamOf(seed, { scope: group === '' ? 'market' : 'class', asset: group, component: 'copulaMix' });
  return (session) => Math.sqrt(df / chiSquare(stream, session, 0, df));
}

/**
 * scale(y, W) > 0 such that y * scale has the margin: unit-variance Student(marginDf), or standard normal. y is the
 * session's N(0,1) shock of the asset and W its commonScale; both maps are odd and increasing. With equal degrees it is
 * W sqrt((df - 2) / df), the plain scale mixture, which serves the session's pieces too; otherwise within a relative 1e-8, and
 * pieces have their `bridgeScale` beside the way to the session's end.
 */
export function marginScale(copulaDf: number, marginDf: number): (shock: number, common: number) => number {
  const unit = marginDf === Number.POSITIVE_INFINITY ? 1 : Math.sqrt((marginDf - 2) / marginDf);
  if (copulaDf === marginDf) return (_, common) => unit * common;
  const ratio = oddMap(copulaDf, marginDf);
  return (shock, common) => unit * common * ratio(shock * common);
}

/** The value of the Student law of `df` degrees that is as likely exceeded as a standard normal score; beyond 37 as at it. */
export function studentScore(df: number): (score: number) => number {
  const ratio = oddMap(Number.POSITIVE_INFINITY, df);
  return (score) => {
    const inside = Math.max(-FARTHEST, Math.min(FARTHEST, score));
    return inside * ratio(inside);
  };
}

/** Normal tails have digits up to here. */
const FARTHEST = 37;

/**
 * Factor on what the pieces of a session do beside their way to its end z, which has the margin. A Student z is a normal one
 * times a random S; given z, E S^2 = (df - 2 + z^2) / (df - 1), which is 1 on average, so bars have the variance of sessions.
 */
export function bridgeScale(marginDf: number): (z: number) => number {
  if (marginDf === Number.POSITIVE_INFINITY) return () => 1;
  return (z) => Math.sqrt((marginDf - 2 + z * z) / (marginDf - 1));
}

function lawOf(df: number): SymmetricLaw {
  return df === Number.POSITIVE_INFINITY ? NORMAL_LAW : studentLaw(df);
}

/** Derivative of the log density. */
function score(df: number, x: number): number {
  return df === Number.POSITIVE_INFINITY ? -x : (-(df + 1) * x) / (df + x * x);
}

/** Cells of the table per unit, and beyond its reach per doubling. */
const CELLS = 16;
/** Where the cells stop being equal: a normal shock is beyond 8 once in 10^15, a Student(4) one beyond 16 once in 10^4. */
const NORMAL_REACH = 8;
const STUDENT_REACH = 16;
const DOUBLINGS = 20;

/**
 * z / w of the map that takes the law of `from` degrees to that of `to`: a table of quintic Hermite pieces, whose ends
 * have the exact value, slope f(w) / g(z) and curvature. Heavy tails have a second table, made when first needed; beyond
 * all tables stands the quantile itself.
 */
function oddMap(from: number, to: number): (w: number) => number {
  const heavy = from !== Number.POSITIVE_INFINITY;
  const reach = heavy ? STUDENT_REACH : NORMAL_REACH;
  const source = lawOf(from);
  const quantile = to === Number.POSITIVE_INFINITY ? normalQuantile : (p: number) => studentQuantile(p, to);
  const near = hermitePieces(
    from,
    to,
    0,
    Float64Array.from({ length: reach * CELLS + 1 }, (_, i) => i / CELLS),
  );
  let far: Float64Array | null = null;
  return (w) => {
    const size = Math.abs(w);
    if (size < reach) {
      const cell = Math.floor(size * CELLS);
      const t = size * CELLS - cell;
      // In the first cell z = t times the rest with t = CELLS * w, and the division is done by hand so that w = 0 has its limit.
      return cell === 0 ? above(near, 0, t) * CELLS : (above(near, cell, t) * t + near[6 * cell]!) / size;
    }
    let octave = reach;
    let first = 0;
    for (; size >= 2 * octave && first < CELLS * DOUBLINGS; first += CELLS) octave *= 2;
    if (!heavy || first === CELLS * DOUBLINGS) return -quantile(source.tail(size)) / size;
    far ??= hermitePieces(from, to, -quantile(source.tail(reach)), farNodes(reach));
    const place = (size / octave - 1) * CELLS;
    const cell = first + Math.floor(place);
    const t = place - Math.floor(place);
    return (above(far, cell, t) * t + far[6 * cell]!) / size;
  };
}

/** The polynomial of a cell without its constant term, over t. */
function above(pieces: Float64Array, cell: number, t: number): number {
  const at = 6 * cell;
  let sum = pieces[at + 5]!;
  for (let k = 4; k >= 1; k--) sum = sum * t + pieces[at + k]!;
  return sum;
}

function farNodes(reach: number): Float64Array {
  const out = new Float64Array(CELLS * DOUBLINGS + 1);
  for (let i = 0, octave = reach; i < out.length; i++) {
    out[i] = octave * (1 + (i % CELLS) / CELLS);
    if (i % CELLS === CELLS - 1) octave *= 2;
  }
  return out;
}

/** Six coefficients a cell between neighbouring nodes, of powers of the place within it; z at the first node is given. */
function hermitePieces(from: number, to: number, first: number, nodes: Float64Array): Float64Array {
  const source = lawOf(from);
  const target = lawOf(to);
  const out = new Float64Array(6 * (nodes.length - 1));
  const slopeAt = (w: number, z: number) => exp(source.logDensity(w) - target.logDensity(z));
  const bendAt = (w: number, z: number, slope: number) => slope * (score(from, w) - slope * score(to, z));
  let z = first;
  let slope = slopeAt(nodes[0]!, z);
  let bend = bendAt(nodes[0]!, z, slope);
  for (let cell = 0; cell < nodes.length - 1; cell++) {
    const w = nodes[cell + 1]!;
    const step = w - nodes[cell]!;
    const nextZ = solve(source, target, w, z + step * (slope + (step * bend) / 2));
    const nextSlope = slopeAt(w, nextZ);
    const nextBend = bendAt(w, nextZ, nextSlope);
    const [s0, s1, b0, b1] = [step * slope, step * nextSlope, step * step * bend, step * step * nextBend];
    const a = nextZ - z - s0 - b0 / 2;
    const b = s1 - s0 - b0;
    const c = b1 - b0;
    out.set([z, s0, b0 / 2, 10 * a - 4 * b + c / 2, -15 * a + 7 * b - c, 6 * a - 3 * b + c / 2], 6 * cell);
    z = nextZ;
    slope = nextSlope;
    bend = nextBend;
  }
  return out;
}

/** z with P(Z > z) = P(W > w), by Newton's method from a near guess: on the log tail, or the middle where that has no digits. */
function solve(source: SymmetricLaw, target: SymmetricLaw, w: number, guess: number): number {
  const tail = source.tail(w);
  const middle = source.middle(w);
  let z = guess;
  for (let i = 0; i < 50; i++) {
    const at = target.tail(z);
    const short = tail > 0.25 ? middle - target.middle(z) : at * log1p((at - tail) / tail);
    const step = short * exp(-target.logDensity(z));
    z += step;
    if (Math.abs(step) <= 1e-9 * z) break;
  }
  return z;
}

/** Tail dependence of the Student copula, lower and upper alike: 2 T_{df+1}(-sqrt((df + 1)(1 - rho) / (1 + rho))); 0 for the Gaussian, |rho| < 1. */
export function tailDependence(df: number, rho: number): number {
  if (df === Number.POSITIVE_INFINITY) return 0;
  return 2 * studentCdf(-Math.sqrt(((df + 1) * (1 - rho)) / (1 + rho)), df + 1);
}

const STEPS = 2048;

/**
 * P(V < q | U < q) of the copula with correlation rho, |rho| < 1, 0 < q < 1/2; its limit at q -> 0 is the tail dependence.
 * Plackett's identity dP/drho (for Student: Genz 2004, Stat. Comput. 14), integrated from rho = -1, where P = 0, by
 * Simpson's rule in u = sqrt((1 + r) / (1 - r)).
 */
export function jointExceedance(df: number, rho: number, q: number): number {
  const x = df === Number.POSITIVE_INFINITY ? normalQuantile(q) : studentQuantile(q, df);
  const square = x * x;
  const density = (u: number) => {
    const form = square * (1 + 1 / (u * u));
    return (df === Number.POSITIVE_INFINITY ? exp(-form / 2) : pow(1 + form / df, -df / 2)) / (1 + u * u);
  };
  const end = Math.sqrt((1 + rho) / (1 - rho));
  let sum = density(end);
  for (let i = 1; i < STEPS; i++) sum += (i % 2 === 1 ? 4 : 2) * density((end * i) / STEPS);
  return (sum * end) / (3 * STEPS * Math.PI * q);
}
