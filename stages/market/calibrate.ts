// Calibrate: from real prices to what each ticker is generated with, and a report of every estimate and every repaired row.

import { type Problem, ProblemError, raise } from '../../lib/base/problem.ts';
import { fitCorrelation } from '../../lib/calibration/correlation.ts';
import { type Closes, fitGbm } from '../../lib/calibration/gbm.ts';
import { type CleaningPolicy, type CleanSeries, cleanSeries } from '../../lib/market/clean.ts';
import { formatDate } from '../../lib/market/day.ts';
import { factorCorrelation } from '../../lib/models/correlation.ts';
import { file, json, type TreeInput, tree, trees } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { median } from '../../lib/stats/moments.ts';
import { type LoadPlugin, readSource, type SourceFile } from '../../lib/table/adapter.ts';
import type { FindingKind } from '../../lib/table/finding.ts';
import type { ColumnNames, PriceTable } from '../../lib/table/prices.ts';
import { openLines } from './lines.ts';
import type { CalibrationReport, TickerParameters } from './shapes.ts';
import { fileOf } from './tables.ts';

interface Source {
  readonly file: string;
  readonly adapter?: string;
  readonly ticker?: string;
  readonly columns?: ColumnNames;
  readonly policy?: Partial<CleaningPolicy>;
}

interface Override {
  readonly mu?: number;
  readonly sigma?: number;
  readonly start_price?: number;
  readonly volume?: number;
}

interface Params {
  readonly tickers: readonly string[];
  readonly sources: Readonly<Record<string, Source>>;
  readonly policy: CleaningPolicy;
  readonly assets: Readonly<Record<string, Override>>;
  readonly periods_per_year: number;
  readonly min_observations: number;
  readonly volume_level: number;
  readonly repair: 'higham' | 'none';
}

/** A ticker's cleaned history and where it came from. */
interface History {
  readonly source: string;
  readonly table: PriceTable;
  readonly clean: CleanSeries;
}

const LISTED = 1000;

/** What the reader did about what it could not read; cells and columns that it read as missing are then for the policy. */
const READ_AS: Readonly<Record<FindingKind, string>> = {
  'bad-number': 'read as missing',
  'missing-column': 'read as missing',
  'duplicate-column': 'first one read',
  'empty-file': 'no rows',
  'bad-date': 'dropped',
  'field-count': 'dropped',
  'missing-ticker': 'dropped',
  quote: 'dropped',
};

export const calibrate = defineStage<Params>()({
  summary: 'drift, volatility, start price and correlation from real prices, with standard errors',
  params: {
    type: 'object',
    required: [
      'tickers',
      'sources',
      'policy',
      'assets',
      'periods_per_year',
      'min_observations',
      'volume_level',
      'repair',
    ],
    properties: {
      tickers: { type: 'array' },
      sources: { type: 'object' },
      policy: { type: 'object' },
      assets: { type: 'object' },
      periods_per_year: { type: 'number' },
      min_observations: { type: 'integer' },
      volume_level: { type: 'number' },
      repair: { enum: ['higham', 'none'] },
    },
  },
  inputs: { prices: trees('any') },
  outputs: {
    parameters: tree('market/parameters@1'),
    report: json<CalibrationReport>('market/calibration@1'),
    /** Every row that was dropped or repaired, one JSON object a line; the report has the first of them. */
    findings: file('market/findings@1'),
  },
  uses: ['generator_version'],
  selects: { 'sources.*.adapter': 'lib/table/adapters/catalog.ts' },
  async run({ params, in: { prices }, out, generatorVersion, plugin, log }) {
    if (generatorVersion === 'v0') {
      // The legacy generator draws all its tickers from one stream: a ticker needs to know who comes before it, and no prices.
      for (const [i, ticker] of params.tickers.entries()) {
        const legacy: TickerParameters = { kind: 'legacy', tickers: params.tickers.slice(0, i + 1) };
        out.parameters.write(fileOf(ticker, 'json'), `${JSON.stringify(legacy, null, 2)}\n`);
      }
      out.report.write({
        assets: [],
        correlation: null,
        findings: [],
        findings_total: 0,
        notes: ['The legacy generator is not calibrated: its constants are part of its code.'],
      });
      out.findings.write('');
      return;
    }
    const histories = await readHistories(params, prices, plugin);
    const assets = params.tickers.map((ticker) => assetOf(ticker, params, histories.get(ticker)));
    const known = params.tickers.filter((ticker) => histories.has(ticker));
    const closes = known.map(
      (ticker): Closes => ({
        ticker,
        day: (histories.get(ticker) as History).clean.day,
        close: (histories.get(ticker) as History).clean.close,
      }),
    );
    const fit = fitCorrelation(closes, {
      minObservations: params.min_observations,
      repair: params.repair === 'higham' ? 'nearest' : 'none',
    });
    // A ticker without prices has no common returns with any other: it is generated independent, and the report says so.
    const matrix = params.tickers.map((a, i) =>
      params.tickers.map((b, j) => (i === j ? 1 : (fit.matrix[known.indexOf(a)]?.[known.indexOf(b)] ?? 0))),
    );
    const { lower } = factorCorrelation(matrix, params.repair === 'higham' ? 'nearest' : 'none', params.tickers);
    for (const [i, asset] of assets.entries()) {
      const row = (lower[i] as readonly number[]).slice(0, i + 1);
      const mixed = row.map((_, k) => k).filter((k) => row[k] !== 0);
      const parameters: TickerParameters = {
        kind: 'model',
        params: { mu: asset.mu, sigma: asset.sigma },
        start_price: asset.start_price,
        volume_level: asset.volume_level,
        mix: { names: mixed.map((k) => params.tickers[k] as string), weights: mixed.map((k) => row[k] as number) },
      };
      out.parameters.write(fileOf(asset.ticker, 'json'), `${JSON.stringify(parameters, null, 2)}\n`);
    }
    const findings = [...histories].flatMap(([ticker, { source, table, clean }]) => [
      ...table.findings.map(({ row, kind, detail }) => ({
        ticker,
        source,
        file: table.file,
        row,
        date: null,
        kind,
        action: READ_AS[kind],
        detail,
      })),
      ...clean.findings.map((finding) => ({ ticker, source, ...finding })),
    ]);
    const lines = openLines(out.findings);
    for (const finding of findings) lines.write(finding);
    lines.close();
    const lone = params.tickers.filter((ticker) => !histories.has(ticker));
    const notes = [
      ...fit.notes,
      ...lone.map(
        (ticker) =>
          `${ticker} has no prices: its parameters are from the configuration and it is generated independent of the others.`,
      ),
    ];
    const { tickers, n, standardErrors, repair } = fit;
    out.report.write({
      assets,
      correlation: { tickers, matrix: fit.matrix, n, standard_errors: standardErrors, repair },
      findings: findings.slice(0, LISTED),
      findings_total: findings.length,
      notes,
    });
    log(`${known.length} of ${params.tickers.length} tickers calibrated`, { rows_with_findings: findings.length });
  },
});

