// Factor model: the shock of a name is loadings on orthonormal factors and a part of its own; factors may have volatility of their own.
import type { Problem } from '../base/problem.ts';
import { streamOf } from '../math/stream.ts';
import { refusal, type VarianceStep } from './model.ts';
import { type GarchParams, model as garch } from './volatility/garch.ts';

/**
 * Parts of a name's variance by factor (`market`, `sector:<name>`, `commodity`, `rates`): absolute values sum to 1 at most,
 * a negative one loads the factor the other way round.
 */
export type VarianceShares = Readonly<Record<string, number>>;

export interface FactorRow {
  /** By name, so that the order of writing changes no sum. A factor's normals are the streams of scope `class` and its name. */
  readonly factors: readonly { readonly name: string; readonly weight: number }[];
  /** Weight of the name's own normals; squares of all weights sum to 1. */
  readonly own: number;
}

const SUM = 1e-12;

/** Everything wrong with the shares of a name. */
export function checkShares(name: string, shares: VarianceShares): readonly Problem[] {
  const problems: Problem[] = [];
  let sum = 0;
  for (const [factor, share] of Object.entries(shares)) {
    sum += Math.abs(share);
    if (!(Math.abs(share) <= 1)) problems.push(refusal(name, `share of ${factor}`, share, 'between -1 and 1'));
  }
  if (sum > 1 + SUM) problems.push(refusal(name, 'the sum of variance shares', sum, '1 or less'));
  return problems;
}

/** Weights of a name: roots of its shares. The caller has checked them. */
export function factorRow(shares: VarianceShares): FactorRow {
  const names = Object.keys(shares).sort();
  let rest = 1;
  const factors = names.map((name) => {
    const share = shares[name]!;
    rest -= Math.abs(share);
    return { name, weight: Math.sign(share) * Math.sqrt(Math.abs(share)) };
  });
  return { factors: factors.filter(({ weight }) => weight !== 0), own: Math.sqrt(Math.max(rest, 0)) };
}

/** Correlations that rows imply where factors have the given variances (1 unless told): sum of b_ik b_jk h_k, scaled. */
export function impliedCorrelation(
  rows: readonly FactorRow[],
  variance: (factor: string) => number = () => 1,
): number[][] {
  const covariance = (a: FactorRow, b: FactorRow) => {
    let sum = 0;
    for (const { name, weight } of a.factors) {
      const other = b.factors.find((factor) => factor.name === name);
      if (other !== undefined) sum += weight * other.weight * variance(name);
    }
    return sum;
  };
  const size = rows.map((row) => Math.sqrt(covariance(row, row) + row.own * row.own));
  return rows.map((a, i) => rows.map((b, j) => (i === j ? 1 : covariance(a, b) / (size[i]! * size[j]!))));
}

/** GARCH(1,1) of a factor, with or without asymmetry; its long-run variance is 1. */
export type FactorVolatility = Pick<GarchParams, 'alpha' | 'gamma' | 'beta'>;

const unitGarch = (params: FactorVolatility): GarchParams => ({ ...params, sigma: 1, innovations: 'normal' });

/** Everything wrong with a factor's GARCH parameters. */
export function checkFactorVolatility(params: FactorVolatility): readonly Problem[] {
  return garch.check(unitGarch(params));
}

/**
 * Factor on a factor's shocks, session by session from `first`: the square root of a GARCH variance that `shocks`, the
 * factor's unit normal of each session, drives. Unit mean square in the long run, so correlations average the implied ones
 * and rise when the factor is wild. Value t depends on the first session and on shocks before t only.
 */
export function factorVolatility(
  seed: number | string,
  factor: string,
  params: FactorVolatility,
  first: number,
  shocks: Float64Array,
): Float64Array {
  const stream = (component: string) => streamOf(seed, { scope: 'class', asset: factor, component });
  const process = garch.process(unitGarch(params), { yearsPerSession: 1, stream });
  const state = new Float64Array(process.stateLength);
  const step: VarianceStep = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
  process.start(state, 0, first);
  return shocks.map((shock) => {
    process.step(state, 0, 0, 1, step);
    const volatility = Math.sqrt(step.integrated);
    process.settle(state, 0, volatility * shock);
    return volatility;
  });
}
