// Tests a generated dataset as a scientist would: exact invariants in every row, and moments against theory at one false-alarm rate.
import { chiSquareCdf, chiSquareSf, normalTwoSided } from '../math/special.ts';
import { holm, type TestResult, testMeanKnownSigma, testVariance } from '../stats/hypothesis.ts';
import { mean } from '../stats/moments.ts';
import type { Bars } from './bars.ts';
import { type Correlations, type Moves, testCorrelations } from './correlations.ts';
import { type Breach, type CandidateBars, checkSchema, type ExactCheck, INVARIANTS } from './invariants.ts';
import { type Residuals, residualsOf } from './residuals.ts';
import type { Truth } from './truth.ts';

/** Checks that have a p-value, in the order of a report. */
const STATISTICAL = ['mean', 'variance', 'memory', 'jumps', 'volatility', 'correlation'] as const;
export type StatisticalCheck = (typeof STATISTICAL)[number];
export type CheckName = ExactCheck | StatisticalCheck;

/** Every check there is, in the order of a report. */
export const CHECKS: readonly CheckName[] = [
  'schema',
  ...(Object.keys(INVARIANTS) as (keyof typeof INVARIANTS)[]),
  ...STATISTICAL,
];

export const isStatistical = (name: CheckName): boolean => (STATISTICAL as readonly CheckName[]).includes(name);

/** Those of each ticker by itself. */
export const MOMENTS: readonly CheckName[] = STATISTICAL.filter((name) => name !== 'correlation');

/** What was asked for. A null, or a word of why, means that nobody stated it: the checks that need it are not run and are listed as unstated. */
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
  /** What made the bars of a ticker, asked for one by one; null for one of which nothing is known. */
  readonly truth: ((ticker: string) => Truth | null) | string;
  /** How the shocks of sessions go together. */
  readonly correlation: Correlations | string;
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
    /** Checks switched on that had nothing stated to compare with, and why. */
    readonly unstated: readonly Unstated[];
  };
}

export interface Unstated {
  readonly check: CheckName;
  readonly why: string;
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
  const unstated = expectation.checks.flatMap((check) => {
    const why = unstatedOf(check, expectation);
    return why === null ? [] : [{ check, why }];
  });
  const runs = (name: CheckName) => on.has(name) && !unstated.some(({ check }) => check === name);
  const drafts: Draft[] = [];
  const failures: Failure[] = [];
  const moves = new Map<string, Moves | null>();
  /** Why nothing may be said by a check, should nothing have been. */
  const silent = new Map<StatisticalCheck, string>();
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
        if (!(name in INVARIANTS || name === 'mean' || name === 'variance') || !runs(name)) continue;
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
    if (!STATISTICAL.some(runs)) continue;
    const truth = typeof expectation.truth === 'string' ? null : expectation.truth(ticker);
    const residuals = truth === null ? null : residualsOf(bars, truth, facts.tick);
    if (runs('correlation')) moves.set(ticker, residuals && movesOf(residuals, truth!));
    for (const { name, test, detail } of momentTests(residuals, truth))
      if (runs(name)) statistical(name, ticker, test, detail);
    if (truth !== null) {
      const of = truth.law.kind === 'path' ? truth.law.variance.of : 'nothing';
      const why = whyUnknown(truth);
      for (const name of ['mean', 'variance'] as const) silent.set(name, why);
      if (of !== 'nothing') silent.set('volatility', why);
      silent.set('memory', truth.night !== null && of === 'shocks' ? 'leverage moves over closed hours' : why);
    }
  }
  for (const name of ['mean', 'variance', 'memory', 'volatility'] as const)
    if (silent.has(name) && runs(name) && !drafts.some((draft) => draft.name === name))
      unstated.push({ check: name, why: silent.get(name)! });
  if (runs('schema')) exact('schema', null, (report) => checkTickers(seen, expectation.tickers, report));
  if (runs('correlation') && typeof expectation.correlation !== 'string') {
    const { tickers, correlation, alpha } = expectation;
    const found = testCorrelations(moves, tickers, correlation, alpha);
    if (typeof found === 'string') unstated.push({ check: 'correlation', why: found });
    else statistical('correlation', null, found.result, found.detail);
  }
  const found = conclude(drafts, failures, expectation.alpha, { tickers: seen.length, rows, unstated });
  for (const failure of found.failures.slice(failures.length)) tell(failure);
  return found;
}

/** Why a check has nothing to compare with; null where it has. */
function unstatedOf(name: CheckName, { calendar, tick, truth, correlation }: Expectation): string | null {
  if (name === 'index_calendar') return calendar === null ? 'no calendar is stated' : null;
  if (name === 'tick') return tick === null ? 'no tick is stated' : null;
  const of = MOMENTS.includes(name) ? truth : name === 'correlation' ? correlation : null;
  return typeof of === 'string' ? of : null;
}

function tickOf({ tick }: Expectation, ticker: string): number | null {
  return typeof tick === 'object' && tick !== null ? (tick[ticker] ?? null) : tick;
}

interface Tested {
  readonly name: StatisticalCheck;
  readonly test: TestResult;
  readonly detail: string;
}

/**
 * Tests of one ticker. Its residuals are independent standard normals under the null, so z and chi-square have their exact laws
 * whatever the tails of returns. What has no sample, because no move has a known law, is not tested.
 */
