// Stochastic volatility under any price model that has none of its own: the square-root variance of Heston.
import type { VolatilityModel } from '../model.ts';
import {
  checkSquareRoot,
  resolveSquareRoot,
  SQUARE_ROOT_PROPERTIES,
  type SquareRootParams,
  squareRootVariance,
  steadiness,
  warnSquareRoot,
} from '../square-root.ts';
import { squareRootLaw } from '../square-root-law.ts';

export const model: VolatilityModel<SquareRootParams> = {
  name: 'stochastic_vol',
  summary: 'square-root variance (Heston) under another price model',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['kappa', 'theta', 'xi', 'rho'],
    properties: SQUARE_ROOT_PROPERTIES,
  },
  check: (params) => checkSquareRoot('stochastic_vol', params),
  warn: (params) => warnSquareRoot('stochastic_vol', params),
  resolve: resolveSquareRoot,
  marginDf: () => Number.POSITIVE_INFINITY,
  steadiness,
  law: squareRootLaw,
  process: (params, { yearsPerSession }) => squareRootVariance(params, yearsPerSession),
};
