// What a dataset is made of: the one list that the manifest describes and publish lays out.
import type { JsonInput, TreeInput } from '../../lib/stage/port.ts';

/** A file of the dataset and the input it comes from. */
export interface DatasetFile {
  readonly path: string;
  readonly from: TreeInput | JsonInput<unknown>;
  /** Its name in a tree; absent for a json input. */
  readonly entry?: string;
}

export interface DatasetParts {
  readonly bars: TreeInput;
  readonly features: TreeInput;
  /** Ground truth of the market, and of each ticker. */
  readonly latent: Readonly<Record<string, TreeInput>>;
  readonly quotes: TreeInput;
  readonly costs: TreeInput;
  readonly validation: JsonInput<unknown>;
  readonly calibration: JsonInput<unknown>;
  readonly environment: JsonInput<unknown>;
}

/** Every file but manifest.json and _common_metadata, by path in code-point order. */
export function datasetFiles({
  quotes,
  costs,
  bars,
  features,
  latent,
  environment,
  validation,
  calibration,
}: DatasetParts): DatasetFile[] {
  const files: DatasetFile[] = [
    { path: 'calibration.json', from: calibration },
    { path: 'environment.json', from: environment },
    { path: 'validation.json', from: validation },
    ...bars.names().map((entry) => ({ path: `ohlcv/${entry}`, from: bars, entry })),
    ...features.names().map((entry) => ({ path: `features/${entry}`, from: features, entry })),
    ...quotes.names().map((entry) => ({ path: `microstructure/${entry}`, from: quotes, entry })),
    ...costs.names().map((entry) => ({ path: `costs/${entry}`, from: costs, entry })),
    ...Object.values(latent).flatMap((from) => from.names().map((entry) => ({ path: `latent/${entry}`, from, entry }))),
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
