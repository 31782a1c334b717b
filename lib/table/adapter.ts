// Finds the adapter for each file of a price source and reads them all; a new format is one file and one line of the catalog.
import { ProblemError } from '../base/problem.ts';
import { adapters } from './adapters/catalog.ts';
import type { Adapter, ColumnNames, PriceTable } from './prices.ts';

export interface SourceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Loads a file of the user's project that a source names as its adapter. */
export type LoadPlugin = (path: string) => Readonly<Record<string, unknown>>;
const NONE: LoadPlugin = () => ({});

/**
 * The adapter of that name or, without one, that of the file's extension; a name such as `./my/adapter.ts` is the user's own.
 * Throws `config/invalid` when there is none.
 */
export async function findAdapter(file: string, name: string | null, plugin: LoadPlugin = NONE): Promise<Adapter> {
  if (name?.startsWith('./')) return ownAdapter(name, plugin(name));
  const extension = file.slice(file.lastIndexOf('.') + 1).toLowerCase();
  for (const [key, load] of Object.entries(adapters)) {
    if (name !== null && name !== key) continue;
    const { adapter } = await load();
    if (name !== null || adapter.extensions.includes(extension)) return adapter;
  }
  throw new ProblemError({
    code: 'config/invalid',
    message: name === null ? `no adapter reads files like ${file}` : `there is no adapter "${name}"`,
    hint: `Known adapters: ${Object.keys(adapters).join(', ')}.`,
  });
}

/**
 * The prices of a source of one or many files, in the order given; a file without a ticker column is about the ticker it is
 * named after. Throws `data/refused` when two files are about one ticker.
 */
export async function readSource(
  files: Iterable<SourceFile>,
  options: { readonly adapter: string | null; readonly columns: ColumnNames },
  plugin: LoadPlugin = NONE,
): Promise<PriceTable[]> {
  const tables = new Map<string, PriceTable>();
  for (const { name, bytes } of files) {
    const adapter = await findAdapter(name, options.adapter, plugin);
    for (const table of adapter.read(bytes, { file: name, ticker: stem(name), columns: options.columns })) {
      const other = tables.get(table.ticker);
      if (other !== undefined)
        throw new ProblemError({
          code: 'data/refused',
          message: `both ${other.file} and ${table.file} have prices of ${table.ticker}`,
          hint: 'Keep one of the two in the source.',
        });
      tables.set(table.ticker, table);
    }
  }
  return [...tables.values()];
}

/** What a user's file exports as `adapter`, held to its contract before and after it reads. */
function ownAdapter(path: string, exports: Readonly<Record<string, unknown>>): Adapter {
  const refuse = (what: string) =>
    new ProblemError({
      code: 'config/invalid',
      message: `${path} ${what}`,
      place: { file: path.slice(2), line: 1, column: 1, length: 1 },
      hint: 'export const adapter: Adapter = { name, extensions, read(bytes, request) { … } }, see lib/table/prices.ts',
    });
  const adapter = exports.adapter as Partial<Adapter> | null | undefined;
  if (typeof adapter !== 'object' || adapter === null) throw refuse('exports no `adapter`');
  if (typeof adapter.name !== 'string') throw refuse('exports an adapter without a `name`');
  if (!Array.isArray(adapter.extensions)) throw refuse('exports an adapter without a list of `extensions`');
  const { read } = adapter;
  if (typeof read !== 'function') throw refuse('exports an adapter without a function `read`');
  return {
    ...(adapter as Adapter),
    read(bytes, request) {
      const tables = read.call(adapter, bytes, request) as unknown;
      const wrong = Array.isArray(tables) ? tables.map(flawOf).find((flaw) => flaw !== null) : 'is no list of tables';
      if (wrong) throw refuse(`read ${request.file} as something that ${wrong}`);
      return tables as PriceTable[];
    },
  };
}

/** The first thing that keeps a value from being a table of prices. */
function flawOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'is no table';
  const table = value as Record<string, unknown>;
  for (const name of ['ticker', 'file']) if (typeof table[name] !== 'string') return `has no text \`${name}\``;
  if (typeof table.synthetic !== 'boolean') return 'does not say whether it is `synthetic`';
  if (!Array.isArray(table.findings)) return 'has no list of `findings`';
  const { row } = table;
  if (!(row instanceof Int32Array)) return 'has no Int32Array `row`';
  if (!(table.date instanceof Int32Array)) return 'has no Int32Array `date`';
  if (table.timestamp !== null && !(table.timestamp instanceof Float64Array))
    return 'has a `timestamp` that is neither null nor a Float64Array';
  const columns = ['open', 'high', 'low', 'close', 'volume'].map((name) => [name, table[name]] as const);
  for (const [name, column] of columns) if (!(column instanceof Float64Array)) return `has no Float64Array \`${name}\``;
  const lengths = [table.date, table.timestamp ?? row, ...columns.map(([, column]) => column)] as { length: number }[];
  return lengths.every(({ length }) => length === row.length) ? null : 'has columns of different lengths';
}

/** The file's name without its folders and its last extension. */
export function stem(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
