// How a run of sessions is cut into bars and pieces, and the arrays that one block of it fills.
import { floats, release } from '../math/kernel.ts';
import type { PathBlock } from '../models/model.ts';
import type { Calendar } from './calendar.ts';
import { barsOf, edgesOf, type Frequency, mostBars } from './frequency.ts';
import { type Season, varianceShares, volumeShares } from './season.ts';
import type { Sessions } from './span.ts';
import type { PriceShift } from './surroundings.ts';
import type { Prices } from './ticks.ts';

/** A session of a given length: its bars' shares of a full session's variance and volume, and the edges of its pieces as fractions of one. */
interface Shape {
  readonly variance: Float64Array;
  readonly volume: Float64Array;
  readonly edges: Float64Array;
}

/** The bars of a block: for each its session (from the first of the block), its place in it and its number for ever. */
export interface Layout {
  bars: number;
  readonly session: Int32Array;
  readonly bar: Int32Array;
  readonly number: Int32Array;
  /** Share of a full session's variance, the hours before its open included. */
  readonly share: Float64Array;
  /** Epoch day, and microseconds of the start. */
  readonly day: Int32Array;
  readonly time: Float64Array;
  /** First bar of each session of the block, and one past the last bar. */
  readonly first: Int32Array;
  /** Shape of each session, and the one of all of them, if there is but one. */
  shapes: Shape[];
  shape: Shape | null;
}

/** A block as it was laid out, for the next ticker of the same dates. */
interface Laid {
  readonly bars: number;
  readonly shapes: Shape[];
  readonly shape: Shape | null;
  /** What the columns of the layout and of the block held. */
  readonly values: readonly (Int32Array | Float64Array)[];
}

export interface Plan {
  readonly sessions: number;
  readonly perBar: number;
  /** One bar a session: no time of day. */
  readonly daily: boolean;
  readonly block: PathBlock;
  readonly layout: Layout;
  /** What is made of a block: prices and volumes of its bars, and for these, per session, sizes of moves, two normals and a mean. */
  readonly room: {
    readonly prices: Prices;
    readonly volume: Float64Array;
    readonly sizes: Float64Array;
    readonly normals: Float64Array;
    readonly means: Float64Array;
  };
  /** Lay out `count` sessions from number `at`, the first of which has ordinal `first`. */
  lay(sessions: Sessions, at: number, count: number, first: number): void;
  /** The caller is through with it: it waits for the next of the same kind, and gives its arrays back when another one takes its place. */
  close(): void;
}

/** Planned pieces of a block, and the most sessions. */
const PIECES = 4096;
const SESSIONS = 512;
/** Places asked for in a block, and room for pieces that are cut there or by jumps: one session always fits. */
const CUTS = 2048;
const ROOM = 4096;
const MINUTE_US = 60_000_000;
/** Blocks kept as they were laid out: ten years of days take six. */
const MOST_LAID = 16;

/** The plan that was closed last: most tickers of a thread want the same one. */
let idle: { readonly name: string; readonly plan: Plan; readonly lent: readonly Float64Array[] } | null = null;

