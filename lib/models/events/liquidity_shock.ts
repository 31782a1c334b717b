// Liquidity shock: the spread widens and depth goes away for days; prices feel it only through impact.
import { defineEvent } from './event.ts';

export const event = defineEvent({
  name: 'liquidity_shock',
  summary: 'Liquidity shock: a wide spread and a thin book for days, more common shocks, no push to prices',
  starts: 'open',
  rate: 2,
  minGap: 10,
  loadings: {
    equity: 1,
    etf: 1,
    index: 1,
    commodity: 1,
    energy: 1,
    metal: 1,
    gold: 0.5,
    fx: 0.5,
    bond: 1,
    crypto: 1,
    stablecoin: 0.5,
  },
  params: {
    spread: { default: 5, minimum: 1, description: 'times the spread, on the first session' },
    depth_lost: {
      default: 0.8,
      minimum: 0,
      maximum: 0.99,
      description: 'share of the depth gone, on the first session',
    },
    decay: { default: 3, above: 0, maximum: 10_000, description: 'time constant of the decay in sessions' },
    blend: { default: 0.2, minimum: 0, maximum: 1, description: 'weight of common shocks, on the first session' },
  },

  /** Spread 1 + (k - 1) e^(-tau/td), depth 1 - delta e^(-tau/td). */
  effect({ spread, depth_lost, decay, blend }) {
    const decays = { clock: 'sessions', hold: 0, decay } as const;
    return {
      shift: null,
      channels: [
        { name: 'spread', peak: spread, ...decays },
        { name: 'depth', peak: 1 - depth_lost, ...decays },
        { name: 'blend', peak: blend, ...decays },
      ],
    };
  },
});
