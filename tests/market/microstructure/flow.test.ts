// Laws of order flow: imbalance in [-1, 1] with the stated tie to returns, whole counts, clustering only when asked for.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conditions } from '../../../lib/market/microstructure/conditions.ts';
import {
  checkFlow,
  DEFAULT_FLOW,
  emptyFlow,
  type FlowParams,
  flowKernel,
} from '../../../lib/market/microstructure/flow.ts';
import { correlation } from '../../../lib/stats/dependence.ts';
import { draws, runs, seeds } from '../../thorough.ts';
import { conditions, inBlocks, normals, slice, streamFor } from './runs.ts';

function flowOf(run: Conditions, given: Partial<FlowParams> = {}, seed = 1) {
  const out = emptyFlow(run.bars);
  flowKernel({ ...DEFAULT_FLOW, ...given }, streamFor(seed, 'hawkes'))(run, out);
  return out;
}

const EXCITED = { self: 0.6, cross: 0.1, decay: 3 };
const mean = (x: Float64Array) => x.reduce((a, b) => a + b, 0) / x.length;
const variance = (x: Float64Array) => {
  const centre = mean(x);
  return mean(x.map((v) => (v - centre) ** 2));
};

describe('order flow', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`[S1-84] imbalance has the target correlation with the return, .3 to .6 by default, with seed ${seed}`, () => {
      const n = draws(20_000);
      const shock = normals(seed, 'diffusion', n);
      const run = conditions(n, { shock });
      const found = (given: Partial<FlowParams>) => correlation(flowOf(run, given, seed).imbalance, shock)!;
      const byDefault = found({});
      expect(byDefault > 0.3 && byDefault < 0.6).toBe(true);
      for (const target of [0, 0.3, 0.45, 0.6]) {
        expect(Math.abs(found({ correlation: target }) - target), `${target}`).toBeLessThan(4 / Math.sqrt(n));
      }
    });

    it(`imbalance keeps its tie to the return when orders cluster, are few, or follow a moving volume, with seed ${seed}`, () => {
      const n = 6000;
      const shock = normals(seed, 'diffusion', n);
      const volume = normals(seed, 'volume', n).map((z) => Math.exp(0.42 * z));
      const found = (run: Conditions, given: Partial<FlowParams>) =>
        correlation(flowOf(run, given, seed).imbalance, shock)!;
      const noise = 4 / Math.sqrt(n);
      expect(Math.abs(found(conditions(n, { shock }), { ...EXCITED, rate: 40 }) - 0.45)).toBeLessThan(0.01 + noise);
      // The slope is for many orders and steady volume: what few orders or moving volume lose of .45 is below .06.
      expect(Math.abs(found(conditions(n, { shock }), { rate: 4 }) - 0.45)).toBeLessThan(0.06 + noise);
      expect(Math.abs(found(conditions(n, { shock, volume }), {}) - 0.45)).toBeLessThan(0.06 + noise);
    });

    it(`[S1-136] numbers of orders cluster in time when orders beget orders and only then, with seed ${seed}`, () => {
      const n = 4000;
      const memory = (given: Partial<FlowParams>) => {
        const { buys, sells } = flowOf(conditions(n), given, seed);
        const orders = buys.map((count, b) => count + sells[b]!);
        return correlation(orders.subarray(1), orders.subarray(0, n - 1))!;
      };
      expect(memory({ ...EXCITED, rate: 20 })).toBeGreaterThan(0.1);
      expect(Math.abs(memory({ rate: 20 }))).toBeLessThan(4 / Math.sqrt(n));
    });
  }

  it('a bar of typical volume has the stated number of orders on average, half of them buys; volume stretches it', () => {
    const n = 4000;
    for (const excited of [{}, EXCITED]) {
      const { buys, sells } = flowOf(conditions(n), { rate: 30, ...excited });
      // Dispersion of each side is below 1 / (1 - .7)^2.
      const bound = 4 * Math.sqrt((15 * 12) / n);
      expect(Math.abs(mean(buys) - 15)).toBeLessThan(bound);
      expect(Math.abs(mean(sells) - 15)).toBeLessThan(bound);
    }
    const orders = (volume: number) => mean(flowOf(conditions(n, { volume: new Float64Array(n).fill(volume) })).buys);
    expect(orders(3) / orders(1)).toBeCloseTo(3, 1);
    expect(orders(1000)).toBe(orders(4));
  });

  it('drawing the counts of independent orders at once has the law of drawing each order', () => {
    const n = 8000;
    const run = conditions(n, { shock: new Float64Array(n).fill(1) });
    const [once, each] = [flowOf(run, { rate: 12 }), flowOf(run, { rate: 12, self: 1e-12 })];
    for (const side of ['buys', 'sells'] as const) {
      const [a, b] = [once[side], each[side]];
      expect(Math.abs(mean(a) - mean(b))).toBeLessThan(4 * Math.sqrt((2 * variance(a)) / n));
      expect(Math.abs(variance(a) / variance(b) - 1)).toBeLessThan(4 * Math.sqrt(5 / n));
    }
    expect(mean(once.buys)).toBeGreaterThan(mean(once.sells));
  });

  it('[S1-24] whatever comes in, counts are whole and the imbalance is theirs, in [-1, 1], 0 in an empty bar', () => {
    const wild = fc.oneof(
      fc.double(),
      fc.constantFrom(0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    );
    const cells = fc.array(fc.tuple(wild, wild), { minLength: 1, maxLength: 5 });
    const given = fc.constantFrom<Partial<FlowParams>>({}, { rate: 1 }, { ...EXCITED, rate: 3 }, { correlation: 0.7 });
    fc.assert(
      fc.property(cells, given, (rows, p) => {
        const run = conditions(rows.length, { shock: rows.map(([z]) => z), volume: rows.map(([, v]) => v) });
        const { buys, sells, imbalance } = flowOf(run, p);
        for (let b = 0; b < rows.length; b++) {
          const [up, down] = [buys[b]!, sells[b]!];
          expect(Number.isInteger(up) && up >= 0 && Number.isInteger(down) && down >= 0).toBe(true);
          expect(imbalance[b]).toBe(up + down === 0 ? 0 : (up - down) / (up + down));
          if (rows[b]![1] <= 0) expect(up + down).toBe(0);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it('is the same bits in blocks of any length, and for a run that goes on', () => {
    const run = conditions(200, {
      shock: normals(1, 'diffusion', 200),
      volume: normals(1, 'volume', 200).map(Math.exp),
    });
    for (const given of [{}, { ...EXCITED, rate: 10 }]) {
      const whole = flowOf(run, given);
      const kernel = () => flowKernel({ ...DEFAULT_FLOW, ...given }, streamFor(1, 'hawkes'));
      for (const block of [1, 7, 199]) expect(inBlocks(kernel(), run, emptyFlow(200), block)).toEqual(whole);
      expect(flowOf(slice(run, 0, 80), given).imbalance).toEqual(whole.imbalance.subarray(0, 80));
    }
  });

  it('params out of range are refused by field', () => {
    const fields = (given: Partial<FlowParams>) =>
      checkFlow({ ...DEFAULT_FLOW, ...given }).map((problem) => problem.facts?.field);
    expect(fields({})).toEqual([]);
    expect(fields({ ...EXCITED })).toEqual([]);
    expect(fields({ rate: 0.5, correlation: 0.8 })).toEqual(['rate', 'correlation']);
    expect(fields({ rate: 0, correlation: Number.NaN })).toEqual(['rate', 'correlation']);
    expect(fields({ self: 0.7, cross: 0.3 })).toEqual(['self + cross']);
    expect(fields({ rate: 3000 })).toEqual(['rate']);
  });

  it('a bar with more orders than it has draws for says so', () => {
    const run = conditions(1, { volume: [4] });
    expect(() => flowOf(run, { ...EXCITED, rate: 9000 })).toThrow('flow: a bar has more than 16383 orders');
  });
});
