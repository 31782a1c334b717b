// Tests a generated dataset as a scientist would: exact invariants in every row, and moments against theory at one false-alarm rate.
import { log } from '../math/elementary.ts';
import { normalTwoSided } from '../math/special.ts';
import { fisherBand, fisherZ } from '../stats/dependence.ts';
import { holm, type TestResult, testMeanKnownSigma, testVariance } from '../stats/hypothesis.ts';
import { isConstant, mean, sumOf } from '../stats/moments.ts';
import type { Bars } from './bars.ts';
import { type Breach, type CandidateBars, checkSchema, type ExactCheck, INVARIANTS } from './invariants.ts';

export type StatisticalCheck = 'mean' | 'variance' | 'correlation';
export type CheckName = ExactCheck | StatisticalCheck;

/** Every check there is, in the order of a report. */
export const CHECKS: readonly CheckName[] = [
  'schema',
  ...(Object.keys(INVARIANTS) as (keyof typeof INVARIANTS)[]),
  'mean',
  'variance',
  'correlation',
];

/** What was asked for. A null means that nobody stated it: the checks that need it are not run and are listed as unstated. */
export interface Expectation {
  /** Checks switched on; the others leave no trace. */
  readonly checks: readonly CheckName[];
  /** Chance that a right dataset fails any statistical check. */
  readonly alpha: number;
  readonly periodsPerYear: number;
  /** Tickers there must be, each once. */
  readonly tickers: readonly string[];
  readonly calendar: Int32Array | null;
  /** When the bars of those days begin, microseconds since 1970-01-01T00:00Z; null where a bar is a whole session. */
  readonly times: Float64Array | null;
  /** Of all tickers, or by ticker. */
  readonly tick: number | Readonly<Record<string, number>> | null;
  /** Per ticker the growth and volatility of geometric Brownian motion that made it. */
  readonly gbm: Readonly<Record<string, { readonly mu: number; readonly sigma: number }>> | null;
  /** Correlation of log returns, rows and columns in the order of `tickers`. */
  readonly correlation: readonly (readonly number[])[] | null;
}

export interface Check {
  readonly name: CheckName;
  /** Null when the check is about all tickers. */
  readonly ticker: string | null;
  readonly kind: 'exact' | 'statistical';
  readonly passed: boolean | 'inconclusive';
  /** Exact: number of breaches; statistical: the test's statistic. */
  readonly stat: number | null;
  readonly pvalue: number | null;
  /** Exact: breaches allowed, 0; statistical: the smallest p-value that passes, by Holm's method over all tests. */
  readonly bound: number | null;
  readonly detail: string;
}

export interface Failure {
  readonly check: CheckName;
  readonly ticker: string | null;
  /** From 0; null when no single row is to blame. */
  readonly row: number | null;
  readonly detail: string;
}

export interface Validation {
  /** Every check ran and passed, and there was at least one. */
  readonly passed: boolean;
  /** Share of the checks that passed; inconclusive ones did not. */
  readonly quality_score: number;
  readonly checks: readonly Check[];
  /** At most 20 for each check; `stat` of an exact check counts them all, and who validates is told each. */
  readonly failures: readonly Failure[];
  readonly metrics: {
    readonly tickers: number;
    readonly rows: number;
    readonly failed: number;
    readonly inconclusive: number;
    /** Checks switched on that had nothing stated to compare with. */
    readonly unstated: readonly CheckName[];
  };
}

const LISTED = 20;

/** A check before Holm's method has set its bound. */
type Draft = Omit<Check, 'passed' | 'bound'> & { readonly conclusive: boolean };

