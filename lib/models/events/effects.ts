// What the events of a market do to one asset: price shifts at opens, closes and knots between them, and scales per session and bar.
import { exp, pow } from '../../math/elementary.ts';
import type { Channel, Clock, Effect, EventPlan, Shift, Values } from './event.ts';

/** One event that happens. Plain data: the plan of its type says what it means. */
export interface Occurrence {
  /** type:date:counter, the same whatever else happens. */
  readonly id: string;
  readonly type: string;
  /** Its session: days since 1970-01-01, and ordinal in the calendar. */
  readonly day: number;
  readonly ordinal: number;
  /** Open minutes of that session before it, a real number. */
  readonly minute: number;
  readonly values: Values;
}

export interface EventAsset {
  readonly ticker: string;
  readonly class: string;
  readonly sector?: string;
}

/** The sessions and bars that effects are told for. */
export interface Grid {
  /** Ordinal of the first session. */
  readonly first: number;
  /** Open minutes of each session. */
  readonly minutes: ArrayLike<number>;
  /** Length of a bar; infinite when a bar is the whole session. The last bar of a session ends with it. */
  readonly barMinutes: number;
}

/** Log price shifts inside a session, at ascending minutes; two at one minute are the sides of a jump. */
export interface Knots {
  readonly session: number;
  readonly minutes: Float64Array;
  readonly shifts: Float64Array;
}

export interface EventEffects {
  /** Per session: log price shift at its open and close; a difference of a close and the next open is an overnight jump. */
  readonly open: Float64Array;
  readonly close: Float64Array;
  /** Sessions in which the shift is no line from open to close, ascending. */
  readonly knots: readonly Knots[];
  /** Per session: times the volatility; weight of the common shock. */
  readonly volatility: Float64Array;
  readonly blend: Float64Array;
  /** Per bar: means over the bar of what the spread, depth and volume are multiplied with. */
  readonly spread: Float64Array;
  readonly depth: Float64Array;
  readonly volume: Float64Array;
}

export interface Impact {
  /** Largest log price shift in size, with its sign, and the one that stays. */
  readonly peakShift: number;
  readonly finalShift: number;
  readonly peakVolatility: number;
}

const MOST_VOLATILITY = 10;
const MOST_SPREAD = 100;
const LEAST_DEPTH = 0.01;

/** Everything the occurrences do to an asset over a grid. An asset that none touches has 0 and 1 throughout. */
export function eventEffects(
  plans: readonly EventPlan[],
  occurrences: readonly Occurrence[],
  asset: EventAsset,
  grid: Grid,
): EventEffects {
  const map = mapOf(grid);
  const sessions = grid.minutes.length;
  const out = {
    open: new Float64Array(sessions),
    close: new Float64Array(sessions),
    volatility: new Float64Array(sessions).fill(1),
    blend: new Float64Array(sessions),
    spread: new Float64Array(map.bars[sessions]!).fill(1),
    depth: new Float64Array(map.bars[sessions]!).fill(1),
    volume: new Float64Array(map.bars[sessions]!).fill(1),
  };
  const moves: Move[] = [];
  for (const occurrence of occurrences) {
    const session = occurrence.ordinal - grid.first;
    const plan = planOf(plans, occurrence);
    const effect = effectOn(plan, occurrence, asset);
    if (effect === null || session < 0 || session >= sessions) continue;
    const start = { session, minute: occurrence.minute, within: plan.type.starts === 'within' };
    for (const channel of effect.channels) apply(out, channel, start, map);
    if (effect.shift === null) continue;
    const move = { ...start, shift: effect.shift, origin: map.at(effect.shift.clock, session, occurrence.minute) };
    moves.push(move);
    const end = move.shift.at(Number.POSITIVE_INFINITY);
    let value = start.minute === 0 ? move.shift.at(0) : 0;
    let settled = false;
    for (let i = session; i < sessions; i++) {
      out.open[i] = out.open[i]! + value;
      if (!settled) {
        const tau = map.at(move.shift.clock, i, grid.minutes[i]!) - move.origin;
        value = move.shift.at(tau);
        settled = tau > move.shift.lasts && value === end;
      }
      out.close[i] = out.close[i]! + value;
    }
  }
  cap(out.volatility, 0, MOST_VOLATILITY);
  cap(out.spread, 0, MOST_SPREAD);
  cap(out.depth, LEAST_DEPTH, Number.POSITIVE_INFINITY);
  return { ...out, knots: knotsOf(moves, map) };
}

