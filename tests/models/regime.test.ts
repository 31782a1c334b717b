// Laws of the regimes: what a chain refuses, its stationary law, and the dwell times, moves and occupancy of its paths.
import { describe, expect, it } from 'vitest';
import { checkValue } from '../../lib/base/schema.ts';
import { chiSquareSf } from '../../lib/math/special.ts';
import {
  checkRegimes,
  DEFAULT_REGIMES,
  meanSquareScale,
  REGIME_SCHEMA,
  type RegimeParams,
  regimeChain,
  regimePath,
  regimeValues,
} from '../../lib/models/regime.ts';

const two = (extra: Partial<RegimeParams>): RegimeParams => ({ regimes: [{ label: 'a' }, { label: 'b' }], ...extra });
const fields = (params: RegimeParams) => checkRegimes(params).map((problem) => problem.facts?.field);

describe('a chain', () => {
  it('[S1-56] of durations stays with probability 1 - 1/d and leaves by its exit law', () => {
    const { transition } = regimeChain({
      regimes: [
        { label: 'a', duration: 10, exit: { b: 0.75, c: 0.25 } },
        { label: 'b', duration: 4 },
        { label: 'c', duration: 1, exit: { a: 1 } },
      ],
    });
    const want = [
      [0.9, 0.075, 0.025],
      [0.125, 0.75, 0.125],
      [1, 0, 0],
    ];
    want.forEach((row, i) => {
      row.forEach((p, j) => {
        expect(transition[i]![j]).toBeCloseTo(p, 15);
      });
    });
  });

  it('[S1-56] takes durations beside a matrix that agree with it and refuses those that do not', () => {
    const transition = [
      [0.8, 0.2],
      [0.5, 0.5],
    ];
    const beside = (a: number) => ({ regimes: [{ label: 'a', duration: a }, { label: 'b' }], transition });
    expect(regimeChain(beside(5)).transition).toEqual(transition);
    expect(fields(beside(5.0001))).toEqual(['regimes[0].duration']);
    const exit = { regimes: [{ label: 'a', exit: { b: 0.5, c: 0.5 } }, { label: 'b' }, { label: 'c' }] };
    const rows = (b: number) => ({
      transition: [
        [0.5, b, 0.5 - b],
        [0.2, 0.6, 0.2],
        [0.2, 0.2, 0.6],
      ],
    });
    expect(fields({ ...exit, ...rows(0.25) })).toEqual([]);
    expect(fields({ ...exit, ...rows(0.3) })).toEqual(['regimes[0].exit']);
  });

  it('[S1-129] normalises nothing in silence: a row must be 0 or more and sum to 1 within 1e-9', () => {
    const row = (p: number, q: number) =>
      fields(
        two({
          transition: [
            [p, q],
            [0.5, 0.5],
          ],
        }),
      );
    expect(row(0.5, 0.5 + 0.9e-9)).toEqual([]);
    expect(row(0.5, 0.5 + 1.1e-9)).toEqual(['transition[0]']);
    expect(row(1.1, -0.1)).toEqual(['transition[0]']);
    expect(row(Number.NaN, 1)).toEqual(['transition[0]']);
    expect(fields(two({ transition: [[1]] }))).toEqual(['transition', 'transition[0]']);
  });

  it('that cannot reach every regime from every other is refused without a start, and runs with one', () => {
    const transition = [
      [1, 0],
      [0.5, 0.5],
    ];
    expect(fields(two({ transition }))).toEqual(['start']);
    const chain = regimeChain(two({ transition, start: 'b' }));
    expect(chain.stationary).toBeNull();
    const path = regimePath(chain, 3, 0, 200);
    expect(path[0]).toBe(1);
    expect(path[199]).toBe(0);
    expect(fields(two({ transition, start: 'x' }))).toEqual(['start']);
    const turned = [
      [0.5, 0.5],
      [0, 1],
    ];
    expect(fields(two({ transition: turned }))).toEqual(['start']);
  });

  it.each<[string, RegimeParams, string]>([
    ['no regime', { regimes: [] }, 'regimes'],
    [
      'a duration below one session',
      two({
        regimes: [
          { label: 'a', duration: 0.5 },
          { label: 'b', duration: 2 },
        ],
      }),
      'regimes[0].duration',
    ],
    [
      'no duration and no matrix',
      two({ regimes: [{ label: 'a', duration: 2 }, { label: 'b' }] }),
      'regimes[1].duration',
    ],
    ['an end to the only regime', { regimes: [{ label: 'a', duration: 3 }] }, 'regimes[0].duration'],
    [
      'two of one name',
      {
        regimes: [
          { label: 'a', duration: 2 },
          { label: 'a', duration: 2 },
        ],
      },
      'regimes[1].label',
    ],
    [
      'an exit to itself',
      {
        regimes: [
          { label: 'a', duration: 2, exit: { a: 1 } },
          { label: 'b', duration: 2 },
        ],
      },
      'regimes[0].exit',
    ],
    [
      'an exit law of sum 0.9',
      {
        regimes: [
          { label: 'a', duration: 2, exit: { b: 0.9 } },
          { label: 'b', duration: 2 },
        ],
      },
      'regimes[0].exit',
    ],
    ['a negative volatility', { regimes: [{ label: 'a', vol_scale: -1 }] }, 'regimes[0].vol_scale'],
    ['a blend above 1', { regimes: [{ label: 'a', correlation: 1.1 }] }, 'regimes[0].correlation'],
    ['no depth at all', { regimes: [{ label: 'a', depth_scale: 0 }] }, 'regimes[0].depth_scale'],
    ['an explosive autocorrelation', { regimes: [{ label: 'a', ar1: 1 }] }, 'regimes[0].ar1'],
    ['an infinite drift', { regimes: [{ label: 'a', mu_shift: Number.POSITIVE_INFINITY }] }, 'regimes[0].mu_shift'],
  ])('[S1-31] refuses %s, naming field, value and rule', (_what, params, field) => {
    const [problem, ...more] = checkRegimes(params);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: 'model/refused', facts: { field, value: expect.any(String) } });
    expect(problem!.message).toMatch(/^regimes: .* must be /);
    expect(() => regimeChain(params)).toThrow(problem!.message);
  });

  it('of one regime is that regime for ever', () => {
    const chain = regimeChain({ regimes: [{ label: 'only' }] });
    expect(chain.stationary).toEqual([1]);
    expect([...regimePath(chain, 1, 5, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('has a stationary law that one step leaves as it is, also when it spans ten orders', () => {
    const chains = [
      DEFAULT_REGIMES,
      {
        regimes: [
          { label: 'a', duration: 1e10 },
          { label: 'b', duration: 3 },
          { label: 'c', duration: 1 },
        ],
      },
      two({
        transition: [
          [0, 1],
          [1, 0],
        ],
      }),
    ];
    for (const params of chains) {
      const { stationary, transition } = regimeChain(params);
      expect(stationary!.reduce((a, b) => a + b)).toBeCloseTo(1, 15);
      stationary!.forEach((p, j) => {
        const next = stationary!.reduce((sum, q, i) => sum + q * transition[i]![j]!, 0);
        expect(Math.abs(next / p - 1)).toBeLessThan(1e-9);
      });
    }
    // Exits are alike, so each regime is visited as often and occupied in proportion to its duration.
    const pi = regimeChain(DEFAULT_REGIMES).stationary!;
    [120, 60, 25, 10].forEach((d, i) => {
      expect(pi[i]).toBeCloseTo(d / 215, 14);
    });
    expect(meanSquareScale(regimeChain(DEFAULT_REGIMES))).toBeCloseTo(
      (120 * 0.49 + 60 + 25 * 3.24 + 10 * 12.25) / 215,
      14,
    );
  });

  it('[S1-78] leaves every channel neutral that its regimes leave out', () => {
    const { channels } = regimeChain({ regimes: [{ label: 'a' }] });
    const values = Object.fromEntries(Object.entries(channels).map(([name, values]) => [name, values[0]]));
    const neutral = { mu_shift: 0, jump_mean_shift: 0, correlation: 0, ar1: 0 };
    expect(values).toEqual({
      ...neutral,
      vol_scale: 1,
      jump_scale: 1,
      jump_sd_scale: 1,
      spread_scale: 1,
      depth_scale: 1,
      volume_scale: 1,
    });
  });

  it('has a schema that takes the defaults and refuses what is outside its ranges', () => {
    expect(checkValue(REGIME_SCHEMA, JSON.parse(JSON.stringify(DEFAULT_REGIMES)))).toEqual([]);
    expect(checkValue(REGIME_SCHEMA, { regimes: [{ label: 'a', ar1: 1 }] })).toHaveLength(1);
    expect(checkValue(REGIME_SCHEMA, { regimes: [{ label: 'a', vol: 1 }] })).toHaveLength(1);
  });
});

describe('a path', () => {
  const chain = regimeChain(DEFAULT_REGIMES);

  for (const seed of [1, 2, 3]) {
    it(`has geometric dwell times: mean d and sd sqrt(d(d-1)), seed ${seed}`, () => {
      const path = regimePath(chain, seed, 0, 400_000);
      const dwells: number[][] = [[], [], [], []];
      let begun = path.indexOf(path.find((regime) => regime !== path[0])!);
      for (let i = begun + 1; i < path.length; i++) {
        if (path[i] === path[begun]) continue;
        dwells[path[begun]!]!.push(i - begun);
        begun = i;
      }
      [120, 60, 25, 10].forEach((d, k) => {
        const lengths = dwells[k]!;
        const n = lengths.length;
        expect(n).toBeGreaterThan(1000);
        const mean = lengths.reduce((a, b) => a + b, 0) / n;
        const variance = lengths.reduce((a, x) => a + (x - mean) ** 2, 0) / (n - 1);
        expect(Math.abs(mean - d)).toBeLessThan(4 * Math.sqrt((d * (d - 1)) / n));
        // Var of the sample variance: (kurtosis - 1) sigma^4 / n, kurtosis of a geometric law 9 + 1/(d(d-1)).
        const kurtosis = 9 + 1 / (d * (d - 1));
        expect(Math.abs(variance / (d * (d - 1)) - 1)).toBeLessThan(4 * Math.sqrt((kurtosis - 1) / n));
      });
    });

    it(`[S1-129] moves by the matrix: chi-square of the transitions, seed ${seed}`, () => {
      const path = regimePath(chain, seed, 0, 400_000);
      const counts = chain.transition.map((row) => row.map(() => 0));
      for (let i = 1; i < path.length; i++) counts[path[i - 1]!]![path[i]!]!++;
      let stat = 0;
      counts.forEach((row, i) => {
        const n = row.reduce((a, b) => a + b);
        row.forEach((count, j) => {
          const expected = n * chain.transition[i]![j]!;
          stat += (count - expected) ** 2 / expected;
        });
      });
      expect(chiSquareSf(stat, 12)).toBeGreaterThan(1e-4);
      expect(chiSquareSf(stat, 12)).toBeLessThan(1 - 1e-4);
    });
  }

  it('occupies each regime by the stationary law, from the first session on', () => {
    const n = 20_000;
    const first = [0, 0, 0, 0];
    const fifth = [0, 0, 0, 0];
    for (let seed = 0; seed < n; seed++) {
      const path = regimePath(chain, seed, 100, 5);
      first[path[0]!]!++;
      fifth[path[4]!]!++;
    }
    for (const counts of [first, fifth]) {
      counts.forEach((count, i) => {
        const p = chain.stationary![i]!;
        expect(Math.abs(count / n - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
      });
    }
  });

  it('is the beginning of every longer path, and another with another seed', () => {
    const long = regimePath(chain, 'x', 1000, 3000);
    expect(regimePath(chain, 'x', 1000, 700)).toEqual(long.subarray(0, 700));
    expect(regimePath(chain, 'y', 1000, 3000)).not.toEqual(long);
    expect(regimePath(chain, 'x', 0, 3000)).not.toEqual(long);
  });

  it('starts at the label given', () => {
    for (let seed = 0; seed < 50; seed++) {
      expect(regimePath(regimeChain({ ...DEFAULT_REGIMES, start: 'crisis' }), seed, 0, 1)[0]).toBe(3);
    }
  });

  it('of certain moves follows them exactly', () => {
    const cycle = regimeChain({
      regimes: [{ label: 'a' }, { label: 'b' }, { label: 'c' }],
      transition: [
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
      ],
      start: 'b',
    });
    expect([...regimePath(cycle, 9, 77, 7)]).toEqual([1, 2, 0, 1, 2, 0, 1]);
  });

  it('gives each session the value of its regime', () => {
    const path = Uint8Array.of(0, 3, 2);
    expect([...regimeValues(chain, path, 'vol_scale')]).toEqual([0.7, 3.5, 1.8]);
    expect([...regimeValues(chain, path, 'correlation')]).toEqual([0, 0.4, 0.15]);
  });
});
