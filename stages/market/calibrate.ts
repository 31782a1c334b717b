// Calibrate: from real prices to what each ticker is generated with, and a report of every estimate and every repaired row.

import { type Problem, ProblemError, raise } from '../../lib/base/problem.ts';
import { type CorrelationFit, fitCorrelation } from '../../lib/calibration/correlation.ts';
import { type Closes, fitGbm } from '../../lib/calibration/gbm.ts';
import { type CleaningPolicy, type CleanSeries, cleanSeries } from '../../lib/market/clean.ts';
import { formatDate } from '../../lib/market/day.ts';
import { USUAL } from '../../lib/market/usual.ts';
import { file, json, type TreeInput, trees } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { median } from '../../lib/stats/moments.ts';
import { type LoadPlugin, readSource, type SourceFile } from '../../lib/table/adapter.ts';
import type { FindingKind } from '../../lib/table/finding.ts';
import type { ColumnNames, PriceTable } from '../../lib/table/prices.ts';
import { openLines } from './lines.ts';
import type { AssetSetting, CalibrationReport } from './shapes.ts';

interface Source {
  readonly file: string;
  readonly adapter?: string;
  readonly ticker?: string;
  readonly columns?: ColumnNames;
  readonly policy?: Partial<CleaningPolicy>;
}

interface Params {
  readonly tickers: readonly string[];
  readonly sources: Readonly<Record<string, Source>>;
  readonly policy: CleaningPolicy;
  readonly assets: Readonly<Record<string, AssetSetting>>;
  readonly periods_per_year: number;
  readonly min_observations: number;
  readonly volume_level: number;
  /** Null: what is usual for the class. */
  readonly tick: number | null;
  readonly repair: 'higham' | 'none';
}

/** A ticker's cleaned history and where it came from. */
interface History {
  readonly source: string;
  readonly table: PriceTable;
  readonly clean: CleanSeries;
}

/** What the configuration may say instead of an estimate. */
const ESTIMATED = ['mu', 'sigma', 'start_price', 'volume'] as const;

/** Without prices there is nothing to correlate. */
const NO_FIT: CorrelationFit = { tickers: [], matrix: [], n: [], standardErrors: [], repair: null, notes: [] };

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
      tick: { type: ['number', 'null'] },
      repair: { enum: ['higham', 'none'] },
    },
  },
  inputs: { prices: trees('any') },
  outputs: {
    report: json<CalibrationReport>('market/calibration@1'),
    /** Every row that was dropped or repaired, one JSON object a line; the report has the first of them. */
    findings: file('market/findings@1'),
  },
  uses: ['generator_version'],
  selects: { 'sources.*.adapter': 'lib/table/adapters/catalog.ts' },
  owners: () => ({ 'correlation.repair': ['repair'], fit: [] }),
  async run({ params, in: { prices }, out, generatorVersion, plugin, log }) {
    if (generatorVersion === 'v0') {
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
    const fit =
      closes.length === 0
        ? NO_FIT
        : fitCorrelation(closes, {
            minObservations: params.min_observations,
            repair: params.repair === 'higham' ? 'nearest' : 'none',
          });
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

/** One ticker: what is usual for its class, over it what its prices say, over both what the configuration says. */
function assetOf(ticker: string, params: Params, history: History | undefined): CalibrationReport['assets'][number] {
  const given = params.assets[ticker] ?? {};
  const setting = { periodsPerYear: params.periods_per_year, minObservations: params.min_observations };
  const fit =
    history === undefined ? null : fitGbm({ ticker, day: history.clean.day, close: history.clean.close }, setting);
  const value = (name: 'mu' | 'sigma' | 'start_price', fitted: number | undefined): number => {
    const found = given[name] ?? fitted;
    if (found !== undefined) return found;
    if (given.class !== undefined)
      return name === 'start_price' ? USUAL[given.class].startPrice : USUAL[given.class][name];
    throw new ProblemError({
      code: 'data/refused',
      message: `${ticker} has no source of prices and no \`assets.${ticker}.${name}\``,
      path: ['tickers', params.tickers.indexOf(ticker)],
      hint: 'add a source to data_sources_config.yml, or give its class, or mu, sigma and start_price, under `assets`',
    });
  };
  const volumes = (history?.clean.volume ?? []).filter((v) => v > 0);
  return {
    ticker,
    class: given.class ?? 'equity',
    sector: given.sector ?? 'none',
    mu: value('mu', fit?.mu),
    sigma: value('sigma', fit?.sigma),
    start_price: value('start_price', fit?.startPrice),
    tick: given.tick ?? params.tick ?? USUAL[given.class ?? 'equity'].tick,
    volume_level: given.volume ?? median(Float64Array.from(volumes)) ?? params.volume_level,
    overridden: ESTIMATED.filter((name) => given[name] !== undefined),
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
