// Calendar dates and instants to and from ISO 8601 text, by arithmetic alone: no clock, zone or locale can reach them.

export const DAY_US = 86_400_000_000;
/** Days of 400 Gregorian years, and of the years 0..1969 counted from 1 March of year 0. */
const DAYS_OF_400_YEARS = 146_097;
const MARCH_OF_YEAR_0 = 719_468;

export interface Instant {
  /** Days from 1970-01-01 to the date as written, in whatever zone it was written. */
  readonly day: number;
  /** Microseconds since 1970-01-01T00:00Z; text without an offset counts as UTC, a bare date as its midnight. */
  readonly us: number;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d\d):?(\d\d)?)?)?$/;

/** Read `YYYY-MM-DD`, alone or with a time and an offset; digits below the microsecond are dropped. Null when it is none. */
export function parseInstant(text: string): Instant | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [year, month, date, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(parts[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || date < 1 || date > daysOfMonth(year, month)) return null;
  const [offsetHour, offsetMinute] = [Number(parts[10] ?? 0), Number(parts[11] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return null;
  const day = dayOf(year, month, date);
  const fraction = Number((parts[7] ?? '').padEnd(6, '0').slice(0, 6));
  const offset = (parts[9] === '-' ? -60 : 60) * (60 * offsetHour + offsetMinute);
  return { day, us: day * DAY_US + (3600 * hour + 60 * minute + second - offset) * 1_000_000 + fraction };
}

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
export function dayOf(year: number, month: number, date: number): number {
  // Years begin in March here, so that the leap day is the last of its year and months follow one rule.
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - 400 * era;
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + date - 1;
  const leaps = Math.floor(ofEra / 4) - Math.floor(ofEra / 100);
  return DAYS_OF_400_YEARS * era + 365 * ofEra + leaps + ofYear - MARCH_OF_YEAR_0;
}

/** `YYYY-MM-DD` of days from 1970-01-01; years beyond 0..9999 get a sign and six digits. */
export function formatDay(day: number): string {
  const since = day + MARCH_OF_YEAR_0;
  const era = Math.floor(since / DAYS_OF_400_YEARS);
  const ofEra = since - DAYS_OF_400_YEARS * era;
  const leaps = Math.floor(ofEra / 1460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / 146_096);
  const yearOfEra = Math.floor((ofEra - leaps) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * ofYear + 2) / 153);
  const date = ofYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = 400 * era + yearOfEra + (month <= 2 ? 1 : 0);
  const sign = year < 0 ? '-' : '+';
  const shown = year >= 0 && year <= 9999 ? pad(year, 4) : `${sign}${pad(Math.abs(year), 6)}`;
  return `${shown}-${pad(month, 2)}-${pad(date, 2)}`;
}

/** `YYYY-MM-DDThh:mm:ssZ`, with six more digits only when there are microseconds to show. */
export function formatInstant(us: number): string {
  const day = Math.floor(us / DAY_US);
  const ofDay = us - day * DAY_US;
  const second = Math.floor(ofDay / 1_000_000);
  const fraction = ofDay - second * 1_000_000;
  const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map((part) => pad(part, 2));
  return `${formatDay(day)}T${clock.join(':')}${fraction === 0 ? '' : `.${pad(fraction, 6)}`}Z`;
}

/** The day, counted from 1970-01-01, in which an instant lies in UTC. */
export function dayOfInstant(us: number): number {
  return Math.floor(us / DAY_US);
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
