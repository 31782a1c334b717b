// Laws of a dataset's spreads and costs: what the configured spread is, and that what makes trading dearer makes every row dearer.
import { describe, expect, it } from 'vitest';
import type { Cost } from '../../bin/costs.ts';
import { median } from '../../lib/stats/moments.ts';
import { column } from '../../lib/table/column.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { microstructure } from '../../stages/market/microstructure.ts';
import { barsOf } from '../../stages/market/tables.ts';
import { configOf, makeBars, paramsOf, REPORT } from '../stages/market/chain.ts';
import { jsonIn, runStage, treeIn } from '../stages/ports.ts';

/** One ticker of a market and what its microstructure says. */
async function made(set: readonly string[]) {
  const market = await makeBars({ set }, undefined, ['A']);
  const { out } = await runStage(microstructure, {
    params: { ...paramsOf<object>('microstructure', configOf(set)), ticker: 'A' } as never,
    in: {
      bars: treeIn(market.bars),
      latent: treeIn(market.own),
      parameters: treeIn(market.parameters),
      shared: jsonIn(market.shared),
    },
    ...{ seed: 123, generatorVersion: 'v1-dev.3', element: 'A' },
  });
  return { market, out };
}

describe('the costs of a dataset', () => {
  const costs = async (setting: string): Promise<Cost[]> => {
    const { out } = await made([
      'end_date=2021-12-31',
      'generation.regimes.enabled=true',
      'generation.volatility_model=garch',
      `microstructure={enabled: true, ${setting}}`,
    ]);
    return JSON.parse(Buffer.from(out.costs['A.json']!).toString('utf8')) as Cost[];
  };
  const known = (rows: readonly Cost[]) => rows.filter(({ n }) => n > 0);
  const name = ({ regime, size, part }: Cost) => `${part} of ${size} in ${regime}`;

  it('a larger order is never cheaper, in any regime and part, at the median and at the worst', async () => {
    const rows = known(await costs('spread_bps: 4'));
    let compared = 0;
    for (const row of rows) {
      const next = rows.filter((r) => r.regime === row.regime && r.part === row.part && r.size > row.size);
      for (const larger of next) {
        compared++;
        expect(larger.median_bps, name(row)).toBeGreaterThanOrEqual(row.median_bps!);
        expect(larger.p95_bps, name(row)).toBeGreaterThanOrEqual(row.p95_bps!);
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  it.each([
    ['a wider spread', 'spread_bps: 4', 'spread_bps: 8'],
    ['a thinner book', 'depth_scale: 1', 'depth_scale: 0.5'],
    ['more impact', 'costs: {impact: 1}', 'costs: {impact: 2}'],
    ['a higher fee', 'costs: {fee_bps: 0}', 'costs: {fee_bps: 1}'],
  ])('%s is dearer in total at every size in every regime', async (_, less, more) => {
    const [cheap, dear] = [known(await costs(less)), known(await costs(more))];
    const totals = cheap.filter(({ part }) => part === 'total');
    expect(totals.length).toBeGreaterThan(10);
    for (const row of totals) {
      const other = dear.find((r) => name(r) === name(row))!;
      expect(other.median_bps, name(row)).toBeGreaterThan(row.median_bps!);
      expect(other.p95_bps, name(row)).toBeGreaterThan(row.p95_bps!);
    }
  });
});

describe('the configured spread', () => {
  const BPS = 20;
  /** Median spread of the dataset, and of what it would be at the asset's volatility and volume, in units of the configured one. */
  const medians = async (set: readonly string[]) => {
    const { market, out } = await made([...set, `microstructure={enabled: true, spread_bps: ${BPS}}`]);
    const spread = column(readParquet(out.quotes['A.parquet']!), 'spread', 'float64').values;
    const sd = column(readParquet(market.own['A/variance.parquet']!), 'sd', 'float64').values;
    const { volume } = barsOf(readParquet(market.bars['A.parquet']!), 'A');
    const { sigma, volume_level: level } = REPORT.assets[0]!;
    const ratio = (i: number) => (sd[i]! * Math.sqrt(252)) / sigma;
    const usual = spread.map((s, i) => s * ratio(i) ** -0.7 * (volume[i]! / level) ** 0.2);
    return { found: median(spread)! / (BPS / 1e4), usual: median(usual)! / (BPS / 1e4) };
  };
  const decade = ['start_date=2014-01-01', 'end_date=2023-12-31'];

  it.each([
    ['gbm', ['generation.price_model=gbm']],
    ['heston', ['generation.price_model=heston']],
    ['garch', ['generation.volatility_model=garch']],
    [
      'regimes',
      [
        'generation.regimes={enabled: true, states: [{label: one, duration: 50, vol_scale: 0.5}, {label: two, duration: 10, vol_scale: 3}]}',
      ],
    ],
  ])('is that of a bar at the volatility and the volume of the asset: %s', async (_, set) => {
    const { found, usual } = await medians([...decade, ...set]);
    expect(Math.abs(usual - 1)).toBeLessThan(0.05);
    // Where volatility moves, most bars are calmer than its root mean square.
    if (set[0] === 'generation.price_model=gbm') expect(Math.abs(found - 1)).toBeLessThan(0.05);
    else expect(found).toBeLessThan(usual);
  });
});
