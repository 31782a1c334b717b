// Simple return of the close over n bars: P(i) / P(i-n) - 1.
import { type Indicator, put } from './indicators.ts';

export const indicator: Indicator = {
  name: 'simple_return',
  params: { n: { least: 1, meaning: 'bars of horizon' } },
  columns: (n) => [`simple_return_${n}`],
  warmup: (n) => n,
  formulaVersion: 1,
  compute({ close }, n, [out]) {
    for (let i = n; i < close.length; i++) {
      const before = close[i - n]!;
      if (before > 0) put(out!, i, (close[i]! - before) / before);
    }
  },
};
