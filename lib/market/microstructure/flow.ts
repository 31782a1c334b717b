// Order flow of each bar: buys and sells that arrive at random, may beget each other, and lean the way the price went.
import { type Problem, ProblemError } from '../../base/problem.ts';
import { uniform } from '../../math/draw.ts';
import { exp, expm1 } from '../../math/elementary.ts';
import { poisson } from '../../math/laws.ts';
import type { Stream } from '../../math/stream.ts';
import { advance, checkHawkes, countVariance, type Hawkes, MOST_EVENTS, meanExcess } from '../../models/hawkes.ts';
import { refusal } from '../../models/model.ts';
import type { Conditions } from './conditions.ts';

/**
 * `rate` orders in a bar of typical volume, on average; `decay` is per such bar. self and cross (models/hawkes.ts) at 0 make arrivals
 * independent.
 */
export interface FlowParams extends Hawkes {
  /** Target correlation of a bar's imbalance with its return, 0 to .7. */
  readonly correlation: number;
}

export const DEFAULT_FLOW = { rate: 100, self: 0, cross: 0, decay: 1, correlation: 0.45 } as const;

/** The clock of order flow is volume: a bar lasts as long as its volume says, up to this many typical bars. Beyond it orders grow in size. */
const LONGEST = 4;

export function checkFlow(params: FlowParams): readonly Problem[] {
  const problems: Problem[] = [...checkHawkes('flow', params, LONGEST)];
  if (params.rate > 0 && params.rate < 1) problems.push(refusal('flow', 'rate', params.rate, '1 or more'));
  if (!(params.correlation >= 0 && params.correlation <= 0.7)) {
    problems.push(refusal('flow', 'correlation', params.correlation, 'between 0 and 0.7'));
  }
  return problems;
}

/** Columns of the first `bars` entries. */
export interface Flow {
  readonly buys: Float64Array;
  readonly sells: Float64Array;
  /** (buys - sells) / (buys + sells), in [-1, 1]; 0 in an empty bar. */
  readonly imbalance: Float64Array;
}

export function emptyFlow(bars: number): Flow {
  const column = () => new Float64Array(bars);
  return { buys: column(), sells: column(), imbalance: column() };
}

/**
 * Order flow of successive runs of one ticker; no price changes. Both sides of a Hawkes process at twice the wanted rate are thinned: a buy
 * stays with probability p = 1 / (1 + e^(-b z)), a sell with 1 - p, where z is the bar's shock and b gives the target correlation for
 * normal z. A bar without volume has no orders. `stream` is the asset's `hawkes`. The caller has checked the params.
 */
export function flowKernel(params: FlowParams, stream: Stream): (run: Conditions, out: Flow) => void {
  const excess = meanExcess(params);
  const slope = slopeFor(params.correlation, imbalanceVariance(params));
  // Thinned Poisson processes are Poisson: two draws a bar instead of some for every order.
  const independent = params.self + params.cross === 0;
  let keepBuy = 0.5;
  let bar = 0;
  let buys = 0;
  let sells = 0;
  const thin = (side: 0 | 1, _time: number, draw: number) => {
    const kept = uniform(stream, bar, draw) < (side === 0 ? keepBuy : 1 - keepBuy);
    if (!kept) return;
    if (side === 0) buys++;
    else sells++;
  };
  return (run, out) => {
    for (let b = 0; b < run.bars; b++) {
      bar = run.bar[b]!;
      buys = 0;
      sells = 0;
      const shock = run.shock[b]!;
      keepBuy = Number.isNaN(shock) || slope === 0 ? 0.5 : 1 / (1 + exp(-slope * shock));
      const volume = run.volume[b]!;
      const length = Number.isNaN(volume) ? 1 : Math.max(0, Math.min(LONGEST, volume));
      if (independent) {
        buys = poisson(stream, bar, 0, params.rate * length * keepBuy);
        sells = poisson(stream, bar, 1, params.rate * length * (1 - keepBuy));
      } else if (advance(params, excess, stream, bar, length, thin) < 0) throw tooMany(bar);
      out.buys[b] = buys;
      out.sells[b] = sells;
      out.imbalance[b] = buys + sells === 0 ? 0 : (buys - sells) / (buys + sells);
    }
  };
}

/**
 * Variance of the imbalance of a typical bar that leans to neither side, at most 1. The difference of the sides has variance F x 2 rate;
 * thinning at 1/2 leaves (F + 1) rate / 2, to be divided by the square of the rate that is left.
 */
function imbalanceVariance({ rate, self, cross, decay }: FlowParams): number {
  const dispersion = countVariance(2 * rate, self - cross, decay, 1) / (2 * rate);
  return Math.min(1, (dispersion + 1) / (2 * rate));
}

const GRID = 0.05;
const EDGE = 8;
const STEEPEST = 64;

/** The slope b with corr(I, z) = target for z ~ N(0, 1), where E(I|z) = t = tanh(b z / 2) and Var(I|z) = (1 - t^2) v. */
function slopeFor(target: number, v: number): number {
  if (target === 0) return 0;
  let low = 0;
  let high = STEEPEST;
  for (let halving = 0; halving < 60; halving++) {
    const middle = 0.5 * (low + high);
    if (correlationAt(middle, v) < target) low = middle;
    else high = middle;
  }
  return high;
}

/** Trapezoidal rule on z > 0, doubled: for smooth integrands that vanish at the ends its error is far below what matters here. */
function correlationAt(slope: number, v: number): number {
  let withShock = 0;
  let square = 0;
  for (let i = 1; i * GRID <= EDGE; i++) {
    const z = i * GRID;
    const weight = (2 * GRID * exp(-0.5 * z * z)) / 2.5066282746310002; // sqrt(2 pi)
    const e = expm1(-slope * z);
    const t = -e / (2 + e);
    withShock += weight * z * t;
    square += weight * t * t;
  }
  return withShock / Math.sqrt(square + (1 - square) * v);
}

function tooMany(bar: number): ProblemError {
  return new ProblemError({
    code: 'model/refused',
    message: `flow: a bar has more than ${MOST_EVENTS} orders`,
    facts: { bar, most: MOST_EVENTS },
    hint: 'lower flow.rate, flow.self or flow.cross',
  });
}
