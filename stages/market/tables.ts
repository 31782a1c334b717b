// The tables of the market pipeline: what their columns are and how bars become rows and rows bars.
import type { Bars } from '../../lib/market/bars.ts';
import type { ImpactRow, LedgerRow } from '../../lib/market/events.ts';
import type { Side } from '../../lib/market/microstructure/side.ts';
import { type Column, column, makeTable, type Table, type Values } from '../../lib/table/column.ts';
import { defineSchema, type Field, required, sortKeys, type TableSchema } from '../../lib/table/schema.ts';

export const BARS_SHAPE = 'market/bars@1';
export const QUOTES_SHAPE = 'market/quotes@1';
export const COSTS_SHAPE = 'market/costs@1';
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

/** The schema of a generator version, made once for all the tables of a thread. */
function perVersion(make: (version: string) => TableSchema): (version: string) => TableSchema {
  let known: { readonly version: string; readonly schema: TableSchema } | null = null;
  return (version) => {
    if (known?.version !== version) known = { version, schema: make(version) };
    return known.schema;
  };
}

const barsSchemaOf = (fields: readonly Field[]) =>
  perVersion((generatorVersion) => defineSchema(BARS_SHAPE, fields, { synthetic: true, generatorVersion }));
const dailyBars = barsSchemaOf(BAR_FIELDS);
const intradayBars = barsSchemaOf([BAR_FIELDS[0], TIME, ...BAR_FIELDS.slice(1)]);

/** One row a bar; the file and each column say that they are synthetic. `date` is the session's day. */
export function barsSchema(intraday: boolean, generatorVersion: string): TableSchema {
  return (intraday ? intradayBars : dailyBars)(generatorVersion);
}

/** The ticker of each row of a table; most tables of a ticker are as long as the one before. */
let tickers: readonly string[] = [];
function tickersOf(ticker: string, rows: number): readonly string[] {
  if (tickers.length !== rows || tickers[0] !== ticker) tickers = new Array<string>(rows).fill(ticker);
  return tickers;
}

export function barsTable(schema: TableSchema, bars: Bars): Table {
  const { day: date, time, open, high, low, close, volume } = bars;
  const ticker = tickersOf(bars.ticker, date.length);
  return makeTable(schema, { date, ...(time === null ? {} : { time }), ticker, open, high, low, close, volume });
}

const LATENT_SHAPE = 'market/latent@1';

/** A table of what nobody could have observed; it says so itself, so that no feature takes it for data. */
function latent(
  name: string,
  fields: readonly Field[],
  version: string,
  columns: Record<string, Column | Values>,
): Table {
  return makeTable(latentSchema(name, fields, version), columns);
}

function latentSchema(name: string, fields: readonly Field[], version: string): TableSchema {
  const schema = defineSchema(`${LATENT_SHAPE}/${name}`, fields, { synthetic: true, generatorVersion: version });
  return { ...schema, metadata: sortKeys({ ...schema.metadata, [LATENT_KEY]: 'true' }) };
}

/** Metadata key of tables of ground truth. */
export const LATENT_KEY = 'marketloom:latent';

/** Weights of a ticker's sources, session by session: column k is its k-th source. */
export function mixingTable(days: Int32Array, rows: readonly Float64Array[], version: string): Table {
  const names = rows.map((_, k) => `k${k}`);
  const columns = Object.fromEntries(names.map((name, k) => [name, rows[k]!]));
  const fields = [required('date', 'date'), ...names.map((name) => required(name, 'float64'))];
  return latent('mixing', fields, version, { date: days, ...columns });
}

/** The columns of `mixingTable`. */
export function mixingOf(table: Table): Float64Array[] {
  return table.schema.fields.slice(1).map(({ name }) => column(table, name, 'float64').values);
}

export function regimesTable(
  days: Int32Array,
  path: readonly number[],
  states: readonly { readonly label: string }[],
  version: string,
): Table {
  const fields = [required('date', 'date'), required('regime', 'int32'), required('label', 'utf8')];
  const label = path.map((regime) => states[regime]!.label);
  return latent('regimes', fields, version, { date: days, regime: Int32Array.from(path), label });
}

/** Each factor's unit normal, and its volatility where that moves. */
export function factorsTable(
  days: Int32Array,
  shocks: Readonly<Record<string, Float64Array>>,
  volatility: Readonly<Record<string, readonly number[]>>,
  version: string,
): Table {
  const columns = Object.fromEntries([
    ...Object.entries(shocks),
    ...Object.entries(volatility).map(([name, values]) => [`${name}_volatility`, Float64Array.from(values)]),
  ]);
  const fields = Object.keys(columns).map((name) => required(name, 'float64'));
  return latent('factors', [required('date', 'date'), ...fields], version, { date: days, ...columns });
}

