// Correlations of shocks, session by session as they were in force, against what is left of moves.
import { exp, log } from '../math/elementary.ts';
import { normalTwoSided, studentTwoSided } from '../math/special.ts';
import { studentScore } from '../models/copula.ts';
import { fisherBand, fisherZ } from '../stats/dependence.ts';
import type { TestResult } from '../stats/hypothesis.ts';
import { isConstant, mean } from '../stats/moments.ts';

/** How the shocks of tickers go together, apart from the one that all share. */
export interface Correlations {
  /** Degrees of freedom of their copula; infinite for the Gaussian. */
  readonly copulaDf: number;
  /** Covariance of two tickers' shocks; where it moves session by session, in an array that is good until the next call. */
  between(a: string, b: string): number | Float64Array;
}

/** Moves of one ticker by session; what is null is 1, or 0 for `blend`, throughout. */
export interface Moves {
  /** Normal scores; NaN where a move has no known law or none of a shock's. */
  readonly scores: Float64Array;
  /** Root of the shock's share in the variance of the score. */
  readonly own: Float64Array | null;
  /** Variance of the shock apart from the shared one, and weight of that. */
  readonly variance: Float64Array | null;
  readonly blend: Float64Array | null;
}

/** Share of the variance beside the shock that a Student copula bears. */
const BESIDE = 0.001;

/**
 * All pairs at once. In each session a pair with correlation rho becomes (x + y) / sqrt(2 (1 + rho)) and (x - y) / sqrt(2 (1 - rho)),
 * which under the null are independent normals, or jointly spherical Student ones, however rho moves. Normal ones: the ratio F of
 * their sums of squares has the law F(n, n), so sqrt(n) (sqrt F - 1 / sqrt F) / 2 has that of Student(n) (Cacoullos 1965). Student
 * ones: the efficient score (a^2 - b^2) / 2 (nu + 2) / (nu + a^2 + b^2) is bounded, with mean 0 and variance (nu + 2) / (nu + 4). The
 * p-value is the smallest one times the number of pairs (Bonferroni), so the matrix counts as one test. In words why nothing
 * can be said, where that is no fault of the bars.
 */
export function testCorrelations(
  moves: ReadonlyMap<string, Moves | null>,
  tickers: readonly string[],
  { copulaDf, between }: Correlations,
  alpha: number,
): { readonly result: TestResult; readonly detail: string } | string {
  const gaussian = copulaDf === Number.POSITIVE_INFINITY;
  const none = (why: string) => ({ result: { ...NOTHING, note: `inconclusive: ${why}` }, detail: '' });
  const pairs = (tickers.length * (tickers.length - 1)) / 2;
  if (pairs === 0) return none('there is no pair of tickers');
  const lost = tickers.find((ticker) => (moves.get(ticker) ?? null) === null);
  if (lost !== undefined) return none(`${lost} has no returns that vary`);
  const all = tickers.map((ticker) => moves.get(ticker)!);
  const known = ({ scores, own }: Moves, s: number) =>
    Number.isFinite(scores[s]) && (gaussian || own === null || own[s]! * own[s]! >= 1 - BESIDE);
  const sessions = all[0]!.scores.length;
  const common: number[] = [];
  for (let s = 0; s < sessions; s++) if (all.every((one) => known(one, s))) common.push(s);
  const n = common.length;
  if (n < LEAST)
    return sessions < LEAST ? none(`needs ${LEAST} returns, has ${n}`) : 'too few sessions have moves of known laws';
  const columns = all.map((one) => columnOf(one, common, gaussian ? null : studentScore(copulaDf)));
  const still = columns.findIndex(({ x }) => isConstant(x));
  if (still >= 0) return none(`${tickers[still]} has no returns that vary`);
  const information = gaussian ? 1 : (copulaDf + 2) / (copulaDf + 4);
  const rhos = new Float64Array(n);
  let worst = { size: -1, shift: 0, rho: 0, i: 0, j: 0 };
  for (let i = 0; i < columns.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [columns[i]!, columns[j]!];
      const moves = fillTargets(rhos, a, b, between(tickers[i]!, tickers[j]!), common);
      const bad = outOfRange(rhos, moves ? n : 1);
      if (bad !== null) return none(`the target of ${tickers[j]} and ${tickers[i]} is ${bad}, which has no band`);
      const shift = gaussian
        ? normalShift(a.x, b.x, rhos, moves)
        : studentShift(a.x, b.x, rhos, copulaDf) / (n * information);
      if (!Number.isFinite(shift)) return none(`${tickers[j]} and ${tickers[i]} move as one`);
      if (Math.abs(shift) > worst.size)
        worst = { size: Math.abs(shift), shift, rho: moves ? mean(rhos)! : rhos[0]!, i, j };
    }
  }
  const { shift, rho } = worst;
  const grown = exp(shift);
  const stat = Math.sqrt(n) * (gaussian ? (grown - 1 / grown) / 2 : shift * Math.sqrt(information));
  const pvalue = Math.min(1, pairs * (gaussian ? studentTwoSided(stat, n) : normalTwoSided(stat)));
  const odds = exp(2 * (fisherZ(rho) + shift));
  const [low, high] = fisherBand(rho, n * information + 3, 1 - alpha / pairs)!;
  const band = `band ${low.toFixed(4)}..${high.toFixed(4)} for ${pairs} pairs`;
  const found = `${((odds - 1) / (odds + 1)).toFixed(4)} against ${rho.toFixed(4)}`;
  const detail = `${tickers[worst.j]} and ${tickers[worst.i]}: ${found}, ${band}`;
  return { result: { ...NOTHING, stat, pvalue, n }, detail };
}

