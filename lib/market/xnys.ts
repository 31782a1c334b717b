// Sessions of the New York Stock Exchange by its holiday rules, as tables of a year made when first asked for.
import { dayOf, type EpochDay, onOrAfter, parseDate, weekday, yearOf } from './day.ts';

const REGULAR = 390;
/** From 09:30 to 13:00, and to 14:00 as short days ended until 1992. */
const SHORT = 210;
const SHORT_UNTIL_1992 = 270;
const [MONDAY, WEDNESDAY, THURSDAY, SATURDAY, SUNDAY] = [0, 2, 3, 5, 6];

/** Presidential elections to 1980, funerals, mourning, attacks, storms and a blackout: no rule foretells them. */
const CLOSED = [
  ...['1972-11-07', '1972-12-28', '1973-01-25', '1976-11-02', '1977-07-14', '1980-11-04', '1985-09-27', '1994-04-27'],
  ...['2001-09-11', '2001-09-12', '2001-09-13', '2001-09-14', '2004-06-11', '2007-01-02', '2012-10-29', '2012-10-30'],
  ...['2018-12-05', '2025-01-09'],
].map(parseDate);
const CLOSED_EARLY = ['1997-12-26', '1999-12-31', '2003-12-26'].map(parseDate);

interface Year {
  readonly first: EpochDay;
  /** minutes[d] is the length of the session d days after 1 January, 0 where there is none. */
  readonly minutes: Uint16Array;
  /** before[d]: sessions of the year before that day. */
  readonly before: Uint16Array;
  readonly sessions: number;
}

/** A year in its place: the ordinal of its 1 January. */
type Placed = Year & { readonly ordinal: number };

/** Length in minutes of the session of a day, 0 when there is none. Years before 1970 follow its rules, not history. */
export function xnysMinutes(day: EpochDay): number {
  const { first, minutes } = tableOf(yearOf(day));
  return minutes[day - first]!;
}

/** Sessions from 1970-01-01 up to but not including the day; minus those between when the day is earlier. */
export function xnysOrdinal(day: EpochDay): number {
  const { first, ordinal, before } = tableOf(yearOf(day));
  return ordinal + before[day - first]!;
}

/** Tables of 1970, 1971, ... and of 1969, 1968, ...: what they hold depends on nothing but the year. */
const onward: Placed[] = [];
const backward: Placed[] = [];

function tableOf(year: number): Placed {
  while (onward.length <= year - 1970) {
    const last = onward.at(-1);
    const ordinal = last === undefined ? 0 : last.ordinal + last.sessions;
    onward.push({ ...newYear(1970 + onward.length), ordinal });
  }
  while (backward.length < 1970 - year) {
    const added = newYear(1969 - backward.length);
    backward.push({ ...added, ordinal: (backward.at(-1)?.ordinal ?? 0) - added.sessions });
  }
  return year >= 1970 ? onward[year - 1970]! : backward[1969 - year]!;
}

function newYear(year: number): Year {
  const first = dayOf(year, 1, 1);
  const minutes = new Uint16Array(dayOf(year + 1, 1, 1) - first);
  for (let d = 0; d < minutes.length; d++) minutes[d] = weekday(first + d) < SATURDAY ? REGULAR : 0;
  for (const day of holidays(year)) minutes[day - first] = 0;
  for (const day of CLOSED) if (yearOf(day) === year) minutes[day - first] = 0;

  const shorten = (day: EpochDay, to: number) => {
    if (minutes[day - first] === REGULAR) minutes[day - first] = to;
  };
  const usual = year < 1993 ? SHORT_UNTIL_1992 : SHORT;
  shorten(dayOf(year, 12, 24), usual);
  if (year >= 1992) shorten(thanksgiving(year) + 1, usual);
  if (year >= 1995) {
    const eve = dayOf(year, 7, 3);
    // Until 2012 a Thursday holiday shortened the Friday after it instead of the Wednesday before.
    if (weekday(eve) !== WEDNESDAY || year >= 2013) shorten(eve, SHORT);
    else shorten(eve + 2, SHORT);
  }
  for (const day of CLOSED_EARLY) if (yearOf(day) === year) shorten(day, SHORT);

  const before = new Uint16Array(minutes.length);
  let sessions = 0;
  for (let d = 0; d < minutes.length; d++) {
    before[d] = sessions;
    if (minutes[d]! > 0) sessions++;
  }
  return { first, minutes, before, sessions };
}

/** Weekdays without a session by rule (NYSE Rule 7.2 and its history). */
function* holidays(year: number): Generator<EpochDay> {
  const mondayFrom = (month: number, dayOfMonth: number) => onOrAfter(dayOf(year, month, dayOfMonth), MONDAY);
  const observed = (month: number, dayOfMonth: number) => {
    const day = dayOf(year, month, dayOfMonth);
    return weekday(day) === SATURDAY ? day - 1 : afterSunday(day);
  };
  yield afterSunday(dayOf(year, 1, 1)); // a Saturday is not made up for: 31 December closes the books of the year
  if (year >= 1998) yield mondayFrom(1, 15); // Martin Luther King
  yield year >= 1971 ? mondayFrom(2, 15) : observed(2, 22); // Washington
  yield easter(year) - 2;
  yield year >= 1971 ? mondayFrom(5, 25) : afterSunday(dayOf(year, 5, 30)); // Memorial Day
  if (year >= 2022) yield observed(6, 19); // Juneteenth
  yield observed(7, 4);
  yield mondayFrom(9, 1); // Labor Day
  yield thanksgiving(year);
  yield observed(12, 25);
}

function afterSunday(day: EpochDay): EpochDay {
  return weekday(day) === SUNDAY ? day + 1 : day;
}

/** The fourth Thursday of November. */
function thanksgiving(year: number): EpochDay {
  return onOrAfter(dayOf(year, 11, 22), THURSDAY);
}

/** Easter Sunday of the Gregorian calendar (the anonymous rule of Nature 13 (1876), p. 487). */
function easter(year: number): EpochDay {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const ofCentury = year % 100;
  const skipped = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const moon = (19 * golden + century - Math.floor(century / 4) - skipped + 15) % 30;
  const sunday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - moon - (ofCentury % 4)) % 7;
  const late = Math.floor((golden + 11 * moon + 22 * sunday) / 451);
  const count = moon + sunday - 7 * late + 114;
  return dayOf(year, Math.floor(count / 31), (count % 31) + 1);
}
