// Laws of generated bars: invariants on random configs, theory at 4 standard errors, and nothing that shifts another's bytes.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { md5, sha256 } from '../../lib/base/digest.ts';
import type { ProblemError } from '../../lib/base/problem.ts';
import type { Bars } from '../../lib/market/bars.ts';
import { formatDate, parseDate } from '../../lib/market/day.ts';
import { allBars, type BarsRequest, generateBars } from '../../lib/market/generate.ts';
import { alone } from '../../lib/market/shocks.ts';
import { GENERATOR_VERSION } from '../../lib/market/version.ts';
import { STOCK_VOLUME } from '../../lib/market/volume.ts';
import { floats, place, release, useTwins } from '../../lib/math/kernel.ts';
import { studentCdf } from '../../lib/math/special.ts';
import { factorCorrelation } from '../../lib/models/correlation.ts';
import type { VolatilityModel } from '../../lib/models/model.ts';
import { shockCorrelation } from '../../lib/models/norta.ts';
import { model as garch } from '../../lib/models/volatility/garch.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { barsSchema, barsTable } from '../../stages/market/tables.ts';
import history from '../oracles/generator.json' with { type: 'json' };
import { runs, seeds } from '../thorough.ts';
import { bars, columns, mixOf, request } from './rig.ts';

function digest(all: readonly Bars[]): string {
  const hash = createHash('sha256');
  for (const b of all) {
    hash.update(b.ticker);
    for (const column of columns(b)) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('hex');
}

/** Tickers with static correlation: each gets its own row of the factor. */
function market(
  names: readonly string[],
  correlation: readonly (readonly number[])[],
  change: Partial<BarsRequest> = {},
) {
  const { lower } = factorCorrelation(correlation, 'none', names);
  return names.map((ticker, i) => bars({ ...change, ticker, mix: mixOf(names, lower[i]!) }));
}

function logReturns(close: Float64Array): Float64Array {
  return Float64Array.from({ length: close.length - 1 }, (_, i) => Math.log(close[i + 1]! / close[i]!));
}

function sampleCorrelation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [sab, saa, sbb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    sab += (a[i]! - ma) * (b[i]! - mb);
    saa += (a[i]! - ma) ** 2;
    sbb += (b[i]! - mb) ** 2;
  }
  return sab / Math.sqrt(saa * sbb);
}

/** Some two centuries of weekdays at a fine tick, so that theory shows through. */
const long: Partial<BarsRequest> = { start: '1800-01-01', end: '2000-01-01', tick: 1e-6, startPrice: 1000 };

