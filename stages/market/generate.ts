// Generate: one ticker's bars from the seed and its parameters; tickers are shards and never shift one another's draws.

import { aroundAsset, type Environment } from '../../lib/market/environment.ts';
import { type BarBlock, type BarsRequest, generateBars, type Warning } from '../../lib/market/generate.ts';
import { generateLegacyBars } from '../../lib/market/legacy.ts';
import { loadModel } from '../../lib/models/catalog.ts';
import { loadVolatility } from '../../lib/models/volatility/catalog.ts';
import { json, type TreeInput, type TreeOutput, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import type { LoadPlugin } from '../../lib/table/adapter.ts';
import type { Table } from '../../lib/table/column.ts';
import { openParquet, type ParquetWriter } from '../../lib/table/parquet-writer.ts';
import type { TableSchema } from '../../lib/table/schema.ts';
import { SCENE_SCHEMA, type SceneSetting, sceneOf, sceneOwners } from './setting.ts';
import type { TickerParameters } from './shapes.ts';
import { BARS_SHAPE, barsSchema, barsTable, fileOf, jumpsTable, mixingOf, varianceTable } from './tables.ts';

interface Params extends SceneSetting {
  readonly ticker: string;
  readonly price_model: string;
  readonly volatility_model: string;
  readonly copula: { readonly family: 'gaussian' | 'student'; readonly df: number };
  /** Degrees of freedom of the opening gap, and autocorrelation of bar returns. */
  readonly overnight_df: number;
  readonly memory: number;
  readonly volume: {
    readonly sd: number;
    readonly return_correlation: number;
    readonly none: number;
    readonly noise: number;
  };
  readonly row_group_rows: number;
}

type Given = Extract<TickerParameters, { kind: 'model' }>;

export const generate = defineStage<Params>()({
  summary: 'bars of each ticker from the seed and its parameters, and what nobody could have observed of them',
  params: {
    type: 'object',
    required: ['ticker', 'start_date', 'end_date', 'calendar', 'frequency', 'price_model', 'volume'],
    properties: {
      ...SCENE_SCHEMA,
      ticker: { type: 'string' },
      price_model: { type: 'string' },
      volatility_model: { type: 'string' },
      copula: { type: 'object' },
      overnight_df: { type: 'number' },
      memory: { type: 'number' },
      volume: { type: 'object' },
      row_group_rows: { type: 'integer' },
    },
  },
  inputs: {
    parameters: tree('market/parameters@2', { slice: true }),
    shared: json<Environment>('market/environment@1'),
  },
  outputs: { bars: tree(BARS_SHAPE), latent: tree('market/latent@1'), notes: tree('market/notes@1') },
  uses: ['seed', 'generator_version'],
  selects: {
    price_model: 'lib/models/catalog.ts',
    volatility_model: 'lib/models/volatility/catalog.ts',
    events: 'lib/models/events/catalog.ts',
  },
  owners: (params) => ({ ...sceneOwners(params), 'surroundings.memory': ['memory'] }),
  async run({ params, in: { parameters, shared }, out, seed, generatorVersion, plugin, log, progress }) {
    const { ticker } = params;
    const version = generatorVersion as string;
    const given = JSON.parse(
      Buffer.from(parameters.bytes(fileOf(ticker, 'json'))).toString('utf8'),
    ) as TickerParameters;
    const notes = (warnings: readonly Warning[]) => {
      out.notes.write(fileOf(ticker, 'json'), `${JSON.stringify({ ticker, warnings }, null, 2)}\n`);
      for (const { message, facts } of warnings) log(message, facts);
    };
    const writer = opener({ rowGroupRows: params.row_group_rows });
    if (given.kind === 'legacy') {
      const { start_date: start, end_date: end } = params;
      const bars = generateLegacyBars({ tickers: given.tickers, start, end, seed: seed as number }).at(-1)!;
      const schema = barsSchema(false, version);
      const file = writer(out.bars, fileOf(ticker, 'parquet'), schema);
      file.write(barsTable(schema, bars));
      progress(file.close(), bars.day.length, 'rows');
      notes([]);
      return;
    }
    const { request, rows } = await requestOf(
      params,
      given,
      shared.value,
      await mixingFile(parameters, params, given),
      seed as number | string,
      plugin,
    );
    const schema = barsSchema(request.frequency !== 'B' && request.frequency !== 'D', version);
    const bars = writer(out.bars, fileOf(ticker, 'parquet'), schema);
    const variance = lazily((of) => writer(out.latent, `${ticker}/variance.parquet`, of.schema));
    const jumps = lazily((of) => writer(out.latent, `${ticker}/jumps.parquet`, of.schema));
    const blocks = generateBars(request);
    let done = 0;
    let next = blocks.next();
    for (; next.done !== true; next = blocks.next()) {
      const { bars: made, latent }: BarBlock = next.value;
      bars.write(barsTable(schema, made));
      variance.write(varianceTable(version, { date: latent.day, variance: latent.variance, sd: latent.sd }));
      const { day: date, time, size } = latent.jumps;
      if (date.length > 0) jumps.write(jumpsTable(version, { date, time, size }));
      done += made.day.length;
      progress(done, rows, 'rows');
    }
    bars.close();
    variance.close();
    jumps.close();
    notes(next.value);
  },
});

/** Opens Parquet files of a tree: written row group by row group, closed with their footer. */
function opener(options: { readonly rowGroupRows: number }) {
  return (to: TreeOutput, name: string, schema: TableSchema) => {
    const sink = to.open(name);
    const file: ParquetWriter = openParquet(schema, options, (bytes) => sink.write(bytes));
    return {
      write: (table: Table) => file.write(table),
      close: () => {
        const { rows } = file.close();
        sink.close();
        return rows;
      },
    };
  };
}

/** A file that exists only if something is written to it. */
function lazily(open: (first: Table) => { write(table: Table): void; close(): number }) {
  let file: ReturnType<typeof open> | null = null;
  return {
    write: (table: Table) => {
      file ??= open(table);
      file.write(table);
    },
    close: () => {
      file?.close();
    },
  };
}

async function mixingFile(parameters: TreeInput, { ticker }: Params, { mix }: Given): Promise<Float64Array[] | null> {
  if (mix.varying !== 'rows') return null;
  // The reader brings megabytes of code along, which most markets do not need.
  const { readParquet } = await import('../../lib/table/parquet.ts');
  return mixingOf(readParquet(parameters.bytes(fileOf(ticker, 'parquet'))));
}

/** What science is asked for, and how many bars it will give. */
async function requestOf(
  params: Params,
  given: Given,
  environment: Environment,
  mixing: Float64Array[] | null,
  seed: number | string,
  plugin: LoadPlugin,
): Promise<{ readonly request: BarsRequest; readonly rows: number }> {
  const { ticker, copula } = params;
  const scene = await sceneOf(params, seed);
  const { class: kind, sector, mix } = given;
  const factors = mix.sources.map(({ scope, name }) =>
    scope === 'class' && environment.factors[name] !== undefined ? Float64Array.from(environment.factors[name]) : null,
  );
  const night = given.overnight_share === 0 ? null : { share: given.overnight_share, nu: params.overnight_df };
  const request: BarsRequest = {
    seed,
    calendar: params.calendar,
    frequency: params.frequency,
    start: params.start_date,
    end: params.end_date,
    periodsPerYear: params.periods_per_year,
    ticker,
    mix: { ...mix, varying: mixing ?? (factors.some((factor) => factor !== null) ? factors : null) },
    model: await loadModel(params.price_model, plugin),
    params: given.params,
    volatility:
      given.volatility === null
        ? null
        : { model: await loadVolatility(params.volatility_model), params: given.volatility },
    startPrice: given.start_price,
    tick: given.tick,
    volume: {
      level: given.volume_level,
      sd: params.volume.sd,
      returnCorrelation: params.volume.return_correlation,
      none: params.volume.none,
      noise: params.volume.noise,
    },
    pieces: params.pieces,
    season: scene.season,
    night,
    copulaDf: copula.family === 'student' ? copula.df : Number.POSITIVE_INFINITY,
    copulaGroup: '',
    memory: params.memory,
    surroundings: aroundAsset(environment, scene, { ticker, class: kind, sector }).surroundings,
  };
  return { request, rows: scene.span.bars };
}
