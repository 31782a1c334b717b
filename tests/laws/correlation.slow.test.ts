// The correlation of a dataset's returns is the one asked for, through margins, jumps and variances that move apart.
import { expect, test } from 'vitest';
import { correlation } from '../../lib/stats/dependence.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { barsOf } from '../../stages/market/tables.ts';
import { makeBars, REPORT } from '../stages/market/chain.ts';

const SPAN = ['start_date=1900-01-01', 'end_date=2099-12-31'];
const price = (name: string, volatility = 'none') => [
  `generation.price_model=${name}`,
  `generation.volatility_model=${volatility}`,
];

/** Sample correlations of the log returns of two assets over two hundred years, by seed. */
async function sampled(set: readonly string[], rho: number, seeds: number): Promise<number[]> {
  const matrix = [
    [1, rho],
    [rho, 1],
  ];
  // Prices that stay far from their tick and from its 2^53th multiple.
  const assets = REPORT.assets.map((asset) => ({ ...asset, mu: 0.02, sigma: 0.15, start_price: 1e4, tick: 1e-6 }));
  const report = { ...REPORT, assets, correlation: { ...REPORT.correlation!, matrix } };
  const found: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const market = await makeBars({ set: [...SPAN, ...set], seed, report });
    const [a, b] = ['A', 'B'].map((ticker) => {
      const { close } = barsOf(readParquet(market.bars[`${ticker}.parquet`]!), ticker);
      return Float64Array.from({ length: close.length - 1 }, (_, i) => Math.log(close[i + 1]! / close[i]!));
    });
    found.push(correlation(a!, b!)!);
  }
  return found;
}

test.each([
  ['gbm', price('gbm'), 0.6],
  ['jumps', price('jump_diffusion'), 0.6],
  ['heston', price('heston'), 0.6],
  ['heston, against each other', price('heston'), -0.5],
  ['heston whose variance is wild', [...price('heston'), 'generation.models.heston.xi=0.35'], 0.6],
  ['stochastic volatility under jumps', price('hybrid', 'stochastic_vol'), 0.6],
] as const)('of %s', async (_, set, rho) => {
  const found = await sampled(set, rho, 4);
  const mean = found.reduce((a, b) => a + b, 0) / found.length;
  // Linear dependence of volatilities is good to .01; 50 000 returns a seed leave some .003.
  expect(Math.abs(mean - rho)).toBeLessThan(0.015);
});

const garch = (params: string) => [...price('gbm', 'garch'), `generation.models.garch=${params}`];
const OTHER = 'assets.B={models: {garch: {alpha: 0.15, gamma: 0.1, beta: 0.7, innovations: student, nu: 7}}}';
const STUDENT = 'generation.correlation.copula.family=student';

test.each([
  ['normal innovations', garch('{innovations: normal, alpha: 0.08, gamma: 0, beta: 0.9}'), 0.6],
  ['a variance that falls raise', garch('{innovations: normal, alpha: 0.01, gamma: 0.14, beta: 0.88}'), 0.6],
  ['that, against each other', garch('{innovations: normal, alpha: 0.01, gamma: 0.14, beta: 0.88}'), -0.5],
  ['Student innovations', garch('{alpha: 0.04, gamma: 0, beta: 0.94, nu: 8}'), 0.6],
  ['the usual parameters of shares, whose fourth moment is infinite', price('gbm', 'garch'), 0.6],
  ['those, against each other', price('gbm', 'garch'), -0.5],
  ['those, with jumps', price('hybrid', 'garch'), 0.6],
  ['those, over closed hours', [...price('gbm', 'garch'), 'generation.overnight.share=0.3'], 0.6],
  ['those, under a Student copula', [...price('gbm', 'garch'), STUDENT], 0.6],
  ['parameters of their own', [...garch('{innovations: normal, alpha: 0.08, gamma: 0, beta: 0.9}'), OTHER], 0.6],
  ['independent assets', [...price('gbm', 'garch'), STUDENT], 0],
] as const)(
  'of garch: %s',
  async (_, set, rho) => {
    const found = await sampled(set, rho, 12);
    const mean = found.reduce((a, b) => a + b, 0) / found.length;
    // Bursts leave some .02 to each seed where the fourth moment is infinite.
    expect(Math.abs(mean - rho)).toBeLessThan(0.015);
  },
  240_000,
);
