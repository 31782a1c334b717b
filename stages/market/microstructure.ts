// Microstructure: quotes, order flow and trading costs of one ticker beside its bars; switching it on changes no price.
import { aroundAsset, chainOf, type Environment } from '../../lib/market/environment.ts';
import type { CostRow } from '../../lib/market/microstructure/costs.ts';
import { LIQUIDITY } from '../../lib/market/microstructure/quotes.ts';
import { makeSide } from '../../lib/market/microstructure/side.ts';
import { regimeValues } from '../../lib/models/regime.ts';
import { json, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { column } from '../../lib/table/column.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { SCENE_SCHEMA, type SceneSetting, sceneOf, sceneOwners } from './setting.ts';
import type { TickerParameters } from './shapes.ts';
import { BARS_SHAPE, barsOf, COSTS_SHAPE, fileOf, QUOTES_SHAPE, quotesTable } from './tables.ts';

interface Params extends SceneSetting {
  readonly ticker: string;
  readonly setting: {
    readonly enabled: boolean;
    readonly spread_bps: number | null;
    readonly depth_share: number | null;
    readonly depth_scale: number;
    readonly spread_innovations: 'normal' | 't4';
    readonly spread_volatility: number;
    readonly spread_volume: number;
    readonly depth_volatility: number;
    readonly depth_volume: number;
    readonly memory: number;
    readonly spread_sd: number;
    readonly depth_sd: number;
    readonly correlation: number;
    readonly flow: {
      readonly rate: number;
      readonly self: number;
      readonly cross: number;
      readonly decay: number;
      readonly correlation: number;
    };
    readonly costs: { readonly impact: number; readonly fee_bps: number };
  };
}

export const microstructure = defineStage<Params>()({
  summary: 'quotes, order flow and trading costs of each ticker beside its bars',
  params: {
    type: 'object',
    required: ['ticker', 'setting'],
    properties: {
      ...SCENE_SCHEMA,
      ticker: { type: 'string' },
      setting: { type: 'object' },
    },
  },
  inputs: {
    bars: tree(BARS_SHAPE, { slice: true }),
    latent: tree('market/latent@1', { slice: true }),
    parameters: tree('market/parameters@2', { slice: true }),
    shared: json<Environment>('market/environment@1'),
  },
  outputs: { quotes: tree(QUOTES_SHAPE), costs: tree(COSTS_SHAPE) },
  uses: ['seed', 'generator_version'],
  selects: { events: 'lib/models/events/catalog.ts' },
  owners: (params) => ({
    ...sceneOwners(params),
    'quotes.innovations': ['setting', 'spread_innovations'],
    quotes: ['setting'],
    flow: ['setting', 'flow'],
    costs: ['setting', 'costs'],
  }),
  async run({ params, in: { bars: files, latent, parameters, shared }, out, seed, generatorVersion }) {
    const { ticker, setting } = params;
    const file = fileOf(ticker, 'parquet');
    const given = JSON.parse(
      Buffer.from(parameters.bytes(fileOf(ticker, 'json'))).toString('utf8'),
    ) as TickerParameters;
    // The legacy generator knows no variance that quotes could go with.
    if (!setting.enabled || given.kind === 'legacy') return;
    const scene = await sceneOf(params, seed as number | string);
    const bars = barsOf(readParquet(files.bytes(file)), ticker);
    const { events } = aroundAsset(shared.value, scene, { ticker, class: given.class, sector: given.sector });
    const chain = scene.regimes === null ? null : chainOf(scene.regimes);
    const path = shared.value.path === null ? null : Uint8Array.from(shared.value.path);
    const regime = (channel: 'spread_scale' | 'depth_scale') =>
      chain === null || path === null ? null : regimeValues(chain, path, channel);
    const usual = LIQUIDITY[given.liquidity];
    const side = makeSide({
      seed: seed as number | string,
      span: scene.span,
      season: scene.season,
      periodsPerYear: params.periods_per_year,
      bars,
      sd: column(readParquet(latent.bytes(`${ticker}/variance.parquet`)), 'sd', 'float64').values,
      overnight: given.overnight_share,
      sigma: given.sigma,
      volumeLevel: given.volume_level,
      tick: given.tick,
      sessionSpread: regime('spread_scale'),
      sessionDepth: regime('depth_scale'),
      barSpread: events?.spread ?? null,
      barDepth: events?.depth ?? null,
      depthScale: setting.depth_scale,
      regimes: chain?.labels ?? ['all'],
      path,
      quotes: {
        spreadBps: setting.spread_bps ?? usual.spreadBps,
        depthShare: setting.depth_share ?? usual.depthShare,
        spreadVolatility: setting.spread_volatility,
        spreadVolume: setting.spread_volume,
        depthVolatility: setting.depth_volatility,
        depthVolume: setting.depth_volume,
        memory: setting.memory,
        spreadSd: setting.spread_sd,
        depthSd: setting.depth_sd,
        correlation: setting.correlation,
        innovations: setting.spread_innovations,
      },
      flow: setting.flow,
      costs: { impact: setting.costs.impact, feeBps: setting.costs.fee_bps },
    });
    const version = generatorVersion as string;
    out.quotes.write(file, writeParquet(quotesTable(bars, side, version)));
    out.costs.write(fileOf(ticker, 'json'), `${JSON.stringify(costsOf(ticker, side.costs), null, 2)}\n`);
  },
});

/** The cost table of a ticker as the dataset has it; sizes are shares of average daily volume. */
function costsOf(ticker: string, rows: readonly CostRow[]) {
  return rows.map(({ regime, size, part, n, medianBps, p95Bps, median, p95 }) => ({
    ticker,
    regime,
    size,
    part,
    n,
    median_bps: medianBps,
    p95_bps: p95Bps,
    median,
    p95,
  }));
}