const LEAST = 4;
const NOTHING = { stat: null, df: null, pvalue: null, n: 0, reject: null, note: '' } satisfies TestResult;

/** The sessions of a ticker that count: its moves by the law of the copula, and what its own and the shared shock are multiplied by. */
interface Column {
  readonly x: Float64Array;
  /** Null where it is 1 and the shared shock has no part. */
  readonly weights: { readonly own: Float64Array; readonly shared: Float64Array } | null;
}

function columnOf(
  { scores, own, variance, blend }: Moves,
  common: readonly number[],
  student: ((score: number) => number) | null,
): Column {
  const pick = (value: (s: number) => number) => Float64Array.from(common, value);
  const x = pick((s) => (student === null ? scores[s]! : student(scores[s]!)));
  const w = (s: number) => blend?.[s] ?? 0;
  const size = (s: number) => (own?.[s] ?? 1) / Math.sqrt((1 - w(s)) * (variance?.[s] ?? 1) + w(s));
  const plain = common.every((s) => size(s) === 1 && w(s) === 0);
  const weights = plain
    ? null
    : { own: pick((s) => size(s) * Math.sqrt(1 - w(s))), shared: pick((s) => size(s) * Math.sqrt(w(s))) };
  return { x, weights };
}

/** Correlation of two tickers in each session that counts; says whether it moves. */
function fillTargets(
  out: Float64Array,
  { weights: a }: Column,
  { weights: b }: Column,
  covariance: number | Float64Array,
  common: readonly number[],
): boolean {
  if (typeof covariance === 'number') out.fill(covariance);
  else for (let k = 0; k < out.length; k++) out[k] = covariance[common[k]!]!;
  const one = a ?? b;
  if (one === null) return typeof covariance !== 'number';
  for (let k = 0; k < out.length; k++) out[k] = out[k]! * one.own[k]!;
  if (a !== null && b !== null)
    for (let k = 0; k < out.length; k++) out[k] = out[k]! * b.own[k]! + a.shared[k]! * b.shared[k]!;
  return true;
}

/** The first of some correlations that is none, or is that of two that move as one. */
function outOfRange(rhos: Float64Array, count: number): number | null {
  for (let k = 0; k < count; k++) if (!(Math.abs(rhos[k]!) < 1)) return rhos[k]!;
  return null;
}

/** Half the log of the ratio of the sums of squares: how much greater artanh of the correlation is. */
function normalShift(x: Float64Array, y: Float64Array, rhos: Float64Array, moves: boolean): number {
  let [a, b] = [0, 0];
  if (moves)
    for (let k = 0; k < x.length; k++) {
      const [sum, difference, rho] = [x[k]! + y[k]!, x[k]! - y[k]!, rhos[k]!];
      const unit = 1 / (1 - rho * rho);
      a += sum * sum * (1 - rho) * unit;
      b += difference * difference * (1 + rho) * unit;
    }
  else {
    let [squares, products] = [0, 0];
    for (let k = 0; k < x.length; k++) {
      squares += x[k]! * x[k]! + y[k]! * y[k]!;
      products += x[k]! * y[k]!;
    }
    a = (squares + 2 * products) / (1 + rhos[0]!);
    b = (squares - 2 * products) / (1 - rhos[0]!);
  }
  return a > 0 && b > 0 ? log(a / b) / 2 : Number.NaN;
}

/** The sum of efficient scores of artanh of the correlation. */
function studentShift(x: Float64Array, y: Float64Array, rhos: Float64Array, df: number): number {
  let total = 0;
  for (let k = 0; k < x.length; k++) {
    const [sum, difference, rho] = [x[k]! + y[k]!, x[k]! - y[k]!, rhos[k]!];
    const [a, b] = [sum * sum * (1 - rho), difference * difference * (1 + rho)];
    total += (a - b) / (2 * df * (1 - rho * rho) + a + b);
  }
  return (total * (df + 2)) / 2;
}