/** Arrays for blocks of bars of `perBar` pieces; where bars remember, their fresh shocks have an array of their own. */
export function planOf(
  calendar: Calendar,
  frequency: Frequency,
  perBar: number,
  season: Season,
  /** Share of the variance of an ordinary session that passes while it is open. */
  open: number,
  stateLength: number,
  remembers = false,
): Plan {
  const name = JSON.stringify([calendar.name, frequency.name, perBar, season, open, stateLength, remembers]);
  if (idle?.name === name) {
    const { plan } = idle;
    idle = null;
    for (const column of [plan.block.state, plan.block.gap, plan.block.varianceShock]) column.fill(0);
    return plan;
  }
  const most = mostBars(calendar, frequency);
  const sessions = Math.max(1, Math.min(SESSIONS, Math.floor(PIECES / (most * perBar))));
  const bars = sessions * most;
  const shapes = new Map<number, Shape>();
  const shapeOf = (minutes: number): Shape => {
    const found = shapes.get(minutes);
    if (found !== undefined) return found;
    const bars = edgesOf(calendar, frequency, minutes, 1);
    const made = {
      variance: varianceShares(season, bars),
      volume: volumeShares(season, bars),
      edges: edgesOf(calendar, frequency, minutes, perBar),
    };
    shapes.set(minutes, made);
    return made;
  };
  const lent: Float64Array[] = [];
  const { column, whole } = lender(lent);
  const block = newBlock(stateLength, sessions, bars * perBar, remembers, lent);
  const layout: Layout = {
    bars: 0,
    session: whole(bars),
    bar: new Int32Array(bars),
    number: new Int32Array(bars),
    share: column(bars),
    day: new Int32Array(bars),
    time: new Float64Array(bars),
    first: whole(sessions + 1),
    shapes: [],
    shape: null,
  };
  const { session, bar: place, number, share, day, time, first: begins } = layout;
  const { share: shares, pieces } = block;
  const layOut = ({ days, opens, minutes }: Sessions, at: number, count: number, first: number): void => {
    let bar = 0;
    let shape = shapeOf(minutes[at]!);
    layout.shapes = [];
    layout.shape = shape;
    for (let s = 0; s < count; s++) {
      if (s > 0 && minutes[at + s] !== minutes[at + s - 1]) shape = shapeOf(minutes[at + s]!);
      const { variance } = shape;
      const bars = variance.length;
      layout.shapes.push(shape);
      if (shape !== layout.shape) layout.shape = null;
      begins[s] = bar;
      for (let b = 0; b < bars; b++, bar++) {
        session[bar] = s;
        place[bar] = b;
        number[bar] = (first + s) * most + b;
        share[bar] = open * variance[b]!;
        const part = share[bar]! / perBar;
        for (let p = bar * perBar; p < (bar + 1) * perBar; p++) shares[p] = part;
        day[bar] = days[at + s]!;
        time[bar] = b === 0 ? opens[at + s]! : opens[at + s]! + b * frequency.minutes * MINUTE_US;
      }
      pieces[s] = bar * perBar;
    }
    begins[count] = bar;
    layout.bars = bar;
  };
  const columns = [session, place, number, share, day, time, shares, pieces, begins];
  const kept = (count: number): Laid => {
    const { bars, shapes, shape } = layout;
    const lengths = [bars, bars, bars, bars, bars, bars, bars * perBar, count, count + 1];
    return { bars, shapes, shape, values: columns.map((column, k) => column.slice(0, lengths[k])) };
  };
  const laid = new Map<string, Laid>();
  let laidOf: Sessions | null = null;
  const plan: Plan = {
    sessions,
    perBar,
    daily: barsOf(frequency, calendar.mostMinutes) === 1,
    block,
    layout,
    room: {
      prices: { open: column(bars), high: column(bars), low: column(bars), close: column(bars) },
      volume: column(bars),
      sizes: column(sessions),
      normals: column(2 * sessions),
      means: column(sessions),
    },
    lay(of, at, count, first) {
      if (of !== laidOf) laid.clear();
      laidOf = of;
      const asked = `${at} ${count} ${first}`;
      const known = laid.get(asked);
      if (known === undefined) {
        layOut(of, at, count, first);
        if (laid.size < MOST_LAID) laid.set(asked, kept(count));
        return;
      }
      layout.bars = known.bars;
      layout.shapes = known.shapes;
      layout.shape = known.shape;
      for (let k = 0; k < columns.length; k++) columns[k]!.set(known.values[k]!);
    },
    close() {
      if (idle?.plan === plan) return;
      if (idle !== null) release(...idle.lent);
      idle = { name, plan, lent };
    },
  };
  return plan;
}

/** Makes arrays of `floats`, all of which go to `lent`. */
function lender(lent: Float64Array[]) {
  const column = (length: number) => {
    const array = floats(length);
    lent.push(array);
    return array;
  };
  const whole = (length: number) => {
    const { buffer, byteOffset } = column(Math.ceil(length / 2));
    return new Int32Array(buffer, byteOffset, length);
  };
  return { column, whole };
}

