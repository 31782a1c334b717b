// GARCH(1,1) of Bollerslev (1986) with the asymmetry of Glosten, Jagannathan & Runkle (1993), session by session.

import { normal } from '../../math/draw.ts';
import { log } from '../../math/elementary.ts';
import { gamma } from '../../math/laws.ts';
import type { AssetClass } from '../asset-class.ts';
import type { VolatilityModel } from '../model.ts';
import { refusals, setting } from '../model.ts';

export type GarchParams = {
  /** Volatility per square root of a year that the variance reverts to; where the process is integrated, the one it starts at. */
  readonly sigma: number;
  /** Weights of the last squared innovation, of it again after a fall, and of the last variance. */
  readonly alpha: number;
  readonly gamma: number;
  readonly beta: number;
  readonly innovations: 'normal' | 'student';
  /** Degrees of freedom of Student innovations, scaled to unit variance. */
  readonly nu?: number | undefined;
  /** Allow a persistence of 1 and more: the variance then has no level to revert to. */
  readonly integrated?: boolean | undefined;
};

/** alpha + gamma / 2 + beta: what a shock to variance keeps per session, for symmetric innovations. */
export const persistence = ({ alpha, gamma, beta }: GarchParams): number => alpha + 0.5 * gamma + beta;

/** Sessions until half of a shock to variance is gone. */
export const halfLife = (params: GarchParams): number => log(0.5) / log(persistence(params));

/** Kurtosis of the innovations times sigma; Infinity where the fourth moment does not exist (He & Terasvirta 1999). */
export function kurtosis(params: GarchParams): number {
  const { alpha, gamma, beta, innovations, nu = 0 } = params;
  const of = innovations === 'normal' ? 3 : nu > 4 ? (3 * (nu - 2)) / (nu - 4) : Number.POSITIVE_INFINITY;
  const a = alpha + 0.5 * gamma;
  const a2 = alpha * alpha + alpha * gamma + 0.5 * gamma * gamma;
  const rest = 1 - beta * beta - 2 * a * beta - of * a2;
  return rest > 0 ? (of * (1 - (a + beta) * (a + beta))) / rest : Number.POSITIVE_INFINITY;
}

type Usual = Required<Pick<GarchParams, 'alpha' | 'gamma' | 'beta' | 'nu'>>;
const STOCK: Usual = { alpha: 0.06, gamma: 0.02, beta: 0.915, nu: 4.5 };
const FUND: Usual = { alpha: 0.005, gamma: 0.17, beta: 0.895, nu: 7.5 };
const CURRENCY: Usual = { alpha: 0.038, gamma: 0, beta: 0.957, nu: 8.8 };
const METAL: Usual = { alpha: 0.039, gamma: 0, beta: 0.956, nu: 5.2 };
const RAW: Usual = { alpha: 0.083, gamma: 0, beta: 0.906, nu: 6 };
/** Student fits to daily returns of each class; leverage belongs to what falls together, so there is no one gamma for all. */
const USUAL: Readonly<Record<AssetClass, Usual>> = {
  equity: STOCK,
  etf: FUND,
  index: FUND,
  fx: CURRENCY,
  commodity: RAW,
  energy: RAW,
  metal: METAL,
  gold: METAL,
  bond: { ...CURRENCY, beta: 0.95 },
  crypto: { alpha: 0.145, gamma: 0, beta: 0.85, nu: 3.5 },
  stablecoin: CURRENCY,
};

/** Half-lives of burning in, and the most sessions that it takes. */
const BURN_IN = 5;
const LONGEST = 20_000;

