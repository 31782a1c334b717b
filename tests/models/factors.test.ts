// Laws of the factor model: implied correlations, shocks that have them, wild factors that raise them, and refusals.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addNormals } from '../../lib/math/draw.ts';
import { eigenSymmetric, square } from '../../lib/math/matrix.ts';
import { streamOf } from '../../lib/math/stream.ts';
import {
  checkFactorVolatility,
  checkShares,
  factorRow,
  factorVolatility,
  impliedCorrelation,
  type VarianceShares,
} from '../../lib/models/factors.ts';
import { kurtosis } from '../../lib/models/volatility/garch.ts';
import { correlation, fisherBand } from '../../lib/stats/dependence.ts';
import { draws, runs } from '../thorough.ts';

const universe: Readonly<Record<string, VarianceShares>> = {
  BANK: { market: 0.36, 'sector:finance': 0.25, rates: 0.09 },
  LENDER: { rates: 0.04, 'sector:finance': 0.16, market: 0.49 },
  MINER: { market: 0.25, commodity: 0.3 },
  BOND: { market: -0.04, rates: -0.64 },
};

/** Unit shocks of a name over sessions of one draw, each factor times its volatility if it has one. */
function shocks(
  seed: number,
  ticker: string,
  sessions: number,
  volatility: Record<string, Float64Array> = {},
): Float64Array {
  const { factors, own } = factorRow(universe[ticker]!);
  const out = new Float64Array(sessions);
  for (const { name, weight } of factors) {
    const part = new Float64Array(sessions);
    addNormals(part, streamOf(seed, { scope: 'class', asset: name, component: 'diffusion' }), weight, 0, sessions, 1);
    part.forEach((x, s) => {
      out[s] = out[s]! + x * (volatility[name]?.[s] ?? 1);
    });
  }
  addNormals(out, streamOf(seed, { scope: 'asset', asset: ticker, component: 'diffusion' }), own, 0, sessions, 1);
  return out;
}

describe('factorRow', () => {
  it('squares of the weights are the shares, with their signs, and sum to 1 with the own part', () => {
    const { factors, own } = factorRow(universe.BOND!);
    expect(factors).toEqual([
      { name: 'market', weight: -0.2 },
      { name: 'rates', weight: -0.8 },
    ]);
    expect(own * own).toBeCloseTo(0.32, 14);
    expect(factorRow({ market: 1 })).toEqual({ factors: [{ name: 'market', weight: 1 }], own: 0 });
    expect(factorRow({ market: 0 })).toEqual({ factors: [], own: 1 });
  });

  it('the order in which shares are written changes nothing', () => {
    const turned = Object.fromEntries(Object.entries(universe.BANK!).reverse());
    expect(factorRow(turned)).toEqual(factorRow(universe.BANK!));
  });

  it('shares beyond 1, alone or together, are refused', () => {
    expect(checkShares('X', { market: 0.7, rates: -0.4 })[0]!.message).toBe(
      'X: the sum of variance shares must be 1 or less',
    );
    expect(checkShares('X', { market: Number.NaN })[0]!.facts).toMatchObject({ field: 'share of market' });
    expect(checkShares('X', { market: 0.1, a: 0.2, b: 0.3, c: 0.4 })).toEqual([]);
  });
});

describe('impliedCorrelation', () => {
  it('is the sum of products of loadings', () => {
    const implied = impliedCorrelation(Object.values(universe).map(factorRow));
    expect(implied[1]![0]).toBeCloseTo(0.6 * 0.7 + 0.5 * 0.4 + 0.3 * 0.2, 14);
    expect(implied[2]![0]).toBeCloseTo(0.6 * 0.5, 14);
    expect(implied[3]![0]).toBeCloseTo(-0.6 * 0.2 - 0.3 * 0.8, 14);
  });

  it('is positive semidefinite whatever the shares', () => {
    const shares = fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
      .map((parts) => {
        const sum =
          Math.max(
            1,
            parts.reduce((total, part) => total + Math.abs(part), 0),
          ) *
          (1 + 1e-12);
        return Object.fromEntries(parts.map((part, k) => [`f${k}`, part / sum]));
      });
    fc.assert(
      fc.property(fc.array(shares, { minLength: 2, maxLength: 8 }), (names) => {
        for (const one of names) expect(checkShares('X', one)).toEqual([]);
        const implied = impliedCorrelation(names.map(factorRow), (factor) => (factor === 'f0' ? 7 : 1));
        expect(eigenSymmetric(square(implied)).values.at(-1)).toBeGreaterThan(-1e-12);
      }),
      { numRuns: runs(60) },
    );
  });

  it('a wild market raises the correlation of names that share it', () => {
    const rows = [universe.BANK!, universe.MINER!].map(factorRow);
    const [calm, wild] = [1, 9].map((h) => impliedCorrelation(rows, (f) => (f === 'market' ? h : 1))[1]![0]!);
    expect(wild).toBeGreaterThan(2 * calm!);
    expect(wild).toBeCloseTo((9 * 0.3) / Math.sqrt((1 + 8 * 0.36) * (1 + 8 * 0.25)), 12);
  });
});

