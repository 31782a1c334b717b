// Laws of a dataset's cost table: what makes trading dearer makes every row of it dearer.
import { describe, expect, it } from 'vitest';
import { microstructure } from '../../stages/market/microstructure.ts';
import { configOf, makeBars, paramsOf } from '../stages/market/chain.ts';
import { jsonIn, runStage, treeIn } from '../stages/ports.ts';

describe('the costs of a dataset', () => {
  interface Row {
    readonly regime: string;
    readonly size: number;
    readonly part: string;
    readonly n: number;
    readonly median_bps: number | null;
    readonly p95_bps: number | null;
  }

  const costs = async (setting: string): Promise<Row[]> => {
    const set = [
      'end_date=2021-12-31',
      'generation.regimes.enabled=true',
      'generation.volatility_model=garch',
      `microstructure={enabled: true, ${setting}}`,
    ];
    const market = await makeBars({ set }, undefined, ['A']);
    const { out } = await runStage(microstructure, {
      params: { ...paramsOf<object>('microstructure', configOf(set)), ticker: 'A' } as never,
      in: {
        bars: treeIn(market.bars),
        latent: treeIn(market.own),
        parameters: treeIn(market.parameters),
        shared: jsonIn(market.shared),
      },
      ...{ seed: 123, generatorVersion: 'v1-dev.2', element: 'A' },
    });
    return JSON.parse(Buffer.from(out.costs['A.json']!).toString('utf8')) as Row[];
  };
  const known = (rows: readonly Row[]) => rows.filter(({ n }) => n > 0);
  const name = ({ regime, size, part }: Row) => `${part} of ${size} in ${regime}`;

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
