// Commodity shock: a ramp of commodity prices that decays over months; other classes follow by their loading.
import { exp } from '../../math/elementary.ts';
import { defineEvent, SETTLED } from './event.ts';

export const event = defineEvent({
  name: 'commodity_shock',
  summary: 'Commodity shock: a ramp up or down that decays over months, other classes by their loading on it',
  starts: 'open',
  rate: 0.25,
  minGap: 120,
  loadings: { commodity: 0.5, energy: 1, metal: 0.3, gold: 0.1, equity: -0.1, etf: -0.1, index: -0.1, bond: -0.05 },
  params: {
    size: { default: 0.3, minimum: 0, maximum: 5, description: 'size of the log price move at its peak' },
    up: { default: 0.5, minimum: 0, maximum: 1, description: 'probability that prices rise' },
    ramp: {
      default: 10,
      minimum: 1,
      maximum: 10_000,
      integer: true,
      description: 'sessions from the start to the peak',
    },
    half_life: { default: 90, above: 0, maximum: 10_000, description: 'sessions in which half of the move is back' },
    volatility: { default: 2, minimum: 1, maximum: 10, description: 'times the volatility, over the ramp' },
  },

  resolve({ size, up }, { uniform }) {
    return { move: uniform(0) < up ? size : -size };
  },

  /** m tau/T to T, then m 2^(-(tau-T)/h); volatility goes back with the time constant T. */
  effect({ move, ramp, half_life, volatility }) {
    const rate = Math.LN2 / half_life;
    return {
      shift: {
        clock: 'sessions',
        at: (tau) => (tau < ramp ? (move * tau) / ramp : move * exp(rate * (ramp - tau))),
        bends: [ramp],
        lasts: ramp + SETTLED / rate,
      },
      channels: [{ name: 'volatility', peak: volatility, clock: 'sessions', hold: ramp, decay: ramp }],
    };
  },
});
