// Laws of the dense kernels: factors rebuild the matrix, zero pivots give zero columns, eigenvectors are orthonormal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, eigenSymmetric, rowsOf, type Square, solveLinear, square } from '../../lib/math/matrix.ts';

/** G G' scaled to unit diagonal: a correlation matrix of rank at most the number of columns of G. */
function gram(rows: readonly (readonly number[])[]): Square {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
  return square(rows.map((a, i) => rows.map((b, j) => (i === j ? 1 : dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))))));
}

function timesTransposed(l: Square): number[][] {
  const rows = rowsOf(l);
  return rows.map((a) => rows.map((b) => a.reduce((sum, x, k) => sum + x * b[k]!, 0)));
}

function largestGap(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - b[i]![j]!))));
}

const entry = fc.double({ min: -1, max: 1, noNaN: true });
const correlation = fc
  .integer({ min: 1, max: 8 })
  .chain((n) => fc.array(fc.array(entry, { minLength: n + 1, maxLength: n + 1 }), { minLength: n, maxLength: n }))
  .map((rows) => gram(rows.map((row, i) => row.map((x, j) => x + (i === j ? 1.5 : 0)))));

describe('cholesky', () => {
  it("L L' rebuilds the matrix and L is lower triangular", () => {
    fc.assert(
      fc.property(correlation, (a) => {
        const l = cholesky(a)!;
        expect(largestGap(timesTransposed(l), rowsOf(a))).toBeLessThan(1e-13);
        for (let i = 0; i < a.n; i++) for (let j = i + 1; j < a.n; j++) expect(l.values[i * a.n + j]).toBe(0);
      }),
    );
  });

  it('a rank-deficient matrix gets a zero column and still rebuilds', () => {
    const a = gram([
      [1, 0],
      [0.6, 0.8],
      [1, 0],
      [0, 1],
    ]);
    const l = cholesky(a)!;
    expect([l.values[10], l.values[15]]).toEqual([0, 0]);
    expect(largestGap(timesTransposed(l), rowsOf(a))).toBeLessThan(1e-15);
  });

  it('an indefinite matrix has none', () => {
    expect(
      cholesky(
        square([
          [1, 1, 0],
          [1, 1, 1],
          [0, 1, 1],
        ]),
      ),
    ).toBeNull();
    expect(
      cholesky(
        square([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toBeNull();
    expect(
      cholesky(
        square([
          [1, Number.NaN],
          [Number.NaN, 1],
        ]),
      ),
    ).toBeNull();
  });

  it('appending a name leaves the rows before it unchanged', () => {
    fc.assert(
      fc.property(correlation, (a) => {
        const rows = rowsOf(a);
        const shorter = cholesky(square(rows.slice(0, -1).map((r) => r.slice(0, -1))))!;
        const longer = rowsOf(cholesky(a)!)
          .slice(0, -1)
          .map((r) => r.slice(0, -1));
        expect(rowsOf(shorter)).toEqual(longer);
      }),
    );
  });
});

describe('eigenSymmetric', () => {
  it("V' diag(values) V rebuilds the matrix with orthonormal vectors in descending order", () => {
    fc.assert(
      fc.property(correlation, (a) => {
        const { values, vectors } = eigenSymmetric(a);
        const v = rowsOf(vectors);
        const again = rowsOf(a).map((row, i) =>
          row.map((_, j) => v.reduce((sum, vector, k) => sum + values[k]! * vector[i]! * vector[j]!, 0)),
        );
        expect(largestGap(again, rowsOf(a))).toBeLessThan(1e-13);
        const identity = v.map((_, i) => v.map((__, j) => (i === j ? 1 : 0)));
        expect(largestGap(timesTransposed(vectors), identity)).toBeLessThan(1e-13);
        for (let k = 1; k < a.n; k++) expect(values[k]!).toBeLessThanOrEqual(values[k - 1]!);
      }),
    );
  });

  it('an equicorrelation matrix has eigenvalues 1 + (n-1) rho and 1 - rho', () => {
    const n = 50;
    const rho = 0.3;
    const { values, vectors } = eigenSymmetric(
      square(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 1 : rho)))),
    );
    expect(values[0]).toBeCloseTo(1 + (n - 1) * rho, 12);
    for (let k = 1; k < n; k++) expect(values[k]).toBeCloseTo(1 - rho, 12);
    for (let j = 0; j < n; j++) expect(vectors.values[j]).toBeCloseTo(1 / Math.sqrt(n), 12);
  });

  it('the largest entry of each vector is positive', () => {
    fc.assert(
      fc.property(correlation, (a) => {
        for (const row of rowsOf(eigenSymmetric(a).vectors)) {
          const largest = row.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
          expect(largest).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('entries that are not finite are refused', () => {
    expect(() => eigenSymmetric(square([[Number.NaN]]))).toThrow(RangeError);
  });
});

describe('solveLinear', () => {
  it('gives back the vector that was multiplied, with any order of rows', () => {
    const entry = fc.double({ min: -1, max: 1, noNaN: true });
    const system = fc
      .integer({ min: 1, max: 8 })
      .chain((n) =>
        fc.tuple(
          fc.array(fc.array(entry, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
          fc.array(entry, { minLength: n, maxLength: n }),
          fc.nat(n - 1),
        ),
      );
    fc.assert(
      fc.property(system, ([rows, x, turn]) => {
        // Rows that lead by far have an inverse; turned, their pivots are not where they were.
        const n = rows.length;
        const leading = rows.map((row, i) => row.map((value, j) => (i === j ? value + 2 * n : value)));
        const turned = leading.map((_, i) => leading[(i + turn) % n]!);
        const b = Float64Array.from(turned, (row) => row.reduce((sum, value, j) => sum + value * x[j]!, 0));
        solveLinear(square(turned), b).forEach((value, j) => {
          expect(value).toBeCloseTo(x[j]!, 12);
        });
      }),
    );
  });

  it('a singular matrix is refused', () => {
    const rows = [
      [1, 2],
      [2, 4],
    ];
    expect(() => solveLinear(square(rows), Float64Array.of(1, 1))).toThrow(RangeError);
  });
});
