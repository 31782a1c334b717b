// The stages after calibration in memory, wired as pipeline.yaml wires them.
import { features } from '../../../stages/market/features.ts';
import { generate } from '../../../stages/market/generate.ts';
import { manifest } from '../../../stages/market/manifest.ts';
import { publish } from '../../../stages/market/publish.ts';
import type { CalibrationReport, RunFacts, TickerParameters } from '../../../stages/market/shapes.ts';
import { validate } from '../../../stages/market/validate.ts';
import { type Files, fileIn, jsonIn, oneFileIn, runStage, treeIn } from '../ports.ts';

export type GenerateParams = Omit<Parameters<(typeof generate)['run']>[0]['params'], 'ticker'>;
export type CheckParams = Parameters<(typeof validate)['run']>[0]['params'];

export const SETTING: GenerateParams = {
  start_date: '2020-01-01',
  end_date: '2024-01-01',
  calendar: 'B',
  frequency: 'B',
  price_model: 'gbm',
  tick: 0.01,
  volume: { sd: 0.42, return_correlation: 0.42 },
  periods_per_year: 252,
  row_group_rows: 65536,
};

/** Two assets with correlation 0.6. */
export const MODEL: Readonly<Record<string, TickerParameters>> = {
  A: {
    kind: 'model',
    params: { mu: 0.08, sigma: 0.25 },
    start_price: 100,
    volume_level: 1e6,
    mix: { names: ['A'], weights: [1] },
  },
  B: {
    kind: 'model',
    params: { mu: 0.03, sigma: 0.4 },
    start_price: 20,
    volume_level: 1e5,
    mix: { names: ['A', 'B'], weights: [0.6, 0.8] },
  },
};

export const REPORT: CalibrationReport = {
  assets: ['A', 'B'].map((ticker) => {
    const { params, start_price, volume_level } = MODEL[ticker] as Extract<TickerParameters, { kind: 'model' }>;
    const { mu, sigma } = params as { mu: number; sigma: number };
    return { ticker, mu, sigma, start_price, volume_level, overridden: [], fit: null, source: null };
  }),
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

const SPLIT: Readonly<Record<string, TickerParameters>> = {
  AAPL: { kind: 'legacy', tickers: ['AAPL'] },
  MSFT: { kind: 'legacy', tickers: ['AAPL', 'MSFT'] },
};
export const LEGACY = { parameters: SPLIT, generatorVersion: 'v0' };

export interface Market {
  readonly bars: Files;
  readonly notes: Files;
}

export async function makeBars(
  parameters = MODEL,
  setting: Partial<GenerateParams> = {},
  seed: number | string = 123,
  generatorVersion = 'v1-dev.1',
): Promise<Market> {
  const [bars, notes]: Record<string, Uint8Array>[] = [{}, {}];
  for (const [ticker, own] of Object.entries(parameters)) {
    const { out } = await runStage(generate, {
      params: { ...SETTING, ...setting, ticker },
      in: { parameters: treeIn({ [`${ticker}.json`]: JSON.stringify(own) }) },
      seed,
      generatorVersion,
      element: ticker,
    });
    Object.assign(bars as object, out.bars);
    Object.assign(notes as object, out.notes);
  }
  return { bars: bars as Files, notes: notes as Files };
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
      generatorVersion: 'v1-dev.1',
      element: ticker,
    });
    Object.assign(made, out.features);
  }
  return made;
}

export const CHECKS: CheckParams = {
  tickers: ['A', 'B'],
  start_date: SETTING.start_date,
  end_date: SETTING.end_date,
  calendar: 'B',
  tick: 0.01,
  periods_per_year: 252,
  alpha: 0.001,
  fail_fast: false,
  checks: {
    schema: true,
    index: true,
    ohlc: true,
    finite: true,
    positive: true,
    volume: true,
    tick: true,
    moments: true,
    correlation: true,
  },
};

export function check(bars: Files, features: Files, over: Partial<CheckParams> = {}, report = REPORT) {
  return runStage(validate, {
    params: { ...CHECKS, ...over },
    in: { bars: treeIn(bars), features: treeIn(features), calibration: jsonIn(report) },
  });
}

export const FACTS: RunFacts = {
  dataset_id: 'syn_0123456789ab',
  config_hash: 'c'.repeat(64),
  git_sha: 'a'.repeat(40),
  seed: 123,
  generator_version: 'v1-dev.1',
  config: {
    tickers: CHECKS.tickers,
    start_date: CHECKS.start_date,
    end_date: CHECKS.end_date,
    calendar: 'B',
    calibration: { periods_per_year: 252 },
    generation: { tick: 0.01 },
    validation: { alpha: CHECKS.alpha, fail_fast: false, checks: CHECKS.checks },
  },
  sources: { mine: { adapter: 'csv', file: 'prices.csv' } },
  source_defaults: { policy: { missing_value: 'drop' } },
  code: { 'lib/x.ts': 'b'.repeat(40) },
  packages: { 'left@1.0.0': 'sha512-x' },
};

/** Everything from bars to the published tree. */
export async function makeDataset(seed: number | string = 123) {
  const { bars, notes } = await makeBars(MODEL, {}, seed);
  const features = await makeFeatures(bars);
  const { out: checked } = await check(bars, features);
  const parts = {
    bars: treeIn(bars),
    features: treeIn(features),
    validation: jsonIn<unknown>(checked.validation),
    calibration: jsonIn(REPORT),
  };
  const described = await runStage(manifest, {
    params: {},
    in: {
      run: jsonIn(FACTS),
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
    bars,
    features,
    validation: checked.validation,
    manifest: described.out.manifest,
    dataset: published.out.dataset,
  };
}
