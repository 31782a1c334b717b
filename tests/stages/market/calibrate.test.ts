// Calibrate on real files in memory: what was planted is found, and whatever is wrong with a file is told by file and row.
import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../../lib/base/problem.ts';
import { formatDate } from '../../../lib/market/day.ts';
import { exp } from '../../../lib/math/elementary.ts';
import { makeTable } from '../../../lib/table/column.ts';
import { writeParquet } from '../../../lib/table/parquet-writer.ts';
import { defineSchema, required } from '../../../lib/table/schema.ts';
import { calibrate } from '../../../stages/market/calibrate.ts';
import { normals } from '../../stats/normals.ts';
import { oneFileIn, runStage, treeIn } from '../ports.ts';

type Params = Parameters<(typeof calibrate)['run']>[0]['params'];

const N = 300;
const DAY = 16000;

/** Closes with planted drift 0.1 and volatility 0.2 a year, from normals by name. */
function closes(z: Float64Array): number[] {
  const prices = [50];
  for (const one of z) prices.push((prices.at(-1) as number) * exp((0.1 - 0.02) / 252 + (0.2 / Math.sqrt(252)) * one));
  return prices.map((price) => Math.round(price * 1e6) / 1e6);
}

const A = normals('a', 1, N);
/** Correlation 0.6 with A. */
const OWN = normals('b', 1, N);
const B = A.map((a, i) => 0.6 * a + 0.8 * (OWN[i] as number));

function csv(z: Float64Array, change: (rows: string[][]) => void = () => {}): string {
  const rows = closes(z).map((close, i) => {
    const open = close;
    return [formatDate(DAY + i), `${open}`, `${close * 1.001}`, `${close * 0.999}`, `${close}`, `${1000 + i}`];
  });
  change(rows);
  return `date,open,high,low,close,volume\n${rows.map((row) => row.join(',')).join('\n')}\n`;
}

const policy: Params['policy'] = {
  missing_column: 'refuse',
  missing_value: 'drop',
  nonpositive_price: 'drop',
  bad_volume: 'repair',
  unsorted_date: 'repair',
  duplicate_date: 'drop',
  ohlc_violation: 'repair',
  unadjusted_split: 'refuse',
};

function run(
  files: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>,
  over: Partial<Params> = {},
  generatorVersion = 'v1-dev.3',
) {
  // A source of one file is that file, and its port shows it under the source's own name.
  const entries = Object.entries(files).map(([name, one]) => {
    const [[file, bytes], ...more] = Object.entries(one) as [[string, string | Uint8Array]];
    return more.length > 0 ? { name, file: name, input: treeIn(one) } : { name, file, input: oneFileIn(name, bytes) };
  });
  const sources = Object.fromEntries(entries.map(({ name, file }) => [name, { file }]));
  return runStage(calibrate, {
    params: {
      tickers: ['A'],
      sources,
      policy,
      assets: {},
      periods_per_year: 252,
      min_observations: 250,
      volume_level: 777,
      repair: 'higham',
      ...over,
    },
    in: { prices: Object.fromEntries(entries.map(({ name, input }) => [name, input])) },
    generatorVersion,
  });
}

/** What a ticker is generated with, wherever its prices came from. */
const estimates = ({ out: { report } }: Awaited<ReturnType<typeof run>>) => ({
  ...report,
  assets: report.assets.map(({ source: _, ...asset }) => asset),
});

async function problemsOf(work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error(`no problem was thrown, but ${String(error)}`);
  return error.problems;
}

describe('[S1-99] what was planted comes back', () => {
  test('drift, volatility and correlation are within three standard errors, the rest exactly', async () => {
    const { out } = await run({ a: { 'A.csv': csv(A) }, b: { 'B.csv': csv(B) } }, { tickers: ['A', 'B'] });
    const { assets, correlation, findings } = out.report;
    expect(findings).toEqual([]);
    for (const asset of assets) {
      expect(Math.abs(asset.sigma - 0.2)).toBeLessThan(3 * (asset.fit?.se_sigma as number));
      expect(Math.abs(asset.mu - 0.1)).toBeLessThan(3 * (asset.fit?.se_mu as number));
      expect(asset.fit).toMatchObject({ n: N, first_date: formatDate(DAY), last_date: formatDate(DAY + N) });
      // The median of 1000, 1001, ..., 1300.
      expect(asset.volume_level).toBe(1150);
    }
    expect(assets[0]?.start_price).toBe(closes(A).at(-1));
    expect(Math.abs((correlation?.matrix[0]?.[1] as number) - 0.6)).toBeLessThan(
      3 * (correlation?.standard_errors[0]?.[1] as number),
    );
  });

  test('the configuration wins over the estimate, which is still reported', async () => {
    const { out } = await run({ a: { 'A.csv': csv(A) } }, { assets: { A: { sigma: 0.5, volume: 9 } } });
    const [asset] = out.report.assets;
    expect(asset).toMatchObject({ sigma: 0.5, volume_level: 9, overridden: ['sigma', 'volume'] });
    expect(asset?.fit?.sigma).not.toBe(0.5);
  });
});

