// Small dense symmetric matrices: Cholesky for semidefinite input and Jacobi eigenvectors, in a fixed order of operations.

/** Row-major n x n matrix. */
export interface Square {
  readonly n: number;
  readonly values: Float64Array;
}

/** A pivot below this is zero. */
export const ZERO_PIVOT = 1e-12;
/** What may stay under a zero pivot before the matrix counts as indefinite. */
export const ZERO_COLUMN = 1e-8;

/** Copy of nested rows. Throws RangeError when they are not n rows of n numbers. */
export function square(rows: readonly (readonly number[])[]): Square {
  const n = rows.length;
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    if (rows[i]!.length !== n) throw new RangeError(`row ${i} has ${rows[i]!.length} entries, not ${n}`);
    values.set(rows[i]!, i * n);
  }
  return { n, values };
}

/** Nested rows of a matrix, for JSON. */
export function rowsOf(a: Square): number[][] {
  return Array.from({ length: a.n }, (_, i) => Array.from(a.values.subarray(i * a.n, (i + 1) * a.n)));
}

/**
 * Lower triangular L with L L' = A for a symmetric positive semidefinite A of unit scale, or null when A is indefinite.
 * Left-looking by columns. A pivot below 1e-12 gives a zero column, provided nothing above 1e-8 is left under it
 * (the rank-deficient case; Higham 2002, Accuracy and Stability, 10.3, without pivoting so that row i needs rows < i only).
 */
export function cholesky(a: Square): Square | null {
  const { n } = a;
  const l = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    let pivot = a.values[j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= l[j * n + k]! * l[j * n + k]!;
    if (!(pivot > -ZERO_COLUMN)) return null;
    const zero = pivot < ZERO_PIVOT;
    const diagonal = zero ? 0 : Math.sqrt(pivot);
    l[j * n + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      let rest = a.values[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= l[i * n + k]! * l[j * n + k]!;
      if (!zero) l[i * n + j] = rest / diagonal;
      else if (!(Math.abs(rest) <= ZERO_COLUMN)) return null;
    }
  }
  return { n, values: l };
}

/** x of A x = b, by elimination with the largest pivot of each column. Throws RangeError when A is singular. */
export function solveLinear({ n, values }: Square, b: Float64Array): Float64Array {
  const a = Float64Array.from(values);
  const x = Float64Array.from(b);
  for (let j = 0; j < n; j++) {
    let best = j;
    for (let i = j + 1; i < n; i++) if (Math.abs(a[i * n + j]!) > Math.abs(a[best * n + j]!)) best = i;
    const pivot = a[best * n + j]!;
    if (!(Math.abs(pivot) > 0)) throw new RangeError('the matrix is singular');
    if (best !== j) {
      for (let k = j; k < n; k++) [a[j * n + k], a[best * n + k]] = [a[best * n + k]!, a[j * n + k]!];
      [x[j], x[best]] = [x[best]!, x[j]!];
    }
    for (let i = j + 1; i < n; i++) {
      const factor = a[i * n + j]! / pivot;
      if (factor === 0) continue;
      for (let k = j + 1; k < n; k++) a[i * n + k] = a[i * n + k]! - factor * a[j * n + k]!;
      x[i] = x[i]! - factor * x[j]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = x[i]!;
    for (let k = i + 1; k < n; k++) rest -= a[i * n + k]! * x[k]!;
    x[i] = rest / a[i * n + i]!;
  }
  return x;
}

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Row k is the unit vector of values[k]; its entry of largest size is positive (the first such on ties). */
  readonly vectors: Square;
}

const SWEEPS = 60;

/**
 * Eigenvalues and vectors of a symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, 8.5), good to n of some 150.
 * Throws RangeError on entries that are not finite.
 */
export function eigenSymmetric(a: Square): Eigen {
  const { n } = a;
  const m = Float64Array.from(a.values);
  const v = new Float64Array(n * n);
  let size = 0;
  for (let i = 0; i < n; i++) {
    v[i * n + i] = 1;
    for (let j = 0; j < n; j++) size += m[i * n + j]! * m[i * n + j]!;
  }
  if (!Number.isFinite(size)) throw new RangeError('eigenvalues need finite entries');
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += m[p * n + q]! * m[p * n + q]!;
    if (off <= size * 1e-34) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(m, v, n, p, q);
  }
  return ordered(m, v, n);
}

/** Zero entry (p, q) of m by a rotation; row p and q of v turn with it. */
function rotate(m: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const entry = m[p * n + q]!;
  if (entry === 0) return;
  const tau = (m[q * n + q]! - m[p * n + p]!) / (2 * entry);
  // The smaller root of t^2 + 2 tau t - 1 keeps the turn within 45 degrees.
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const a = m[k * n + p]!;
    const b = m[k * n + q]!;
    m[k * n + p] = c * a - s * b;
    m[k * n + q] = s * a + c * b;
  }
  for (let k = 0; k < n; k++) {
    const a = m[p * n + k]!;
    const b = m[q * n + k]!;
    m[p * n + k] = c * a - s * b;
    m[q * n + k] = s * a + c * b;
    const x = v[p * n + k]!;
    const y = v[q * n + k]!;
    v[p * n + k] = c * x - s * y;
    v[q * n + k] = s * x + c * y;
  }
  m[p * n + q] = 0;
  m[q * n + p] = 0;
}

function ordered(m: Float64Array, v: Float64Array, n: number): Eigen {
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => m[j * n + j]! - m[i * n + i]! || i - j);
  const values = new Float64Array(n);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    values[to] = m[from * n + from]!;
    const row = v.subarray(from * n, (from + 1) * n);
    let largest = 0;
    for (const x of row) if (Math.abs(x) > Math.abs(largest)) largest = x;
    for (let k = 0; k < n; k++) vectors[to * n + k] = largest < 0 ? -row[k]! : row[k]!;
  });
  return { values, vectors: { n, values: vectors } };
}
