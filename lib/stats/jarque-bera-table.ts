// Law of the Jarque-Bera statistic of n normal values, from simulated upper quantiles (maker: tests/oracles/jarque-bera-table.py).
import { exp, log } from '../math/elementary.ts';

/** Upper tail probabilities of the columns below. */
const TAILS = [0.5, 0.3, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.002, 0.001];

/** n and the quantiles that normal samples of n exceed with these probabilities; 500,000 samples or more each. */
const TABLE: readonly (readonly [n: number, quantiles: readonly number[]])[] = [
  [10, [0.694, 0.9368, 1.121, 1.618, 2.521, 3.739, 5.725, 7.368, 9.493, 10.99]],
  [15, [0.7914, 1.121, 1.378, 2.055, 3.295, 5.058, 8.263, 11.32, 15.89, 19.84]],
  [20, [0.8582, 1.253, 1.563, 2.349, 3.784, 5.854, 9.686, 13.46, 19.81, 25.24]],
  [30, [0.9474, 1.435, 1.821, 2.741, 4.406, 6.785, 11.28, 15.86, 23.29, 30.05]],
  [50, [1.044, 1.647, 2.13, 3.189, 4.981, 7.578, 12.39, 17.2, 25.64, 33.49]],
  [75, [1.111, 1.8, 2.348, 3.484, 5.271, 7.841, 12.58, 17.44, 25.48, 32.9]],
  [100, [1.152, 1.891, 2.48, 3.669, 5.427, 7.949, 12.47, 16.98, 24.35, 31.39]],
  [150, [1.205, 2.012, 2.655, 3.903, 5.592, 7.995, 12.24, 16.41, 23.36, 29.69]],
  [200, [1.24, 2.084, 2.762, 4.036, 5.686, 7.942, 11.84, 15.61, 21.85, 27.62]],
  [300, [1.272, 2.164, 2.88, 4.189, 5.799, 7.871, 11.42, 14.71, 19.93, 24.79]],
  [500, [1.31, 2.234, 2.979, 4.326, 5.86, 7.705, 10.77, 13.56, 18.1, 21.99]],
  [800, [1.333, 2.296, 3.064, 4.437, 5.931, 7.64, 10.33, 12.68, 16.52, 19.66]],
  [1200, [1.346, 2.325, 3.102, 4.472, 5.927, 7.494, 9.943, 12.02, 15.37, 17.97]],
  [2000, [1.361, 2.357, 3.149, 4.524, 5.965, 7.489, 9.709, 11.56, 14.39, 16.64]],
];

/** P(JB >= stat) for 10 <= n < 2000; `bounded` when the statistic is beyond the table and p is only an upper bound. */
export function jarqueBeraSf(stat: number, n: number): { readonly pvalue: number; readonly bounded: boolean } {
  const above = TABLE.findIndex(([size]) => size >= n);
  const [highSize, high] = TABLE[above]!;
  const [lowSize, low] = TABLE[Math.max(0, above - 1)]!;
  const share = highSize === lowSize ? 1 : log(n / lowSize) / log(highSize / lowSize);
  const logP = (1 - share) * logTail(stat, low) + share * logTail(stat, high);
  const last = TAILS.length - 1;
  return { pvalue: exp(logP), bounded: stat > Math.max(low[last]!, high[last]!) };
}

/** ln P by straight lines between the quantiles, from P = 1 at 0; flat beyond the last. */
function logTail(stat: number, quantiles: readonly number[]): number {
  let before = 0;
  let logBefore = 0;
  for (let i = 0; i < quantiles.length; i++) {
    const at = quantiles[i]!;
    const logAt = log(TAILS[i]!);
    if (stat <= at) return logBefore + ((logAt - logBefore) * (stat - before)) / (at - before);
    before = at;
    logBefore = logAt;
  }
  return logBefore;
}
