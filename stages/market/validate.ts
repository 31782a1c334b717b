// Validate: tests the generated bars as a scientist would, and says yes or no with every failure listed.
import type { Validation } from '../../lib/market/validate.ts';
import { file, json, type TreeInput, tree, trees } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { type CheckSetting, checkDataset } from './checks.ts';
import { openLines } from './lines.ts';
import { SPAN_SCHEMA } from './setting.ts';
import type { CalibrationReport, EnvironmentReport } from './shapes.ts';
import { BARS_SHAPE, FEATURES_SHAPE } from './tables.ts';
import type { Files } from './truths.ts';

export const validate = defineStage<CheckSetting>()({
  summary: 'schema, index, OHLC invariants and the laws of returns, jumps, variances and correlations',
  params: {
    type: 'object',
    required: ['tickers', 'price_model', 'volatility_model', 'alpha', 'fail_fast', 'checks'],
    properties: {
      ...SPAN_SCHEMA,
      tickers: { type: 'array' },
      price_model: { type: 'string' },
      volatility_model: { type: 'string' },
      models: { type: 'object' },
      assets: { type: 'object' },
      regimes: { type: 'object' },
      events: { type: 'object' },
      season: { type: 'object' },
      overnight: { type: 'object' },
      memory: { type: 'number' },
      correlation_mode: { type: 'string' },
      copula: { type: 'object' },
      factor_volatility: { type: ['object', 'null'] },
      alpha: { type: 'number' },
      fail_fast: { type: 'boolean' },
      checks: { type: 'object' },
    },
  },
  inputs: {
    bars: tree(BARS_SHAPE),
    features: tree(FEATURES_SHAPE),
    latent: trees('market/latent@1'),
    calibration: json<CalibrationReport>('market/calibration@1'),
    environment: json<EnvironmentReport>('market/environment-report@1'),
  },
  outputs: {
    validation: json<Validation>('market/validation@1'),
    metrics: json<Record<string, number | boolean>>('market/metrics@1'),
    /** Every failure, one JSON object a line; `validation` has the first of each check. */
    failures: file('market/failures@1'),
  },
  selects: {
    price_model: 'lib/models/catalog.ts',
    volatility_model: 'lib/models/volatility/catalog.ts',
    events: 'lib/models/events/catalog.ts',
  },
  async run({ params, in: { bars, features, latent, calibration, environment }, out, plugin, verdict, progress }) {
    const failures = openLines(out.failures);
    const { validation, passed, summary } = await checkDataset(
      params,
      {
        ...{ bars, features, latent: together(latent), plugin },
        ...{ calibration: calibration.value, environment: environment.value },
      },
      progress,
      (failure) => failures.write(failure),
    );
    failures.close();
    out.validation.write(validation);
    const { checks, quality_score, metrics } = validation;
    const { rows, tickers, failed, inconclusive } = metrics;
    out.metrics.write({ passed, quality_score, rows, tickers, checks: checks.length, failed, inconclusive });
    verdict(passed, summary);
  },
});

/** Trees of different names as one. */
function together(trees: Readonly<Record<string, TreeInput>>): Files {
  const from = new Map(Object.values(trees).flatMap((tree) => tree.names().map((name) => [name, tree] as const)));
  return { names: () => [...from.keys()], bytes: (name) => from.get(name)!.bytes(name) };
}
