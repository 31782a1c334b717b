// Laws of draws: exact vectors, stated distributions at 4 standard errors, and addresses that never shift each other.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  AREA,
  addNormals,
  EDGE,
  exponential,
  integerBelow,
  inverseNormal,
  LAYERS,
  normal,
  uniform,
} from '../../lib/math/draw.ts';
import { erfc, normalCdf } from '../../lib/math/special.ts';
import { type Stream, streamOf } from '../../lib/math/stream.ts';
import { draws, seeds } from '../thorough.ts';

const N = draws(400_000);
const stream = (seed: number, component = 'diffusion') => streamOf(seed, { scope: 'asset', asset: 'X', component });

function sample(draw: (s: Stream, bar: number, d: number) => number, seed: number, n = N): Float64Array {
  const s = stream(seed);
  return Float64Array.from({ length: n }, (_, bar) => draw(s, bar, 0));
}

/** Kolmogorov-Smirnov distance times sqrt(n); the limit law exceeds 2.0 with probability 0.00067. */
function ks(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const p = cdf(sorted[i]!);
    largest = Math.max(largest, Math.abs(p - i / n), Math.abs(p - (i + 1) / n));
  }
  return largest * Math.sqrt(n);
}

function moment(values: Float64Array, power: number): number {
  let sum = 0;
  for (const x of values) sum += x ** power;
  return sum / values.length;
}

describe('uniform', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`is uniform with seed ${seed}`, () => {
      expect(ks(sample(uniform, seed), (x) => x)).toBeLessThan(2);
    });
  }

  it('a known draw is the 53-bit centre of its cell', () => {
    expect([uniform(stream(1), 0, 0), uniform(stream(1), 1, 0), uniform(stream(1), 0, 1)]).toEqual([
      0.725998800699976, 0.8902080961064471, 0.47053258147867455,
    ]);
  });
});

describe('normal', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`has the moments and the law of N(0,1) with seed ${seed}`, () => {
      const x = sample(normal, seed);
      // Standard errors of the first four raw moments: sqrt of (1, 2, 15, 96) / n.
      expect(Math.abs(moment(x, 1))).toBeLessThan(4 * Math.sqrt(1 / N));
      expect(Math.abs(moment(x, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / N));
      expect(Math.abs(moment(x, 3))).toBeLessThan(4 * Math.sqrt(15 / N));
      expect(Math.abs(moment(x, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / N));
      expect(ks(x, normalCdf)).toBeLessThan(2);
    });
  }

  it('puts the right mass beyond 2, 3, 3.6541 (the edge of the tail layer) and 4, on both sides', () => {
    const n = draws(4_000_000);
    const s = stream(11);
    const cuts = [2, 3, EDGE, 4];
    const above = cuts.map(() => 0);
    const below = cuts.map(() => 0);
    for (let bar = 0; bar < n; bar++) {
      const x = normal(s, bar, 0);
      if (Math.abs(x) < 2) continue;
      cuts.forEach((cut, i) => {
        if (x > cut) above[i]!++;
        if (x < -cut) below[i]!++;
      });
    }
    cuts.forEach((cut, i) => {
      const p = normalCdf(-cut);
      const se = Math.sqrt((p * (1 - p)) / n);
      expect(Math.abs(above[i]! / n - p), `above ${cut}`).toBeLessThan(4 * se);
      expect(Math.abs(below[i]! / n - p), `below ${cut}`).toBeLessThan(4 * se);
    });
  });

  it('the layers have equal areas and close at the top', () => {
    const f = (x: number) => Math.exp(-0.5 * x * x);
    expect(EDGE * f(EDGE) + Math.sqrt(Math.PI / 2) * erfc(EDGE / Math.SQRT2)).toBeCloseTo(AREA, 15);
    let x = EDGE;
    for (let i = 0; i < LAYERS - 2; i++) x = Math.sqrt(-2 * Math.log(AREA / x + f(x)));
    expect(AREA / x + f(x)).toBeCloseTo(1, 10);
  });

  it('neighbouring draws, bars and streams are uncorrelated', () => {
    const a = stream(1);
    const b = stream(1, 'volume');
    const sums = [0, 0, 0];
    for (let bar = 0; bar < N; bar++) {
      const x = normal(a, bar, 0);
      sums[0]! += x * normal(a, bar, 1);
      sums[1]! += x * normal(a, bar + 1, 0);
      sums[2]! += x * normal(b, bar, 0);
    }
    for (const sum of sums) expect(Math.abs(sum / N)).toBeLessThan(4 / Math.sqrt(N));
  });

  it('addNormals gives the same values as one draw at a time, rejections included', () => {
    const s = stream(9);
    const out = new Float64Array(4 * 5000).fill(1);
    addNormals(out, s, 0.5, 100, 5000, 4);
    for (let i = 0; i < out.length; i++) expect(out[i]).toBe(1 + 0.5 * normal(s, 100 + (i >> 2), i & 3));
  });

  it('bits over 200 000 addresses never change', () => {
    const out = new Float64Array(200_000);
    addNormals(out, stream(123), 1, 13044, 50_000, 4);
    expect(createHash('sha256').update(new Uint8Array(out.buffer)).digest('hex')).toBe(
      '2d9a6f5e0b53d3f1b64e9dc89051a7493abb759135d89f4c3ed1d876564ec990',
    );
    expect([normal(stream(1), 0, 0), normal(stream(1), 1, 0), normal(stream(1), 0, 1)]).toEqual([
      -1.085247337829967, -2.612197155591693, 0.9665247114853669,
    ]);
  });
});

