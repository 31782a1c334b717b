// Gap risk: one overnight jump that stays, down more often than up.
import { defineEvent } from './event.ts';

export const event = defineEvent({
  name: 'gap_risk',
  summary: 'Gap risk: one overnight jump that stays, a busy session after it, a wide spread at its open',
  starts: 'overnight',
  rate: 2,
  minGap: 10,
  loadings: { equity: 1, etf: 1, index: 1 },
  params: {
    mean: { default: 0.04, minimum: 0, maximum: 5, description: 'mean of the normal whose size is the log jump' },
    sd: { default: 0.02, minimum: 0, maximum: 5, description: 'its standard deviation' },
    down: { default: 0.65, minimum: 0, maximum: 1, description: 'probability of a jump down' },
    volume: { default: 3, minimum: 1, description: 'times the volume of the session after the night' },
    spread: { default: 2, minimum: 1, description: 'times the spread at the open' },
    spread_minutes: {
      default: 30,
      above: 0,
      maximum: 10_000,
      description: 'time constant in which the spread is back',
    },
  },

  /** The jump +-|N(mean, sd^2)|. */
  resolve({ mean, sd, down }, { normal, uniform }) {
    return { gap: (uniform(1) < down ? -1 : 1) * Math.abs(mean + sd * normal(0)) };
  },

  effect({ gap, volume, spread, spread_minutes }) {
    return {
      shift: { clock: 'sessions', at: () => gap, bends: [], lasts: 0 },
      channels: [
        { name: 'volume', peak: volume, clock: 'sessions', hold: 1, decay: 0 },
        { name: 'spread', peak: spread, clock: 'minutes', hold: 0, decay: spread_minutes },
      ],
    };
  },
});
