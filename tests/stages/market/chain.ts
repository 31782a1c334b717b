// The stages of the market pipeline in memory, configured and wired as the files of this repository say.
import { readFileSync } from 'node:fs';
import type { Json } from '../../../lib/base/canon.ts';
import { parseDocument } from '../../../lib/base/document.ts';
import type { Schema } from '../../../lib/base/schema.ts';
import { resolveConfig } from '../../../lib/engine/config.ts';
import { type JsonMap, lookup } from '../../../lib/engine/leaves.ts';
import type { Environment } from '../../../lib/market/environment.ts';
import type { Plugin } from '../../../lib/stage/stage.ts';
import { environment } from '../../../stages/market/environment.ts';
import { features } from '../../../stages/market/features.ts';
import { generate } from '../../../stages/market/generate.ts';
import { manifest } from '../../../stages/market/manifest.ts';
import { publish } from '../../../stages/market/publish.ts';
import type {
  CalibrationReport,
  EnvironmentReport,
  RunFacts,
  TickerParameters,
} from '../../../stages/market/shapes.ts';
import { validate } from '../../../stages/market/validate.ts';
import { type Files, fileIn, jsonIn, oneFileIn, runStage, treeIn } from '../ports.ts';

export type CheckParams = Parameters<(typeof validate)['run']>[0]['params'];
export type Given = Extract<TickerParameters, { kind: 'model' }>;

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const documentOf = (file: string) => parseDocument(file, read(file));
export const DOCUMENTS = {
  schema: JSON.parse(read('config/schema/config.schema.json')) as Schema,
  base: documentOf('config/synthetic_data_config.yml'),
  profiles: documentOf('config/synthetic_data_profiles.yml'),
  presets: documentOf('config/synthetic_data_presets.yml'),
};
const WIRING = documentOf('pipeline.yaml').value as { stages: Record<string, { params: JsonMap }> };
export const STAGES = Object.keys(WIRING.stages);

const configs = new Map<string, JsonMap>();

/** The configuration of this repository, for two assets and with `path=value` as `--set` takes them. */
export function configOf(set: readonly string[] = []): JsonMap {
  const known = configs.get(set.join('\n'));
  if (known !== undefined) return known;
  const { config, problems } = resolveConfig({ ...DOCUMENTS, env: {}, flags: { set: ['tickers=[A, B]', ...set] } });
  if (config === null) throw new Error(JSON.stringify(problems));
  configs.set(set.join('\n'), config.identity);
  return config.identity;
}

/** The params that pipeline.yaml gives to a stage. */
export function paramsOf<P>(stage: string, config: JsonMap): P {
  const entries = Object.entries(WIRING.stages[stage]?.params ?? {}).map(([name, value]) => {
    if (typeof value !== 'string' || !value.startsWith('$')) return [name, value];
    return [name, lookup(config, value.slice(1).split('.'))];
  });
  return Object.fromEntries(entries) as P;
}

const asset = (ticker: string, mu: number, sigma: number, start_price: number, volume_level: number) => ({
  ...{ ticker, mu, sigma, start_price, volume_level },
  ...{ class: 'equity' as const, sector: 'none', overridden: [], fit: null, source: null, tick: 0.01 },
});

/** Two assets with correlation 0.6. */
export const REPORT: CalibrationReport = {
  assets: [asset('A', 0.08, 0.25, 100, 1e6), asset('B', 0.03, 0.4, 20, 1e5)],
  correlation: {
    tickers: ['A', 'B'],
    matrix: [
      [1, 0.6],
      [0.6, 1],
    ],
    n: [],
    standard_errors: [],
    repair: null,
  },
  findings: [],
  findings_total: 0,
  notes: ['drift is hardly known'],
};

/** What calibration says to the legacy generator: nothing. */
export const UNCALIBRATED: CalibrationReport = {
  assets: [],
  correlation: null,
  findings: [],
  findings_total: 0,
  notes: [],
};

export interface Setting {
  /** `path=value` each. */
  readonly set?: readonly string[];
  readonly report?: CalibrationReport;
  readonly seed?: number | string;
  readonly generatorVersion?: string;
  readonly plugins?: Readonly<Record<string, Plugin>>;
}

export const LEGACY: Setting = { set: ['tickers=[AAPL, MSFT]'], report: UNCALIBRATED, generatorVersion: 'v0' };

const VERSION = 'v1-dev.3';

export interface Around {
  readonly parameters: Files;
  readonly shared: Environment;
  readonly latent: Files;
  readonly report: EnvironmentReport;
  /** What the terminal shows. */
  readonly logs: readonly string[];
}

export async function makeEnvironment(setting: Setting = {}) {
  const { set, report = REPORT, seed = 123, generatorVersion = VERSION, plugins = {} } = setting;
  const { out, logs } = await runStage(environment, {
    plugins,
    params: paramsOf('environment', configOf(set)),
    in: { calibration: jsonIn(report) },
    seed,
    generatorVersion,
  });
  return { ...out, logs } as Around;
}

