// Spread, depth and quotes of each bar's close: log-linear in volatility and volume, with shocks that remember.
import { type Problem, ProblemError } from '../../base/problem.ts';
import { exponential, normal } from '../../math/draw.ts';
import { exp, log, pow } from '../../math/elementary.ts';
import type { Stream } from '../../math/stream.ts';
import { refusal } from '../../models/model.ts';
import { priceOf, type Tick } from '../ticks.ts';
import { boundedRatio, type Conditions, logOf } from './conditions.ts';

export interface QuoteParams {
  /** Median spread where all ratios and factors are 1, in basis points of the mid. */
  readonly spreadBps: number;
  /** Size at the best quotes where all ratios and factors are 1, as a share of average daily volume. */
  readonly depthShare: number;
  /** Powers a and b of spread ~ volatility^a / volume^b. */
  readonly spreadVolatility: number;
  readonly spreadVolume: number;
  /** Powers c and d of depth ~ volume^d / volatility^c. */
  readonly depthVolatility: number;
  readonly depthVolume: number;
  /** AR(1) coefficient, per bar, of the log shocks eta of the spread and zeta of the depth; their stationary standard deviations. */
  readonly memory: number;
  readonly spreadSd: number;
  readonly depthSd: number;
  /** corr(eta, zeta): books are thin when spreads are wide. */
  readonly correlation: number;
  /** Law of the innovations of eta: normal, or Student t with 4 degrees of freedom and the same variance. */
  readonly innovations: 'normal' | 't4';
}

/** models.md 8.1; `spreadBps` and `depthShare` come from the liquidity class. */
export const DEFAULT_QUOTES = {
  spreadVolatility: 0.7,
  spreadVolume: 0.2,
  depthVolatility: 1,
  depthVolume: 0.5,
  memory: 0.7,
  spreadSd: 0.25,
  depthSd: 0.25,
  correlation: -0.6,
  innovations: 'normal',
} as const;

/**
 * Typical markets. Spreads: the middle of the customary ranges (bps: large caps 1-3, mid 5-10, small 20-50, futures 1, FX .5, illiquid 100
 * and more). Depth shares are orders of magnitude only; cost depends on depth relative to its own typical value.
 */
export const LIQUIDITY = {
  large_cap: { spreadBps: 2, depthShare: 1e-4 },
  mid_cap: { spreadBps: 7, depthShare: 3e-4 },
  small_cap: { spreadBps: 35, depthShare: 1e-3 },
  futures: { spreadBps: 1, depthShare: 2e-4 },
  fx: { spreadBps: 0.5, depthShare: 1e-4 },
  illiquid: { spreadBps: 150, depthShare: 5e-3 },
} as const;

/** Spreads stay at or below the mid, so that the bid stays at or above half of it. */
const WIDEST = 1;
/** Depth stays within a factor of e^14, about a million, of its typical value. */
const DEEPEST = 14;

export function checkQuotes(params: QuoteParams): readonly Problem[] {
  const problems: Problem[] = [];
  const within = (field: keyof QuoteParams, low: number, high: number) => {
    const value = params[field] as number;
    if (!(value >= low && value <= high)) problems.push(refusal('quotes', field, value, `between ${low} and ${high}`));
  };
  within('spreadBps', 0.001, 5000);
  within('depthShare', 1e-9, 1);
  for (const power of ['spreadVolatility', 'spreadVolume', 'depthVolatility', 'depthVolume'] as const) {
    within(power, 0, 3);
  }
  if (!(params.memory >= 0 && params.memory < 1)) {
    problems.push(refusal('quotes', 'memory', params.memory, '0 or more and below 1'));
  }
  within('spreadSd', 0, 2);
  within('depthSd', 0, 2);
  within('correlation', -1, 0);
  if (params.innovations !== 'normal' && params.innovations !== 't4') {
    problems.push(refusal('quotes', 'innovations', params.innovations, 'normal or t4'));
  }
  return problems;
}

/** Columns of the first `bars` entries; all positive and finite, ask - bid at least one tick and at least the spread. */
export interface Quotes {
  /** As a fraction of the mid, at least a tick of it and at most 1, before quotes are rounded to ticks. */
  readonly spread: Float64Array;
  readonly bid: Float64Array;
  readonly ask: Float64Array;
  /** Units at the best bid and ask. */
  readonly depth: Float64Array;
}

export function emptyQuotes(bars: number): Quotes {
  const column = () => new Float64Array(bars);
  return { spread: column(), bid: column(), ask: column(), depth: column() };
}

export interface QuoteSetting {
  readonly tick: Tick;
  /** Units that all `depthShare`s are shares of. */
  readonly averageDailyVolume: number;
  /** The asset's streams `spread` and `depth`. */
  readonly spread: Stream;
  readonly depth: Stream;
}

