// Every refusal of a market, in one table: the field, the value and the rule, before the first draw.
import { describe, expect, it } from 'vitest';
import type { ProblemError } from '../../lib/base/problem.ts';
import { allBars, type BarsRequest } from '../../lib/market/generate.ts';
import { CALM, type Surroundings } from '../../lib/market/surroundings.ts';
import { model as heston } from '../../lib/models/heston.ts';
import { model as jumpDiffusion } from '../../lib/models/jump-diffusion.ts';
import type { Model, VolatilityModel } from '../../lib/models/model.ts';
import { model as ou } from '../../lib/models/ou.ts';
import { model as garch } from '../../lib/models/volatility/garch.ts';
import { model as stochasticVol } from '../../lib/models/volatility/stochastic-vol.ts';
import { request } from './rig.ts';

/** Field, value and rule of each problem; null where there is none. */
function refusalsOf(change: Partial<BarsRequest>): (readonly [unknown, unknown, string])[] {
  try {
    allBars(request({ start: '2024-01-01', end: '2024-01-05', ...change }));
  } catch (error) {
    return (error as ProblemError).problems.map(({ code, facts, message }) => [
      facts?.field ?? code,
      facts?.value,
      message.replace(/^.*? must be /, ''),
    ]);
  }
  return [];
}

const variance = { kappa: 4, theta: 0.04, xi: 0.3, rho: -0.5 };
const withHeston = (change: object) => ({
  model: heston as unknown as Model,
  params: { mu: 0, ...variance, ...change },
});
const withOu = (change: object) => ({
  model: ou as unknown as Model,
  params: { level: 1, theta: 2, sigma: 0.2, ...change },
});
const withJumps = (change: object) => ({
  model: jumpDiffusion as unknown as Model,
  params: { mu: 0, sigma: 0.2, law: 'merton', intensity: 5, mean: 0, sd: 0.1, ...change },
});
const persistent = { sigma: 0.2, alpha: 0.1, gamma: 0.04, beta: 0.8, innovations: 'student', nu: 5 };
const withGarch = (change: object = {}) => ({
  volatility: { model: garch as unknown as VolatilityModel, params: { ...persistent, ...change } },
});
const night = { share: 0.3, nu: 3 };
const around = (channel: keyof Surroundings, values: readonly number[], memory = 0): Partial<BarsRequest> => ({
  memory,
  surroundings: { ...CALM, [channel]: Float64Array.from(values) },
});
const FIVE = [1, 1, 1, 1, 1];

const table: readonly (readonly [string, Partial<BarsRequest>, string, string, string])[] = [
  ['sigma below 0', { params: { mu: 0, sigma: -0.1 } }, 'sigma', '-0.1', 'a finite number, 0 or more'],
  ['no length of a bar', { periodsPerYear: 0 }, 'periodsPerYear', '0', 'above 0'],
  ['kappa 0', withHeston({ kappa: 0 }), 'kappa', '0', 'above 0, at most 10000'],
  ['theta 0 of heston', withHeston({ theta: 0 }), 'theta', '0', 'above 0, at most 10000'],
  ['xi below 0', withHeston({ xi: -1 }), 'xi', '-1', '0, or between 1e-6 and 10000'],
  ['rho past 1', withHeston({ rho: -1.1 }), 'rho', '-1.1', 'between -1 and 1'],
  ['v0 below 0', withHeston({ v0: -0.01 }), 'v0', '-0.01', 'between 0 and 10000'],
  [
    'Feller wanted and missed',
    withHeston({ xi: 1, require_feller: true }),
    'xi',
    '1',
    'small enough for 2 kappa theta >= xi^2 (require_feller)',
  ],
  ['theta 0 of ou', withOu({ theta: 0 }), 'theta', '0', 'above 0, at most 1e6'],
  ['level 0', withOu({ level: 0 }), 'level', '0', 'above 0, at most 1e12'],
  ['intensity below 0', withJumps({ intensity: -1 }), 'intensity', '-1', 'between 0 and 10000 a year'],
  ['sd of jumps below 0', withJumps({ sd: -0.1 }), 'sd', '-0.1', 'between 0 and 5'],
  ['persistence 1', withGarch({ beta: 0.88 }), 'alpha + gamma/2 + beta', '1', 'below 1 (or say integrated: true)'],
  ['nu 2', withGarch({ nu: 2 }), 'nu', '2', 'above 2, so that the innovations have a variance'],
  ['a night of all', { night: { ...night, share: 1 } }, 'night.share', '1', '0 or more and below 1'],
  [
    'a gap without variance',
    { night: { ...night, nu: 2 } },
    'night.nu',
    '2',
    'above 2, so that the gap has a variance',
  ],
  ['memory 1', { memory: 1 }, 'memory', '1', 'between -1 and 1'],
  ['no pieces', { pieces: 0 }, 'pieces', '0', 'a whole number from 1 to 64'],
  ['half a piece', { pieces: 1.5 }, 'pieces', '1.5', 'a whole number from 1 to 64'],
  ['tick 0', { tick: 0 }, 'tick', '0', 'above 0 with at most 9 decimals'],
  ['no start price', { startPrice: Number.NaN }, 'startPrice', 'NaN', 'above 0, at most 1e12'],
  ['volatility below 0', around('volatility', [1, -1, 1, 1, 1]), 'volatility', '-1', '0 or more in each of 5 sessions'],
  ['a channel too short', around('growth', [0, 0]), 'growth', 'missing', 'finite in each of 5 sessions'],
  ['a blend past 1', around('blend', [0, 0, 1.5, 0, 0]), 'blend', '1.5', 'between 0 and 1 in each of 5 sessions'],
  [
    'memory past 1 in a regime',
    around('memory', [0, 0.3, 0.6, 0, 0], 0.5),
    'memory',
    '0.6',
    'between -1 and 1, with that of the bars in each of 5 sessions',
  ],
];

