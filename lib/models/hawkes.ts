// Two-sided Hawkes process: events that beget events on their own side and on the other, simulated exactly.
import type { Problem } from '../base/problem.ts';
import { exponential, uniform } from '../math/draw.ts';
import { exp, expm1, log1p } from '../math/elementary.ts';
import type { Stream } from '../math/stream.ts';
import { refusal } from './model.ts';

/**
 * Intensity of a side: mu + sum over past events of n decay exp(-decay age), n = self for events of its own side and cross for the other's
 * (Hawkes 1971). Both at 0 is a Poisson process.
 */
export interface Hawkes {
  /** Mean number of events per side and unit of time; mu = rate (1 - self - cross). */
  readonly rate: number;
  /** Mean number of direct children of an event on its own side and on the other: alpha / decay. */
  readonly self: number;
  readonly cross: number;
  /** Per unit of time. */
  readonly decay: number;
}

const DRAWS = 4;
/** Events of a bar are numbered below this, so that their draws stay below 65536. */
export const MOST_EVENTS = 65536 / DRAWS - 1;
/** Room that the bound on the events of a bar leaves above the mean, in standard deviations. */
const ROOM = 8;

/** Everything wrong with the parameters, for bars of up to `longest` units of time. `owner` names them in messages. */
export function checkHawkes(owner: string, params: Hawkes, longest: number): readonly Problem[] {
  const { rate, self, cross, decay } = params;
  const problems: Problem[] = [];
  if (!(rate > 0 && rate < Number.POSITIVE_INFINITY)) problems.push(refusal(owner, 'rate', rate, 'above 0'));
  if (!(self >= 0 && self < 1)) problems.push(refusal(owner, 'self', self, '0 or more and below 1'));
  if (!(cross >= 0 && cross < 1)) problems.push(refusal(owner, 'cross', cross, '0 or more and below 1'));
  if (problems.length === 0 && !(self + cross < 1)) {
    problems.push(refusal(owner, 'self + cross', self + cross, 'below 1: the process would explode'));
  }
  if (!(decay > 0 && decay < Number.POSITIVE_INFINITY)) problems.push(refusal(owner, 'decay', decay, 'above 0'));
  if (problems.length > 0) return problems;
  const most = 2 * rate * longest + ROOM * Math.sqrt(countVariance(2 * rate, self + cross, decay, longest));
  if (!(most <= MOST_EVENTS)) {
    const rule = `so low that the longest bar has at most ${MOST_EVENTS} events ${ROOM} standard deviations above its mean`;
    problems.push(refusal(owner, 'rate', rate, rule));
  }
  return problems;
}

/**
 * Variance of the number of events in a window: rate (w k^2 + (1 - k^2)(1 - e^(-w/tau)) tau), k = 1 / (1 - n), 1/tau = decay (1 - n).
 * With rate = 2 x the rate of a side: of both sides together for n = self + cross, of their difference for n = self - cross.
 */
export function countVariance(rate: number, n: number, decay: number, window: number): number {
  const k2 = 1 / ((1 - n) * (1 - n));
  const back = decay * (1 - n);
  return rate * (window * k2 + ((1 - k2) * -expm1(-window * back)) / back);
}

/** Intensity above mu per side, at its stationary mean. */
export function meanExcess({ rate, self, cross }: Hawkes): Float64Array {
  return new Float64Array(2).fill(rate * (self + cross));
}

/** Told of each event: its side, 0 or 1, its time since the bar's start, and a draw of the bar that is free for marking it. */
export type OnEvent = (side: 0 | 1, time: number, draw: number) => void;

/**
 * Events of one bar of `length` units of time; returns their number, or -1 when MOST_EVENTS are not enough.
 * excess[side] is the intensity above mu, at the bar's start and, afterwards, at its end: all the memory there is, so that the events
 * after the end need not be known and are drawn afresh by the next bar. Exact, two uniforms a waiting time (Dassios & Zhao 2013, ECP
 * 18(62), algorithm 3.1): the sides share their decay, so the time to the next event of both needs the sum of excesses only, and the part
 * that fires first, excess or mu, says how likely each side is.
 */
export function advance(
  { rate, self, cross, decay }: Hawkes,
  excess: Float64Array,
  stream: Stream,
  bar: number,
  length: number,
  onEvent: OnEvent,
): number {
  const mu = 2 * rate * (1 - self - cross);
  let a = excess[0]!;
  let b = excess[1]!;
  let time = 0;
  for (let count = 0; count < MOST_EVENTS; count++) {
    const draw = DRAWS * count;
    const total = a + b;
    let wait = exponential(stream, bar, draw) / mu;
    let first = 0.5;
    if (total > 0) {
      const d = (-decay * exponential(stream, bar, draw + 1)) / total;
      const own = d > -1 ? -log1p(d) / decay : Number.POSITIVE_INFINITY;
      if (own < wait) {
        wait = own;
        first = a / total;
      }
    }
    const left = length - time;
    const faded = exp(-decay * Math.min(wait, left));
    a *= faded;
    b *= faded;
    if (!(wait < left)) {
      excess[0] = a;
      excess[1] = b;
      return count;
    }
    time += wait;
    const side = uniform(stream, bar, draw + 2) < first ? 0 : 1;
    a += decay * (side === 0 ? self : cross);
    b += decay * (side === 0 ? cross : self);
    onEvent(side, time, draw + 3);
  }
  return -1;
}
