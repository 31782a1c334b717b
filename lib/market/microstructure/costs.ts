// What trading costs: half the spread, square-root impact and a fee, by size of order and by regime.
import { type Problem, ProblemError } from '../../base/problem.ts';
import { refusal } from '../../models/model.ts';
import { newSketch, type Sketch } from '../../stats/sketch.ts';
import { boundedRatio, type Conditions } from './conditions.ts';
import type { Quotes } from './quotes.ts';

export interface CostParams {
  /** Y: impact of a day's whole volume in units of a day's standard deviation. */
  readonly impact: number;
  readonly feeBps: number;
}

/** Almgren et al. 2005, Toth et al. 2011: Y is about 1. */
export const DEFAULT_COSTS = { impact: 1, feeBps: 0 } as const;

/** Sizes of order in the cost table, as shares of average daily volume. */
export const SIZES = [0.001, 0.005, 0.01, 0.05, 0.1] as const;

export function checkCosts({ impact, feeBps }: CostParams): readonly Problem[] {
  const problems: Problem[] = [];
  if (!(impact >= 0 && impact <= 100)) problems.push(refusal('costs', 'impact', impact, 'between 0 and 100'));
  if (!(feeBps >= 0 && feeBps <= 1000)) problems.push(refusal('costs', 'feeBps', feeBps, 'between 0 and 1000'));
  return problems;
}

/** The book that an order meets. */
export interface Book {
  /** As a fraction of the mid. */
  readonly spread: number;
  /** Standard deviation of a day's log return. */
  readonly dailySigma: number;
  /** Depth over its typical value, above 0. */
  readonly depthRatio: number;
}

export interface Slippage {
  /** Basis points of the mid, without fee. */
  readonly bps: number;
  /** The order is larger than a day's volume: the law was never seen there. */
  readonly extrapolated: boolean;
}

/**
 * Cost of taking `quantity` units, 0 or more: s/2 + Y sigma sqrt(Q / (ADV D/D0)) (square-root law: Toth et al. 2011 find the power one
 * half, Almgren et al. 2005 .6). Increasing in quantity, spread and sigma, decreasing in depth; half the spread as quantity goes to 0.
 */
export function slippage(quantity: number, averageDailyVolume: number, book: Book, impact: number): Slippage {
  const participation = quantity / averageDailyVolume;
  const fraction = 0.5 * book.spread + impactOfDay(book.dailySigma, book.depthRatio, impact) * Math.sqrt(participation);
  return { bps: 10_000 * fraction, extrapolated: participation > 1 };
}

/** Impact, as a fraction of the mid, of an order as large as a day's volume. */
function impactOfDay(dailySigma: number, depthRatio: number, impact: number): number {
  return (impact * dailySigma) / Math.sqrt(depthRatio);
}

/** half_spread is that of the model, before quotes are rounded to ticks. */
export type CostPart = 'half_spread' | 'impact' | 'fee' | 'total';

/** Median and 95th percentile over the bars of a regime; null when it has none. Each part has its own, so parts need not sum to the total. */
export interface CostRow {
  readonly regime: string;
  /** Share of average daily volume. */
  readonly size: number;
  readonly part: CostPart;
  readonly n: number;
  readonly medianBps: number | null;
  readonly p95Bps: number | null;
  /** Of the whole order, in the currency of the price. */
  readonly median: number | null;
  readonly p95: number | null;
}

export interface CostSetting {
  readonly averageDailyVolume: number;
  /** Standard deviation of a day's log return where the volatility ratio is 1. */
  readonly dailySigma: number;
  /** Depth where all ratios and factors are 1: `typicalDepth`. */
  readonly typicalDepth: number;
  /** Labels of the regimes; bars name them by index. */
  readonly regimes: readonly string[];
}

export interface CostTable {
  /** Count a run of bars in; regime[b] is an index into the labels. */
  add(run: Conditions, quotes: Quotes, regime: ArrayLike<number>): void;
  /** Regimes x sizes x parts, in this order. */
  rows(): readonly CostRow[];
}

