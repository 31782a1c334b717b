// Log price of Ornstein-Uhlenbeck (Schwartz 1997, one factor): a price that reverts to a level.

import { normal } from '../math/draw.ts';
import { exp, expm1, log } from '../math/elementary.ts';
import type { Model } from './model.ts';
import { refusals, setting } from './model.ts';
import { pieceWriter } from './pieces.ts';

export type OuParams = {
  /** Level that the mean price tends to. */
  readonly level: number;
  /** Speed of reversion per year; half-life ln 2 / theta. */
  readonly theta: number;
  /** Volatility of log returns per square root of a year. */
  readonly sigma: number;
  /** Growth per year of the level's log. */
  readonly trend?: number | undefined;
  /** Start at the stationary law (default) or at the start price. */
  readonly start?: 'stationary' | 'price' | undefined;
};

/** Mean of the stationary log price, so that E S tends to the level. */
const meanOf = (level: number, theta: number, sigma: number) => log(level) - (sigma * sigma) / (4 * theta);

export const model: Model<OuParams> = {
  name: 'ou',
  summary: 'Ornstein-Uhlenbeck log price (Schwartz one factor): reverts to a level, for commodities, spreads and pegs',
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['level', 'theta', 'sigma'],
    properties: {
      level: { type: 'number', exclusiveMinimum: 0, description: 'level that the mean price tends to' },
      theta: { type: 'number', exclusiveMinimum: 0, description: 'speed of reversion per year' },
      sigma: { type: 'number', exclusiveMinimum: 0, description: 'volatility per square root of a year' },
      trend: { type: 'number', description: 'growth per year of the log of the level' },
      start: { enum: ['stationary', 'price'], description: 'start at the stationary law, or at the start price' },
    },
  },
  ownVolatility: 'its stationary law needs a constant volatility',

  check({ level, theta, sigma, trend = 0, start = 'stationary' }) {
    return refusals('ou', [
      ['level', level, level > 0 && level <= 1e12, 'above 0, at most 1e12'],
      ['theta', theta, theta > 0 && theta <= 1e6, 'above 0, at most 1e6'],
      ['sigma', sigma, sigma > 0 && Number.isFinite(sigma), 'a finite number above 0'],
      ['trend', trend, Number.isFinite(trend), 'a finite number'],
      ['start', start, start === 'stationary' || start === 'price', '"stationary" or "price"'],
    ]);
  },

  resolve({ sigma, startPrice }, settings) {
    return {
      level: setting(settings, 'level', startPrice),
      theta: setting(settings, 'theta', 2),
      sigma,
      trend: setting(settings, 'trend', 0),
      start: setting(settings, 'start', 'price'),
    };
  },
  diffusion: ({ sigma }) => sigma,

  law({ level, theta, sigma, trend = 0 }) {
    const mean = meanOf(level, theta, sigma);
    return {
      kind: 'transition',
      over(from, passed, years, growth, volatility) {
        const pull = expm1(-theta * years);
        const sd = sigma * volatility;
        return {
          mean: trend * years + (from - mean - trend * passed - growth / theta) * pull,
          variance: (sd * sd * -expm1(-2 * theta * years)) / (2 * theta),
        };
      },
    };
  },

  /**
   * Y = ln S - m - trend t: Y(t + dt) = Y e^(-theta dt) + sigma sqrt((1 - e^(-2 theta dt)) / (2 theta)) Z, exact for any dt;
   * m = ln level - sigma^2 / (4 theta), so that E S tends to the level; growth g of a regime moves Y by g (1 - e^(-theta dt)) / theta.
   * state[1] is the years passed.
   */
  kernel({ level, theta, sigma, trend = 0, start = 'stationary' }, setting) {
    const years = setting.yearsPerSession;
    const mean = meanOf(level, theta, sigma);
    const writer = pieceWriter(setting.stream('bridge'));
    const opening = setting.stream('start');
    const none = { count: 0, time: new Float64Array(0), size: new Float64Array(0) };
    // A session has few different shares, most often one after the other.
    let last = Number.NaN;
    let decay = 0;
    let held = 0;
    let spread = 0;
    const over = (share: number) => {
      if (share === last) return;
      last = share;
      decay = exp(-theta * years * share);
      held = -expm1(-theta * years * share) / theta;
      spread = -expm1(-2 * theta * years * share) / (2 * theta);
    };
    return {
      stateLength: 2,
      start(state) {
        if (start === 'stationary') state[0] = mean + (sigma / Math.sqrt(2 * theta)) * normal(opening, 0, 0);
        state[1] = 0;
      },
      fill(block, firstSession, sessions) {
        const { pieces, phi, shocks, share, state } = block;
        let x = state[0]!;
        let elapsed = state[1]!;
        let planned = 0;
        writer.begin(block);
        /** Move Y by a part of the session and give the new log price. */
        const move = (part: number, shock: number, growth: number): number => {
          over(part);
          const away = x - mean - trend * elapsed;
          elapsed += years * part;
          return mean + trend * elapsed + away * decay + growth * held + shock;
        };
        for (let s = 0; s < sessions; s++) {
          if (s > 0 && !writer.fits(s, pieces[s]! - planned, 0)) {
            state[0] = x;
            state[1] = elapsed;
            return s;
          }
          const volatility = sigma * block.volatility[s]!;
          const growth = block.growth[s]!;
          const scale = block.scale[s]!;
          block.annualVariance[s] = volatility * volatility;
          block.sd[s] = volatility * Math.sqrt(years);
          const closed = phi[s]!;
          if (closed > 0) {
            over(closed);
            x = move(closed, volatility * Math.sqrt(spread) * block.gap[s]!, growth);
          }
          writer.open(s, firstSession + s, none);
          for (; planned < pieces[s]!; planned++) {
            const part = share[planned]!;
            over(part);
            const sd = volatility * scale * Math.sqrt(spread);
            x = writer.piece(x, move(part, sd * shocks[planned]!, growth) - x, sd * sd);
          }
        }
        state[0] = x;
        state[1] = elapsed;
        return sessions;
      },
    };
  },
};
