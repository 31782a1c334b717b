// What the microstructure of a run of bars depends on: bars and latent states, read and never changed.
import { ProblemError } from '../../base/problem.ts';
import { log } from '../../math/elementary.ts';

/**
 * A run of bars of one ticker; entry b of each array belongs to bar b < bars, the arrays may be longer.
 * Each kernel goes over the runs of a ticker in order; where a run ends changes no bit.
 */
export interface Conditions {
  readonly bars: number;
  /** The bar's address for draws, counted modulo 2^32. */
  readonly bar: ArrayLike<number>;
  /** Close of the bar, at least one tick. */
  readonly mid: ArrayLike<number>;
  /** sigma_t / sigma-bar of the bar's session, the clock left out; NaN for a still price, which says nothing. */
  readonly volatility: ArrayLike<number>;
  /** V_t / V-bar for a bar of its length, NaN where there is none to compare with. */
  readonly volume: ArrayLike<number>;
  /** Regime times event, 1 = none; above 0. */
  readonly spreadFactor: ArrayLike<number>;
  readonly depthFactor: ArrayLike<number>;
  /** Of the spread over the session (`spreadLevels` of season.ts), 1 = none; above 0. */
  readonly clock: ArrayLike<number>;
  /** Return over the bar in units of its standard deviation, NaN for a still price. */
  readonly shock: ArrayLike<number>;
}

/** Ratios of states count between 1/1000 and 1000: a bar without volume has a wide spread, not an infinite one. */
const LARGEST_RATIO = 1000;

/** The ratio as models use it: NaN says nothing, which is 1. */
export function boundedRatio(ratio: number): number {
  return Number.isNaN(ratio) ? 1 : Math.max(1 / LARGEST_RATIO, Math.min(LARGEST_RATIO, ratio));
}

/** Log of a factor that must be above 0 and finite; refused otherwise, by field and bar. */
export function logOf(field: string, values: ArrayLike<number>, { bar }: Conditions, b: number): number {
  const value = values[b]!;
  if (value > 0 && value < Number.POSITIVE_INFINITY) return log(value);
  throw new ProblemError({
    code: 'model/refused',
    message: `microstructure: ${field} must be above 0 and finite in every bar`,
    facts: { field, value: String(value), bar: bar[b]! },
  });
}
