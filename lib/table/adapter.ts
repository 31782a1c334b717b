// Finds the adapter for each file of a price source and reads them all; a new format is one file and one line of the catalog.
import { ProblemError } from '../base/problem.ts';
import { adapters } from './adapters/catalog.ts';
import type { Adapter, ColumnNames, PriceTable } from './prices.ts';

export interface SourceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The adapter of that name or, without one, that of the file's extension. Throws `config/invalid` when there is none. */
export async function findAdapter(file: string, name: string | null): Promise<Adapter> {
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
): Promise<PriceTable[]> {
  const tables = new Map<string, PriceTable>();
  for (const { name, bytes } of files) {
    const adapter = await findAdapter(name, options.adapter);
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

/** The file's name without its folders and its last extension. */
export function stem(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
