// Tables from the Parquet bytes of any writer; the only door of the package `parquet-wasm`.
import { createRequire } from 'node:module';
import * as parquetWasm from 'parquet-wasm';
import type { Sha256 } from '../base/digest.ts';
import { ProblemError } from '../base/problem.ts';
import { fromIpc } from './arrow.ts';
import type { Table } from './column.ts';
import { ARROW_SCHEMA_KEY, type Footer, LOGICAL_KEY, malformed, readFooter } from './footer.ts';
import { SCHEMA_KEY, sortKeys, type TableSchema } from './schema.ts';

/** Rows decoded at a time. */
const BATCH_ROWS = 131_072;

export interface ParquetSchema {
  readonly schema: TableSchema;
  readonly rows: number;
  readonly createdBy: string | null;
  /** As the writer recorded it; null in files of other writers. */
  readonly logicalHash: Sha256 | null;
}

type Wasm = typeof parquetWasm;

let current: Wasm = parquetWasm;
/** Null after a crash. */
let loaded: Wasm | null = current;

/**
 * The codec. It loads with this module, before a worker forbids file reads; after damaged bytes have crashed an instance
 * (whose memory cannot be trusted then) the next call loads a fresh one.
 */
export function loadParquet(): Wasm {
  if (loaded !== null) return loaded;
  // Found by what it exports, so that no path of ours is asked for: a bundle and a module know their place by other means.
  const require = createRequire(process.execPath);
  const path = Object.keys(require.cache).find(
    (file) => (require.cache[file]?.exports as Partial<Wasm> | undefined)?.readParquet === current.readParquet,
  );
  if (path === undefined) throw new Error('parquet-wasm is not among the loaded modules');
  delete require.cache[path];
  current = require(path) as Wasm;
  loaded = current;
  return current;
}

/** Read a Parquet file of any writer, or its wanted columns. Throws `table/malformed` on other or damaged bytes. */
export function readParquet(bytes: Uint8Array, wanted?: (name: string) => boolean): Table {
  const footer = readFooter(bytes);
  // The codec decodes every column: its synchronous reader knows no projection.
  const table = guarded((wasm) => fromIpc(wasm.readParquet(bytes, { batchSize: BATCH_ROWS }).intoIPCStream(), wanted));
  if (table.rows !== footer.rows)
    throw malformed(`its footer counts ${footer.rows} rows, its pages hold ${table.rows}`);
  return { ...table, schema: ownSchema(table.schema, footer) };
}

/** Schema, metadata and row count, from the footer alone. Throws as `readParquet` does. */
export function readParquetSchema(bytes: Uint8Array): ParquetSchema {
  const footer = readFooter(bytes);
  const { schema } = guarded((wasm) => fromIpc(wasm.readSchema(bytes).intoIPCStream()));
  return {
    schema: ownSchema(schema, footer),
    rows: footer.rows,
    createdBy: footer.createdBy,
    logicalHash: (footer.metadata[LOGICAL_KEY] as Sha256 | undefined) ?? null,
  };
}

/** What the writer adds by itself is no metadata of the table: a table that is read and written again is the same. */
function ownSchema(schema: TableSchema, footer: Footer): TableSchema {
  const { [ARROW_SCHEMA_KEY]: _, [LOGICAL_KEY]: __, ...metadata } = footer.metadata as Record<string, string>;
  return { ...schema, id: metadata[SCHEMA_KEY] ?? '', metadata: sortKeys(metadata) };
}

/** Bytes that crash the codec are a problem of the bytes; the crashed instance is dropped. */
function guarded<T>(read: (wasm: Wasm) => T): T {
  try {
    return read(loadParquet());
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    // A trap of WebAssembly; what parquet-wasm refuses in good order is a plain Error.
    if (name === 'RuntimeError') loaded = null;
    throw malformed(name === 'RuntimeError' ? 'decoding it crashes' : message, error);
  }
}
