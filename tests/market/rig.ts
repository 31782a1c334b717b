// A plain request of generated bars, to be changed field by field.
import type { Bars } from '../../lib/market/bars.ts';
import { allBars, type BarsRequest } from '../../lib/market/generate.ts';
import { FLAT } from '../../lib/market/season.ts';
import { alone, type Mix } from '../../lib/market/shocks.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import { STOCK_VOLUME } from '../../lib/market/volume.ts';
import { type GbmParams, model as gbm } from '../../lib/models/gbm.ts';
import type { Model } from '../../lib/models/model.ts';

export function request(change: Partial<BarsRequest> = {}): BarsRequest {
  const ticker = change.ticker ?? 'AAPL';
  return {
    seed: 123,
    calendar: 'B',
    frequency: 'B',
    start: '2020-01-01',
    end: '2024-01-01',
    periodsPerYear: 252,
    ticker,
    mix: alone(ticker),
    model: gbm as Model,
    params: { mu: 0.08, sigma: 0.25 } satisfies GbmParams,
    startPrice: 100,
    tick: 0.01,
    volume: { ...STOCK_VOLUME, level: 1e6 },
    volatility: null,
    pieces: 4,
    season: FLAT,
    night: null,
    memory: 0,
    copulaDf: Number.POSITIVE_INFINITY,
    copulaGroup: '',
    surroundings: CALM,
    ...change,
  };
}

/** The mix of tickers whose normals are those of other tickers. */
export const mixOf = (names: readonly string[], weights: readonly number[]): Mix => ({
  sources: names.map((name) => ({ scope: 'asset', name })),
  weights,
  varying: null,
});

export const bars = (change: Partial<BarsRequest> = {}): Bars => allBars(request(change)).bars;
export const columns = (b: Bars) => [b.day, b.open, b.high, b.low, b.close, b.volume] as const;
