// The clock within a session: how variance, volume and spread spread over it, as integrals over the pieces of its bars.
import type { Problem } from '../base/problem.ts';
import { exp } from '../math/elementary.ts';
import { refusal } from '../models/model.ts';
import type { Calendar } from './calendar.ts';

/**
 * Shapes over x, the fraction of a full session. Volatility is 1 + open e^(-x/.1) + close e^(-(1-x)/.1), spread the same
 * with half of each; volume is the parabola that has these shares in its first and its last thirteenth (a half hour of 390
 * minutes). A session that closes early is the first part of a full one, so its shares sum to less than 1.
 */
export interface Season {
  readonly open: number;
  readonly close: number;
  readonly firstVolume: number;
  readonly lastVolume: number;
}

const THIRTEENTH = 1 / 13;
const FADE = 0.1;

/** A stock exchange: turbulent opens, busy closes. */
export const EXCHANGE: Season = { open: 1.5, close: 0.6, firstVolume: 0.12, lastVolume: 0.14 };
/** Every hour as any other. */
export const FLAT: Season = { open: 0, close: 0, firstVolume: THIRTEENTH, lastVolume: THIRTEENTH };

/** What a calendar has unless told otherwise: flat where sessions last around the clock. */
export function seasonOf(calendar: Calendar): Season {
  return calendar.mostMinutes === 1440 ? FLAT : EXCHANGE;
}

export function checkSeason(season: Season): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, value: number, rule: string) => problems.push(refusal('season', field, value, rule));
  for (const field of ['open', 'close'] as const) {
    if (!(season[field] >= 0 && season[field] <= 100)) refuse(field, season[field], 'between 0 and 100');
  }
  for (const field of ['firstVolume', 'lastVolume'] as const) {
    if (!(season[field] > 0 && season[field] < 1)) refuse(field, season[field], 'above 0 and below 1');
  }
  if (problems.length === 0 && !(leastVolume(season) > 0)) {
    refuse('firstVolume', season.firstVolume, 'such that the parabola of volume stays above 0');
  }
  return problems;
}

/** Share of a full session's intraday variance in each piece; `edges` as `edgesOf` makes them. */
export function varianceShares({ open, close }: Season, edges: Float64Array): Float64Array {
  // The square of the shape: 1 + 2 a u + 2 b v + a^2 u^2 + b^2 v^2 + 2 a b u v with u = e^(-x/.1), v = e^(-(1-x)/.1).
  const both = 2 * open * close * exp(-1 / FADE);
  return shares(edges, (x) => {
    const u = exp(-x / FADE);
    const v = exp((x - 1) / FADE);
    const rising = 2 * close * v + 0.5 * close * close * v * v;
    const falling = 2 * open * u + 0.5 * open * open * u * u;
    return (1 + both) * x + FADE * (rising - falling);
  });
}

/** Share of a full session's volume in each piece. */
export function volumeShares(season: Season, edges: Float64Array): Float64Array {
  const { slope, curve } = parabola(season);
  return shares(edges, (x) => x + slope * x * (x - 1) + curve * x * (x - 1) * (2 * x - 1));
}

/** Mean level of the spread in each piece; 1 is its mean over a full session. */
export function spreadLevels({ open, close }: Season, edges: Float64Array): Float64Array {
  const levels = shares(edges, (x) => x + 0.5 * FADE * (close * exp((x - 1) / FADE) - open * exp(-x / FADE)));
  for (let i = 0; i < levels.length; i++) levels[i] = levels[i]! / (edges[i + 1]! - edges[i]!);
  return levels;
}

/** Differences of an integral over the edges, as a share of its whole from 0 to 1. */
function shares(edges: Float64Array, integral: (x: number) => number): Float64Array {
  const whole = integral(1) - integral(0);
  const out = new Float64Array(edges.length - 1);
  let from = integral(edges[0]!);
  for (let i = 0; i < out.length; i++) {
    const to = integral(edges[i + 1]!);
    out[i] = (to - from) / whole;
    from = to;
  }
  return out;
}

/**
 * Volume density 1 + slope (2x - 1) + curve (6x^2 - 6x + 1): terms of no weight over the whole session, odd and even about
 * its middle, so that the difference of the end shares sets the first and their sum the second.
 */
function parabola({ firstVolume, lastVolume }: Season): { readonly slope: number; readonly curve: number } {
  const h = THIRTEENTH;
  return {
    slope: (lastVolume - firstVolume) / (2 * h * (1 - h)),
    curve: (firstVolume + lastVolume - 2 * h) / (2 * h * (1 - h) * (1 - 2 * h)),
  };
}

/** The lowest density of volume anywhere from 0 to 1. */
function leastVolume(season: Season): number {
  const { slope, curve } = parabola(season);
  const density = (x: number) => 1 + slope * (2 * x - 1) + curve * (6 * x * (x - 1) + 1);
  const vertex = 0.5 - slope / (6 * curve);
  const ends = Math.min(density(0), density(1));
  return vertex > 0 && vertex < 1 ? Math.min(ends, density(vertex)) : ends;
}
