// Environment: each ticker gets its own parameters and whom it mixes, in every mode of correlation, and ground truth is marked as such.
import { describe, expect, test } from 'vitest';
import { md5 } from '../../../lib/base/digest.ts';
import type { ProblemError } from '../../../lib/base/problem.ts';
import { USUAL } from '../../../lib/market/usual.ts';
import { readParquet } from '../../../lib/table/parquet.ts';
import { features } from '../../../stages/market/features.ts';
import { LATENT_KEY, mixingOf } from '../../../stages/market/tables.ts';
import { codesOf } from '../../problems.ts';
import type { Files } from '../ports.ts';
import { LEGACY, makeBars, makeEnvironment, parametersOf, REPORT } from './chain.ts';

const N = 1044;
const tableOf = (files: Files, name: string) => readParquet(files[name] as Uint8Array);
const valuesOf = (files: Files, file: string, name: string) =>
  Array.from(tableOf(files, file).columns[name]!.values as ArrayLike<number>);
const squares = (weights: readonly number[]) => weights.reduce((sum, w) => sum + w * w, 0);
const scoped = (scope: string, ...names: string[]) => names.map((name) => ({ scope, name }));

const EVERYTHING = [
  'generation.correlation.mode=factor',
  'generation.correlation.factor.volatility={alpha: 0.08, gamma: 0, beta: 0.9}',
  'generation.regimes.enabled=true',
  'generation.events={volatility_spike: {rate: 6}, gap_risk: {dates: ["2022-03-01"]}}',
];

describe('parameters', () => {
  test('each ticker gets its own file, its own parameters and its own row of the factor, no more', async () => {
    const { parameters, shared, latent } = await makeEnvironment();
    expect(Object.keys(parameters)).toEqual(['A.json', 'B.json']);
    expect(parametersOf(parameters, 'A')).toMatchObject({
      params: { mu: 0.08, sigma: 0.25 },
      mix: { sources: scoped('asset', 'A'), weights: [1], varying: 'no' },
    });
    const { sources, weights } = parametersOf(parameters, 'B').mix;
    expect(sources).toEqual(scoped('asset', 'A', 'B'));
    expect(weights[0]).toBeCloseTo(0.6, 14);
    expect(squares(weights)).toBeCloseTo(1, 14);
    expect([shared, latent]).toEqual([{ path: null, occurrences: [], factors: {}, blend: null }, {}]);
  });

  test('a ticker without prices is independent of the others', async () => {
    const correlation = { ...REPORT.correlation!, tickers: ['A'], matrix: [[1]] };
    const { parameters } = await makeEnvironment({ report: { ...REPORT, correlation } });
    expect(parametersOf(parameters, 'B').mix).toEqual({ sources: scoped('asset', 'B'), weights: [1], varying: 'no' });
  });

  test('what the asset says wins over the market, which wins over its class', async () => {
    const over = async (...set: string[]) => parametersOf((await makeEnvironment({ set })).parameters, 'A');
    const { overnight, liquidity } = USUAL.equity;
    expect((await over()).overnight_share).toBe(0);
    expect(await over('generation.overnight.share=null')).toMatchObject({ overnight_share: overnight, liquidity });
    expect(await over('generation.overnight.share=0.1')).toMatchObject({ overnight_share: 0.1 });
    const own = 'assets.A={overnight_share: 0.3, liquidity: small_cap, models: {heston: {kappa: 9}}}';
    const model = ['generation.price_model=heston', 'generation.models.heston.kappa=5'];
    expect(await over('generation.overnight.share=0.1', own, ...model)).toMatchObject({
      overnight_share: 0.3,
      liquidity: 'small_cap',
      params: { kappa: 9 },
    });
    expect(await over(...model)).toMatchObject({ params: { kappa: 5 } });
  });

  test('under jumps the volatility model moves what jumps leave, so that sigma stays that of all returns', async () => {
    const set = ['generation.price_model=jump_diffusion', 'generation.volatility_model=garch'];
    const { parameters } = await makeEnvironment({ set });
    const { sigma, params, volatility } = parametersOf(parameters, 'A');
    const { intensity, mean, sd } = params as unknown as Record<'intensity' | 'mean' | 'sd', number>;
    const left = (volatility as unknown as { sigma: number }).sigma;
    expect(left * left + intensity * (mean * mean + sd * sd)).toBeCloseTo(sigma * sigma, 12);
    expect(left).toBeLessThan(sigma);
  });

  test('[S1-70] v0 tells each ticker who is drawn before it, and nothing else', async () => {
    const { parameters, latent, report } = await makeEnvironment(LEGACY);
    expect(parametersOf(parameters, 'MSFT')).toEqual({ kind: 'legacy', tickers: ['AAPL', 'MSFT'] });
    expect(parametersOf(parameters, 'AAPL')).toEqual({ kind: 'legacy', tickers: ['AAPL'] });
    expect([latent, report]).toEqual([{}, { correlation: null, warnings: [] }]);
  });
});

