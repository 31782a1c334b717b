// Log return of the close over n bars: ln(P(i) / P(i-n)).
import { log } from '../math/elementary.ts';
import { type Indicator, put } from './indicators.ts';

export const indicator: Indicator = {
  name: 'log_return',
  params: { n: { least: 1, meaning: 'bars of horizon' } },
  columns: (n) => [`log_return_${n}`],
  warmup: (n) => n,
  formulaVersion: 1,
  compute({ close }, n, [out]) {
    for (let i = n; i < close.length; i++) {
      const before = close[i - n]!;
      const now = close[i]!;
      if (before > 0 && now > 0) put(out!, i, log(now / before));
    }
  },
};