/**
 * Quotes of successive runs of one ticker (models.md 8.1), from the run's first entry on:
 *   ln s = ln s0 + a ln(sigma ratio) - b ln(volume ratio) + ln factor + ln clock + eta, at least a tick, at most the mid;
 *   ln D = ln D0 - c ln(sigma ratio) + d ln(volume ratio) + ln factor + zeta.
 * eta and zeta are AR(1) and start with stationary variance on the first bar. bid and ask lie s/2 below and above the mid, rounded outward
 * to ticks; the bid is at least a tick. The caller has checked the params. Throws `model/refused` for a factor or a mid that is not above
 * 0, and for an ask past 2^53 ticks.
 */
export function quoteKernel(params: QuoteParams, setting: QuoteSetting): (run: Conditions, out: Quotes) => void {
  const { spreadVolatility, spreadVolume, depthVolatility, depthVolume, memory, correlation } = params;
  const { tick } = setting;
  const spreadCentre = log(params.spreadBps / 10_000);
  const depthCentre = log(typicalDepth(params, setting.averageDailyVolume));
  const innovation = params.innovations === 't4' ? student4 : unitNormal;
  const step = Math.sqrt(1 - memory * memory);
  // zeta = sd (rho x + sqrt(1 - rho^2) y) of two unit AR(1)s, x being that of eta: the correlation holds whatever the law of x.
  const own = Math.sqrt(1 - correlation * correlation);
  let x = 0;
  let y = 0;
  let started = false;
  return (run, out) => {
    for (let b = 0; b < run.bars; b++) {
      const bar = run.bar[b]!;
      const z = innovation(setting.spread, bar);
      const w = normal(setting.depth, bar, 0);
      x = started ? memory * x + step * z : z;
      y = started ? memory * y + step * w : w;
      started = true;

      const volatility = log(boundedRatio(run.volatility[b]!));
      const volume = log(boundedRatio(run.volume[b]!));
      const factors = logOf('spreadFactor', run.spreadFactor, run, b) + logOf('clock', run.clock, run, b);
      const level = spreadCentre + spreadVolatility * volatility - spreadVolume * volume + factors;
      const mid = toTicks(run, b, tick);
      const spread = Math.max(1 / mid, Math.min(WIDEST, exp(level + params.spreadSd * x)));
      const half = 0.5 * spread * mid;
      const bid = Math.max(1, Math.floor(mid - half));
      const ask = Math.max(Math.ceil(mid + half), bid + 1);
      if (!(ask * tick.size < Number.MAX_SAFE_INTEGER)) throw outOfRange(run, b);
      out.spread[b] = spread;
      out.bid[b] = priceOf(bid, tick);
      out.ask[b] = priceOf(ask, tick);

      const shock = params.depthSd * (correlation * x + own * y);
      const moved = depthVolume * volume - depthVolatility * volatility + logOf('depthFactor', run.depthFactor, run, b);
      out.depth[b] = exp(depthCentre + Math.max(-DEEPEST, Math.min(DEEPEST, moved + shock)));
    }
  };
}

/** Units at the best quotes where all ratios and factors are 1: D0. Throws `model/refused` for an impossible volume. */
export function typicalDepth({ depthShare }: QuoteParams, averageDailyVolume: number): number {
  if (averageDailyVolume >= 1e-6 && averageDailyVolume <= 1e15) return depthShare * averageDailyVolume;
  throw new ProblemError(refusal('quotes', 'averageDailyVolume', averageDailyVolume, 'between 1e-6 and 1e15'));
}

/** Units on offer up to `ticks` behind the best quote: D (1 + x)^gamma, gamma usually .8 to 1.2. */
export function depthWithin(depth: number, ticks: number, gamma: number): number {
  return depth * pow(1 + ticks, gamma);
}

function unitNormal(stream: Stream, bar: number): number {
  return normal(stream, bar, 0);
}

/** Student t, 4 degrees of freedom, unit variance: chi-square with 4 is twice the sum of two exponentials. */
function student4(stream: Stream, bar: number): number {
  return normal(stream, bar, 0) / Math.sqrt(exponential(stream, bar, 1) + exponential(stream, bar, 2));
}

/** The mid in ticks, 1 or more; one that rounding left a hair below 1 counts as 1. */
function toTicks(run: Conditions, b: number, tick: Tick): number {
  const ticks = (run.mid[b]! * tick.scale) / tick.size;
  if (ticks >= 1 - 1e-9 && ticks < Number.POSITIVE_INFINITY) return Math.max(1, ticks);
  throw new ProblemError({
    code: 'model/refused',
    message: 'microstructure: mid must be finite and at least one tick in every bar',
    facts: { field: 'mid', value: String(run.mid[b]), bar: run.bar[b]! },
  });
}

function outOfRange(run: Conditions, b: number): ProblemError {
  return new ProblemError({
    code: 'model/refused',
    message: 'microstructure: the ask grew past 2^53 ticks',
    facts: { field: 'mid', value: String(run.mid[b]), bar: run.bar[b]! },
    hint: 'take a larger tick',
  });
}
