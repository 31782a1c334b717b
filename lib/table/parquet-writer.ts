// Tables as Parquet bytes: row group by row group, so memory is bounded by one of them and bytes do not depend on how the
// rows arrived. Nothing here is another's code, so no upgrade changes a byte.
import type { Sha256 } from '../base/digest.ts';
import { schemaMessage } from './arrow-schema.ts';
import { encodeChunk } from './chunk.ts';
import { checkValues, gather, makeTable, sliceTable, type Table } from './column.ts';
import { ARROW_SCHEMA_KEY, LOGICAL_KEY, openingMagic, type RowGroup, writeFooter } from './footer.ts';
import { logicalHasher } from './logical.ts';
import { SCHEMA_KEY, sortKeys, type TableSchema } from './schema.ts';

/** Rows of a row group unless asked otherwise; part of the bytes, so it does not depend on the machine. */
export const ROW_GROUP_ROWS = 131_072;
/** Names the writer, not its version: another release that writes the same must not change the bytes. */
const CREATED_BY = 'marketloom';

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

/** One Parquet file: see `encodeChunk` for how columns are laid out; zstd, statistics per row group. */
export function writeParquet(table: Table, options: ParquetOptions = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = openParquet(table.schema, options, (bytes) => parts.push(bytes));
  writer.write(table);
  writer.close();
  return joined(parts);
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
  const rowGroups: RowGroup[] = [];
  const waiting = gather(schema, full);
  let rows = 0;
  let offset = 0;
  /** Bytes not handed out yet: small files leave in one piece. */
  let held = spare.pop() ?? new Uint8Array(1 << 16);
  let handed = 0;

  const emit = (part: Uint8Array): void => {
    const at = offset - handed;
    offset += part.length;
    if (offset - handed > held.length) {
      const wider = new Uint8Array(2 * (offset - handed));
      wider.set(held.subarray(0, at));
      held = wider;
    }
    held.set(part, at);
  };
  const handOut = (): void => {
    sink(held.slice(0, offset - handed));
    handed = offset;
  };
  const flush = (group: Table): void => {
    const start = offset;
    let uncompressed = 0;
    const columns = schema.fields.map((field) => {
      const begun = offset;
      const chunk = encodeChunk(field, group.columns[field.name]!, emit);
      uncompressed += chunk.uncompressed;
      return chunk.meta(begun);
    });
    rowGroups.push({ rows: group.rows, offset: start, bytes: offset - start, uncompressed, columns });
    rows += group.rows;
  };

  emit(openingMagic());
  return {
    write(table) {
      const own = table.schema === schema ? table : makeTable(schema, table.columns);
      checkValues(own);
      for (let from = 0; from < own.rows; ) {
        const to = Math.min(own.rows, from + full - waiting.rows());
        waiting.add(sliceTable(own, from, to));
        if (waiting.rows() === full) {
          const group = waiting.take();
          hasher.update(group);
          flush(group);
          handOut();
        }
        from = to;
      }
    },
    close() {
      const last = waiting.rows() > 0 ? waiting.take() : undefined;
      const logicalHash = hasher.digest(last);
      if (last !== undefined) flush(last);
      const metadata = sortKeys({
        ...schema.metadata,
        [SCHEMA_KEY]: schema.id,
        [LOGICAL_KEY]: logicalHash,
        [ARROW_SCHEMA_KEY]: arrowSchema(schema),
      });
      emit(writeFooter(schema.fields, rowGroups, metadata, CREATED_BY));
      handOut();
      waiting.end();
      if (spare.length < MOST_SPARE) spare.push(held);
      return { rows, bytes: offset, logicalHash };
    },
  };
}

/** Memory of files that are closed: fresh memory costs more than the copy into it. */
const spare: Uint8Array[] = [];
const MOST_SPARE = 4;

const messages = new WeakMap<TableSchema, string>();

/** The schema as Arrow's readers want it; the files of a stage share few. */
function arrowSchema(schema: TableSchema): string {
  let message = messages.get(schema);
  if (message === undefined) {
    message = Buffer.from(schemaMessage(schema)).toString('base64');
    messages.set(schema, message);
  }
  return message;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
