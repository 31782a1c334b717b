// Laws of what assets share: it is the same for all, a later end changes no session before it, and usual values are right ones.
import { describe, expect, test } from 'vitest';
import {
  aroundAsset,
  chainOf,
  type EnvironmentRequest,
  makeEnvironment,
  mixingOverTime,
} from '../../lib/market/environment.ts';
import { planEvents } from '../../lib/market/events.ts';
import { FLAT } from '../../lib/market/season.ts';
import { spanOf } from '../../lib/market/span.ts';
import { USUAL } from '../../lib/market/usual.ts';
import { ASSET_CLASSES } from '../../lib/models/asset-class.ts';
import { checkShares } from '../../lib/models/factors.ts';
import { DEFAULT_REGIMES, meanJumpScale, meanSquareScale } from '../../lib/models/regime.ts';
import { bars, request as plain } from './rig.ts';

const GARCH = { alpha: 0.08, gamma: 0, beta: 0.9 };

const request = (change: Partial<EnvironmentRequest> = {}): EnvironmentRequest => ({
  seed: 5,
  span: spanOf('B', 'B', '2020-01-01', '2021-12-31'),
  periodsPerYear: 252,
  pieces: 4,
  season: FLAT,
  regimes: null,
  plans: [],
  factors: [],
  factorVolatility: null,
  deco: null,
  logistic: null,
  ...change,
});

const everything = async (end = '2021-12-31') =>
  request({
    span: spanOf('B', 'B', '2020-01-01', end),
    regimes: { params: DEFAULT_REGIMES, mode: 'scale', keepVariance: true },
    plans: await planEvents({ volatility_spike: { rate: 6 } }),
    factors: ['market', 'rates'],
    factorVolatility: GARCH,
    deco: { a: 0.04, b: 0.93, rho: 0.3 },
  });

test('nothing asked for is nothing around', () => {
  const { environment, warnings } = makeEnvironment(request());
  expect(environment).toEqual({ path: null, occurrences: [], factors: {}, blend: null });
  expect(warnings).toEqual([]);
});

test('a later end keeps every session before it', async () => {
  const [short, long] = [await everything('2020-12-31'), await everything()];
  const [less, more] = [makeEnvironment(short).environment, makeEnvironment(long).environment];
  const n = short.span.days.length;
  expect(more.path!.slice(0, n)).toEqual(less.path);
  expect(more.blend!.slice(0, n)).toEqual(less.blend);
  expect(Object.keys(less.factors)).toEqual(['market', 'rates']);
  for (const [name, scale] of Object.entries(less.factors)) expect(more.factors[name]!.slice(0, n)).toEqual(scale);
  expect(less.occurrences.length).toBeGreaterThan(2);
  expect(more.occurrences.slice(0, less.occurrences.length)).toEqual(less.occurrences);
});

test('an environment is plain data: through JSON it is the same', async () => {
  const { environment } = makeEnvironment(await everything());
  expect(JSON.parse(JSON.stringify(environment))).toEqual(environment);
});

describe('regimes', () => {
  const regimes = { params: DEFAULT_REGIMES, mode: 'scale' } as const;
  test('keep the long-run variance when that is asked for, and not otherwise', () => {
    expect(meanSquareScale(chainOf({ ...regimes, keepVariance: true }))).toBeCloseTo(1, 12);
    expect(Math.abs(meanSquareScale(chainOf({ ...regimes, keepVariance: false }))! - 1)).toBeGreaterThan(0.1);
  });

  test('keep the long-run variance of jumps too, whose number and size they change', () => {
    const wide = DEFAULT_REGIMES.regimes.map((regime, i) => ({ ...regime, jump_sd_scale: 1 + i / 2 }));
    const ofJumps = (keepVariance: boolean) =>
      meanJumpScale(chainOf({ ...regimes, params: { regimes: wide }, keepVariance }))!;
    expect(ofJumps(true)).toBeCloseTo(1, 12);
    expect(ofJumps(false)).toBeGreaterThan(5);
  });

  test('without any jump there is no variance of jumps to keep', () => {
    const still = DEFAULT_REGIMES.regimes.map((regime) => ({ ...regime, jump_scale: 0 }));
    const chain = chainOf({ ...regimes, params: { regimes: still }, keepVariance: true });
    expect([...chain.channels.jump_scale]).toEqual([0, 0, 0, 0]);
  });
});

test('two pulls toward one market are one after the other: the own parts multiply', () => {
  const logistic = { weight: 0.5, midpoint: 100, width: 20 };
  const regimes = { params: DEFAULT_REGIMES, mode: 'scale', keepVariance: false } as const;
  const asset = { ticker: 'A', class: 'equity' } as const;
  const pull = (change: Partial<EnvironmentRequest>) => {
    const asked = request(change);
    return aroundAsset(makeEnvironment(asked).environment, asked, asset).surroundings.blend!;
  };
  const [one, other, both] = [pull({ logistic }), pull({ regimes }), pull({ logistic, regimes })];
  expect(Math.max(...other)).toBe(0.4);
  both.forEach((w, s) => {
    expect(1 - w).toBeCloseTo((1 - one[s]!) * (1 - other[s]!), 14);
  });
});

test('rows of a dynamic correlation have unit variance and wander around the level', () => {
  const level = [
    [1, 0.5],
    [0.5, 1],
  ];
  const [first, second] = mixingOverTime(request(), { a: 0.05, b: 0.9 }, level, ['A', 'B']);
  expect(first!.map((column) => new Set(column))).toEqual([new Set([1])]);
  expect(Math.abs(second![0]!.reduce((sum, a) => sum + a, 0) / second![0]!.length - 0.5)).toBeLessThan(0.15);
  second![0]!.forEach((a, s) => {
    const b = second![1]![s]!;
    expect(a * a + b * b).toBeCloseTo(1, 12);
  });
  expect(Math.max(...second![0]!) - Math.min(...second![0]!)).toBeGreaterThan(0.2);
});

test.each([
  ['B', 'B'],
  ['XNYS', '30min'],
  ['24/7', '1h'],
])('on %s, %s as many rows are foretold as bars are made', (calendar, frequency) => {
  const [start, end] = ['2020-11-20', '2020-12-02'];
  const foretold = spanOf(calendar, frequency, start, end).bars;
  expect(foretold).toBe(bars({ ...plain(), calendar, frequency, start, end }).day.length);
});

describe('usual values', () => {
  test('there are some for every class, and their factors leave a part for the asset itself', () => {
    expect(Object.keys(USUAL).sort()).toEqual([...ASSET_CLASSES].sort());
    for (const [name, { sigma, startPrice, overnight, factors }] of Object.entries(USUAL)) {
      expect(checkShares(name, factors)).toEqual([]);
      expect(Object.values(factors).reduce((sum, share) => sum + Math.abs(share), 0)).toBeLessThan(1);
      expect(sigma).toBeGreaterThan(0);
      expect(startPrice).toBeGreaterThan(0);
      expect(overnight).toBeGreaterThanOrEqual(0);
      expect(overnight).toBeLessThan(1);
    }
  });
});
