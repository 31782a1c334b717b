// Jump diffusion: Brownian motion with normal (Merton 1976) or double exponential (Kou 2002) jumps at Poisson times.
import { checkJumps, JUMP_PROPERTIES, type JumpParams, jumpLaw, resolveJumps, withoutJumps } from './jumps.ts';
import { constantLaw } from './law.ts';
import type { Model } from './model.ts';
import { refusals } from './model.ts';
import { constantVariance, pathKernel } from './path.ts';

export type JumpDiffusionParams = {
  /** Growth of the mean price per year, jumps included. */
  readonly mu: number;
  /** Volatility of the diffusion alone, per square root of a year. */
  readonly sigma: number;
} & JumpParams;

export const model: Model<JumpDiffusionParams> = {
  name: 'jump_diffusion',
  summary: 'Jump diffusion: normal (merton) or double exponential (kou) jumps at Poisson times over Brownian motion',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['mu', 'sigma', 'law', 'intensity'],
    properties: {
      mu: { type: 'number', description: 'growth of the mean price per year' },
      sigma: { type: 'number', minimum: 0, description: 'volatility of the diffusion per square root of a year' },
      ...JUMP_PROPERTIES,
    },
  },
  ownVolatility: null,

  check(params) {
    const { mu, sigma } = params;
    return [
      ...refusals('jump_diffusion', [
        ['mu', mu, Number.isFinite(mu), 'a finite number'],
        ['sigma', sigma, Number.isFinite(sigma) && sigma >= 0, 'a finite number, 0 or more'],
      ]),
      ...checkJumps('jump_diffusion', params),
    ];
  },

  resolve(asset, settings) {
    const jumps = resolveJumps(asset, settings);
    return { mu: asset.mu, sigma: withoutJumps(asset, jumps), ...jumps };
  },
  diffusion: ({ sigma }) => sigma,
  law: (params, _, variance) => ({
    ...{ kind: 'path', mu: params.mu, jumps: jumpLaw(params) },
    variance: variance ?? constantLaw(params.sigma),
  }),

  /** d ln S = (mu - sigma^2 / 2 - lambda kappa) dt + sigma sqrt(dt) Z + sum of J, so that E S(t) = S(0) e^(mu t). */
  kernel(params, setting) {
    const variance = setting.volatility ?? constantVariance(params.sigma, setting.yearsPerSession);
    return pathKernel({ mu: params.mu, variance, jumps: jumpLaw(params) }, setting);
  },
};
