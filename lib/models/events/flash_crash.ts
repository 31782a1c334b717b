// Flash crash: down within minutes, most of it back within the hour (6 May 2010: CFTC-SEC report 2010).
import { exp } from '../../math/elementary.ts';
import { defineEvent, SETTLED } from './event.ts';

export const event = defineEvent({
  name: 'flash_crash',
  summary: 'Flash crash: down within minutes, most of it back within the hour, in a market without depth',
  starts: 'within',
  rate: 0.5,
  minGap: 60,
  loadings: { equity: 1, etf: 1, index: 1, crypto: 1 },
  params: {
    drop: { default: [0.05, 0.1], minimum: 0, maximum: 5, description: 'log price at the bottom, below the start' },
    fall_minutes: { default: [5, 15], above: 0, maximum: 10_000, description: 'from the start to the bottom' },
    recovery_minutes: { default: 20, above: 0, maximum: 10_000, description: 'time constant of the way back' },
    recovered: { default: [0.7, 0.95], minimum: 0, maximum: 1, description: 'share of the drop that comes back' },
    spread: { default: 10, minimum: 1, description: 'times the spread, to the bottom' },
    depth: { default: 0.1, above: 0, maximum: 1, description: 'times the depth, to the bottom' },
    volume: { default: 5, minimum: 1, description: 'times the volume, to the bottom' },
  },

  /** -m s(tau/tf) to tf with s(x) = 3x^2 - 2x^3, then -m [1 - q (1 - e^(-(tau-tf)/tr))]. */
  effect({ drop, fall_minutes: fall, recovery_minutes: back, recovered, spread, depth, volume }) {
    const at = (tau: number) => {
      const x = tau / fall;
      return x < 1 ? -drop * x * x * (3 - 2 * x) : -drop * (1 - recovered * (1 - exp((fall - tau) / back)));
    };
    const down = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1].map((x) => x * fall);
    const up = [0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 7].map((x) => fall + x * back);
    const decays = { clock: 'minutes', hold: fall, decay: back } as const;
    return {
      shift: { clock: 'minutes', at, bends: [...down, ...up], lasts: fall + SETTLED * back },
      channels: [
        { name: 'spread', peak: spread, ...decays },
        { name: 'depth', peak: depth, ...decays },
        { name: 'volume', peak: volume, ...decays },
      ],
    };
  },
});
