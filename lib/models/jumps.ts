// Laws of jump sizes in the log price: normal (Merton 1976) and double exponential (Kou 2002).
import { type Problem, ProblemError } from '../base/problem.ts';
import { normal, uniform } from '../math/draw.ts';
import { exp, expm1, log } from '../math/elementary.ts';
import { type JumpLaw, normalScore } from './law.ts';
import { type AssetFacts, type ModelSettings, refusals, setting } from './model.ts';

export type MertonJumps = {
  readonly law: 'merton';
  /** Mean number of jumps per year. */
  readonly intensity: number;
  /** Mean and standard deviation of a jump in the log price. */
  readonly mean: number;
  readonly sd: number;
};

export type KouJumps = {
  readonly law: 'kou';
  readonly intensity: number;
  /** Probability of a jump up; rates of the exponential sizes: 1 / up is the mean jump up, above 1 so that the price has a mean. */
  readonly probability_up: number;
  readonly up: number;
  readonly down: number;
};

export type JumpParams = MertonJumps | KouJumps;

/** At most this many a year: the mean of a session stays far below what a session can hold. */
const MOST_PER_YEAR = 10_000;

export const JUMP_PROPERTIES = {
  law: { enum: ['merton', 'kou'], description: 'normal or double exponential sizes' },
  intensity: { type: 'number', minimum: 0, description: 'mean number of jumps per year' },
  mean: { type: 'number', description: 'merton: mean of a jump in the log price' },
  sd: { type: 'number', minimum: 0, description: 'merton: standard deviation of a jump' },
  probability_up: { type: 'number', minimum: 0, maximum: 1, description: 'kou: probability of a jump up' },
  up: { type: 'number', exclusiveMinimum: 1, description: 'kou: rate of jumps up, 1 / mean size' },
  down: { type: 'number', exclusiveMinimum: 0, description: 'kou: rate of jumps down, 1 / mean size' },
} as const;

export function checkJumps(model: string, params: JumpParams): Problem[] {
  const { intensity } = params;
  const common = refusals(model, [
    ['intensity', intensity, intensity >= 0 && intensity <= MOST_PER_YEAR, `between 0 and ${MOST_PER_YEAR} a year`],
  ]);
  if (params.law === 'merton') {
    const { mean, sd } = params;
    return [
      ...common,
      ...refusals(model, [
        ['mean', mean, Math.abs(mean) <= 5, 'between -5 and 5'],
        ['sd', sd, sd >= 0 && sd <= 5, 'between 0 and 5'],
      ]),
    ];
  }
  const { probability_up: p, up, down } = params;
  return [
    ...common,
    ...refusals(model, [
      ['law', params.law, params.law === 'kou', '"merton" or "kou"'],
      ['probability_up', p, p >= 0 && p <= 1, 'between 0 and 1'],
      ['up', up, up > 1 && Number.isFinite(up), 'above 1: otherwise the mean price is infinite'],
      ['down', down, down > 0 && Number.isFinite(down), 'above 0'],
    ]),
  ];
}

/** E J^2: what jumps add to the variance of a year, per jump. */
export function secondMoment(params: JumpParams): number {
  if (params.law === 'merton') return params.mean * params.mean + params.sd * params.sd;
  const { probability_up: p, up, down } = params;
  return (2 * p) / (up * up) + (2 * (1 - p)) / (down * down);
}

/**
 * Jumps of an asset. Usual ones: six a year, with sizes that go with its volatility, a little more down than up; their
 * share of the variance is then some 6 percent in every class.
 */
export function resolveJumps({ sigma }: AssetFacts, settings: ModelSettings): JumpParams {
  const intensity = setting(settings, 'intensity', 6) * setting(settings, 'scale', 1);
  if (setting(settings, 'law', 'merton') === 'merton') {
    const mean = setting(settings, 'mean', -0.03 * sigma);
    return { law: 'merton', intensity, mean, sd: setting(settings, 'sd', 0.1 * sigma) };
  }
  const probability_up = setting(settings, 'probability_up', 0.4);
  const [up, down] = [setting(settings, 'up', 14 / sigma), setting(settings, 'down', 13 / sigma)];
  return { law: 'kou', intensity, probability_up, up, down };
}

/** What is left of a total volatility when jumps have taken their share. Throws `model/refused` when nothing is. */
export function withoutJumps({ ticker, sigma }: AssetFacts, jumps: JumpParams): number {
  const taken = jumps.intensity * secondMoment(jumps);
  if (taken < sigma * sigma) return Math.sqrt(sigma * sigma - taken);
  throw new ProblemError({
    code: 'model/refused',
    message: `${ticker}: its jumps have more variance than the asset`,
    facts: { sigma, volatility_of_jumps: Math.sqrt(taken) },
    path: ['jumps'],
    hint: 'lower the intensity or the size of jumps, or raise sigma',
  });
}

/** The law of jumps; a size takes one draw. */
export function jumpLaw(params: JumpParams): JumpLaw {
  if (params.law === 'merton') {
    const { intensity, mean, sd } = params;
    return {
      intensity,
      compensator: (shift, spread) => expm1(mean + shift + 0.5 * (spread * sd) * (spread * sd)),
      size: (stream, session, draw, shift, spread) => mean + shift + spread * sd * normal(stream, session, draw),
      score: (size, shift, spread) => (sd * spread > 0 ? (size - shift - mean) / (sd * spread) : Number.NaN),
    };
  }
  const { intensity, probability_up: p, up, down } = params;
  const spreadOf = (spread: number) => Math.min(spread, 0.5 * (1 + up));
  return {
    intensity,
    // A spread of `up` or more leaves the price no mean: such jumps are kept at the last spread that has one.
    compensator: (shift, spread) => {
      const c = spreadOf(spread);
      return exp(shift) * ((p * up) / (up - c) + ((1 - p) * down) / (down + c)) - 1;
    },
    size: (stream, session, draw, shift, spread) => {
      const u = uniform(stream, session, draw);
      return shift + spreadOf(spread) * (u < 1 - p ? log(u / (1 - p)) / down : -log((1 - u) / p) / up);
    },
    score: (size, shift, spread) => {
      const [x, c] = [size - shift, spreadOf(spread)];
      if (!(c > 0)) return Number.NaN;
      return x < 0 ? normalScore((1 - p) * exp((down * x) / c)) : -normalScore(p * exp((-up * x) / c));
    },
  };
}
