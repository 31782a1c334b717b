// Exact checks of one ticker's bars: what must hold in every row, with no tolerance at all.
import type { Bars } from './bars.ts';
import { formatDate } from './day.ts';
import { priceOf, tickOf } from './ticks.ts';

/** Bars as they come from a file: nothing is certain yet but the ticker. */
export type CandidateBars = { readonly ticker: string } & { readonly [K in keyof Omit<Bars, 'ticker'>]?: unknown };

export type ExactCheck =
  | 'schema'
  | 'index_monotone'
  | 'index_unique'
  | 'index_calendar'
  | 'finite'
  | 'positive'
  | 'ohlc'
  | 'volume'
  | 'tick';

/** A row (from 0) that breaks a rule; null when a row is missing or the whole column is wrong. */
export interface Breach {
  readonly row: number | null;
  readonly detail: string;
}

/** Calls `report` for every breach. */
export type Invariant = (bars: Bars, facts: InvariantFacts, report: (breach: Breach) => void) => void;

export interface InvariantFacts {
  /** The days there must be, ascending; null when nobody says. */
  readonly calendar: Int32Array | null;
  /** When the bars of those days begin; null where a bar is a whole session. */
  readonly times: Float64Array | null;
  /** Size of a tick; null when prices are not on a grid. */
  readonly tick: number | null;
}

const PRICES = ['open', 'high', 'low', 'close'] as const;
const NUMBERS = [...PRICES, 'volume'] as const;

/** Whether the candidate is bars at all: every column there, of its type, of one length, with at least one row. */
export function checkSchema(candidate: CandidateBars, report: (breach: Breach) => void): candidate is Bars {
  let breaches = 0;
  const refuse = (detail: string) => {
    breaches++;
    report({ row: null, detail });
  };
  const { day } = candidate;
  if (!(day instanceof Int32Array)) refuse('column day is not an Int32Array');
  else if (day.length === 0) refuse('there is no row');
  for (const name of candidate.time === null ? NUMBERS : (['time', ...NUMBERS] as const)) {
    const column = candidate[name];
    if (column === undefined) refuse(`column ${name} is missing`);
    else if (!(column instanceof Float64Array)) refuse(`column ${name} is not a Float64Array`);
    else if (day instanceof Int32Array && column.length !== day.length)
      refuse(`column ${name} has ${column.length} rows, day has ${day.length}`);
  }
  return breaches === 0;
}

/** Comparisons are written so that a NaN breaks them. */
export const INVARIANTS: Readonly<Record<Exclude<ExactCheck, 'schema'>, Invariant>> = {
  index_monotone(bars, _, report) {
    const { index, text } = indexOf(bars);
    for (let i = 1; i < index.length; i++) {
      if (!(index[i]! >= index[i - 1]!)) report({ row: i, detail: `${text(index[i]!)} after ${text(index[i - 1]!)}` });
    }
  },
  index_unique(bars, _, report) {
    const { index, text } = indexOf(bars);
    const seen = new Map<number, number>();
    index.forEach((value, i) => {
      const first = seen.get(value);
      if (first === undefined) seen.set(value, i);
      else report({ row: i, detail: `${text(value)} is in row ${first} already` });
    });
  },
  index_calendar(bars, { calendar, times }, report) {
    const { index, text } = indexOf(bars);
    if (times !== null && bars.time === null) return report({ row: null, detail: 'column time is missing' });
    const wanted = new Set(times ?? calendar);
    const had = new Set(index);
    index.forEach((value, i) => {
      if (!wanted.has(value)) report({ row: i, detail: `${text(value)} is no session of the calendar` });
    });
    for (const value of wanted)
      if (!had.has(value)) report({ row: null, detail: `no row for the session ${text(value)}` });
  },
  finite(bars, _, report) {
    eachRow(bars, (i) => {
      const names = NUMBERS.filter((name) => !Number.isFinite(bars[name][i]!));
      if (names.length > 0) report({ row: i, detail: names.map((name) => `${name} ${bars[name][i]}`).join(', ') });
    });
  },
  positive(bars, _, report) {
    eachRow(bars, (i) => {
      const names = PRICES.filter((name) => !(bars[name][i]! > 0));
      if (names.length > 0) report({ row: i, detail: names.map((name) => `${name} ${bars[name][i]}`).join(', ') });
    });
  },
  ohlc({ day, open, high, low, close }, _, report) {
    for (let i = 0; i < day.length; i++) {
      const [o, h, l, c] = [open[i]!, high[i]!, low[i]!, close[i]!];
      if (!(h >= o && h >= c)) report({ row: i, detail: `high ${h} below max of open ${o} and close ${c}` });
      if (!(l <= o && l <= c)) report({ row: i, detail: `low ${l} above min of open ${o} and close ${c}` });
    }
  },
  volume({ volume }, _, report) {
    volume.forEach((value, i) => {
      if (!(Number.isSafeInteger(value) && value >= 0)) report({ row: i, detail: `volume ${value}` });
    });
  },
  tick(bars, { tick }, report) {
    const grid = tickOf(tick!);
    eachRow(bars, (i) => {
      const off = PRICES.filter((name) => {
        const price = bars[name][i]!;
        return price !== priceOf(Math.round((price * grid.scale) / grid.size), grid);
      });
      if (off.length > 0)
        report({ row: i, detail: `${off.map((name) => `${name} ${bars[name][i]}`).join(', ')} off the tick ${tick}` });
    });
  },
};

/** What tells the rows apart: when they begin, else their day. */
function indexOf({ day, time }: Bars): { readonly index: Float64Array; readonly text: (value: number) => string } {
  if (time === null) return { index: Float64Array.from(day), text: dateOf };
  return { index: time, text: (value) => `${dateOf(Math.floor(value / DAY_US))} ${clockText(value)}` };
}

const DAY_US = 86_400_000_000;

/** HH:MM of an instant, UTC. */
function clockText(instant: number): string {
  const minutes = Math.floor((instant - Math.floor(instant / DAY_US) * DAY_US) / 60_000_000);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function eachRow(bars: Bars, visit: (row: number) => void): void {
  for (let i = 0; i < bars.day.length; i++) visit(i);
}

/** Any day at all as text, also one that no calendar holds. */
function dateOf(day: number): string {
  return day >= -719162 && day <= 2932896 ? formatDate(day) : `day ${day}`;
}
