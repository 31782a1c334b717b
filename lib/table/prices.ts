// What every price adapter gives: daily or finer bars by ticker, each with its place in the file, and what could not be read.
import { DAY_US, type Instant } from './day.ts';
import type { Finding, FindingKind } from './finding.ts';

export interface PriceTable {
  readonly ticker: string;
  readonly file: string;
  /** Line or row number in the file, from 1. */
  readonly row: Int32Array;
  /** Days from 1970-01-01 to the date as the file writes it. */
  readonly date: Int32Array;
  /** Microseconds UTC; null when the file has dates, or their midnights, only. */
  readonly timestamp: Float64Array | null;
  /** The file says so itself: such prices must not pass for a market's. */
  readonly synthetic: boolean;
  /** Prices and volume: NaN where the cell is empty or, with a finding, where it is no number. */
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** In the order of the file. What no ticker can be blamed for is with the first table of the file. */
  readonly findings: readonly Finding[];
}

const NUMBERS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** Canonical column -> other names it goes by; letters of any case. */
const ALIASES = {
  date: ['date', 'timestamp', 'datetime', 'time'],
  ticker: ['ticker', 'symbol'],
  open: ['open'],
  high: ['high'],
  low: ['low'],
  close: ['close'],
  volume: ['volume'],
} as const;

export type PriceColumn = keyof typeof ALIASES;

/** Canonical column -> its name in the file, exactly; what is not given goes by its usual names. */
export type ColumnNames = Readonly<Partial<Record<PriceColumn, string>>>;

export interface PriceRequest {
  readonly file: string;
  /** Whose prices these are when the file has no ticker column. */
  readonly ticker: string;
  readonly columns: ColumnNames;
}

/** A file format of price tables. */
export interface Adapter {
  readonly name: string;
  /** Lower-case ends of file names, without the dot. */
  readonly extensions: readonly string[];
  /** Throws `table/malformed` on bytes of another format; what is wrong inside a readable file is a finding. */
  read(bytes: Uint8Array, request: PriceRequest): PriceTable[];
}

/** A file as rows of cells, whatever its format. */
export interface Cells {
  readonly header: readonly string[];
  readonly rows: number;
  line(row: number): number;
  text(row: number, column: number): string;
  isEmpty(row: number, column: number): boolean;
  /** NaN when it is no finite number. */
  number(row: number, column: number): number;
  /** Null when it is no date. */
  instant(row: number, column: number): Instant | null;
  /** Does the file say that what it holds is synthetic? */
  readonly synthetic: boolean;
  readonly findings: readonly Finding[];
}

/** Where a canonical column is among the names of a file, -1 when it is not. */
export function findColumn(header: readonly string[], column: PriceColumn, names: ColumnNames): number {
  const given = names[column];
  if (given !== undefined) return header.indexOf(given);
  for (const alias of ALIASES[column]) {
    const at = header.findIndex((name) => name.toLowerCase() === alias);
    if (at >= 0) return at;
  }
  return -1;
}

/** One table per ticker, in the order in which they first appear; one empty table when there is no row to read. */
export function collectPrices(cells: Cells, { file, ticker, columns }: PriceRequest): PriceTable[] {
  const at = (column: PriceColumn): number => findColumn(cells.header, column, columns);
  const places = { date: at('date'), ticker: at('ticker') };
  const loose: Finding[] = [...cells.findings];
  const note = (to: Finding[], row: number, kind: FindingKind, detail: string): void => {
    to.push({ file, row, kind, detail });
  };
  for (const column of ['date', ...NUMBERS, ...(columns.ticker === undefined ? [] : ['ticker' as const])] as const)
    if (at(column) < 0 && cells.header.length > 0)
      note(loose, 0, 'missing-column', `there is no column "${columns[column] ?? column}"`);

  interface Group {
    readonly rows: number[];
    readonly days: number[];
    readonly instants: number[];
    readonly findings: Finding[];
  }
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { rows: [], days: [], instants: [], findings: [] };
    groups.set(name, group);
    return group;
  };

  for (let row = 0; row < cells.rows && places.date >= 0; row += 1) {
    const line = cells.line(row);
    const name = places.ticker < 0 ? ticker : cells.text(row, places.ticker);
    if (name === '') {
      note(loose, line, 'missing-ticker', 'the ticker is empty');
      continue;
    }
    const group = groupOf(name);
    const instant = cells.instant(row, places.date);
    if (instant === null) {
      note(group.findings, line, 'bad-date', `"${cells.text(row, places.date)}" is no ISO date`);
      continue;
    }
    group.rows.push(row);
    group.days.push(instant.day);
    group.instants.push(instant.us);
  }
  if (groups.size === 0) groupOf(ticker);

  const timed = [...groups.values()].some(({ days, instants }) => instants.some((us, k) => us !== days[k]! * DAY_US));
  return [...groups].map(([name, { rows, days, instants, findings }], i): PriceTable => {
    const numbers = (column: (typeof NUMBERS)[number]): Float64Array => {
      const place = at(column);
      const values = new Float64Array(rows.length).fill(Number.NaN);
      if (place < 0) return values;
      rows.forEach((row, k) => {
        values[k] = cells.number(row, place);
        if (Number.isNaN(values[k]) && !cells.isEmpty(row, place))
          note(findings, cells.line(row), 'bad-number', `${column} "${cells.text(row, place)}" is no number`);
      });
      return values;
    };
    const [open, high, low, close, volume] = NUMBERS.map(numbers) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    return {
      ticker: name,
      file,
      row: Int32Array.from(rows, (row) => cells.line(row)),
      date: Int32Array.from(days),
      synthetic: cells.synthetic,
      timestamp: timed ? Float64Array.from(instants) : null,
      open,
      high,
      low,
      close,
      volume,
      findings: [...(i === 0 ? loose : []), ...findings].sort((a, b) => a.row - b.row),
    };
  });
}
