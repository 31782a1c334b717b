// Laws of the indicators, for every line of the catalog: independent values, no look-ahead, gaps that heal, honest warm-up.
import { describe, expect, it } from 'vitest';
import { INDICATOR_NAMES, loadIndicator } from '../../lib/features/catalog.ts';
import { type Bars, computeIndicator, type FeatureColumn, type Indicator } from '../../lib/features/indicators.ts';
import oracle from '../oracles/indicators.json' with { type: 'json' };

const families: Indicator[] = await Promise.all(INDICATOR_NAMES.map(loadIndicator));

function barsOf(close: ArrayLike<number>): Bars {
  const column = Float64Array.from(close);
  return { open: column, high: column, low: column, close: column, volume: column, periodsPerYear: 252 };
}

function only(family: Indicator, close: ArrayLike<number>, n: number): FeatureColumn {
  return Object.values(computeIndicator(family, barsOf(close), n))[0]!;
}

const closes = Float64Array.from(oracle.close, (v) => v ?? Number.NaN);

describe('the catalog', () => {
  it('says what is near when there is no such family', async () => {
    await expect(loadIndicator('rsj')).rejects.toMatchObject({
      problems: [{ code: 'model/refused', hint: 'did you mean "rsi"?' }],
    });
  });

  it('names each family as the family names itself, and its columns by n', () => {
    expect(families.map((family) => family.name)).toEqual(INDICATOR_NAMES);
    for (const family of families)
      expect(Object.keys(computeIndicator(family, barsOf(closes), 20))).toEqual([`${family.name}_20`]);
  });
});

describe('[S1-86] values', () => {
  for (const { name, n, values } of oracle.cases) {
    it(`of ${name} ${n} agree with pandas to 1e-9, nulls included`, () => {
      const family = families.find((f) => f.name === name)!;
      const got = only(family, closes, n);
      values.forEach((want, i) => {
        expect(got.valid[i], `row ${i}`).toBe(want === null ? 0 : 1);
        expect(Math.abs(got.values[i]! - (want ?? 0)), `row ${i}`).toBeLessThan(
          1e-9 * Math.max(1, Math.abs(want ?? 0)),
        );
      });
    });
  }

  it('every family has an oracle', () => {
    expect([...new Set(oracle.cases.map((c) => c.name))].sort()).toEqual([...INDICATOR_NAMES].sort());
  });

  it('of RSI are 100 without losses, 0 without gains, 50 without change', () => {
    const rsi = families.find((f) => f.name === 'rsi')!;
    expect(only(rsi, [1, 2, 3, 4], 3).values[3]).toBe(100);
    expect(only(rsi, [4, 3, 2, 1], 3).values[3]).toBe(0);
    expect(only(rsi, [2, 2, 2, 2], 3).values[3]).toBe(50);
  });
});

for (const family of families) {
  describe(family.name, () => {
    const n = Math.max(3, family.params.n.least);

    it('[S1-86] cutting the future off leaves the past bit for bit', () => {
      const whole = only(family, closes, n);
      for (const cut of [0, 1, n, n + 1, 58, 60, 94, 100, closes.length - 1]) {
        const part = only(family, closes.subarray(0, cut), n);
        expect(part.values).toEqual(whole.values.subarray(0, cut));
        expect(part.valid).toEqual(whole.valid.subarray(0, cut));
      }
    });

    it('has its first value at its warm-up, not before', () => {
      const full = closes.subarray(0, 57);
      expect(only(family, full, n).valid.indexOf(1)).toBe(family.warmup(n));
    });

    it('a gap or an infinity makes nulls that later rows outgrow', () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const holed = closes.slice(0, 50);
        holed[20] = bad;
        const got = only(family, holed, n);
        expect(got.valid[20]).toBe(0);
        expect(got.valid.subarray(20 + n + 1).every((v) => v === 1)).toBe(true);
        expect(got.values.every((v) => Number.isFinite(v))).toBe(true);
      }
    });

    it('one huge close leaves no trace once the window has passed it', () => {
      // Recursive families remember by definition; only windows must forget.
      if (family.name === 'ema' || family.name === 'rsi') return;
      const spiked = closes.slice(0, 50);
      spiked[10] = 1e300;
      const calm = only(family, closes.subarray(0, 50), n);
      const got = only(family, spiked, n);
      expect(got.values.subarray(10 + n + 1)).toEqual(calm.values.subarray(10 + n + 1));
    });

    it('an empty, a single and a constant series have no non-finite value', () => {
      expect(only(family, [], n).values).toHaveLength(0);
      expect(only(family, [5], n).valid[0]).toBe(0);
      const flat = only(family, new Float64Array(12).fill(0.1), n);
      expect(flat.valid.indexOf(1)).toBe(family.warmup(n));
      const last = flat.values[11]!;
      expect(last).toBeCloseTo({ sma: 0.1, ema: 0.1, rsi: 50 }[family.name] ?? 0, 15);
    });

    it('a window that is no whole number from its least on is refused by name', () => {
      for (const wrong of [0, -1, 2.5, Number.NaN, family.params.n.least - 1])
        expect(() => only(family, closes, wrong)).toThrow(family.name);
    });
  });
}
