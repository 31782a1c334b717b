// Laws of unit shocks: variance 1 whatever is mixed, blended or remembered; correlations as stated; bars as they are addressed.
import { describe, expect, it } from 'vitest';
import { alone, type Mix, memory, mixer, shockSd, studentMixing } from '../../lib/market/shocks.ts';
import { CALM, fillChannel } from '../../lib/market/surroundings.ts';
import { normal } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { correlation } from '../../lib/stats/dependence.ts';
import { draws } from '../thorough.ts';
import { mixOf } from './rig.ts';

const N = draws(40_000);
const filled = (mix: Mix, blend: Float64Array | null = null, component = 'diffusion') => {
  const out = new Float64Array(N).fill(9);
  mixer(7, mix, component, blend).fill(out, 0, N / 4, 4, (b) => b % 100);
  return out;
};
const power = (x: Float64Array) => x.reduce((sum, v) => sum + v * v, 0) / x.length;
const BOUND = 4 * Math.sqrt(2 / N);

describe('mixer', () => {
  it('a name alone has its own normals, by their addresses', () => {
    const stream = streamOf(7, { scope: 'asset', asset: 'A', component: 'diffusion' });
    const out = new Float64Array(8);
    mixer(7, alone('A'), 'diffusion', null).fill(out, -3, 2, 4, () => 0);
    expect(Array.from(out)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => normal(stream, -3 + Math.floor(i / 4), i % 4)));
  });

  it('correlation is the product of weights, and a blend w takes it to (1 - w) R + w', () => {
    const w = new Float64Array(100).fill(0.3);
    for (const [blend, wanted] of [
      [null, 0.6],
      [w, 0.7 * 0.6 + 0.3],
      [new Float64Array(100), 0.6],
    ] as const) {
      const [a, b] = [filled(mixOf(['A', 'B'], [1, 0]), blend), filled(mixOf(['A', 'B'], [0.6, 0.8]), blend)];
      expect(Math.abs(power(b) - 1)).toBeLessThan(BOUND);
      expect(Math.abs(correlation(a, b)! - wanted)).toBeLessThan((4 * (1 - wanted ** 2)) / Math.sqrt(N));
    }
    // A blend of 0 leaves every bit, and one of 1 makes all names one.
    expect(filled(alone('A'), new Float64Array(100))).toEqual(filled(alone('A')));
    const one = new Float64Array(100).fill(1);
    expect(filled(alone('A'), one)).toEqual(filled(alone('B'), one));
  });

  it('weights that vary multiply session by session; factors of 1 leave what they multiply', () => {
    const mix = mixOf(['A', 'B'], [0.6, 0.8]);
    const half = Float64Array.from({ length: 100 }, (_, s) => (s < 50 ? 1 : 0.5));
    const plain = filled(mix);
    const own = filled(alone('A'));
    filled({ ...mix, varying: [half, null] }).forEach((x, i) => {
      const lost = Math.floor(i / 4) % 100 < 50 ? 0 : 0.3 * own[i]!;
      if (Math.abs(x - (plain[i]! - lost)) > 1e-14) throw new Error(`shock ${i}`);
    });
  });

  it('components do not share draws', () => {
    expect(Math.abs(correlation(filled(alone('A')), filled(alone('A'), null, 'overnight'))!)).toBeLessThan(
      4 / Math.sqrt(N),
    );
  });
});

describe('memory', () => {
  it('bars have autocorrelation phi^k and variance 1 from the first on', () => {
    for (const phi of [-0.15, 0.1, 0.6]) {
      const shocks = new Float64Array(N);
      memory().apply(
        filled(alone('A')),
        shocks,
        N / 4,
        4,
        Float64Array.from({ length: N / 4 }, (_, b) => (b === 0 ? 0 : phi)),
      );
      const bars = Float64Array.from(
        { length: N / 4 },
        (_, b) => shocks.subarray(4 * b, 4 * b + 4).reduce((a, z) => a + z, 0) / 2,
      );
      const bound = 4 / Math.sqrt(N / 4);
      const wide = Math.sqrt((2 * (1 + phi ** 2)) / (1 - phi ** 2));
      expect(Math.abs(power(bars) - 1)).toBeLessThan(bound * wide);
      for (const k of [1, 2, 3])
        expect(Math.abs(correlation(bars.slice(k), bars.slice(0, -k))! - phi ** k)).toBeLessThan(bound);
    }
  });

  it('goes on from the bar it is told to, and keeps the fresh shocks', () => {
    const fresh = filled(alone('A')).slice(0, 40);
    const before = fresh.slice();
    const phi = new Float64Array(10).fill(0.4);
    const whole = new Float64Array(40);
    memory().apply(fresh, whole, 10, 4, phi);
    const parted = new Float64Array(40);
    const m = memory();
    m.apply(fresh, parted, 8, 4, phi);
    m.resume(4);
    m.apply(fresh.subarray(20), parted.subarray(20), 5, 4, phi);
    expect(parted).toEqual(whole);
    expect(fresh).toEqual(before);
  });
});

it('a Student mixing has unit variance with the normals it multiplies, one for the whole market', () => {
  const mixing = studentMixing(3, 'overnightMix', 6);
  const squares = Float64Array.from({ length: N }, (_, s) => mixing(s) ** 2);
  const mean = squares.reduce((a, x) => a + x, 0) / N;
  // nu - 2 over chi-square has mean 1 and variance 2 / (nu - 4).
  expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(1 / N));
  expect(studentMixing(3, 'overnightMix', 6)(17)).toBe(mixing(17));
});

it('a channel is copied from its place, or neutral where nothing happens', () => {
  const out = new Float64Array(3).fill(7);
  fillChannel(out, Float64Array.of(1, 2, 3, 4), 1, 2, 0);
  expect(Array.from(out)).toEqual([2, 3, 7]);
  fillChannel(out, CALM.volatility, 1, 3, 1);
  expect(Array.from(out)).toEqual([1, 1, 1]);
});

it('the standard deviation of a shock is 1 but where factors move', () => {
  const { sources } = mixOf(['A', 'B'], [0.6, 0.8]);
  const of = (varying: Mix['varying'], blend: number | null = null) =>
    shockSd({ sources, weights: [0.6, 0.8], varying }, blend === null ? null : Float64Array.of(blend))(0);
  expect([of(null), of([Float64Array.of(1), null]), of([null, null], 0.3)]).toEqual([1, 1, 1]);
  expect(of([Float64Array.of(2), null])).toBeCloseTo(Math.sqrt(0.36 * 4 + 0.64), 14);
  expect(of([Float64Array.of(2), null], 0.5)).toBeCloseTo(Math.sqrt((0.36 * 4 + 0.64) / 2 + 0.5), 14);
});
