// The law of a bar's extremes: exact for Brownian motion, at the ends of the path and in the range.
import { describe, expect, it } from 'vitest';
import { latentBars } from '../../lib/market/bars.ts';
import type { Prices } from '../../lib/market/ticks.ts';
import { addNormals } from '../../lib/math/draw.ts';
import { normalCdf } from '../../lib/math/special.ts';
import { type Stream, streamOf } from '../../lib/math/stream.ts';
import { draws } from '../thorough.ts';

const stream = (seed: number, component: string) => streamOf(seed, { scope: 'asset', asset: 'X', component });

/** Room for the prices of so many bars. */
function pricesFor(bars: number): Prices {
  const column = () => new Float64Array(bars);
  return { open: column(), high: column(), low: column(), close: column() };
}

/** Latent bars of the given pieces, each [from, to, variance], `perBar` of them a bar. */
function barsOf(pieces: readonly (readonly [number, number, number])[], perBar: number, extremes: Stream): Prices {
  const column = (k: 0 | 1 | 2) => Float64Array.from(pieces, (p) => p[k]);
  const count = pieces.length / perBar;
  const out = pricesFor(count);
  const ends = Int32Array.from(pieces, (_, i) => i + 1);
  const block = { from: column(0), to: column(1), variance: column(2), ends };
  latentBars(
    block,
    perBar,
    Int32Array.from({ length: count }, (_, b) => b),
    count,
    extremes,
    out,
  );
  return out;
}

/** Kolmogorov-Smirnov distance times sqrt(n); the limit law exceeds 2.0 with probability 0.00067. */
function ks(values: Float64Array, cdf: (x: number) => number): number {
  const n = values.length;
  let largest = 0;
  values.sort().forEach((x, i) => {
    largest = Math.max(largest, Math.abs(cdf(x) - i / n), Math.abs(cdf(x) - (i + 1) / n));
  });
  return largest * Math.sqrt(n);
}

const N = draws(50_000);
const logs = (prices: Float64Array) => prices.map((price) => Math.log(price));

describe('latentBars', () => {
  it('given the ends, high and low follow P(max > x) = exp(-2 (x - a)(x - b) / w)', () => {
    const [a, b, w] = [0.01, 0.03, 0.0004];
    const bars = barsOf(
      Array.from({ length: N }, () => [a, b, w]),
      1,
      stream(1, 'extremes'),
    );
    expect(ks(logs(bars.high), (x) => 1 - Math.exp((-2 * (x - a) * (x - b)) / w))).toBeLessThan(2);
    expect(ks(logs(bars.low), (x) => Math.exp((-2 * (x - a) * (x - b)) / w))).toBeLessThan(2);
  });

  it('over four pieces the high of a driftless path follows the reflection law 2 Phi(x / s) - 1', () => {
    const z = new Float64Array(4 * N);
    addNormals(z, stream(2, 'diffusion'), 1, 0, N, 4);
    const [s, step] = [0.02, 0.01];
    const closes = new Float64Array(N);
    const pieces: [number, number, number][] = [];
    for (let i = 0; i < 4 * N; i++) {
      const from = i % 4 === 0 ? 0 : pieces[i - 1]![1];
      pieces.push([from, from + step * z[i]!, step * step]);
      closes[i >> 2] = pieces[i]![1];
    }
    const bars = barsOf(pieces, 4, stream(2, 'extremes'));
    logs(bars.close).forEach((x, i) => {
      if (Math.abs(x - closes[i]!) > 1e-14) throw new Error(`bar ${i} closes at ${x}, not ${closes[i]}`);
    });
    expect(ks(logs(bars.high), (x) => (x <= 0 ? 0 : 2 * normalCdf(x / s) - 1))).toBeLessThan(2);
  });

  it('without variance the extremes are the ends', () => {
    const pieces = [
      [0, 0.5, 0],
      [0.5, 0.2, 0],
    ] as const;
    const { high, low, close } = barsOf(pieces, 2, stream(1, 'extremes'));
    expect([high, low, close].map((x) => Math.log(x[0]!).toFixed(12))).toEqual([
      '0.500000000000',
      '0.000000000000',
      '0.200000000000',
    ]);
  });

  it('a jump between pieces is inside the range', () => {
    const pieces = [
      [0, 0.01, 1e-6],
      [-0.3, -0.28, 1e-6],
    ] as const;
    const { open, high, low, close } = barsOf(pieces, 2, stream(1, 'extremes'));
    expect(Math.log(low[0]!)).toBeLessThanOrEqual(-0.3);
    expect(Math.log(high[0]!)).toBeGreaterThanOrEqual(0.01);
    expect(Math.log(close[0]!)).toBeCloseTo(-0.28, 12);
    expect(open[0]).toBe(1);
  });
});
