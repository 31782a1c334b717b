// The tables of the market pipeline: what their columns are and how bars become rows and rows bars.
import type { Bars } from '../../lib/market/bars.ts';
import { column, makeTable, type Table } from '../../lib/table/column.ts';
import { defineSchema, required } from '../../lib/table/schema.ts';

export const BARS_SHAPE = 'market/bars@1';
export const FEATURES_SHAPE = 'market/features@1';

const BAR_FIELDS = [
  required('date', 'date'),
  required('ticker', 'utf8'),
  required('open', 'float64'),
  required('high', 'float64'),
  required('low', 'float64'),
  required('close', 'float64'),
  required('volume', 'int64'),
] as const;

/** One row a bar; the file and each column say that they are synthetic. */
export function barsTable(bars: Bars, generatorVersion: string): Table {
  const { day: date, open, high, low, close, volume } = bars;
  const ticker = new Array<string>(date.length).fill(bars.ticker);
  const schema = defineSchema(BARS_SHAPE, BAR_FIELDS, { synthetic: true, generatorVersion });
  return makeTable(schema, { date, ticker, open, high, low, close, volume });
}

/** The bars of a table; throws `table/malformed` when a column is missing or of another type. */
export function barsOf(table: Table, ticker: string): Bars {
  const prices = (name: string) => column(table, name, 'float64').values;
  return {
    ticker,
    day: column(table, 'date', 'date').values,
    open: prices('open'),
    high: prices('high'),
    low: prices('low'),
    close: prices('close'),
    volume: column(table, 'volume', 'int64').values,
  };
}

/** `AAPL.parquet`: a file of a ticker, as mapped stages slice them. */
export const fileOf = (ticker: string, extension: 'parquet' | 'json') => `${ticker}.${extension}`;
