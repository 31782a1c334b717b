// Correlations that change from session to session for up to 50 names: DCC(1,1), and a smooth passage from one matrix to another.
import type { Problem } from '../base/problem.ts';
import { normal } from '../math/draw.ts';
import { exp } from '../math/elementary.ts';
import { cholesky, type Square, square } from '../math/matrix.ts';
import { streamOf } from '../math/stream.ts';
import { checkCorrelation, factorCorrelation } from './correlation.ts';
import { refusal } from './model.ts';
import { burnInSessions } from './session.ts';

/** A Cholesky factor per session takes n^3 / 3 steps; above this use factors or DECO. */
export const MOST_NAMES = 50;

/**
 * Mixing rows over time: rows[i][k][s] is the weight, in session s, of the normals of name k <= i in the shock of name i.
 * Row i depends on names 0..i only, so names may be appended.
 */
export type RowsOverTime = readonly (readonly Float64Array[])[];

/** The correlation of the shocks of names i and j < i in each session: products of the weights that both rows have, summed. */
export function correlationOverTime(rows: RowsOverTime, i: number, j: number): Float64Array {
  const [row, other] = [rows[i]!, rows[j]!];
  const out = new Float64Array(other[0]!.length);
  other.forEach((weights, k) => {
    for (let s = 0; s < out.length; s++) out[s] = out[s]! + weights[s]! * row[k]![s]!;
  });
  return out;
}

export interface DccParams {
  /** Weight of the last session's products of shocks, and of the last matrix. */
  readonly a: number;
  readonly b: number;
}

/** Everything wrong with the weights of a recursion that reverts to its level. */
export function checkDcc({ a, b }: DccParams): readonly Problem[] {
  const problems: Problem[] = [];
  if (!(a >= 0)) problems.push(refusal('dcc', 'a', a, '0 or more'));
  if (!(b >= 0)) problems.push(refusal('dcc', 'b', b, '0 or more'));
  if (!(a + b < 1))
    problems.push(refusal('dcc', 'a + b', a + b, 'below 1, or correlations have no level to revert to'));
  return problems;
}

/** Everything wrong with the level of a DCC: a correlation matrix of at most 50 names (definiteness is seen when it is factored). */
export function checkLevel(level: readonly (readonly number[])[], names: readonly string[]): readonly Problem[] {
  const problems = checkCorrelation(level, names);
  if (names.length <= MOST_NAMES) return problems;
  return [...problems, refusal('dcc', 'names', names.length, `${MOST_NAMES} at most (more need factors or deco)`)];
}

/**
 * DCC(1,1) of Engle (2002): Q(t) = (1 - a - b) level + a z(t-1) z(t-1)' + b Q(t-1), R(t) its correlation matrix,
 * z(t) = chol(R(t)) xi(t), where xi[i] are the unit normals of name i, session by session from `first`. Q starts at the level
 * and is burnt in with normals of its own (component `dcc`). Rows of session t depend on shocks before t only. The mean of
 * R(t) is near the level, not at it (Aielli 2013). Throws `model/refused` for a level that is not positive semidefinite.
 */
export function dccRows(
  seed: number | string,
  params: DccParams,
  level: readonly (readonly number[])[],
  names: readonly string[],
  first: number,
  xi: readonly Float64Array[],
): RowsOverTime {
  const { a, b } = params;
  const target = square(factorCorrelation(level, 'none', names).matrix);
  const n = names.length;
  const sessions = xi[0]?.length ?? 0;
  const burn = burnInSessions(a + b);
  const early = names.map((asset) => streamOf(seed, { scope: 'asset', asset, component: 'dcc' }));
  const q = Float64Array.from(target.values);
  const z = new Float64Array(n);
  const rows = emptyRows(n, sessions);
  for (let s = -burn; s < sessions; s++) {
    const lower = factorOf({ n, values: q });
    if (s >= 0) keepRows(rows, s, lower);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k <= i; k++) {
        sum += lower.values[i * n + k]! * (s < 0 ? normal(early[k]!, first + s, 0) : xi[k]![s]!);
      }
      z[i] = sum;
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const at = i * n + j;
        q[at] = (1 - a - b) * target.values[at]! + a * z[i]! * z[j]! + b * q[at]!;
        q[j * n + i] = q[at]!;
      }
    }
  }
  return rows;
}

/**
 * Rows of (1 - w) A + w B session by session, a convex mix of two correlation matrices, so nothing needs repair.
 * Throws `model/refused` for a matrix that is not positive semidefinite.
 */
export function mixedRows(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  names: readonly string[],
  weight: Float64Array,
): RowsOverTime {
  const [from, to] = [a, b].map((rows) => square(factorCorrelation(rows, 'none', names).matrix));
  const n = names.length;
  const rows = emptyRows(n, weight.length);
  weight.forEach((w, s) => {
    keepRows(rows, s, factorOf({ n, values: from!.values.map((value, at) => (1 - w) * value + w * to!.values[at]!) }));
  });
  return rows;
}

/**
 * Logistic weight 1 / (1 + e^-((t - midpoint) / width)) of sessions from `first`, of any length: correlations that pass from
 * one level to another in time (Silvennoinen & Teräsvirta 2005, STCC). `width` > 0 in sessions.
 */
export function logisticWeight(midpoint: number, width: number, first: number, sessions: number): Float64Array {
  return Float64Array.from({ length: sessions }, (_, s) => 1 / (1 + exp(-(first + s - midpoint) / width)));
}

/** Lower factor of the correlation matrix of a covariance matrix. */
function factorOf({ n, values }: Square): Square {
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      r[i * n + j] = values[i * n + j]! / Math.sqrt(values[i * n + i]! * values[j * n + j]!);
    }
    r[i * n + i] = 1;
  }
  // Never null: a sum of semidefinite matrices is one, up to rounding that the zero pivot takes.
  return cholesky({ n, values: r })!;
}

function emptyRows(n: number, sessions: number): readonly (readonly Float64Array[])[] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: i + 1 }, () => new Float64Array(sessions)));
}

function keepRows(rows: RowsOverTime, s: number, { n, values }: Square): void {
  rows.forEach((row, i) => {
    for (let k = 0; k <= i; k++) row[k]![s] = values[i * n + k]!;
  });
}
