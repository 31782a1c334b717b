// The checks of a dataset as the stage before publishing and the one after it ask for them: numbers in, verdict and report out.
import { ProblemError } from '../../lib/base/problem.ts';
import { mostBars as barsPerSession, clockOf } from '../../lib/market/frequency.ts';
import type { CandidateBars } from '../../lib/market/invariants.ts';
import {
  CHECKS,
  type CheckName,
  type Expectation,
  type Failure,
  type Validation,
  validateBars,
} from '../../lib/market/validate.ts';
import type { TreeInput } from '../../lib/stage/port.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { isSynthetic } from '../../lib/table/schema.ts';
import { spanFrom } from './setting.ts';
import type { CalibrationReport } from './shapes.ts';
import { barsOf } from './tables.ts';

/** Switch of the configuration -> the checks it turns on. */
const SWITCHES: Readonly<Record<string, readonly CheckName[]>> = {
  schema: ['schema'],
  index: ['index_monotone', 'index_unique', 'index_calendar'],
  ohlc: ['ohlc'],
  finite: ['finite'],
  positive: ['positive'],
  volume: ['volume'],
  tick: ['tick'],
  moments: ['mean', 'variance'],
  correlation: ['correlation'],
};

const STATISTICAL: ReadonlySet<CheckName> = new Set(['mean', 'variance', 'correlation']);

/** What the configuration says of the dataset and of how to test it. */
export interface CheckSetting {
  readonly tickers: readonly string[];
  readonly start_date: string;
  readonly end_date: string;
  readonly calendar: string;
  readonly frequency: string;
  readonly generation: LawSetting;
  readonly periods_per_year: number;
  readonly alpha: number;
  readonly fail_fast: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

/** What the configuration says of the law of the bars. */
export interface LawSetting {
  readonly price_model: string;
  readonly volatility_model: string;
  readonly memory: number;
  readonly regimes: { readonly enabled: boolean };
  readonly events: Readonly<Record<string, unknown>>;
  readonly correlation: { readonly mode: string; readonly copula: { readonly family: string } };
  readonly overnight: { readonly share: number | null };
}

/**
 * Whether returns are independent, normal and of one correlation matrix, so that the tests of moments have their laws. Other
 * models have laws of their own: their moments are not stated here, and what nobody stated is not tested.
 */
const isPlain = ({ frequency, generation: of }: CheckSetting): boolean =>
  (frequency === 'B' || frequency === 'D') &&
  of.price_model === 'gbm' &&
  of.volatility_model === 'none' &&
  of.memory === 0 &&
  !of.regimes.enabled &&
  Object.keys(of.events).length === 0 &&
  of.correlation.mode === 'static' &&
  of.overnight.share === 0;

/** Named files, as a tree or a folder of one. */
export type Files = Pick<TreeInput, 'names' | 'bytes'>;

export interface Checked {
  readonly validation: Validation;
  readonly passed: boolean;
  /** One line: how many checks, or which failed. */
  readonly summary: string;
}

/** Test bars and markers against what was asked for and calibrated. With `fail_fast` statistics are left out once an exact check fails. */
export function checkDataset(
  setting: CheckSetting,
  calibration: CalibrationReport,
  bars: Files,
  features: Files,
  progress: (done: number, total: number, unit: string) => void,
  tell: (failure: Failure) => void = () => {},
): Checked {
  const expectation = expectationOf(setting, calibration);
  const exact = { ...expectation, checks: expectation.checks.filter((name) => !STATISTICAL.has(name)) };
  const first = setting.fail_fast ? validateBars(readBars(bars, progress), exact, tell) : null;
  const stops = first?.checks.some(({ passed }) => passed !== true) ?? false;
  const result = first !== null && stops ? first : validateBars(readBars(bars, progress), expectation, tell);
  const unmarked = [bars, features].flatMap((from) =>
    from.names().filter((name) => !isSynthetic(readParquet(from.bytes(name)).schema)),
  );
  const passed = result.passed && unmarked.length === 0;
  const failed = new Set<string>(result.failures.map(({ check }) => check));
  if (unmarked.length > 0) failed.add('synthetic marker');
  const open = new Set(result.checks.flatMap((check) => (check.passed === 'inconclusive' ? [check.name] : [])));
  const why = [
    result.checks.length === 0 ? 'no check is switched on' : '',
    failed.size > 0 ? `failed: ${[...failed].join(', ')}` : '',
    open.size > 0 ? `inconclusive: ${[...open].join(', ')}` : '',
  ];
  return {
    validation: { ...result, passed },
    passed,
    summary: passed
      ? `${result.checks.length} checks on ${result.metrics.rows} rows`
      : why.filter((text) => text !== '').join('; '),
  };
}

function expectationOf(setting: CheckSetting, calibration: CalibrationReport): Expectation {
  const { tickers, alpha, periods_per_year: periodsPerYear } = setting;
  const on = Object.entries(setting.checks).flatMap(([name, wanted]) => (wanted ? (SWITCHES[name] ?? []) : []));
  // The legacy generator is not calibrated; it states no grid, no drift and no correlation, and what nobody promised is not tested.
  const legacy = calibration.correlation === null;
  const unstated = legacy || !isPlain(setting);
  const { calendar, frequency, days } = spanFrom(setting);
  return {
    checks: CHECKS.filter((name) => on.includes(name)),
    alpha,
    periodsPerYear,
    tickers,
    calendar: days,
    times: barsPerSession(calendar, frequency) === 1 ? null : clockOf(calendar, frequency, days).start,
    tick: legacy ? null : Object.fromEntries(calibration.assets.map(({ ticker, tick }) => [ticker, tick])),
    gbm: unstated ? null : Object.fromEntries(tickers.map((ticker) => [ticker, assetIn(calibration, ticker)])),
    // One ticker has nobody to be correlated with.
    correlation: unstated || tickers.length < 2 ? null : targetOf(tickers, calibration),
  };
}

function assetIn({ assets }: CalibrationReport, name: string): { readonly mu: number; readonly sigma: number } {
  const asset = assets.find(({ ticker }) => ticker === name);
  if (asset === undefined)
    throw new ProblemError({ code: 'data/refused', message: `the calibration says nothing of ${name}` });
  return { mu: asset.mu, sigma: asset.sigma };
}

/** The correlation that was generated with; a ticker without prices is independent of the others. */
function targetOf(tickers: readonly string[], { correlation }: CalibrationReport): number[][] {
  const at = tickers.map((ticker) => correlation?.tickers.indexOf(ticker) ?? -1);
  return at.map((a, i) => at.map((b, j) => (i === j ? 1 : (correlation?.matrix[a]?.[b] ?? 0))));
}

/** Files one at a time, so that memory is one ticker's. */
function* readBars(
  bars: Files,
  progress: (done: number, total: number, unit: string) => void,
): Generator<CandidateBars> {
  const names = bars.names();
  for (const [i, name] of names.entries()) {
    yield barsOf(readParquet(bars.bytes(name)), name.replace(/\.parquet$/, ''));
    progress(i + 1, names.length, 'tickers');
  }
}
