// Volatility spike: volatility and spread jump and decay, prices get no push of their own.
import { defineEvent } from './event.ts';

export const event = defineEvent({
  name: 'volatility_spike',
  summary: 'Volatility spike: volatility jumps and decays, the spread with its square root, no push to prices',
  starts: 'open',
  rate: 2,
  minGap: 20,
  loadings: {
    equity: 1,
    etf: 1,
    index: 1,
    commodity: 1,
    energy: 1,
    metal: 1,
    gold: 0.5,
    fx: 0.5,
    bond: 0.5,
    crypto: 1,
  },
  params: {
    volatility: { default: [2, 4], minimum: 1, maximum: 10, description: 'times the volatility, on the first session' },
    decay: { default: 10, above: 0, maximum: 10_000, description: 'time constant of the decay in sessions' },
  },

  /** Volatility 1 + (k - 1) e^(-tau/td); spread to the peak sqrt k. */
  effect({ volatility, decay }) {
    const decays = { clock: 'sessions', hold: 0, decay } as const;
    return {
      shift: null,
      channels: [
        { name: 'volatility', peak: volatility, ...decays },
        { name: 'spread', peak: Math.sqrt(volatility), ...decays },
      ],
    };
  },
});
