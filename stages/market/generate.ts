// Generate: one ticker's bars from the seed and its parameters; tickers are shards and never shift one another's draws.

import type { Bars } from '../../lib/market/bars.ts';
import { generateBars, type Warning } from '../../lib/market/generate.ts';
import { generateLegacyBars } from '../../lib/market/legacy.ts';
import { FLAT } from '../../lib/market/season.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import { STOCK_VOLUME } from '../../lib/market/volume.ts';
import { loadModel } from '../../lib/models/catalog.ts';
import type { Model } from '../../lib/models/model.ts';
import { tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { openParquet } from '../../lib/table/parquet.ts';
import type { TickerParameters } from './shapes.ts';
import { BARS_SHAPE, barsSchema, barsTable, fileOf } from './tables.ts';

interface Params {
  readonly ticker: string;
  readonly start_date: string;
  readonly end_date: string;
  readonly calendar: string;
  readonly frequency: 'B';
  readonly price_model: string;
  readonly tick: number;
  readonly volume: { readonly sd: number; readonly return_correlation: number };
  readonly periods_per_year: number;
  readonly row_group_rows: number;
}

export const generate = defineStage<Params>()({
  summary: 'daily bars of each ticker from the seed and its parameters',
  params: {
    type: 'object',
    required: [
      'ticker',
      'start_date',
      'end_date',
      'calendar',
      'frequency',
      'price_model',
      'tick',
      'volume',
      'periods_per_year',
      'row_group_rows',
    ],
    properties: {
      ticker: { type: 'string' },
      start_date: { type: 'string' },
      end_date: { type: 'string' },
      calendar: { type: 'string' },
      frequency: { type: 'string' },
      price_model: { type: 'string' },
      tick: { type: 'number' },
      volume: { type: 'object' },
      periods_per_year: { type: 'number' },
      row_group_rows: { type: 'integer' },
    },
  },
  inputs: { parameters: tree('market/parameters@1', { slice: true }) },
  outputs: { bars: tree(BARS_SHAPE), notes: tree('market/notes@1') },
  uses: ['seed', 'generator_version'],
  selects: { price_model: 'lib/models/catalog.ts' },
  async run({ params, in: { parameters }, out, seed, generatorVersion, plugin, log, progress }) {
    const { ticker } = params;
    const given = JSON.parse(
      Buffer.from(parameters.bytes(fileOf(ticker, 'json'))).toString('utf8'),
    ) as TickerParameters;
    const blocks = await blocksOf(params, given, seed as number | string, (name) => loadModel(name, plugin));
    const schema = barsSchema(false, generatorVersion as string);
    const sink = out.bars.open(fileOf(ticker, 'parquet'));
    const file = openParquet(schema, { rowGroupRows: params.row_group_rows }, (bytes) => sink.write(bytes));
    let next = blocks.next();
    for (; next.done !== true; next = blocks.next()) file.write(barsTable(schema, next.value.bars));
    const warnings = next.value;
    const { rows } = file.close();
    sink.close();
    progress(rows, rows, 'rows');
    out.notes.write(fileOf(ticker, 'json'), `${JSON.stringify({ ticker, warnings }, null, 2)}\n`);
    for (const { message, facts } of warnings) log(message, facts);
  },
});

/** What the generator that was asked for makes, block by block. */
async function blocksOf(
  params: Params,
  given: TickerParameters,
  seed: number | string,
  modelOf: (name: string) => Promise<Model>,
): Promise<Generator<{ readonly bars: Bars }, readonly Warning[]>> {
  if (given.kind === 'legacy') return legacyBlock(params, given.tickers, seed as number);
  return generateBars({
    seed,
    calendar: params.calendar,
    frequency: params.frequency,
    start: params.start_date,
    end: params.end_date,
    periodsPerYear: params.periods_per_year,
    ticker: params.ticker,
    mix: {
      sources: given.mix.names.map((name) => ({ scope: 'asset', name })),
      weights: given.mix.weights,
      varying: null,
    },
    model: await modelOf(params.price_model),
    params: given.params,
    volatility: null,
    startPrice: given.start_price,
    tick: params.tick,
    volume: {
      ...STOCK_VOLUME,
      level: given.volume_level,
      sd: params.volume.sd,
      returnCorrelation: params.volume.return_correlation,
    },
    pieces: 4,
    season: FLAT,
    night: null,
    memory: 0,
    copulaDf: Number.POSITIVE_INFINITY,
    copulaGroup: '',
    surroundings: CALM,
  });
}

function* legacyBlock(
  { start_date: start, end_date: end }: Params,
  tickers: readonly string[],
  seed: number,
): Generator<{ readonly bars: Bars }, readonly Warning[]> {
  yield { bars: generateLegacyBars({ tickers, start, end, seed }).at(-1) as Bars };
  return [];
}
