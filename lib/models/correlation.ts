// A correlation matrix made ready for mixing shocks: checked, repaired when asked to, factored as L L'.
import { type Problem, ProblemError } from '../base/problem.ts';
import { cholesky, eigenSymmetric, rowsOf, type Square, square } from '../math/matrix.ts';

export type Repair = 'nearest' | 'none';

/** How far a repair moved the matrix; goes to the manifest. */
export interface RepairRecord {
  /** Frobenius norm of the difference to what was asked. */
  readonly distance: number;
  readonly largestChange: number;
  readonly smallestEigenvalue: number;
  readonly iterations: number;
  readonly converged: boolean;
}

export interface CorrelationFactor {
  /** The matrix in use, row by row. */
  readonly matrix: readonly (readonly number[])[];
  /** Lower triangular; row i mixes the streams of names 0..i into the shock of name i. */
  readonly lower: readonly (readonly number[])[];
  /** Null when the matrix was used as given; then row i depends on names 0..i only, so names may be appended. */
  readonly repair: RepairRecord | null;
}

const SYMMETRY = 1e-12;
const SEMIDEFINITE = -1e-10;
const FLOOR = 1e-8;
const CAP = 10_000;

/** Everything that keeps rows from being a correlation matrix, definiteness aside. `names` labels rows and columns. */
export function checkCorrelation(rows: readonly (readonly number[])[], names?: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  const n = rows.length;
  const label = (i: number) => names?.[i] ?? String(i);
  const refuse = (message: string, i: number, j: number) => {
    const value = String(rows[i]?.[j]);
    problems.push({ code: 'model/refused', message, facts: { row: label(i), column: label(j), value } });
  };
  if (n === 0) refuse('a correlation matrix needs at least one name', 0, 0);
  if (names !== undefined && names.length !== n) {
    problems.push({
      code: 'model/refused',
      message: 'a correlation matrix needs one row for each name',
      facts: { rows: n, names: names.length },
    });
  }
  rows.forEach((row, i) => {
    if (row.length !== n) refuse(`row ${label(i)} of the correlation matrix must have ${n} entries`, i, row.length);
  });
  if (problems.length > 0) return problems;
  for (let i = 0; i < n; i++) {
    if (!(Math.abs(rows[i]![i]! - 1) <= SYMMETRY)) refuse('the diagonal of a correlation matrix must be 1', i, i);
    for (let j = 0; j < i; j++) {
      const value = rows[i]![j]!;
      if (!(Math.abs(value) <= 1)) refuse('a correlation must be between -1 and 1', i, j);
      else if (!(Math.abs(value - rows[j]![i]!) <= SYMMETRY)) refuse('a correlation matrix must be symmetric', i, j);
    }
  }
  return problems;
}

/**
 * Factor of a correlation matrix (n x n rows). A matrix whose smallest eigenvalue is -1e-10 or more counts as semidefinite.
 * Below that `nearest` repairs and records, `none` refuses. Throws `model/refused` with every problem found.
 */
export function factorCorrelation(
  rows: readonly (readonly number[])[],
  repair: Repair,
  names?: readonly string[],
): CorrelationFactor {
  const problems = checkCorrelation(rows, names);
  if (problems.length > 0) throw new ProblemError(problems);
  const given = square(rows);
  const direct = cholesky(given);
  const fullRank = direct !== null && rows.every((_, i) => direct.values[i * given.n + i]! > 0);
  // Full rank needs no eigenvalues; a zero pivot may hide a slightly negative one.
  const smallest = fullRank ? FLOOR : eigenSymmetric(given).values[given.n - 1]!;
  if (direct !== null && smallest >= SEMIDEFINITE) {
    return { matrix: rowsOf(given), lower: rowsOf(direct), repair: null };
  }
  if (smallest < SEMIDEFINITE && repair === 'none') {
    throw new ProblemError({
      code: 'model/refused',
      message: 'the correlation matrix is not positive semidefinite and repair is "none"',
      facts: { smallest_eigenvalue: smallest },
      path: ['correlation', 'repair'],
      hint: 'set repair to "nearest", or make the correlations agree with each other',
    });
  }
  const { matrix, record } = nearestCorrelation(given);
  return { matrix: rowsOf(matrix), lower: rowsOf(cholesky(matrix)!), repair: record };
}

/**
 * The nearest correlation matrix in the Frobenius norm (Higham 2002, IMA J. Numer. Anal. 22, algorithm 3.3: alternating
 * projections with Dykstra's correction), then eigenvalues floored at 1e-8 and the diagonal scaled back to 1.
 */
export function nearestCorrelation(given: Square): { readonly matrix: Square; readonly record: RepairRecord } {
  const { n } = given;
  let y: Float64Array = Float64Array.from(given.values);
  const correction = new Float64Array(n * n);
  let iterations = 0;
  let converged = false;
  while (!converged && iterations < CAP) {
    iterations++;
    const target = y.map((value, i) => value - correction[i]!);
    const next = clipped({ n, values: target }, 0);
    for (let i = 0; i < n * n; i++) correction[i] = next[i]! - target[i]!;
    for (let i = 0; i < n; i++) next[i * n + i] = 1;
    converged = distance(next, y) < 1e-12 * Math.sqrt(sumOfSquares(next));
    y = next;
  }
  const matrix = { n, values: unitDiagonal(clipped({ n, values: y }, FLOOR), n) };
  const changes = matrix.values.map((value, i) => Math.abs(value - given.values[i]!));
  const record = {
    distance: distance(matrix.values, given.values),
    largestChange: changes.reduce((a, b) => Math.max(a, b), 0),
    smallestEigenvalue: eigenSymmetric(given).values[n - 1]!,
    iterations,
    converged,
  };
  return { matrix, record };
}

/** The matrix with eigenvalues raised to at least `floor`, exactly symmetric. */
function clipped(a: Square, floor: number): Float64Array {
  const { n } = a;
  const { values, vectors } = eigenSymmetric(a);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) {
        sum += Math.max(values[k]!, floor) * vectors.values[k * n + i]! * vectors.values[k * n + j]!;
      }
      out[i * n + j] = sum;
      out[j * n + i] = sum;
    }
  }
  return out;
}

function unitDiagonal(a: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = a[i * n + j]! / Math.sqrt(a[i * n + i]! * a[j * n + j]!);
      out[i * n + j] = value;
      out[j * n + i] = value;
    }
    out[i * n + i] = 1;
  }
  return out;
}

function sumOfSquares(a: Float64Array): number {
  let sum = 0;
  for (const value of a) sum += value * value;
  return sum;
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(sumOfSquares(a.map((value, i) => value - b[i]!)));
}
