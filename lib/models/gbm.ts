// Geometric Brownian motion: independent normal log returns, exact for any length of a session.
import { constantLaw } from './law.ts';
import type { Model } from './model.ts';
import { refusals } from './model.ts';
import { constantVariance, pathKernel } from './path.ts';

export type GbmParams = {
  /** Growth of the mean per year: E S(t) = S(0) e^(mu t). */
  readonly mu: number;
  /** Volatility of log returns per square root of a year. */
  readonly sigma: number;
};

export const model: Model<GbmParams> = {
  name: 'gbm',
  summary:
    'Geometric Brownian motion: constant growth, normal log returns, volatility constant or from a volatility model',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['mu', 'sigma'],
    properties: {
      mu: { type: 'number', description: 'growth of the mean price per year' },
      sigma: { type: 'number', minimum: 0, description: 'volatility per square root of a year' },
    },
  },
  ownVolatility: null,

  check({ mu, sigma }) {
    return refusals('gbm', [
      ['mu', mu, Number.isFinite(mu), 'a finite number'],
      ['sigma', sigma, Number.isFinite(sigma) && sigma >= 0, 'a finite number, 0 or more'],
    ]);
  },

  resolve: ({ mu, sigma }) => ({ mu, sigma }),
  diffusion: ({ sigma }) => sigma,
  law: ({ mu, sigma }, _, variance) => ({ kind: 'path', mu, jumps: null, variance: variance ?? constantLaw(sigma) }),

  /** ln S(t + dt) = ln S(t) + (mu - sigma^2 / 2) dt + sigma sqrt(dt) Z. */
  kernel({ mu, sigma }, setting) {
    const variance = setting.volatility ?? constantVariance(sigma, setting.yearsPerSession);
    return pathKernel({ mu, variance, jumps: null }, setting);
  },
};
