// Laws of changing correlation matrices: the DCC recursion, its static limit and its level, mixed matrices, refusals.
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { addNormals } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { factorCorrelation } from '../../lib/models/correlation.ts';
import {
  checkDcc,
  checkLevel,
  correlationOverTime,
  dccRows,
  logisticWeight,
  mixedRows,
  type RowsOverTime,
} from '../../lib/models/dcc.ts';
import { correlation } from '../../lib/stats/dependence.ts';

const names = ['A', 'B', 'C'];
const level = [
  [1, 0.6, 0.2],
  [0.6, 1, -0.3],
  [0.2, -0.3, 1],
];
const crisis = level.map((row) => row.map(() => 1));

function normals(seed: number, sessions: number): Float64Array[] {
  return names.map((asset) => {
    const out = new Float64Array(sessions);
    addNormals(out, streamOf(seed, { scope: 'asset', asset, component: 'diffusion' }), 1, 100, sessions, 1);
    return out;
  });
}

/** Sum over k of rows i and j: the correlation in force. */
function inForce(rows: RowsOverTime, i: number, j: number, s: number): number {
  return rows[j]!.reduce((sum, weight, k) => sum + weight[s]! * rows[i]![k]![s]!, 0);
}

function shocks(rows: RowsOverTime, xi: readonly Float64Array[]): Float64Array[] {
  return rows.map((row) => xi[0]!.map((_, s) => row.reduce((sum, weight, k) => sum + weight[s]! * xi[k]![s]!, 0)));
}

it('the correlation of two rows is the product of the weights they share, session by session', () => {
  const of = (...values: number[]) => Float64Array.from(values);
  const rows: RowsOverTime = [
    [of(1, 1)],
    [of(0.6, -0.5), of(0.8, Math.sqrt(0.75))],
    [of(0, 0.2), of(0.6, 0), of(0.8, Math.sqrt(0.96))],
  ];
  expect(correlationOverTime(rows, 1, 0)).toEqual(of(0.6, -0.5));
  const between = correlationOverTime(rows, 2, 1);
  expect(between[0]).toBeCloseTo(0.48, 14);
  expect(between[1]).toBeCloseTo(-0.1, 14);
});