describe('exponential', () => {
  it('has mean and variance 1 and the exponential law', () => {
    const x = sample(exponential, 4);
    expect(Math.abs(moment(x, 1) - 1)).toBeLessThan(4 / Math.sqrt(N));
    expect(Math.abs(moment(x, 2) - 2)).toBeLessThan(4 * Math.sqrt(20 / N));
    expect(ks(x, (t) => 1 - Math.exp(-t))).toBeLessThan(2);
  });
});

describe('integerBelow', () => {
  it('is uniform over its cells, for n that a power of two does not divide too', () => {
    for (const n of [1, 7, 100, 3_000_000_000]) {
      const cells = Math.min(n, 50);
      const counts = new Float64Array(cells);
      const s = stream(5);
      for (let bar = 0; bar < 100_000; bar++) {
        const k = integerBelow(s, bar, 0, n);
        if (!Number.isInteger(k) || k < 0 || k >= n) throw new Error(`${k} is not below ${n}`);
        counts[Math.floor((k * cells) / n)]!++;
      }
      const expected = 100_000 / cells;
      const chi2 = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
      // Chi-square of cells - 1 degrees: mean + 4 standard deviations.
      expect(chi2).toBeLessThanOrEqual(cells - 1 + 4 * Math.sqrt(2 * (cells - 1)));
    }
  });
});

// Newton's method on erfc at 1400 bits; 1.39e-11 and .075 are where the paper changes its formula.
const QUANTILES: readonly (readonly [number, number])[] = [
  [5e-324, -38.467405617144344],
  [1e-300, -37.0470962993612],
  [1e-50, -14.933337534788489],
  [1e-16, -8.222082216130435],
  [1.3887943864964021e-11, -6.657904643501103],
  [1e-9, -5.9978070150076865],
  [0.0001, -3.7190164854556804],
  [0.02, -2.053748910631823],
  [0.0749, -1.4402382675279637],
  [0.0751, -1.43882539275254],
  [0.2, -0.8416212335729142],
  [0.4999, -0.00025066283008800747],
  [0.7, 0.5244005127080407],
  [0.925, 1.4395314709384561],
  [0.99, 2.3263478740408408],
  [0.9999999999999999, 8.209536151601387],
];

describe('inverseNormal', () => {
  it('agrees with exact quantiles to 1e-15 relative or absolute', () => {
    for (const [p, x] of QUANTILES) {
      expect(Math.abs(inverseNormal(p) - x), `at ${p}`).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(x)));
    }
  });

  it('is odd about one half and monotone across its three ranges', () => {
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 1; i < 4096; i++) {
      const x = inverseNormal(i / 4096);
      expect(x).toBeGreaterThan(last);
      expect(inverseNormal(1 - i / 4096)).toBe(i === 2048 ? 0 : -x);
      last = x;
    }
  });
});
