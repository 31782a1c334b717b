// The id of a dataset of the legacy generator v0; it names tickers, dates and seed and nothing else.
import { createHash } from 'node:crypto';
import { pythonJson } from './python-json.ts';

/** Id of what pipeline.yaml says of the results as this package ships it; a dataset wired in another way has no legacy id. */
export const LEGACY_WIRING = '8bccf073727bd3d090e6dccc8141d1831bfb9c1d';

/** What the legacy generator is asked for, and all that its id says. */
export interface LegacyRequest {
  /** In the order of generation: another order is another market. */
  readonly tickers: readonly string[];
  /** First and last calendar day, both included, as `2020-01-31`. */
  readonly start: string;
  readonly end: string;
  /** Whole number in 0..2^53-1. */
  readonly seed: number;
}

/** `syn_` and the first 12 hex digits of the sha1 of the request as Python's json.dumps(sort_keys=True) writes it. */
export function legacyDatasetId({ tickers, start, end, seed }: LegacyRequest): string {
  const text = pythonJson({ end, generator_version: 'v0', seed, start, tickers });
  return `syn_${createHash('sha1').update(text).digest('hex').slice(0, 12)}`;
}
