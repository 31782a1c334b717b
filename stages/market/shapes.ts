// The JSON values that travel between the stages of the market pipeline.
import type { Finding } from '../../lib/market/clean.ts';
import type { RepairRecord } from '../../lib/models/correlation.ts';
import type { ModelParams } from '../../lib/models/model.ts';

/** All that a ticker's shard of `generate` needs of the calibration: its own parameters and its row of the Cholesky factor. */
export type TickerParameters =
  | {
      readonly kind: 'model';
      readonly params: ModelParams;
      readonly start_price: number;
      readonly volume_level: number;
      readonly mix: { readonly names: readonly string[]; readonly weights: readonly number[] };
    }
  /** Tickers drawn before this one from the shared stream, this one last. */
  | { readonly kind: 'legacy'; readonly tickers: readonly string[] };

export interface CalibrationReport {
  readonly assets: readonly {
    readonly ticker: string;
    /** What is generated with: growth of the mean and volatility per year, price at the first open, typical volume. */
    readonly mu: number;
    readonly sigma: number;
    readonly start_price: number;
    readonly volume_level: number;
    /** Names taken from `assets` in the configuration instead of the fit. */
    readonly overridden: readonly string[];
    readonly fit: {
      readonly mu: number;
      readonly se_mu: number;
      readonly sigma: number;
      readonly se_sigma: number;
      readonly n: number;
      readonly first_date: string;
      readonly last_date: string;
      readonly start_price: number;
      readonly notes: readonly string[];
    } | null;
    readonly source: {
      readonly name: string;
      readonly file: string;
      readonly rows: number;
      readonly kept: number;
    } | null;
  }[];
  readonly correlation: {
    readonly tickers: readonly string[];
    readonly matrix: readonly (readonly number[])[];
    readonly n: readonly (readonly number[])[];
    readonly standard_errors: readonly (readonly number[])[];
    readonly repair: RepairRecord | null;
  } | null;
  /** The first thousand rows that were dropped or repaired, and how many there are. */
  readonly findings: readonly (Omit<Finding, 'kind' | 'action'> & {
    readonly ticker: string;
    readonly source: string;
    readonly kind: string;
    readonly action: string;
  })[];
  readonly findings_total: number;
  readonly notes: readonly string[];
}

/** What the engine says of the run on the wire `$run`. */
export interface RunFacts {
  readonly dataset_id: string;
  readonly config_hash: string;
  readonly git_sha: string;
  readonly seed: number | string;
  readonly generator_version: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** How each source is read, by name, and what holds for all of them. */
  readonly sources: Readonly<Record<string, unknown>>;
  readonly source_defaults: Readonly<Record<string, unknown>>;
  /** Source path -> git blob id of all code of the pipeline. */
  readonly code: Readonly<Record<string, string>>;
  /** `name@version` -> integrity of every package it reaches. */
  readonly packages: Readonly<Record<string, string>>;
}
