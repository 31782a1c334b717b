// Laws of cost: slippage moves one way with each of its causes, exactly; the table holds the quantiles of its bars.
import { describe, expect, it } from 'vitest';
import {
  type Book,
  type CostRow,
  checkCosts,
  costTable,
  DEFAULT_COSTS,
  SIZES,
  slippage,
} from '../../../lib/market/microstructure/costs.ts';
import {
  DEFAULT_QUOTES,
  emptyQuotes,
  LIQUIDITY,
  quoteKernel,
  typicalDepth,
} from '../../../lib/market/microstructure/quotes.ts';
import { tickOf } from '../../../lib/market/ticks.ts';
import { conditions, normals, slice, streamFor } from './runs.ts';

const ADV = 1e6;
const book: Book = { spread: 5e-4, dailySigma: 0.02, depthRatio: 1 };
const grid = Float64Array.from({ length: 400 }, (_, i) => 10 ** (-6 + i / 40));

/** Costs in bps over a grid of one cause. */
const over = (cause: (x: number) => number) => Array.from(grid, cause);
const rising = (values: readonly number[]) => values.every((v, i) => i === 0 || v > values[i - 1]!);

describe('[S1-135] slippage', () => {
  const bps = (quantity: number, given: Partial<Book> = {}, impact = 1) =>
    slippage(quantity, ADV, { ...book, ...given }, impact).bps;

  it('rises with size, volatility, spread and Y and falls with depth, without any tolerance', () => {
    for (const depthRatio of [0.01, 1, 50]) {
      for (const dailySigma of [0.001, 0.02, 0.3]) {
        expect(rising(over((x) => bps(x * ADV, { depthRatio, dailySigma })))).toBe(true);
      }
    }
    for (const quantity of [1, 1000, ADV]) {
      expect(rising(over((x) => bps(quantity, { dailySigma: x })))).toBe(true);
      expect(rising(over((x) => bps(quantity, { spread: x })))).toBe(true);
      expect(rising(over((x) => bps(quantity, {}, x)))).toBe(true);
      expect(rising(over((x) => -bps(quantity, { depthRatio: x })))).toBe(true);
    }
  });

  it('is half the spread for no quantity and the square-root law beyond it', () => {
    expect(bps(0)).toBe(2.5);
    expect(bps(1e-12)).toBeCloseTo(2.5, 5);
    expect(bps(0.01 * ADV)).toBeCloseTo(2.5 + 20, 10);
    expect(bps(0.01 * ADV, { depthRatio: 4 }, 0.8)).toBeCloseTo(2.5 + 8, 10);
  });

  it('says when an order is larger than a day', () => {
    const flagged = (quantity: number) => slippage(quantity, ADV, book, 1).extrapolated;
    expect([flagged(0.5 * ADV), flagged(ADV), flagged(1.001 * ADV)]).toEqual([false, false, true]);
  });
});

const N = 3000;
const REGIMES = ['calm', 'crisis', 'never'];
const regime = Int32Array.from({ length: N }, (_, b) => (b % 10 < 7 ? 0 : 1));
const setting = { averageDailyVolume: ADV, dailySigma: 0.015, regimes: REGIMES };

/** A market with a crisis in it, its quotes and its cost table. */
function market(
  liquidity: keyof typeof LIQUIDITY,
  costs = DEFAULT_COSTS as { impact: number; feeBps: number },
  block = N,
) {
  const params = { ...DEFAULT_QUOTES, ...LIQUIDITY[liquidity] };
  const run = conditions(N, {
    mid: normals(1, 'mid', N).map((z) => Math.round(5000 * Math.exp(0.3 * z)) / 100),
    volatility: Float64Array.from(regime, (k) => (k === 0 ? 0.8 : 2)),
    spreadFactor: Float64Array.from(regime, (k) => (k === 0 ? 1 : 3)),
    depthFactor: Float64Array.from(regime, (k) => (k === 0 ? 1 : 0.4)),
  });
  const quotes = emptyQuotes(N);
  const streams = { spread: streamFor(1, 'spread'), depth: streamFor(1, 'depth') };
  quoteKernel(params, { tick: tickOf(0.0001), averageDailyVolume: ADV, ...streams })(run, quotes);
  const depth = typicalDepth(params, ADV);
  const table = costTable(costs, { ...setting, typicalDepth: depth });
  for (let at = 0; at < N; at += block) {
    const end = Math.min(N, at + block);
    const cut = { ...quotes, spread: quotes.spread.subarray(at, end), depth: quotes.depth.subarray(at, end) };
    table.add(slice(run, at, end), cut, regime.subarray(at, end));
  }
  return { run, quotes, depth, rows: table.rows() };
}