it('sample correlations of shocks lie within Fisher bands of the implied ones at every seed', () => {
  const names = Object.keys(universe);
  const implied = impliedCorrelation(Object.values(universe).map(factorRow));
  const n = 20_000;
  for (const seed of [1, 2, 3, 4]) {
    const x = names.map((name) => shocks(seed, name, n));
    for (let i = 0; i < names.length; i++) {
      for (let j = 0; j < i; j++) {
        const [low, high] = fisherBand(implied[i]![j]!, n, 0.9999)!;
        const r = correlation(x[i]!, x[j]!)!;
        expect(r, `${names[i]} ${names[j]} seed ${seed}`).toBeGreaterThan(low);
        expect(r, `${names[i]} ${names[j]} seed ${seed}`).toBeLessThan(high);
      }
    }
  }
});

describe('factorVolatility', () => {
  const params = { alpha: 0.08, gamma: 0.04, beta: 0.86 };
  const common = (seed: number, sessions: number) => {
    const out = new Float64Array(sessions);
    addNormals(out, streamOf(seed, { scope: 'class', asset: 'market', component: 'diffusion' }), 1, 0, sessions, 1);
    return out;
  };

  it('has unit mean square in the long run and the kurtosis of a GARCH', () => {
    const n = draws(200_000);
    const f = common(7, n);
    const v = factorVolatility(7, 'market', params, 0, f);
    let square = 0;
    let fourth = 0;
    v.forEach((x, s) => {
      square += x * x;
      fourth += (x * f[s]!) ** 4;
    });
    // Persistence .96 makes some n / 50 independent stretches of variance about .5.
    expect(Math.abs(square / n - 1)).toBeLessThan(4 * Math.sqrt(0.5 / (n / 50)));
    const expected = kurtosis({ ...params, sigma: 1, innovations: 'normal' });
    expect(Math.abs(fourth / n / expected - 1)).toBeLessThan(0.15);
  });

  it('makes names move together on wild days more than on calm ones', () => {
    const n = 20_000;
    const v = { market: factorVolatility(3, 'market', { alpha: 0.1, gamma: 0, beta: 0.88 }, 0, common(3, n)) };
    const [a, b] = ['BANK', 'MINER'].map((ticker) => shocks(3, ticker, n, v));
    const cut = v.market.slice().sort();
    const among = (low: number, high: number) => {
      const days = [...v.market.keys()].filter((s) => v.market[s]! > low && v.market[s]! <= high);
      return correlation(
        days.map((s) => a![s]!),
        days.map((s) => b![s]!),
      )!;
    };
    expect(among(cut[Math.floor(0.9 * n)]!, 1e9)).toBeGreaterThan(among(0, cut[Math.floor(0.5 * n)]!) + 0.2);
  });

  it('is 1 without weights, follows falls more than rises with asymmetry, and knows no later shock', () => {
    const f = common(1, 50);
    const [still, whole] = [{ alpha: 0, gamma: 0, beta: 0 }, params].map((p) => factorVolatility(1, 'market', p, 5, f));
    expect(still).toEqual(new Float64Array(50).fill(1));
    expect(factorVolatility(1, 'market', params, 5, f.slice(0, 30))).toEqual(whole!.slice(0, 30));
    const [fall, rise] = [-2, 2].map((x) => factorVolatility(1, 'market', params, 5, f.with(10, x))[11]!);
    expect(fall).toBeGreaterThan(rise!);
    expect(fall! ** 2 - rise! ** 2).toBeCloseTo(params.gamma * 4 * whole![10]! ** 2, 12);
  });

  it('parameters without a long-run variance are refused', () => {
    expect(checkFactorVolatility({ alpha: 0.2, gamma: 0, beta: 0.8 })).toHaveLength(1);
    expect(checkFactorVolatility(params)).toEqual([]);
  });
});