export const parametersOf = (made: Files, ticker: string) =>
  JSON.parse(Buffer.from(made[`${ticker}.json`] as Uint8Array).toString('utf8')) as Given;

export interface Market extends Around {
  readonly bars: Files;
  /** Ground truth of the tickers. */
  readonly own: Files;
  readonly notes: Files;
}

/** Bars of the given tickers, in that order, of an environment: its own or one made for the setting. */
export async function makeBars(setting: Setting = {}, given?: Around, tickers?: readonly string[]): Promise<Market> {
  const { set, seed = 123, generatorVersion = VERSION } = setting;
  const around = given ?? (await makeEnvironment(setting));
  const config = configOf(set);
  const [bars, own, notes]: Record<string, Uint8Array>[] = [{}, {}, {}];
  for (const ticker of tickers ?? (config.tickers as string[])) {
    const slice = Object.entries(around.parameters).filter(([name]) => name.startsWith(`${ticker}.`));
    const { out } = await runStage(generate, {
      params: { ...paramsOf<Parameters<(typeof generate)['run']>[0]['params']>('generate', config), ticker },
      in: { parameters: treeIn(Object.fromEntries(slice)), shared: jsonIn(around.shared) },
      seed,
      generatorVersion,
      element: ticker,
    });
    Object.assign(bars as object, out.bars);
    Object.assign(own as object, out.latent);
    Object.assign(notes as object, out.notes);
  }
  return { ...around, bars: bars as Files, own: own as Files, notes: notes as Files };
}

export async function makeFeatures(
  bars: Files,
  indicators: Readonly<Record<string, readonly number[]>> = { sma: [20, 50], rsi: [14], log_return: [1] },
): Promise<Files> {
  const made: Record<string, Uint8Array> = {};
  for (const name of Object.keys(bars)) {
    const ticker = name.replace('.parquet', '');
    const { out } = await runStage(features, {
      params: { ticker, indicators, periods_per_year: 252 },
      in: { bars: treeIn({ [name]: bars[name] as Uint8Array }) },
      generatorVersion: 'v1-dev.3',
      element: ticker,
    });
    Object.assign(made, out.features);
  }
  return made;
}

export const CHECKS = paramsOf<CheckParams>('validate', configOf());

/** What the stage says of a market, or of other bars in its place. */
export function check(
  market: Pick<Market, 'bars' | 'latent' | 'own' | 'report'>,
  features: Files,
  over: Partial<CheckParams> = {},
  report = REPORT,
  plugins: Readonly<Record<string, Plugin>> = {},
) {
  return runStage(validate, {
    plugins,
    params: { ...CHECKS, ...over },
    in: {
      bars: treeIn(market.bars),
      features: treeIn(features),
      latent: { environment: treeIn(market.latent), generate: treeIn(market.own) },
      calibration: jsonIn(report),
      environment: jsonIn(market.report),
    },
  });
}

export const FACTS: RunFacts = {
  dataset_id: 'syn_0123456789ab',
  config_hash: 'c'.repeat(64),
  git_sha: 'a'.repeat(40),
  seed: 123,
  generator_version: VERSION,
  config: configOf() as Readonly<Record<string, Json>>,
  sources: { mine: { adapter: 'csv', file: 'prices.csv' } },
  source_defaults: { policy: { missing_value: 'drop' } },
  code: { 'lib/x.ts': 'b'.repeat(40) },
  packages: { 'left@1.0.0': 'sha512-x' },
};

/** Everything from the calibration to the published tree. */
export async function makeDataset(setting: Setting = {}) {
  const market = await makeBars(setting);
  const { bars, notes, latent, own } = market;
  const config = configOf(setting.set);
  const features = await makeFeatures(bars);
  const { out: checked } = await check(market, features, paramsOf('validate', config));
  const parts = {
    bars: treeIn(bars),
    features: treeIn(features),
    latent: { environment: treeIn(latent), generate: treeIn(own) },
    environment: jsonIn(market.report),
    quotes: treeIn({}),
    costs: treeIn({}),
    validation: jsonIn<unknown>(checked.validation),
    calibration: jsonIn(REPORT),
  };
  const described = await runStage(manifest, {
    params: {},
    in: {
      run: jsonIn({ ...FACTS, config }),
      sources: { mine: oneFileIn('mine', 'date,close\n') },
      notes: treeIn(notes),
      ...parts,
    },
  });
  const published = await runStage(publish, {
    params: {},
    in: { manifest: jsonIn(described.out.manifest), common: fileIn(described.out.common), ...parts },
  });
  return {
    ...market,
    features,
    validation: checked.validation,
    manifest: described.out.manifest,
    dataset: published.out.dataset,
  };
}
