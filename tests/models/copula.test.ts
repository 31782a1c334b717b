// Laws of copulas: theory at published values, simulated dependence and margins at standard errors, and exact limits.
import { describe, expect, it } from 'vitest';
import { normal } from '../../lib/math/draw.ts';
import { chiSquare } from '../../lib/math/laws.ts';
import {
  NORMAL_LAW,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
  studentSf,
} from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import {
  checkCopula,
  checkMargin,
  commonScale,
  jointExceedance,
  marginScale,
  studentScore,
  tailDependence,
} from '../../lib/models/copula.ts';
import { draws, seeds } from '../thorough.ts';

const NORMAL = Number.POSITIVE_INFINITY;
const RHO = 0.5;
const N = draws(100_000);

/** Sessions of two names with correlated normal shocks, one common scale and a margin each. */
function pairs(seed: number, df: number, margins: readonly [number, number], n = N): [Float64Array, Float64Array] {
  const own = ['A', 'B'].map((asset) => streamOf(seed, { scope: 'asset', asset, component: 'diffusion' }));
  const common = commonScale(seed, df);
  const [scaleA, scaleB] = margins.map((margin) => marginScale(df, margin));
  const a = new Float64Array(n);
  const b = new Float64Array(n);
  for (let session = 0; session < n; session++) {
    const w = common(session);
    const x = normal(own[0]!, session, 0);
    const y = RHO * x + Math.sqrt(1 - RHO * RHO) * normal(own[1]!, session, 0);
    a[session] = x * scaleA!(x, w);
    b[session] = y * scaleB!(y, w);
  }
  return [a, b];
}

const cdf = (df: number) => (x: number) =>
  df === NORMAL ? normalCdf(x) : studentCdf(x / Math.sqrt((df - 2) / df), df);

/** Kolmogorov-Smirnov distance times sqrt(n); the limit law exceeds 2.0 with probability 0.00067. */
function ks(values: Float64Array, law: (x: number) => number): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let largest = 0;
  sorted.forEach((x, i) => {
    const p = law(x);
    largest = Math.max(largest, Math.abs(p - i / n), Math.abs(p - (i + 1) / n));
  });
  return largest * Math.sqrt(n);
}

it.each([1.5, 3, 8.8])(
  'a normal score is as likely exceeded as its Student value of %f degrees, as far as tails have digits',
  (df) => {
    const of = studentScore(df);
    expect(of(0)).toBe(0);
    for (const score of [0.01, 0.7, 2, 5, 8.5, 20]) {
      expect(of(-score)).toBe(-of(score));
      expect(studentSf(of(score), df) / normalCdf(-score)).toBeCloseTo(1, 6);
    }
    expect(of(50)).toBe(of(37));
  },
);

describe('theory', () => {
  it('joint exceedance and tail dependence have the values found by others', () => {
    expect(tailDependence(4, 0.5)).toBeCloseTo(0.2532, 4);
    expect(jointExceedance(NORMAL, 0.5, 0.02)).toBeCloseTo(0.169, 3);
    expect(jointExceedance(4, 0.5, 0.02)).toBeCloseTo(0.304, 3);
    expect(jointExceedance(NORMAL, 0.5, 0.005)).toBeCloseTo(0.099, 3);
    expect(jointExceedance(4, 0.5, 0.005)).toBeCloseTo(0.277, 3);
  });

  it('without correlation normal tails are independent, Student ones are not', () => {
    expect(jointExceedance(NORMAL, 0, 0.03)).toBeCloseTo(0.03, 10);
    expect(jointExceedance(4, 0, 0.03)).toBeGreaterThan(0.09);
  });

  it('joint exceedance falls to the tail dependence, which goes from 0 to 1 with the correlation', () => {
    for (const [df, rho] of [
      [3, 0.2],
      [4, 0.5],
      [8, 0.8],
    ] as const) {
      expect(jointExceedance(df, rho, 1e-12)).toBeCloseTo(tailDependence(df, rho), 2);
      expect(jointExceedance(df, rho, 1e-3)).toBeGreaterThan(tailDependence(df, rho));
    }
    expect(tailDependence(4, 1 - 1e-12)).toBeCloseTo(1, 5);
    expect(tailDependence(4, -1 + 1e-12)).toBeCloseTo(0, 10);
    expect(tailDependence(NORMAL, 0.9)).toBe(0);
  });

  it('many degrees of freedom make the Gaussian copula', () => {
    expect(jointExceedance(1e8, 0.5, 0.02)).toBeCloseTo(jointExceedance(NORMAL, 0.5, 0.02), 6);
    for (const y of [-3, 0.2, 1.7]) {
      const w = commonScale(1, 1e10)(5);
      expect(marginScale(1e10, 4)(y, w)).toBeCloseTo(marginScale(NORMAL, 4)(y, 1), 4);
    }
  });
});