function momentTests(residuals: Residuals | null, truth: Truth | null): Tested[] {
  if (residuals === null || truth === null) {
    const test = inconclusive(truth === null ? 'nothing is stated of this ticker' : 'its rows are not its sessions');
    return (['mean', 'variance'] as const).map((name) => ({ name, test, detail: '' }));
  }
  const { sessions, gaps, jumps, expectedJumps, variance, recursion } = residuals;
  const known = [sessions, gaps].map((of) => of.filter(Number.isFinite));
  const moves = new Float64Array(known[0]!.length + known[1]!.length);
  moves.set(known[0]!);
  moves.set(known[1]!, known[0]!.length);
  const tested: Tested[] = [];
  if (moves.length >= 2 || sessions.length < 2) {
    const [test, square] = [testMeanKnownSigma(moves, 0, 1), testVariance(moves, 1)];
    const found = Math.sqrt(Math.max(0, (square.stat ?? Number.NaN) / (square.df ?? 1)));
    const of = `over ${moves.length} moves`;
    tested.push(
      { name: 'mean', test, detail: `mean ${(mean(moves) ?? Number.NaN).toFixed(4)} standard deviations off ${of}` },
      { name: 'variance', test: square, detail: `volatility ${found.toFixed(4)} times that of its law ${of}` },
    );
  }
  const { sum, pairs } = memoryOf(residuals);
  if (pairs >= 2) {
    const z = sum / Math.sqrt(pairs);
    const detail = `autocorrelation ${(sum / pairs).toFixed(4)} of what is new, over ${pairs} sessions`;
    tested.push({ name: 'memory', test: result(z, normalTwoSided(z), pairs), detail });
  }
  if (jumps !== null) {
    const count = truth.latent.jumps.day.length;
    const detail = `${count} jumps against ${expectedJumps.toFixed(1)}`;
    tested.push({ name: 'jumps', test: worstOf([poisson(count, expectedJumps), ...normalTests(jumps)]), detail });
  }
  if (variance !== null && variance.length >= 2)
    tested.push({
      name: 'volatility',
      test: worstOf(normalTests(variance)),
      detail: `steps of ${variance.length} variances`,
    });
  if (recursion !== null) {
    const test = result(recursion, normalTwoSided(recursion), sessions.length);
    tested.push({ name: 'volatility', test, detail: 'variances against the returns before them' });
  }
  return tested;
}

/**
 * Products of the scores of neighbouring sessions, whose rounding is too small to show, from their mean, which takes 1 / n of each:
 * that is given back, so that each has mean 0 and variance 1.
 */
function memoryOf({ shocks, own }: Residuals): { readonly sum: number; readonly pairs: number } {
  const known = shocks.map((score, s) => (own === null || own[s] === 1 ? score : Number.NaN));
  const finite = known.filter(Number.isFinite);
  const centre = mean(finite) ?? Number.NaN;
  let sum = 0;
  let pairs = 0;
  for (let s = 1; s < known.length; s++) {
    const product = (known[s]! - centre) * (known[s - 1]! - centre);
    if (!Number.isFinite(product)) continue;
    sum += product + 1 / finite.length;
    pairs++;
  }
  return { sum, pairs };
}

function normalTests(scores: Float64Array): TestResult[] {
  if (scores.length === 0) return [];
  const tests = [testMeanKnownSigma(scores, 0, 1)];
  return scores.length === 1 ? tests : [...tests, testVariance(scores, 1)];
}

/** Two-sided test of a count: P(N <= n) = P(chi^2(2n + 2) > 2 mean). */
function poisson(count: number, expected: number): TestResult {
  const most = chiSquareSf(2 * expected, 2 * count + 2);
  const least = count === 0 ? 1 : chiSquareCdf(2 * expected, 2 * count);
  return result(count, expected === 0 ? Number(count === 0) : Math.min(1, 2 * Math.min(most, least)), count);
}

/** Several tests as one: the smallest p-value times their number (Bonferroni). */
function worstOf(tests: readonly TestResult[]): TestResult {
  const [first, ...rest] = tests as [TestResult, ...TestResult[]];
  const worst = rest.reduce((a, b) => ((b.pvalue ?? -1) < (a.pvalue ?? -1) ? b : a), first);
  return worst.pvalue === null ? worst : { ...worst, pvalue: Math.min(1, worst.pvalue * tests.length) };
}

const result = (stat: number, pvalue: number, n: number): TestResult => ({
  stat,
  df: null,
  pvalue,
  n,
  reject: null,
  note: '',
});

const inconclusive = (why: string): TestResult => ({
  ...{ stat: null, df: null, pvalue: null, n: 0, reject: null },
  note: `inconclusive: ${why}`,
});

/** Why no move of a ticker has a known law, where none has. */
function whyUnknown({ law, memory, marginDf, copulaDf, surroundings }: Truth): string {
  if (memory === 0 && surroundings.memory === null) return 'prices are of too few ticks';
  if (law.kind === 'transition') return 'bars of a price that reverts remember';
  const normal = marginDf === Number.POSITIVE_INFINITY && copulaDf === Number.POSITIVE_INFINITY;
  return normal ? 'bars remember while leverage moves between them' : 'bars remember shocks that a Student law hides';
}

const movesOf = ({ shocks, own }: Residuals, { shockVariance, surroundings }: Truth): Moves => ({
  ...{ scores: shocks, own },
  ...{ variance: shockVariance, blend: surroundings.blend },
});

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
