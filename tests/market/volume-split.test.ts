// Laws of a split volume: whole bars that add up exactly, nearest to their shares, with noise of the stated size.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { volumeSplit } from '../../lib/market/volume-split.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { runs } from '../thorough.ts';

const stream = streamOf(7, { scope: 'asset', asset: 'X', component: 'volume-split' });

function split(total: number, shares: readonly number[], sd = 0, firstBar = 0): number[] {
  const out = new Float64Array(shares.length).fill(Number.NaN);
  volumeSplit(sd, stream, shares.length)(out, 0, total, Float64Array.from(shares), firstBar);
  return [...out];
}

describe('a split', () => {
  const anyShares = fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1, maxLength: 400 });
  const anySd = fc.double({ min: 0, max: 3, noNaN: true });

  it('adds up to the total exactly, in whole numbers of 0 or more, up to 2^53', () => {
    const anyTotal = fc.oneof(fc.nat(1000), fc.nat(), fc.maxSafeNat());
    fc.assert(
      fc.property(anyTotal, anyShares, anySd, fc.nat(1e6), (total, shares, sd, firstBar) => {
        const bars = split(total, shares, sd, firstBar);
        expect(bars.every((volume) => Number.isSafeInteger(volume) && volume >= 0)).toBe(true);
        expect(bars.reduce((sum, volume) => sum + BigInt(volume), 0n)).toBe(BigInt(total));
      }),
      { numRuns: runs(500) },
    );
  });

  it('without noise no bar is a whole unit away from its share', () => {
    fc.assert(
      fc.property(fc.nat(1e9), anyShares, (total, shares) => {
        const whole = shares.reduce((a, b) => a + b, 0);
        split(total, shares).forEach((volume, b) => {
          expect(Math.abs(volume - (total * shares[b]!) / whole)).toBeLessThan(1 + 1e-6);
        });
      }),
    );
  });

  it('gives what is left to the largest remainders, and to earlier bars where they tie', () => {
    expect(split(10, [1, 1, 1, 1])).toEqual([3, 3, 2, 2]);
    expect(split(7, [0.45, 0.35, 0.2])).toEqual([3, 3, 1]); // 3.15, 2.45, 1.4
    expect(split(5, [2, 1, 1])).toEqual([3, 1, 1]); // 2.5, 1.25, 1.25
    expect(split(3, [1, 1, 1, 1, 1, 1])).toEqual([1, 1, 1, 0, 0, 0]);
    expect(split(0, [1, 2, 3], 1)).toEqual([0, 0, 0]);
    expect(split(9, [0.3], 2)).toEqual([9]);
  });

  it('past 2^44, where the rounding of shares alone can miss, the largest bar makes up for it', () => {
    const total = 8968295038320639;
    expect(Math.floor(total * 0.2) + Math.floor(total * 0.8)).toBe(total + 1);
    const small = Math.floor(total * 0.2);
    expect(split(total, [2, 8])).toEqual([small, total - small]);
    expect(split(total, [8, 2])).toEqual([total - small, small]);
  });

  it('the log of a bar over another has twice the variance of the noise, about the log of their shares', () => {
    const n = 20_000;
    const at = new Float64Array(2);
    const one = volumeSplit(0.5, stream, 2);
    let [mean, square] = [0, 0];
    for (let i = 0; i < n; i++) {
      one(at, 0, 1e12, Float64Array.of(0.6, 0.4), 2 * i);
      const x = Math.log(at[0]! / at[1]!) - Math.log(1.5);
      mean += x / n;
      square += (x * x) / n;
    }
    const sd = Math.sqrt(2) * 0.5;
    expect(Math.abs(mean)).toBeLessThan((4 * sd) / Math.sqrt(n));
    expect(Math.abs(square / (sd * sd) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  });

  it('writes where it is told and nowhere else, by the number of the bar and not of the call', () => {
    const out = new Float64Array(6).fill(-1);
    const shares = Float64Array.of(1, 2);
    const one = volumeSplit(0.7, stream, 8);
    one(out, 3, 1000, shares, 40);
    expect([...out.subarray(0, 3), out[5]]).toEqual([-1, -1, -1, -1]);
    expect([...out.subarray(3, 5)]).toEqual(split(1000, [1, 2], 0.7, 40));
    expect(split(1000, [1, 2], 0.7, 42)).not.toEqual(split(1000, [1, 2], 0.7, 40));
  });

  it('noise that is negative, past 3 or no number is refused', () => {
    for (const sd of [-0.1, 3.1, Number.NaN]) expect(() => volumeSplit(sd, stream, 1)).toThrow(ProblemError);
  });
});
