// Prices as whole ticks: the only place where a latent price becomes a printed one.
import { ProblemError } from '../base/problem.ts';
import { kernelOf, place } from '../math/kernel.ts';
import wasm from './kernels/prices.wasm';

interface PricesKernel {
  openAndClose(bars: number, perBar: number, from: number, to: number, ends: number, open: number, close: number): void;
  bound(bars: number, open: number, high: number, low: number, close: number): void;
  toTicks(
    bars: number,
    open: number,
    high: number,
    low: number,
    close: number,
    size: number,
    scale: number,
    slack: number,
    most: number,
  ): number;
  sizes(
    sessions: number,
    from: number,
    to: number,
    ends: number,
    pieces: number,
    sd: number,
    begins: number,
    share: number,
    out: number,
    still: number,
    largest: number,
  ): void;
  wholes(sessions: number, means: number, out: number, part: number, most: number): number;
  coarse(
    bars: number,
    sd: number,
    session: number,
    share: number,
    open: number,
    size: number,
    scale: number,
    few: number,
    worst: number,
  ): number;
  volumes(sessions: number, normals: number, sizes: number, out: number, law: number, started: 0 | 1): void;
}

const opened = kernelOf<PricesKernel>(wasm, () => {});

/** The kernel of the loops over bars, where all their arrays lie in its memory. */
export function pricesKernel(...arrays: readonly (Float64Array | Int32Array)[]): PricesKernel | null {
  const kernel = opened();
  return kernel !== null && arrays.every((array) => place(array) !== 0) ? kernel : null;
}

/** A tick of size / scale, both integers, scale a power of ten: ticks * size / scale is the correctly rounded decimal. */
export interface Tick {
  readonly size: number;
  readonly scale: number;
  readonly decimals: number;
}

const MOST_DECIMALS = 9;

/** The tick of a decimal such as 0.01 or 0.25, read from its shortest text. Throws `model/refused` when it is not one. */
export function tickOf(value: number): Tick {
  const match = /^(\d+)(?:\.(\d+))?(?:e-(\d+))?$/.exec(String(value));
  const digits = match === null ? '' : match[1]! + (match[2] ?? '');
  const decimals = match === null ? 0 : (match[2] ?? '').length + Number(match[3] ?? 0);
  const size = Number(digits);
  if (!(value > 0) || match === null || decimals > MOST_DECIMALS || !Number.isSafeInteger(size)) {
    throw new ProblemError({
      code: 'model/refused',
      message: `tick must be above 0 with at most ${MOST_DECIMALS} decimals`,
      facts: { field: 'tick', value: String(value) },
    });
  }
  let scale = 1;
  for (let i = 0; i < decimals; i++) scale *= 10;
  return { size, scale, decimals };
}

/** The price of a whole number of ticks: one exact product, one correctly rounded division. */
export function priceOf(ticks: number, tick: Tick): number {
  return (ticks * tick.size) / tick.scale;
}

/** Slack, in ticks, for a high or low that sits on a tick up to rounding errors. */
const SLACK = 1e-9;

/**
 * Round one bar to ticks into out[0..3] = open, high, low, close: open and close half away from zero, at least one tick;
 * high up and low down, so the printed range holds the latent one.
 */
export function roundBar(open: number, high: number, low: number, close: number, tick: Tick, out: Float64Array): void {
  const { size, scale } = tick;
  const o = nearestTick((open * scale) / size);
  const c = nearestTick((close * scale) / size);
  out[0] = o;
  out[1] = Math.max(Math.ceil((high * scale) / size - SLACK), o, c);
  out[2] = Math.max(1, Math.min(Math.floor((low * scale) / size + SLACK), o, c));
  out[3] = c;
}

/** Open, high, low and close of bars. */
export interface Prices {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

/** Rounds the first `bars` bars to ticks; returns the first that grows past 2^53 of them, or -1. */
export function roundBars({ open, high, low, close }: Prices, bars: number, tick: Tick): number {
  const { size, scale } = tick;
  const most = Number.MAX_SAFE_INTEGER / size;
  const kernel = pricesKernel(open, high, low, close);
  if (kernel !== null)
    return kernel.toTicks(bars, place(open), place(high), place(low), place(close), size, scale, SLACK, most);
  const ticks = new Float64Array(4);
  for (let b = 0; b < bars; b++) {
    roundBar(open[b]!, high[b]!, low[b]!, close[b]!, tick, ticks);
    if (!(ticks[1]! <= most)) return b;
    open[b] = priceOf(ticks[0]!, tick);
    high[b] = priceOf(ticks[1]!, tick);
    low[b] = priceOf(ticks[2]!, tick);
    close[b] = priceOf(ticks[3]!, tick);
  }
  return -1;
}

function nearestTick(ticks: number): number {
  // floor(x + 1/2) would round 0.49999999999999994 up.
  const whole = Math.floor(ticks);
  return Math.max(1, ticks - whole >= 0.5 ? whole + 1 : whole);
}
