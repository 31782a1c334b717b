// Laws of quotes: positive and on ticks whatever comes in, stated quantiles, memory and ties, the same bits in any blocks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conditions } from '../../../lib/market/microstructure/conditions.ts';
import {
  checkQuotes,
  DEFAULT_QUOTES,
  depthWithin,
  emptyQuotes,
  LIQUIDITY,
  type QuoteParams,
  quoteKernel,
  typicalDepth,
} from '../../../lib/market/microstructure/quotes.ts';
import { tickOf } from '../../../lib/market/ticks.ts';
import { normalQuantile } from '../../../lib/math/special.ts';
import { correlation } from '../../../lib/stats/dependence.ts';
import { draws, runs, seeds } from '../../thorough.ts';
import { conditions, inBlocks, normals, slice, streamFor } from './runs.ts';

const params: QuoteParams = { ...DEFAULT_QUOTES, ...LIQUIDITY.mid_cap };
const ADV = 1e6;
const setting = (seed: number, tick: number) => ({
  tick: tickOf(tick),
  averageDailyVolume: ADV,
  spread: streamFor(seed, 'spread'),
  depth: streamFor(seed, 'depth'),
});

/** Quotes of a run; the tick is so fine that it does not bind, unless told otherwise. */
function quotesOf(run: Conditions, given: Partial<QuoteParams> = {}, seed = 1, tick = 1e-5) {
  const out = emptyQuotes(run.bars);
  quoteKernel({ ...params, ...given }, setting(seed, tick))(run, out);
  return out;
}

const quantile = (sample: Float64Array, p: number) => sample.slice().sort()[Math.ceil(p * sample.length) - 1]!;
const N = draws(20_000);
/** Standard error that counts one value in (1 + phi) / (1 - phi) = 5.7. */
const SE = Math.sqrt(5.7 / N);

