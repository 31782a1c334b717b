// Every refusal of a market stage leads to its param: what science calls a value is not what the configuration calls it.
import { describe, expect, it } from 'vitest';
import type { ProblemError } from '../../../lib/base/problem.ts';
import { model as gbm } from '../../../lib/models/gbm.ts';
import { calibrate } from '../../../stages/market/calibrate.ts';
import { generate } from '../../../stages/market/generate.ts';
import { microstructure } from '../../../stages/market/microstructure.ts';
import { jsonIn, runStage, treeIn } from '../ports.ts';
import { configOf, makeBars, makeEnvironment, paramsOf, REPORT } from './chain.ts';

const given = { seed: 1, generatorVersion: 'v1-dev.3' };
const pathsOf = (work: Promise<unknown>) =>
  work.then(
    () => [],
    (error: ProblemError) => error.problems.map(({ path }) => path?.join('.')),
  );

const GARCH = 'generation.volatility_model=garch';
const STATES = '[{label: one, duration: 5}, {label: two, duration: 3}]';

describe('environment', () => {
  it.each([
    ['models.garch', [GARCH, 'generation.models.garch.beta=1']],
    ['assets.A.models.garch', [GARCH, 'assets={A: {models: {garch: {beta: 1}}}}']],
    [
      'models.heston.xi',
      [
        'generation.price_model=heston',
        'generation.models.heston.xi=9',
        'generation.models.heston.require_feller=true',
      ],
    ],
    [
      'models.heston.xi',
      [
        'generation.volatility_model=stochastic_vol',
        'generation.models.heston.xi=9',
        'generation.models.heston.require_feller=true',
      ],
    ],
    ['models.jump_diffusion', ['generation.price_model=hybrid', 'generation.models.jump_diffusion.sd=4']],
    [
      'assets.A.models.jump_diffusion.intensity',
      [
        'generation.price_model=jump_diffusion',
        'assets={A: {models: {jump_diffusion: {intensity: 20000, mean: 0, sd: 0.0001}}}}',
      ],
    ],
    ['volatility_model', ['generation.price_model=ou', GARCH]],
    ['regimes.start', [`generation.regimes={enabled: true, start: x, states: ${STATES}}`]],
    [
      'regimes.states.1.duration',
      [`generation.regimes={enabled: true, states: ${STATES}, transition: [[0.8, 0.2], [0.5, 0.5]]}`],
    ],
    ['regimes.transition.0', [`generation.regimes={enabled: true, states: ${STATES}, transition: [[1], [0.5, 0.5]]}`]],
    ['events.gap_risk.dates', ['generation.events={gap_risk: {dates: ["2022-02-30"]}}']],
    ['events.gap_risk.dates', ['generation.events={gap_risk: {dates: ["2022-02-05"]}}']],
    ['events.flash_crash.params.drop', ['generation.events={flash_crash: {params: {drop: [0.2, 0.1]}}}']],
    [
      'correlation.factor.volatility',
      ['generation.correlation={mode: factor, factor: {volatility: {alpha: 1, gamma: 0, beta: 0.5}}}'],
    ],
    ['correlation.rolling', ['generation.correlation={mode: rolling, rolling: {a: 0.9, b: 0.9}}']],
    ['assets.A.factors', ['generation.correlation.mode=factor', 'assets={A: {factors: {market: 0.9, rates: -0.4}}}']],
  ])('%s', async (path, set) => {
    const paths = await pathsOf(makeEnvironment({ set }));
    expect([...new Set(paths)].filter((found) => path === found || !path.startsWith('assets'))).toEqual([path]);
  });

  it.each([
    ['models.plugin.yeild', 'config/unknown-key', 'generation.models.plugin={yeild: 0.1}', 'did you mean "yield"?'],
    ['models.plugin.yield', 'model/refused', 'generation.models.plugin={yield: 0.6}', undefined],
    ['assets.B.models.plugin.yield', 'model/refused', 'assets={B: {models: {plugin: {yield: much}}}}', undefined],
  ])('%s of a model of somebody’s own, which declares its settings', async (path, code, set, hint) => {
    const settings = { yield: { type: 'number', default: 0.02, minimum: 0, maximum: 0.5 } };
    const plugins = { './mine.ts': { model: { ...gbm, settings } } };
    const made = (more: readonly string[]) =>
      makeEnvironment({ set: ['generation.price_model=./mine.ts', ...more], plugins });
    await expect(made([])).resolves.toBeDefined();
    const problems = await made([set]).catch((error: ProblemError) => error.problems);
    expect(problems).toMatchObject([{ code, path: path.split('.') }]);
    expect((problems as ProblemError['problems'])[0]!.hint).toBe(hint);
  });

  it('a matrix that is none, unless it may be repaired', async () => {
    const matrix = [
      [1, 0.9],
      [0.9, 1],
    ];
    const report = { ...REPORT, correlation: { ...REPORT.correlation!, matrix } };
    const set = ['generation.price_model=jump_diffusion', 'generation.models.jump_diffusion.intensity=100'];
    const none = [...set, 'generation.correlation.repair=none', 'generation.models.jump_diffusion.sd=0.015'];
    expect(await pathsOf(makeEnvironment({ set: none, report }))).toEqual(['correlation.repair']);
  });
});

