// Named calendars: which days are sessions, when each opens and how long it lasts, and the ordinal that addresses it for ever.
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';
import { type EpochDay, formatDate, weekday } from './day.ts';
import { xnysMinutes, xnysOrdinal } from './xnys.ts';
import { newYork, utc } from './zone.ts';

export interface Hours {
  /** Microseconds since 1970-01-01T00:00Z. */
  readonly open: number;
  readonly minutes: number;
}

export interface Calendar {
  readonly name: string;
  readonly isSession: (day: EpochDay) => boolean;
  /** Sessions from 1970-01-01 up to but not including the day; minus those between when the day is earlier. */
  readonly ordinal: (day: EpochDay) => number;
  /** Opening and length of the session of that day; of other days it says nothing. */
  readonly hours: (day: EpochDay) => Hours;
  /** Length of the longest session: a full one. */
  readonly mostMinutes: number;
}

/** Sessions on Monday to Friday. 1970-01-01 was the fourth day of its week. */
const WEEKDAYS = {
  isSession: (day: EpochDay) => weekday(day) < 5,
  ordinal: (day: EpochDay) => 5 * Math.floor((day + 3) / 7) + Math.min(weekday(day), 5) - 3,
};
const HALF_PAST_NINE = 570;
const FIVE_PM = 1020;
const REGULAR = 390;
const ROUND_THE_CLOCK = 1440;

const CALENDARS: Readonly<Record<string, Calendar>> = {
  /** No holidays. Its hours are New York's winter hours in UTC all year round: it knows no summer time. */
  B: {
    name: 'B',
    ...WEEKDAYS,
    hours: (day) => ({ open: utc(day, HALF_PAST_NINE + 300), minutes: REGULAR }),
    mostMinutes: REGULAR,
  },
  /** New York Stock Exchange, 09:30 to 16:00 New York time: today's hours in every year, though it opened at 10:00 until 1985. */
  XNYS: {
    name: 'XNYS',
    isSession: (day) => xnysMinutes(day) > 0,
    ordinal: xnysOrdinal,
    hours: (day) => ({ open: newYork(day, HALF_PAST_NINE), minutes: xnysMinutes(day) }),
    mostMinutes: REGULAR,
  },
  /** Every day of the year, midnight to midnight UTC. */
  '24/7': {
    name: '24/7',
    isSession: () => true,
    ordinal: (day) => day,
    hours: (day) => ({ open: utc(day, 0), minutes: ROUND_THE_CLOCK }),
    mostMinutes: ROUND_THE_CLOCK,
  },
  /**
   * Sunday 17:00 to Friday 17:00 New York time without a break: a session is the 24 hours that end at 17:00 of its day.
   * Clocks change on Sundays at 02:00, between two weeks, so that no session is longer or shorter.
   */
  FX: {
    name: 'FX',
    ...WEEKDAYS,
    hours: (day) => ({ open: newYork(day - 1, FIVE_PM), minutes: ROUND_THE_CLOCK }),
    mostMinutes: ROUND_THE_CLOCK,
  },
};

/** The calendar of that name. Throws `model/refused` when there is none. */
export function calendarOf(name: string): Calendar {
  if (Object.hasOwn(CALENDARS, name)) return CALENDARS[name]!;
  const known = Object.keys(CALENDARS);
  const guess = nearest(name, known);
  throw new ProblemError({
    code: 'model/refused',
    message: `there is no calendar "${name}"`,
    facts: { known: known.join(', ') },
    ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
  });
}

/** Sessions from first to last, both included, ascending. Throws `model/refused` when last is before first. */
export function sessionsBetween(calendar: Calendar, first: EpochDay, last: EpochDay): Int32Array {
  if (last < first) {
    throw new ProblemError({
      code: 'model/refused',
      message: 'the end date is before the start date',
      facts: { start: formatDate(first), end: formatDate(last) },
    });
  }
  const days = new Int32Array(calendar.ordinal(last + 1) - calendar.ordinal(first));
  let at = 0;
  for (let day = first; day <= last; day++) if (calendar.isSession(day)) days[at++] = day;
  return days;
}
