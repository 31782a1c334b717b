// Geometric Brownian motion: independent normal log returns, exact for any bar length.
import type { Problem } from '../base/problem.ts';
import type { Model, PathBlock } from './model.ts';
import { refusal } from './model.ts';

export type GbmParams = {
  /** Growth of the mean per year: E S(t) = S(0) e^(mu t). */
  readonly mu: number;
  /** Volatility of log returns per square root of a year. */
  readonly sigma: number;
};

export const model: Model<GbmParams> = {
  name: 'gbm',
  summary: 'Geometric Brownian motion: constant growth and volatility, normal log returns',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['mu', 'sigma'],
    properties: {
      mu: { type: 'number', description: 'growth of the mean price per year' },
      sigma: { type: 'number', minimum: 0, description: 'volatility per square root of a year' },
    },
  },

  check({ mu, sigma }) {
    const problems: Problem[] = [];
    if (!Number.isFinite(mu)) problems.push(refusal('gbm', 'mu', mu, 'a finite number'));
    if (!(Number.isFinite(sigma) && sigma >= 0))
      problems.push(refusal('gbm', 'sigma', sigma, 'a finite number, 0 or more'));
    return problems;
  },

  /** ln S(t + dt) = ln S(t) + (mu - sigma^2 / 2) dt + sigma sqrt(dt) Z. */
  kernel({ mu, sigma }, { yearsPerBar, piecesPerBar }) {
    const years = yearsPerBar / piecesPerBar;
    const drift = (mu - 0.5 * sigma * sigma) * years;
    const scale = sigma * Math.sqrt(years);
    const pieceVariance = sigma * sigma * years;
    return {
      stateLength: 1,
      start() {},
      fill(block: PathBlock, _firstBar: number, bars: number) {
        const { shocks, state, from, to, variance, ends } = block;
        let x = state[0]!;
        let piece = 0;
        for (let b = 0; b < bars; b++) {
          for (let i = 0; i < piecesPerBar; i++) {
            from[piece] = x;
            x += drift + scale * shocks[piece]!;
            to[piece] = x;
            variance[piece] = pieceVariance;
            piece++;
          }
          ends[b] = piece;
        }
        state[0] = x;
        return bars;
      },
    };
  },
};
