// Correlations of every mode, put together again from reports and ground truth: right markets pass, bars of another are found.
import { expect, test } from 'vitest';
import { type CheckParams, check, configOf, makeBars, paramsOf, REPORT } from './chain.ts';

/** More names than a matrix a session is made for. */
const NAMES = ['A', 'B', ...Array.from({ length: 49 }, (_, i) => `C${i}`)];
const MANY = {
  set: [`tickers=[${NAMES}]`, 'end_date=2021-12-31'],
  report: {
    ...REPORT,
    assets: NAMES.map((ticker, i) => ({ ...REPORT.assets[i % 2]!, ticker })),
    correlation: {
      ...REPORT.correlation!,
      tickers: NAMES,
      matrix: NAMES.map((_, i) => NAMES.map((__, j) => (i === j ? 1 : 0.5))),
    },
  },
};

test.each([
  ['static', []],
  ['factor', ['generation.correlation={mode: factor, factor: {volatility: {alpha: 0.1, gamma: 0, beta: 0.85}}}']],
  [
    'logistic',
    ['generation.correlation={mode: rolling, rolling: {kind: logistic, weight: 0.9, midpoint: 400, width: 50}}'],
  ],
  ['deco', ['generation.correlation.mode=rolling', ...MANY.set]],
  ['dcc', ['generation.correlation.mode=rolling']],
  [
    'dcc, pulled by regimes, of garch',
    ['generation.correlation.mode=rolling', 'generation.volatility_model=garch', 'generation.regimes.enabled=true'],
  ],
] as const)('correlations of mode %s are held to those that were in force, by either copula', async (mode, set) => {
  const report = mode === 'deco' ? MANY.report : REPORT;
  for (const family of ['gaussian', 'student']) {
    const all = [...set, `generation.correlation.copula.family=${family}`];
    const made = await makeBars({ set: all, report });
    const judged = async (of: typeof made) => {
      const params = { ...paramsOf<CheckParams>('validate', configOf(all)), checks: { correlation: true } };
      return (await check(of, {}, params, report)).out.validation;
    };
    const right = await judged(made);
    expect(right.metrics.unstated).toEqual([]);
    expect(right.checks.map(({ name, passed }) => [name, passed])).toEqual([['correlation', true]]);
    const other = await makeBars({ set: all, report, seed: 5 });
    // The bars of A come from another market: they go with nothing here.
    const wrong = await judged({ ...made, bars: { ...made.bars, 'A.parquet': other.bars['A.parquet']! } });
    expect(wrong.checks.map(({ name, passed }) => [name, passed])).toEqual([['correlation', false]]);
  }
});
