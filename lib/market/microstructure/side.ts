// The side channel of one ticker: quotes, order flow and costs beside bars that are made already; no price depends on it.
import { type Problem, raise } from '../../base/problem.ts';
import { log } from '../../math/elementary.ts';
import { streamOf } from '../../math/stream.ts';
import type { Bars } from '../bars.ts';
import { edgesOf, mostBars } from '../frequency.ts';
import { type Season, spreadLevels, varianceShares, volumeShares } from '../season.ts';
import type { Span } from '../span.ts';
import { tickOf } from '../ticks.ts';
import type { Conditions } from './conditions.ts';
import { type CostParams, type CostRow, checkCosts, costTable, slippage } from './costs.ts';
import { checkFlow, emptyFlow, type Flow, type FlowParams, flowKernel } from './flow.ts';
import { checkQuotes, emptyQuotes, type QuoteParams, type Quotes, quoteKernel, typicalDepth } from './quotes.ts';

export interface SideRequest {
  readonly seed: number | string;
  readonly span: Span;
  readonly season: Season;
  readonly periodsPerYear: number;
  readonly bars: Bars;
  /** Per session of the span: standard deviation of the session's log return; share of its variance before the open. */
  readonly sd: Float64Array;
  readonly overnight: number;
  /** Volatility per root year, and typical volume of a session, that ratios are taken to. */
  readonly sigma: number;
  readonly volumeLevel: number;
  readonly tick: number;
  /** Factors per session from regimes, per bar from events; null for none. */
  readonly sessionSpread: Float64Array | null;
  readonly sessionDepth: Float64Array | null;
  readonly barSpread: Float64Array | null;
  readonly barDepth: Float64Array | null;
  readonly depthScale: number;
  /** Labels of the regimes, and the regime of each session; without regimes one label. */
  readonly regimes: readonly string[];
  readonly path: ArrayLike<number> | null;
  readonly quotes: QuoteParams;
  readonly flow: FlowParams;
  readonly costs: CostParams;
}

export interface Side {
  readonly quotes: Quotes;
  readonly flow: Flow;
  /** Basis points that an order of one percent of average daily volume costs in each bar, without fee. */
  readonly slippage: Float64Array;
  readonly costs: readonly CostRow[];
}

/** Size of the order whose slippage is told bar by bar, as a share of average daily volume. */
const ORDER = 0.01;

/** Throws `model/refused` with every problem, before the first draw. */
export function makeSide(request: SideRequest): Side {
  const { seed, bars, sigma, volumeLevel, periodsPerYear } = request;
  const problems: readonly Problem[] = [
    ...checkQuotes(request.quotes),
    ...checkFlow(request.flow),
    ...checkCosts(request.costs),
  ];
  raise(problems);
  const stream = (component: string) => streamOf(seed, { scope: 'asset', asset: bars.ticker, component });
  const run = conditionsOf(request);
  const quotes = emptyQuotes(run.bars);
  const setting = { averageDailyVolume: volumeLevel, spread: stream('spread'), depth: stream('depth') };
  quoteKernel(request.quotes, { ...setting, tick: tickOf(request.tick) })(run, quotes);
  const flow = emptyFlow(run.bars);
  flowKernel(request.flow, stream('hawkes'))(run, flow);

  const dailySigma = sigma / Math.sqrt(periodsPerYear);
  const usualDepth = typicalDepth(request.quotes, volumeLevel);
  const table = costTable(request.costs, {
    averageDailyVolume: volumeLevel,
    dailySigma,
    typicalDepth: usualDepth,
    regimes: request.regimes,
  });
  table.add(run, quotes, regimesOf(request, run.bars));
  const cost = Float64Array.from({ length: run.bars }, (_, b) => {
    const ratio = run.volatility[b]!;
    const book = {
      spread: quotes.spread[b]!,
      dailySigma: dailySigma * (Number.isNaN(ratio) ? 1 : ratio),
      depthRatio: quotes.depth[b]! / usualDepth,
    };
    return slippage(ORDER * volumeLevel, volumeLevel, book, request.costs.impact).bps;
  });
  return { quotes, flow, slippage: cost, costs: table.rows() };
}

/** What each bar's microstructure depends on, bar after bar of the span. */
function conditionsOf(request: SideRequest): Conditions {
  const { span, season, bars, sd, overnight, sigma, volumeLevel, periodsPerYear } = request;
  const { calendar, frequency, origin, minutes } = span;
  const count = bars.day.length;
  const column = (fill = 0) => new Float64Array(count).fill(fill);
  const number = new Int32Array(count);
  const [volatility, volume, clock, shock] = [column(), column(), column(), column()];
  const [spreadFactor, depthFactor] = [column(1), column(request.depthScale)];
  const most = mostBars(calendar, frequency);
  const usual = sigma / Math.sqrt(periodsPerYear);
  const shapes = new Map<number, { variance: Float64Array; volume: Float64Array; spread: Float64Array }>();
  const shapeOf = (length: number) => {
    const found = shapes.get(length);
    if (found !== undefined) return found;
    const edges = edgesOf(calendar, frequency, length, 1);
    const made = {
      variance: varianceShares(season, edges),
      volume: volumeShares(season, edges),
      spread: spreadLevels(season, edges),
    };
    shapes.set(length, made);
    return made;
  };
  let b = 0;
  for (let s = 0; s < minutes.length; s++) {
    const shape = shapeOf(minutes[s]!);
    for (let i = 0; i < shape.variance.length; i++, b++) {
      number[b] = (origin + s) * most + i;
      volatility[b] = sd[s]! > 0 ? sd[s]! / usual : Number.NaN;
      volume[b] = bars.volume[b]! / (volumeLevel * shape.volume[i]!);
      clock[b] = shape.spread[i]!;
      const deviation = sd[s]! * Math.sqrt((1 - overnight) * shape.variance[i]!);
      shock[b] = deviation > 0 ? log(bars.close[b]! / bars.open[b]!) / deviation : Number.NaN;
      spreadFactor[b] = (request.sessionSpread?.[s] ?? 1) * (request.barSpread?.[b] ?? 1);
      depthFactor[b] = request.depthScale * (request.sessionDepth?.[s] ?? 1) * (request.barDepth?.[b] ?? 1);
    }
  }
  return { bars: count, bar: number, mid: bars.close, volatility, volume, spreadFactor, depthFactor, clock, shock };
}

/** Index of the regime of each bar. */
function regimesOf({ path, span, bars }: SideRequest, count: number): Uint8Array {
  const out = new Uint8Array(count);
  if (path === null) return out;
  for (let b = 0, s = 0; b < count; b++) {
    while (span.days[s]! < bars.day[b]!) s++;
    out[b] = path[s]!;
  }
  return out;
}
