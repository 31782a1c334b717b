// The validator against every law it knows: right markets are rejected at the stated rate, one whose volatility is a tenth off is found.
import { describe, expect, test } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import type { Correlations } from '../../lib/market/correlations.ts';
import type { Truth } from '../../lib/market/truth.ts';
import { CHECKS, type Check, validateBars } from '../../lib/market/validate.ts';
import { exp, log } from '../../lib/math/elementary.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { correlationsOf } from '../../stages/market/correlations.ts';
import { spanFrom } from '../../stages/market/setting.ts';
import { barsOf } from '../../stages/market/tables.ts';
import { type LawSetting, tablesOf, truthsOf } from '../../stages/market/truths.ts';
import { configOf, type Market, makeBars, paramsOf, REPORT } from '../stages/market/chain.ts';

const models = (price: string, volatility = 'none') => [
  `generation.price_model=${price}`,
  `generation.volatility_model=${volatility}`,
];
const REGIMES = 'generation.regimes.enabled=true';
const NIGHT = 'generation.overnight.share=0.3';
const EVENTS =
  'generation.events={volatility_spike: {rate: 12}, gap_risk: {rate: 12}, flash_crash: {rate: 12, min_gap: 5}, bear_drift: {rate: 1}}';
const LOUD = [REGIMES, NIGHT, EVENTS, 'calendar=XNYS'];
const FACTORS =
  'generation.correlation={mode: factor, copula: {family: student}, factor: {volatility: {alpha: 0.08, gamma: 0, beta: 0.9}}}';
const STUDENT = 'generation.correlation.copula.family=student';
const MEMORY = 'generation.memory=-0.1';
const PASSING =
  'generation.correlation={mode: rolling, rolling: {kind: logistic, weight: 0.5, midpoint: 120, width: 30}}';
const KOU = 'generation.models.jump_diffusion={law: kou, intensity: 40, up: 60, down: 50}';

const LAWS: Readonly<Record<string, readonly string[]>> = {
  gbm: models('gbm'),
  'gbm, loud': [...models('gbm'), ...LOUD],
  'gbm, by the half hour': [...models('gbm'), ...LOUD, 'frequency=30min'],
  ou: models('ou'),
  'ou, loud, with a trend': [...models('ou'), ...LOUD, 'generation.models.ou={trend: 0.1, start: stationary}'],
  merton: [...models('jump_diffusion'), ...LOUD],
  kou: [...models('jump_diffusion'), ...LOUD, KOU],
  heston: models('heston'),
  'heston by Euler': [...models('heston'), 'generation.models.heston.scheme=euler'],
  'heston drawn to its regimes': [...models('heston'), REGIMES, 'generation.regimes.mode=target'],
  'heston, loud': [...models('heston'), ...LOUD],
  garch: models('gbm', 'garch'),
  'garch drawn to its regimes': [...models('gbm', 'garch'), REGIMES, 'generation.regimes.mode=target'],
  'garch, loud, on factors that move': [...models('gbm', 'garch'), ...LOUD, FACTORS],
  'hybrid with garch, loud': [...models('hybrid', 'garch'), ...LOUD],
  'gbm, Student copula': [...models('gbm'), STUDENT],
  'ou, Student copula': [...models('ou'), NIGHT, STUDENT],
  'gbm that remembers': [...models('gbm'), MEMORY],
  'gbm that remembers, loud, by the half hour': [...models('gbm'), ...LOUD, MEMORY, 'frequency=30min'],
  'kou that remembers, loud': [...models('jump_diffusion'), ...LOUD, KOU, MEMORY],
  'heston that remembers': [...models('heston'), MEMORY],
  'garch that remembers, loud': [
    ...models('gbm', 'garch'),
    ...LOUD,
    MEMORY,
    'generation.models.garch.innovations=normal',
  ],
  'hybrid with garch that remembers, loud': [...models('hybrid', 'garch'), ...LOUD, MEMORY],
  'gbm, loud, on factors': [...models('gbm'), ...LOUD, 'generation.correlation.mode=factor'],
  'gbm whose correlation passes': [...models('gbm'), PASSING],
  'gbm, loud, whose correlation is that of DCC': [...models('gbm'), ...LOUD, 'generation.correlation.mode=rolling'],
  'garch, loud, whose correlation passes, Student copula': [...models('gbm', 'garch'), ...LOUD, PASSING, STUDENT],
  'hybrid with stochastic volatility, loud, Student copula': [...models('hybrid', 'stochastic_vol'), ...LOUD, STUDENT],
};

