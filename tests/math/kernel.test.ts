// Laws of compiled kernels: every bit is that of the TypeScript twin, wherever the arrays lie and however the work is cut.
import { afterEach, describe, expect, it } from 'vitest';
import { addNormals, addNormalsTwin, EDGE, normal, putNormals } from '../../lib/math/draw.ts';
import { floats, kernelOf, place, release, useTwins } from '../../lib/math/kernel.ts';
import drawWasm from '../../lib/math/kernels/draw.wasm';
import { type Stream, streamOf } from '../../lib/math/stream.ts';
import { seeds } from '../thorough.ts';

const stream = (seed: number, component = 'diffusion') => streamOf(seed, { scope: 'asset', asset: 'X', component });
afterEach(() => useTwins(false));

/** The first place where two arrays differ in a bit, -1 when none. */
function firstDifference(a: Float64Array, b: Float64Array): number {
  const bits = (x: Float64Array) => new BigInt64Array(x.slice().buffer);
  const [x, y] = [bits(a), bits(b)];
  return a.length === b.length ? x.findIndex((value, i) => value !== y[i]) : 0;
}

describe('the kernels', () => {
  it('are here, and lie in one memory with their arrays', () => {
    expect(kernelOf(drawWasm, () => {})()).not.toBeNull();
    const [a, b] = [floats(3), floats(4)];
    const apart = place(b) >= place(a) + 24 || place(a) >= place(b) + 32;
    expect([place(a) > 0, place(b) > 0, apart, place(a) % 16, place(b) % 16]).toEqual([true, true, true, 0, 0]);
    expect(a.buffer).toBe(b.buffer);
    release(a, b);
  });

  it('are not asked where the twins must do', () => {
    useTwins(true);
    expect(kernelOf(drawWasm, () => {})()).toBeNull();
    useTwins(false);
    expect(kernelOf(new Uint8Array(), () => {})()).toBeNull();
  });
});

describe('floats', () => {
  it('come as zeros, also when they were given back with other values', () => {
    const first = floats(77).fill(5);
    release(first);
    const second = floats(77);
    expect(place(second)).toBe(place(first));
    expect(second.every((x) => x === 0)).toBe(true);
    release(second, new Float64Array(77));
    release(floats(77));
  });

  it('are ordinary arrays when the memory is full, and what is computed is the same', () => {
    const out = floats(100_000_000);
    expect(place(out)).toBe(0);
    const [part, twin] = [out.subarray(0, 4000), new Float64Array(4000)];
    addNormals(part, stream(3), 1, 7, 1000, 4);
    addNormalsTwin(twin, stream(3), 1, 7, 1000, 4);
    expect(firstDifference(part, twin)).toBe(-1);
  });
});

describe('addNormals', () => {
  const both = (s: Stream, weight: number, firstBar: number, bars: number, perBar: number) => {
    const length = bars * perBar;
    const inside = floats(length + 2).fill(-0);
    const outside = new Float64Array(length).fill(-0);
    const twin = new Float64Array(length + 2).fill(-0);
    addNormals(inside, s, weight, firstBar, bars, perBar);
    addNormals(outside, s, weight, firstBar, bars, perBar);
    addNormalsTwin(twin, s, weight, firstBar, bars, perBar);
    expect(place(inside)).toBeGreaterThan(0);
    const label = `${bars} bars of ${perBar} from ${firstBar}`;
    // What lies behind the block stays as it was.
    expect(firstDifference(inside, twin), label).toBe(-1);
    expect(firstDifference(outside, twin.subarray(0, length)), label).toBe(-1);
    release(inside);
    return twin;
  };

  it('has the bits of its twin over a million draws a seed, the wedges and the tail among them', () => {
    const all = seeds(1, 2, 3);
    let beyond = 0;
    for (const seed of all) {
      const drawn = both(stream(seed), 1, 13_044, 250_000, 4);
      for (const x of drawn) if (Math.abs(x) > EDGE) beyond++;
    }
    // The tail holds 2.6e-4 of the mass.
    const mean = 258 * all.length;
    expect(Math.abs(beyond - mean)).toBeLessThan(4 * Math.sqrt(mean));
  });

  it('at every size of a bar and of a block, none and one and odd ones among them', () => {
    for (const perBar of [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 31, 1000, 2049])
      for (const bars of [0, 1, 2, 3, 5, 63, 64, 65, 257]) both(stream(4), 0.3, 100, bars, perBar);
  });

  it('at negative bars and where the counter wraps', () => {
    for (const firstBar of [-5, -2_147_483_650, 2_147_483_640, 4_294_967_290, 2 ** 40 - 3])
      for (const perBar of [1, 3, 4]) both(stream(5), -1.5, firstBar, 21, perBar);
    expect(both(stream(5), 1, 4_294_967_290, 12, 1)[6]).toBe(normal(stream(5), 0, 0));
  });

  it('under the keys of the published vectors and every weight', () => {
    const keys = [
      [0, 0, 0, 0],
      [-1, -1, -1, -1],
      [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3 | 0],
    ] as const;
    for (const [key0, key1, mask0, mask1] of keys)
      for (const weight of [0, -0, 1, 1e308, 5e-324, Number.POSITIVE_INFINITY])
        both({ key0, key1, mask0, mask1 }, weight, 0, 33, 3);
  });

  it('adds to what is there', () => {
    const out = floats(4000).fill(1);
    addNormals(out, stream(9), 0.5, 100, 1000, 4);
    addNormals(out, stream(8), 2, 100, 1000, 4);
    for (let i = 0; i < out.length; i++)
      expect(out[i]).toBe(
        1 + 0.5 * normal(stream(9), 100 + (i >> 2), i & 3) + 2 * normal(stream(8), 100 + (i >> 2), i & 3),
      );
    release(out);
  });

  it('puts what it would add to zeros, whatever is there, and nothing behind it', () => {
    for (const on of [false, true])
      for (const array of [floats(1002), new Float64Array(1002)]) {
        useTwins(on);
        array.fill(Number.NaN);
        putNormals(array, stream(7), -0.5, 3, 333, 3);
        const twin = new Float64Array(1002).fill(Number.NaN).fill(0, 0, 999);
        addNormalsTwin(twin, stream(7), -0.5, 3, 333, 3);
        expect(firstDifference(array, twin)).toBe(-1);
        release(array);
      }
  });

  it('refuses to write past the end of its array', () => {
    for (const out of [floats(11), new Float64Array(11)])
      expect(() => addNormals(out, stream(1), 1, 0, 4, 3)).toThrow(RangeError);
  });

  it('is the twin itself when that is asked for', () => {
    const [kernel, twin] = [new Float64Array(999), new Float64Array(999)];
    addNormals(kernel, stream(6), 1, 5, 333, 3);
    useTwins(true);
    addNormals(twin, stream(6), 1, 5, 333, 3);
    expect(firstDifference(kernel, twin)).toBe(-1);
  });
});
