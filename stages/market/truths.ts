// What made the bars of a dataset, put together again from its configuration, its calibration and its tables of ground truth.
import { aroundAsset, type Environment, type RegimeSetting } from '../../lib/market/environment.ts';
import { occurrencesOf, planEvents } from '../../lib/market/events.ts';
import { lawOf, type Truth } from '../../lib/market/truth.ts';
import { sharesOf, USUAL } from '../../lib/market/usual.ts';
import { loadModel } from '../../lib/models/catalog.ts';
import type { EventPlan } from '../../lib/models/events/event.ts';
import { type FactorVolatility, factorRow } from '../../lib/models/factors.ts';
import type { ModelParams } from '../../lib/models/model.ts';
import { loadVolatility } from '../../lib/models/volatility/catalog.ts';
import { column, type Table } from '../../lib/table/column.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import {
  type ModelsSetting,
  regimesFrom,
  type SceneSetting,
  type SpanSetting,
  seasonFrom,
  settingsOf,
  spanFrom,
} from './setting.ts';
import type { AssetSetting, CalibrationReport } from './shapes.ts';

/** What the configuration says of the law of the bars. */
export interface LawSetting extends SpanSetting, Pick<SceneSetting, 'regimes' | 'events' | 'season'> {
  readonly tickers: readonly string[];
  readonly price_model: string;
  readonly volatility_model: string;
  readonly models: ModelsSetting;
  readonly assets: Readonly<Record<string, AssetSetting>>;
  readonly memory: number;
  readonly overnight: { readonly share: number | null; readonly df: number };
  readonly correlation_mode: string;
  readonly copula: { readonly family: string; readonly df: number };
  readonly factor_volatility: FactorVolatility | null;
}

/** Named files, as a tree or a folder of one. */
export interface Files {
  names(): readonly string[];
  bytes(name: string): Uint8Array;
}

const infinite = Number.POSITIVE_INFINITY;

export const copulaDfOf = ({ copula }: LawSetting): number => (copula.family === 'student' ? copula.df : infinite);

/**
 * The truth of each ticker; null where the law of returns is not known: of the legacy generator, of a model of somebody's own, of
 * returns that remember all the time, of reverting prices under a Student copula.
 */
export async function truthsOf(
  setting: LawSetting,
  calibration: CalibrationReport,
  latent: Files,
): Promise<((ticker: string) => Truth | null) | null> {
  const { price_model: price, volatility_model: volatility, regimes, memory } = setting;
  const copulaDf = copulaDfOf(setting);
  const forgets = regimes.enabled ? regimes.states.some(({ ar1 = 0 }) => memory + ar1 === 0) : memory === 0;
  if (calibration.correlation === null || price.startsWith('./') || !forgets) return null;
  if (price === 'ou' && copulaDf !== infinite) return null;
  const model = await loadModel(price);
  const driver = volatility === 'none' ? null : await loadVolatility(volatility);
  const plans = await planEvents(setting.events);
  const scene = { span: spanFrom(setting), regimes: regimesFrom(setting), plans };
  const tables = tablesOf(latent);
  const environment = environmentOf(tables, scene);
  return (ticker) => {
    const asset = calibration.assets.find((one) => one.ticker === ticker);
    const variance = tables(`${ticker}/variance.parquet`);
    if (asset === undefined || variance === null) return null;
    const own = setting.assets[ticker];
    const facts = { ...asset, startPrice: asset.start_price };
    const params: ModelParams = model.resolve(facts, settingsOf(price, setting.models, own?.models));
    const driven = driver?.resolve(
      { ...facts, sigma: model.diffusion(params) },
      settingsOf(volatility, setting.models, own?.models),
    );
    const law = lawOf(price, params, driven === undefined ? null : { name: volatility, params: driven });
    if (law === null) return null;
    const share = own?.overnight_share ?? setting.overnight.share ?? USUAL[asset.class].overnight;
    const jumps = tables(`${ticker}/jumps.parquet`);
    const number = (table: Table | null, name: string) =>
      table === null ? new Float64Array(0) : column(table, name, 'float64').values;
    return {
      law,
      span: scene.span,
      periodsPerYear: setting.periods_per_year,
      season: seasonFrom(setting),
      night: share === 0 ? null : { share, nu: setting.overnight.df },
      surroundings: aroundAsset(environment, scene, asset).surroundings,
      memory,
      marginDf: driven === undefined ? infinite : driver!.marginDf(driven),
      shockVariance: shockVariance(setting, asset, tables),
      latent: {
        variance: number(variance, 'variance'),
        sd: number(variance, 'sd'),
        jumps: {
          day: jumps === null ? new Int32Array(0) : column(jumps, 'date', 'date').values,
          time: number(jumps, 'time'),
          size: number(jumps, 'size'),
        },
      },
    };
  };
}

type Tables = (name: string) => Table | null;

function tablesOf(files: Files): Tables {
  const names = new Set(files.names());
  return (name) => (names.has(name) ? readParquet(files.bytes(name)) : null);
}

/** Regimes and events as they were, from their tables. */
function environmentOf(
  tables: Tables,
  {
    span,
    plans,
  }: {
    readonly span: Parameters<typeof occurrencesOf>[1];
    readonly plans: readonly EventPlan[];
    readonly regimes: RegimeSetting | null;
  },
): Environment {
  const regimes = tables('regimes.parquet');
  const events = plans.length === 0 ? null : tables('events.parquet');
  const text = (name: string) => column(events!, name, 'utf8').values;
  const ledger =
    events === null
      ? []
      : Array.from(column(events, 'start', 'timestamp').values, (start, i) => ({
          ...{ id: text('id')[i]!, type: text('type')[i]!, start },
          parameters: text('parameters')[i]!,
        }));
  return {
    path: regimes === null ? null : Array.from(column(regimes, 'regime', 'int32').values),
    occurrences: occurrencesOf(ledger, span),
    factors: {},
    blend: null,
  };
}

/** Variance of a ticker's shock, session by session, where the factors it mixes have volatility of their own. */
function shockVariance(
  { correlation_mode: mode, factor_volatility: moving, assets }: LawSetting,
  asset: CalibrationReport['assets'][number],
  tables: Tables,
): Float64Array | null {
  if (mode !== 'factor' || moving === null) return null;
  const table = tables('factors.parquet');
  if (table === null) return null;
  const { factors, own } = factorRow(sharesOf(asset, assets[asset.ticker]?.factors));
  const out = new Float64Array(table.rows).fill(own * own);
  for (const { name, weight } of factors) {
    const volatility = column(table, `${name}_volatility`, 'float64').values;
    for (let s = 0; s < out.length; s++) out[s] = out[s]! + weight * weight * volatility[s]! * volatility[s]!;
  }
  return out;
}
