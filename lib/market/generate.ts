// Bars of one ticker from a seed: the shocks of the names it mixes, its model's path, extremes, ticks and volume.
import { type Problem, ProblemError, raise } from '../base/problem.ts';
import { addNormals } from '../math/draw.ts';
import { exp, log } from '../math/elementary.ts';
import { streamOf } from '../math/stream.ts';
import type { Model, ModelParams, PathBlock } from '../models/model.ts';
import { type Bars, emptyBars, type LatentBar, latentBar } from './bars.ts';
import { calendarOf, sessionsBetween } from './calendar.ts';
import { parseDate } from './day.ts';
import { priceOf, roundBar, tickOf } from './ticks.ts';
import { checkVolume, type VolumeParams, volumeKernel } from './volume.ts';

/** The unit shock of a ticker: sum of weights[k] times the normals of names[k], squares of the weights summing to 1. */
export interface Mix {
  readonly names: readonly string[];
  readonly weights: readonly number[];
}

export interface BarsRequest {
  readonly seed: number | string;
  /** Name of a calendar; first and last day as YYYY-MM-DD, both included. */
  readonly calendar: string;
  readonly start: string;
  readonly end: string;
  readonly periodsPerYear: number;
  readonly ticker: string;
  readonly mix: Mix;
  readonly model: Model;
  readonly params: ModelParams;
  /** Latent price at the first open. */
  readonly startPrice: number;
  readonly tick: number;
  readonly volume: VolumeParams;
}