const FLAT = 'generation.models.garch={alpha: 0, gamma: 0, innovations: normal}';

describe('modes of correlation', () => {
  test('factor: shares of variance by class, the sector its own, and volatility that moves is told', async () => {
    const report = {
      ...REPORT,
      assets: [
        { ...REPORT.assets[0]!, sector: 'technology' },
        { ...REPORT.assets[1]!, class: 'gold' as const },
      ],
    };
    const still = await makeEnvironment({ report, set: EVERYTHING.slice(0, 1) });
    const { sources, weights, varying } = parametersOf(still.parameters, 'A').mix;
    expect(sources).toEqual([...scoped('class', 'market', 'sector:technology'), ...scoped('asset', 'A')]);
    const { market, sector } = USUAL.equity.factors;
    expect(weights.slice(0, 2)).toEqual([Math.sqrt(market!), Math.sqrt(sector!)]);
    expect(squares(weights)).toBeCloseTo(1, 14);
    expect(varying).toBe('no');
    const gold = parametersOf(still.parameters, 'B').mix;
    expect(gold.sources).toEqual([...scoped('class', 'commodity', 'rates'), ...scoped('asset', 'B')]);
    expect(gold.weights[1]).toBe(-Math.sqrt(0.1));
    expect(Object.keys(still.latent)).toEqual(['factors.parquet']);

    const moving = await makeEnvironment({ report, set: EVERYTHING.slice(0, 2) });
    expect(parametersOf(moving.parameters, 'A').mix).toEqual({ sources, weights, varying: 'factors' });
    const scale = valuesOf(moving.latent, 'factors.parquet', 'market_volatility');
    expect(scale).toEqual(moving.shared.factors.market);
    expect(new Set(scale).size).toBeGreaterThan(N / 2);
  });

  test('dcc: a row of weights per session and ticker, each of unit variance', async () => {
    const { parameters, report, latent } = await makeEnvironment({ set: ['generation.correlation.mode=rolling'] });
    expect(Object.keys(parameters)).toEqual(['A.json', 'A.parquet', 'B.json', 'B.parquet']);
    expect(parametersOf(parameters, 'B').mix).toMatchObject({ sources: scoped('asset', 'A', 'B'), varying: 'rows' });
    const [a, b] = mixingOf(tableOf(parameters, 'B.parquet'));
    expect(a).toHaveLength(N);
    a!.forEach((w, s) => {
      expect(squares([w, b![s]!])).toBeCloseTo(1, 12);
    });
    expect(new Set(a).size).toBeGreaterThan(N / 2);
    // A is its own normals alone, so the correlation of both is the weight of those in B.
    expect(valuesOf(latent, 'pairs.parquet', 'A:B')).toEqual(Array.from(a!));
    expect(report.correlation).toMatchObject({ mode: 'rolling', target: REPORT.correlation!.matrix });
  });

  test('static: shocks whose variances feed on them correlate more than the returns asked for, and both are reported', async () => {
    const shocks = async (...set: string[]) => (await makeEnvironment({ set })).report.correlation!;
    const still = await shocks('generation.price_model=gbm');
    const garch = await shocks('generation.volatility_model=garch');
    const flat = await shocks('generation.volatility_model=garch', FLAT);
    expect([still.target, garch.target, flat.target]).toEqual(Array(3).fill(REPORT.correlation!.matrix));
    expect(flat.shocks).toEqual(still.shocks);
    expect(garch.shocks![1]![0]).toBeCloseTo(0.697, 3);
  });

  test('static: a target that variances of different parameters cannot reach is told, or refused where nothing may be repaired', async () => {
    const set = [
      'generation.volatility_model=garch',
      'generation.models.garch.innovations=normal',
      'assets.B={models: {garch: {alpha: 0.3, beta: 0.5}}}',
    ];
    const report = {
      ...REPORT,
      correlation: {
        ...REPORT.correlation!,
        matrix: [
          [1, 0.99],
          [0.99, 1],
        ],
      },
    };
    const { correlation } = (await makeEnvironment({ set, report })).report;
    expect(correlation!.unreachable).toMatchObject([{ row: 'B', column: 'A', target: 0.99 }]);
    expect(correlation!.shocks![1]![0]).toBeCloseTo(1, 6);
    const codes = await codesOf(() => makeEnvironment({ set: [...set, 'generation.correlation.repair=none'], report }));
    expect(codes).toEqual(['model/refused']);
  });

  test('deco: more names than dcc takes are pulled toward one market by their mean correlation', async () => {
    const tickers = Array.from({ length: 51 }, (_, i) => `T${i}`);
    const assets = tickers.map((ticker) => ({ ...REPORT.assets[0]!, ticker }));
    const matrix = tickers.map((_, i) => tickers.map((__, j) => (i === j ? 1 : 0.3)));
    const { parameters, shared, report } = await makeEnvironment({
      report: { ...REPORT, assets, correlation: { ...REPORT.correlation!, tickers, matrix } },
      set: [`tickers=[${tickers.join()}]`, 'generation.correlation.mode=rolling'],
    });
    expect(report.correlation?.mode).toBe('deco');
    expect(parametersOf(parameters, 'T50').mix).toEqual({
      ...{ sources: scoped('asset', 'T50'), weights: [1], varying: 'no' },
    });
    const mean = shared.blend!.reduce((sum, w) => sum + w, 0) / N;
    expect(Math.abs(mean - 0.3)).toBeLessThan(0.1);
  });

  test('logistic: the weight of one market goes from nothing to what is asked for', async () => {
    const rolling = '{kind: logistic, weight: 0.8, midpoint: 500, width: 20}';
    const { shared, latent } = await makeEnvironment({
      set: ['generation.correlation.mode=rolling', `generation.correlation.rolling=${rolling}`],
    });
    expect(shared.blend![0]).toBeLessThan(1e-9);
    expect(shared.blend![500]).toBeCloseTo(0.4, 12);
    expect(shared.blend!.at(-1)).toBeCloseTo(0.8, 9);
    expect(valuesOf(latent, 'correlation.parquet', 'common_weight')).toEqual(shared.blend);
  });

  test.each([
    ['a matrix that is none, when repair is off', ['generation.correlation.repair=none']],
    ['dcc weights of one and more', ['generation.correlation.mode=rolling', 'generation.correlation.rolling.a=0.5']],
    [
      'a factor whose variance explodes',
      [
        'generation.correlation.mode=factor',
        'generation.correlation.factor.volatility={alpha: 0.5, gamma: 0, beta: 0.6}',
      ],
    ],
    [
      'shares of more than the whole variance',
      ['generation.correlation.mode=factor', 'assets.A.factors={market: 0.8, rates: 0.3}'],
    ],
    [
      'a Feller condition that does not hold',
      ['generation.price_model=heston', 'generation.models.heston={xi: 3, require_feller: true}'],
    ],
    ['a regime that is no state', ['generation.regimes={enabled: true, start: boom}']],
    ['an event on a day that is none', ['generation.events={flash_crash: {dates: ["2022-02-30"]}}']],
  ])('%s: refused before anything is drawn', async (_, set) => {
    const matrix = [
      [1, 1.2],
      [1.2, 1],
    ];
    const correlation = set[0]!.includes('repair') ? { ...REPORT.correlation!, matrix } : REPORT.correlation;
    const codes = await codesOf(() => makeEnvironment({ set, report: { ...REPORT, correlation } }));
    expect(codes.length).toBeGreaterThan(0);
    for (const code of codes) expect(['model/refused', 'config/invalid']).toContain(code);
  });
});