describe('generateBars', () => {
  it('[S1-105] [S1-106] [S1-107] every bar of a random config is well formed', () => {
    const config = fc.record({
      seed: fc.oneof(fc.maxSafeNat(), fc.string()),
      ticker: fc.string({ minLength: 1, maxLength: 8 }),
      startPrice: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      tick: fc.constantFrom(0.01, 0.0001, 0.05, 0.25, 1),
      start: fc.integer({ min: -20_000, max: 40_000 }).map(formatDate),
      params: fc.record({
        mu: fc.double({ min: -1, max: 1, noNaN: true }),
        sigma: fc.double({ min: 0, max: 2, noNaN: true }),
      }),
      volume: fc.record({
        level: fc.double({ min: 0.1, max: 1e9, noNaN: true }),
        sd: fc.double({ min: 0, max: 1.5, noNaN: true }),
        returnCorrelation: fc.double({ min: 0, max: 0.9, noNaN: true }),
        none: fc.constantFrom(0, 0.2),
        noise: fc.constant(0.4),
      }),
    });
    fc.assert(
      fc.property(config, fc.integer({ min: 0, max: 60 }), (change, length) => {
        const made = bars({ ...change, end: formatDate(parseDate(change.start) + length) });
        for (let i = 0; i < made.day.length; i++) {
          const [o, h, l, c, v] = [made.open[i]!, made.high[i]!, made.low[i]!, made.close[i]!, made.volume[i]!];
          const sound = h >= Math.max(o, c) && l <= Math.min(o, c) && l > 0 && h < Number.POSITIVE_INFINITY;
          const onTick = [o, h, l, c].every((p) => Math.abs(p / change.tick - Math.round(p / change.tick)) < 1e-3);
          const counted = Number.isSafeInteger(v) && v >= 0;
          const later = i === 0 || made.day[i]! > made.day[i - 1]!;
          if (!(sound && onTick && counted && later)) throw new Error(`bar ${i}: ${[o, h, l, c, v].join(' ')}`);
          if (i > 0) expect(o).toBe(made.close[i - 1]);
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  it('1044 bars from 2020-01-01 to 2024-01-01, the first opening at the start price', () => {
    const made = bars();
    expect(made.day).toHaveLength(1044);
    expect([formatDate(made.day[0]!), formatDate(made.day[1043]!)]).toEqual(['2020-01-01', '2024-01-01']);
    expect(made.open[0]).toBe(100);
  });

  for (const seed of seeds(1, 2, 3)) {
    it(`[S1-118] closes have the mean and variance of the model with seed ${seed}`, () => {
      const r = logReturns(bars({ ...long, seed }).close);
      const sd = 0.25 / Math.sqrt(252);
      const mean = r.reduce((a, b) => a + b, 0) / r.length;
      const variance = r.reduce((a, x) => a + (x - mean) ** 2, 0) / (r.length - 1);
      expect(Math.abs(mean - (0.08 - 0.25 ** 2 / 2) / 252)).toBeLessThan((4 * sd) / Math.sqrt(r.length));
      expect(Math.abs(variance / sd ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / r.length));
    });

    it(`the range has the variance of the path by Parkinson and Rogers-Satchell with seed ${seed}`, () => {
      const made = bars({ ...long, seed });
      const n = made.day.length;
      const variance = 0.25 ** 2 / 252;
      let parkinson = 0;
      let satchell = 0;
      for (let i = 0; i < n; i++) {
        const [h, l, c] = [made.high, made.low, made.close].map((x) => Math.log(x[i]! / made.open[i]!)) as [
          number,
          number,
          number,
        ];
        parkinson += (h - l) ** 2 / (4 * Math.LN2);
        satchell += h * (h - c) + l * (l - c);
      }
      // Per-bar efficiencies against r^2 (variance 2): 4.9 and 6.0 (Garman & Klass 1980; Rogers & Satchell 1991).
      // Four pieces leave the Parkinson mean at most .1 percent high.
      expect(Math.abs(parkinson / n / variance - 1)).toBeLessThan(0.001 + 4 * Math.sqrt(2 / 4.9 / n));
      expect(Math.abs(satchell / n / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 6 / n));
    });

    it(`log volume goes with the size of returns as configured with seed ${seed}`, () => {
      const made = bars({ ...long, seed });
      const n = made.day.length;
      const size = Float64Array.from(made.close, (c, i) => Math.abs(Math.log(c / made.open[i]!)));
      expect(Math.abs(sampleCorrelation(made.volume.map(Math.log), size) - 0.42)).toBeLessThan(4 / Math.sqrt(n / 16));
    });
  }

  it('[S1-131] sample correlation of fifty assets lies in its Fisher band around the target', () => {
    const names = Array.from({ length: 50 }, (_, i) => `T${i}`);
    const target = names.map((_, i) => names.map((__, j) => (i === j ? 1 : 0.3 + 0.4 * 0.9 ** Math.abs(i - j))));
    const returns = market(names, target, { tick: 1e-6, start: '2010-01-01' }).map((b) => logReturns(b.close));
    const n = returns[0]!.length;
    // 1225 pairs: 5 standard errors of atanh(rho), 1 / sqrt(n - 3), fail one run in 1400 at most.
    let worst = 0;
    for (let i = 0; i < 50; i++) {
      for (let j = 0; j < i; j++) {
        const z = Math.atanh(sampleCorrelation(returns[i]!, returns[j]!)) - Math.atanh(target[i]![j]!);
        worst = Math.max(worst, Math.abs(z) * Math.sqrt(n - 3));
      }
    }
    expect(worst).toBeLessThan(5);
  });

  it('kernels and their twins make the same bars', () => {
    const made = () =>
      digest(
        market(
          ['A', 'B', 'C'],
          [
            [1, 0.5, 0.2],
            [0.5, 1, 0.1],
            [0.2, 0.1, 1],
          ],
          { start: '1990-01-01' },
        ),
      );
    const byKernels = made();
    useTwins(true);
    const byTwins = made();
    useTwins(false);
    expect(byTwins).toBe(byKernels);
  });

  it('a ticker gives its memory back, also when nobody asks for its last bars', () => {
    // Where the next array of a new length would lie.
    const top = (length: number) => {
      const array = floats(length);
      release(array);
      return place(array) + 8 * length;
    };
    allBars(request());
    const before = top(70_001);
    allBars(request({ ticker: 'MSFT' }));
    for (const block of generateBars(request({ end: '2050-01-01' }))) {
      expect(block.bars.day.length).toBeGreaterThan(0);
      break;
    }
    // Arrays begin at lines of the cache.
    expect(top(70_003) - before).toBeLessThan(8 * 70_003 + 64);
  });

  it('what another ticker left behind changes nothing: its dates, its calendar, its nights, its pieces', () => {
    const asked: readonly Partial<BarsRequest>[] = [
      {},
      { start: '2021-03-01' },
      { calendar: 'XNYS' },
      { calendar: 'XNYS', frequency: '1h' },
      { pieces: 2 },
      { night: { share: 0.3, nu: 4 } },
      { memory: 0.2 },
    ];
    const made = (change: Partial<BarsRequest>) =>
      digest([bars({ start: '2019-01-02', end: '2023-06-30', ...change })]);
    for (const one of asked) {
      const first = made(one);
      for (const other of asked) {
        made(other);
        expect(made(one)).toBe(first);
      }
    }
    expect(new Set(asked.map(made)).size).toBe(asked.length);
  });

  it('a later end date leaves every earlier bar unchanged', () => {
    const short = bars({ end: '2021-06-30' });
    const longer = bars({ end: '2023-06-30' });
    columns(short).forEach((column, k) => {
      expect(columns(longer)[k]!.slice(0, column.length)).toEqual(column);
    });
  });

  it('dropping or reordering names leaves every other ticker unchanged', () => {
    const alone = (names: readonly string[]) => new Map(names.map((ticker) => [ticker, digest([bars({ ticker })])]));
    const all = alone(['AAPL', 'MSFT', 'SPY', 'GLD']);
    for (const names of [['GLD', 'SPY', 'MSFT', 'AAPL'], ['MSFT', 'GLD'], ['SPY']]) {
      for (const [ticker, made] of alone(names)) expect(made).toBe(all.get(ticker));
    }
    expect(new Set(all.values()).size).toBe(4);
  });

  it('appending a name to a correlated market leaves the others unchanged', () => {
    const rows = [
      [1, 0.5, 0.2],
      [0.5, 1, -0.1],
      [0.2, -0.1, 1],
    ];
    const two = market(
      ['A', 'B'],
      rows.slice(0, 2).map((r) => r.slice(0, 2)),
    );
    expect(market(['A', 'B', 'C'], rows).slice(0, 2)).toEqual(two);
  });

  it('tickers of different volatility share the shocks of the name they mix', () => {
    const half = logReturns(bars({ tick: 1e-6, params: { mu: 0, sigma: 0.1 } }).close);
    const twice = logReturns(
      bars({ tick: 1e-6, params: { mu: 0, sigma: 0.2 }, ticker: 'B', mix: mixOf(['AAPL'], [1]) }).close,
    );
    half.forEach((r, i) => {
      // Drifts are -sigma^2 / 2: -.02 against twice -.005 a year; ticks of 1e-6 leave 1e-7.
      expect(Math.abs(twice[i]! - 2 * r + 0.01 / 252)).toBeLessThan(1e-7);
    });
  });

  it('seed, ticker and seed spelling each make other bars', () => {
    const all = [
      bars(),
      bars({ seed: 124 }),
      bars({ seed: '123' }),
      bars({ seed: 123 + 2 ** 32 }),
      bars({ ticker: 'MSFT' }),
    ];
    expect(new Set(all.map((b) => b.close.join())).size).toBe(all.length);
  });

  it('a coarse tick is warned of with its facts, a fine one is not', () => {
    expect(allBars(request()).warnings).toEqual([]);
    const [warning] = allBars(request({ tick: 1 })).warnings;
    expect(warning).toMatchObject({ code: 'market/coarse-tick', facts: { ticker: 'AAPL', tick: 1, of: 1044 } });
    // sd of a bar at the start: 100 * .25 / sqrt 252 = 1.57 ticks.
    expect(warning!.facts.smallest_sd_ticks).toBeLessThan(1.58);
  });

  it('dates without a session give no bars and say so', () => {
    const { bars: made, warnings } = allBars(request({ start: '2024-01-06', end: '2024-01-07' }));
    expect(made.day).toHaveLength(0);
    expect(warnings.map((w) => w.code)).toEqual(['market/no-sessions']);
  });

  it('bad requests are refused before a draw, all problems at once', () => {
    const fields = (change: Partial<BarsRequest>) => {
      try {
        allBars(request(change));
      } catch (error) {
        return (error as ProblemError).problems.map((p) => p.facts?.field ?? p.code);
      }
      return [];
    };
    expect(fields({ startPrice: 0, periodsPerYear: 0, params: { mu: 0, sigma: -1 } })).toEqual([
      'sigma',
      'startPrice',
      'periodsPerYear',
    ]);
    expect(fields({ ticker: '', mix: mixOf(['A', 'A'], [0.6, 0.6]) })).toEqual(['ticker', 'mix', 'mix']);
    expect(fields({ mix: mixOf(['A', 'B'], [0.6, 0.8]) })).toEqual([]);
    expect(fields({ tick: 0 })).toEqual(['tick']);
    expect(fields({ start: '2023-02-29' })).toEqual(['config/invalid']);
    expect(fields({ end: '2019-12-31' })).toEqual(['model/refused']);
    expect(fields({ seed: -1 })).not.toEqual([]);
    expect(() => allBars(request({ params: { mu: 1e6, sigma: 0 } }))).toThrow(/2\^53 ticks/);
  });
});

describe('generator version', () => {
  it('every change of bytes has its own number', () => {
    const rows = [
      [1, 0.6, -0.2],
      [0.6, 1, 0],
      [-0.2, 0, 1],
    ];
    const all = [
      ...market(['AAPL', 'MSFT', 'GLD'], rows),
      bars({ seed: 'crisis', ticker: 'PENNY', startPrice: 0.37, tick: 0.0001, params: { mu: -0.5, sigma: 1.4 } }),
      bars({
        start: '1960-02-28',
        end: '1972-03-01',
        tick: 0.25,
        volume: { ...STOCK_VOLUME, level: 30, sd: 1, returnCorrelation: 0 },
      }),
    ];
    // Since v1-dev.3 also what correlations of returns ask of shocks whose variances feed on them.
    const params = { sigma: 0.3, alpha: 0.06, gamma: 0.02, beta: 0.915, innovations: 'student', nu: 4.5 };
    const volatility = { model: garch as unknown as VolatilityModel, params };
    const margin = { df: params.nu, share: 1, steadiness: 1, feedback: params };
    const fed = shockCorrelation(rows, [margin, { ...margin, df: 8 }, margin], Number.POSITIVE_INFINITY, 'none').factor;
    all.push(...market(['AAPL', 'MSFT', 'GLD'], fed.matrix, { volatility }));
    // Values and, since v1-dev.2, the files that hold them.
    const files = all.map((one) => md5(writeParquet(barsTable(barsSchema(false, ''), one))));
    const made = sha256([digest(all), ...files].join());
    // Bytes changed? Append the digest to the history and raise N in lib/market/version.ts; never edit an old line.
    expect({ version: GENERATOR_VERSION, digest: made }).toEqual({
      version: `v1-dev.${history.length}`,
      digest: history.at(-1),
    });
    expect(new Set(history).size).toBe(history.length);
  });
});

it('a factor that moves stretches a Student margin and leaves its shape', () => {
  const nu = 3.5;
  const student = { sigma: 0.2, alpha: 0, gamma: 0, beta: 0, innovations: 'student', nu };
  const volatility = { model: garch as unknown as VolatilityModel, params: student };
  const factor = { scope: 'class', name: 'market' } as const;
  const n = 2000;
  const moving = Float64Array.from({ length: n }, (_, s) => 1 + 2 * (s % 2));
  const mix = { sources: [factor, alone('A').sources[0]!], weights: [0.8, 0.6], varying: [moving, null] };
  const made = bars({
    ticker: 'A',
    mix,
    volatility,
    start: '2016-01-01',
    end: '2023-08-31',
    tick: 1e-6,
    startPrice: 1e4,
  });
  const scores = (odd: number) =>
    Float64Array.from(made.close.subarray(0, n), (close, s) => Math.log(close / made.open[s]!))
      .filter((_, s) => s % 2 === odd)
      .map((r) => (r - 0.06 / 252) / (0.2 / Math.sqrt(252)) / Math.sqrt(0.36 + 0.64 * (1 + 8 * odd)));
  const unit = Math.sqrt(nu / (nu - 2));
  for (const odd of [0, 1])
    expect(testKolmogorov(scores(odd), (x) => studentCdf(x * unit, nu)).pvalue).toBeGreaterThan(0.001);
});