/** Legal but worth knowing; recorded in the manifest, never printed here. */
export interface Warning {
  readonly code: 'market/no-sessions' | 'market/coarse-tick';
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Equal sub-intervals of a bar: from 4 up, independent maxima and minima bias range estimators by less than .1 percent. */
export const PIECES = 4;
const BLOCK = 512;
const WEIGHT_SUM = 1e-9;
/** A bar of smaller standard deviation stands still: its return is drift and rounding, which says nothing to volume. */
const STILL = 1e-12;
/** Returns count for volume up to this many standard deviations: ten times the usual volume at the default settings. */
const LARGEST_SIZE = 8;
/** Of the typical move of a bar, in ticks; below it rounding shows as negative autocorrelation. */
const COARSE = 2;

/**
 * Daily bars of one ticker. Every draw is addressed by (seed, name, component, session), so other tickers, the end date and
 * the block length change nothing here. Each bar opens at the latent close before it.
 * Throws `model/refused` or `config/invalid` with every problem, before the first draw.
 */
export function generateBars(request: BarsRequest): { readonly bars: Bars; readonly warnings: readonly Warning[] } {
  raise(checkRequest(request));
  const { seed, ticker, mix, model, params, volume } = request;
  const calendar = calendarOf(request.calendar);
  const day = sessionsBetween(calendar, parseDate(request.start), parseDate(request.end));
  const origin = day.length === 0 ? 0 : calendar.ordinal(day[0]!);
  const tick = tickOf(request.tick);
  const stream = (component: string, asset = ticker) => streamOf(seed, { scope: 'asset', asset, component });

  const kernel = model.kernel(params, { yearsPerBar: 1 / request.periodsPerYear, piecesPerBar: PIECES, stream });
  const fillVolume = volumeKernel(volume, stream('volume'), BLOCK);
  const sources = mix.names.map((name) => stream('diffusion', name));
  const extremes = stream('extremes');

  const block = newBlock(kernel.stateLength);
  block.state[0] = log(request.startPrice);
  kernel.start(block.state);
  const bars = emptyBars(ticker, day);
  const sizes = new Float64Array(BLOCK);
  const latent: LatentBar = { high: 0, low: 0, close: 0, logReturn: 0, variance: 0 };
  const ticks = new Float64Array(4);
  const coarse = { bars: 0, worst: Number.POSITIVE_INFINITY };
  let open = exp(block.state[0]!);
  for (let at = 0; at < day.length; ) {
    const asked = Math.min(BLOCK, day.length - at);
    block.shocks.fill(0);
    sources.forEach((source, k) => {
      if (mix.weights[k] !== 0) addNormals(block.shocks, source, mix.weights[k]!, origin + at, asked, PIECES);
    });
    const filled = kernel.fill(block, origin + at, asked);
    let first = 0;
    for (let b = 0; b < filled; b++) {
      const last = block.ends[b]!;
      latentBar(block, first, last, open, extremes, origin + at + b, latent);
      roundBar(open, latent.high, latent.low, latent.close, tick, ticks);
      if (!(ticks[1]! * tick.size <= Number.MAX_SAFE_INTEGER)) throw outOfRange(request, day.length, at + b);
      bars.open[at + b] = priceOf(ticks[0]!, tick);
      bars.high[at + b] = priceOf(ticks[1]!, tick);
      bars.low[at + b] = priceOf(ticks[2]!, tick);
      bars.close[at + b] = priceOf(ticks[3]!, tick);
      const sd = Math.sqrt(latent.variance);
      sizes[b] = sd < STILL ? Number.NaN : Math.min(Math.abs(latent.logReturn) / sd, LARGEST_SIZE);
      countCoarse(coarse, (sd * open * tick.scale) / tick.size);
      open = latent.close;
      first = last;
    }
    fillVolume(bars.volume, at, origin + at, filled, sizes);
    at += filled;
  }
  return { bars, warnings: warningsOf(request, day.length, coarse) };
}

function newBlock(stateLength: number): PathBlock {
  const column = () => new Float64Array(BLOCK * PIECES);
  return {
    shocks: column(),
    state: new Float64Array(stateLength),
    from: column(),
    to: column(),
    variance: column(),
    ends: new Int32Array(BLOCK),
  };
}

/** Everything wrong with a request; dates, seed, tick and calendar name are refused where they are read. */
export function checkRequest(request: BarsRequest): readonly Problem[] {
  const { ticker, mix, startPrice, periodsPerYear } = request;
  const problems: Problem[] = [...request.model.check(request.params), ...checkVolume(request.volume)];
  const refuse = (field: string, value: string | number, rule: string) =>
    problems.push({
      code: 'model/refused',
      message: `${ticker}: ${field} must be ${rule}`,
      facts: { field, value: String(value) },
    });
  if (ticker === '') refuse('ticker', '""', 'a name');
  if (!(startPrice > 0 && startPrice <= 1e12)) refuse('startPrice', startPrice, 'above 0, at most 1e12');
  if (!(periodsPerYear > 0 && Number.isFinite(periodsPerYear))) refuse('periodsPerYear', periodsPerYear, 'above 0');
  if (mix.names.length !== mix.weights.length || new Set(mix.names).size !== mix.names.length) {
    refuse('mix', mix.names.join(', '), 'different names with one weight each');
  }
  let power = 0;
  for (const weight of mix.weights) power += weight * weight;
  if (!(Math.abs(power - 1) <= WEIGHT_SUM)) refuse('mix', power, 'weights whose squares sum to 1');
  return problems;
}

function outOfRange(request: BarsRequest, total: number, bar: number): ProblemError {
  return new ProblemError({
    code: 'model/refused',
    message: `${request.ticker}: the price grew past 2^53 ticks`,
    facts: { bar, bars: total, model: request.model.name, tick: request.tick },
    hint: 'lower the volatility or the growth, or take a larger tick',
  });
}

function countCoarse(coarse: { bars: number; worst: number }, ticks: number): void {
  if (ticks < COARSE) coarse.bars++;
  coarse.worst = Math.min(coarse.worst, ticks);
}

function warningsOf(request: BarsRequest, total: number, coarse: { bars: number; worst: number }): Warning[] {
  const { ticker, start, end, tick } = request;
  if (total === 0) {
    return [
      { code: 'market/no-sessions', message: `${ticker}: no session between the dates`, facts: { ticker, start, end } },
    ];
  }
  if (coarse.bars === 0) return [];
  const message = `${ticker}: the tick is coarse against a bar's volatility, so rounding shows in the returns`;
  const facts = { ticker, tick, bars: coarse.bars, of: total, smallest_sd_ticks: coarse.worst };
  return [{ code: 'market/coarse-tick', message, facts }];
}
