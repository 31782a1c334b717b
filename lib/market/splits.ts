// Finds share splits that a price series was not adjusted for: a gap of a round ratio that volatility does not explain and that stays.
import { log } from '../math/elementary.ts';
import { median } from '../stats/moments.ts';

/**
 * New shares for old. 4:3 and smaller are left out, since -20 and -25 percent in a night happen (October 1987), and consolidations
 * start at 1:2, since +50 percent in a night happens to a stock that is bid for or passes a trial.
 */
const SPLITS = [1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100];
const CONSOLIDATIONS = SPLITS.filter((ratio) => ratio >= 2).map((ratio) => 1 / ratio);
const RATIOS = [...SPLITS, ...CONSOLIDATIONS];

/** Largest distance of the overnight log return from the log of the ratio. */
const TOLERANCE = 0.03;
/** The gap is beyond this many local standard deviations; the rest of the day is within LARGEST_DAY of them. */
const SMALLEST_GAP = 8;
const LARGEST_DAY = 5;
/** Returns on either side that give the local deviation, and bars on either side that give the level. */
const NEIGHBOURS = 30;
const LEVEL_BARS = 5;
/** News is traded: volume and turnover both beyond this multiple of their local medians speak for a genuine move. */
const NEWS_VOLUME = 4;

export interface PriceColumns {
  readonly open: Float64Array | null;
  readonly close: Float64Array;
  readonly volume: Float64Array | null;
}

export interface Split {
  /** First row at the new price. */
  readonly index: number;
  /** New shares for one old; prices before are divided by it. */
  readonly ratio: number;
  /** Open over previous close. */
  readonly gap: number;
}

/**
 * Splits in a sorted series of positive prices. All of these must hold: open over previous close is within 3 percent of a
 * ratio; the gap is beyond 8 robust standard deviations of the 30 returns before and after; open to close is an ordinary day; the median
 * of 5 closes moves with the gap (a bad tick comes back); volume, where known, has no surge. Without opens nothing is
 * found: a close-only series cannot tell a split from a crash. A gap at the last bars is judged by the bars there are.
 */
export function findSplits({ open, close, volume }: PriceColumns): Split[] {
  const found: Split[] = [];
  if (open === null) return found;
  for (let i = 1; i < close.length; i++) {
    const gap = open[i]! / close[i - 1]!;
    const ratio = nearestRatio(gap);
    if (ratio === null) continue;
    const deviation = localDeviation(close, i);
    if (deviation === null || Math.abs(log(gap)) <= SMALLEST_GAP * deviation) continue;
    if (Math.abs(log(close[i]! / open[i]!)) > LARGEST_DAY * deviation) continue;
    if (!levelMoves(close, i, ratio) || hasNews(close, volume, i)) continue;
    found.push({ index: i, ratio, gap });
  }
  return found;
}

function nearestRatio(gap: number): number | null {
  return RATIOS.find((ratio) => Math.abs(log(gap * ratio)) <= TOLERANCE) ?? null;
}

/** 1.4826 times the median absolute deviation of the close-to-close log returns around row i, its own left out; null below 4. */
function localDeviation(close: Float64Array, i: number): number | null {
  const returns: number[] = [];
  for (let j = Math.max(1, i - NEIGHBOURS); j <= Math.min(close.length - 1, i + NEIGHBOURS); j++)
    if (j !== i) returns.push(log(close[j]! / close[j - 1]!));
  if (returns.length < 4) return null;
  const centre = median(returns)!;
  return 1.4826 * median(returns.map((r) => Math.abs(r - centre)))!;
}

/** The median close moves with the gap, to half of its log. */
function levelMoves(close: Float64Array, i: number, ratio: number): boolean {
  const before = median(close.subarray(Math.max(0, i - LEVEL_BARS), i))!;
  const after = median(close.subarray(i, i + LEVEL_BARS))!;
  return Math.abs(log((after / before) * ratio)) <= Math.abs(log(ratio)) / 2;
}

/** Both the number of shares (which a split raises) and the turnover (which a planted consolidation raises) surge. */
function hasNews(close: Float64Array, volume: Float64Array | null, i: number): boolean {
  if (volume === null) return false;
  const shares: number[] = [];
  const turnover: number[] = [];
  for (let j = Math.max(0, i - NEIGHBOURS); j < i; j++) {
    if (!(volume[j]! > 0)) continue;
    shares.push(volume[j]!);
    turnover.push(volume[j]! * close[j]!);
  }
  if (shares.length === 0) return false;
  const surge = Math.min(volume[i]! / median(shares)!, (volume[i]! * close[i]!) / median(turnover)!);
  return surge > NEWS_VOLUME;
}
