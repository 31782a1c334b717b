// Laws of what bars add up to: volume of days, shares of nights, memory of bars, at any frequency.
import { describe, expect, it } from 'vitest';
import { formatDate } from '../../lib/market/day.ts';
import { generateBars } from '../../lib/market/generate.ts';
import { STOCK_VOLUME } from '../../lib/market/volume.ts';
import { model as garch } from '../../lib/models/volatility/garch.ts';
import { correlation } from '../../lib/stats/dependence.ts';
import { bars, request } from '../market/rig.ts';
import { errors, meanWithError } from '../models/rig.ts';
import { seeds } from '../thorough.ts';
import { combinations } from './rig.ts';

describe('days and bars', () => {
  it('volume of the bars of a session is that of its day', () => {
    const volume = { ...STOCK_VOLUME, returnCorrelation: 0, level: 12_345, none: 0.1 };
    for (const calendar of ['B', 'XNYS', 'FX', '24/7']) {
      const asked = { calendar, volume, start: '2020-11-20', end: '2020-12-31' };
      const daily = bars({ ...asked, frequency: 'D' });
      for (const frequency of ['1h', '5min']) {
        const fine = bars({ ...asked, frequency });
        const sums = new Map<number, number>();
        fine.day.forEach((day, i) => {
          sums.set(day, (sums.get(day) ?? 0) + fine.volume[i]!);
        });
        daily.day.forEach((day, i) => {
          expect(sums.get(day), `${calendar} ${formatDate(day)}`).toBe(daily.volume[i]);
        });
      }
    }
  });

  for (const seed of seeds(1, 2, 3)) {
    it(`nights have their share of a variance that stays sigma squared with seed ${seed}`, () => {
      for (const [calendar, share] of [
        ['B', 0.32],
        ['FX', 0.035],
      ] as const) {
        const made = bars({
          seed,
          calendar,
          start: '1800-01-01',
          end: '1850-01-01',
          tick: 1e-9,
          night: { share, nu: 30 },
          frequency: 'D',
          params: { mu: 0, sigma: 0.2 },
        });
        const n = made.day.length;
        const [gaps, whole] = [new Float64Array(n - 1), new Float64Array(n - 1)];
        for (let i = 1; i < n; i++) {
          gaps[i - 1] = (Math.log(made.open[i]! / made.close[i - 1]!) ** 2 * 252) / 0.04;
          whole[i - 1] = (Math.log(made.close[i]! / made.close[i - 1]!) ** 2 * 252) / 0.04;
        }
        expect(errors(gaps, share)).toBeLessThan(4);
        expect(errors(whole, 1)).toBeLessThan(4);
      }
    });

    it(`bars remember as told and keep their variance with seed ${seed}`, () => {
      for (const [frequency, end, bar] of [
        ['D', '1860-01-01', 1],
        ['1h', '1808-01-01', 60 / 390],
      ] as const) {
        for (const memory of [-0.15, 0.1]) {
          const { close, time } = bars({
            seed,
            frequency,
            start: '1800-01-01',
            end,
            memory,
            tick: 1e-9,
            params: { mu: 0, sigma: 0.2 },
          });
          // The last bar of a session by the hour is half of one.
          const share = (i: number) => (time === null || i % 7 < 6 ? bar : bar / 2);
          const r = Float64Array.from(
            { length: close.length - 1 },
            (_, i) => Math.log(close[i + 1]! / close[i]!) / (0.2 * Math.sqrt(share(i + 1) / 252)),
          );
          const bound = 4 / Math.sqrt(r.length);
          expect(Math.abs(correlation(r.subarray(1), r.subarray(0, -1))! - memory)).toBeLessThan(bound);
          expect(
            errors(
              r.map((x) => x * x),
              1,
            ),
          ).toBeLessThan(4);
        }
      }
    });
  }

  for (const [copulaDf, nu] of [
    [8, 8],
    [Number.POSITIVE_INFINITY, 6],
    [5, Number.POSITIVE_INFINITY],
    [5, 9],
  ] as const) {
    it(`bars and ranges have their variance where a copula of ${copulaDf} degrees meets a margin of ${nu}`, () => {
      const params = { sigma: 0.2, alpha: 0, gamma: 0, beta: 0, innovations: 'student', nu };
      const volatility = nu === Number.POSITIVE_INFINITY ? null : { model: garch as never, params };
      const asked = { copulaDf, volatility, params: { mu: 0, sigma: 0.2 }, startPrice: 1e4, tick: 1e-6 };
      const fine = bars({ ...asked, frequency: '30min', start: '1800-01-01', end: '1808-01-01' });
      const unit = fine.close.map((close, i) => (Math.log(close / fine.open[i]!) ** 2 * 252 * 13) / 0.04);
      // Batches of whole sessions, whose bars share a scale.
      expect(errors(unit, 1, 100)).toBeLessThan(4);
      const daily = bars({ ...asked, start: '1800-01-01', end: '1860-01-01' });
      const range = daily.high.map((high, i) => (Math.log(high / daily.low[i]!) ** 2 * 252) / (4 * Math.LN2 * 0.04));
      const { mean, se } = meanWithError(range, 100);
      expect(Math.abs(mean - 1)).toBeLessThan(4 * se + 0.03);
      const ends = daily.close.map((close, i) => (Math.log(close / daily.open[i]!) ** 2 * 252) / 0.04);
      expect(errors(ends, 1, 100)).toBeLessThan(4);
    });
  }

  it('the first bar has nothing to remember, so its variance is whole', () => {
    for (const frequency of ['D', '5min']) {
      const first = (memory: number) => bars({ memory, frequency, end: '2020-01-02' }).close[0];
      expect(first(0.6)).toBe(first(0));
    }
  });

  it('memory of minutes does not make GARCH forget or explode', () => {
    const garch = combinations('equity').find((one) => one.name === 'gbm with garch')!;
    for (const memory of [-0.15, 0.2]) {
      const asked = { ...garch, memory, frequency: '30min', start: '2000-01-01', end: '2012-01-01', copulaDf: 4.5 };
      const variances: number[] = [];
      for (const { latent } of generateBars(request(asked))) variances.push(...latent.variance);
      const [sorted, usual] = [variances.sort((a, b) => a - b), 0.3 * 0.3];
      // The law is skewed: half its values lie in this band of its mean for any of these parameters.
      const median = sorted[Math.floor(sorted.length / 2)]!;
      expect(median / usual).toBeGreaterThan(0.4);
      expect(median / usual).toBeLessThan(1.2);
    }
  });
});
