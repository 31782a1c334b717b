// Ground truth against bars: what is left of each move when all that is known of it is taken away is a standard normal.
import { log } from '../math/elementary.ts';
import { marginScale } from '../models/copula.ts';
import type { Bars } from './bars.ts';
import { type Fresh, freshOf } from './fresh.ts';
import { expectedJumps, jumpScores, recursion, varianceScores } from './hidden.ts';
import { type Move, movesOf } from './moves.ts';
import { type Nodes, type Prices, type Reading, SMALL, sharesOf, type Truth } from './truth.ts';

/** What the truth leaves of a ticker's bars. Under the null all are independent standard normals but for `recursion`. */
export interface Residuals {
  /** Per session, from its open to its close; NaN where the law of the move is not known. */
  readonly sessions: Float64Array;
  /** As `sessions`, where correlations may be read from them; the root of the shock's share in the variance of each, null where it is 1. */
  readonly shocks: Float64Array;
  readonly own: Float64Array | null;
  /** Per session, from the last close to its open. */
  readonly gaps: Float64Array;
  /** Per jump of the ledger, by its size; null without a law of jumps. */
  readonly jumps: Float64Array | null;
  /** Mean number of jumps over all sessions. */
  readonly expectedJumps: number;
  /** Per session, of the next variance given this one; null where it has no shocks of its own. */
  readonly variance: Float64Array | null;
  /** How far variances are from what the returns before them make them, over its standard error from rounding; null but where innovations make it. */
  readonly recursion: number | null;
}

/**
 * Variance of rounding as a share of a move's: normal moves bear a tick of twice their standard deviation (Sheppard's correction),
 * the scores of others `SMALL`, and a correlation, which rounding dilutes, a thousandth.
 */
const COARSE = 2 / 3;
const FINE = 0.001;

/**
 * Session by session the return less its mean and its jumps over the root of its variance, both given the regimes, events and
 * variances in force, and through its law to a normal score, so that no tail is too heavy to be tested. `tick` adds the
 * variance of rounding, tick^2 / 12 a price; sessions whose tick is coarse as they open are left out. Null when the bars are not
 * those of the sessions.
 */
export function residualsOf(bars: Bars, truth: Truth, tick: number | null): Residuals | null {
  const { law, span, latent, night, surroundings: around } = truth;
  const { days } = span;
  const n = days.length;
  const nodes = nodesOf(bars, days);
  if (nodes === null || latent.variance.length !== n) return null;
  const prices = pricesOf(nodes);
  const at = (channel: Float64Array | null, s: number, neutral: number) => (channel === null ? neutral : channel[s]!);
  const shares = sharesOf(truth);
  const jumped = jumpsBySession(truth, shares.closed);
  const moves = movesOf(truth, shares, prices);
  const sessions = new Float64Array(n).fill(Number.NaN);
  const shocks = new Float64Array(n).fill(Number.NaN);
  const gaps = new Float64Array(n).fill(Number.NaN);
  let own: Float64Array | null = null;
  const noise = tick === null ? 0 : (tick * tick) / 12;
  const innovations: (Reading | null)[] = [];
  const fresh = truth.memory === 0 && around.memory === null ? null : freshOf(truth, shares, nodes, noise);
  for (let s = 0; s < n; s++) {
    const move = moves(s);
    const found = fresh?.(s, move) ?? null;
    const { open, close } = prices;
    const rounding = (a: number, b: number) => noise * (1 / (a * a) + 1 / (b * b));
    const common = at(around.blend, s, 0);
    const spread = (1 - common) * at(truth.shockVariance, s, 1) + common;
    const variance = spread * move.variance + move.sway;
    const shift = (session: number, fraction: number, side: 'before' | 'after') =>
      around.shift === null ? 0 : around.shift.at(session, fraction, side);
    const inside =
      log(close[s]! / open[s]!) - jumped.open[s]! - shift(s, shares.end[s]!, 'before') + shift(s, 0, 'after');
    const before = s === 0 ? Number.NaN : close[s - 1]!;
    const outside =
      log(open[s]! / before) -
      jumped.closed[s]! -
      shift(s, 0, 'after') +
      (s === 0 ? 0 : shift(s - 1, shares.end[s - 1]!, 'before'));
    const gap = outside - move.gapMean;
    // Which sessions count rests on what is known before them, so that those which do keep their law.
    const remembers = truth.memory + at(around.memory, s, 0) !== 0;
    const [coarse, width] = remembers
      ? [(found?.expected ?? Number.NaN) / spread, spread + (found?.rounding ?? 0)]
      : [rounding(open[s]!, open[s]!) / variance, variance + rounding(open[s]!, close[s]!)];
    innovations.push(
      remembers
        ? withGap(truth.marginDf < Number.POSITIVE_INFINITY ? null : found, move, gap, nodes.first[s]!)
        : { value: inside - move.mean + gap, ...ends(nodes, s) },
    );
    if (coarse <= (truth.marginDf < Number.POSITIVE_INFINITY ? SMALL : COARSE)) {
      sessions[s] = score((remembers ? found!.value : inside - move.mean) / Math.sqrt(width), truth.marginDf);
      const beside = coarse > FINE || move.sway > 0;
      // Only normal ones stay normal with something added.
      if (!beside || (coarse <= SMALL && truth.marginDf === Number.POSITIVE_INFINITY)) shocks[s] = sessions[s]!;
      if (beside) {
        own ??= new Float64Array(n).fill(1);
        own[s] = Math.sqrt((spread * move.variance) / (variance * (1 + coarse)));
      }
    }
    if (night !== null && s > 0 && rounding(before, before) / move.gapVariance <= SMALL)
      gaps[s] = score(
        (outside - move.gapMean) / Math.sqrt(spread * move.gapVariance + rounding(before, open[s]!)),
        night.nu,
      );
  }
  const of = law.kind === 'path' ? law.variance : null;
  const jumps = law.kind === 'path' ? law.jumps : null;
  return {
    sessions,
    shocks,
    own,
    gaps,
    jumps: jumps === null ? null : jumpScores(jumps, truth),
    expectedJumps: jumps === null ? 0 : expectedJumps(jumps, truth, shares),
    // Factors that move change the law of the variance's shock too.
    variance: of?.of !== 'shocks' || truth.shockVariance !== null ? null : varianceScores(of, truth),
    recursion: of?.of === 'innovations' ? recursion(of, truth, shares, innovations, nodes, noise) : null,
  };
}

