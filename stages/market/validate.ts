// Validate: tests the generated bars as a scientist would, and says yes or no with every failure listed.
import { calendarOf, parseDate, sessionsBetween } from '../../lib/market/calendar.ts';
import type { CandidateBars } from '../../lib/market/invariants.ts';
import { CHECKS, type CheckName, type Expectation, type Validation, validateBars } from '../../lib/market/validate.ts';
import { json, type TreeInput, tree } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { isSynthetic } from '../../lib/table/schema.ts';
import type { TickerParameters } from './shapes.ts';
import { BARS_SHAPE, barsOf, FEATURES_SHAPE, fileOf } from './tables.ts';

/** Switch of the configuration -> the checks it turns on. */
const SWITCHES: Readonly<Record<string, readonly CheckName[]>> = {
  schema: ['schema'],
  index: ['index_monotone', 'index_unique', 'index_calendar'],
  ohlc: ['ohlc'],
  finite: ['finite'],
  positive: ['positive'],
  volume: ['volume'],
  tick: ['tick'],
  moments: ['mean', 'variance'],
  correlation: ['correlation'],
};

interface Params {
  readonly tickers: readonly string[];
  readonly start_date: string;
  readonly end_date: string;
  readonly calendar: string;
  readonly tick: number;
  readonly periods_per_year: number;
  readonly alpha: number;
  readonly fail_fast: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

export const validate = defineStage<Params>()({
  summary: 'schema, index, OHLC invariants, moments and correlation of the generated bars',
  params: {
    type: 'object',
    required: [
      'tickers',
      'start_date',
      'end_date',
      'calendar',
      'tick',
      'periods_per_year',
      'alpha',
      'fail_fast',
      'checks',
    ],
    properties: {
      tickers: { type: 'array' },
      start_date: { type: 'string' },
      end_date: { type: 'string' },
      calendar: { type: 'string' },
      tick: { type: 'number' },
      periods_per_year: { type: 'number' },
      alpha: { type: 'number' },
      fail_fast: { type: 'boolean' },
      checks: { type: 'object' },
    },
  },
  inputs: { bars: tree(BARS_SHAPE), features: tree(FEATURES_SHAPE), parameters: tree('market/parameters@1') },
  outputs: {
    validation: json<Validation>('market/validation@1'),
    metrics: json<Record<string, number | boolean>>('market/metrics@1'),
  },
  run({ params, in: { bars, features, parameters }, out, verdict, progress }) {
    const given = params.tickers.map(
      (ticker) =>
        JSON.parse(Buffer.from(parameters.bytes(fileOf(ticker, 'json'))).toString('utf8')) as TickerParameters,
    );
    const legacy = given.some(({ kind }) => kind === 'legacy');
    const on = Object.entries(params.checks).flatMap(([name, wanted]) => (wanted ? (SWITCHES[name] ?? []) : []));
    const expectation: Expectation = {
      checks: CHECKS.filter((name) => on.includes(name)),
      alpha: params.alpha,
      periodsPerYear: params.periods_per_year,
      tickers: params.tickers,
      calendar: sessionsBetween(calendarOf(params.calendar), parseDate(params.start_date), parseDate(params.end_date)),
      // The legacy generator states no grid, no drift and no correlation: what nobody promised is not tested.
      tick: legacy ? null : params.tick,
      gbm: legacy
        ? null
        : Object.fromEntries(
            given.map((one, i) => [
              params.tickers[i],
              (one as Extract<TickerParameters, { kind: 'model' }>).params as { mu: number; sigma: number },
            ]),
          ),
      correlation: legacy ? null : targetOf(given),
    };
    const statistical = new Set<CheckName>(['mean', 'variance', 'correlation']);
    const exact = { ...expectation, checks: expectation.checks.filter((name) => !statistical.has(name)) };
    const first = params.fail_fast ? validateBars(readBars(bars, progress), exact) : null;
    const result =
      first !== null && first.checks.some(({ passed }) => passed !== true)
        ? first
        : validateBars(readBars(bars, progress), expectation);
    const marked = [
      ...bars.names().map((name) => [bars, name] as const),
      ...features.names().map((name) => [features, name] as const),
    ];
    const unmarked = marked
      .filter(([from, name]) => !isSynthetic(readParquet(from.bytes(name)).schema))
      .map(([, name]) => name);
    const passed = result.passed && unmarked.length === 0;
    out.validation.write({ ...result, passed });
    const { checks, quality_score, metrics } = result;
    out.metrics.write({
      passed,
      quality_score,
      rows: metrics.rows,
      tickers: metrics.tickers,
      checks: checks.length,
      failed: metrics.failed,
      inconclusive: metrics.inconclusive,
    });
    const failed = [
      ...new Set(result.failures.map(({ check }) => check)),
      ...(unmarked.length > 0 ? ['synthetic marker'] : []),
    ];
    const inconclusive = checks.filter((check) => check.passed === 'inconclusive').map(({ name }) => name);
    const why = [
      failed.length > 0 ? `failed: ${failed.join(', ')}` : '',
      inconclusive.length > 0 ? `inconclusive: ${[...new Set(inconclusive)].join(', ')}` : '',
    ]
      .filter((text) => text !== '')
      .join('; ');
    verdict(passed, passed ? `${checks.length} checks on ${metrics.rows} rows` : why);
  },
});

/** Files one at a time, so that memory is one ticker's. */
function* readBars(
  bars: TreeInput,
  progress: (done: number, total: number, unit: string) => void,
): Generator<CandidateBars> {
  const names = bars.names();
  for (const [i, name] of names.entries()) {
    yield barsOf(readParquet(bars.bytes(name)), name.replace(/\.parquet$/, ''));
    progress(i + 1, names.length, 'tickers');
  }
}

/** The correlation that was generated with: products of the Cholesky rows. */
function targetOf(given: readonly TickerParameters[]): number[][] {
  const rows = given.map(
    (one) => new Map(one.kind === 'model' ? one.mix.names.map((name, k) => [name, one.mix.weights[k] as number]) : []),
  );
  return rows.map((a, i) =>
    rows.map((b, j) => (i === j ? 1 : [...a].reduce((sum, [name, weight]) => sum + weight * (b.get(name) ?? 0), 0))),
  );
}
