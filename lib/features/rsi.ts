// Relative strength index (Wilder 1978): average gain against average loss, smoothed with weight 1/n.
import { type Indicator, put } from './indicators.ts';

export const indicator: Indicator = {
  name: 'rsi',
  params: { n: { least: 1, meaning: 'changes of smoothing' } },
  columns: (n) => [`rsi_${n}`],
  warmup: (n) => n,
  formulaVersion: 1,
  compute({ close }, n, [out]) {
    let run = 0; // changes since the last gap
    let gain = 0; // sums until there are n changes, averages from then on
    let loss = 0;
    for (let i = 1; i < close.length; i++) {
      const change = close[i]! - close[i - 1]!;
      if (!Number.isFinite(change)) {
        run = 0;
        gain = 0;
        loss = 0;
        continue;
      }
      const up = Math.max(change, 0);
      const down = Math.max(-change, 0);
      run++;
      gain = run <= n ? gain + up : (gain * (n - 1) + up) / n;
      loss = run <= n ? loss + down : (loss * (n - 1) + down) / n;
      if (run === n) {
        gain /= n;
        loss /= n;
      }
      if (run >= n) put(out!, i, strength(gain, loss));
    }
  },
};

/** 100 - 100/(1 + gain/loss); 100 without losses, 50 without any change. */
function strength(gain: number, loss: number): number {
  if (loss === 0) return gain > 0 ? 100 : 50;
  return 100 - 100 / (1 + gain / loss);
}