/** Null when the bars have other sessions. */
function nodesOf({ day, open, close }: Bars, days: Int32Array): Nodes | null {
  const prices = new Float64Array(days.length + day.length);
  const first = new Int32Array(days.length + 1);
  let s = -1;
  let at = 0;
  for (let b = 0; b < day.length; b++) {
    if (b === 0 || day[b] !== day[b - 1]) {
      s++;
      if (s >= days.length || day[b] !== days[s] || !(open[b]! > 0)) return null;
      first[s] = at;
      prices[at++] = open[b]!;
    }
    if (!(close[b]! > 0)) return null;
    prices[at++] = close[b]!;
  }
  first[days.length] = at;
  return s === days.length - 1 ? { prices, first } : null;
}

function pricesOf({ prices, first }: Nodes): Prices {
  const pick = (node: (s: number) => number) =>
    Float64Array.from({ length: first.length - 1 }, (_, s) => prices[node(s)]!);
  return { open: pick((s) => first[s]!), close: pick((s) => first[s + 1]! - 1) };
}

/** From the close of the session before to that of this one. */
const ends = ({ first }: Nodes, s: number) => ({ at: [first[s]! - 1, first[s + 1]! - 1], by: [-1, 1] });

/** What is new from one close to the next where bars remember: with the gap, whose prices are the second and third of its nodes. */
function withGap(fresh: Fresh | null, { variance }: Move, gap: number, open: number): Reading | null {
  if (fresh === null) return null;
  const sd = Math.sqrt(variance);
  const by = fresh.by.map((one) => sd * one);
  const opening = fresh.at[2] === open ? 2 : 1;
  by[1] = by[1]! - 1;
  by[opening] = by[opening]! + 1;
  return { value: sd * fresh.value + gap, at: fresh.at, by };
}

function jumpsBySession({ latent, span }: Truth, closed: Float64Array) {
  const { day, time, size } = latent.jumps;
  const sums = { closed: new Float64Array(span.days.length), open: new Float64Array(span.days.length) };
  for (let j = 0, s = 0; j < day.length; j++) {
    while (s < span.days.length - 1 && span.days[s]! < day[j]!) s++;
    const part = time[j]! < closed[s]! ? sums.closed : sums.open;
    part[s] = part[s]! + size[j]!;
  }
  return sums;
}

/** Maps of Student laws to the normal one, by degrees of freedom: a market has few. */
const maps = new Map<number, (shock: number, common: number) => number>();

/** Normal score of a move in units of its standard deviation. */
function score(z: number, df: number): number {
  if (df === Number.POSITIVE_INFINITY) return z;
  const map = maps.get(df) ?? marginScale(df, Number.POSITIVE_INFINITY);
  maps.set(df, map);
  const w = z * Math.sqrt(df / (df - 2));
  return w * map(w, 1);
}
