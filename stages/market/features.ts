// Features: indicators of one ticker in a file of their own, so that another indicator rewrites no price file.
import { INDICATOR_NAMES, loadIndicator } from '../../lib/features/catalog.ts';
import { computeIndicator, type FeatureColumn } from '../../lib/features/indicators.ts';
import { tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { makeTable } from '../../lib/table/column.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { defineSchema, optional, required } from '../../lib/table/schema.ts';
import { BARS_SHAPE, barsOf, FEATURES_SHAPE, fileOf } from './tables.ts';

interface Params {
  readonly ticker: string;
  /** Indicator family -> window lengths. */
  readonly indicators: Readonly<Record<string, readonly number[]>>;
  readonly periods_per_year: number;
}

export const features = defineStage<Params>()({
  summary: 'indicators of each ticker, without look-ahead',
  params: {
    type: 'object',
    required: ['ticker', 'indicators', 'periods_per_year'],
    properties: { ticker: { type: 'string' }, indicators: { type: 'object' }, periods_per_year: { type: 'number' } },
  },
  inputs: { bars: tree(BARS_SHAPE, { slice: true }) },
  outputs: { features: tree(FEATURES_SHAPE) },
  uses: ['generator_version'],
  selects: { indicators: 'lib/features/catalog.ts' },
  async run({ params, in: { bars }, out, generatorVersion }) {
    const { ticker, indicators, periods_per_year: periodsPerYear } = params;
    const series = barsOf(readParquet(bars.bytes(fileOf(ticker, 'parquet'))), ticker);
    const columns: Record<string, FeatureColumn> = {};
    const fields = [];
    // Catalog order, not the order of the YAML: the same features are the same bytes.
    for (const name of INDICATOR_NAMES) {
      const windows = [...(indicators[name] ?? [])].sort((a, b) => a - b);
      if (windows.length === 0) continue;
      const indicator = await loadIndicator(name);
      for (const n of windows) {
        Object.assign(columns, computeIndicator(indicator, { ...series, periodsPerYear }, n));
        const metadata = {
          'marketloom:formula': `${name}@${indicator.formulaVersion}`,
          'marketloom:n': String(n),
          'marketloom:warmup': String(indicator.warmup(n)),
        };
        fields.push(...indicator.columns(n).map((column) => ({ ...optional(column, 'float64'), metadata })));
      }
    }
    const schema = defineSchema(FEATURES_SHAPE, [required('date', 'date'), required('ticker', 'utf8'), ...fields], {
      synthetic: true,
      generatorVersion: generatorVersion as string,
    });
    const table = makeTable(schema, {
      date: series.day,
      ticker: new Array<string>(series.day.length).fill(ticker),
      ...columns,
    });
    out.features.write(fileOf(ticker, 'parquet'), writeParquet(table));
  },
});
