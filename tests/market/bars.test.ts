// The law of a bar's extremes: exact for Brownian motion, at the ends of the path and in the range.
import { describe, expect, it } from 'vitest';
import { type LatentBar, latentBar } from '../../lib/market/bars.ts';
import { addNormals } from '../../lib/math/draw.ts';
import { normalCdf } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import type { PathBlock } from '../../lib/models/model.ts';

const stream = (seed: number, component: string) => streamOf(seed, { scope: 'asset', asset: 'X', component });

/** One bar of the given pieces, each [from, to, variance]. */
function blockOf(pieces: readonly (readonly [number, number, number])[]): Pick<PathBlock, 'from' | 'to' | 'variance'> {
  const column = (k: 0 | 1 | 2) => Float64Array.from(pieces, (p) => p[k]);
  return { from: column(0), to: column(1), variance: column(2) };
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

const N = 50_000;
const bar = (): LatentBar => ({ open: 0, high: 0, low: 0, close: 0 });

describe('latentBar', () => {
  it('given the ends, high and low follow P(max > x) = exp(-2 (x - a)(x - b) / w)', () => {
    const [a, b, w] = [0.01, 0.03, 0.0004];
    const block = blockOf([[a, b, w]]);
    const out = bar();
    const highs = new Float64Array(N);
    const lows = new Float64Array(N);
    for (let i = 0; i < N; i++) {
      latentBar(block, 0, 1, stream(1, 'extremes'), i, out);
      highs[i] = Math.log(out.high);
      lows[i] = Math.log(out.low);
    }
    expect(ks(highs, (x) => 1 - Math.exp((-2 * (x - a) * (x - b)) / w))).toBeLessThan(2);
    expect(ks(lows, (x) => Math.exp((-2 * (x - a) * (x - b)) / w))).toBeLessThan(2);
  });

  it('over four pieces the high of a driftless path follows the reflection law 2 Phi(x / s) - 1', () => {
    const z = new Float64Array(4 * N);
    addNormals(z, stream(2, 'diffusion'), 1, 0, N, 4);
    const [s, step] = [0.02, 0.01];
    const highs = new Float64Array(N);
    const out = bar();
    const extremes = stream(2, 'extremes');
    for (let i = 0; i < N; i++) {
      let x = 0;
      const pieces = [0, 1, 2, 3].map((k) => {
        const from = x;
        x += step * z[4 * i + k]!;
        return [from, x, step * step] as const;
      });
      latentBar(blockOf(pieces), 0, 4, extremes, i, out);
      highs[i] = Math.log(out.high);
      expect(Math.log(out.close)).toBeCloseTo(x, 12);
    }
    expect(ks(highs, (x) => (x <= 0 ? 0 : 2 * normalCdf(x / s) - 1))).toBeLessThan(2);
  });

  it('without variance the extremes are the ends', () => {
    const out = bar();
    latentBar(
      blockOf([
        [0, 0.5, 0],
        [0.5, 0.2, 0],
      ]),
      0,
      2,
      stream(1, 'extremes'),
      0,
      out,
    );
    expect([Math.log(out.high), Math.log(out.low), Math.log(out.close)].map((x) => x.toFixed(12))).toEqual([
      '0.500000000000',
      '0.000000000000',
      '0.200000000000',
    ]);
  });

  it('a jump between pieces is inside the range', () => {
    const out = bar();
    latentBar(
      blockOf([
        [0, 0.01, 1e-6],
        [-0.3, -0.28, 1e-6],
      ]),
      0,
      2,
      stream(1, 'extremes'),
      0,
      out,
    );
    expect(Math.log(out.low)).toBeLessThanOrEqual(-0.3);
    expect(Math.log(out.high)).toBeGreaterThanOrEqual(0.01);
    expect(Math.log(out.close)).toBeCloseTo(-0.28, 12);
    expect(out.open).toBe(1);
  });
});