export const model: VolatilityModel<GarchParams> = {
  name: 'garch',
  summary: 'GARCH(1,1) with asymmetry (GJR); normal or Student innovations',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['sigma', 'alpha', 'gamma', 'beta', 'innovations'],
    properties: {
      sigma: { type: 'number', exclusiveMinimum: 0, description: 'long-run volatility per square root of a year' },
      alpha: { type: 'number', minimum: 0, description: 'weight of the last squared innovation' },
      gamma: { type: 'number', description: 'weight of it again after a fall' },
      beta: { type: 'number', minimum: 0, description: 'weight of the last variance' },
      innovations: { enum: ['normal', 'student'], description: 'law of the innovations' },
      nu: { type: 'number', exclusiveMinimum: 2, description: 'degrees of freedom of Student innovations' },
      integrated: { type: 'boolean', description: 'allow a persistence of 1 or more' },
    },
  },

  check(params) {
    const { sigma, alpha, gamma, beta, innovations, nu = Number.NaN, integrated = false } = params;
    const p = persistence(params);
    return refusals('garch', [
      ['sigma', sigma, sigma > 0 && Number.isFinite(sigma), 'a finite number above 0'],
      ['alpha', alpha, alpha >= 0, '0 or more'],
      ['gamma', gamma, alpha + gamma >= 0, '-alpha or more'],
      ['beta', beta, beta >= 0, '0 or more'],
      ['innovations', innovations, innovations === 'normal' || innovations === 'student', '"normal" or "student"'],
      [
        'nu',
        nu,
        innovations !== 'student' || (nu > 2 && nu <= 1e6),
        'above 2, so that the innovations have a variance',
      ],
      ['alpha + gamma/2 + beta', p, p < 1 || (integrated && p <= 1.05), 'below 1 (or say integrated: true)'],
    ]);
  },

  warn(params) {
    const p = persistence(params);
    if (p < 1 && halfLife(params) * BURN_IN > LONGEST)
      return [
        `garch: persistence ${p} needs a burn-in of more than ${LONGEST} sessions; the start is near the long-run variance`,
      ];
    return [];
  },

  resolve(asset, settings) {
    const usual = USUAL[asset.class];
    return {
      sigma: asset.sigma,
      alpha: setting(settings, 'alpha', usual.alpha),
      gamma: setting(settings, 'gamma', usual.gamma),
      beta: setting(settings, 'beta', usual.beta),
      innovations: setting(settings, 'innovations', 'student'),
      nu: setting(settings, 'nu', usual.nu),
      integrated: setting(settings, 'integrated', false),
    };
  },

  marginDf: ({ innovations, nu = Number.NaN }) => (innovations === 'student' ? nu : Number.POSITIVE_INFINITY),

  feedback: ({ alpha, gamma, beta }) => ({ alpha, gamma, beta }),

  /** The recursion of the process below, for variances per year. */
  law(params, yearsPerSession) {
    const { sigma, alpha, gamma: asymmetry, beta } = params;
    const constant = sigma * sigma * Math.max(0, 1 - persistence(params));
    return {
      of: 'innovations',
      next: (variance, e, target) =>
        constant * target * target + ((e < 0 ? alpha + asymmetry : alpha) * e * e) / yearsPerSession + beta * variance,
    };
  },

  /**
   * h(t) = omega + (alpha + gamma 1[e(t-1) < 0]) e(t-1)^2 + beta h(t-1), h the variance of a session and omega = sigma^2 dt (1 - p).
   * The start is burnt in from the long-run variance with draws of its own; an integrated process starts at sigma^2 dt.
   */
  process(params, { yearsPerSession, stream }) {
    const { sigma, alpha, gamma: asymmetry, beta, innovations, nu = Number.NaN } = params;
    const p = persistence(params);
    const level = sigma * sigma * yearsPerSession;
    const omega = p < 1 ? level * (1 - p) : 0;
    const burn = p < 1 && p > 0 ? Math.min(Math.ceil(BURN_IN * halfLife(params)), LONGEST) : 0;
    const shocks = stream('burnIn');
    const mixing = innovations === 'student' ? stream('burnInMix') : null;
    const next = (h: number, e: number, of: number) => of + (e < 0 ? alpha + asymmetry : alpha) * (e * e) + beta * h;
    return {
      stateLength: 2,
      source: { of: 'innovations', alpha, gamma: asymmetry, beta, omega },
      start(state, at, firstSession) {
        let h = level;
        let e = 0;
        for (let back = burn; back > 0; back--) {
          const session = firstSession - back;
          let z = normal(shocks, session, 0);
          if (mixing !== null) z *= Math.sqrt((0.5 * (nu - 2)) / gamma(mixing, session, 0, 0.5 * nu));
          e = Math.sqrt(h) * z;
          h = next(h, e, omega);
        }
        // state[at] holds the variance to use next, so that the first step need not know it is one.
        state[at] = h;
        state[at + 1] = Number.NaN;
      },
      step(state, at, _shock, target, out) {
        const e = state[at + 1]!;
        if (!Number.isNaN(e)) state[at] = next(state[at]!, e, omega * (target * target));
        const h = state[at]!;
        out.integrated = h;
        out.leverage = 0;
        out.residual = h;
        out.annual = h / yearsPerSession;
      },
      settle(state, at, innovation) {
        state[at + 1] = innovation;
      },
    };
  },
};