/** What one event does to an asset over its whole life, or null when it does not touch it. */
export function impactOf(plans: readonly EventPlan[], occurrence: Occurrence, asset: EventAsset): Impact | null {
  const effect = effectOn(planOf(plans, occurrence), occurrence, asset);
  if (effect === null) return null;
  const { shift, channels } = effect;
  const finalShift = shift?.at(Number.POSITIVE_INFINITY) ?? 0;
  let peakShift = finalShift;
  for (const tau of shift === null ? [] : [0, ...shift.bends]) {
    const value = shift!.at(tau);
    if (Math.abs(value) > Math.abs(peakShift)) peakShift = value;
  }
  let peakVolatility = 1;
  for (const { name, peak } of channels) if (name === 'volatility') peakVolatility *= peak;
  return { peakShift, finalShift, peakVolatility: Math.min(MOST_VOLATILITY, peakVolatility) };
}

/** Loading of an asset on a type. */
export function loadingOf({ loadings }: EventPlan, asset: EventAsset): number {
  const of = (map: Readonly<Record<string, number>>, name: string | undefined) =>
    name !== undefined && Object.hasOwn(map, name) ? map[name]! : undefined;
  return (
    of(loadings.tickers, asset.ticker) ?? of(loadings.sectors, asset.sector) ?? of(loadings.classes, asset.class) ?? 0
  );
}

/**
 * The effect with loading and intensity in it. The shift is times both. Scales are raised to intensity times the size of the
 * loading, which counts at most as 1 there; the weight of a blend is times the same.
 */
function effectOn(plan: EventPlan, { values }: Occurrence, asset: EventAsset): Effect | null {
  const loading = loadingOf(plan, asset);
  const exposure = plan.intensity * Math.min(1, Math.abs(loading));
  if (exposure === 0) return null;
  const { shift, channels } = plan.type.effect(values, loading);
  const factor = plan.intensity * loading;
  return {
    shift: shift === null ? null : { ...shift, at: (tau) => factor * shift.at(tau) },
    channels: channels.map((channel) => ({
      ...channel,
      peak: channel.name === 'blend' ? Math.min(1, channel.peak * exposure) : pow(channel.peak, exposure),
    })),
  };
}

function planOf(plans: readonly EventPlan[], { type }: Occurrence): EventPlan {
  const plan = plans.find((one) => one.type.name === type);
  if (plan === undefined) throw new RangeError(`no plan of the event type ${type}`);
  return plan;
}

interface Start {
  readonly session: number;
  readonly minute: number;
  readonly within: boolean;
}

interface Move extends Start {
  readonly shift: Shift;
  /** Clock reading at the start. */
  readonly origin: number;
}

interface TimeMap {
  readonly minutes: ArrayLike<number>;
  readonly barMinutes: number;
  /** First bar of each session, and their number. */
  readonly bars: Int32Array;
  /** Open minutes before each session, and their number. */
  readonly before: Float64Array;
  /** Clock reading at a minute of a session. */
  at(clock: Clock, session: number, minute: number): number;
}

function mapOf({ minutes, barMinutes }: Grid): TimeMap {
  const bars = new Int32Array(minutes.length + 1);
  const before = new Float64Array(minutes.length + 1);
  for (let i = 0; i < minutes.length; i++) {
    bars[i + 1] = bars[i]! + Math.ceil(minutes[i]! / Math.min(barMinutes, minutes[i]!));
    before[i + 1] = before[i]! + minutes[i]!;
  }
  const at = (clock: Clock, session: number, minute: number) =>
    clock === 'minutes' ? before[session]! + minute : session + minute / minutes[session]!;
  return { minutes, barMinutes, bars, before, at };
}

function shiftOf({ shift, origin }: Move, session: number, minute: number, map: TimeMap): number {
  return shift.at(Math.max(0, map.at(shift.clock, session, minute) - origin));
}

type Scales = { readonly [name in Channel['name']]: Float64Array };

