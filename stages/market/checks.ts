// The checks of a dataset as the stage before publishing and the one after it ask for them: numbers in, verdict and report out.
import { mostBars as barsPerSession, clockOf } from '../../lib/market/frequency.ts';
import type { CandidateBars } from '../../lib/market/invariants.ts';
import {
  CHECKS,
  type CheckName,
  type Expectation,
  type Failure,
  isStatistical,
  MOMENTS,
  type Validation,
  validateBars,
} from '../../lib/market/validate.ts';
import type { LoadPlugin } from '../../lib/table/adapter.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { isSynthetic } from '../../lib/table/schema.ts';
import { correlationsOf } from './correlations.ts';
import { spanFrom } from './setting.ts';
import type { CalibrationReport, EnvironmentReport } from './shapes.ts';
import { barsOf } from './tables.ts';
import { type Files, type LawSetting, tablesOf, truthsOf } from './truths.ts';

/** Switch of the configuration -> the checks it turns on. */
const SWITCHES: Readonly<Record<string, readonly CheckName[]>> = {
  schema: ['schema'],
  index: ['index_monotone', 'index_unique', 'index_calendar'],
  ohlc: ['ohlc'],
  finite: ['finite'],
  positive: ['positive'],
  volume: ['volume'],
  tick: ['tick'],
  moments: MOMENTS,
  correlation: ['correlation'],
};

/** What the configuration says of the dataset and of how to test it. */
export interface CheckSetting extends LawSetting {
  readonly alpha: number;
  readonly fail_fast: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

/** What is checked, and what it is held against. */
export interface Dataset {
  readonly bars: Files;
  readonly features: Files;
  readonly latent: Files;
  readonly calibration: CalibrationReport;
  readonly environment: EnvironmentReport;
  /** Loads a price model of the project's own; null where its code is not at hand. */
  readonly plugin: LoadPlugin | null;
}

export interface Checked {
  readonly validation: Validation;
  readonly passed: boolean;
  /** One line: how many checks, or which failed. */
  readonly summary: string;
}

/** Test bars and markers against what was asked for and calibrated. With `fail_fast` statistics are left out once an exact check fails. */
export async function checkDataset(
  setting: CheckSetting,
  dataset: Dataset,
  progress: (done: number, total: number, unit: string) => void,
  tell: (failure: Failure) => void = () => {},
): Promise<Checked> {
  const { bars, features } = dataset;
  const expectation = await expectationOf(setting, dataset);
  const exact = { ...expectation, checks: expectation.checks.filter((name) => !isStatistical(name)) };
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

async function expectationOf(setting: CheckSetting, dataset: Dataset): Promise<Expectation> {
  const { tickers, alpha, periods_per_year: periodsPerYear } = setting;
  const { calibration, environment, latent, plugin } = dataset;
  const on = Object.entries(setting.checks).flatMap(([name, wanted]) => (wanted ? (SWITCHES[name] ?? []) : []));
  // The legacy generator is not calibrated; it states no grid, no drift and no correlation, and what nobody promised is not tested.
  const legacy = calibration.correlation === null;
  const { calendar, frequency, days } = spanFrom(setting);
  const tables = tablesOf(latent);
  const truth = await truthsOf(setting, calibration, tables, plugin);
  // Which of these there are is known by the law.
  const checks = CHECKS.filter(
    (name) => on.includes(name) && (typeof truth !== 'string' || (name !== 'volatility' && name !== 'jumps')),
  );
  return {
    checks,
    alpha,
    periodsPerYear,
    tickers,
    calendar: days,
    times: barsPerSession(calendar, frequency) === 1 ? null : clockOf(calendar, frequency, days).start,
    tick: legacy ? null : Object.fromEntries(calibration.assets.map(({ ticker, tick }) => [ticker, tick])),
    truth,
    correlation: typeof truth === 'string' ? truth : correlationsOf(setting, calibration, environment, tables),
  };
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
