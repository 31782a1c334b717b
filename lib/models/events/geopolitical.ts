// Geopolitical shock: an overnight flight from equities into energy and gold, partly taken back in the weeks after.
import { exp } from '../../math/elementary.ts';
import { defineEvent, SETTLED } from './event.ts';

export const event = defineEvent({
  name: 'geopolitical',
  summary: 'Geopolitical shock: equities gap down, energy and gold up, half of it reversed within weeks',
  starts: 'overnight',
  rate: 0.5,
  minGap: 20,
  loadings: { equity: -1, etf: -1, index: -1, energy: 2, gold: 0.5 },
  params: {
    gap: { default: 0.03, minimum: 0, maximum: 5, description: 'log jump of a class of loading 1' },
    reversed: { default: 0.5, minimum: 0, maximum: 1, description: 'share of the jump that goes back' },
    half_life: { default: 10, above: 0, maximum: 10_000, description: 'sessions in which half of that is back' },
    volatility: { default: 2, minimum: 1, maximum: 10, description: 'times the volatility, on the first session' },
    decay: { default: 10, above: 0, maximum: 10_000, description: 'time constant of volatility and blend in sessions' },
    blend: { default: 0.4, minimum: 0, maximum: 1, description: 'weight of common shocks, on the first session' },
  },

  /** g [1 - r (1 - 2^(-tau/h))]. */
  effect({ gap, reversed, half_life, volatility, decay, blend }) {
    const rate = Math.LN2 / half_life;
    const at = (tau: number) => gap * (1 - reversed * (1 - exp(-rate * tau)));
    const decays = { clock: 'sessions', hold: 0, decay } as const;
    return {
      shift: { clock: 'sessions', at, bends: [], lasts: SETTLED / rate },
      channels: [
        { name: 'volatility', peak: volatility, ...decays },
        { name: 'blend', peak: blend, ...decays },
      ],
    };
  },
});
