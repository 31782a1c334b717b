// Hybrid: a diffusion whose parts are switched on one by one. Without any it is gbm, with one the plain model of that part.
import { checkJumps, JUMP_PROPERTIES, type JumpParams, jumpLaw, resolveJumps, withoutJumps } from './jumps.ts';
import { constantLaw } from './law.ts';
import type { Model } from './model.ts';
import { refusals, setting } from './model.ts';
import { constantVariance, pathKernel } from './path.ts';

export type HybridParams = {
  /** Growth of the mean price per year. */
  readonly mu: number;
  /** Volatility of the diffusion per square root of a year, where no volatility model drives it. */
  readonly sigma: number;
  /** Null for none. */
  readonly jumps: JumpParams | null;
};

export const model: Model<HybridParams> = {
  name: 'hybrid',
  summary: 'Regimes x volatility model x jumps x events, each part switched on or off',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['mu', 'sigma', 'jumps'],
    properties: {
      mu: { type: 'number', description: 'growth of the mean price per year' },
      sigma: { type: 'number', minimum: 0, description: 'volatility of the diffusion per square root of a year' },
      jumps: {
        type: ['object', 'null'],
        additionalProperties: false,
        required: ['law', 'intensity'],
        properties: JUMP_PROPERTIES,
      },
    },
  },
  ownVolatility: null,

  check({ mu, sigma, jumps }) {
    return [
      ...refusals('hybrid', [
        ['mu', mu, Number.isFinite(mu), 'a finite number'],
        ['sigma', sigma, Number.isFinite(sigma) && sigma >= 0, 'a finite number, 0 or more'],
      ]),
      ...(jumps === null ? [] : checkJumps('hybrid', jumps)),
    ];
  },

  /** Settings: `jumps` switches them on, with the settings of jump_diffusion beside it. */
  resolve(asset, settings) {
    const jumps = setting(settings, 'jumps', true) ? resolveJumps(asset, settings) : null;
    return { mu: asset.mu, sigma: jumps === null ? asset.sigma : withoutJumps(asset, jumps), jumps };
  },
  diffusion: ({ sigma }) => sigma,
  law: ({ mu, sigma, jumps }, _, variance) => ({
    ...{ kind: 'path', mu, jumps: jumps === null ? null : jumpLaw(jumps) },
    variance: variance ?? constantLaw(sigma),
  }),

  /** Regimes and events reach every kernel through its block; the other parts are chosen here. */
  kernel({ mu, sigma, jumps }, setting) {
    const variance = setting.volatility ?? constantVariance(sigma, setting.yearsPerSession);
    return pathKernel({ mu, variance, jumps: jumps === null ? null : jumpLaw(jumps) }, setting);
  },
};
