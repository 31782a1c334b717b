// Publish: the dataset as a tree of what the stages above have made; no byte is copied, the door applies the effects.
import type { Json } from '../../lib/base/canon.ts';
import { file, json, tree, trees } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { datasetFiles } from './dataset.ts';
import { COMMON } from './manifest.ts';
import type { CalibrationReport, EnvironmentReport } from './shapes.ts';
import { BARS_SHAPE, COSTS_SHAPE, FEATURES_SHAPE, QUOTES_SHAPE } from './tables.ts';

export const publish = defineStage<Record<string, never>>()({
  summary: 'the dataset: prices, features, reports and manifest under one id',
  params: { type: 'object', properties: {} },
  inputs: {
    manifest: json<Json>('market/manifest@1'),
    common: file('parquet/common@1'),
    bars: tree(BARS_SHAPE),
    features: tree(FEATURES_SHAPE),
    latent: trees('market/latent@1'),
    quotes: tree(QUOTES_SHAPE),
    costs: tree(COSTS_SHAPE),
    environment: json<EnvironmentReport>('market/environment-report@1'),
    validation: json<unknown>('market/validation@1'),
    calibration: json<CalibrationReport>('market/calibration@1'),
  },
  outputs: { dataset: tree('market/dataset@1') },
  run({ in: inputs, out }) {
    out.dataset.adopt('manifest.json', inputs.manifest);
    out.dataset.adopt(COMMON, inputs.common);
    for (const { path, from, entry } of datasetFiles(inputs)) out.dataset.adopt(path, from, entry);
  },
});