/** Medians and 95th percentiles: nearest rank, within .05 percent, in memory that does not grow with the number of bars (stats/sketch.ts). */
export function costTable({ impact, feeBps }: CostParams, setting: CostSetting): CostTable {
  const { averageDailyVolume, typicalDepth, regimes } = setting;
  checkSetting(setting);
  const measured = regimes.map(() => newMeasures());
  return {
    add(run, { spread, depth }, regime) {
      for (let b = 0; b < run.bars; b++) {
        const to = measured[regime[b]!];
        if (to === undefined) throw noRegime(regime[b]!, regimes.length, run.bar[b]!);
        const mid = run.mid[b]!;
        const half = 0.5 * spread[b]!;
        const sigma = setting.dailySigma * boundedRatio(run.volatility[b]!);
        const day = impactOfDay(sigma, depth[b]! / typicalDepth, impact);
        put(to.half, half, mid);
        put(to.day, day, mid);
        to.mid.add(mid);
        for (let i = 0; i < SIZES.length; i++) {
          put(to.totals[i]!, half + day * Math.sqrt(SIZES[i]!) + feeBps / 10_000, mid);
        }
      }
    },
    rows() {
      return regimes.flatMap((regime, k) => SIZES.flatMap((size, i) => rowsAt(regime, size, measured[k]!, i)));
    },
  };

  function rowsAt(regime: string, size: number, { half, day, mid, totals }: Measures, i: number): CostRow[] {
    const n = mid.count;
    const row = (part: CostPart, { fraction, currency }: Measure, scale: number): CostRow => ({
      regime,
      size,
      part,
      n,
      medianBps: times(fraction.quantile(0.5), 10_000 * scale),
      p95Bps: times(fraction.quantile(0.95), 10_000 * scale),
      median: times(currency.quantile(0.5), size * averageDailyVolume * scale),
      p95: times(currency.quantile(0.95), size * averageDailyVolume * scale),
    });
    const fee = row('fee', { fraction: mid, currency: mid }, feeBps / 10_000);
    const feeRate = n === 0 ? null : feeBps;
    return [
      row('half_spread', half, 1),
      // Impact at a size is a multiple of that of a day's volume, and so are its quantiles.
      row('impact', day, Math.sqrt(size)),
      { ...fee, medianBps: feeRate, p95Bps: feeRate },
      row('total', totals[i]!, 1),
    ];
  }
}

/** A cost as a fraction of the mid and in currency per unit. */
interface Measure {
  readonly fraction: Sketch;
  readonly currency: Sketch;
}

interface Measures {
  readonly half: Measure;
  /** Impact of a day's whole volume. */
  readonly day: Measure;
  readonly mid: Sketch;
  /** By size. */
  readonly totals: readonly Measure[];
}

const newMeasure = (): Measure => ({ fraction: newSketch(), currency: newSketch() });

function newMeasures(): Measures {
  return { half: newMeasure(), day: newMeasure(), mid: newSketch(), totals: SIZES.map(newMeasure) };
}

function put(measure: Measure, fraction: number, mid: number): void {
  measure.fraction.add(fraction);
  measure.currency.add(fraction * mid);
}

function times(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

function checkSetting({ averageDailyVolume, dailySigma, typicalDepth }: CostSetting): void {
  const positive = { averageDailyVolume, typicalDepth };
  for (const [field, value] of Object.entries(positive)) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
      throw new ProblemError(refusal('costs', field, value, 'above 0 and finite'));
    }
  }
  if (!(dailySigma >= 0 && dailySigma < Number.POSITIVE_INFINITY)) {
    throw new ProblemError(refusal('costs', 'dailySigma', dailySigma, 'a finite number, 0 or more'));
  }
}

function noRegime(value: number, labels: number, bar: number): ProblemError {
  return new ProblemError({
    code: 'model/refused',
    message: 'costs: regime must be an index into the labels in every bar',
    facts: { field: 'regime', value: String(value), labels, bar },
  });
}
