// Laws of the kernel of bars: the bits of its twins in TypeScript, for prices of every size, odd counts and bars that do not fit.
import { afterEach, describe, expect, it } from 'vitest';
import type { ProblemError } from '../../lib/base/problem.ts';
import { latentBars, sizesOf } from '../../lib/market/bars.ts';
import { calendarOf } from '../../lib/market/calendar.ts';
import { frequencyOf } from '../../lib/market/frequency.ts';
import { allBars } from '../../lib/market/generate.ts';
import wasm from '../../lib/market/kernels/prices.wasm';
import { type Plan, planOf } from '../../lib/market/plan.ts';
import { FLAT } from '../../lib/market/season.ts';
import { spanOf } from '../../lib/market/span.ts';
import { type Prices, pricesKernel, roundBars, tickOf } from '../../lib/market/ticks.ts';
import { volumeKernel } from '../../lib/market/volume.ts';
import { normal, uniform } from '../../lib/math/draw.ts';
import { floats, kernelOf, release, useTwins } from '../../lib/math/kernel.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { request } from './rig.ts';

afterEach(() => useTwins(false));
const stream = (component: string) => streamOf(3, { scope: 'asset', asset: 'X', component });
const NAMES = ['open', 'high', 'low', 'close'] as const;

/** Does something by the kernel and by its twins; gives both results. */
function both<T>(act: () => T): readonly [T, T] {
  useTwins(false);
  const byKernel = act();
  useTwins(true);
  const byTwin = act();
  useTwins(false);
  return [byKernel, byTwin];
}

/** Prices in the memory of the kernels. */
function lent(bars: number, priceOf: (bar: number, k: number) => number): Prices {
  const [open, high, low, close] = NAMES.map((_, k) => {
    const column = floats(bars);
    for (let b = 0; b < bars; b++) column[b] = priceOf(b, k);
    return column;
  });
  return { open: open!, high: high!, low: low!, close: close! };
}

describe('rounding to ticks', () => {
  it('has a kernel here, for arrays that lie in its memory', () => {
    expect(kernelOf(wasm, () => {})()).not.toBeNull();
    const array = floats(4);
    expect([pricesKernel(array) !== null, pricesKernel(array, new Float64Array(4)) !== null]).toEqual([true, false]);
    release(array);
  });

  const odd = [0.49999999999999994, 0.5, 1.5, 1e-300, 0, 2 ** 53, 2 ** 52 + 0.5, 10.125, 0.005, 0.015];
  const prices: readonly (readonly [string, (b: number, k: number) => number])[] = [
    ['of every size', (b, k) => 10 ** (8 * uniform(stream('u'), b, k) - 4)],
    ['on ticks and halves of them', (b, k) => Math.floor(20_000 * uniform(stream('u'), b, k)) / 200],
    ['at the edges', (b, k) => odd[(b + 3 * k) % odd.length]!],
    ['that are no numbers', (b) => (b === 6 ? Number.NaN : 10)],
    ['that grow too large', (b, k) => (b === 5 && k === 1 ? 2e16 : 3)],
    ['that grow too large behind the last', (b) => (b === 7 ? 2e16 : 3)],
  ];
  for (const [name, priceOf] of prices)
    it(`prices ${name}: the bits of one bar after the other`, () => {
      for (const bars of [1, 2, 7, 8, 301])
        for (const tick of [0.01, 0.25, 1, 5, 1e-7]) {
          const [byKernel, byTwin] = both(() => {
            const here = lent(8 * Math.ceil(bars / 8), priceOf);
            const bad = roundBars(here, bars, tickOf(tick));
            const done = bad < 0 ? bars : bad - (bad % 2);
            const said = [bad, ...NAMES.map((column) => Array.from(here[column].subarray(0, done)))];
            release(...NAMES.map((column) => here[column]));
            return said;
          });
          expect(byKernel).toEqual(byTwin);
        }
    });
});

describe('a block of bars', () => {
  /** A plan with a path in it that cuts some pieces, and sessions that stand still. */
  function walked(
    calendar: string,
    frequency: string,
    perBar: number,
  ): { readonly plan: Plan; readonly sessions: number } {
    const of = calendarOf(calendar);
    const plan = planOf(of, frequencyOf(frequency, of), perBar, FLAT, 1, 1);
    const sessions = Math.min(plan.sessions, 41);
    plan.lay(spanOf(calendar, frequency, '2021-11-01', '2022-03-31'), 0, sessions, 500);
    const { from, to, variance, ends, sd, pieces } = plan.block;
    let x = 4.6;
    let piece = 0;
    for (let p = 0; p < pieces[sessions - 1]!; p++) {
      for (let cut = 0; cut < (p % 5 === 3 ? 2 : 1); cut++, piece++) {
        from[piece] = x;
        x += 0.01 * normal(stream('path'), p, cut);
        to[piece] = x;
        variance[piece] = 1e-4;
      }
      ends[p] = piece;
    }
    for (let s = 0; s < sessions; s++) sd[s] = s % 9 === 4 ? 0 : s % 9 === 5 ? 1e-5 : 0.02;
    return { plan, sessions };
  }

  for (const [calendar, frequency, perBar] of [
    ['B', 'B', 4],
    ['XNYS', 'D', 1],
    ['XNYS', '1h', 3],
  ] as const)
    it(`${calendar} ${frequency}, ${perBar} pieces: prices, sizes of moves and volumes have the bits of their twins`, () => {
      const [byKernel, byTwin] = both(() => {
        const { plan, sessions } = walked(calendar, frequency, perBar);
        const { layout, block, room } = plan;
        const bars = layout.first[sessions]!;
        latentBars(block, perBar, layout.number, bars, stream('extremes'), room.prices);
        const given = { level: 1e6, sd: 0.42, returnCorrelation: 0.42, none: 0.1, noise: 0.4 };
        const sizes = sizesOf(plan, sessions);
        const volumes = [given, { ...given, none: 0 }].map((params) => {
          const volume = volumeKernel(params, stream, plan);
          return [0, 1].map((run) => {
            const out = room.volume.subarray(0, bars);
            volume(out, run * sessions, sessions, sizes, null);
            return Array.from(out);
          });
        });
        const said = {
          prices: NAMES.map((name) => Array.from(room.prices[name].subarray(0, bars))),
          sizes: Array.from(sizes.subarray(0, sessions)),
          volumes,
        };
        plan.close();
        return said;
      });
      expect(byKernel).toEqual(byTwin);
      expect([byTwin.sizes.some(Number.isNaN), byTwin.sizes.includes(8)]).toEqual([true, true]);
    });

  it('a volume that grows too large is refused alike', () => {
    const { plan, sessions } = walked('B', 'B', 4);
    const given = { level: 1e12, sd: 3, returnCorrelation: 0.9, none: 0, noise: 0.4 };
    const [byKernel, byTwin] = both(() => {
      try {
        volumeKernel(given, stream, plan)(plan.room.volume, 0, sessions, sizesOf(plan, sessions), null);
      } catch (error) {
        return (error as ProblemError).problems;
      }
      return null;
    });
    expect(byKernel).not.toBeNull();
    expect(byKernel).toEqual(byTwin);
    plan.close();
  });

  it('bars whose deviation is few ticks are counted alike', () => {
    const [byKernel, byTwin] = both(() => allBars(request({ tick: 1, end: '2021-12-31' })).warnings);
    expect(byKernel.map(({ code }) => code)).toContain('market/coarse-tick');
    expect(byKernel).toEqual(byTwin);
  });
});
