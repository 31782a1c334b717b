// Laws of ticks: prices are exact decimals, the printed range holds the latent one, nothing falls below one tick.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { priceOf, roundBar, tickOf } from '../../lib/market/ticks.ts';

function rounded(open: number, high: number, low: number, close: number, tick: number): number[] {
  const out = new Float64Array(4);
  roundBar(open, high, low, close, tickOf(tick), out);
  return Array.from(out);
}

describe('ticks', () => {
  it('a tick is read from its decimal text', () => {
    expect([0.01, 0.25, 1, 5, 0.0001, 1e-7, 100].map((t) => tickOf(t))).toEqual([
      { size: 1, scale: 100, decimals: 2 },
      { size: 25, scale: 100, decimals: 2 },
      { size: 1, scale: 1, decimals: 0 },
      { size: 5, scale: 1, decimals: 0 },
      { size: 1, scale: 10000, decimals: 4 },
      { size: 1, scale: 10000000, decimals: 7 },
      { size: 100, scale: 1, decimals: 0 },
    ]);
    for (const bad of [0, -0.01, Number.NaN, Number.POSITIVE_INFINITY, 1e-10, 1 / 3]) {
      expect(() => tickOf(bad), String(bad)).toThrow(ProblemError);
    }
  });

  it('a price is the number that its decimal text says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.constantFrom(0.01, 0.05, 0.25, 0.0001), (ticks, value) => {
        const tick = tickOf(value);
        const digits = String(ticks * tick.size).padStart(tick.decimals + 1, '0');
        const text = `${digits.slice(0, -tick.decimals)}.${digits.slice(-tick.decimals)}`;
        expect(priceOf(ticks, tick)).toBe(Number(text));
      }),
    );
  });

  it('open and close round half away from zero, high up, low down', () => {
    expect(rounded(10.125, 10.131, 10.119, 10.12, 0.01)).toEqual([1013, 1014, 1011, 1012]);
    expect(rounded(0.25, 0.75, 0.1, 0.5, 0.5)).toEqual([1, 2, 1, 1]);
    expect(rounded(0.49999999999999994, 0.6, 0.4, 1.4999999999999998, 1)).toEqual([1, 1, 1, 1]);
  });

  it('a high or low on a tick stays there in spite of rounding errors', () => {
    for (let cents = 1; cents < 100_000; cents += 7) {
      const price = cents / 100;
      expect(rounded(price, price, price, price, 0.01)).toEqual([cents, cents, cents, cents]);
    }
  });

  it('[S1-106] the range holds open and close, and one tick is the floor', () => {
    const price = fc.double({ min: 1e-9, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(price, price, price, price, fc.constantFrom(0.01, 0.25, 1, 0.0001), (a, b, c, d, tick) => {
        const [low, , , high] = [a, b, c, d].sort((x, y) => x - y) as [number, number, number, number];
        const [o, h, l, cl] = rounded(b, high, low, c, tick) as [number, number, number, number];
        expect(Math.min(o, cl)).toBeGreaterThanOrEqual(l);
        expect(Math.max(o, cl)).toBeLessThanOrEqual(h);
        expect(l).toBeGreaterThanOrEqual(1);
        for (const ticks of [o, h, l, cl]) expect(Number.isInteger(ticks)).toBe(true);
      }),
    );
  });
});
