// Every price model under every volatility model, and all that surrounds them at once: bars that pass the checks of a dataset.
import { expect, test } from 'vitest';
import { MODEL_NAMES } from '../../../lib/models/catalog.ts';
import { VOLATILITY_NAMES } from '../../../lib/models/volatility/catalog.ts';
import { readParquet } from '../../../lib/table/parquet.ts';
import { codesOf } from '../../problems.ts';
import { check, configOf, makeBars, makeFeatures, paramsOf } from './chain.ts';

const SURROUNDED = [
  'calendar=XNYS',
  'generation.regimes.enabled=true',
  'generation.events={volatility_spike: {rate: 12}, gap_risk: {rate: 12}, flash_crash: {rate: 12, min_gap: 5}}',
  'generation.correlation={mode: factor, copula: {family: student}, factor: {volatility: {alpha: 0.08, gamma: 0, beta: 0.9}}}',
  'generation.overnight.share=null',
  'generation.memory=0.1',
];

/** Rows of both tickers, and what `validate` says of them. */
async function judged(set: readonly string[]) {
  const market = await makeBars({ set });
  const { out, verdict } = await check(market, await makeFeatures(market.bars), paramsOf('validate', configOf(set)));
  return { failures: out.validation.failures, passed: verdict?.passed, rows: out.validation.metrics.rows };
}

/** Models whose variance is their own, and the one that reverts without one. */
const ALONE = ['ou', 'heston'];
const pairs = MODEL_NAMES.flatMap((model) => ['none', ...VOLATILITY_NAMES].map((volatility) => [model, volatility]));
const set = (model: string, volatility: string) => [
  `generation.price_model=${model}`,
  `generation.volatility_model=${volatility}`,
];

test.each(pairs.filter(([model, volatility]) => volatility === 'none' || !ALONE.includes(model!)))(
  '%s with %s, daily and by the half hour, passes in a quiet market and in a loud one',
  async (model, volatility) => {
    const models = set(model!, volatility!);
    const quiet = await judged(models);
    expect(quiet).toMatchObject({ failures: [], passed: true, rows: 2088 });
    const span = ['start_date=2020-11-16', 'end_date=2020-12-04', 'frequency=30min'];
    // 14 sessions of 13 bars and the day after Thanksgiving, which has 7.
    const loud = await judged([...models, ...SURROUNDED, ...span]);
    expect(loud).toMatchObject({ failures: [], passed: true, rows: 2 * (13 * 13 + 7) });
  },
);

test.each(pairs.filter(([model, volatility]) => volatility !== 'none' && ALONE.includes(model!)))(
  '%s with %s is refused',
  async (model, volatility) => {
    expect(await codesOf(() => makeBars({ set: set(model!, volatility!) }))).toEqual(['model/refused']);
  },
);

test('all that surrounds a market changes its prices', async () => {
  const close = async (more: readonly string[]) =>
    readParquet((await makeBars({ set: ['calendar=XNYS', ...more] })).bars['A.parquet']!).columns.close!.values;
  expect(await close(SURROUNDED)).not.toEqual(await close([]));
});
