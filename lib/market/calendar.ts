// Trading days as numbers: strict dates, named calendars, and the ordinal that addresses every bar for ever.
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';

/** Days since 1970-01-01, before it negative. Holds years 1 to 9999. */
export type EpochDay = number;

export interface Calendar {
  readonly name: string;
  readonly isSession: (day: EpochDay) => boolean;
  /** Sessions from 1970-01-01 up to but not including the day; minus those between when the day is earlier. */
  readonly ordinal: (day: EpochDay) => number;
}

/** 0 is Monday. */
export function weekday(day: EpochDay): number {
  return (((day + 3) % 7) + 7) % 7;
}

const CALENDARS: Readonly<Record<string, Calendar>> = {
  // Monday to Friday, no holidays. 1970-01-01 was the fourth day of its week.
  B: {
    name: 'B',
    isSession: (day) => weekday(day) < 5,
    ordinal: (day) => 5 * Math.floor((day + 3) / 7) + Math.min(weekday(day), 5) - 3,
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

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from the civil epoch to 1 January of a year: whole years and the leap days before it (Gregorian, proleptic). */
function daysBeforeYear(year: number): number {
  const past = year - 1;
  return 365 * past + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

const EPOCH = daysBeforeYear(1970);

function monthLength(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : MONTH_LENGTHS[month - 1]!;
}

/** Day of `YYYY-MM-DD`, nothing else. Throws `config/invalid`, also for days that do not exist such as 2023-02-29. */
export function parseDate(text: string): EpochDay {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  const [year, month, dayOfMonth] = match === null ? [0, 0, 0] : [Number(match[1]), Number(match[2]), Number(match[3])];
  const exists = year >= 1 && month >= 1 && month <= 12 && dayOfMonth >= 1 && dayOfMonth <= monthLength(year, month);
  if (!exists) {
    throw new ProblemError({
      code: 'config/invalid',
      message: match === null ? `"${text}" is not a date` : `there is no day ${text}`,
      hint: 'write dates as YYYY-MM-DD, for example 2024-02-29',
    });
  }
  let day = daysBeforeYear(year) - EPOCH + dayOfMonth - 1;
  for (let m = 1; m < month; m++) day += monthLength(year, m);
  return day;
}

/** `YYYY-MM-DD` of a day. Throws RangeError outside years 1 to 9999. */
export function formatDate(day: EpochDay): string {
  const count = day + EPOCH;
  // 146097 days are 400 Gregorian years: the estimate is at most one year off.
  let year = Math.floor(count / 365.2425) + 1;
  if (daysBeforeYear(year) > count) year--;
  else if (daysBeforeYear(year + 1) <= count) year++;
  if (!(year >= 1 && year <= 9999)) throw new RangeError(`day ${day} is outside years 1 to 9999`);
  let rest = count - daysBeforeYear(year);
  let month = 1;
  while (rest >= monthLength(year, month)) rest -= monthLength(year, month++);
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(rest + 1, 2)}`;
}
