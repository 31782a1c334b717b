// The tables of the market pipeline: what their columns are and how bars become rows and rows bars.
import type { Bars } from '../../lib/market/bars.ts';
import { column, makeTable, type Table } from '../../lib/table/column.ts';
import { defineSchema, required, type TableSchema } from '../../lib/table/schema.ts';

export const BARS_SHAPE = 'market/bars@1';
export const FEATURES_SHAPE = 'market/features@1';

/** Intraday bars also say when they begin. */
const TIME = required('time', 'timestamp');
const BAR_FIELDS = [
  required('date', 'date'),
  required('ticker', 'utf8'),
  required('open', 'float64'),
  required('high', 'float64'),
  required('low', 'float64'),
  required('close', 'float64'),
  required('volume', 'int64'),
] as const;

/** One row a bar; the file and each column say that they are synthetic. `date` is the session's day. */
export function barsSchema(intraday: boolean, generatorVersion: string): TableSchema {
  const fields = intraday ? [BAR_FIELDS[0], TIME, ...BAR_FIELDS.slice(1)] : BAR_FIELDS;
  return defineSchema(BARS_SHAPE, fields, { synthetic: true, generatorVersion });
}

export function barsTable(schema: TableSchema, bars: Bars): Table {
  const { day: date, time, open, high, low, close, volume } = bars;
  const ticker = new Array<string>(date.length).fill(bars.ticker);
  return makeTable(schema, { date, ...(time === null ? {} : { time }), ticker, open, high, low, close, volume });
}

/** The bars of a table; throws `table/malformed` when a column is missing or of another type. */
export function barsOf(table: Table, ticker: string): Bars {
  const prices = (name: string) => column(table, name, 'float64').values;
  return {
    ticker,
    day: column(table, 'date', 'date').values,
    time: 'time' in table.columns ? column(table, 'time', 'timestamp').values : null,
    open: prices('open'),
    high: prices('high'),
    low: prices('low'),
    close: prices('close'),
    volume: column(table, 'volume', 'int64').values,
  };
}

/** `AAPL.parquet`: a file of a ticker, as mapped stages slice them. */
export const fileOf = (ticker: string, extension: 'parquet' | 'json') => `${ticker}.${extension}`;