/** Arrays of `floats`, all of which go to `lent`, where kernels of the path look; the others are ordinary ones. */
function newBlock(
  stateLength: number,
  sessions: number,
  planned: number,
  remembers: boolean,
  lent: Float64Array[],
): PathBlock {
  const { column, whole } = lender(lent);
  const perSession = () => column(sessions);
  const piece = () => column(planned + ROOM);
  const shocks = column(planned);
  return {
    pieces: whole(sessions),
    phi: perSession(),
    gap: perSession(),
    scale: perSession(),
    volatility: perSession(),
    growth: perSession(),
    jumpIntensity: perSession(),
    jumpMean: perSession(),
    jumpSd: perSession(),
    target: perSession(),
    varianceShock: perSession(),
    shocks,
    fresh: remembers ? column(planned) : shocks,
    share: column(planned),
    cuts: { count: 0, piece: new Int32Array(CUTS), part: new Float64Array(CUTS) },
    state: new Float64Array(stateLength),
    from: piece(),
    to: piece(),
    variance: piece(),
    until: piece(),
    ends: whole(planned),
    annualVariance: perSession(),
    sd: perSession(),
    jumps: { count: 0, session: new Int32Array(ROOM), time: new Float64Array(ROOM), size: new Float64Array(ROOM) },
  };
}

/** Runs of bars whose numbers follow one another: `act(first, count)` with bars of the layout. */
export function eachRun({ bars, number }: Layout, act: (first: number, count: number) => void): void {
  for (let first = 0; first < bars; ) {
    let end = first + 1;
    while (end < bars && number[end] === number[end - 1]! + 1) end++;
    act(first, end - first);
    first = end;
  }
}

/**
 * Ask for a node wherever the price shift bends inside the block's sessions, the first of which is `at` of the request.
 * Returns for how many sessions there was room. Throws RangeError when one session alone bends too often.
 */
export function cutAtKnots(
  { block, layout, perBar }: Plan,
  shift: PriceShift | null,
  at: number,
  sessions: number,
): number {
  const { cuts } = block;
  cuts.count = 0;
  if (shift === null) return sessions;
  for (let s = 0; s < sessions; s++) {
    const { edges } = layout.shapes[s]!;
    const before = cuts.count;
    let p = 0;
    for (const knot of shift.knots(at + s)) {
      while (p < edges.length - 1 && edges[p + 1]! <= knot) p++;
      const inside = p < edges.length - 1 && knot > edges[p]!;
      if (!inside) continue;
      if (cuts.count === CUTS) {
        if (s === 0) throw new RangeError(`more than ${CUTS} bends of a price in one session`);
        cuts.count = before;
        return s;
      }
      cuts.piece[cuts.count] = layout.first[s]! * perBar + p;
      cuts.part[cuts.count++] = (knot - edges[p]!) / (edges[p + 1]! - edges[p]!);
    }
  }
  return sessions;
}

/** Add the price shift to the log prices at both ends of every piece of the first `sessions` sessions. */
export function addShift({ block, layout, perBar }: Plan, shift: PriceShift, at: number, sessions: number): void {
  const { from, to, until, ends } = block;
  let piece = 0;
  for (let s = 0; s < sessions; s++) {
    const { edges } = layout.shapes[s]!;
    const first = layout.first[s]! * perBar;
    for (let p = 0, start = 0; p < edges.length - 1; p++) {
      for (const last = ends[first + p]!; piece < last; piece++) {
        const part = until[piece]!;
        const end = part === 1 ? edges[p + 1]! : edges[p]! + part * (edges[p + 1]! - edges[p]!);
        from[piece] = from[piece]! + shift.at(at + s, start, 'after');
        to[piece] = to[piece]! + shift.at(at + s, end, 'before');
        start = end;
      }
    }
  }
}
