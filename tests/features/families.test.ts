// Laws of each indicator by itself: what its definition says, checked against sums written out, and how it answers to shifted, scaled and mirrored prices.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indicator as ema } from '../../lib/features/ema.ts';
import { type Bars, computeIndicator, type Indicator } from '../../lib/features/indicators.ts';
import { indicator as logReturn } from '../../lib/features/log-return.ts';
import { indicator as rsi } from '../../lib/features/rsi.ts';
import { indicator as simpleReturn } from '../../lib/features/simple-return.ts';
import { indicator as sma } from '../../lib/features/sma.ts';
import { indicator as volatility } from '../../lib/features/volatility.ts';

/** Values with NaN where there are none. */
function values(family: Indicator, close: readonly number[], n: number, change: Partial<Bars> = {}): number[] {
  const column = Float64Array.from(close);
  const bars = { open: column, high: column, low: column, close: column, volume: column, periodsPerYear: 252 };
  const [out] = Object.values(computeIndicator(family, { ...bars, ...change }, n));
  return Array.from(out!.values, (value, i) => (out!.valid[i] === 1 ? value : Number.NaN));
}

/** Row by row, the value of a formula over the last `size` closes; NaN before there are that many. */
const rolling = (close: readonly number[], size: number, formula: (window: readonly number[]) => number) =>
  close.map((_, i) => (i + 1 < size ? Number.NaN : formula(close.slice(i + 1 - size, i + 1))));

const near = (got: readonly number[], want: readonly number[], scale = 1) => {
  expect(got.map(Number.isNaN)).toEqual(want.map(Number.isNaN));
  got.forEach((value, i) => {
    if (!Number.isNaN(value)) expect(Math.abs(value - want[i]!), `row ${i}`).toBeLessThan(1e-9 * scale);
  });
};

const mean = (x: readonly number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;
const changes = (x: readonly number[]) => x.slice(1).map((v, i) => v - x[i]!);
const logs = (x: readonly number[]) => changes(x.map(Math.log));

const closes = fc.array(fc.double({ min: 1, max: 500, noNaN: true }), { maxLength: 30 });
const law = (check: (close: number[], n: number) => void, least = 1) =>
  fc.assert(fc.property(closes, fc.integer({ min: least, max: 8 }), check));

describe('by its definition', () => {
  test('a moving average is the mean of its window', () => {
    law((close, n) => near(values(sma, close, n), rolling(close, n, mean), 1e3));
  });

  test('an exponential average weighs the seed and every close after it by powers of 1 - 2/(n+1)', () => {
    law((close, n) => {
      const [a, b] = [2 / (n + 1), 1 - 2 / (n + 1)];
      const want = close.map((_, i) => {
        if (i + 1 < n) return Number.NaN;
        const after = close.slice(n, i + 1).reverse();
        return b ** after.length * mean(close.slice(0, n)) + after.reduce((sum, x, k) => sum + a * b ** k * x, 0);
      });
      near(values(ema, close, n), want, 1e3);
    });
  });

  test('returns over n bars are the growth of the price, and its logarithm', () => {
    law((close, n) => {
      near(
        values(simpleReturn, close, n),
        rolling(close, n + 1, (w) => w[n]! / w[0]! - 1),
        1e3,
      );
      near(
        values(logReturn, close, n),
        rolling(close, n + 1, (w) => mean(logs(w)) * n),
        10,
      );
    });
  });

  test('volatility is the sample deviation of n log returns times the root of the bars in a year', () => {
    law((close, n) => {
      const want = rolling(close, n + 1, (window) => {
        const r = logs(window);
        return Math.sqrt((252 * r.reduce((sum, x) => sum + (x - mean(r)) ** 2, 0)) / (n - 1));
      });
      near(values(volatility, close, n), want, 1e3);
    }, 2);
  });

  test('the first strength is the share of gains in all changes, in percent', () => {
    law((close, n) => {
      const got = values(rsi, close, n);
      expect(got.slice(0, n).every(Number.isNaN)).toBe(true);
      if (close.length <= n) return;
      const first = changes(close.slice(0, n + 1));
      const [gains, all] = [first.map((x) => Math.max(x, 0)), first.map(Math.abs)];
      expect(got[n]).toBeCloseTo(mean(all) === 0 ? 50 : (100 * mean(gains)) / mean(all), 9);
    });
  });
});

describe('symmetry', () => {
  const shift = (close: readonly number[], by: number) => close.map((x) => x + by);
  const scale = (close: readonly number[], by: number) => close.map((x) => x * by);

  test('averages move with a shift of all prices; strength does not see it', () => {
    law((close, n) => {
      for (const family of [sma, ema])
        near(values(family, shift(close, 64), n), shift(values(family, close, n), 64), 1e3);
    });
    const path = [10, 11, 10.5, 12, 12, 11, 13];
    expect(values(rsi, shift(path, 64), 3)).toEqual(values(rsi, path, 3));
  });

  test('averages grow with a doubling of all prices; returns, volatility and strength keep every bit', () => {
    law((close, n) => {
      for (const family of [sma, ema])
        expect(values(family, scale(close, 2), n)).toEqual(scale(values(family, close, n), 2));
      for (const family of [simpleReturn, logReturn, rsi, volatility].filter((one) => n >= one.params.n.least))
        expect(values(family, scale(close, 2), n)).toEqual(values(family, close, n));
    });
  });

  test('strength of mirrored prices is 100 less it', () => {
    law((close, n) => {
      const got = values(rsi, close, n);
      const mirrored = values(rsi, scale(close, -1), n);
      near(
        mirrored,
        got.map((x) => 100 - x),
        1e3,
      );
    });
  });

  test('log returns of single bars add up to those of n bars, and a simple return is what they compound to', () => {
    law((close, n) => {
      const single = values(logReturn, close, 1);
      const whole = values(logReturn, close, n);
      near(
        whole,
        close.map((_, i) => (i < n ? Number.NaN : single.slice(i - n + 1, i + 1).reduce((a, b) => a + b, 0))),
        10,
      );
      near(values(simpleReturn, close, n), whole.map(Math.expm1), 1e3);
    });
  });

  test('volatility of a path with four times as many bars a year is twice as high', () => {
    law((close, n) => {
      const yearly = values(volatility, close, n, { periodsPerYear: 4 * 252 });
      expect(yearly).toEqual(scale(values(volatility, close, n), 2));
    }, 2);
  });
});

describe('a price that is no price', () => {
  test.each([0, -5, Number.NaN])('of %d has no return on either side of it, and averages but for NaN', (bad) => {
    const close = [10, 11, bad, 12, 13];
    const there = (family: Indicator) => values(family, close, 1).map((x) => (Number.isNaN(x) ? 0 : 1));
    expect(there(logReturn)).toEqual([0, 1, 0, 0, 1]);
    // A fall to zero or below is a simple return; a rise from there is none.
    expect(there(simpleReturn)).toEqual([0, 1, Number.isNaN(bad) ? 0 : 1, 0, 1]);
    expect(there(sma)).toEqual([1, 1, Number.isNaN(bad) ? 0 : 1, 1, 1]);
  });
});
