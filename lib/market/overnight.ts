// The part of variance that falls between sessions: its share by asset class, and what a night or a weekend gets of it.
import type { Calendar } from './calendar.ts';
import type { EpochDay } from './day.ts';

/**
 * Share of a session's variance that its opening gap has on average (medians of real series; gold for commodities).
 * Indices quoted at stale opens show less than their funds: they have the share of a fund.
 */
export const OVERNIGHT_SHARE = { stock: 0.32, etf: 0.35, index: 0.35, commodity: 0.035, fx: 0.035, crypto: 0 } as const;

/** Three days hardly move a stock more than one night (French & Roll 1986): four nights and a weekend average 1. */
const NIGHT = 5 / (4 + 1.1);
const LONG = 1.1 * NIGHT;
/** Sessions a week of a market that closes only for weekends: one gap has what five would have. */
const WEEK = 5;

/**
 * Variance of the gap between two successive sessions as a multiple of the average gap's in a week: 0 when the later opens
 * as the earlier closes, a tenth more over weekends and holidays than over a night; 5 for the weekend of a market without nights.
 */
export function gapMultiple(calendar: Calendar, previous: EpochDay, day: EpochDay): number {
  const before = calendar.hours(previous);
  if (before.open + before.minutes * 60_000_000 === calendar.hours(day).open) return 0;
  if (calendar.mostMinutes === 1440) return WEEK;
  return day - previous > 1 ? LONG : NIGHT;
}

/** The session before a day. */
export function previousSession(calendar: Calendar, day: EpochDay): EpochDay {
  let previous = day - 1;
  while (!calendar.isSession(previous)) previous--;
  return previous;
}