describe('marginScale', () => {
  it('is 1 for a normal margin under the Gaussian copula', () => {
    expect(commonScale(1, NORMAL)(17)).toBe(1);
    for (const y of [-4, 0, 1e-9, 2]) expect(marginScale(NORMAL, NORMAL)(y, 1)).toBe(1);
  });

  it('with a margin of the same degrees it is the plain scale mixture sqrt((df - 2) / chi2)', () => {
    const common = commonScale(3, 5);
    for (let session = 0; session < 50; session++) {
      const chi2 = 5 / common(session) ** 2;
      expect(marginScale(5, 5)(0.3, common(session))).toBeCloseTo(Math.sqrt(3 / chi2), 14);
    }
  });

  for (const [from, to] of [
    [NORMAL, 2.1],
    [NORMAL, 4.5],
    [4, NORMAL],
    [3, 8],
    [7, 2.5],
  ] as const) {
    it(`the table from ${from} to ${to} degrees agrees with the quantiles, inside and beyond`, () => {
      const scale = marginScale(from, to);
      const unit = to === NORMAL ? 1 : Math.sqrt((to - 2) / to);
      for (let y = 0.013; y < (from === NORMAL ? 12 : 1e9); y *= from === NORMAL ? 1.11 : 1.3) {
        const tail = from === NORMAL ? NORMAL_LAW.tail(y) : studentSf(y, from);
        const z = -(to === NORMAL ? normalQuantile(tail) : studentQuantile(tail, to)) * unit;
        expect(Math.abs((y * scale(y, 1)) / z - 1), `at ${y}`).toBeLessThan(y < 4 ? 1e-9 : 1e-8);
        expect(scale(-y, 1)).toBe(scale(y, 1));
        expect(scale(y / 2, 2)).toBeCloseTo(2 * scale(y, 1), 13);
      }
      expect(scale(0, 1)).toBeCloseTo(scale(1e-6, 1), 10);
      expect(scale(1e-300, 1)).toBe(scale(0, 1));
    });
  }

  for (const [df, margins] of [
    [NORMAL, [4, NORMAL]],
    [4, [4, NORMAL]],
    [4, [3, 9]],
  ] as const) {
    it(`margins of ${margins} degrees come out under a copula of ${df}`, () => {
      for (const seed of seeds(1, 2)) {
        const [a, b] = pairs(seed, df, margins, 40_000);
        expect(ks(a, cdf(margins[0]))).toBeLessThan(2);
        expect(ks(b, cdf(margins[1]))).toBeLessThan(2);
      }
    });
  }
});

describe('dependence', () => {
  for (const df of [NORMAL, 4]) {
    it(`simulated joint exceedance at 2 percent is that of theory, whatever the margins (df ${df})`, () => {
      const q = 0.02;
      for (const seed of seeds(1, 2, 3)) {
        const margins = [5, NORMAL] as const;
        const [a, b] = pairs(seed, df, margins);
        const [lowA, lowB] = margins.map((m) =>
          m === NORMAL ? normalQuantile(q) : studentQuantile(q, m) * Math.sqrt((m - 2) / m),
        );
        const p = q * jointExceedance(df, RHO, q);
        let low = 0;
        let high = 0;
        for (let i = 0; i < N; i++) {
          if (a[i]! < lowA! && b[i]! < lowB!) low++;
          if (a[i]! > -lowA! && b[i]! > -lowB!) high++;
        }
        for (const count of [low, high]) {
          expect(Math.abs(count / N - p), `seed ${seed}`).toBeLessThan(4 * Math.sqrt(p / N));
        }
      }
    });

    it(`Kendall's tau is 2/pi asin(rho) (df ${df})`, () => {
      const n = 1500;
      const [a, b] = pairs(5, df, [3, NORMAL], n);
      let agree = 0;
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) agree += Math.sign((a[i]! - a[j]!) * (b[i]! - b[j]!));
      const tau = agree / ((n * (n - 1)) / 2);
      // The variance of tau is below 2 (1 - tau^2) / n (Kendall 1970).
      const expected = (2 / Math.PI) * Math.asin(RHO);
      expect(Math.abs(tau - expected)).toBeLessThan(4 * Math.sqrt((2 * (1 - expected * expected)) / n));
    });
  }

  it('under the Student copula large days are common even without correlation', () => {
    const common = commonScale(9, 4);
    const s = ['A', 'B'].map((asset) => streamOf(9, { scope: 'asset', asset, component: 'diffusion' }));
    const both = [0, 0];
    for (let session = 0; session < N; session++) {
      const x = Math.abs(normal(s[0]!, session, 0));
      const y = Math.abs(normal(s[1]!, session, 0));
      const w = common(session);
      if (x > 2 && y > 2) both[0]!++;
      // 2 standard normal deviations hold as much as 2.87 of Student(4).
      if (x * w > 2.869 && y * w > 2.869) both[1]!++;
    }
    expect(both[1]).toBeGreaterThan(4 * both[0]!);
  });
});

it('groups of a grouped copula have their own common scale, and the market has one', () => {
  const [market, again, stocks, metals] = [
    commonScale(1, 4),
    commonScale(1, 4),
    commonScale(1, 4, 'stock'),
    commonScale(1, 4, 'metal'),
  ].map((scale) => Array.from({ length: 20 }, (_, session) => scale(session)));
  expect(again).toEqual(market);
  const address = { scope: 'market', asset: '', component: 'copulaMix' } as const;
  expect(market![3]).toBe(Math.sqrt(4 / chiSquare(streamOf(1, address), 3, 0, 4)));
  expect(new Set([...market!, ...stocks!, ...metals!]).size).toBe(60);
});

it('degrees that have no law are refused, for a margin also those without a variance', () => {
  for (const df of [0, -1, Number.NaN]) expect(checkCopula(df)[0]!.code).toBe('model/refused');
  for (const df of [2, 0.5, Number.NaN]) expect(checkMargin(df)[0]!.facts).toMatchObject({ field: 'df' });
  expect([...checkCopula(0.5), ...checkCopula(NORMAL), ...checkMargin(2.01), ...checkMargin(NORMAL)]).toEqual([]);
});
