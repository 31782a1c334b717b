// Laws of correlation targets: what is refused, what is repaired and how far, what is left alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { eigenSymmetric, square } from '../../lib/math/matrix.ts';
import { checkCorrelation, factorCorrelation, nearestCorrelation } from '../../lib/models/correlation.ts';
import { runs } from '../thorough.ts';

const indefinite = [
  [1, 1, 0],
  [1, 1, 1],
  [0, 1, 1],
];
const entry = fc.double({ min: -1, max: 1, noNaN: true });
/** Symmetric, unit diagonal, entries in [-1, 1]: mostly indefinite from 4 names up. */
const anySymmetric = fc.integer({ min: 2, max: 6 }).chain((n) =>
  fc.array(entry, { minLength: n * n, maxLength: n * n }).map((values) => {
    const rows = Array.from({ length: n }, () => new Array<number>(n).fill(1));
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) rows[i]![j] = rows[j]![i] = values[i * n + j]!;
    return rows;
  }),
);

function product(lower: readonly (readonly number[])[]): number[][] {
  return lower.map((a) => lower.map((b) => a.reduce((sum, x, k) => sum + x * b[k]!, 0)));
}

function frobenius(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.sqrt(a.reduce((sum, row, i) => sum + row.reduce((s, x, j) => s + (x - b[i]![j]!) ** 2, 0), 0));
}

describe('checkCorrelation', () => {
  it('names the entry and the rule of everything wrong', () => {
    const facts = (rows: number[][], names?: string[]) => checkCorrelation(rows, names).map((p) => p.message);
    expect(facts([])).toEqual(['a correlation matrix needs at least one name']);
    expect(facts([[1, 0.5]])).toEqual(['row 0 of the correlation matrix must have 1 entries']);
    expect(facts([[1]], ['A', 'B'])).toEqual(['a correlation matrix needs one row for each name']);
    expect(facts([[0.9]])).toEqual(['the diagonal of a correlation matrix must be 1']);
    expect(
      facts([
        [1, 0.5],
        [0.4, 1],
      ]),
    ).toEqual(['a correlation matrix must be symmetric']);
    expect(
      facts([
        [1, 0.5],
        [0.5 + 2e-12, 1],
      ]),
    ).toEqual(['a correlation matrix must be symmetric']);
    expect(
      facts([
        [1, 1.1],
        [1.1, 1],
      ]),
    ).toEqual(['a correlation must be between -1 and 1']);
    expect(
      facts([
        [1, Number.NaN],
        [Number.NaN, 1],
      ]),
    ).toEqual(['a correlation must be between -1 and 1']);
    expect(
      checkCorrelation(
        [
          [1, 0.5],
          [0.4, 1],
        ],
        ['A', 'B'],
      )[0]!.facts,
    ).toEqual({ row: 'B', column: 'A', value: '0.4' });
    expect(
      checkCorrelation([
        [1, 0.5],
        [0.5, 1],
      ]),
    ).toEqual([]);
  });
});

describe('factorCorrelation', () => {
  it('a positive definite matrix is used as given and its factor rebuilds it', () => {
    const rows = [
      [1, 0.6, 0.2],
      [0.6, 1, -0.3],
      [0.2, -0.3, 1],
    ];
    const { matrix, lower, repair } = factorCorrelation(rows, 'nearest');
    expect(matrix).toEqual(rows);
    expect(repair).toBeNull();
    expect(frobenius(product(lower), rows)).toBeLessThan(1e-15);
  });

  it('perfect correlation is semidefinite, not indefinite', () => {
    const { lower, repair } = factorCorrelation(
      [
        [1, -1],
        [-1, 1],
      ],
      'none',
    );
    expect(repair).toBeNull();
    expect(lower).toEqual([
      [1, 0],
      [-1, 0],
    ]);
  });

  it('appending a name leaves the rows of the others unchanged', () => {
    const rows = [
      [1, 0.6, 0.2],
      [0.6, 1, -0.3],
      [0.2, -0.3, 1],
    ];
    const two = factorCorrelation(
      rows.slice(0, 2).map((r) => r.slice(0, 2)),
      'none',
    ).lower;
    expect(
      factorCorrelation(rows, 'none')
        .lower.slice(0, 2)
        .map((r) => r.slice(0, 2)),
    ).toEqual(two);
  });

  it('[S1-132] an indefinite matrix is refused without repair, repaired and its distance recorded with it', () => {
    expect(() => factorCorrelation(indefinite, 'none')).toThrow(ProblemError);
    const { matrix, lower, repair } = factorCorrelation(indefinite, 'nearest');
    expect(repair!.converged).toBe(true);
    expect(repair!.distance).toBeCloseTo(frobenius(matrix, indefinite), 14);
    expect(repair!.smallestEigenvalue).toBeCloseTo(1 - Math.SQRT2, 12);
    expect(frobenius(product(lower), matrix)).toBeLessThan(1e-14);
  });

  it('[S1-132] every repaired matrix is a correlation matrix that a factor rebuilds', () => {
    fc.assert(
      fc.property(anySymmetric, (rows) => {
        const { matrix, lower } = factorCorrelation(rows, 'nearest');
        expect(checkCorrelation(matrix)).toEqual([]);
        expect(frobenius(product(lower), matrix)).toBeLessThan(1e-7);
      }),
      { numRuns: runs(60) },
    );
  });

  it('a matrix that is wrong in itself is refused in both modes', () => {
    for (const repair of ['nearest', 'none'] as const) {
      expect(() =>
        factorCorrelation(
          [
            [1, 2],
            [2, 1],
          ],
          repair,
        ),
      ).toThrow(/between -1 and 1/);
    }
  });
});

describe('nearestCorrelation', () => {
  it('gives the published answer to 5 digits', () => {
    const { matrix } = nearestCorrelation(square(indefinite));
    expect(matrix.values[1]).toBeCloseTo(0.76069, 5);
    expect(matrix.values[2]).toBeCloseTo(0.1573, 5);
  });

  it('no convex mix with the identity that is semidefinite comes nearer', () => {
    fc.assert(
      fc.property(anySymmetric, (rows) => {
        const given = square(rows);
        const smallest = eigenSymmetric(given).values[given.n - 1]!;
        fc.pre(smallest < -1e-3);
        // Shrinking (1 - w) A + w I reaches the cone at w = smallest / (smallest - 1).
        const w = smallest / (smallest - 1);
        const shrunk = rows.map((row, i) => row.map((x, j) => (i === j ? 1 : (1 - w) * x)));
        expect(nearestCorrelation(given).record.distance).toBeLessThanOrEqual(frobenius(shrunk, rows) + 1e-6);
      }),
      { numRuns: runs(40) },
    );
  });
});