/** Cleaned prices of the wanted tickers; a ticker that two sources have is refused, one that none has needs the configuration. */
async function readHistories(
  { tickers, sources, policy }: Params,
  prices: Readonly<Record<string, TreeInput>>,
  plugin: LoadPlugin,
): Promise<Map<string, History>> {
  const histories = new Map<string, History>();
  const problems: Problem[] = [];
  for (const [name, input] of Object.entries(prices)) {
    const source = sources[name] as Source;
    const files = input
      .names()
      .map(
        (file): SourceFile => ({ name: input.digest.endsWith('.dir') ? file : source.file, bytes: input.bytes(file) }),
      );
    const how = { adapter: source.adapter ?? null, columns: source.columns ?? {} };
    for (const read of await readSource(files, how, plugin)) {
      const table = source.ticker === undefined ? read : { ...read, ticker: source.ticker };
      if (!tickers.includes(table.ticker)) continue;
      const other = histories.get(table.ticker);
      if (other !== undefined) {
        problems.push({
          code: 'data/refused',
          message: `sources \`${other.source}\` and \`${name}\` both have prices of ${table.ticker}`,
          hint: 'remove one of them, or leave it out of the wire',
        });
        continue;
      }
      if (table.synthetic) {
        problems.push({
          code: 'data/refused',
          message: `source \`${name}\` says itself that it is synthetic; calibrating on it would pass it for a market`,
          facts: { file: table.file },
        });
        continue;
      }
      const cleaning = { ...policy, ...source.policy };
      problems.push(...(cleaning.missing_value === 'refuse' ? unreadable(table) : []));
      try {
        const clean = cleanSeries({ ...table, day: table.date }, cleaning);
        histories.set(table.ticker, { source: name, table, clean });
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        problems.push(...error.problems);
      }
    }
  }
  raise(problems);
  return histories;
}

/** Rows of which the reader could make nothing: who refuses a missing value refuses these too. */
function unreadable({ findings }: PriceTable): Problem[] {
  return findings
    .filter(({ kind }) => READ_AS[kind] === 'dropped')
    .map(({ file, row, detail }) => ({ code: 'data/refused', message: `${file} row ${row}: ${detail}` }));
}

/** Estimates of one ticker under its overrides: calibrated first, the configuration on top. */
function assetOf(ticker: string, params: Params, history: History | undefined): CalibrationReport['assets'][number] {
  const given = params.assets[ticker] ?? {};
  const setting = { periodsPerYear: params.periods_per_year, minObservations: params.min_observations };
  const fit =
    history === undefined ? null : fitGbm({ ticker, day: history.clean.day, close: history.clean.close }, setting);
  const value = (name: 'mu' | 'sigma' | 'start_price', fitted: number | undefined): number => {
    const found = given[name] ?? fitted;
    if (found !== undefined) return found;
    throw new ProblemError({
      code: 'data/refused',
      message: `${ticker} has no source of prices and no \`assets.${ticker}.${name}\``,
      hint: 'add a source to data_sources_config.yml, or give mu, sigma and start_price under `assets`',
    });
  };
  const volumes = (history?.clean.volume ?? []).filter((v) => v > 0);
  return {
    ticker,
    mu: value('mu', fit?.mu),
    sigma: value('sigma', fit?.sigma),
    start_price: value('start_price', fit?.startPrice),
    volume_level: given.volume ?? median(Float64Array.from(volumes)) ?? params.volume_level,
    overridden: Object.keys(given).sort(),
    fit: fit && {
      mu: fit.mu,
      se_mu: fit.seMu,
      sigma: fit.sigma,
      se_sigma: fit.seSigma,
      n: fit.n,
      first_date: formatDate(fit.firstDay),
      last_date: formatDate(fit.lastDay),
      start_price: fit.startPrice,
      notes: fit.notes,
    },
    source:
      history === undefined
        ? null
        : {
            name: history.source,
            file: history.table.file,
            rows: history.table.row.length,
            kept: history.clean.day.length,
          },
  };
}