interface Wrong {
  /** Volatilities as the report of the calibration has them, times this. */
  readonly said?: number;
  /** Returns of the bars, times this. */
  readonly made?: number;
  /** Covariance of shocks as it is said to be, less this. */
  readonly less?: number;
  /** Memory as it is said to be, less this. */
  readonly deaf?: number;
}

const tablesFrom = ({ latent, own }: Market) => {
  const files = { ...latent, ...own };
  return tablesOf({ names: () => Object.keys(files), bytes: (name) => files[name]! });
};

const deafened = (truth: Truth | null, by: number): Truth | null => truth && { ...truth, memory: truth.memory - by };

const shifted = ({ copulaDf, between }: Correlations, less: number): Correlations => ({
  copulaDf,
  between(a, b) {
    const covariance = between(a, b);
    return typeof covariance === 'number' ? covariance - less : covariance.map((one) => one - less);
  },
});

/** The statistical checks of a market of two assets. */
async function judged(
  set: readonly string[],
  seed: number,
  alpha: number,
  { said = 1, made = 1, less = 0, deaf = 0 }: Wrong = {},
) {
  const market = await makeBars({ set, seed });
  const setting = paramsOf<LawSetting>('validate', configOf(set));
  const tables = tablesFrom(market);
  const report = { ...REPORT, assets: REPORT.assets.map((asset) => ({ ...asset, sigma: asset.sigma * said })) };
  const truth = await truthsOf(setting, report, tables, null);
  const correlations = correlationsOf(setting, report, market.report, tables);
  const bars = Object.entries(market.bars).map(([name, bytes]) => {
    const of = barsOf(readParquet(bytes), name.replace('.parquet', ''));
    return made === 1 ? of : stretched(of, made);
  });
  return validateBars(bars, {
    checks: CHECKS.slice(CHECKS.indexOf('mean')),
    alpha,
    periodsPerYear: 252,
    tickers: ['A', 'B'],
    calendar: spanFrom(setting).days,
    times: null,
    tick: made === 1 ? { A: 0.01, B: 0.01 } : null,
    truth: typeof truth === 'string' ? truth : (ticker) => deafened(truth(ticker), deaf),
    correlation: typeof correlations === 'string' ? correlations : shifted(correlations, less),
  });
}

/** Bars whose log prices move by a factor more. */
function stretched(bars: Bars, factor: number): Bars {
  const first = log(bars.open[0]!);
  const map = (of: Float64Array) => of.map((price) => exp(first + factor * (log(price) - first)));
  return { ...bars, open: map(bars.open), high: map(bars.high), low: map(bars.low), close: map(bars.close) };
}

const failed = (checks: readonly Check[]) =>
  new Set(checks.filter(({ passed }) => passed === false).map(({ name }) => name));

const names = Object.keys(LAWS);
const SEEDS = 40;
const YEAR = ['start_date=2020-01-01', 'end_date=2020-12-31'];
const DECADE = ['start_date=2014-01-01', 'end_date=2023-12-31'];