/** Takes the series one by one and keeps their returns only; `tell` gets every failure as it is found. */
export function validateBars(
  dataset: Iterable<CandidateBars>,
  expectation: Expectation,
  tell: (failure: Failure) => void = () => {},
): Validation {
  const on = new Set(expectation.checks);
  const unstated = expectation.checks.filter((name) => !isStated(name, expectation));
  const runs = (name: CheckName) => on.has(name) && !unstated.includes(name);
  const drafts: Draft[] = [];
  const failures: Failure[] = [];
  const returns = new Map<string, Returns>();
  const seen: string[] = [];
  let rows = 0;

  const exact = (name: ExactCheck, ticker: string | null, act: (report: (breach: Breach) => void) => void) => {
    let count = 0;
    act((breach) => {
      count++;
      const failure = { check: name, ticker, ...breach };
      tell(failure);
      if (count <= LISTED) failures.push(failure);
    });
    const detail = count === 0 ? 'holds' : `${count} breaches`;
    drafts.push({ name, ticker, kind: 'exact', conclusive: true, stat: count, pvalue: null, detail });
  };
  const statistical = (name: StatisticalCheck, ticker: string | null, test: TestResult, detail: string) => {
    const { stat, pvalue } = test;
    const text = pvalue === null ? test.note : detail;
    drafts.push({ name, ticker, kind: 'statistical', conclusive: pvalue !== null, stat, pvalue, detail: text });
  };

  for (const candidate of dataset) {
    const { ticker } = candidate;
    seen.push(ticker);
    let whole = false;
    if (runs('schema')) exact('schema', ticker, (report) => (whole = checkSchema(candidate, report)));
    else whole = checkSchema(candidate, () => {});
    if (!whole) {
      for (const name of CHECKS) {
        if (name === 'schema' || name === 'correlation' || !runs(name)) continue;
        const kind = name in INVARIANTS ? 'exact' : 'statistical';
        const detail = 'inconclusive: the columns are not those of bars';
        drafts.push({ name, ticker, kind, conclusive: false, stat: null, pvalue: null, detail });
      }
      continue;
    }
    const bars = candidate as Bars;
    rows += bars.day.length;
    const facts = { ...expectation, tick: tickOf(expectation, ticker) };
    // A ticker that nobody asked for has no tick that it could be off.
    for (const name of Object.keys(INVARIANTS) as (keyof typeof INVARIANTS)[])
      if (runs(name) && (name !== 'tick' || facts.tick !== null))
        exact(name, ticker, (report) => INVARIANTS[name](bars, facts, report));
    if (!['mean', 'variance', 'correlation'].some((name) => runs(name as StatisticalCheck))) continue;
    const r = returnsOf(bars);
    if (runs('correlation')) returns.set(ticker, r);
    testMoments(ticker, r, expectation, runs, statistical);
  }
  if (runs('schema')) exact('schema', null, (report) => checkTickers(seen, expectation.tickers, report));
  if (runs('correlation')) {
    const { result, detail } = testCorrelations(returns, expectation);
    statistical('correlation', null, result, detail);
  }
  const found = conclude(drafts, failures, expectation.alpha, { tickers: seen.length, rows, unstated });
  for (const failure of found.failures.slice(failures.length)) tell(failure);
  return found;
}

function isStated(name: CheckName, { calendar, tick, gbm, correlation }: Expectation): boolean {
  if (name === 'index_calendar') return calendar !== null;
  if (name === 'tick') return tick !== null;
  if (name === 'mean' || name === 'variance') return gbm !== null;
  return name !== 'correlation' || correlation !== null;
}

function tickOf({ tick }: Expectation, ticker: string): number | null {
  return typeof tick === 'object' && tick !== null ? (tick[ticker] ?? null) : tick;
}

interface Returns {
  readonly day: Int32Array;
  readonly values: Float64Array;
  /** Mean over the returns of 1/C(i-1)^2 + 1/C(i)^2, which weighs the rounding to ticks. */
  readonly inverseSquares: number;
}

function returnsOf({ day, close }: Bars): Returns {
  const n = Math.max(0, close.length - 1);
  const values = Float64Array.from({ length: n }, (_, i) => log(close[i + 1]! / close[i]!));
  const inverse = (i: number) => 1 / (close[i]! * close[i]!);
  return { day, values, inverseSquares: sumOf(n, (i) => inverse(i) + inverse(i + 1)) / n };
}

type Report = (name: StatisticalCheck, ticker: string | null, test: TestResult, detail: string) => void;

/** Log returns of GBM are independent N((mu - sigma^2/2) D, sigma^2 D): z test of the mean, chi-square test of the variance. */
function testMoments(
  ticker: string,
  { values, inverseSquares }: Returns,
  expectation: Expectation,
  runs: (name: CheckName) => boolean,
  report: Report,
): void {
  const { gbm, periodsPerYear } = expectation;
  const tick = tickOf(expectation, ticker);
  const stated = gbm === null ? undefined : gbm[ticker];
  const { mu, sigma } = stated ?? { mu: Number.NaN, sigma: Number.NaN };
  const wantedMean = (mu - (sigma * sigma) / 2) / periodsPerYear;
  // A price rounded to a tick carries an error of variance tick^2/12, divided by the price squared in its log.
  const rounding = tick === null ? 0 : (tick * tick * inverseSquares) / 12;
  const wantedVariance = (sigma * sigma) / periodsPerYear + rounding;
  const years = values.length / periodsPerYear;
  if (runs('mean')) {
    const test = testMeanKnownSigma(values, wantedMean, sigma / Math.sqrt(periodsPerYear));
    const growth = (mean(values) ?? Number.NaN) * periodsPerYear + (sigma * sigma) / 2;
    report('mean', ticker, test, `mu ${growth.toFixed(4)} against ${mu} over ${years.toFixed(1)} years`);
  }
  if (runs('variance')) {
    const test = testVariance(values, wantedVariance);
    const found = Math.sqrt(Math.max(0, (test.stat ?? Number.NaN) / (test.df ?? 1)) * wantedVariance * periodsPerYear);
    report('variance', ticker, test, `sigma ${found.toFixed(4)} against ${sigma} over ${values.length} returns`);
  }
}

/**
 * All pairs at once: artanh r - artanh rho - rho/(2(n-1)) is about N(0, 1/(n-3)) (Hotelling 1953). The p-value is the smallest one
 * times the number of pairs (Bonferroni), so the matrix counts as one test.
 */