const rowOf = (rows: readonly CostRow[], label: string, size: number, part: string) =>
  rows.find((row) => row.regime === label && row.size === size && row.part === part)!;

describe('[S1-85] the cost table', () => {
  it('has a row for each regime, size and part, and the number of bars behind it', () => {
    const { rows } = market('mid_cap');
    expect(rows.length).toBe(REGIMES.length * SIZES.length * 4);
    for (const row of rows) expect(row.n).toBe({ calm: 2100, crisis: 900, never: 0 }[row.regime]);
    for (const { medianBps, p95Bps, median, p95 } of rows.filter((row) => row.n === 0)) {
      expect([medianBps, p95Bps, median, p95]).toEqual([null, null, null, null]);
    }
  });

  it('holds the median and 95th percentile of the costs of its bars, in bps and in currency, within .05 percent', () => {
    const fee = 0.3;
    const { run, quotes, depth, rows } = market('small_cap', { impact: 1.2, feeBps: fee });
    for (const [k, label] of ['calm', 'crisis'].entries()) {
      const bars = Array.from(regime.keys()).filter((b) => regime[b] === k);
      for (const size of SIZES) {
        const parts = (b: number) => {
          const dailySigma = 0.015 * run.volatility[b]!;
          const depthRatio = quotes.depth[b]! / depth;
          const at = { spread: quotes.spread[b]!, dailySigma, depthRatio };
          const taken = slippage(size * ADV, ADV, at, 1.2).bps;
          const half = slippage(0, ADV, at, 1.2).bps;
          return { half_spread: half, impact: taken - half, fee, total: taken + fee };
        };
        for (const part of ['half_spread', 'impact', 'fee', 'total'] as const) {
          const row = rowOf(rows, label, size, part);
          const bps = bars.map((b) => parts(b)[part]).sort((x, y) => x - y);
          const money = bars.map((b) => (parts(b)[part] / 1e4) * size * ADV * run.mid[b]!).sort((x, y) => x - y);
          const rank = (sample: number[], p: number) => sample[Math.ceil(p * sample.length) - 1]!;
          expect(row.medianBps! / rank(bps, 0.5)).toBeCloseTo(1, 3);
          expect(row.p95Bps! / rank(bps, 0.95)).toBeCloseTo(1, 3);
          expect(row.median! / rank(money, 0.5)).toBeCloseTo(1, 3);
          expect(row.p95! / rank(money, 0.95)).toBeCloseTo(1, 3);
        }
        expect(rowOf(rows, label, size, 'fee').p95Bps).toBe(fee);
      }
    }
  });

  it('costs more in larger sizes, in a crisis, and in less liquid markets', () => {
    const [large, illiquid] = [market('large_cap').rows, market('illiquid').rows];
    for (const label of ['calm', 'crisis']) {
      const totals = SIZES.map((size) => rowOf(large, label, size, 'total'));
      for (const value of ['medianBps', 'p95Bps', 'median', 'p95'] as const) {
        expect(rising(totals.map((row) => row[value]!))).toBe(true);
        for (const size of SIZES) {
          const total = (rows: readonly CostRow[], at = label) => rowOf(rows, at, size, 'total')[value]!;
          expect(total(illiquid)).toBeGreaterThan(total(large));
          expect(total(large, 'crisis')).toBeGreaterThan(total(large, 'calm'));
        }
      }
    }
  });

  it('is the same from blocks of any length', () => {
    const { rows } = market('fx');
    for (const block of [1, 700]) expect(market('fx', DEFAULT_COSTS, block).rows).toEqual(rows);
  });

  it('refuses a regime that has no label, and impossible settings and params', () => {
    const table = costTable(DEFAULT_COSTS, { ...setting, typicalDepth: 100 });
    for (const bad of [3, -1, 0.5, Number.NaN]) {
      expect(() => table.add(conditions(1), emptyQuotes(1), [bad])).toThrow('regime must be an index into the labels');
    }
    for (const field of ['averageDailyVolume', 'typicalDepth', 'dailySigma']) {
      const make = () => costTable(DEFAULT_COSTS, { ...setting, typicalDepth: 100, [field]: Number.NaN });
      expect(make).toThrow(`costs: ${field} must be`);
    }
    expect(checkCosts({ impact: -1, feeBps: Number.NaN }).map((p) => p.facts?.field)).toEqual(['impact', 'feeBps']);
    expect(checkCosts(DEFAULT_COSTS)).toEqual([]);
  });
});