/**
 * Put a channel on its arrays until it has no effect. What counts sessions from an open is one value a session, that of its
 * open, so that the first has the peak; everything else is the mean over each bar, exact, and nothing before the start.
 */
function apply(out: Scales, channel: Channel, { session, minute, within }: Start, map: TimeMap): void {
  const { name, peak, clock } = channel;
  const perSession = name === 'volatility' || name === 'blend';
  const stepped = clock === 'sessions' && !within;
  const origin = map.at(clock, session, minute);
  const target = out[name];
  for (let i = session; i < map.minutes.length; i++) {
    const step = activity(channel, i - session);
    if (stepped && 1 + step === 1) return;
    const length = map.minutes[i]!;
    const bars = perSession ? 1 : map.bars[i + 1]! - map.bars[i]!;
    const width = perSession ? length : Math.min(map.barMinutes, length);
    let seen = false;
    for (let b = 0; b < bars; b++) {
      const from = map.at(clock, i, b * width) - origin;
      const to = map.at(clock, i, Math.min(length, (b + 1) * width)) - origin;
      const g = stepped ? step : to <= 0 ? 0 : meanActivity(channel, from, to);
      seen ||= 1 + g !== 1;
      const at = perSession ? i : map.bars[i]! + b;
      target[at] = name === 'blend' ? Math.max(target[at]!, peak * g) : target[at]! * (1 - g + peak * g);
    }
    if (!seen) return;
  }
}

/** g at tau >= 0. */
function activity({ hold, decay }: Channel, tau: number): number {
  if (tau < hold) return 1;
  return decay > 0 ? exp((hold - tau) / decay) : 0;
}

/** Mean of g over [from, to], 0 before the start. */
function meanActivity(channel: Channel, from: number, to: number): number {
  const { hold, decay } = channel;
  const held = Math.max(0, Math.min(to, hold) - Math.max(from, 0));
  const tail = decay * (activity(channel, from) - activity(channel, to));
  return (held + tail) / (to - from);
}

function cap(values: Float64Array, least: number, most: number): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.min(most, Math.max(least, values[i]!));
}

/** Every bend within a session, with the sum of all shifts on both of its sides. */
function knotsOf(moves: readonly Move[], map: TimeMap): Knots[] {
  const cuts = new Map<number, Set<number>>();
  for (const move of moves) {
    if (!move.within) continue;
    if (move.minute > 0) cuts.set(move.session, (cuts.get(move.session) ?? new Set()).add(move.minute));
    for (const tau of move.shift.bends) {
      const place = placeOf(move, tau, map);
      if (place === null) break;
      cuts.set(place.session, (cuts.get(place.session) ?? new Set()).add(place.minute));
    }
  }
  const total = (session: number, minute: number, left: boolean) => {
    let sum = 0;
    for (const move of moves) {
      const begun =
        session > move.session ||
        (session === move.session && (minute > move.minute || (minute === move.minute && !left)));
      if (begun) sum += shiftOf(move, session, minute, map);
    }
    return sum;
  };
  return [...cuts.keys()]
    .sort((a, b) => a - b)
    .map((session) => {
      const minutes: number[] = [];
      const shifts: number[] = [];
      for (const minute of [...cuts.get(session)!].sort((a, b) => a - b)) {
        const left = total(session, minute, true);
        const right = total(session, minute, false);
        if (left !== right) {
          minutes.push(minute);
          shifts.push(left);
        }
        minutes.push(minute);
        shifts.push(right);
      }
      return { session, minutes: Float64Array.from(minutes), shifts: Float64Array.from(shifts) };
    });
}

/** Session and minute at tau since the start of a move; null past the last session. */
function placeOf(
  { session, minute, shift }: Move,
  tau: number,
  map: TimeMap,
): { session: number; minute: number } | null {
  let rest = shift.clock === 'minutes' ? minute + tau : minute / map.minutes[session]! + tau;
  for (let i = session; i < map.minutes.length; i++) {
    const length = shift.clock === 'minutes' ? map.minutes[i]! : 1;
    if (rest < length) return { session: i, minute: shift.clock === 'minutes' ? rest : rest * map.minutes[i]! };
    rest -= length;
  }
  return null;
}
