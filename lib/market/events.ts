// The events of a market: which happen when, by chance or by date, and the ledger that tells it.
import { canon } from '../base/canon.ts';
import { ProblemError } from '../base/problem.ts';
import { normal, uniform } from '../math/draw.ts';
import { poisson } from '../math/laws.ts';
import { type Stream, streamOf } from '../math/stream.ts';
import { EVENT_NAMES, loadEvent } from '../models/events/catalog.ts';
import { type EventAsset, impactOf, type Occurrence } from '../models/events/effects.ts';
import {
  type Clock,
  checkEvent,
  drawValues,
  type EventPlan,
  type EventSettings,
  planEvent,
  SETTLED,
} from '../models/events/event.ts';
import { refusal } from '../models/model.ts';
import type { Calendar } from './calendar.ts';
import { type EpochDay, formatDate, parseDate } from './day.ts';
import { utc } from './zone.ts';

/** Plans of the types that are named, in the order of the catalog. Throws `model/refused` with every problem found. */
export async function planEvents(library: Readonly<Record<string, EventSettings>>): Promise<EventPlan[]> {
  const types = await Promise.all(Object.keys(library).map(loadEvent));
  const problems = types.flatMap((type) => checkEvent(type, library[type.name]!));
  if (problems.length > 0) throw new ProblemError(problems);
  types.sort((a, b) => EVENT_NAMES.indexOf(a.name) - EVENT_NAMES.indexOf(b.name));
  return types.map((type) => planEvent(type, library[type.name]!));
}

export interface EventsRequest {
  readonly seed: number | string;
  readonly plans: readonly EventPlan[];
  readonly calendar: Calendar;
  /** Days of the sessions, ascending, none left out. */
  readonly sessions: Int32Array;
  readonly periodsPerYear: number;
}

