// Instants of local clocks: UTC and New York, whose summer time follows the law of the United States, not tables of the host.
import { dayOf, type EpochDay, onOrAfter, yearOf } from './day.ts';

const MINUTE_US = 60_000_000;
const SUNDAY = 6;

/** Microseconds since 1970-01-01T00:00Z of a minute of a UTC day. Whole minutes are exact to year 9999. */
export function utc(day: EpochDay, minute: number): number {
  return (day * 1440 + minute) * MINUTE_US;
}

/** The same of a minute of a New York day, which is not in the hours of Sunday night when clocks change. */
export function newYork(day: EpochDay, minute: number): number {
  const { first, end } = summer(yearOf(day));
  return utc(day, minute + (day >= first && day < end ? 240 : 300));
}

/**
 * First day of summer time and first day after it: Uniform Time Act of 1966, Public Laws 93-182 and 93-434 (1974 and 1975),
 * 99-359 (from 1987), 109-58 (from 2007). Years before 1967 follow the rule of 1967.
 */
function summer(year: number): { readonly first: EpochDay; readonly end: EpochDay } {
  const sundayFrom = (month: number, dayOfMonth: number) => onOrAfter(dayOf(year, month, dayOfMonth), SUNDAY);
  if (year >= 2007) return { first: sundayFrom(3, 8), end: sundayFrom(11, 1) };
  const end = sundayFrom(10, 25);
  if (year >= 1987) return { first: sundayFrom(4, 1), end };
  if (year === 1974) return { first: dayOf(1974, 1, 6), end };
  if (year === 1975) return { first: dayOf(1975, 2, 23), end };
  return { first: sundayFrom(4, 24), end };
}
