// Bear drift: a slow fall over months; the level stays where it ends.
import { defineEvent } from './event.ts';

export const event = defineEvent({
  name: 'bear_drift',
  summary: 'Bear drift: a slow fall over months that stays, with higher volatility and correlation while it lasts',
  starts: 'open',
  rate: 0.15,
  minGap: 250,
  loadings: { equity: 1, etf: 1, index: 1, energy: 0.5, metal: 0.5, commodity: 0.5, crypto: 1 },
  params: {
    drop: { default: [0.2, 0.35], minimum: 0, maximum: 5, description: 'fall of the log price over the whole span' },
    length: { default: [60, 250], minimum: 1, maximum: 10_000, integer: true, description: 'sessions it lasts' },
    volatility: { default: 1.5, minimum: 1, maximum: 10, description: 'times the volatility while it lasts' },
    blend: { default: 0.3, minimum: 0, maximum: 1, description: 'weight of common shocks while it lasts' },
  },

  /** -d tau/T to T, then -d. */
  effect({ drop, length, volatility, blend }) {
    const lasts = { clock: 'sessions', hold: length, decay: 0 } as const;
    return {
      shift: { clock: 'sessions', at: (tau) => -drop * Math.min(1, tau / length), bends: [length], lasts: length },
      channels: [
        { name: 'volatility', peak: volatility, ...lasts },
        { name: 'blend', peak: blend, ...lasts },
      ],
    };
  },
});