export interface EventsWarning {
  readonly code: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/**
 * What happens, in the order of time. Every type has its own stream, addressed by session: switching one on or off, or a later
 * end, changes no other occurrence. Dates outside the sessions are warned of. Throws `model/refused` for a date that is none.
 */
export function drawEvents(request: EventsRequest): {
  readonly occurrences: readonly Occurrence[];
  readonly warnings: readonly EventsWarning[];
} {
  const { seed, plans } = request;
  const warnings: EventsWarning[] = [];
  const occurrences = plans.flatMap((plan) => {
    const { name } = plan.type;
    const stream = streamOf(seed, { scope: 'market', asset: '', component: `event:${name}` });
    const starts = plan.dates === null ? arrivals(plan, stream, request) : onDates(plan, stream, request, warnings);
    return plan.intensity === 0 ? [] : starts.map((start) => happen(plan, stream, start));
  });
  // The sort is stable: at one instant the order of the catalog stands.
  occurrences.sort((a, b) => a.ordinal - b.ordinal || a.minute - b.minute);
  return { occurrences, warnings };
}

export interface LedgerRow {
  readonly id: string;
  readonly type: string;
  /** Whom it touches: name and loading, of classes, then sectors, then tickers. */
  readonly scope: string;
  /** Microseconds since 1970-01-01T00:00Z; the end is when 99 percent of it is over, be it after the last session. */
  readonly start: number;
  readonly end: number;
  readonly intensity: number;
  /** Sign of the shift of an asset of loading 1; 0 when it moves no price. */
  readonly direction: number;
  /** Canonical JSON of its numbers. */
  readonly parameters: string;
}

/** The occurrences of a ledger, as far as effects need them. */
export function occurrencesOf(
  rows: readonly Pick<LedgerRow, 'id' | 'type' | 'start' | 'parameters'>[],
  { calendar }: { readonly calendar: Calendar },
): Occurrence[] {
  return rows.map(({ id, type, start, parameters }) => {
    const day = parseDate(id.split(':')[1]!);
    const values = JSON.parse(parameters) as Occurrence['values'];
    return {
      id,
      type,
      day,
      ordinal: calendar.ordinal(day),
      minute: (start - calendar.hours(day).open) / MINUTE_US,
      values,
    };
  });
}

export interface ImpactRow {
  readonly id: string;
  readonly ticker: string;
  readonly peak_shift: number;
  readonly final_shift: number;
  readonly peak_volatility: number;
}

/** One row an occurrence, in their order. */
export function eventLedger(
  plans: readonly EventPlan[],
  occurrences: readonly Occurrence[],
  calendar: Calendar,
): LedgerRow[] {
  return occurrences.map(({ id, type, day, minute, values }) => {
    const { intensity, loadings, type: kind } = plans.find((plan) => plan.type.name === type)!;
    const { shift, channels } = kind.effect(values, 1);
    const spans = channels.map(({ clock, hold, decay }) => ({ clock, lasts: hold + SETTLED * decay }));
    const ends = [...spans, ...(shift === null ? [] : [shift])].map(({ clock, lasts }) =>
      after(calendar, day, minute, clock, lasts),
    );
    const moves = shift === null ? [] : [0, ...shift.bends].map((tau) => shift.at(tau));
    const { classes, sectors, tickers } = loadings;
    const named = [classes, sectors, tickers].flatMap((map) =>
      Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    return {
      id,
      type,
      scope: named
        .filter(([, loading]) => loading !== 0)
        .map(([name, loading]) => `${name} ${loading}`)
        .join(', '),
      start: instant(calendar, day, minute),
      end: Math.max(...ends),
      intensity,
      direction: Math.sign(moves.find((move) => move !== 0) ?? 0),
      parameters: canon({ ...values }),
    };
  });
}

/** One row for each occurrence and asset that it touches. */
export function eventImpacts(
  plans: readonly EventPlan[],
  occurrences: readonly Occurrence[],
  assets: readonly EventAsset[],
): ImpactRow[] {
  return occurrences.flatMap((occurrence) =>
    assets.flatMap((asset) => {
      const impact = impactOf(plans, occurrence, asset);
      if (impact === null) return [];
      const { peakShift: peak_shift, finalShift: final_shift, peakVolatility: peak_volatility } = impact;
      return [{ id: occurrence.id, ticker: asset.ticker, peak_shift, final_shift, peak_volatility }];
    }),
  );
}

/** Where an occurrence starts; the counter tells those of one session apart. */
interface Begin {
  readonly day: EpochDay;
  readonly ordinal: number;
  readonly minute: number;
  readonly counter: number;
}

/** Draws of an occurrence: its time at 0, its parameters from 1, what `resolve` asks for from 32. Draw 0 of a session is the count. */
const DRAWS = 64;
const FURTHER = 32;

function firstDraw(counter: number): number {
  return 1 + counter * DRAWS;
}

/**
 * Poisson counts a session, at uniform times within it; those too soon after the last that was kept are left out. What happens
 * overnight needs a close before it, so not in the first session.
 */
function arrivals(plan: EventPlan, stream: Stream, { calendar, sessions, periodsPerYear }: EventsRequest): Begin[] {
  const kept: Begin[] = [];
  let last = Number.NEGATIVE_INFINITY;
  const first = sessions.length === 0 ? 0 : calendar.ordinal(sessions[0]!);
  for (let i = plan.type.starts === 'overnight' ? 1 : 0; i < sessions.length; i++) {
    const ordinal = first + i;
    const count = poisson(stream, ordinal, 0, plan.rate / periodsPerYear);
    const times = Array.from({ length: count }, (_, counter) => ({
      counter,
      share: plan.type.starts === 'within' ? uniform(stream, ordinal, firstDraw(counter)) : 0,
    })).sort((a, b) => a.share - b.share);
    for (const { counter, share } of times) {
      if (i + share - last < plan.min_gap) continue;
      last = i + share;
      const day = sessions[i]!;
      kept.push({ day, ordinal, minute: share * calendar.hours(day).minutes, counter });
    }
  }
  return kept;
}

/** The dates of a plan that lie in the sessions; a day without a time is at a time drawn for it where the type has one. */
function onDates(plan: EventPlan, stream: Stream, request: EventsRequest, warnings: EventsWarning[]): Begin[] {
  const { calendar, sessions } = request;
  const { name, starts } = plan.type;
  const counters = new Map<EpochDay, number>();
  const refuse = (date: string, rule: string): never => {
    throw new ProblemError(refusal(name, 'dates', date, rule));
  };
  return [...plan.dates!].sort().flatMap((date) => {
    const [civil, time] = readDate(name, date);
    if (time !== null && starts !== 'within') refuse(date, 'days without a time, because it starts with the session');
    const at = time === null ? null : utc(civil, time);
    const day = at === null ? civil : [civil, civil + 1].find((one) => holds(calendar, one, at));
    if (day === undefined || !calendar.isSession(day))
      return refuse(date, `in sessions of the calendar ${calendar.name}`);
    if (sessions.length === 0 || day < sessions[0]! || day > sessions.at(-1)!) {
      const facts = { type: name, date };
      warnings.push({ code: 'events/outside', message: `${name}: ${date} is outside the sessions made`, facts });
      return [];
    }
    if (starts === 'overnight' && day === sessions[0])
      refuse(date, 'after the first session, because it comes overnight');
    const counter = counters.get(day) ?? 0;
    counters.set(day, counter + 1);
    const ordinal = calendar.ordinal(day);
    const { open, minutes } = calendar.hours(day);
    const drawn = starts === 'within' ? uniform(stream, ordinal, firstDraw(counter)) * minutes : 0;
    return [{ day, ordinal, minute: at === null ? drawn : (at - open) / MINUTE_US, counter }];
  });
}

function happen(plan: EventPlan, stream: Stream, { day, ordinal, minute, counter }: Begin): Occurrence {
  const first = firstDraw(counter);
  const values = drawValues(plan, (k) => uniform(stream, ordinal, first + 1 + k), {
    uniform: (draw) => uniform(stream, ordinal, first + FURTHER + draw),
    normal: (draw) => normal(stream, ordinal, first + FURTHER + draw),
  });
  const type = plan.type.name;
  return { id: `${type}:${formatDate(day)}:${counter}`, type, day, ordinal, minute, values };
}

const MINUTE_US = 60_000_000;

function readDate(name: string, date: string): readonly [day: EpochDay, time: number | null] {
  try {
    return [parseDate(date.slice(0, 10)), timeOf(date)];
  } catch (error) {
    const problems = (error as ProblemError).problems;
    throw new ProblemError(
      problems.map((problem) => ({ ...problem, path: [name, 'dates'] })),
      { cause: error },
    );
  }
}

/** Minute of the UTC day of `YYYY-MM-DDTHH:MMZ`, null without a time. Throws `config/invalid` for any other text. */
function timeOf(date: string): number | null {
  if (date.length === 10) return null;
  const match = /^T([01]\d|2[0-3]):([0-5]\d)Z$/.exec(date.slice(10));
  if (match !== null) return Number(match[1]) * 60 + Number(match[2]);
  throw new ProblemError({
    code: 'config/invalid',
    message: `"${date}" is not a time`,
    hint: 'write times in UTC as YYYY-MM-DDTHH:MMZ, for example 2010-05-06T18:32Z',
  });
}

function holds(calendar: Calendar, day: EpochDay, at: number): boolean {
  if (!calendar.isSession(day)) return false;
  const { open, minutes } = calendar.hours(day);
  return at >= open && at < open + minutes * MINUTE_US;
}

function instant(calendar: Calendar, day: EpochDay, minute: number): number {
  return calendar.hours(day).open + Math.floor(minute * MINUTE_US);
}

/** Instant of the open market that lies `lasts` minutes or sessions after a minute of a session. */
function after(calendar: Calendar, day: EpochDay, minute: number, clock: Clock, lasts: number): number {
  const sizeOf = (one: EpochDay) => (clock === 'minutes' ? calendar.hours(one).minutes : 1);
  let rest = lasts + (clock === 'minutes' ? minute : minute / calendar.hours(day).minutes);
  while (rest > sizeOf(day)) {
    rest -= sizeOf(day);
    do day++;
    while (!calendar.isSession(day));
  }
  return instant(calendar, day, clock === 'minutes' ? rest : rest * calendar.hours(day).minutes);
}