describe('calibrate', () => {
  const calibrated = (over: object) =>
    runStage(calibrate, {
      params: { ...paramsOf<object>('calibrate', configOf()), sources: {}, policy: {}, ...over } as never,
      in: { prices: {} },
      ...given,
    });

  it('an asset of which nothing is known', async () => {
    expect(await pathsOf(calibrated({ tickers: ['A', 'B'], assets: { A: { class: 'equity' } } }))).toEqual([
      'tickers.1',
    ]);
  });
});

describe('generate', () => {
  const make = async (set: readonly string[]) => {
    const around = await makeEnvironment({ set });
    return runStage(generate, {
      params: { ...paramsOf<object>('generate', configOf(set)), ticker: 'A' } as never,
      in: { parameters: treeIn(around.parameters), shared: jsonIn(around.shared) },
      element: 'A',
      ...given,
    });
  };

  it.each([
    ['memory', [`generation.memory=0.7`, `generation.regimes={enabled: true, states: [{label: one, ar1: 0.5}]}`]],
    ['season.first_volume', ['generation.season={first_volume: 0.9, last_volume: 0.9}']],
  ])('%s', async (path, set) => {
    expect(await pathsOf(make(set))).toEqual([path]);
  });
});

describe('microstructure', () => {
  it.each([
    ['setting.flow', 'flow: {self: 0.6, cross: 0.6}'],
    ['setting.flow.rate', 'flow: {rate: 0.5}'],
    ['setting.spread_sd', 'spread_sd: 2.5'],
    ['setting.costs.fee_bps', 'costs: {fee_bps: 2000}'],
  ])('%s', async (path, what) => {
    const set = [`microstructure={enabled: true}`];
    const market = await makeBars({ set }, undefined, ['A']);
    const { setting } = paramsOf<{ setting: object }>('microstructure', configOf(set));
    const [name = '', value = ''] = what.split(/: (.*)/);
    const changed = {
      ...setting,
      [name]: /^\d/.test(value) ? Number(value) : { ...flowOf(setting, name), ...read(value) },
    };
    const work = runStage(microstructure, {
      params: { ...paramsOf<object>('microstructure', configOf(set)), ticker: 'A', setting: changed } as never,
      in: {
        bars: treeIn(market.bars),
        latent: treeIn(market.own),
        parameters: treeIn(market.parameters),
        shared: jsonIn(market.shared),
      },
      element: 'A',
      ...given,
    });
    expect(await pathsOf(work)).toEqual([path]);
  });
});

const flowOf = (setting: object, name: string) => (setting as Record<string, object>)[name];
/** \`{self: 0.6}\` as a record. */
const read = (text: string) => JSON.parse(text.replace(/(\w+):/g, '"$1":')) as object;
