// Environment: what all assets share and what each is generated with, from the calibration, the usual values and the configuration.
import { type Problem, ProblemError, raise } from '../../lib/base/problem.ts';
import { type Environment, makeEnvironment, mixingOverTime } from '../../lib/market/environment.ts';
import { eventImpacts, eventLedger } from '../../lib/market/events.ts';
import { alone, type Source } from '../../lib/market/shocks.ts';
import { sharesOf, USUAL } from '../../lib/market/usual.ts';
import { loadModel } from '../../lib/models/catalog.ts';
import { checkDcc, correlationOverTime, MOST_NAMES, type RowsOverTime } from '../../lib/models/dcc.ts';
import { checkDeco } from '../../lib/models/deco.ts';
import { checkFactorVolatility, checkShares, type FactorVolatility, factorRow } from '../../lib/models/factors.ts';
import { type Model, type ModelParams, refusal, type VolatilityModel } from '../../lib/models/model.ts';
import { type ShockMargin, shockCorrelation } from '../../lib/models/norta.ts';
import { checkSettings } from '../../lib/models/own.ts';
import { loadVolatility } from '../../lib/models/volatility/catalog.ts';
import { json, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import {
  type ModelsSetting,
  ofModel,
  SCENE_SCHEMA,
  type Scene,
  type SceneSetting,
  sceneOf,
  sceneOwners,
  settingsOf,
} from './setting.ts';
import type { AssetSetting, CalibrationReport, EnvironmentReport, TickerParameters } from './shapes.ts';
import {
  blendTable,
  eventsTable,
  factorsTable,
  fileOf,
  impactsTable,
  mixingTable,
  pairsTable,
  regimesTable,
} from './tables.ts';

interface Params extends SceneSetting {
  readonly tickers: readonly string[];
  readonly assets: Readonly<Record<string, AssetSetting>>;
  readonly price_model: string;
  readonly volatility_model: string;
  readonly models: ModelsSetting;
  /** Null: what is usual for the class. */
  readonly overnight_share: number | null;
  readonly correlation: {
    readonly mode: 'static' | 'factor' | 'rolling';
    readonly repair: 'higham' | 'none';
    readonly copula: { readonly family: 'gaussian' | 'student'; readonly df: number };
    readonly factor: { readonly volatility: FactorVolatility | null };
    readonly rolling: {
      readonly kind: 'dcc' | 'logistic';
      readonly a: number;
      readonly b: number;
      readonly weight: number;
      readonly midpoint: number;
      readonly width: number;
    };
  };
}

type Asset = CalibrationReport['assets'][number];
type Mix = Extract<TickerParameters, { kind: 'model' }>['mix'];

/** Who mixes whom. */
interface Dependence {
  readonly mix: (ticker: string, i: number) => Mix;
  /** Weights over time of a ticker's sources; null when they do not change. */
  readonly rows: RowsOverTime | null;
  readonly factors: readonly string[];
  readonly deco: { readonly a: number; readonly b: number; readonly rho: number } | null;
  readonly logistic: { readonly weight: number; readonly midpoint: number; readonly width: number } | null;
  readonly report: EnvironmentReport['correlation'];
}

export const environment = defineStage<Params>()({
  summary: 'regimes, events and correlations that assets share, and the parameters each is generated with',
  params: {
    type: 'object',
    required: ['tickers', 'price_model', 'volatility_model', 'models', 'correlation', 'regimes', 'events'],
    properties: {
      ...SCENE_SCHEMA,
      tickers: { type: 'array' },
      assets: { type: 'object' },
      price_model: { type: 'string' },
      volatility_model: { type: 'string' },
      models: { type: 'object' },
      overnight_share: { type: ['number', 'null'] },
      correlation: { type: 'object' },
    },
  },
  inputs: { calibration: json<CalibrationReport>('market/calibration@1') },
  outputs: {
    parameters: tree('market/parameters@2'),
    shared: json<Environment>('market/environment@1'),
    latent: tree('market/latent@1'),
    report: json<EnvironmentReport>('market/environment-report@1'),
  },
  uses: ['seed', 'generator_version'],
  selects: {
    price_model: 'lib/models/catalog.ts',
    volatility_model: 'lib/models/volatility/catalog.ts',
    events: 'lib/models/events/catalog.ts',
  },
  owners: (params) => ({
    ...sceneOwners(params),
    copula: ['correlation', 'copula'],
    dcc: ['correlation', 'rolling'],
    deco: ['correlation', 'rolling'],
    garch: ['correlation', 'factor', 'volatility'],
    ...Object.fromEntries(params.tickers.map((ticker) => [ticker, ['assets', ticker, 'factors']])),
  }),
  async run({ params, in: { calibration }, out, seed, generatorVersion, plugin, log }) {
    const version = generatorVersion as string;
    const { tickers } = params;
    if (version === 'v0') {
      // The legacy generator draws all its tickers from one stream: a ticker needs to know who comes before it, and no parameters.
      for (const [i, ticker] of tickers.entries()) {
        const legacy: TickerParameters = { kind: 'legacy', tickers: tickers.slice(0, i + 1) };
        out.parameters.write(fileOf(ticker, 'json'), `${JSON.stringify(legacy, null, 2)}\n`);
      }
      out.shared.write({ path: null, occurrences: [], factors: {}, blend: null });
      out.report.write({ correlation: null, warnings: [] });
      return;
    }
    const scene = await sceneOf(params, seed as number | string);
    const model = await loadModel(params.price_model, plugin);
    const volatility = params.volatility_model === 'none' ? null : await loadVolatility(params.volatility_model);
    if (volatility !== null && model.ownVolatility !== null)
      raise([
        {
          ...refusal(params.price_model, 'volatility_model', params.volatility_model, `none: ${model.ownVolatility}`),
          path: ['volatility_model'],
        },
      ]);
    const { assets } = calibration.value;
    const chosen = assets.map((asset) => choose(params, model, volatility, asset));
    raise(byAssets(assets, chosen));
    const dependence = dependenceOf(params, scene, calibration.value, chosen);
    for (const [i, asset] of assets.entries()) {
      const { ticker, sigma } = asset;
      const own = params.assets[ticker] ?? {};
      const usual = USUAL[asset.class];
      const parameters: TickerParameters = {
        kind: 'model',
        class: asset.class,
        sector: asset.sector,
        sigma,
        params: chosen[i]!.params,
        volatility: chosen[i]!.volatility,
        start_price: asset.start_price,
        volume_level: asset.volume_level,
        tick: asset.tick,
        overnight_share: own.overnight_share ?? params.overnight_share ?? usual.overnight,
        liquidity: own.liquidity ?? usual.liquidity,
        mix: dependence.mix(ticker, i),
      };
      out.parameters.write(fileOf(ticker, 'json'), `${JSON.stringify(parameters, null, 2)}\n`);
      if (dependence.rows !== null)
        out.parameters.write(
          fileOf(ticker, 'parquet'),
          writeParquet(mixingTable(scene.span.days, dependence.rows[i]!, version)),
        );
    }
    const {
      environment: shared,
      factorShocks,
      warnings,
    } = makeEnvironment({
      ...scene,
      factors: dependence.factors,
      factorVolatility: params.correlation.factor.volatility,
      deco: dependence.deco,
      logistic: dependence.logistic,
    });
    out.shared.write(shared);
    out.report.write({ correlation: dependence.report, warnings });
    for (const { message, facts } of warnings) log(message, facts);
    const { days, calendar } = scene.span;
    if (shared.path !== null)
      out.latent.write(
        'regimes.parquet',
        writeParquet(regimesTable(days, shared.path, params.regimes.states, version)),
      );
    if (dependence.factors.length > 0)
      out.latent.write('factors.parquet', writeParquet(factorsTable(days, factorShocks, shared.factors, version)));
    if (shared.blend !== null)
      out.latent.write('correlation.parquet', writeParquet(blendTable(days, shared.blend, version)));
    const { rows } = dependence;
    if (rows !== null) {
      const names = assets.map(({ ticker }) => ticker);
      const between = (i: number, j: number) => correlationOverTime(rows, i, j);
      out.latent.write('pairs.parquet', writeParquet(pairsTable(days, names, between, version)));
    }
    if (scene.plans.length > 0) {
      const { plans } = scene;
      out.latent.write(
        'events.parquet',
        writeParquet(eventsTable(eventLedger(plans, shared.occurrences, calendar), version)),
      );
      const impacts = eventImpacts(plans, shared.occurrences, assets);
      out.latent.write('event_impacts.parquet', writeParquet(impactsTable(impacts, version)));
    }
  },
});

/** The parameters of an asset's models, and what is wrong with them. */
function choose(params: Params, model: Model, volatility: VolatilityModel | null, asset: Asset) {
  const facts = { ...asset, startPrice: asset.start_price };
  const { ticker } = asset;
  const own = params.assets[ticker]?.models;
  const named = (name: string, problems: readonly Problem[]) => ofModel(name, params.models, { ticker, own }, problems);
  const settings = settingsOf(params.price_model, model, params.models, own);
  let price: ModelParams;
  try {
    if (params.price_model.startsWith('./')) raise(checkSettings(params.price_model, model, settings));
    price = model.resolve(facts, settings);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const problems = named(params.price_model, error.problems);
    return {
      params: {},
      volatility: null,
      share: 1,
      df: Number.POSITIVE_INFINITY,
      feedback: null,
      steadiness: 1,
      problems,
    };
  }
  const diffusion = model.diffusion(price);
  const of = volatility?.resolve(
    { ...facts, sigma: diffusion },
    settingsOf(params.volatility_model, {}, params.models, own),
  );
  return {
    params: price,
    volatility: of ?? null,
    share: Math.min(1, (diffusion * diffusion) / (asset.sigma * asset.sigma)),
    df: of === undefined ? Number.POSITIVE_INFINITY : volatility!.marginDf(of),
    feedback: of === undefined ? null : (volatility!.feedback?.(of) ?? null),
    steadiness: (of === undefined ? model.steadiness?.(price) : volatility!.steadiness?.(of)) ?? 1,
    problems: [
      ...named(params.price_model, model.check(price)),
      ...(of === undefined ? [] : named(params.volatility_model, volatility!.check(of))),
    ],
  };
}

/** Each problem once, with the assets that have it. */
function byAssets(assets: readonly Asset[], chosen: readonly { readonly problems: readonly Problem[] }[]): Problem[] {
  const found = new Map<string, { readonly problem: Problem; readonly tickers: string[] }>();
  for (const [i, { problems }] of chosen.entries()) {
    for (const problem of problems) {
      const key = JSON.stringify(problem);
      const before = found.get(key) ?? { problem, tickers: [] };
      before.tickers.push(assets[i]!.ticker);
      found.set(key, before);
    }
  }
  return [...found.values()].map(({ problem, tickers }) => ({
    ...problem,
    facts: { ...problem.facts, assets: listOf(tickers) },
  }));
}

/** The first names, and how many more. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function dependenceOf(
  { correlation, assets: settings }: Params,
  scene: Scene,
  calibration: CalibrationReport,
  chosen: readonly ShockMargin[],
): Dependence {
  const { mode, repair, copula, rolling } = correlation;
  const { assets } = calibration;
  const names = assets.map(({ ticker }) => ticker);
  const none = { rows: null, factors: [], deco: null, logistic: null };
  const moving = correlation.factor.volatility;
  raise([
    ...(mode === 'factor' && moving !== null ? checkFactorVolatility(moving) : []),
    ...(mode === 'rolling' && rolling.kind === 'dcc' ? checkDcc(rolling) : []),
  ]);
  if (mode === 'factor') {
    const rows = assets.map((asset) => {
      const shares = sharesOf(asset, settings[asset.ticker]?.factors);
      raise(checkShares(asset.ticker, shares));
      return factorRow(shares);
    });
    return {
      ...none,
      mix: (ticker, i) => ({
        sources: [
          ...rows[i]!.factors.map(({ name }): Source => ({ scope: 'class', name })),
          { scope: 'asset', name: ticker },
        ],
        weights: [...rows[i]!.factors.map(({ weight }) => weight), rows[i]!.own],
        varying: moving === null ? 'no' : 'factors',
      }),
      factors: [...new Set(rows.flatMap(({ factors }) => factors.map(({ name }) => name)))].sort(),
      report: { mode, target: null, shocks: null, repair: null, unreachable: [] },
    };
  }
  const target = targetOf(names, calibration);
  if (mode === 'rolling' && rolling.kind === 'dcc' && names.length > MOST_NAMES) {
    const deco = { a: rolling.a, b: rolling.b, rho: Math.max(0, meanOfPairs(target)) };
    raise(checkDeco(deco));
    return {
      ...none,
      mix: (ticker) => ({ ...alone(ticker), varying: 'no' }),
      deco,
      report: { mode: 'deco', target, shocks: null, repair: null, unreachable: [] },
    };
  }
  const copulaDf = copula.family === 'student' ? copula.df : Number.POSITIVE_INFINITY;
  const how = repair === 'higham' ? 'nearest' : 'none';
  const { factor, unreachable } = shockCorrelation(target, chosen, copulaDf, how, names);
  const report = { mode, target, shocks: factor.matrix, repair: factor.repair, unreachable };
  if (mode === 'rolling' && rolling.kind === 'dcc') {
    const rows = mixingOverTime(scene, rolling, factor.matrix, names);
    return {
      ...none,
      mix: (_, i) => ({
        sources: names.slice(0, i + 1).map((name) => ({ scope: 'asset', name })),
        weights: names.slice(0, i + 1).map(() => 1),
        varying: 'rows',
      }),
      rows,
      report,
    };
  }
  return {
    ...none,
    mix: (_, i) => {
      const row = factor.lower[i]!;
      const mixed = names.flatMap((_name, k) => (k <= i && row[k] !== 0 ? [k] : []));
      return {
        sources: mixed.map((k) => ({ scope: 'asset', name: names[k]! })),
        weights: mixed.map((k) => row[k]!),
        varying: 'no',
      };
    },
    logistic: mode === 'rolling' ? rolling : null,
    report,
  };
}

/** Correlations of returns that were estimated; a ticker without prices is independent of the others. */
function targetOf(names: readonly string[], { correlation }: CalibrationReport): number[][] {
  const at = names.map((name) => correlation?.tickers.indexOf(name) ?? -1);
  return at.map((a, i) => at.map((b, j) => (i === j ? 1 : (correlation?.matrix[a]?.[b] ?? 0))));
}

function meanOfPairs(matrix: readonly (readonly number[])[]): number {
  let sum = 0;
  matrix.forEach((row, i) => {
    for (let j = 0; j < i; j++) sum += row[j]!;
  });
  return sum / ((matrix.length * (matrix.length - 1)) / 2);
}
