// Laws of bridge extremes: the kernel has the bits of the formula, draw by draw, however the pieces are cut into bars and blocks.
import { afterEach, describe, expect, it } from 'vitest';
import { bridgeExtremes } from '../../lib/market/bridges.ts';
import wasm from '../../lib/market/kernels/bridges.wasm';
import { addNormals, uniform } from '../../lib/math/draw.ts';
import { log } from '../../lib/math/elementary.ts';
import { kernelOf, useTwins } from '../../lib/math/kernel.ts';
import { streamOf } from '../../lib/math/stream.ts';

const stream = (component: string) => streamOf(7, { scope: 'asset', asset: 'X', component });
const extremes = stream('extremes');
afterEach(() => useTwins(false));

/** Pieces of bars whose counts of pieces are given, `perBar` runs a bar: a walk with jumps, flat stretches and changing variance. */
function pathOf(counts: readonly number[], perBar = 1) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const z = new Float64Array(total);
  addNormals(z, stream('diffusion'), 1, 0, total, 1);
  const from = new Float64Array(total);
  const to = new Float64Array(total);
  const variance = new Float64Array(total);
  for (let i = 0, x = 0; i < total; i++) {
    const w = i % 11 === 0 ? 0 : 1e-4 * (1 + (i % 7));
    from[i] = x;
    x += Math.sqrt(w) * z[i]!;
    to[i] = x;
    variance[i] = w;
    if (i % 13 === 0) x -= 0.05;
  }
  const ends = new Int32Array(counts.length * perBar);
  counts.forEach((count, b) => {
    const before = b === 0 ? 0 : ends[b * perBar - 1]!;
    for (let k = 0; k < perBar; k++) ends[b * perBar + k] = before + Math.ceil((count * (k + 1)) / perBar);
  });
  return { from, to, variance, ends };
}

function extremesOf(counts: readonly number[], perBar: number, number: Int32Array) {
  const [top, bottom] = [new Float64Array(counts.length), new Float64Array(counts.length)];
  bridgeExtremes(pathOf(counts, perBar), perBar, number, counts.length, extremes, top, bottom);
  return { top, bottom };
}

describe('bridgeExtremes', () => {
  it('has a kernel here', () => {
    expect(kernelOf(wasm, () => {})()).not.toBeNull();
  });

  const shapes: [string, number[], number][] = [
    ['no bar', [], 4],
    ['one piece', [1], 1],
    ['daily bars of four pieces', Array.from({ length: 2000 }, () => 4), 4],
    ['bars of any number of pieces', Array.from({ length: 3000 }, (_, b) => 1 + ((b * 7919) % 9)), 1],
    ['bars longer than what is worked on at a time', [511, 512, 513, 2000, 3], 3],
  ];
  for (const [shape, counts, perBar] of shapes) {
    for (const start of [0, -3, 2_147_483_600]) {
      it(`is the formula of each piece: ${shape} from bar ${start}`, () => {
        const number = Int32Array.from(counts, (_, b) => start + b);
        const { from, to, variance } = pathOf(counts, perBar);
        const expected = { top: new Float64Array(counts.length), bottom: new Float64Array(counts.length) };
        let piece = 0;
        counts.forEach((count, b) => {
          let [top, bottom] = [from[piece]!, from[piece]!];
          for (let p = 0; p < count; p++, piece++) {
            const [a, z, w] = [from[piece]!, to[piece]!, variance[piece]!];
            const spread = (draw: number) =>
              Math.sqrt((z - a) * (z - a) - 2 * w * log(uniform(extremes, number[b]!, draw)));
            top = Math.max(top, 0.5 * (a + z + spread(2 * p)));
            bottom = Math.min(bottom, 0.5 * (a + z - spread(2 * p + 1)));
          }
          expected.top[b] = top;
          expected.bottom[b] = bottom;
        });
        expect(extremesOf(counts, perBar, number)).toEqual(expected);
        useTwins(true);
        expect(extremesOf(counts, perBar, number)).toEqual(expected);
      });
    }
  }

  it('has the bits of its twin over a million draws', () => {
    const counts = Array.from({ length: 125_000 }, () => 4);
    const number = Int32Array.from(counts, (_, b) => b);
    const kernel = extremesOf(counts, 1, number);
    useTwins(true);
    const twin = extremesOf(counts, 1, number);
    for (const side of ['top', 'bottom'] as const)
      expect(Buffer.from(kernel[side].buffer).equals(Buffer.from(twin[side].buffer))).toBe(true);
  });
});