test('right markets of all laws together are rejected no oftener than alpha says, and each p-value is of no other law', async () => {
  const level = 0.05;
  let rejected = 0;
  const small: Record<string, [below: number, of: number]> = {};
  for (const [i, name] of names.entries()) {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { checks } = await judged([...LAWS[name]!, ...YEAR], 1000 * (i + 1) + seed, level);
      expect(checks.map(({ passed }) => passed)).not.toContain('inconclusive');
      if (failed(checks).size > 0) rejected++;
      for (const { name: check, pvalue } of checks) {
        small[check] ??= [0, 0];
        small[check][1]++;
        if (pvalue! < level) small[check][0]++;
      }
    }
  }
  // 99.9 percent bounds of binomials: 1120 markets at .05 have 56, Holm and Bonferroni a little less.
  const most = (n: number) => n * level + 3.1 * Math.sqrt(n * level * (1 - level));
  const least = (n: number) => n * level - 3.1 * Math.sqrt(n * level * (1 - level));
  const markets = names.length * SEEDS;
  expect(rejected).toBeLessThanOrEqual(most(markets));
  expect(rejected).toBeGreaterThanOrEqual(least(markets) / 2);
  for (const [check, [below, of]] of Object.entries(small)) {
    // Two tickers of one market are correlated: twice the variance at worst.
    expect(below, check).toBeLessThanOrEqual(of * level + 3.1 * Math.sqrt(2 * of * level * (1 - level)));
    if (check === 'mean' || check === 'variance') expect(below, check).toBeGreaterThanOrEqual(least(of / 2));
  }
}, 900_000);

describe('a volatility that is a tenth off is found', () => {
  test.each(names.filter((name) => !name.includes('half hour')))('in the returns of %s', async (name) => {
    for (const seed of [1, 2, 3]) {
      const { checks } = await judged([...LAWS[name]!, ...DECADE], seed, 0.001, { made: 1.1 });
      expect(failed(checks)).toContain('variance');
    }
  });

  test.each([
    ['gbm', 'variance'],
    ['ou', 'variance'],
    ['merton', 'variance'],
    ['garch', 'volatility'],
    ['garch, loud, on factors that move', 'volatility'],
  ])('in what is said of %s, by %s', async (name, check) => {
    for (const seed of [1, 2, 3]) {
      const { checks } = await judged([...LAWS[name]!, ...DECADE], seed, 0.001, { said: 1.1 });
      expect(failed(checks)).toContain(check);
    }
  });

  test.each(names.filter((name) => /^gbm|^merton|^heston$|^ou$|factors/.test(name)))(
    'a correlation that is .2 off is found in %s',
    async (name) => {
      for (const seed of [1, 2, 3]) {
        const { checks } = await judged([...LAWS[name]!, ...DECADE], seed, 0.001, { less: 0.2 });
        expect(failed(checks)).toContain('correlation');
      }
    },
  );

  test.each(['gbm', 'ou', 'heston', 'garch', 'gbm, Student copula'])(
    'a memory of a tenth that nobody stated is found in %s',
    async (name) => {
      for (const seed of [1, 2, 3]) {
        const { checks } = await judged([...LAWS[name]!, ...DECADE, MEMORY], seed, 0.01, { deaf: -0.1 });
        expect(failed(checks)).toContain('memory');
      }
    },
  );

  test('a speed of variance, an intensity and a size of jumps that are not those in force are found too', async () => {
    const wrong = async (name: string, made: string, said: string) => {
      const market = await makeBars({ set: [...LAWS[name]!, ...DECADE, made], seed: 1 });
      const setting = paramsOf<LawSetting>('validate', configOf([...LAWS[name]!, ...DECADE, said]));
      const truth = await truthsOf(setting, REPORT, tablesFrom(market), null);
      const bars = Object.entries(market.bars).map(([file, bytes]) =>
        barsOf(readParquet(bytes), file.replace('.parquet', '')),
      );
      const { checks } = validateBars(bars, {
        ...{ checks: ['jumps', 'volatility'], alpha: 0.001, periodsPerYear: 252, tickers: ['A', 'B'] },
        ...{
          calendar: spanFrom(setting).days,
          times: null,
          tick: { A: 0.01, B: 0.01 },
          truth,
          correlation: 'not tested',
        },
      });
      return [...failed(checks)];
    };
    const xi = (value: number) => `generation.models.heston.xi=${value}`;
    expect(await wrong('heston', xi(0.4), xi(0.45))).toEqual(['volatility']);
    const jumps = (what: string) => `generation.models.jump_diffusion={intensity: 40, mean: 0, sd: 0.01, ${what}}`;
    expect(await wrong('merton', jumps('scale: 1'), jumps('scale: 1.4'))).toEqual(['jumps']);
    expect(await wrong('merton', jumps('scale: 1'), jumps('sd: 0.013').replace('sd: 0.01, ', ''))).toEqual(['jumps']);
  });
});
