// Bars of one ticker from a seed: its shocks, its model's path, what regimes and events do to it, extremes, ticks and volume.
import { type Problem, ProblemError, raise } from '../base/problem.ts';
import { log } from '../math/elementary.ts';
import { floats, place } from '../math/kernel.ts';
import { streamOf } from '../math/stream.ts';
import { bridgeScale, checkCopula, commonScale, marginScale } from '../models/copula.ts';
import type { Kernel, Model, ModelParams, PathBlock, VolatilityModel } from '../models/model.ts';
import { type Bars, joinBars, latentBars, sizesOf } from './bars.ts';
import { gapMultiple, previousSession } from './overnight.ts';
import { addShift, cutAtKnots, eachRun, type Plan, planOf } from './plan.ts';
import { checkSeason, type Season } from './season.ts';
import { type Mix, type Mixer, memory, mixer, shockSd, studentMixing } from './shocks.ts';
import { type Span, spanOf } from './span.ts';
import { checkSurroundings, fillChannel, type Surroundings } from './surroundings.ts';
import { pricesKernel, roundBars, type Tick, tickOf } from './ticks.ts';
import { checkVolume, scaleVolume, type VolumeParams, volumeKernel } from './volume.ts';

export interface BarsRequest {
  readonly seed: number | string;
  /** Name of a calendar and of a frequency; first and last day as YYYY-MM-DD, both included. */
  readonly calendar: string;
  readonly frequency: string;
  readonly start: string;
  readonly end: string;
  readonly periodsPerYear: number;
  readonly ticker: string;
  readonly mix: Mix;
  readonly model: Model;
  readonly params: ModelParams;
  readonly volatility: { readonly model: VolatilityModel; readonly params: ModelParams } | null;
  /** Latent price before the first session. */
  readonly startPrice: number;
  readonly tick: number;
  readonly volume: VolumeParams;
  /** Equal sub-intervals of a bar: from 4 up, independent maxima and minima bias range estimators by less than .1 percent. */
  readonly pieces: number;
  /** How variance and volume spread over a session. */
  readonly season: Season;
  readonly night: Night | null;
  /** Copula of the shocks by its degrees of freedom, infinite for the Gaussian; names of one group share its mixing. */
  readonly copulaDf: number;
  readonly copulaGroup: string;
  /** First-order autocorrelation of bar returns. */
  readonly memory: number;
  readonly surroundings: Surroundings;
}

/** The closed hours before each session; without them a session opens where the last one closed. */
export interface Night {
  /** Share of a session's variance that its opening gap has on average. */
  readonly share: number;
  /** Degrees of freedom of the gap's Student law. */
  readonly nu: number;
}

