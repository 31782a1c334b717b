// Exponential moving average of the close with weight 2/(n+1), seeded by the mean of the first n closes.
import { type Indicator, put } from './indicators.ts';

export const indicator: Indicator = {
  name: 'ema',
  params: { n: { least: 1, meaning: 'bars of smoothing' } },
  columns: (n) => [`ema_${n}`],
  warmup: (n) => n - 1,
  formulaVersion: 1,
  compute({ close }, n, [out]) {
    const weight = 2 / (n + 1);
    let run = 0; // closes since the last gap
    let level = 0; // their sum until there are n, the average from then on
    for (let i = 0; i < close.length; i++) {
      const x = close[i]!;
      if (!Number.isFinite(x)) {
        run = 0;
        level = 0;
        continue;
      }
      run++;
      if (run < n) level += x;
      else level = run === n ? (level + x) / n : level + weight * (x - level);
      if (run >= n) put(out!, i, level);
    }
  },
};
