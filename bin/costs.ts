// `pipeline costs`: the cost tables of a dataset, from the files that came with its quotes.
import { nearest } from '../lib/base/nearest.ts';
import { ProblemError } from '../lib/base/problem.ts';
import { datasetFile, findDataset } from '../lib/dvc/datasets.ts';
import { columns } from './columns.ts';
import { type Data, datasetsUnder } from './data.ts';
import { manifestOf } from './datasets.ts';

export interface Cost {
  readonly ticker: string;
  readonly regime: string;
  /** Size of the order as a share of average daily volume. */
  readonly size: number;
  readonly part: string;
  readonly n: number;
  /** Null where no bar was in the regime. */
  readonly median_bps: number | null;
  readonly p95_bps: number | null;
  /** Of the whole order, in the currency of the price. */
  readonly median: number | null;
  readonly p95: number | null;
}

const FOLDER = 'costs/';

export function readCosts(data: Data, word: string, ticker?: string): Cost[] {
  const dataset = findDataset(data.project.root, datasetsUnder(data), word);
  const { files } = (manifestOf(data, dataset) ?? {}) as { files?: readonly { readonly path: string }[] };
  const paths = (files ?? []).flatMap(({ path }) => (path.startsWith(FOLDER) ? [path] : []));
  if (paths.length === 0) {
    throw new ProblemError({
      code: 'dataset/unknown',
      message: `${dataset.name} has no costs: it was made without microstructure`,
      hint: 'run with `microstructure: { enabled: true }`, or --profile microstructure_heavy',
    });
  }
  const known = paths.map((path) => path.slice(FOLDER.length).replace(/\.json$/, ''));
  if (ticker !== undefined && !known.includes(ticker)) {
    const near = nearest(ticker, known);
    throw new ProblemError({
      code: 'dataset/unknown',
      message: `${dataset.name} has no costs of ${ticker}`,
      hint: near === null ? `it has ${known.join(', ')}` : `did you mean ${near}?`,
    });
  }
  const wanted = ticker === undefined ? paths : [`${FOLDER}${ticker}.json`];
  return wanted.flatMap((path) => {
    const text = datasetFile(data.project.root, data.project.store, dataset, path);
    if (text !== null) return JSON.parse(text) as Cost[];
    throw new ProblemError({
      code: 'dataset/unknown',
      message: `${dataset.name}/${path} is not here`,
      hint: `\`pipeline pull ${dataset.name}\` brings it`,
    });
  });
}

/** One line for each ticker, regime and size: medians, and the 95th percentile of the total. */
export function costsText(costs: readonly Cost[]): string {
  const bps = (value: number | null | undefined) => (value === null || value === undefined ? '-' : value.toFixed(2));
  const lines = new Map<string, Map<string, Cost>>();
  for (const cost of costs) {
    const name = JSON.stringify([cost.ticker, cost.regime, cost.size]);
    lines.set(name, (lines.get(name) ?? new Map<string, Cost>()).set(cost.part, cost));
  }
  const rows = [...lines.values()].map((parts) => {
    const { ticker, regime, size, n } = [...parts.values()][0]!;
    const median = (part: string) => bps(parts.get(part)?.median_bps);
    const total = parts.get('total');
    return [
      ticker,
      regime,
      `${Number((100 * size).toPrecision(6))}%`,
      String(n),
      median('half_spread'),
      median('impact'),
      median('fee'),
      median('total'),
      bps(total?.p95_bps),
    ];
  });
  const head = ['ticker', 'regime', 'of volume', 'bars', 'half spread', 'impact', 'fee', 'total', 'total p95'];
  return `basis points, medians\n${columns([head, ...rows])}`;
}
