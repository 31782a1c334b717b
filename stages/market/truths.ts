// What made the bars of a dataset, put together again from its configuration, its calibration and its tables of ground truth.
import { aroundAsset, type Environment, type RegimeSetting } from '../../lib/market/environment.ts';
import { occurrencesOf, planEvents } from '../../lib/market/events.ts';
import { lawOf, type Truth } from '../../lib/market/truth.ts';
import { sharesOf, USUAL } from '../../lib/market/usual.ts';
import { loadModel } from '../../lib/models/catalog.ts';
import type { EventPlan } from '../../lib/models/events/event.ts';
import { type FactorVolatility, factorRow } from '../../lib/models/factors.ts';
import type { ReturnLaw } from '../../lib/models/law.ts';
import type { Model, VolatilityModel } from '../../lib/models/model.ts';
import { loadVolatility } from '../../lib/models/volatility/catalog.ts';
import type { LoadPlugin } from '../../lib/table/adapter.ts';
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

/** What made each ticker; null for one of which nothing is known. */
export type Truths = (ticker: string) => Truth | null;

/** The truth of each ticker, or in words why the law of returns is not known. `plugin` loads a model of somebody's own. */
export async function truthsOf(
  setting: LawSetting,
  calibration: CalibrationReport,
  tables: Tables,
  plugin: LoadPlugin | null,
): Promise<Truths | string> {
  const { price_model: price, volatility_model: volatility, memory } = setting;
  const copulaDf = copulaDfOf(setting);
  if (calibration.correlation === null) return 'the legacy generator states no law';
  if (price.startsWith('./') && plugin === null) return `the code of ${price} is no part of the dataset`;
  const model = await loadModel(price, plugin ?? undefined);
  const driver = volatility === 'none' ? null : await loadVolatility(volatility);
  if (model.law === undefined) return `${price} states no law`;
  if (driver !== null && driver.law === undefined) return `${volatility} states no law`;
  const laws = new Map(calibration.assets.map((asset) => [asset.ticker, lawFor(setting, asset, model, driver)]));
  // Pieces of a session lose different parts of their moves: with a Student scale the whole has no known law, which shows where they revert in days.
  if (
    copulaDf !== infinite &&
    [...laws.values()].some(({ law }) => law !== null && turnOf(law, 1 / setting.periods_per_year) > SLOW)
  )
    return 'prices revert within days under a Student copula';
  const scene = { span: spanFrom(setting), regimes: regimesFrom(setting), plans: await planEvents(setting.events) };
  const environment = environmentOf(tables, scene);
  return (ticker) => {
    const asset = calibration.assets.find((one) => one.ticker === ticker);
    const variance = tables(`${ticker}/variance.parquet`);
    const { law = null, marginDf = infinite } = laws.get(ticker) ?? {};
    if (asset === undefined || variance === null || law === null) return null;
    const own = setting.assets[ticker];
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
      marginDf,
      copulaDf,
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

/** How much of a session's moves of parts, at its start and at its end, differ: its square over 12 of the variance is of another law. */
const SLOW = 0.1;

/** Part of a distance from its level that a price loses in a session. */
function turnOf(law: ReturnLaw, years: number): number {
  if (law.kind === 'path') return 0;
  return Math.abs(law.over(1, 0, years, 0, 1).mean - law.over(0, 0, years, 0, 1).mean);
}

/** The law of an asset's returns, and the degrees of freedom of their innovations. */
function lawFor(
  { price_model: price, volatility_model: volatility, models, assets, periods_per_year: periods }: LawSetting,
  asset: CalibrationReport['assets'][number],
  model: Model,
  driver: VolatilityModel | null,
) {
  const own = assets[asset.ticker]?.models;
  const facts = { ...asset, startPrice: asset.start_price };
  const params = model.resolve(facts, settingsOf(price, model, models, own));
  const sigma = model.diffusion(params);
  const driving = driver && {
    model: driver,
    params: driver.resolve({ ...facts, sigma }, settingsOf(volatility, {}, models, own)),
  };
  return {
    law: lawOf({ model, params }, driving, 1 / periods),
    marginDf: driving?.model.marginDf(driving.params) ?? infinite,
  };
}

export type Tables = (name: string) => Table | null;

/** Tables of ground truth; those of the whole market are read once. */
export function tablesOf(files: Files): Tables {
  const names = new Set(files.names());
  const read = new Map<string, Table>();
  return (name) => {
    if (!names.has(name)) return null;
    const table = read.get(name) ?? readParquet(files.bytes(name));
    if (!name.includes('/')) read.set(name, table);
    return table;
  };
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
  const blend = tables('correlation.parquet');
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
    blend: blend === null ? null : Array.from(column(blend, 'common_weight', 'float64').values),
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
