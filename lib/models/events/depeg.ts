// Depeg: a pegged asset breaks from its peg and comes back, or falls to a new floor; others of its kind shake with it.
import { exp, log } from '../../math/elementary.ts';
import { defineEvent, SETTLED } from './event.ts';

/**
 * The calm peg is the price model `ou` (half-life an hour, sd 5 bp around the log of the peg), and the event never enters its
 * state: the shift carries both the break and the slow way back, which is what reversion at a twentieth of its speed looks like.
 */
export const event = defineEvent({
  name: 'depeg',
  summary: 'Depeg: a pegged asset breaks and comes back within days, or falls to a new floor; contagion to crypto',
  starts: 'within',
  rate: 0.5,
  minGap: 20,
  // Where one peg is to break and the others to shake: tickers { NAME: 1 }, classes { stablecoin: 0.2 }.
  loadings: { stablecoin: 1, crypto: 0.2 },
  params: {
    drop: { default: [0.03, 0.13], minimum: 0, maximum: 5, description: 'log jump at the start, below the peg' },
    half_life_hours: {
      default: 24,
      above: 0,
      maximum: 10_000,
      description: 'hours to the middle of the way; a session counts 24',
    },
    collapse: { default: 0.1, minimum: 0, maximum: 1, description: 'probability that it falls to the floor instead' },
    floor: { default: [0.1, 0.6], above: 0, maximum: 1, description: 'price at the floor, in units of the peg' },
    spread: { default: 20, minimum: 1, description: 'times the spread at the start' },
    volume: { default: 10, minimum: 1, description: 'times the volume at the start' },
  },

  resolve({ collapse }, { uniform }) {
    return { collapsed: uniform(0) < collapse ? 1 : 0 };
  },

  /** -m e^(-ln2 tau/h), or where it collapses ln(floor) + (-m - ln(floor)) e^(-ln2 tau/h): of the peg alone, not of contagion. */
  effect({ drop, half_life_hours, floor, collapsed, spread, volume }, loading) {
    const half = half_life_hours / 24;
    const end = collapsed === 1 && loading >= 1 ? log(floor) : 0;
    const decays = { clock: 'sessions', hold: 0, decay: half / Math.LN2 } as const;
    return {
      shift: {
        clock: 'sessions',
        at: (tau) => end + (-drop - end) * exp((-Math.LN2 / half) * tau),
        bends: [0.125, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7].map((x) => x * half),
        lasts: (SETTLED * half) / Math.LN2,
      },
      channels: [
        { name: 'spread', peak: spread, ...decays },
        { name: 'volume', peak: volume, ...decays },
      ],
    };
  },
});