/** Weight of the shock that all assets share. */
export function blendTable(days: Int32Array, blend: readonly number[], version: string): Table {
  const fields = [required('date', 'date'), required('common_weight', 'float64')];
  return latent('correlation', fields, version, { date: days, common_weight: Float64Array.from(blend) });
}

const pairOf = (first: string, second: string): string => `${first}:${second}`;

/** Correlation of the shocks of each pair, session by session: column `A:B`, the ticker that comes first before the other. */
export function pairsTable(
  days: Int32Array,
  names: readonly string[],
  between: (i: number, j: number) => Float64Array,
  version: string,
): Table {
  const columns: Record<string, Float64Array> = {};
  names.forEach((name, i) => {
    for (let j = 0; j < i; j++) columns[pairOf(names[j]!, name)] = between(i, j);
  });
  const fields = Object.keys(columns).map((name) => required(name, 'float64'));
  return latent('pairs', [required('date', 'date'), ...fields], version, { date: days, ...columns });
}

/** The correlations of a pair of `pairsTable`, whichever of the two is named first. */
export function pairIn(table: Table, a: string, b: string): Float64Array {
  const name = pairOf(a, b) in table.columns ? pairOf(a, b) : pairOf(b, a);
  return column(table, name, 'float64').values;
}

export function eventsTable(rows: readonly LedgerRow[], version: string): Table {
  const numbers = (name: 'start' | 'end' | 'intensity' | 'direction') => Float64Array.from(rows, (row) => row[name]);
  const texts = (name: 'id' | 'type' | 'scope' | 'parameters') => rows.map((row) => row[name]);
  const fields = [
    required('id', 'utf8'),
    required('type', 'utf8'),
    required('scope', 'utf8'),
    required('start', 'timestamp'),
    required('end', 'timestamp'),
    required('intensity', 'float64'),
    required('direction', 'float64'),
    required('parameters', 'utf8'),
  ];
  return latent('events', fields, version, {
    id: texts('id'),
    type: texts('type'),
    scope: texts('scope'),
    start: numbers('start').map(Math.floor),
    end: numbers('end').map(Math.floor),
    intensity: numbers('intensity'),
    direction: numbers('direction'),
    parameters: texts('parameters'),
  });
}

export function impactsTable(rows: readonly ImpactRow[], version: string): Table {
  const names = ['peak_shift', 'final_shift', 'peak_volatility'] as const;
  const fields = [
    required('id', 'utf8'),
    required('ticker', 'utf8'),
    ...names.map((name) => required(name, 'float64')),
  ];
  const columns = Object.fromEntries(names.map((name) => [name, Float64Array.from(rows, (row) => row[name])]));
  return latent('event_impacts', fields, version, {
    id: rows.map(({ id }) => id),
    ticker: rows.map(({ ticker }) => ticker),
    ...columns,
  });
}

const VARIANCE_FIELDS = [required('date', 'date'), required('variance', 'float64'), required('sd', 'float64')];
const JUMP_FIELDS = [required('date', 'date'), required('time', 'float64'), required('size', 'float64')];
const varianceSchema = perVersion((version) => latentSchema('variance', VARIANCE_FIELDS, version));
const jumpsSchema = perVersion((version) => latentSchema('jumps', JUMP_FIELDS, version));

/** Variance per year in force and standard deviation of the session's log return. */
export const varianceTable = (
  version: string,
  columns: { date: Int32Array; variance: Float64Array; sd: Float64Array },
) => makeTable(varianceSchema(version), columns);

/** Jumps of the log price: share of the session's variance that had passed, and size. */
export const jumpsTable = (version: string, columns: { date: Int32Array; time: Float64Array; size: Float64Array }) =>
  makeTable(jumpsSchema(version), columns);

/** One row a bar: the market around its close. */
export function quotesTable(bars: Bars, { quotes, flow, slippage }: Side, version: string): Table {
  const numbers = { ...quotes, ...flow, slippage_bps: slippage };
  const fields = [
    ...(bars.time === null ? BAR_FIELDS.slice(0, 2) : [BAR_FIELDS[0], TIME, BAR_FIELDS[1]]),
    ...Object.keys(numbers).map((name) => required(name, 'float64')),
  ];
  const schema = defineSchema(QUOTES_SHAPE, fields, { synthetic: true, generatorVersion: version });
  const ticker = new Array<string>(bars.day.length).fill(bars.ticker);
  return makeTable(schema, { date: bars.day, ...(bars.time === null ? {} : { time: bars.time }), ticker, ...numbers });
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
