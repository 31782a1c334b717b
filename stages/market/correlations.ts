// How the shocks of a market's tickers went together, put together again from its reports and its tables of ground truth.
import type { Correlations } from '../../lib/market/correlations.ts';
import { sharesOf } from '../../lib/market/usual.ts';
import { factorRow } from '../../lib/models/factors.ts';
import { column } from '../../lib/table/column.ts';
import type { CalibrationReport, EnvironmentReport } from './shapes.ts';
import { pairIn } from './tables.ts';
import { copulaDfOf, type LawSetting, type Tables } from './truths.ts';

/** In words why they are not known, where they are not. */
export function correlationsOf(
  setting: LawSetting,
  { assets }: CalibrationReport,
  { correlation }: EnvironmentReport,
  tables: Tables,
): Correlations | string {
  if (setting.tickers.length < 2) return 'there is no pair of tickers';
  if (correlation === null) return 'none was asked for';
  const copulaDf = copulaDfOf(setting);
  const { mode, shocks } = correlation;
  // What moves under DECO is the weight of the shock that all share.
  if (mode === 'deco') return { copulaDf, between: () => 0 };
  if (mode === 'factor') return { copulaDf, between: byFactors(setting, assets, tables) };
  const pairs = tables('pairs.parquet');
  if (pairs !== null) return { copulaDf, between: (a, b) => pairIn(pairs, a, b) };
  if (mode === 'rolling' && tables('correlation.parquet') === null)
    return 'those of each session are no part of the dataset';
  const place = new Map(assets.map(({ ticker }, i) => [ticker, i]));
  return { copulaDf, between: (a, b) => shocks?.[place.get(a) ?? -1]?.[place.get(b) ?? -1] ?? Number.NaN };
}

function byFactors(
  { assets: own, factor_volatility: moving }: LawSetting,
  assets: CalibrationReport['assets'],
  tables: Tables,
) {
  const rows = new Map(
    assets.map((asset) => [asset.ticker, factorRow(sharesOf(asset, own[asset.ticker]?.factors)).factors]),
  );
  const table = moving === null ? null : tables('factors.parquet');
  const sum = new Float64Array(table?.rows ?? 0);
  const squares = new Map<string, Float64Array>();
  const square = (name: string) => {
    const found = squares.get(name);
    if (found !== undefined || table === null) return found;
    const made = column(table, `${name}_volatility`, 'float64').values.map((volatility) => volatility * volatility);
    squares.set(name, made);
    return made;
  };
  return (a: string, b: string) => {
    const both = (rows.get(a) ?? []).flatMap(({ name, weight }) => {
      const other = rows.get(b)?.find((factor) => factor.name === name);
      return other === undefined ? [] : [{ name, product: weight * other.weight }];
    });
    if (table === null) return both.reduce((sum, { product }) => sum + product, 0);
    sum.fill(0);
    for (const { name, product } of both) {
      const of = square(name)!;
      for (let s = 0; s < sum.length; s++) sum[s] = sum[s]! + product * of[s]!;
    }
    return sum;
  };
}
