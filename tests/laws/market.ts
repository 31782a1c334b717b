// A whole market in memory from a configuration: its stages with the params that pipeline.yaml wires to them, without prices.
import { resolveConfig } from '../../lib/engine/config.ts';
import type { JsonMap } from '../../lib/engine/leaves.ts';
import type { Bars } from '../../lib/market/bars.ts';
import type { Environment } from '../../lib/market/environment.ts';
import type { Table } from '../../lib/table/column.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { calibrate } from '../../stages/market/calibrate.ts';
import { environment } from '../../stages/market/environment.ts';
import { generate } from '../../stages/market/generate.ts';
import { microstructure } from '../../stages/market/microstructure.ts';
import { barsOf } from '../../stages/market/tables.ts';
import { DOCUMENTS, paramsOf } from '../stages/market/chain.ts';
import { jsonIn, runStage, treeIn } from '../stages/ports.ts';

export interface Made {
  readonly bars: Readonly<Record<string, Bars>>;
  /** Per ticker; empty without microstructure. */
  readonly quotes: Readonly<Record<string, Table>>;
  readonly environment: Environment;
}

/** `set`: `path=value`, as on the command line. */
export async function makeMarket(profile: string, set: readonly string[] = []): Promise<Made> {
  const { config, problems } = resolveConfig({ ...DOCUMENTS, env: {}, flags: { profile, set } });
  if (config === null) throw new Error(JSON.stringify(problems));
  const value = { ...config.value, sources: {}, source_defaults: { policy: {} } } as JsonMap;
  const params = <P>(stage: string, more: JsonMap = {}) => ({ ...paramsOf<P>(stage, value), ...more });
  const seed = value.seed as number;
  const generatorVersion = value.generator_version as string;
  const given = { seed, generatorVersion };
  const tickers = value.tickers as string[];
  const calibrated = await runStage(calibrate, { params: params<never>('calibrate'), in: { prices: {} }, ...given });
  const shared = await runStage(environment, {
    params: params<never>('environment'),
    in: { calibration: jsonIn(calibrated.out.report) },
    ...given,
  });
  const bars: Record<string, Bars> = {};
  const quotes: Record<string, Table> = {};
  for (const ticker of tickers) {
    const own = (name: string) => name === `${ticker}.json` || name === `${ticker}.parquet`;
    const files = Object.fromEntries(Object.entries(shared.out.parameters).filter(([name]) => own(name)));
    const inputs = { parameters: treeIn(files), shared: jsonIn(shared.out.shared) };
    const made = await runStage(generate, {
      params: params<never>('generate', { ticker }),
      in: inputs,
      element: ticker,
      ...given,
    });
    const file = made.out.bars[`${ticker}.parquet`]!;
    bars[ticker] = barsOf(readParquet(file), ticker);
    const side = await runStage(microstructure, {
      params: params<never>('microstructure', { ticker }),
      in: { ...inputs, bars: treeIn({ [`${ticker}.parquet`]: file }), latent: treeIn(made.out.latent) },
      element: ticker,
      ...given,
    });
    const quoted = side.out.quotes[`${ticker}.parquet`];
    if (quoted !== undefined) quotes[ticker] = readParquet(quoted);
  }
  return { bars, quotes, environment: shared.out.shared };
}
