// The dates of a market made ready: its sessions, when each opens and how long it lasts.
import { type Calendar, calendarOf, sessionsBetween } from './calendar.ts';
import { parseDate } from './day.ts';
import { barsOf, type Frequency, frequencyOf } from './frequency.ts';

/** Sessions of a calendar; all who ask for the same dates share the arrays. */
export interface Sessions {
  readonly days: Int32Array;
  /** Opening of each in microseconds since 1970-01-01T00:00Z, and its open minutes. */
  readonly opens: Float64Array;
  readonly minutes: Float64Array;
}

export interface Span extends Sessions {
  readonly calendar: Calendar;
  readonly frequency: Frequency;
  /** Ordinal of the first session. */
  readonly origin: number;
  /** How many bars there are. */
  readonly bars: number;
}

const known = new Map<string, Span>();
const MOST_KNOWN = 8;

/** Worked out once for all tickers of a thread. Throws `model/refused` or `config/invalid` for names and dates that are none. */
export function spanOf(calendarName: string, frequencyName: string, start: string, end: string): Span {
  const name = JSON.stringify([calendarName, frequencyName, start, end]);
  let span = known.get(name);
  if (span === undefined) {
    span = madeSpan(calendarName, frequencyName, start, end);
    if (known.size === MOST_KNOWN) known.clear();
    known.set(name, span);
  }
  return span;
}

function madeSpan(calendarName: string, frequencyName: string, start: string, end: string): Span {
  const calendar = calendarOf(calendarName);
  const frequency = frequencyOf(frequencyName, calendar);
  const days = sessionsBetween(calendar, parseDate(start), parseDate(end));
  const origin = days.length === 0 ? 0 : calendar.ordinal(days[0]!);
  const opens = new Float64Array(days.length);
  const minutes = new Float64Array(days.length);
  let bars = 0;
  for (let s = 0; s < days.length; s++) {
    const hours = calendar.hours(days[s]!);
    opens[s] = hours.open;
    minutes[s] = hours.minutes;
    bars += barsOf(frequency, hours.minutes);
  }
  return { calendar, frequency, days, origin, opens, minutes, bars };
}
