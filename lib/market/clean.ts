// Cleans one raw price series by a stated policy; whatever it drops, repairs or refuses is a finding with file and row.
import { type Problem, ProblemError } from '../base/problem.ts';
import { formatDate } from './day.ts';
import { findSplits } from './splits.ts';

/** What may be done about each kind of dirt. */
export const CLEANING_ACTIONS = {
  /** A column that is absent or empty in every row; drop: go on without it (never without close). */
  missing_column: ['refuse', 'drop'],
  /** A date or price that is absent or unreadable; drop: the row. */
  missing_value: ['refuse', 'drop'],
  nonpositive_price: ['refuse', 'drop'],
  /** A volume that is absent, negative or infinite; drop: the row; repair: the row keeps its prices and has no volume. */
  bad_volume: ['refuse', 'drop', 'repair'],
  /** A date before one already seen; drop: the row; repair: sort. */
  unsorted_date: ['refuse', 'drop', 'repair'],
  /** A date seen before; drop: keep the first row; repair: the last row replaces the ones before it. */
  duplicate_date: ['refuse', 'drop', 'repair'],
  /** High below or low above another price of the row; drop: the row; repair: widen high and low. */
  ohlc_violation: ['refuse', 'drop', 'repair'],
  /** repair: divide the prices before by the ratio, multiply their volumes. */
  unadjusted_split: ['refuse', 'repair'],
} as const;

export type DirtKind = keyof typeof CLEANING_ACTIONS;
export type CleaningPolicy = { readonly [K in DirtKind]: (typeof CLEANING_ACTIONS)[K][number] };

/** One file's rows as read; NaN where a field could not be read, null for a column that is not there. Equal lengths. */
export interface RawSeries {
  readonly file: string;
  /** Row numbers in the file, for people. */
  readonly row: ArrayLike<number>;
  /** Days since 1970-01-01. */
  readonly day: ArrayLike<number>;
  readonly open: ArrayLike<number> | null;
  readonly high: ArrayLike<number> | null;
  readonly low: ArrayLike<number> | null;
  readonly close: ArrayLike<number> | null;
  readonly volume: ArrayLike<number> | null;
}

export interface Finding {
  readonly file: string;
  /** Null when it concerns a whole column. */
  readonly row: number | null;
  /** ISO date, null when there is none. */
  readonly date: string | null;
  readonly kind: DirtKind;
  readonly action: 'dropped' | 'repaired' | 'refused';
  readonly detail: string;
}

/** Sorted unique days; positive finite prices with low <= open, close <= high. A volume of NaN is a volume that is not known. */
export interface CleanSeries {
  readonly file: string;
  readonly row: Int32Array;
  readonly day: Int32Array;
  readonly open: Float64Array | null;
  readonly high: Float64Array | null;
  readonly low: Float64Array | null;
  readonly close: Float64Array;
  readonly volume: Float64Array | null;
  /** In the order in which things were found, kind by kind. */
  readonly findings: readonly Finding[];
}

/** Refused findings listed one by one in the problem; the rest are counted. */
const LISTED = 20;
const ACTION_OF = { refuse: 'refused', drop: 'dropped', repair: 'repaired' } as const;
const PRICES = ['open', 'high', 'low', 'close'] as const;
type ColumnName = (typeof PRICES)[number] | 'volume';

