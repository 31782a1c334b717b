// Simple moving average of the close.
import { type Indicator, put } from './indicators.ts';

export const indicator: Indicator = {
  name: 'sma',
  params: { n: { least: 1, meaning: 'bars in the window' } },
  columns: (n) => [`sma_${n}`],
  warmup: (n) => n - 1,
  formulaVersion: 1,
  compute({ close }, n, [out]) {
    // Each window is added up afresh: a running sum would keep the rounding of a huge price, and a NaN, for ever.
    for (let i = n - 1; i < close.length; i++) {
      let sum = 0;
      for (let j = i - n + 1; j <= i; j++) sum += close[j]!;
      put(out!, i, sum / n);
    }
  },
};