describe('dccRows', () => {
  it('without weights it is the static factor, bit for bit', () => {
    const rows = dccRows(1, { a: 0, b: 0 }, level, names, 100, normals(1, 20));
    const { lower } = factorCorrelation(level, 'none');
    for (let s = 0; s < 20; s++) {
      const at = rows.map((row) => row.map((weight) => weight[s]!));
      expect(at).toEqual(lower.map((row, i) => row.slice(0, i + 1)));
    }
  });

  it('each matrix follows from the shocks of the session before by the recursion', () => {
    // Without b the last session alone decides, so nothing hidden is left.
    const a = 0.3;
    const xi = normals(2, 200);
    const rows = dccRows(2, { a, b: 0 }, level, names, 100, xi);
    const z = shocks(rows, xi);
    const q = (i: number, j: number, s: number) => (1 - a) * level[i]![j]! + a * z[i]![s - 1]! * z[j]![s - 1]!;
    for (let s = 1; s < 200; s++) {
      for (const [i, j] of [
        [1, 0],
        [2, 0],
        [2, 1],
      ] as const) {
        expect(inForce(rows, i, j, s)).toBeCloseTo(q(i, j, s) / Math.sqrt(q(i, i, s) * q(j, j, s)), 12);
      }
    }
  });

  it('every session has unit variances and correlations, and they move', () => {
    const rows = dccRows(3, { a: 0.05, b: 0.93 }, level, names, 100, normals(3, 2000));
    let [low, high] = [1, -1];
    for (let s = 0; s < 2000; s++) {
      for (let i = 0; i < 3; i++) expect(inForce(rows, i, i, s)).toBeCloseTo(1, 12);
      low = Math.min(low, inForce(rows, 1, 0, s));
      high = Math.max(high, inForce(rows, 1, 0, s));
    }
    expect(low).toBeLessThan(0.4);
    expect(high).toBeGreaterThan(0.75);
  });

  it('correlations in force and those of the shocks average near the level, at every seed', () => {
    const sessions = 12_000;
    for (const seed of [1, 2, 3]) {
      const xi = normals(seed, sessions);
      const rows = dccRows(seed, { a: 0.03, b: 0.94 }, level, names, 100, xi);
      const z = shocks(rows, xi);
      for (const [i, j] of [
        [1, 0],
        [2, 0],
        [2, 1],
      ] as const) {
        let sum = 0;
        for (let s = 0; s < sessions; s++) sum += inForce(rows, i, j, s);
        // Standard deviation about .1, memory some 65 sessions: a standard error near .01; Aielli's bias is of that size too.
        expect(Math.abs(sum / sessions - level[i]![j]!), `${i} ${j} seed ${seed}`).toBeLessThan(0.04);
        expect(Math.abs(correlation(z[i]!, z[j]!)! - sum / sessions)).toBeLessThan(4 / Math.sqrt(sessions));
      }
    }
  });

  it('a later end or an appended name changes nothing before or beside it', () => {
    const xi = normals(5, 60);
    const params = { a: 0.04, b: 0.9 };
    const whole = dccRows(5, params, level, names, 100, xi);
    const early = dccRows(
      5,
      params,
      level,
      names,
      100,
      xi.map((x) => x.slice(0, 40)),
    );
    expect(early).toEqual(whole.map((row) => row.map((weight) => weight.slice(0, 40))));
    const two = level.slice(0, 2).map((row) => row.slice(0, 2));
    expect(dccRows(5, params, two, ['A', 'B'], 100, xi.slice(0, 2))).toEqual(whole.slice(0, 2));
  });

  it('the burn-in is addressed by session: another first day begins from another matrix', () => {
    const starts = [100, 101].map((first) => dccRows(5, { a: 0.04, b: 0.9 }, level, names, first, normals(5, 1)));
    expect(inForce(starts[0]!, 1, 0, 0)).not.toBeCloseTo(inForce(starts[1]!, 1, 0, 0), 6);
  });

  it('perfectly correlated names stay so', () => {
    const rows = dccRows(
      6,
      { a: 0.1, b: 0.8 },
      [
        [1, 1],
        [1, 1],
      ],
      ['A', 'B'],
      100,
      normals(6, 300).slice(0, 2),
    );
    for (let s = 0; s < 300; s++) expect(inForce(rows, 1, 0, s)).toBeCloseTo(1, 7);
  });

  it('what has no level, is no matrix or has too many names is refused', () => {
    expect(checkDcc({ a: 0.1, b: 0.9 })[0]!.message).toMatch(/a \+ b must be below 1/);
    expect(checkDcc({ a: -0.1, b: Number.NaN })).toHaveLength(3);
    expect(checkDcc({ a: 0, b: 0.99 })).toEqual([]);
    const many = Array.from({ length: 51 }, (_, i) => `N${i}`);
    const identity = many.map((_, i) => many.map((_, j) => (i === j ? 1 : 0)));
    expect(checkLevel(identity, many)[0]!.message).toMatch(/50 at most/);
    expect(checkLevel(level, names)).toEqual([]);
    expect(
      checkLevel(
        [
          [1, 2],
          [2, 1],
        ],
        ['A', 'B'],
      )[0]!.message,
    ).toMatch(/between -1 and 1/);
    const indefinite = [
      [1, 1, 0],
      [1, 1, 1],
      [0, 1, 1],
    ];
    expect(() => dccRows(1, { a: 0, b: 0 }, indefinite, names, 0, normals(1, 1))).toThrow(ProblemError);
  });
});

describe('mixedRows', () => {
  it('rebuild the convex mix of both matrices in every session', () => {
    const weight = logisticWeight(120, 5, 100, 40);
    const rows = mixedRows(level, crisis, names, weight);
    for (let s = 0; s < 40; s++) {
      for (const [i, j] of [
        [1, 0],
        [2, 0],
        [2, 1],
      ] as const) {
        expect(inForce(rows, i, j, s)).toBeCloseTo((1 - weight[s]!) * level[i]![j]! + weight[s]!, 12);
      }
    }
  });

  it('the logistic weight is one half at its midpoint, rises from 0 to 1 and has no end in it', () => {
    const weight = logisticWeight(120, 5, 0, 300);
    expect(weight[120]).toBe(0.5);
    expect([...weight].every((w, s) => s === 0 || w >= weight[s - 1]!)).toBe(true);
    expect(weight[0]).toBeLessThan(1e-10);
    expect(weight[299]).toBeCloseTo(1, 12);
    expect(logisticWeight(120, 5, 100, 30)).toEqual(weight.slice(100, 130));
  });
});
