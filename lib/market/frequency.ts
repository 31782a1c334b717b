// Bar frequencies: how many bars a session is cut into, when each begins, and the edges of the pieces within.
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';
import type { Calendar } from './calendar.ts';
import type { EpochDay } from './day.ts';

export interface Frequency {
  readonly name: string;
  /** Length of a bar; infinite when a bar is the whole session. The last bar of a session ends with it. */
  readonly minutes: number;
}

const WHOLE = Number.POSITIVE_INFINITY;
const MINUTES: Readonly<Record<string, number>> = {
  B: WHOLE,
  D: WHOLE,
  '1h': 60,
  '30min': 30,
  '15min': 15,
  '5min': 5,
  '1min': 1,
};
const SATURDAY: EpochDay = 2;
const MINUTE_US = 60_000_000;

/**
 * The frequency of that name. `B` and `D` are both one bar a session; `B`, a bar a business day, is refused where
 * sessions meet at weekends. Throws `model/refused`.
 */
export function frequencyOf(name: string, calendar: Calendar): Frequency {
  const known = Object.keys(MINUTES);
  if (!known.includes(name)) {
    const guess = nearest(name, known);
    throw new ProblemError({
      code: 'model/refused',
      message: `there is no frequency "${name}"`,
      facts: { known: known.join(', ') },
      ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
    });
  }
  if (name === 'B' && calendar.isSession(SATURDAY)) {
    throw new ProblemError({
      code: 'model/refused',
      message: `frequency B is one bar a business day, and calendar ${calendar.name} meets at weekends too`,
      facts: { frequency: name, calendar: calendar.name },
      hint: 'frequency D is one bar a session',
    });
  }
  return { name, minutes: MINUTES[name]! };
}

/** Bars of a session of that length. */
export function barsOf(frequency: Frequency, sessionMinutes: number): number {
  return Math.ceil(sessionMinutes / lengthOf(frequency, sessionMinutes));
}

/** Most bars a session of the calendar can have: the stride of bar addresses. */
export function mostBars(calendar: Calendar, frequency: Frequency): number {
  return barsOf(frequency, calendar.mostMinutes);
}

/** Bars of all these sessions of the calendar. */
export function countBars(calendar: Calendar, frequency: Frequency, sessions: Int32Array): number {
  let bars = 0;
  for (const session of sessions) bars += barsOf(frequency, calendar.hours(session).minutes);
  return bars;
}

/** When the bars of some sessions begin: for each bar its session and the microseconds since 1970-01-01T00:00Z. */
export interface Clock {
  readonly day: Int32Array;
  readonly start: Float64Array;
}

/** The bars of sessions of the calendar, in their order. */
export function clockOf(calendar: Calendar, frequency: Frequency, sessions: Int32Array): Clock {
  const bars = countBars(calendar, frequency, sessions);
  const day = new Int32Array(bars);
  const start = new Float64Array(bars);
  let at = 0;
  for (const session of sessions) {
    const { open, minutes } = calendar.hours(session);
    const length = lengthOf(frequency, minutes);
    for (let from = 0; from < minutes; from += length) {
      day[at] = session;
      start[at++] = open + from * MINUTE_US;
    }
  }
  return { day, start };
}

/**
 * Edges of the pieces of a session of that length: each bar cut into `pieces` equal parts, as fractions of a full session
 * of the calendar. From 0 to 1 in a full session, to less when it closes early; bars x pieces + 1 values.
 */
export function edgesOf(
  calendar: Calendar,
  frequency: Frequency,
  sessionMinutes: number,
  pieces: number,
): Float64Array {
  const length = lengthOf(frequency, sessionMinutes);
  const bars = barsOf(frequency, sessionMinutes);
  const edges = new Float64Array(bars * pieces + 1);
  for (let b = 0; b < bars; b++) {
    const from = b * length;
    const width = Math.min(length, sessionMinutes - from);
    for (let p = 1; p <= pieces; p++) edges[b * pieces + p] = (from + (width * p) / pieces) / calendar.mostMinutes;
  }
  return edges;
}

function lengthOf({ minutes }: Frequency, sessionMinutes: number): number {
  return Math.min(minutes, sessionMinutes);
}
