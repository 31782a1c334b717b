// Rolling volatility: sample standard deviation of n log returns of the close, annualised.
import { log } from '../math/elementary.ts';
import { type Indicator, put } from './indicators.ts';

export const indicator: Indicator = {
  name: 'volatility',
  params: { n: { least: 2, meaning: 'returns in the window' } },
  columns: (n) => [`volatility_${n}`],
  warmup: (n) => n,
  formulaVersion: 1,
  compute({ close, periodsPerYear }, n, [out]) {
    const returns = new Float64Array(close.length).fill(Number.NaN);
    for (let i = 1; i < close.length; i++) {
      if (close[i]! > 0 && close[i - 1]! > 0) returns[i] = log(close[i]! / close[i - 1]!);
    }
    const scale = Math.sqrt(periodsPerYear);
    for (let i = n; i < close.length; i++) put(out!, i, deviation(returns, i - n + 1, n) * scale);
  },
};

/** Sample standard deviation of n values from `start`, in two passes; NaN when one is missing. */
function deviation(values: Float64Array, start: number, n: number): number {
  let sum = 0;
  for (let j = start; j < start + n; j++) sum += values[j]!;
  const mean = sum / n;
  let squares = 0;
  let off = 0;
  for (let j = start; j < start + n; j++) {
    const d = values[j]! - mean;
    squares += d * d;
    off += d;
  }
  return Math.sqrt(Math.max(0, squares - (off * off) / n) / (n - 1));
}
