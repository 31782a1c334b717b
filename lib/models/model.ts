// The contract of a price model: a record of what it needs and a bare kernel that fills log prices from addressed draws.
import type { Problem } from '../base/problem.ts';
import type { Stream } from '../math/stream.ts';
import type { AssetClass } from './asset-class.ts';
import type { Feedback, ReturnLaw, VarianceLaw } from './law.ts';

/** Values as the config gives them, once the schema has passed. */
export type ModelParams = Readonly<Record<string, unknown>>;

/** JSON Schema (draft-07) of a model's params; kinds and ranges of one value. Rules between values are in `check`. */
export interface ModelSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What is known of an asset before a model is chosen. */
export interface AssetFacts {
  readonly ticker: string;
  readonly class: AssetClass;
  /** Growth of the mean price per year, and volatility of its log returns in total per square root of a year. */
  readonly mu: number;
  readonly sigma: number;
  readonly startPrice: number;
}

/** What the configuration says of a model; null is what is usual for the asset's class. */
export type ModelSettings = Readonly<Record<string, unknown>>;

/** What a setting may be: the words of JSON Schema (draft-07) that are checked. */
export interface SettingSchema {
  readonly type: 'number' | 'integer' | 'boolean' | 'string' | 'array' | 'object';
  /** Its value where the configuration leaves it open; null is for `resolve` to say. */
  readonly default: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly description?: string;
}

export interface Model<P extends ModelParams = ModelParams> {
  readonly name: string;
  readonly summary: string;
  readonly params: ModelSchema;
  /** Settings by name of a model of somebody's own; those of the models here are in the schema of the configuration. */
  readonly settings?: Readonly<Record<string, SettingSchema>>;
  /** Null when a volatility model may drive it; else the reason why none may. */
  readonly ownVolatility: string | null;
  /** Everything wrong with the values, each naming field, value and rule; empty when a kernel may be made. */
  check(params: P): readonly Problem[];
  /** Legal but worth knowing, in words. */
  warn?(params: P): readonly string[];
  /** Params of an asset, so that its log returns have its sigma in total: what the settings say, else what is usual. */
  resolve(asset: AssetFacts, settings: ModelSettings): P;
  /** Volatility of the part that the shocks of the asset drive, per square root of a year: all but the jumps. */
  diffusion(params: P): number;
  /** Mean volatility over the root of its mean square, where a square-root process moves it and correlations of returns allow for it. */
  steadiness?(params: P): number;
  /** The law of its returns, under that of a volatility model where one drives it; without a law `validate` holds them to none. */
  law?(params: P, yearsPerSession: number, variance: VarianceLaw | null): ReturnLaw;
  /** A kernel for one asset, its constants worked out. The caller has checked the params. */
  kernel(params: P, setting: KernelSetting): Kernel;
}

export interface KernelSetting {
  /** Length of a session in years. */
  readonly yearsPerSession: number;
  /** The asset's own stream for a component (`variance`, `jumpSize`, ...), for draws beyond the shocks. */
  stream(component: string): Stream;
  /** What drives the variance; null for the model's own. */
  readonly volatility: VarianceProcess | null;
}

/**
 * What a kernel reads and writes for a run of sessions; the arrays are reused from block to block. A session is its closed
 * hours (share phi of its variance, before the open) and then its planned pieces, whose shares and phi sum to 1 in a whole session.
 */
export interface PathBlock {
  /** In, per session: one past its last planned piece in this block. */
  readonly pieces: Int32Array;
  /** In, per session: share of the variance before the open, and the unit shock of that gap. */
  readonly phi: Float64Array;
  readonly gap: Float64Array;
  /** In, per session: factor on the shocks that turns normal innovations into their margin; 1 for normal ones. */
  readonly scale: Float64Array;
  /** In, per session, from regimes and events: factor on volatility, growth added per year, factor on jump intensity, mean jump added, factor on the spread of jumps. */
  readonly volatility: Float64Array;
  readonly growth: Float64Array;
  readonly jumpIntensity: Float64Array;
  readonly jumpMean: Float64Array;
  readonly jumpSd: Float64Array;
  /** In, per session: factor on the volatility that a mean-reverting variance is drawn to. */
  readonly target: Float64Array;
  /** In, per session: unit normal of the variance, correlated across assets as the returns are. */
  readonly varianceShock: Float64Array;
  /** In, per planned piece: a unit normal (correlated across assets, independent in time) and its share of the session's variance. */
  readonly shocks: Float64Array;
  readonly share: Float64Array;
  /** In, per planned piece: the shock without what bars remember of earlier ones; the same array where they remember nothing. */
  readonly fresh: Float64Array;
  /** In: places where the path needs a node, ascending. */
  readonly cuts: Cuts;
  /** In and out: state[0] is the log price, the rest is the model's own (variance, ...). */
  readonly state: Float64Array;
  /** Out, per piece: log price at both ends. A jump is a piece that starts away from where the last one ended. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Out, per piece: variance of the log price over it; between its ends the path is a Brownian bridge of that variance. */
  readonly variance: Float64Array;
  /** Out, per piece: how much of its planned piece has passed at its end, above 0 up to 1. */
  readonly until: Float64Array;
  /** Out, per planned piece: one past its last piece. */
  readonly ends: Int32Array;
  /** Out, per session: variance per year in force, and the standard deviation of the session's log return without jumps. */
  readonly annualVariance: Float64Array;
  readonly sd: Float64Array;
  /** Out: jumps of the block. */
  readonly jumps: JumpLedger;
}

