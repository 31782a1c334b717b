// Laws of the further draws: stated distributions by goodness of fit, inversion where promised, fixed bits, refusals.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inverseNormal, RETRY, uniform } from '../../lib/math/draw.ts';
import { categorical, chiSquare, gamma, poisson } from '../../lib/math/laws.ts';
import { chiSquareCdf, gammaP, gammaQ, logPoisson } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { draws, seeds } from '../thorough.ts';

const stream = (seed: number) => streamOf(seed, { scope: 'asset', asset: 'X', component: 'jumpCount' });

/** Kolmogorov-Smirnov distance times sqrt(n); the limit law exceeds 2.0 with probability 0.00067. */
function ks(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  let largest = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    largest = Math.max(largest, Math.abs(p - i / n), Math.abs(p - (i + 1) / n));
  });
  return largest * Math.sqrt(n);
}

/** Pearson's statistic over cells of at least 10 expected, less its mean, in its standard deviations. */
function misfit(counts: readonly number[], expected: readonly number[]): number {
  let chi2 = 0;
  let cells = 0;
  let seen = 0;
  let due = 0;
  counts.forEach((count, i) => {
    seen += count;
    due += expected[i]!;
    if (due < 10 && i < counts.length - 1) return;
    chi2 += (seen - due) ** 2 / due;
    cells++;
    seen = due = 0;
  });
  return (chi2 - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}

describe('poisson', () => {
  // 9.999 and 10 stand on either side of the change of method; .04 is a day's share of ten jumps a year.
  for (const mean of [0.04, 0.9, 5, 9.999, 10, 37.5, 400]) {
    it(`has the Poisson law of mean ${mean}`, () => {
      const n = draws(60_000);
      const top = Math.ceil(mean + 8 * Math.sqrt(mean) + 8);
      for (const seed of seeds(1, 2)) {
        const counts = new Array<number>(top + 1).fill(0);
        const s = stream(seed);
        for (let bar = 0; bar < n; bar++) counts[Math.min(top, poisson(s, bar, 0, mean))]!++;
        const expected = counts.map((_, k) => n * Math.exp(logPoisson(k, mean)));
        expected[top] = n * (1 - gammaQ(top, mean));
        expect(misfit(counts, expected), `seed ${seed}`).toBeLessThan(4.5);
      }
    });
  }

  it('keeps mean and variance when the mean is large', () => {
    for (const mean of [1e6, 1e12]) {
      const n = draws(40_000);
      const s = stream(3);
      let sum = 0;
      let squares = 0;
      for (let bar = 0; bar < n; bar++) {
        const z = (poisson(s, bar, 0, mean) - mean) / Math.sqrt(mean);
        sum += z;
        squares += z * z;
      }
      expect(Math.abs(sum / n)).toBeLessThan(4 / Math.sqrt(n));
      expect(Math.abs(squares / n - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    }
  });

  it('below 10 it inverts its one uniform, so a count never falls when the mean grows', () => {
    const s = stream(4);
    for (let bar = 0; bar < 1000; bar++) {
      const u = uniform(s, bar, 7);
      let last = 0;
      for (const mean of [0, 0.3, 2, 9.9]) {
        const count = poisson(s, bar, 7, mean);
        expect(count).toBeGreaterThanOrEqual(last);
        if (mean > 0) expect(gammaQ(count + 1, mean)).toBeGreaterThanOrEqual(u - 1e-14);
        if (count > 0) expect(gammaQ(count, mean)).toBeLessThan(u + 1e-14);
        last = count;
      }
    }
  });

  it('from 10 its quick acceptances change no count: each passes the exact test', () => {
    const s = stream(11);
    for (const mean of [10, 17.3, 300]) {
      const b = 0.931 + 2.53 * Math.sqrt(mean);
      const a = -0.059 + 0.02483 * b;
      const exact = (bar: number) => {
        for (let at = 0; ; at += 2 * RETRY) {
          const u = uniform(s, bar, at) - 0.5;
          const v = uniform(s, bar, at + RETRY);
          const edge = 0.5 - Math.abs(u);
          const count = Math.floor(((2 * a) / edge + b) * u + mean + 0.43);
          const height = (v * (1.1239 + 1.1328 / (b - 3.4))) / (a / (edge * edge) + b);
          if (count >= 0 && Math.log(height) <= logPoisson(count, mean)) return count;
        }
      };
      for (let bar = 0; bar < 20_000; bar++) {
        if (poisson(s, bar, 0, mean) !== exact(bar)) throw new Error(`mean ${mean}, bar ${bar}`);
      }
    }
  });

  it('a mean that is negative, too large or no number is refused', () => {
    for (const mean of [-1, 2e15, Number.NaN]) expect(() => poisson(stream(1), 0, 0, mean)).toThrow(RangeError);
  });
});

describe('gamma', () => {
  for (const shape of [0.05, 0.7, 1, 2, 3.5, 80]) {
    it(`has the gamma law of shape ${shape}`, () => {
      for (const seed of seeds(5, 6)) {
        const s = stream(seed);
        const x = Float64Array.from({ length: 40_000 }, (_, bar) => gamma(s, bar, 0, shape));
        expect(
          ks(x, (t) => gammaP(shape, t)),
          `seed ${seed}`,
        ).toBeLessThan(2);
      }
    });
  }

  it('a chi-square is twice the gamma of half its degrees', () => {
    const s = stream(7);
    const x = Float64Array.from({ length: 40_000 }, (_, bar) => chiSquare(s, bar, 3, 4));
    expect(ks(x, (t) => chiSquareCdf(t, 4))).toBeLessThan(2);
    expect(x[11]).toBe(2 * gamma(s, 11, 3, 2));
  });

  it('for a large shape it is the cubed normal of its first uniform', () => {
    const s = stream(8);
    const d = 1e8 - 1 / 3;
    const root = 1 + inverseNormal(uniform(s, 5, 2)) / Math.sqrt(9 * d);
    expect(gamma(s, 5, 2, 1e8)).toBe(d * (root * root * root));
  });

  it('a shape that is not positive and finite is refused', () => {
    for (const shape of [0, -2, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => gamma(stream(1), 0, 0, shape)).toThrow(RangeError);
    }
  });
});

describe('categorical', () => {
  const p = [0.1, 0, 0.55, 0.35];

  it('takes each cell with its probability and never one of none', () => {
    const n = draws(60_000);
    const counts = p.map(() => 0);
    const s = stream(9);
    for (let bar = 0; bar < n; bar++) counts[categorical(s, bar, 0, p)]!++;
    expect(counts[1]).toBe(0);
    const some = [0, 2, 3];
    expect(
      misfit(
        some.map((i) => counts[i]!),
        some.map((i) => n * p[i]!),
      ),
    ).toBeLessThan(4.5);
  });

  it('inverts along the cells in their order, and what rounding leaves falls to the last that can happen', () => {
    const s = stream(10);
    for (let bar = 0; bar < 500; bar++) {
      const u = uniform(s, bar, 1);
      expect(categorical(s, bar, 1, p)).toBe(u <= 0.1 ? 0 : u <= 0.65 ? 2 : 3);
      expect(categorical(s, bar, 1, [0, 1e-300, 0])).toBe(1);
    }
  });
});

it('draws of neighbouring numbers and bars share no words, rejections included', () => {
  const s = stream(12);
  const n = draws(40_000);
  for (const law of [
    (bar: number, draw: number) => (poisson(s, bar, draw, 12) - 12) / Math.sqrt(12),
    (bar: number, draw: number) => gamma(s, bar, draw, 1) - 1,
  ]) {
    const sums = [0, 0];
    for (let bar = 0; bar < n; bar++) {
      const x = law(bar, 0);
      sums[0]! += x * law(bar, 1);
      sums[1]! += x * law(bar + 1, 0);
    }
    for (const sum of sums) expect(Math.abs(sum / n)).toBeLessThan(4 / Math.sqrt(n));
  }
  expect(poisson(s, 1, 0, 12)).not.toBe(poisson(s, 1, RETRY, 12));
});

it('bits over 20 000 addresses never change', () => {
  const s = stream(123);
  const values = Float64Array.from({ length: 20_000 }, (_, i) =>
    i % 4 === 0 ? poisson(s, i, 0, 3) : i % 4 === 1 ? poisson(s, i, 0, 50) : gamma(s, i, 0, i % 4 === 2 ? 0.4 : 2.2),
  );
  expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')).toBe(
    'b0956cc39b498e79297a18bd402024410de09994a0397c3f80aca5622f09f37e',
  );
});
