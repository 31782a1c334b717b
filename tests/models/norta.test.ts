// Laws of correlation targets through margins: agreement with plain sums, returns that meet their target, refusals.
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { normal } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { commonScale, marginScale } from '../../lib/models/copula.ts';
import { pearson, type ShockMargin, shockCorrelation, targetToNormal } from '../../lib/models/norta.ts';
import oracle from '../oracles/norta.json' with { type: 'json' };
import { draws } from '../thorough.ts';

const NORMAL = Number.POSITIVE_INFINITY;
const df = (value: number | null | undefined) => value ?? NORMAL;

describe('pearson', () => {
  it('agrees with two-dimensional sums to 5e-6', () => {
    const curves = new Map<string, (rho: number) => number>();
    for (const [copula, a, b, rho, want] of oracle) {
      const key = `${copula} ${a} ${b}`;
      curves.set(key, curves.get(key) ?? pearson(df(copula), df(a), df(b)));
      expect(Math.abs(curves.get(key)!(rho!) - want!), `${key} at ${rho}`).toBeLessThan(5e-6);
    }
  });

  it('is the diagonal when the margins are those of the copula, and nearly so for nearly normal ones', () => {
    expect(pearson(NORMAL, NORMAL, NORMAL)(0.37)).toBe(0.37);
    expect(pearson(4, 4, 4)(-0.8)).toBe(-0.8);
    expect(pearson(NORMAL, 1e6, 1e6)(0.5)).toBeCloseTo(0.5, 9);
  });

  it('is odd, rises, and stays below the diagonal', () => {
    for (const [copula, a, b] of [
      [NORMAL, 2.5, 2.5],
      [NORMAL, 3, NORMAL],
      [6, NORMAL, 3],
    ] as const) {
      const curve = pearson(copula, a, b);
      let last = 0;
      for (let rho = 0.05; rho < 1; rho += 0.05) {
        const value = curve(rho);
        expect(value).toBeGreaterThan(last);
        expect(value).toBeLessThan(rho + 1e-6);
        expect(curve(-rho)).toBe(-value);
        last = value;
      }
    }
  });
});

describe('targetToNormal', () => {
  it('undoes pearson and knows what is out of reach', () => {
    const curve = pearson(NORMAL, 3, 5);
    for (const target of [-0.8, 0, 0.25, 0.6])
      expect(curve(targetToNormal(target, 3, 5, NORMAL)!)).toBeCloseTo(target, 12);
    expect(targetToNormal(1, 4, 4, NORMAL)).toBe(1);
    expect(targetToNormal(0.99, 3, NORMAL, NORMAL)).toBeNull();
    expect(targetToNormal(-0.99, 3, NORMAL, NORMAL)).toBeNull();
  });
});

const target = [
  [1, 0.5, -0.3],
  [0.5, 1, 0.2],
  [-0.3, 0.2, 1],
];

/** Returns of unit variance: shocks of the given matrix with their margins, and a part of one's own for the rest. */
function returns(
  seed: number,
  copulaDf: number,
  margins: readonly ShockMargin[],
  lower: readonly (readonly number[])[],
  n: number,
) {
  const common = commonScale(seed, copulaDf);
  const stream = (asset: string, component: string) => streamOf(seed, { scope: 'asset', asset, component });
  const own = margins.map((_, i) => stream(`A${i}`, 'diffusion'));
  const jumps = margins.map((_, i) => stream(`A${i}`, 'jumpSize'));
  const scales = margins.map((margin) => marginScale(copulaDf, margin.df));
  const out = margins.map(() => new Float64Array(n));
  for (let session = 0; session < n; session++) {
    const w = common(session);
    const xi = own.map((s) => normal(s, session, 0));
    margins.forEach(({ share }, i) => {
      const y = lower[i]!.reduce((sum, weight, k) => sum + weight * xi[k]!, 0);
      const jump = share < 1 ? Math.sqrt(1 - share) * normal(jumps[i]!, session, 0) : 0;
      out[i]![session] = Math.sqrt(share) * y * scales[i]!(y, w) + jump;
    });
  }
  return out;
}