/** Legal but worth knowing; recorded in the manifest, never printed here. */
export interface Warning {
  readonly code: 'market/no-sessions' | 'market/coarse-tick' | 'model/warning';
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** A run of sessions: their bars, and what nobody could have observed; good until the next run is asked for. */
export interface BarBlock {
  readonly bars: Bars;
  readonly latent: {
    /** Epoch day of each session and the variance per year in force. */
    readonly day: Int32Array;
    readonly variance: Float64Array;
    /** Standard deviation of the session's log return without jumps. */
    readonly sd: Float64Array;
    /** Jumps: epoch day, share of the session's variance that had passed, log size. */
    readonly jumps: { readonly day: Int32Array; readonly time: Float64Array; readonly size: Float64Array };
  };
}

const WEIGHT_SUM = 1e-9;
/** Of the typical move of a bar, in ticks; below it rounding shows as negative autocorrelation. */
const COARSE = 2;
const MOST_PIECES = 64;

/**
 * Bars of one ticker, block by block, so that memory does not grow with the dates. Every draw is addressed by (seed, name,
 * component, session or bar), so other tickers, the end date and the block length change nothing here.
 * Throws `model/refused` or `config/invalid` with every problem, before the first draw. Returns what is worth knowing.
 */
export function* generateBars(request: BarsRequest): Generator<BarBlock, readonly Warning[]> {
  raise(checkRequest(request));
  const { surroundings } = request;
  const span = spanOf(request.calendar, request.frequency, request.start, request.end);
  const { calendar, frequency, days, origin } = span;
  raise(checkSurroundings(surroundings, request.memory, days.length));
  const setting = { yearsPerSession: 1 / request.periodsPerYear, stream: streamsOf(request) };
  const volatility = request.volatility?.model.process(request.volatility.params, setting) ?? null;
  const kernel = request.model.kernel(request.params, { ...setting, volatility });
  const open = 1 - (request.night?.share ?? 0);
  const remembers = request.memory !== 0 || surroundings.memory !== null;
  const plan = planOf(calendar, frequency, request.pieces, request.season, open, kernel.stateLength, remembers);
  plan.block.state[0] = log(request.startPrice);
  kernel.start(plan.block.state, origin);
  try {
    return yield* blocksOf(request, span, plan, kernel);
  } finally {
    plan.close();
  }
}

function* blocksOf(
  request: BarsRequest,
  span: Span,
  plan: Plan,
  kernel: Kernel,
): Generator<BarBlock, readonly Warning[]> {
  const { ticker, surroundings } = request;
  const { block, layout, room } = plan;
  const { prices } = room;
  const { days, origin } = span;
  const draw = drawer(request, span, plan, kernel.unshaken !== true);
  const stream = streamsOf(request);
  const extremes = stream('extremes');
  const volume = volumeKernel(request.volume, stream, plan);
  const tick = tickOf(request.tick);
  const coarse: Coarse = { bars: 0, of: 0, worst: Number.POSITIVE_INFINITY };
  let made = 0;
  for (let at = 0; at < days.length; ) {
    const asked = Math.min(plan.sessions, days.length - at);
    plan.lay(span, at, asked, origin + at);
    draw.fill(at, asked);
    const cut = cutAtKnots(plan, surroundings.shift, at, asked);
    const filled = kernel.fill(block, origin + at, cut);
    draw.settle(filled);
    const sizes = sizesOf(plan, filled);
    if (surroundings.shift !== null) addShift(plan, surroundings.shift, at, filled);

    const count = layout.first[filled]!;
    latentBars(block, plan.perBar, layout.number, count, extremes, prices);
    countCoarse(coarse, plan, prices.open, count, tick);
    const tooHigh = roundBars(prices, count, tick);
    if (tooHigh >= 0) throw outOfRange(request, made + tooHigh);
    const bars: Bars = {
      ticker,
      day: layout.day.subarray(0, count),
      time: plan.daily ? null : layout.time.subarray(0, count),
      open: prices.open.subarray(0, count),
      high: prices.high.subarray(0, count),
      low: prices.low.subarray(0, count),
      close: prices.close.subarray(0, count),
      volume: room.volume.subarray(0, count),
    };
    volume(bars.volume, origin + at, filled, sizes, surroundings.volume?.subarray(at, at + filled) ?? null);
    if (surroundings.barVolume !== null) scaleVolume(bars.volume, surroundings.barVolume.subarray(made));
    made += count;
    yield { bars, latent: latentOf(block, days, at, filled) };
    at += filled;
  }
  return warningsOf(request, coarse);
}

/**
 * Gives the new part of a session's shock its margin: with y the session's own shock in units of `sd`, its pieces together move
 * by sd scaleOf(y) y, and what they do beside that way is a bridge of variance `beside`^2, or of the same scale where there is none.
 */
function giveMargin(
  { fresh, shocks, share, scale, pieces }: PathBlock,
  s: number,
  sd: number,
  scaleOf: (shock: number) => number,
  beside: ((z: number) => number) | null,
): void {
  const first = s === 0 ? 0 : pieces[s - 1]!;
  let sum = 0;
  let whole = 0;
  for (let p = first; p < pieces[s]!; p++) {
    sum += Math.sqrt(share[p]!) * fresh[p]!;
    whole += share[p]!;
  }
  const shock = sum / Math.sqrt(whole) / sd;
  const ends = scaleOf(shock);
  if (beside === null) {
    scale[s] = ends;
    return;
  }
  scale[s] = beside(ends * shock);
  const more = ((ends / scale[s]! - 1) * sum) / whole;
  for (let p = first; p < pieces[s]!; p++) {
    const added = more * Math.sqrt(share[p]!);
    fresh[p] = fresh[p]! + added;
    if (shocks !== fresh) shocks[p] = shocks[p]! + added;
  }
}

/** Every bar of a request in memory at once. */
export function allBars(request: BarsRequest): { readonly bars: Bars; readonly warnings: readonly Warning[] } {
  const parts: Bars[] = [];
  const blocks = generateBars(request);
  for (;;) {
    const { value, done } = blocks.next();
    if (done === true) return { bars: joinBars(request.ticker, parts), warnings: value };
    parts.push(joinBars(request.ticker, [value.bars]));
  }
}

const streamsOf =
  ({ seed, ticker }: BarsRequest) =>
  (component: string) =>
    streamOf(seed, { scope: 'asset', asset: ticker, component });

/** Fills the inputs of a block: shocks of every kind and what regimes and events change. */
function drawer(
  request: BarsRequest,
  { calendar, days, origin }: Span,
  { block, layout, perBar }: Plan,
  isShaken: boolean,
) {
  const { seed, mix, surroundings, night } = request;
  const margin = request.volatility?.model.marginDf(request.volatility.params) ?? Number.POSITIVE_INFINITY;
  const common = commonScale(seed, request.copulaDf, request.copulaGroup);
  const scaleOf =
    request.copulaDf === margin && !Number.isFinite(margin) ? null : marginScale(request.copulaDf, margin);
  const beside = request.copulaDf === margin ? null : bridgeScale(margin);
  const gapMixing = night === null ? null : studentMixing(seed, 'overnightMix', night.nu);
  const of = (component: string): Mixer => mixer(seed, mix, component, surroundings.blend);
  const shocks = of('diffusion');
  const gaps = night === null ? null : of('overnight');
  const variances = isShaken ? of('variance') : null;
  const sdOf = shockSd(mix, surroundings.blend);
  const remembered = memory();
  const remembers = block.fresh !== block.shocks;
  const memoryOf = new Float64Array(layout.session.length);
  return {
    fill(at: number, asked: number): void {
      eachRun(layout, (first, count) => {
        const out = block.fresh.subarray(first * perBar, (first + count) * perBar);
        shocks.fill(out, layout.number[first]!, count, perBar, (b) => at + layout.session[first + b]!);
      });
      if (remembers) {
        for (let b = 0; b < layout.bars; b++)
          memoryOf[b] = request.memory + (surroundings.memory?.[at + layout.session[b]!] ?? 0);
        // The first bar of all has nothing to remember.
        if (at === 0) memoryOf[0] = 0;
        remembered.apply(block.fresh, block.shocks, layout.bars, perBar, memoryOf);
      }
      const session = (s: number) => at + s;
      variances?.fill(block.varianceShock, origin + at, asked, 1, session);
      block.phi.fill(0);
      if (night !== null && gaps !== null && gapMixing !== null) {
        gaps.fill(block.gap, origin + at, asked, 1, session);
        for (let s = 0; s < asked; s++) {
          block.gap[s] = block.gap[s]! * gapMixing(origin + at + s);
          const day = days[at + s]!;
          block.phi[s] = night.share * gapMultiple(calendar, previousSession(calendar, day), day);
        }
      }
      if (scaleOf === null) block.scale.fill(1);
      else
        for (let s = 0; s < asked; s++) {
          const mixed = common(origin + at + s);
          giveMargin(block, s, sdOf(at + s), (y) => scaleOf(y, mixed), beside);
        }
      fillChannel(block.volatility, surroundings.volatility, at, asked, 1);
      fillChannel(block.target, surroundings.target, at, asked, 1);
      fillChannel(block.growth, surroundings.growth, at, asked, 0);
      fillChannel(block.jumpIntensity, surroundings.jumpIntensity, at, asked, 1);
      fillChannel(block.jumpMean, surroundings.jumpMean, at, asked, 0);
      fillChannel(block.jumpSd, surroundings.jumpSd, at, asked, 1);
    },
    /** Only the first sessions of the block were used. */
    settle(filled: number): void {
      if (!remembers) return;
      const bars = layout.first[filled]!;
      remembered.resume(bars - 1);
      // What was known before a bar is no noise within it.
      for (let b = 0, piece = 0; b < bars; b++) {
        const noise = 1 - memoryOf[b]! * memoryOf[b]!;
        for (const end = block.ends[(b + 1) * perBar - 1]!; piece < end; piece++)
          block.variance[piece] = block.variance[piece]! * noise;
      }
    },
  };
}

function latentOf(
  { annualVariance, sd, jumps }: PathBlock,
  days: Int32Array,
  at: number,
  sessions: number,
): BarBlock['latent'] {
  return {
    day: days.subarray(at, at + sessions),
    variance: annualVariance.subarray(0, sessions),
    sd: sd.subarray(0, sessions),
    jumps: {
      day: Int32Array.from(jumps.session.subarray(0, jumps.count), (s) => days[at + s]!),
      time: jumps.time.slice(0, jumps.count),
      size: jumps.size.slice(0, jumps.count),
    },
  };
}

/** Everything wrong with a request; dates, seed, tick and the names of calendar and frequency are refused where they are read. */
export function checkRequest(request: BarsRequest): readonly Problem[] {
  const { ticker, mix, startPrice, periodsPerYear, model, params, volatility, pieces, night } = request;
  const problems: Problem[] = [
    ...model.check(params),
    ...(volatility?.model.check(volatility.params) ?? []),
    ...checkVolume(request.volume),
    ...checkSeason(request.season),
    ...checkCopula(request.copulaDf),
  ];
  const refuse = (field: string, value: string | number, rule: string) =>
    problems.push({
      code: 'model/refused',
      message: `${ticker}: ${field} must be ${rule}`,
      facts: { field, value: String(value) },
    });
  if (ticker === '') refuse('ticker', '""', 'a name');
  if (volatility !== null && model.ownVolatility !== null)
    refuse('volatility_model', volatility.model.name, `none with ${model.name}: ${model.ownVolatility}`);
  if (!(startPrice > 0 && startPrice <= 1e12)) refuse('startPrice', startPrice, 'above 0, at most 1e12');
  if (!(periodsPerYear > 0 && Number.isFinite(periodsPerYear))) refuse('periodsPerYear', periodsPerYear, 'above 0');
  if (!(Number.isInteger(pieces) && pieces >= 1 && pieces <= MOST_PIECES))
    refuse('pieces', pieces, `a whole number from 1 to ${MOST_PIECES}`);
  if (!(Math.abs(request.memory) < 1)) refuse('memory', request.memory, 'between -1 and 1');
  if (night !== null) {
    if (!(night.share >= 0 && night.share < 1)) refuse('night.share', night.share, '0 or more and below 1');
    if (!(night.nu > 2)) refuse('night.nu', night.nu, 'above 2, so that the gap has a variance');
  }
  const named = mix.sources.map(({ scope, name }) => `${scope}:${name}`);
  if (named.length !== mix.weights.length || new Set(named).size !== named.length)
    refuse('mix', named.join(', '), 'different sources with one weight each');
  let power = 0;
  for (const weight of mix.weights) power += weight * weight;
  if (mix.varying === null && !(Math.abs(power - 1) <= WEIGHT_SUM))
    refuse('mix', power, 'weights whose squares sum to 1');
  return problems;
}

function outOfRange(request: BarsRequest, bar: number): ProblemError {
  return new ProblemError({
    code: 'model/refused',
    message: `${request.ticker}: the price grew past 2^53 ticks`,
    facts: { bar, model: request.model.name, tick: request.tick },
    hint: 'lower the volatility or the growth, or take a larger tick',
  });
}

interface Coarse {
  bars: number;
  of: number;
  worst: number;
}

/** Where the kernel puts the least deviation. */
const least = floats(1);

/** Counts bars whose standard deviation is few ticks. */
function countCoarse(coarse: Coarse, { block, layout }: Plan, open: Float64Array, bars: number, tick: Tick): void {
  const { session, share } = layout;
  const { sd } = block;
  const { size, scale } = tick;
  coarse.of += bars;
  const kernel = pricesKernel(sd, session, share, open, least);
  if (kernel !== null) {
    least[0] = coarse.worst;
    const [a, b, c, d] = [place(sd), place(session), place(share), place(open)];
    coarse.bars += kernel.coarse(bars, a, b, c, d, size, scale, COARSE, place(least));
    coarse.worst = least[0]!;
    return;
  }
  let { worst } = coarse;
  let few = 0;
  for (let b = 0; b < bars; b++) {
    const ticks = (sd[session[b]!]! * Math.sqrt(share[b]!) * open[b]! * scale) / size;
    if (ticks < COARSE) few++;
    if (ticks < worst) worst = ticks;
  }
  coarse.bars += few;
  coarse.worst = worst;
}

function warningsOf(request: BarsRequest, coarse: Coarse): Warning[] {
  const { ticker, start, end, tick, model, params, volatility } = request;
  if (coarse.of === 0) {
    return [
      { code: 'market/no-sessions', message: `${ticker}: no session between the dates`, facts: { ticker, start, end } },
    ];
  }
  const words = [...(model.warn?.(params) ?? []), ...(volatility?.model.warn?.(volatility.params) ?? [])];
  const warnings: Warning[] = words.map((message) => ({
    code: 'model/warning',
    message: `${ticker}: ${message}`,
    facts: { ticker },
  }));
  if (coarse.bars > 0) {
    const message = `${ticker}: the tick is coarse against a bar's volatility, so rounding shows in the returns`;
    const facts = { ticker, tick, bars: coarse.bars, of: coarse.of, smallest_sd_ticks: coarse.worst };
    warnings.push({ code: 'market/coarse-tick', message, facts });
  }
  return warnings;
}
