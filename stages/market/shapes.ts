// The JSON values that travel between the stages of the market pipeline.
import type { Finding } from '../../lib/market/clean.ts';
import type { LIQUIDITY } from '../../lib/market/microstructure/quotes.ts';
import type { Source } from '../../lib/market/shocks.ts';
import type { AssetClass } from '../../lib/models/asset-class.ts';
import type { RepairRecord } from '../../lib/models/correlation.ts';
import type { VarianceShares } from '../../lib/models/factors.ts';
import type { ModelParams, ModelSettings } from '../../lib/models/model.ts';
import type { Unreachable } from '../../lib/models/norta.ts';

/** What the configuration says of one asset; whatever is left out is estimated, or usual for its class. */
export interface AssetSetting {
  readonly class?: AssetClass;
  readonly sector?: string;
  readonly mu?: number;
  readonly sigma?: number;
  readonly start_price?: number;
  readonly volume?: number;
  readonly tick?: number;
  readonly overnight_share?: number;
  readonly liquidity?: keyof typeof LIQUIDITY;
  readonly factors?: VarianceShares;
  readonly models?: Readonly<Record<string, ModelSettings>>;
}

/** All that a ticker's shards need of the stages above: its own parameters and whose normals it mixes. */
export type TickerParameters =
  | {
      readonly kind: 'model';
      readonly class: AssetClass;
      readonly sector: string;
      readonly sigma: number;
      readonly params: ModelParams;
      /** Null without a volatility model. */
      readonly volatility: ModelParams | null;
      readonly start_price: number;
      readonly volume_level: number;
      readonly tick: number;
      readonly overnight_share: number;
      readonly liquidity: keyof typeof LIQUIDITY;
      readonly mix: {
        readonly sources: readonly Source[];
        readonly weights: readonly number[];
        /** `factors`: weights move with the volatility of their factors; `rows`: they are in a table beside this file. */
        readonly varying: 'no' | 'factors' | 'rows';
      };
    }
  /** Tickers drawn before this one from the shared stream, this one last. */
  | { readonly kind: 'legacy'; readonly tickers: readonly string[] };

/** What the environment stage made of the correlations, and what is worth knowing. */
export interface EnvironmentReport {
  readonly correlation: {
    readonly mode: string;
    /** Of returns as asked for; null where factors say it. */
    readonly target: readonly (readonly number[])[] | null;
    /** Of the normal shocks in use. */
    readonly shocks: readonly (readonly number[])[] | null;
    readonly repair: RepairRecord | null;
    readonly unreachable: readonly Unreachable[];
  } | null;
  readonly warnings: readonly {
    readonly code: string;
    readonly message: string;
    readonly facts: Readonly<Record<string, string | number>>;
  }[];
}

export interface CalibrationReport {
  readonly assets: readonly {
    readonly ticker: string;
    readonly class: AssetClass;
    readonly sector: string;
    /** What is generated with: growth of the mean and volatility per year, price at the first open, typical volume. */
    readonly mu: number;
    readonly sigma: number;
    readonly start_price: number;
    readonly volume_level: number;
    readonly tick: number;
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