describe('refusals', () => {
  it.each(table)('%s', (_, change, field, value, rule) => {
    expect(refusalsOf(change)).toEqual([[field, value, rule]]);
  });

  it('dates, seed, calendar and frequency are refused where they are read', () => {
    expect(() => allBars(request({ start: '2024-01-02', end: '2024-01-01' }))).toThrow(/end date is before/);
    expect(() => allBars(request({ start: '2023-02-29' }))).toThrow();
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => allBars(request({ seed })), `${seed}`).toThrow();
    expect(() => allBars(request({ calendar: 'NYSE' }))).toThrow(/calendar/);
    expect(() => allBars(request({ frequency: '1m' }))).toThrow(/frequency/);
    expect(() => allBars(request({ calendar: '24/7', frequency: 'B' }))).toThrow(/weekends/);
  });

  it('a model of its own volatility refuses another with the reason', () => {
    const params = { ...variance };
    const other = { volatility: { model: stochasticVol as unknown as VolatilityModel, params } };
    expect(refusalsOf({ ...withOu({}), ...withGarch() })).toEqual([
      ['volatility_model', 'garch', 'none with ou: its stationary law needs a constant volatility'],
    ]);
    expect(refusalsOf({ ...withHeston({}), ...other })).toEqual([
      ['volatility_model', 'stochastic_vol', 'none with heston: it has a stochastic variance of its own'],
    ]);
    expect(refusalsOf({ ...withJumps({}), ...other })).toEqual([]);
  });

  it('all problems of a request are told at once', () => {
    const fields = refusalsOf({ ...withHeston({ kappa: -1, rho: 2 }), startPrice: 0, pieces: 99, memory: -1 }).map(
      ([f]) => f,
    );
    expect(fields).toEqual(['kappa', 'rho', 'startPrice', 'pieces', 'memory']);
  });

  it('what is legal passes: the edges of every rule', () => {
    expect(refusalsOf({ params: { mu: 0, sigma: 0 } })).toEqual([]);
    expect(refusalsOf(withHeston({ rho: -1, xi: 0, v0: 0 }))).toEqual([]);
    expect(refusalsOf(withJumps({ intensity: 0, sd: 0 }))).toEqual([]);
    expect(refusalsOf(withGarch({ beta: 0.88, integrated: true }))).toEqual([]);
    expect(refusalsOf({ ...around('volatility', [0, 1, 1, 1, 1]), night: { share: 0, nu: 2.1 } })).toEqual([]);
    expect(refusalsOf(around('blend', FIVE))).toEqual([]);
  });

  it('what is legal and risky is warned of', () => {
    const warnings = (change: Partial<BarsRequest>) =>
      allBars(request({ start: '2024-01-01', end: '2024-01-05', ...change })).warnings.map((w) => w.message);
    expect(warnings(withHeston({ xi: 1 }))).toEqual([
      'AAPL: heston: Feller ratio 0.320 is below 1, so the variance touches 0',
    ]);
    expect(warnings(withGarch({ gamma: 0, beta: 0.89999 }))[0]).toMatch(/burn-in/);
    expect(warnings(withHeston({}))).toEqual([]);
  });
});