describe('quotes', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`[S1-134] the spread has its configured median within 5 percent in every liquidity class, with seed ${seed}`, () => {
      for (const [name, market] of Object.entries(LIQUIDITY)) {
        const { spread } = quotesOf(conditions(N), market, seed);
        expect(Math.abs(quantile(spread, 0.5) / (market.spreadBps / 1e4) - 1), name).toBeLessThan(0.05);
      }
    });

    it(`[S1-134] log spread and log depth have their stated sd, quantiles, memory and correlation, with seed ${seed}`, () => {
      const { spread, depth } = quotesOf(conditions(N), { depthSd: 0.4 }, seed);
      const eta = spread.map((s) => Math.log(s / (params.spreadBps / 1e4)) / 0.25);
      const zeta = depth.map((d) => Math.log(d / typicalDepth(params, ADV)) / 0.4);
      for (const p of [0.05, 0.25, 0.5, 0.75, 0.95]) {
        const z = normalQuantile(p);
        const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
        const bound = (4 * SE * Math.sqrt(p * (1 - p))) / density;
        expect(Math.abs(quantile(eta, p) - z), `eta ${p}`).toBeLessThan(bound);
        expect(Math.abs(quantile(zeta, p) - z), `zeta ${p}`).toBeLessThan(bound);
      }
      for (const x of [eta, zeta]) {
        expect(Math.abs(correlation(x.subarray(1), x.subarray(0, N - 1))! - 0.7)).toBeLessThan(4 * SE);
      }
      expect(Math.abs(correlation(eta, zeta)! + 0.6)).toBeLessThan(4 * SE);
    });

    it(`[S1-134] t4 innovations keep the median and the sd and make the tail heavier, with seed ${seed}`, () => {
      const [thin, heavy] = [quotesOf(conditions(N), {}, seed), quotesOf(conditions(N), { innovations: 't4' }, seed)];
      const tail = ({ spread }: typeof thin, p: number) => quantile(spread, p) / quantile(spread, 0.5);
      expect(tail(heavy, 0.99)).toBeGreaterThan(tail(thin, 0.99));
      expect(tail(heavy, 0.999)).toBeGreaterThan(1.1 * tail(thin, 0.999));
      expect(quantile(heavy.spread, 0.5) / quantile(thin.spread, 0.5)).toBeCloseTo(1, 1);
      const eta = heavy.spread.map((s) => Math.log(s / (params.spreadBps / 1e4)));
      // A fourth moment does not exist: the sample variance settles slowly, so this only tells unit variance from that of plain t4, which is 2.
      const sd = Math.sqrt(eta.reduce((sum, x) => sum + x * x, 0) / N);
      expect(sd / 0.25).toBeGreaterThan(0.85);
      expect(sd / 0.25).toBeLessThan(1.2);
      expect(Math.abs(correlation(eta, heavy.depth.map(Math.log))! + 0.6)).toBeLessThan(0.05);
    });

    it(`[S1-84] the spread widens and the book thins with volatility; wide goes with thin, with seed ${seed}`, () => {
      const volatility = normals(seed, 'state', N).map((z) => Math.exp(0.4 * z));
      const volume = normals(seed, 'other', N).map((z) => Math.exp(0.4 * z));
      const { spread, depth } = quotesOf(conditions(N, { volatility, volume }), {}, seed);
      expect(correlation(spread, volatility)!).toBeGreaterThan(0.3);
      expect(correlation(depth, volatility)!).toBeLessThan(-0.3);
      expect(correlation(spread, volume)!).toBeLessThan(-0.05);
      expect(correlation(depth, volume)!).toBeGreaterThan(0.1);
      expect(correlation(spread, depth)!).toBeLessThan(-0.3);
    });
  }

  it('[S1-25] ratios act by their powers and factors in proportion, bar by bar, whatever the shocks', () => {
    const two = new Float64Array(100).fill(2);
    const neutral = quotesOf(conditions(100));
    const each = (given: Partial<Conditions>, spread: number, depth: number) => {
      const moved = quotesOf(conditions(100, given));
      for (let b = 0; b < 100; b++) {
        expect(moved.spread[b]! / neutral.spread[b]!).toBeCloseTo(spread, 12);
        expect(moved.depth[b]! / neutral.depth[b]!).toBeCloseTo(depth, 12);
      }
    };
    each({ volatility: two }, 2 ** 0.7, 0.5);
    each({ volume: two }, 2 ** -0.2, Math.SQRT2);
    each({ spreadFactor: two, depthFactor: two }, 2, 2);
    each({ clock: two }, 2, 1);
    each({ volatility: two.map(() => Number.NaN), volume: two.map(() => Number.NaN) }, 1, 1);
  });

  it('quotes lie half the spread around the mid, rounded outward by less than a tick each', () => {
    const mid = normals(1, 'mid', 2000).map((z) => Math.round(10_000 * Math.exp(z)) / 100);
    const { spread, bid, ask } = quotesOf(conditions(2000, { mid }), {}, 1, 0.01);
    for (let b = 0; b < 2000; b++) {
      const half = 0.5 * spread[b]! * mid[b]!;
      for (const rounded of [mid[b]! - half - bid[b]!, ask[b]! - mid[b]! - half]) {
        if (!(rounded > -1e-9 && rounded < 0.01 + 1e-9)) throw new Error(`bar ${b} is off by ${rounded}`);
      }
    }
  });

  it('a spread never falls below a tick: on a coarse grid it is one', () => {
    const { spread, bid, ask } = quotesOf(
      conditions(50, { mid: new Float64Array(50).fill(10) }),
      { spreadBps: 0.5 },
      1,
      1,
    );
    for (let b = 0; b < 50; b++) expect([spread[b], bid[b], ask[b]]).toEqual([0.1, 9, 11]);
  });

  it('[S1-24] whatever comes in, all is positive and finite, on ticks, the bid a tick or more and the ask above it', () => {
    const wild = fc.oneof(
      fc.double({ min: 0 }),
      fc.constantFrom(0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE),
    );
    const factor = fc.oneof(
      fc.double({ min: Number.MIN_VALUE, max: 1e300, noNaN: true }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
    );
    const cell = fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), wild, wild, factor, factor, factor);
    const tick = fc.constantFrom(0.01, 0.25, 1, 0.0001);
    const given = fc.record({
      spreadBps: fc.constantFrom(0.001, 2, 5000),
      spreadSd: fc.constantFrom(0, 0.25, 2),
      depthSd: fc.constantFrom(0, 0.25, 2),
      spreadVolatility: fc.constantFrom(0, 3),
      depthVolatility: fc.constantFrom(0, 3),
      correlation: fc.constantFrom(0, -0.6, -1),
      innovations: fc.constantFrom('normal' as const, 't4' as const),
    });
    const check = (
      cells: [number, number, number, number, number, number][],
      size: number,
      p: Partial<QuoteParams>,
    ) => {
      const column = (k: number) => cells.map((c) => c[k]!);
      const { scale, size: unit } = tickOf(size);
      const mid = column(0).map((ticks) => (ticks * unit) / scale);
      const [volatility, volume] = [column(1), column(2)];
      const [spreadFactor, depthFactor, clock] = [column(3), column(4), column(5)];
      const run = conditions(mid.length, { mid, volatility, volume, spreadFactor, depthFactor, clock });
      const out = quotesOf(run, p, 1, size);
      for (let b = 0; b < mid.length; b++) {
        const [spread, bid, ask, depth] = [out.spread[b]!, out.bid[b]!, out.ask[b]!, out.depth[b]!];
        for (const x of [spread, bid, ask, depth]) expect(x > 0 && Number.isFinite(x)).toBe(true);
        const [bidTicks, askTicks] = [Math.round((bid * scale) / unit), Math.round((ask * scale) / unit)];
        expect([(bidTicks * unit) / scale, (askTicks * unit) / scale]).toEqual([bid, ask]);
        expect(bidTicks).toBeGreaterThanOrEqual(1);
        expect(askTicks - bidTicks).toBeGreaterThanOrEqual(1);
        expect(bid <= mid[b]! && mid[b]! <= ask).toBe(true);
        expect(ask - bid).toBeGreaterThanOrEqual(spread * mid[b]! * (1 - 1e-12));
        expect(spread * mid[b]!).toBeGreaterThanOrEqual(size * (1 - 1e-12));
      }
    };
    fc.assert(fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), tick, given, check), { numRuns: runs(300) });
  });

  it('are the same bits in blocks of any length, and for a run that goes on', () => {
    const volatility = normals(1, 'state', 300).map(Math.exp);
    const run = conditions(300, { volatility, volume: volatility, bar: volatility.map((_, b) => 3 * b + 7) });
    for (const innovations of ['normal', 't4'] as const) {
      const whole = quotesOf(run, { innovations });
      const kernel = () => quoteKernel({ ...params, innovations }, setting(1, 1e-5));
      for (const block of [1, 7, 299]) expect(inBlocks(kernel(), run, emptyQuotes(300), block)).toEqual(whole);
      const front = quotesOf(slice(run, 0, 120), { innovations });
      expect(front.spread).toEqual(whole.spread.subarray(0, 120));
      expect(front.depth).toEqual(whole.depth.subarray(0, 120));
    }
  });

  it('start at their stationary law', () => {
    const runs = 3000;
    const squares = { spread: 0, depth: 0 };
    for (let seed = 0; seed < runs; seed++) {
      const { spread, depth } = quotesOf(conditions(1), {}, seed);
      squares.spread += (Math.log(spread[0]! / (params.spreadBps / 1e4)) / params.spreadSd) ** 2;
      squares.depth += (Math.log(depth[0]! / typicalDepth(params, ADV)) / params.depthSd) ** 2;
    }
    expect(Math.abs(squares.spread / runs - 1)).toBeLessThan(4 * Math.sqrt(2 / runs));
    expect(Math.abs(squares.depth / runs - 1)).toBeLessThan(4 * Math.sqrt(2 / runs));
  });

  it('are refused where the mid is below a tick or the ask beyond 2^53 of them, or a factor or the volume is impossible', () => {
    expect(() => quotesOf(conditions(1, { mid: [0.5] }), {}, 1, 1)).toThrow('mid must be finite and at least one tick');
    expect(() => quotesOf(conditions(1, { mid: [Number.NaN] }))).toThrow('mid must be finite');
    expect(() => quotesOf(conditions(1, { mid: [2 ** 53 - 1] }), {}, 1, 1)).toThrow('2^53 ticks');
    for (const field of ['spreadFactor', 'depthFactor', 'clock']) {
      expect(() => quotesOf(conditions(1, { [field]: [0] }))).toThrow(`${field} must be above 0`);
    }
    expect(() => quoteKernel(params, { ...setting(1, 0.01), averageDailyVolume: 0 })).toThrow('averageDailyVolume');
  });

  it('params out of range are refused by field, value and rule; the defaults of every class are not', () => {
    for (const market of Object.values(LIQUIDITY)) expect(checkQuotes({ ...DEFAULT_QUOTES, ...market })).toEqual([]);
    const bad: QuoteParams = {
      spreadBps: 0,
      depthShare: 2,
      spreadVolatility: -1,
      spreadVolume: Number.NaN,
      depthVolatility: 4,
      depthVolume: Number.POSITIVE_INFINITY,
      memory: 1,
      spreadSd: -0.1,
      depthSd: 3,
      correlation: 0.1,
      innovations: 'cauchy' as 't4',
    };
    const problems = checkQuotes(bad);
    expect(problems.map((p) => p.facts?.field).sort()).toEqual(Object.keys(bad).sort());
    expect(problems[0]).toMatchObject({ code: 'model/refused', facts: { field: 'spreadBps', value: '0' } });
    expect(problems[0]!.message).toBe('quotes: spreadBps must be between 0.001 and 5000');
  });
});

describe('the depth curve', () => {
  it('is the depth at the best quote, grows with distance and follows its power', () => {
    expect(depthWithin(500, 0, 0.9)).toBe(500);
    expect(depthWithin(500, 9, 1.2) / 500).toBeCloseTo(10 ** 1.2, 12);
    for (let ticks = 1; ticks < 100; ticks++) {
      expect(depthWithin(500, ticks, 0.8)).toBeGreaterThan(depthWithin(500, ticks - 1, 0.8));
    }
  });
});