function testCorrelations(
  returns: ReadonlyMap<string, Returns>,
  { tickers, correlation, alpha }: Expectation,
): { readonly result: TestResult; readonly detail: string } {
  const none = (why: string) => ({
    result: { stat: null, df: null, pvalue: null, n: 0, reject: null, note: `inconclusive: ${why}` },
    detail: '',
  });
  const units: Float64Array[] = [];
  for (const ticker of tickers) {
    const own = returns.get(ticker);
    const unit = own === undefined ? null : unitOf(own.values);
    if (own === undefined || unit === null) return none(`${ticker} has no returns that vary`);
    const first = returns.get(tickers[0]!)!;
    if (own.day.length !== first.day.length || own.day.some((day, i) => day !== first.day[i]))
      return none(`${ticker} and ${tickers[0]} have different dates`);
    units.push(unit);
  }
  const n = units[0]?.length ?? 0;
  const pairs = (tickers.length * (tickers.length - 1)) / 2;
  if (pairs === 0) return none('there is no pair of tickers');
  if (n < 4) return none(`needs 4 returns, has ${n}`);
  let worst = { z: 0, p: 2, text: '' };
  for (let i = 0; i < units.length; i++) {
    for (let j = 0; j < i; j++) {
      const rho = correlation![i]![j]!;
      if (!(Math.abs(rho) < 1))
        return none(`the target of ${tickers[j]} and ${tickers[i]} is ${rho}, which has no band`);
      const r = dot(units[i]!, units[j]!);
      if (!(Math.abs(r) < 1)) return none(`${tickers[j]} and ${tickers[i]} move as one`);
      const z = (fisherZ(r) - fisherZ(rho) - rho / (2 * (n - 1))) * Math.sqrt(n - 3);
      const p = normalTwoSided(z);
      if (p < worst.p) {
        const [low, high] = fisherBand(rho, n, 1 - alpha / pairs)!;
        const band = `${low.toFixed(4)}..${high.toFixed(4)}`;
        const text = `${tickers[j]} and ${tickers[i]}: ${r.toFixed(4)} against ${rho.toFixed(4)}, band ${band} for ${pairs} pairs`;
        worst = { z, p, text };
      }
    }
  }
  const pvalue = Math.min(1, worst.p * pairs);
  return { result: { stat: worst.z, df: null, pvalue, n, reject: null, note: '' }, detail: worst.text };
}

/** Deviations from the mean, scaled to length one; null when they do not vary or are not finite. */
function unitOf(values: Float64Array): Float64Array | null {
  const centre = mean(values);
  if (centre === null || isConstant(values)) return null;
  const length = Math.sqrt(sumOf(values.length, (i) => (values[i]! - centre) * (values[i]! - centre)));
  return values.map((value) => (value - centre) / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function checkTickers(seen: readonly string[], wanted: readonly string[], report: (breach: Breach) => void): void {
  if (wanted.length === 0) report({ row: null, detail: 'no ticker is expected' });
  for (const ticker of wanted)
    if (!seen.includes(ticker)) report({ row: null, detail: `ticker ${ticker} has no bars` });
  seen.forEach((ticker, i) => {
    if (!wanted.includes(ticker)) report({ row: null, detail: `ticker ${ticker} was not asked for` });
    else if (seen.indexOf(ticker) !== i) report({ row: null, detail: `ticker ${ticker} comes twice` });
  });
}

/** Exact checks pass without a breach; tests pass by Holm's method at alpha over all of them. */
function conclude(
  drafts: readonly Draft[],
  found: readonly Failure[],
  alpha: number,
  facts: Pick<Validation['metrics'], 'tickers' | 'rows' | 'unstated'>,
): Validation {
  const tests = drafts.filter((draft) => draft.pvalue !== null);
  const adjusted = holm(tests.map((draft) => draft.pvalue!));
  const rejected = new Set(tests.filter((_, i) => adjusted[i]! < alpha));
  const failures = [...found];
  // Holm's steps end at one level that parts the rejected p-values from the others.
  const level = alpha / Math.max(1, tests.length - rejected.size);
  const checks = drafts.map((draft): Check => {
    const { conclusive, ...rest } = draft;
    const { name, ticker, kind, stat, detail } = draft;
    const fail = () => failures.push({ check: name, ticker, row: null, detail });
    if (!conclusive) {
      fail();
      return { ...rest, passed: 'inconclusive', bound: null };
    }
    if (kind === 'exact') return { ...rest, passed: stat === 0, bound: 0 };
    if (rejected.has(draft)) fail();
    return { ...rest, passed: !rejected.has(draft), bound: level };
  });
  const count = (passed: Check['passed']) => checks.filter((check) => check.passed === passed).length;
  return {
    passed: checks.length > 0 && count(true) === checks.length,
    quality_score: checks.length === 0 ? 0 : count(true) / checks.length,
    checks,
    failures,
    metrics: { ...facts, failed: count(false), inconclusive: count('inconclusive') },
  };
}
