// Validate: tests the generated bars as a scientist would, and says yes or no with every failure listed.
import type { Validation } from '../../lib/market/validate.ts';
import { file, json, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { type CheckSetting, checkDataset } from './checks.ts';
import { openLines } from './lines.ts';
import type { CalibrationReport } from './shapes.ts';
import { BARS_SHAPE, FEATURES_SHAPE } from './tables.ts';

export const validate = defineStage<CheckSetting>()({
  summary: 'schema, index, OHLC invariants, moments and correlation of the generated bars',
  params: {
    type: 'object',
    required: [
      'tickers',
      'start_date',
      'end_date',
      'calendar',
      'frequency',
      'generation',
      'periods_per_year',
      'alpha',
      'fail_fast',
      'checks',
    ],
    properties: {
      tickers: { type: 'array' },
      start_date: { type: 'string' },
      end_date: { type: 'string' },
      calendar: { type: 'string' },
      frequency: { type: 'string' },
      generation: { type: 'object' },
      periods_per_year: { type: 'number' },
      alpha: { type: 'number' },
      fail_fast: { type: 'boolean' },
      checks: { type: 'object' },
    },
  },
  inputs: {
    bars: tree(BARS_SHAPE),
    features: tree(FEATURES_SHAPE),
    calibration: json<CalibrationReport>('market/calibration@1'),
  },
  outputs: {
    validation: json<Validation>('market/validation@1'),
    metrics: json<Record<string, number | boolean>>('market/metrics@1'),
    /** Every failure, one JSON object a line; `validation` has the first of each check. */
    failures: file('market/failures@1'),
  },
  run({ params, in: { bars, features, calibration }, out, verdict, progress }) {
    const failures = openLines(out.failures);
    const { validation, passed, summary } = checkDataset(
      params,
      calibration.value,
      bars,
      features,
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
