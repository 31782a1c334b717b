// The contract of an indicator family: bars in, columns of values with a mask out; row i never looks past bar i.
import { ProblemError } from '../base/problem.ts';

/** Columns of one ticker's bars in time order, equally long; NaN where a bar has no value. */
export interface Bars {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** Bars in a year, for what is annualised. */
  readonly periodsPerYear: number;
}

/** One feature: `valid[i]` is 0 where there is no value, and `values[i]` is then 0. */
export interface FeatureColumn {
  readonly values: Float64Array;
  readonly valid: Uint8Array;
}

export interface Indicator {
  readonly name: string;
  /** The one parameter n and the smallest value that makes sense. */
  readonly params: { readonly n: { readonly least: number; readonly meaning: string } };
  /** Names of the columns, in the order of `out`. */
  columns(n: number): readonly string[];
  /** Index of the first row that can have a value. */
  warmup(n: number): number;
  /** Raised whenever the formula gives other bits. */
  readonly formulaVersion: number;
  /** Fill `out`, which comes zeroed and as long as the bars. A window with a missing bar has no value; later windows have. */
  compute(bars: Bars, n: number, out: readonly FeatureColumn[]): void;
}

/** Every column of one indicator, by name. Throws `model/refused` for an n that is no integer from its least value on. */
export function computeIndicator(indicator: Indicator, bars: Bars, n: number): Record<string, FeatureColumn> {
  const { least, meaning } = indicator.params.n;
  if (!Number.isInteger(n) || n < least) {
    throw new ProblemError({
      code: 'model/refused',
      message: `${indicator.name} needs a whole number of ${meaning} from ${least} on, not ${n}`,
      facts: { indicator: indicator.name, n, least },
    });
  }
  const rows = bars.close.length;
  const names = indicator.columns(n);
  const out = names.map(() => ({ values: new Float64Array(rows), valid: new Uint8Array(rows) }));
  indicator.compute(bars, n, out);
  return Object.fromEntries(names.map((name, i) => [name, out[i]!]));
}

/** Set row i when the value exists; NaN and infinities never leave. */
export function put(out: FeatureColumn, i: number, value: number): void {
  if (!Number.isFinite(value)) return;
  out.values[i] = value;
  out.valid[i] = 1;
}
