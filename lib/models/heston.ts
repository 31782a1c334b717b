// Heston (1993): stochastic variance that reverts to a level and moves with the price.
import type { Model } from './model.ts';
import { refusals } from './model.ts';
import { pathKernel } from './path.ts';
import {
  checkSquareRoot,
  resolveSquareRoot,
  SQUARE_ROOT_PROPERTIES,
  type SquareRootParams,
  squareRootVariance,
  steadiness,
  warnSquareRoot,
} from './square-root.ts';
import { squareRootLaw } from './square-root-law.ts';

export type HestonParams = {
  /** Growth of the mean price per year. */
  readonly mu: number;
} & SquareRootParams;

export const model: Model<HestonParams> = {
  name: 'heston',
  summary: 'Heston: variance reverts to a level and moves with the price',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['mu', 'kappa', 'theta', 'xi', 'rho'],
    properties: { mu: { type: 'number', description: 'growth of the mean price per year' }, ...SQUARE_ROOT_PROPERTIES },
  },
  ownVolatility: 'it has a stochastic variance of its own',

  check(params) {
    return [
      ...refusals('heston', [['mu', params.mu, Number.isFinite(params.mu), 'a finite number']]),
      ...checkSquareRoot('heston', params),
    ];
  },

  warn: (params) => warnSquareRoot('heston', params),

  resolve: (asset, settings) => ({ mu: asset.mu, ...resolveSquareRoot(asset, settings) }),
  diffusion: ({ theta }) => Math.sqrt(theta),
  steadiness,
  law: (params, years) => ({ kind: 'path', mu: params.mu, jumps: null, variance: squareRootLaw(params, years) }),

  /** dS/S = mu dt + sqrt(v) dW, dv = kappa (theta - v) dt + xi sqrt(v) dB, corr(dW, dB) = rho. */
  kernel(params, setting) {
    const variance = squareRootVariance(params, setting.yearsPerSession);
    return pathKernel({ mu: params.mu, variance, jumps: null }, setting);
  },
};
