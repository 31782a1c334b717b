// The contract of a price model: a record of what it needs and a bare kernel that fills log prices from addressed draws.
import type { Problem } from '../base/problem.ts';
import type { Stream } from '../math/stream.ts';

/** Values as the config gives them, once the schema has passed. */
export type ModelParams = Readonly<Record<string, unknown>>;

/** JSON Schema (draft-07) of a model's params; kinds and ranges of one value. Rules between values are in `check`. */
export interface ModelSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Model<P extends ModelParams = ModelParams> {
  readonly name: string;
  readonly summary: string;
  readonly params: ModelSchema;
  /** Everything wrong with the values, each naming field, value and rule; empty when a kernel may be made. */
  check(params: P): readonly Problem[];
  /** A kernel for one asset, its constants worked out. The caller has checked the params. */
  kernel(params: P, setting: KernelSetting): Kernel;
}

export interface KernelSetting {
  /** Length of a bar in years. */
  readonly yearsPerBar: number;
  /** Equal sub-intervals of a bar; one unit normal each. */
  readonly piecesPerBar: number;
  /** The asset's own stream for a component (`variance`, `jumpSize`, ...), for draws beyond the shocks. */
  stream(component: string): Stream;
}

/** What a kernel reads and writes for a run of bars; the arrays are reused from block to block. */
export interface PathBlock {
  /** In: unit normals, bar by bar, piecesPerBar each; correlated across assets, independent in time. */
  readonly shocks: Float64Array;
  /** In and out: state[0] is the log price, the rest is the model's own (variance, regime, ...). */
  readonly state: Float64Array;
  /** Out: log price at both ends of each piece. A jump is a piece that starts away from where the last one ended. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Out: variance of the log price over the piece; between its ends the path is a Brownian bridge of that variance. */
  readonly variance: Float64Array;
  /** Out: ends[b] is one past the last piece of bar b of this block. */
  readonly ends: Int32Array;
}

export interface Kernel {
  /** Length of `state`, the log price included. */
  readonly stateLength: number;
  /** Set the model's own part of the state; state[0] already holds the log of the start price, which a model may replace. */
  start(state: Float64Array): void;
  /**
   * Advance by up to `bars` bars and return how many fitted: a kernel that cuts pieces at jumps may stop when the arrays
   * are full. Draws are addressed by bar number (firstBar + b), so where a block starts changes nothing.
   */
  fill(block: PathBlock, firstBar: number, bars: number): number;
}

/** The problem of a value that breaks a rule of its model. */
export function refusal(model: string, field: string, value: unknown, rule: string): Problem {
  return {
    code: 'model/refused',
    message: `${model}: ${field} must be ${rule}`,
    facts: { field, value: typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'missing') },
  };
}