describe('sources', () => {
  test('one file, a folder with a file per ticker and one table with a ticker column give the same parameters', async () => {
    const tickers = ['A', 'B'];
    const [a, b] = [csv(A), csv(B)];
    const files = await run({ a: { 'A.csv': a }, b: { 'B.csv': b } }, { tickers });
    const folder = await run({ all: { 'A.csv': a, 'B.csv': b, 'C.csv': b } }, { tickers });
    const [head, ...rows] = a.trim().split('\n');
    const long = [`ticker,${head}`, ...rows.map((row) => `A,${row}`)];
    for (const row of b.trim().split('\n').slice(1)) long.push(`B,${row}`);
    const one = await run({ all: { 'prices.csv': `${long.join('\n')}\n` } }, { tickers });
    expect(estimates(folder)).toEqual(estimates(files));
    expect(estimates(one)).toEqual(estimates(files));
    expect(folder.out.report.assets.map(({ source }) => source?.file)).toEqual(['A.csv', 'B.csv']);
  });

  test('Parquet gives the same parameters as CSV', async () => {
    const rows = csv(A)
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(','));
    const column = (k: number) => Float64Array.from(rows, (row) => Number(row[k]));
    const prices = (['open', 'high', 'low', 'close', 'volume'] as const).map((name) => required(name, 'float64'));
    const schema = {
      ...defineSchema('p@1', [required('date', 'date'), ...prices], { synthetic: true, generatorVersion: 'x' }),
      metadata: {},
    };
    const fields = schema.fields.map(({ metadata: _, ...field }) => field);
    const parquet = writeParquet(
      makeTable({ ...schema, fields } as typeof schema, {
        date: Int32Array.from(rows, (_, i) => DAY + i),
        open: column(1),
        high: column(2),
        low: column(3),
        close: column(4),
        volume: column(5),
      }),
    );
    const fromCsv = await run({ a: { 'A.csv': csv(A) } });
    const fromParquet = await run({ a: { 'A.parquet': parquet } });
    expect(estimates(fromParquet)).toEqual(estimates(fromCsv));
  });

  test('a source that says itself that it is synthetic is refused', async () => {
    const text = csv(A)
      .replace('date,', 'date,synthetic,')
      .replaceAll(/^(\d{4}-\d\d-\d\d),/gm, '$1,true,');
    const problems = await problemsOf(run({ fake: { 'A.csv': text } }));
    expect(problems).toMatchObject([{ code: 'data/refused', message: expect.stringContaining('`fake`') }]);
  });

  test('two sources of one ticker are refused by their names', async () => {
    const problems = await problemsOf(run({ one: { 'A.csv': csv(A) }, two: { 'A.csv': csv(B) } }));
    expect(problems).toMatchObject([
      { code: 'data/refused', message: 'sources `one` and `two` both have prices of A' },
    ]);
  });

  test('a ticker without prices needs its values in the configuration, and is then independent', async () => {
    const problems = await problemsOf(run({ a: { 'A.csv': csv(A) } }, { tickers: ['A', 'Z'] }));
    expect(problems).toMatchObject([{ code: 'data/refused', hint: expect.stringContaining('assets') }]);
    const { out } = await run(
      { a: { 'A.csv': csv(A) } },
      { tickers: ['A', 'Z'], assets: { Z: { mu: 0, sigma: 0.3, start_price: 5 } } },
    );
    expect(out.report.assets[1]).toMatchObject({ fit: null, source: null, volume_level: 777 });
    expect(out.report.correlation?.tickers).toEqual(['A']);
    expect(out.report.notes.join()).toContain('Z has no prices');
  });

  test('fewer returns than asked for are refused', async () => {
    const problems = await problemsOf(run({ a: { 'A.csv': csv(A) } }, { min_observations: N + 1 }));
    expect(problems).toMatchObject([{ code: 'data/refused', message: expect.stringContaining('A') }]);
  });
});

/** Row 7 of the file is the sixth of the rows: the first line is the header. */
const AT = 5;
const LINE = AT + 2;
const dirt: Readonly<Record<keyof Params['policy'], (rows: string[][]) => void>> = {
  missing_column: (rows) => {
    for (const row of rows) row[5] = '';
  },
  missing_value: (rows) => ((rows[AT] as string[])[4] = ''),
  nonpositive_price: (rows) => ((rows[AT] as string[])[3] = '-1'),
  bad_volume: (rows) => ((rows[AT] as string[])[5] = '-5'),
  unsorted_date: (rows) => rows.splice(AT - 1, 2, rows[AT] as string[], rows[AT - 1] as string[]),
  duplicate_date: (rows) => ((rows[AT] as string[])[0] = (rows[AT - 1] as string[])[0] as string),
  ohlc_violation: (rows) => ((rows[AT] as string[])[2] = `${Number((rows[AT] as string[])[4]) * 0.9995}`),
  unadjusted_split: (rows) => {
    for (const row of rows.slice(100)) for (const k of [1, 2, 3, 4]) row[k] = `${Number(row[k]) / 2}`;
  },
};
const KINDS = Object.keys(dirt) as (keyof Params['policy'])[];
const rowOf = (kind: string) => (kind === 'missing_column' ? null : kind === 'unadjusted_split' ? 102 : LINE);

