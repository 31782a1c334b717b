// Generate: one ticker's bars from the seed and its parameters; tickers are shards and never shift one another's draws.

import type { Bars } from '../../lib/market/bars.ts';
import { generateBars } from '../../lib/market/generate.ts';
import { generateLegacyBars } from '../../lib/market/legacy.ts';
import { loadModel } from '../../lib/models/catalog.ts';
import { tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { openParquet } from '../../lib/table/parquet.ts';
import type { TickerParameters } from './shapes.ts';
import { BARS_SHAPE, barsTable, fileOf } from './tables.ts';

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
  async run({ params, in: { parameters }, out, seed, generatorVersion, log, progress }) {
    const { ticker } = params;
    const given = JSON.parse(
      Buffer.from(parameters.bytes(fileOf(ticker, 'json'))).toString('utf8'),
    ) as TickerParameters;
    const { bars, warnings } = await make(params, given, seed as number | string);
    const sink = out.bars.open(fileOf(ticker, 'parquet'));
    const file = openParquet(
      barsTable(bars, generatorVersion as string).schema,
      { rowGroupRows: params.row_group_rows },
      (bytes) => sink.write(bytes),
    );
    file.write(barsTable(bars, generatorVersion as string));
    const { rows } = file.close();
    sink.close();
    progress(rows, rows, 'rows');
    out.notes.write(fileOf(ticker, 'json'), `${JSON.stringify({ ticker, warnings }, null, 2)}\n`);
    for (const { message, facts } of warnings) log(message, facts);
  },
});

async function make(
  params: Params,
  given: TickerParameters,
  seed: number | string,
): Promise<{
  bars: Bars;
  warnings: readonly {
    readonly code: string;
    readonly message: string;
    readonly facts: Readonly<Record<string, string | number>>;
  }[];
}> {
  if (given.kind === 'legacy') {
    const bars = generateLegacyBars({
      tickers: given.tickers,
      start: params.start_date,
      end: params.end_date,
      seed: seed as number,
    });
    return { bars: bars.at(-1) as Bars, warnings: [] };
  }
  return generateBars({
    seed,
    calendar: params.calendar,
    start: params.start_date,
    end: params.end_date,
    periodsPerYear: params.periods_per_year,
    ticker: params.ticker,
    mix: given.mix,
    model: await loadModel(params.price_model),
    params: given.params,
    startPrice: given.start_price,
    tick: params.tick,
    volume: { level: given.volume_level, sd: params.volume.sd, returnCorrelation: params.volume.return_correlation },
  });
}