test('a wrong parameter is told once, with the assets that have it', async () => {
  const garch = 'generation.models.garch.alpha=2';
  const problemsOf = (set: readonly string[]) =>
    makeEnvironment({ set: ['generation.volatility_model=garch', ...set] }).then(
      () => [],
      (error: ProblemError) => error.problems.map(({ facts }) => facts),
    );
  expect(await problemsOf([garch])).toEqual([expect.objectContaining({ assets: 'A, B' })]);
  const apart = await problemsOf([garch, 'assets.B.models.garch.alpha=3']);
  expect(apart.map((facts) => facts?.assets)).toEqual(['A', 'B']);
});

describe('ground truth', () => {
  test('of the market: regimes, events, their impacts and factors, a row a session, all marked latent', async () => {
    const { latent, shared } = await makeEnvironment({ set: EVERYTHING });
    expect(Object.keys(latent).sort()).toEqual([
      'event_impacts.parquet',
      'events.parquet',
      'factors.parquet',
      'regimes.parquet',
    ]);
    for (const name of Object.keys(latent))
      expect(tableOf(latent, name).schema.metadata[LATENT_KEY], name).toBe('true');
    expect(valuesOf(latent, 'regimes.parquet', 'regime')).toEqual(shared.path);
    expect(new Set(valuesOf(latent, 'regimes.parquet', 'label')).size).toBeGreaterThan(1);
    expect(tableOf(latent, 'factors.parquet').rows).toBe(N);
  });

  test('the ledger has a row an occurrence, with dates where they were put and an impact on each asset', async () => {
    const { latent, shared } = await makeEnvironment({ set: EVERYTHING });
    const ledger = tableOf(latent, 'events.parquet');
    const types = valuesOf(latent, 'events.parquet', 'type') as unknown as string[];
    expect(ledger.rows).toBe(shared.occurrences.length);
    expect(types.filter((type) => type === 'gap_risk')).toHaveLength(1);
    expect(types.filter((type) => type === 'volatility_spike').length).toBeGreaterThan(5);
    const at = types.indexOf('gap_risk');
    const start = Number(valuesOf(latent, 'events.parquet', 'start')[at]);
    expect(Math.floor(start / 86_400e6)).toBe(Date.UTC(2022, 2, 1) / 86_400e3);
    for (const [i, end] of valuesOf(latent, 'events.parquet', 'end').entries())
      expect(Number(end)).toBeGreaterThanOrEqual(Number(valuesOf(latent, 'events.parquet', 'start')[i]));
    const shifts = valuesOf(latent, 'event_impacts.parquet', 'peak_shift');
    expect(shifts).toHaveLength(2 * ledger.rows);
    expect(shifts.filter((shift) => shift !== 0)).toHaveLength(2);
  });

  test('a date outside the sessions is told, in the report and on the terminal', async () => {
    const { report, logs } = await makeEnvironment({
      set: ['generation.events={flash_crash: {dates: ["2031-01-02"]}}'],
    });
    const told = 'flash_crash: 2031-01-02 is outside the sessions made';
    expect(report.warnings.map(({ message }) => message)).toEqual([told]);
    expect(logs).toEqual([told]);
  });

  test('of a ticker: variance each session and its jumps, marked latent', async () => {
    const { own } = await makeBars({ set: ['generation.price_model=hybrid', 'generation.volatility_model=garch'] });
    expect(Object.keys(own)).toEqual([
      'A/variance.parquet',
      'A/jumps.parquet',
      'B/variance.parquet',
      'B/jumps.parquet',
    ]);
    for (const [name, bytes] of Object.entries(own))
      expect(readParquet(bytes).schema.metadata[LATENT_KEY], name).toBe('true');
    const variance = valuesOf(own, 'A/variance.parquet', 'variance');
    expect(variance).toHaveLength(N);
    expect(new Set(variance).size).toBeGreaterThan(N / 2);
    expect(tableOf(own, 'A/jumps.parquet').rows).toBeGreaterThan(4);
  });

  test('nobody who looks at the market sees it: features take bars, and bars are not marked', async () => {
    for (const port of Object.values(features.inputs)) expect(port.shape).not.toContain('latent');
    const { bars } = await makeBars({ set: EVERYTHING });
    expect(tableOf(bars, 'A.parquet').schema.metadata[LATENT_KEY]).toBeUndefined();
  });
});