test('every finding has a line, however many the report has room for', async () => {
  const all = (rows: string[][]) => {
    for (const row of rows) row[5] = '-5';
  };
  const tickers = ['A', 'B', 'C', 'D'];
  const sources = Object.fromEntries(
    tickers.map((ticker) => [ticker.toLowerCase(), { [`${ticker}.csv`]: csv(normals(ticker, 1, N), all) }]),
  );
  const { out } = await run(sources, { tickers });
  const lines = Buffer.from(out.findings).toString('utf8').trimEnd().split('\n');
  expect([lines.length, out.report.findings_total]).toEqual([4 * (N + 1), 4 * (N + 1)]);
  expect(out.report.findings).toEqual(lines.slice(0, 1000).map((line) => JSON.parse(line)));
});

describe('each kind of dirt', () => {
  test.each(KINDS)('%s is refused with file and row when the policy says so', async (kind) => {
    const problems = await problemsOf(
      run({ a: { 'A.csv': csv(A, dirt[kind]) } }, { policy: { ...policy, [kind]: 'refuse' } }),
    );
    expect(problems).toMatchObject([{ code: 'data/refused', facts: { file: 'A.csv', row: rowOf(kind), kind } }]);
  });

  test.each(KINDS.filter((kind) => kind !== 'unadjusted_split'))('%s is dropped and reported', async (kind) => {
    const { out } = await run({ a: { 'A.csv': csv(A, dirt[kind]) } }, { policy: { ...policy, [kind]: 'drop' } });
    expect(out.report.findings).toMatchObject([
      { ticker: 'A', source: 'a', file: 'A.csv', row: rowOf(kind), kind, action: 'dropped' },
    ]);
    expect(out.report.findings_total).toBe(1);
    expect(out.report.assets[0]?.source).toMatchObject({ rows: N + 1, kept: kind === 'missing_column' ? N + 1 : N });
  });

  const repaired = ['bad_volume', 'unsorted_date', 'duplicate_date', 'ohlc_violation', 'unadjusted_split'] as const;
  test.each(repaired)('%s is repaired and reported', async (kind) => {
    const { out } = await run({ a: { 'A.csv': csv(A, dirt[kind]) } }, { policy: { ...policy, [kind]: 'repair' } });
    expect(out.report.findings).toMatchObject([{ file: 'A.csv', kind, action: 'repaired' }]);
    const clean = await run({ a: { 'A.csv': csv(A) } });
    const [was, now] = [clean, out].map((one) => ('out' in one ? one.out : one).report.assets[0]);
    if (kind !== 'duplicate_date') expect(now?.sigma).toBeCloseTo(was?.sigma as number, 9);
  });

  test('a source may have a policy of its own', async () => {
    const sources = { a: { file: 'A.csv', policy: { missing_value: 'refuse' as const } } };
    const problems = await problemsOf(run({ a: { 'A.csv': csv(A, dirt.missing_value) } }, { sources }));
    expect(problems).toMatchObject([{ facts: { kind: 'missing_value' } }]);
  });
});

describe('what cannot be read', () => {
  const broken: Readonly<Record<string, (rows: string[][]) => void>> = {
    'bad-date': (rows) => ((rows[AT] as string[])[0] = 'soon'),
    'field-count': (rows) => (rows[AT] as string[]).pop(),
  };
  test.each(Object.keys(broken))(
    'a row with %s is dropped and told by file and row, or refused with the missing values',
    async (kind) => {
      const text = csv(A, broken[kind]);
      const { out } = await run({ a: { 'A.csv': text } });
      expect(out.report.findings).toMatchObject([{ file: 'A.csv', row: LINE, kind, action: 'dropped' }]);
      const problems = await problemsOf(
        run({ a: { 'A.csv': text } }, { policy: { ...policy, missing_value: 'refuse' } }),
      );
      expect(problems).toMatchObject([{ code: 'data/refused', message: expect.stringContaining(`A.csv row ${LINE}`) }]);
    },
  );

  test('a cell that is no number is told, then treated as missing', async () => {
    const text = csv(A, (rows) => ((rows[AT] as string[])[4] = 'n/a'));
    const { out } = await run({ a: { 'A.csv': text } });
    expect(out.report.findings).toMatchObject([
      { row: LINE, kind: 'bad-number', action: 'read as missing' },
      { row: LINE, kind: 'missing_value', action: 'dropped' },
    ]);
  });

  test('bytes of another format are refused, not read as an empty market', async () => {
    const problems = await problemsOf(run({ a: { 'A.parquet': 'date,close\n' } }));
    expect(problems).toMatchObject([{ code: 'table/malformed' }]);
  });
});

test('v0 takes no prices and no estimates', async () => {
  const { out } = await run({}, { tickers: ['AAPL', 'MSFT'] }, 'v0');
  expect(out.report).toMatchObject({ assets: [], correlation: null, findings: [] });
});
