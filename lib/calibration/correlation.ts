// Estimates the correlation matrix of log returns pair by pair on the dates that both have, with standard errors.
import { log } from '../math/elementary.ts';
import { factorCorrelation, type Repair, type RepairRecord } from '../models/correlation.ts';
import { correlation } from '../stats/dependence.ts';
import { type Closes, requireObservations, zeroVariance } from './gbm.ts';

export interface CorrelationFit {
  readonly tickers: readonly string[];
  readonly matrix: readonly (readonly number[])[];
  /** Common log returns behind each entry; on the diagonal the ticker's own. */
  readonly n: readonly (readonly number[])[];
  /** (1 - rho^2) / sqrt(n) of the estimate before any repair. */
  readonly standardErrors: readonly (readonly number[])[];
  /** Null when the estimate is positive semidefinite as it is. */
  readonly repair: RepairRecord | null;
  readonly notes: readonly string[];
}

export interface CorrelationSetting {
  /** Fewest common log returns of a pair. */
  readonly minObservations: number;
  readonly repair: Repair;
}

/**
 * Pearson correlations of log returns between consecutive common dates. Histories of different length make a matrix that need
 * not be positive semidefinite: then `nearest` repairs it, `none` refuses. Throws `data/refused` naming the pair for
 * too few common returns or no variance, `model/refused` for a matrix that may not be repaired.
 */
export function fitCorrelation(
  series: readonly Closes[],
  { minObservations, repair }: CorrelationSetting,
): CorrelationFit {
  const size = series.length;
  const table = (fill: number) => Array.from({ length: size }, () => new Array<number>(size).fill(fill));
  const rho = table(1);
  const n = table(0);
  const standardErrors = table(0);
  for (let i = 0; i < size; i++) {
    n[i]![i] = series[i]!.close.length - 1;
    for (let j = 0; j < i; j++) {
      const pair = `${series[j]!.ticker} and ${series[i]!.ticker}`;
      const [a, b] = commonReturns(series[j]!, series[i]!);
      requireObservations(pair, a.length, minObservations);
      const r = correlation(a, b);
      if (r === null) throw zeroVariance(pair, a.length);
      set(rho, i, j, r);
      set(n, i, j, a.length);
      set(standardErrors, i, j, (1 - r * r) / Math.sqrt(a.length));
    }
  }
  const tickers = series.map((s) => s.ticker);
  const fitted = factorCorrelation(rho, repair, tickers);
  const moved = fitted.repair;
  const note = `the pairwise matrix was not positive semidefinite: entries moved by up to ${moved?.largestChange.toPrecision(3)}`;
  return { tickers, matrix: fitted.matrix, n, standardErrors, repair: moved, notes: moved === null ? [] : [note] };
}

function set(table: number[][], i: number, j: number, value: number): void {
  table[i]![j] = value;
  table[j]![i] = value;
}

/** Log returns of both over the steps between their common days; days ascend in both. */
function commonReturns(a: Closes, b: Closes): readonly [Float64Array, Float64Array] {
  const returnsA: number[] = [];
  const returnsB: number[] = [];
  let previous: readonly [number, number] | null = null;
  for (let i = 0, j = 0; i < a.day.length && j < b.day.length; ) {
    if (a.day[i]! < b.day[j]!) i++;
    else if (a.day[i]! > b.day[j]!) j++;
    else {
      if (previous !== null) {
        returnsA.push(log(a.close[i]! / a.close[previous[0]]!));
        returnsB.push(log(b.close[j]! / b.close[previous[1]]!));
      }
      previous = [i++, j++];
    }
  }
  return [Float64Array.from(returnsA), Float64Array.from(returnsB)];
}
