// Tables to and from Parquet bytes; the only door of the package `parquet-wasm`.
// Each row group is encoded on its own and the footer is ours, so memory is bounded by one row group, bytes do not depend
// on how the rows arrived, and no order that the codec keeps inside (its maps are hash maps) can reach the file.
import { createRequire } from 'node:module';
import * as parquetWasm from 'parquet-wasm';
import type { Sha256 } from '../base/digest.ts';
import { ProblemError } from '../base/problem.ts';
import { fromIpc, schemaMessage, toIpc } from './arrow.ts';
import { checkValues, joinTables, makeTable, sliceTable, type Table } from './column.ts';
import { type Footer, malformed, moveRowGroup, openingMagic, pagesOf, readFooter, writeFooter } from './footer.ts';
import { logicalHasher } from './logical.ts';
import { type FieldType, SCHEMA_KEY, sortKeys, type TableSchema } from './schema.ts';

/** Rows of a row group unless asked otherwise; part of the bytes, so it does not depend on the machine. */
export const ROW_GROUP_ROWS = 131_072;
/** File metadata key of the logical hash of the rows. */
export const LOGICAL_KEY = 'marketloom:logical_sha256';
/** Names the writer, not its version: another release that writes the same must not change the bytes. */
const CREATED_BY = 'marketloom';
const ARROW_SCHEMA_KEY = 'ARROW:schema';

export interface ParquetOptions {
  readonly rowGroupRows?: number;
}

export interface ParquetSummary {
  readonly rows: number;
  readonly bytes: number;
  readonly logicalHash: Sha256;
}

export interface ParquetWriter {
  /** Append rows of the schema. Throws `table/malformed` on values that may not leave; the file must then be thrown away. */
  write(table: Table): void;
  /** Write the last rows and the footer. */
  close(): ParquetSummary;
}

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

/** One Parquet file: zstd 1, BYTE_STREAM_SPLIT floats, DELTA_BINARY_PACKED integers, dictionary text, statistics per row group. */
export function writeParquet(table: Table, options: ParquetOptions = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = openParquet(table.schema, options, (bytes) => parts.push(bytes));
  writer.write(table);
  writer.close();
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** A writer that hands out each row group as soon as it is full: the bytes are those of `writeParquet` of all rows at once. */
export function openParquet(
  schema: TableSchema,
  options: ParquetOptions,
  sink: (bytes: Uint8Array) => void,
): ParquetWriter {
  const full = options.rowGroupRows ?? ROW_GROUP_ROWS;
  if (!Number.isInteger(full) || full < 1) throw new TypeError(`a row group of ${full} rows`);
  const hasher = logicalHasher(schema.fields);
  const rowGroups: ReturnType<typeof moveRowGroup>[] = [];
  let like: Footer | null = null;
  let waiting: Table[] = [];
  let waitingRows = 0;
  let rows = 0;
  let offset = 0;

  const emit = (bytes: Uint8Array): void => {
    offset += bytes.length;
    sink(bytes);
  };
  const flush = (): void => {
    const group = waiting.length === 1 ? waiting[0]! : joinTables(schema, waiting);
    hasher.update(group);
    const file = encode(group);
    like = readFooter(file);
    if (like.rowGroups.length > 1) throw new Error('the codec split a row group');
    const pages = group.rows === 0 ? null : pagesOf(file, like);
    if (pages !== null) {
      rowGroups.push(moveRowGroup(like.rowGroups[0]!, offset - openingMagic().length, rowGroups.length));
      emit(pages);
    }
    rows += group.rows;
    waiting = [];
    waitingRows = 0;
  };

  emit(openingMagic());
  return {
    write(table) {
      const own = makeTable(schema, table.columns);
      checkValues(own);
      for (let from = 0; from < own.rows; ) {
        const to = Math.min(own.rows, from + full - waitingRows);
        waiting.push(sliceTable(own, from, to));
        waitingRows += to - from;
        if (waitingRows === full) flush();
        from = to;
      }
      // The rows that wait are copied: the caller may fill the same arrays again.
      if (waiting.length > 0) waiting.push(joinTables(schema, [waiting.pop()!]));
    },
    close() {
      if (waitingRows > 0 || like === null) flush();
      const logicalHash = hasher.digest();
      const metadata = sortKeys({
        ...schema.metadata,
        [SCHEMA_KEY]: schema.id,
        [LOGICAL_KEY]: logicalHash,
        [ARROW_SCHEMA_KEY]: Buffer.from(schemaMessage(schema)).toString('base64'),
      });
      emit(writeFooter(like!, rowGroups, metadata, CREATED_BY));
      return { rows, bytes: offset, logicalHash };
    },
  };
}

/** Read a Parquet file of any writer, or its wanted columns. Throws `table/malformed` on other or damaged bytes. */
export function readParquet(bytes: Uint8Array, wanted?: (name: string) => boolean): Table {
  const footer = readFooter(bytes);
  // The codec decodes every column: its synchronous reader knows no projection.
  const table = guarded((wasm) =>
    fromIpc(wasm.readParquet(bytes, { batchSize: ROW_GROUP_ROWS }).intoIPCStream(), wanted),
  );
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

/** A whole Parquet file of one row group, or of none when there are no rows. */
function encode(table: Table): Uint8Array {
  const wasm = loadParquet();
  const properties = table.schema.fields.reduce(
    (builder, { name, type }) => {
      const { dictionary, encoding } = LAYOUT[type];
      const next = builder.setColumnDictionaryEnabled(name, dictionary);
      return encoding === null ? next : next.setColumnEncoding(name, wasm.Encoding[encoding]);
    },
    new wasm.WriterPropertiesBuilder()
      .setCompression(wasm.Compression.ZSTD)
      .setStatisticsEnabled(wasm.EnabledStatistics.Chunk)
      .setMaxRowGroupSize(Math.max(1, table.rows)),
  );
  return wasm.writeParquet(wasm.Table.fromIPCStream(toIpc(table)), properties.build());
}

const DELTA = { dictionary: false, encoding: 'DELTA_BINARY_PACKED' } as const;

const LAYOUT: Readonly<
  Record<FieldType, { dictionary: boolean; encoding: 'DELTA_BINARY_PACKED' | 'BYTE_STREAM_SPLIT' | 'PLAIN' | null }>
> = {
  date: DELTA,
  timestamp: DELTA,
  int64: DELTA,
  int32: DELTA,
  float64: { dictionary: false, encoding: 'BYTE_STREAM_SPLIT' },
  utf8: { dictionary: true, encoding: null },
  bool: { dictionary: false, encoding: 'PLAIN' },
};
