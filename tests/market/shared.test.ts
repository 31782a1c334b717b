// Laws of normals that tickers share: the bits of each source drawn by itself, whoever asked before and wherever blocks begin.
import { afterEach, expect, it } from 'vitest';
import { sharedNormals, sharedStreams } from '../../lib/market/shared.ts';
import { addNormals } from '../../lib/math/draw.ts';
import { floats, release, useTwins } from '../../lib/math/kernel.ts';
import { streamOf } from '../../lib/math/stream.ts';

afterEach(() => useTwins(false));
const WEIGHTS = [0.6, -0.64, 0, 0.48, 1e-9];
const addresses = [...'ABCDE'].map((asset) => ({ scope: 'asset', asset, component: 'diffusion' }) as const);
const streamsOf = (seed: number) => addresses.map((address) => streamOf(seed, address));
/** Of a ticker that asks for all of them. */
const shared = (seed: number) => sharedNormals(sharedStreams(seed, addresses));

/** Sources first..end-1, each by itself. */
function plain(seed: number, first: number, end: number, firstBar: number, bars: number, perBar: number): Float64Array {
  const out = new Float64Array(bars * perBar).fill(0.5);
  for (let k = first; k < end; k++) addNormals(out, streamsOf(seed)[k]!, WEIGHTS[k]!, firstBar, bars, perBar);
  return out;
}

it('shared normals are the bits of plain ones wherever blocks begin, for every seed, in and outside the memory of kernels', () => {
  const [perBar, bars] = [3, 1300];
  for (const seed of [1, 2, 1])
    for (const [first, end] of [
      [0, 5],
      [1, 4],
    ] as const) {
      const expected = plain(seed, first, end, 700, bars, perBar);
      for (const cut of [1, 333, 512, bars - 1]) {
        const add = shared(seed);
        for (const out of [floats(bars * perBar), new Float64Array(bars * perBar)]) {
          out.fill(0.5);
          add(out.subarray(0, cut * perBar), WEIGHTS, first, end, 700, cut, perBar);
          add(out.subarray(cut * perBar), WEIGHTS, first, end, 700 + cut, bars - cut, perBar);
          expect(out).toEqual(expected);
          const toZeros = out.slice();
          add(out.fill(0), WEIGHTS, first, end, 700, bars, perBar);
          add(toZeros, WEIGHTS, first, end, 700, bars, perBar, true);
          expect(toZeros).toEqual(out);
          add(out.fill(Number.NaN), WEIGHTS, first, end, 700, bars, perBar, true);
          expect(out).toEqual(toZeros);
          release(out);
        }
      }
    }
});

it('a stream is the one of its address, whoever asked before', () => {
  const one = { scope: 'asset', asset: 'A', component: 'diffusion' } as const;
  const others = [
    one,
    { ...one, scope: 'class' as const },
    { ...one, component: 'overnight' },
    { ...one, asset: 'diffusion' },
  ];
  for (const seed of [1, '1', 2])
    expect(sharedStreams(seed, others).map((one) => one.stream)).toEqual(others.map((other) => streamOf(seed, other)));
  expect(sharedStreams(2, [one])[0]).toBe(sharedStreams(2, others)[0]);
});

it('one that was asked before another seed came does not take the normals of that one', () => {
  const before = shared(1);
  const out = new Float64Array(600);
  before(out, WEIGHTS, 0, 5, 0, 600, 1);
  const other = shared(2);
  other(new Float64Array(600), WEIGHTS, 0, 5, 0, 600, 1);
  const again = new Float64Array(600).fill(0.5);
  before(again, WEIGHTS, 0, 5, 0, 600, 1);
  expect(again).toEqual(plain(1, 0, 5, 0, 600, 1));
});

it('a bar of more pieces than there is room for is drawn all the same', () => {
  const out = new Float64Array(3 * 200).fill(0.5);
  shared(1)(out, WEIGHTS, 0, 5, 10, 3, 200);
  expect(out).toEqual(plain(1, 0, 5, 10, 3, 200));
});