interface Row {
  readonly number: number;
  readonly day: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** Throws `data/refused` with every refused finding (the first 20 in full) when the policy refuses anything that is there. */
export function cleanSeries(raw: RawSeries, policy: CleaningPolicy): CleanSeries {
  const findings: Finding[] = [];
  const note = (kind: DirtKind, row: Row | null, detail: string, action = ACTION_OF[policy[kind]]): void => {
    const date = row === null || !isDay(row.day) ? null : formatDate(row.day);
    const number = row === null ? null : row.number;
    findings.push({ file: raw.file, row: number, date, kind, action, detail });
  };

  const columns = new Set<ColumnName>();
  for (const name of [...PRICES, 'volume'] as const) {
    if (isPresent(raw[name], raw.day.length)) columns.add(name);
    else note('missing_column', null, `no ${name} in any row`, name === 'close' ? 'refused' : undefined);
  }
  if (!columns.has('close')) throw refusal(raw.file, findings);
  const prices = PRICES.filter((name) => columns.has(name));

  /** Keep the rows without the fault; a faulty one is noted and stays only if it was repaired. */
  const sift = (
    rows: readonly Row[],
    kind: DirtKind,
    fault: (row: Row) => string | null,
    repair?: (row: Row) => void,
  ) =>
    rows.filter((row) => {
      const detail = fault(row);
      if (detail === null) return true;
      note(kind, row, detail);
      if (policy[kind] !== 'repair' || repair === undefined) return false;
      repair(row);
      return true;
    });

  let rows = readRows(raw);
  rows = sift(rows, 'missing_value', (row) => {
    const missing = prices.filter((name) => !Number.isFinite(row[name]));
    const names = isDay(row.day) ? missing : ['date', ...missing];
    return names.length === 0 ? null : `${names.join(', ')} missing or unreadable`;
  });
  rows = sift(rows, 'nonpositive_price', (row) => {
    const wrong = prices.filter((name) => row[name] <= 0);
    return wrong.length === 0 ? null : wrong.map((name) => `${name} ${row[name]}`).join(', ');
  });
  if (columns.has('volume')) {
    rows = sift(
      rows,
      'bad_volume',
      (row) => (row.volume >= 0 && row.volume < Number.POSITIVE_INFINITY ? null : `volume ${row.volume}`),
      (row) => {
        row.volume = Number.NaN;
      },
    );
  }
  rows = inOrder(rows, policy, note);
  rows = oncePerDay(rows, policy, note);
  rows = sift(
    rows,
    'ohlc_violation',
    (row) => ohlcFault(row, prices),
    (row) => {
      const all = prices.map((name) => row[name]);
      row.high = Math.max(...all);
      row.low = Math.min(...all);
    },
  );
  const take = (name: ColumnName) => (columns.has(name) ? Float64Array.from(rows, (row) => row[name]) : null);
  const series = {
    file: raw.file,
    row: Int32Array.from(rows, (row) => row.number),
    day: Int32Array.from(rows, (row) => row.day),
    open: take('open'),
    high: take('high'),
    low: take('low'),
    close: take('close')!,
    volume: take('volume'),
    findings,
  };
  for (const { index, ratio, gap } of findSplits(series)) {
    const factor = ratio >= 1 ? `${ratio} for 1` : `1 for ${Math.round(1 / ratio)}`;
    note('unadjusted_split', rows[index]!, `open / previous close = ${gap.toFixed(4)}, a split of ${factor}`);
    if (policy.unadjusted_split === 'repair') backAdjust(series, index, ratio);
  }
  if (findings.some((f) => f.action === 'refused')) throw refusal(raw.file, findings);
  return series;
}

function isPresent(column: ArrayLike<number> | null, rows: number): boolean {
  if (column === null) return false;
  for (let i = 0; i < rows; i++) if (!Number.isNaN(column[i]!)) return true;
  return rows === 0;
}

function readRows(raw: RawSeries): Row[] {
  const at = (column: ArrayLike<number> | null, i: number) => (column === null ? Number.NaN : column[i]!);
  return Array.from({ length: raw.day.length }, (_, i) => ({
    number: raw.row[i]!,
    day: raw.day[i]!,
    open: at(raw.open, i),
    high: at(raw.high, i),
    low: at(raw.low, i),
    close: at(raw.close, i),
    volume: at(raw.volume, i),
  }));
}

type Note = (kind: DirtKind, row: Row, detail: string) => void;

function inOrder(rows: readonly Row[], policy: CleaningPolicy, note: Note): Row[] {
  let newest = Number.NEGATIVE_INFINITY;
  const late = new Set<Row>();
  for (const row of rows) {
    if (row.day < newest) {
      late.add(row);
      note('unsorted_date', row, `comes after ${formatDate(newest)}`);
    }
    newest = Math.max(newest, row.day);
  }
  if (policy.unsorted_date === 'repair') return [...rows].sort((a, b) => a.day - b.day); // stable: equal days keep file order
  return rows.filter((row) => !late.has(row));
}

function oncePerDay(rows: readonly Row[], policy: CleaningPolicy, note: Note): Row[] {
  const kept: Row[] = [];
  for (const row of rows) {
    const before = kept.at(-1);
    if (before === undefined || before.day !== row.day) kept.push(row);
    else if (policy.duplicate_date === 'repair') {
      note('duplicate_date', before, `replaced by row ${row.number} of the same date`);
      kept[kept.length - 1] = row;
    } else note('duplicate_date', row, `same date as row ${before.number}`);
  }
  return kept;
}

function ohlcFault(row: Row, prices: readonly (typeof PRICES)[number][]): string | null {
  const faults: string[] = [];
  for (const name of prices) {
    if (prices.includes('high') && row[name] > row.high) faults.push(`high ${row.high} below ${name} ${row[name]}`);
    if (prices.includes('low') && row[name] < row.low) faults.push(`low ${row.low} above ${name} ${row[name]}`);
  }
  return faults.length === 0 ? null : faults.join(', ');
}

/** Bring the rows before a split to the new share; whole volumes stay whole. */
function backAdjust(series: CleanSeries, index: number, ratio: number): void {
  for (const column of [series.open, series.high, series.low, series.close])
    for (let i = 0; column !== null && i < index; i++) column[i] = column[i]! / ratio;
  const volume = series.volume;
  for (let i = 0; volume !== null && i < index; i++) {
    const adjusted = volume[i]! * ratio;
    volume[i] = Number.isInteger(volume[i]!) ? Math.round(adjusted) : adjusted;
  }
}

function refusal(file: string, findings: readonly Finding[]): ProblemError {
  const refused = findings.filter((f) => f.action === 'refused');
  const problems = refused.slice(0, LISTED).map((f): Problem => {
    const where = f.row === null ? file : `${file} row ${f.row}${f.date === null ? '' : ` (${f.date})`}`;
    return {
      code: 'data/refused',
      message: `${where}: ${f.kind}: ${f.detail}`,
      facts: { file, row: f.row, date: f.date, kind: f.kind },
    };
  });
  if (refused.length > LISTED) {
    problems.push({
      code: 'data/refused',
      message: `${file}: ${refused.length - LISTED} more findings are refused, ${refused.length} in all`,
      facts: { file, refused: refused.length },
    });
  }
  const last = problems.at(-1)!;
  problems[problems.length - 1] = { ...last, hint: 'mend the file, or set another cleaning policy for this kind' };
  return new ProblemError(problems);
}

/** Days of the years 1 to 9999. */
function isDay(day: number): boolean {
  return Number.isInteger(day) && day >= -719162 && day <= 2932896;
}