describe('shockCorrelation', () => {
  const settings: readonly (readonly [string, number, readonly ShockMargin[]])[] = [
    [
      'Student margins under the Gaussian copula',
      NORMAL,
      [8, 6, NORMAL].map((d) => ({ df: d, share: 1, steadiness: 1 })),
    ],
    ['mixed margins under the Student copula', 6, [9, 6, NORMAL].map((d) => ({ df: d, share: 1, steadiness: 1 }))],
    ['jumps of their own', NORMAL, [0.6, 0.9, 1].map((share) => ({ df: 8, share, steadiness: 1 }))],
  ];
  for (const [title, copulaDf, margins] of settings) {
    it(`returns meet their target: ${title}`, () => {
      const n = draws(30_000);
      const { factor, unreachable } = shockCorrelation(target, margins, copulaDf, 'none');
      expect(unreachable).toEqual([]);
      for (const seed of [1, 2]) {
        const r = returns(seed, copulaDf, margins, factor.lower, n);
        for (const [i, j] of [
          [1, 0],
          [2, 0],
          [2, 1],
        ] as const) {
          const rho = target[i]![j]!;
          let both = 0;
          let squares = 0;
          // r = mean of xy - rho (x^2 + y^2) / 2 + rho to first order, whatever the kurtosis; unit variances are known.
          for (let t = 0; t < n; t++) {
            const x = r[i]![t]!;
            const y = r[j]![t]!;
            const d = x * y - (rho * (x * x + y * y)) / 2;
            both += d;
            squares += d * d;
          }
          const se = Math.sqrt(squares / n / n);
          expect(Math.abs(both / n), `${i} ${j} seed ${seed}`).toBeLessThan(4 * se);
        }
      }
    });
  }

  it('normal shocks that carry everything keep the matrix as it is', () => {
    const margins = target.map(() => ({ df: NORMAL, share: 1, steadiness: 1 }));
    const { factor } = shockCorrelation(target, margins, NORMAL, 'none');
    const moved = factor.matrix.flatMap((row, i) => row.map((rho, j) => Math.abs(rho - target[i]![j]!)));
    expect(Math.max(...moved)).toBeLessThan(1e-12);
  });

  it('with jumps the shocks must be correlated as much more as the diffusion is less', () => {
    const margins = [0.64, 0.81, 1].map((share) => ({ df: NORMAL, share, steadiness: 1 }));
    const { factor } = shockCorrelation(target, margins, NORMAL, 'none');
    expect(factor.matrix[1]![0]).toBeCloseTo(0.5 / (0.8 * 0.9), 12);
    expect(factor.matrix[2]![0]).toBeCloseTo(-0.3 / 0.8, 12);
  });

  it('a target out of reach is refused, or set to the most and told of', () => {
    const rows = [
      [1, 0.95],
      [0.95, 1],
    ];
    const margins = [
      { df: NORMAL, share: 0.5, steadiness: 1 },
      { df: 3, share: 1, steadiness: 1 },
    ];
    const refused = () => shockCorrelation(rows, margins, NORMAL, 'none', ['X', 'Y']);
    expect(refused).toThrow(ProblemError);
    expect(refused).toThrow(/Y and X cannot reach/);
    const { factor, unreachable } = shockCorrelation(rows, margins, NORMAL, 'nearest', ['X', 'Y']);
    expect(factor.matrix[1]![0]).toBe(1);
    expect(unreachable).toEqual([
      { row: 'Y', column: 'X', target: 0.95, reachable: Math.sqrt(0.5) * pearson(NORMAL, 3, NORMAL)(1) },
    ]);
  });

  it('shocks that are no matrix together are repaired and the repair recorded', () => {
    // Semidefinite as it is; pair by pair the shocks ask for more than there is.
    const c = Math.SQRT1_2 - 1e-6;
    const rows = [
      [1, c, 0],
      [c, 1, c],
      [0, c, 1],
    ];
    const margins = rows.map(() => ({ df: 3, share: 1, steadiness: 1 }));
    expect(() => shockCorrelation(rows, margins, NORMAL, 'none')).toThrow(/semidefinite/);
    const { factor } = shockCorrelation(rows, margins, NORMAL, 'nearest');
    expect(factor.repair!.distance).toBeGreaterThan(0.01);
  });

  it('everything wrong is told before anything is computed', () => {
    const bad = [
      { df: 2, share: 1, steadiness: 1 },
      { df: 5, share: 1.5, steadiness: 1 },
    ];
    const problems = (() => {
      try {
        shockCorrelation(
          [
            [1, 0.1, 2],
            [0.1, 1, 0],
            [2, 0, 1],
          ],
          bad,
          0,
          'nearest',
          ['X', 'Y', 'Z'],
        );
      } catch (error) {
        return (error as ProblemError).problems.map((p) => p.message);
      }
      return [];
    })();
    expect(problems).toEqual([
      'a correlation must be between -1 and 1',
      'copula: df must be above 0',
      'margin: df must be above 2',
      'margin: share must be above 0, at most 1',
      'margins: length must be one for each of 3 names',
    ]);
  });
});

describe('volatilities that move apart', () => {
  const normal = (steadiness: number) => ({ df: Number.POSITIVE_INFINITY, share: 1, steadiness });
  const pair = (rho: number) => [
    [1, rho],
    [rho, 1],
  ];
  const shocks = (rho: number, a: number, b = a) =>
    shockCorrelation(pair(rho), [normal(a), normal(b)], Number.POSITIVE_INFINITY, 'nearest').factor.matrix[1]![0]!;

  it('ask for more correlation of shocks, by the closed form of square-root processes', () => {
    for (const rho of [-0.4, 0.3, 0.6]) {
      for (const [a, b] of [
        [0.95, 0.95],
        [0.9, 0.8],
      ] as const) {
        const x = shocks(rho, a, b);
        expect(x * (a * b + x * Math.sqrt((1 - a * a) * (1 - b * b)))).toBeCloseTo(rho, 12);
        expect(Math.abs(x)).toBeGreaterThan(Math.abs(rho));
      }
    }
  });

  it('ask for nothing where they do not move, whatever the other does together with them', () => {
    expect(shocks(0.6, 1)).toBe(
      shockCorrelation(pair(0.6), [normal(1), normal(1)], Number.POSITIVE_INFINITY, 'nearest').factor.matrix[1]![0],
    );
    expect(shocks(1, 0.9)).toBe(1);
    expect(shocks(0, 0.9)).toBe(0);
  });

  it('may put a target out of reach, which is told with what is in reach', () => {
    const { unreachable } = shockCorrelation(
      pair(-0.95),
      [normal(0.95), normal(0.95)],
      Number.POSITIVE_INFINITY,
      'nearest',
    );
    expect(unreachable).toMatchObject([{ target: -0.95, reachable: expect.closeTo(-(0.9025 - 0.0975), 12) }]);
  });
});