test('the prices that come are those that were told: jumps, events and regimes stand in bars where ground truth has them', async () => {
  const gap = 'generation.events={gap_risk: {dates: ["2022-03-01"], params: {mean: 0.5, sd: 0.001, down: 1}}}';
  const [calm, torn] = [await makeBars(), await makeBars({ set: [gap] })];
  const close = (files: Files) => valuesOf(files, 'A.parquet', 'close');
  const days = valuesOf(calm.bars, 'A.parquet', 'date');
  const at = days.indexOf(Date.UTC(2022, 2, 1) / 86_400e3);
  expect(close(torn.bars).slice(0, at)).toEqual(close(calm.bars).slice(0, at));
  const shift = valuesOf(torn.latent, 'event_impacts.parquet', 'final_shift')[0]!;
  const ratio = close(torn.bars)[at + 5]! / close(calm.bars)[at + 5]!;
  expect(Math.log(ratio)).toBeCloseTo(shift, 2);
});

test('the same request is the same bytes, and another seed changes the latent tables', async () => {
  const digest = (files: Files) => Object.entries(files).map(([name, bytes]) => [name, md5(bytes)]);
  const [one, again, other] = await Promise.all(
    [123, 123, 124].map((seed) => makeEnvironment({ set: EVERYTHING, seed })),
  );
  expect(digest(again!.latent)).toEqual(digest(one!.latent));
  expect(digest(other!.latent)).not.toEqual(digest(one!.latent));
  expect(digest(other!.parameters)).toEqual(digest(one!.parameters));
});
