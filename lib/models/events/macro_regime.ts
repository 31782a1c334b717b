// Macro regime: yields move over months and every class drifts by its sensitivity, bonds by minus their duration.
import { defineEvent } from './event.ts';

export const event = defineEvent({
  name: 'macro_regime',
  summary: 'Macro regime: yields rise or fall over months, each class drifts by its sensitivity to them',
  starts: 'open',
  rate: 0.25,
  minGap: 250,
  // Change of the log price for a change of yields by 1, that is by 100 points: a bond's is minus its duration in years.
  loadings: {
    equity: -4,
    etf: -4,
    index: -4,
    fx: -2,
    commodity: 1,
    energy: 2,
    metal: -1,
    gold: -3,
    bond: -7,
    crypto: -8,
  },
  params: {
    change: { default: 0.015, minimum: 0, maximum: 1, description: 'size of the change of yields: 0.01 is 100 bp' },
    up: { default: 0.5, minimum: 0, maximum: 1, description: 'probability that yields rise' },
    length: { default: 120, minimum: 1, maximum: 10_000, integer: true, description: 'sessions it takes' },
    blend: { default: 0.3, minimum: 0, maximum: 1, description: 'weight of common shocks while it lasts' },
  },

  resolve({ change, up }, { uniform }) {
    return { yields: uniform(0) < up ? change : -change };
  },

  /** Delta y tau/T to T, then Delta y. The common shocks turn a negative correlation of stocks and bonds positive. */
  effect({ yields, length, blend }) {
    return {
      shift: { clock: 'sessions', at: (tau) => yields * Math.min(1, tau / length), bends: [length], lasts: length },
      channels: [{ name: 'blend', peak: blend, clock: 'sessions', hold: length, decay: 0 }],
    };
  },
});