export interface Cuts {
  count: number;
  /** Planned piece from the start of the block, and the part of it that has passed, 0 or more and below 1. */
  readonly piece: Int32Array;
  readonly part: Float64Array;
}

export interface JumpLedger {
  count: number;
  /** Session within the block, share of its variance that had passed (below phi: before the open), log size. */
  readonly session: Int32Array;
  readonly time: Float64Array;
  readonly size: Float64Array;
}

export interface Kernel {
  /** Length of `state`, the log price included. */
  readonly stateLength: number;
  /** Set the model's own part of the state; state[0] already holds the log of the start price, which a model may replace. */
  start(state: Float64Array, firstSession: number): void;
  /**
   * Advance by up to `sessions` sessions and return how many fitted: cuts may fill the arrays early. Draws are addressed by
   * session number (firstSession + s), so where a block starts changes nothing.
   */
  fill(block: PathBlock, firstSession: number, sessions: number): number;
  /** True where the shocks of the variance are not looked at, and need not be drawn. */
  readonly unshaken?: boolean;
}

/** What a variance process says of one session. */
export interface VarianceStep {
  /** Integral of the variance over the session: v dt. */
  integrated: number;
  /** The part of the log return that the variance's own shock explains (leverage); its mean corrects the drift. */
  leverage: number;
  /** Variance of the rest of the log return. */
  residual: number;
  /** Variance per year in force. */
  annual: number;
}

/** What a variance process says of the sessions of a run, at their places from its first one. */
export type VarianceColumns = Readonly<Record<keyof VarianceStep, Float64Array>>;

/** Steps sessions first..end-1 of a block; what it says of the first of them goes to place 0. */
export type StepRun = (
  state: Float64Array,
  at: number,
  block: PathBlock,
  first: number,
  end: number,
  out: VarianceColumns,
) => void;

/** What a variance looks at beside its own past, so that a compiled path can go through many sessions at once. */
export type VarianceSource =
  /** Nothing: every session is as the first. */
  | { readonly of: 'nothing' }
  /** Its own shocks and targets. */
  | { readonly of: 'shocks'; readonly steps: StepRun }
  /** The innovations of the path, as GARCH does: `state[at]` is the variance of a session, `state[at + 1]` the last innovation or NaN. */
  | {
      readonly of: 'innovations';
      readonly alpha: number;
      readonly gamma: number;
      readonly beta: number;
      readonly omega: number;
    };

/** Variance of one asset, session by session. */
export interface VarianceProcess {
  readonly stateLength: number;
  /** Lay the state at `state[at]` for the first session. */
  start(state: Float64Array, at: number, firstSession: number): void;
  /** Advance by one session. `shock` is its unit normal, `target` a factor on the volatility it is drawn to. */
  step(state: Float64Array, at: number, shock: number, target: number, out: VarianceStep): void;
  /** Told what was new in the session's log return: before any factor of regime or event, and as of a session of share 1. */
  settle(state: Float64Array, at: number, innovation: number): void;
  /** What makes compiled paths possible; without it every session is stepped and settled by itself. */
  readonly source?: VarianceSource;
}

/** Names a volatility model in the catalog and makes its process for one asset. */
export interface VolatilityModel<P extends ModelParams = ModelParams> {
  readonly name: string;
  readonly summary: string;
  readonly params: ModelSchema;
  check(params: P): readonly Problem[];
  warn?(params: P): readonly string[];
  /** As of a price model; sigma is the volatility of the diffusion alone. */
  resolve(asset: AssetFacts, settings: ModelSettings): P;
  /** Degrees of freedom of a session's innovation: Student with unit variance, normal when infinite. */
  marginDf(params: P): number;
  /** As of a price model. */
  steadiness?(params: P): number;
  /** How its variance feeds on the innovations of returns, where it does and correlations of returns allow for it. */
  feedback?(params: P): Feedback;
  /** The law of its variance; without it `validate` holds returns under it to none. */
  law?(params: P, yearsPerSession: number): VarianceLaw;
  process(params: P, setting: Omit<KernelSetting, 'volatility'>): VarianceProcess;
}

/** The problem of a value that breaks a rule of its model; a field is a name or a path such as `regimes[1].duration`. */
export function refusal(model: string, field: string, value: unknown, rule: string): Problem {
  const steps = /^[\w.[\]]+$/.test(field) ? (field.match(/[^.[\]]+/g) ?? []) : [];
  return {
    code: 'model/refused',
    message: `${model}: ${field} must be ${rule}`,
    facts: { field, value: typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'missing') },
    path: [model, ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))],
  };
}

/** Refusals of the values that break their rule, in the order given. */
export function refusals(model: string, rules: readonly (readonly [string, unknown, boolean, string])[]): Problem[] {
  return rules.flatMap(([field, value, holds, rule]) => (holds ? [] : [refusal(model, field, value, rule)]));
}

/** The value of a setting, or the usual one where the configuration leaves it open. */
export function setting<T>(settings: ModelSettings, name: string, usual: T): T {
  return (settings[name] as T | null | undefined) ?? usual;
}
