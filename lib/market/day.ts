// Days as numbers: civil dates, weekdays, and strict text, by arithmetic alone: no clock, zone or locale can reach them.
import { ProblemError } from '../base/problem.ts';

/** Days since 1970-01-01, before it negative. Holds years 1 to 9999. */
export type EpochDay = number;

/** 0 is Monday. */
export function weekday(day: EpochDay): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** The first day from `day` on, itself included, with that weekday. */
export function onOrAfter(day: EpochDay, wanted: number): EpochDay {
  return day + ((wanted - weekday(day) + 7) % 7);
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

/** Day of a civil date that exists (Gregorian, proleptic). */
export function dayOf(year: number, month: number, dayOfMonth: number): EpochDay {
  let day = daysBeforeYear(year) - EPOCH + dayOfMonth - 1;
  for (let m = 1; m < month; m++) day += monthLength(year, m);
  return day;
}

/** The civil year a day lies in. */
export function yearOf(day: EpochDay): number {
  const count = day + EPOCH;
  // 146097 days are 400 Gregorian years: the estimate is at most one year off.
  const year = Math.floor(count / 365.2425) + 1;
  if (daysBeforeYear(year) > count) return year - 1;
  return daysBeforeYear(year + 1) <= count ? year + 1 : year;
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
  return dayOf(year, month, dayOfMonth);
}

/** `YYYY-MM-DD` of a day. Throws RangeError outside years 1 to 9999. */
export function formatDate(day: EpochDay): string {
  const year = yearOf(day);
  if (!(year >= 1 && year <= 9999)) throw new RangeError(`day ${day} is outside years 1 to 9999`);
  let rest = day - dayOf(year, 1, 1);
  let month = 1;
  while (rest >= monthLength(year, month)) rest -= monthLength(year, month++);
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(rest + 1, 2)}`;
}
