// The footer of a Parquet file: checked before anything trusts it, and written
// (specification: apache/parquet-format, src/main/thrift/parquet.thrift; field numbers below are its own).
import { ProblemError } from '../base/problem.ts';
import type { Field, FieldType, Metadata } from './schema.ts';
import {
  binary,
  decodeStruct,
  encoded,
  encodeStruct,
  type Fields,
  flag,
  I16,
  int32,
  int64,
  type List,
  list,
  STRUCT,
  type Struct,
  struct,
  type Typed,
  within,
} from './thrift.ts';

const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
const TAIL_BYTES = 8;

/** File metadata key of the logical hash of the rows. */
export const LOGICAL_KEY = 'marketloom:logical_sha256';
/** Where Arrow's own readers look for types and metadata of the columns. */
export const ARROW_SCHEMA_KEY = 'ARROW:schema';

const FILE = { version: 1, schema: 2, rows: 3, rowGroups: 4, metadata: 5, createdBy: 6, columnOrders: 7 } as const;
const GROUP = { columns: 1, bytes: 2, rows: 3, fileOffset: 5, compressedBytes: 6, ordinal: 7 } as const;
const CHUNK = { fileOffset: 2, meta: 3 } as const;
const META = { compressedBytes: 7, dataPage: 9, dictionaryPage: 11 } as const;

/** Parquet's numbers of the types that hold ours. */
export const PHYSICAL: Readonly<Record<FieldType, number>> = {
  bool: 0,
  date: 1,
  int32: 1,
  int64: 2,
  timestamp: 2,
  float64: 5,
  utf8: 6,
};

export interface Footer {
  readonly rows: number;
  readonly rowGroups: readonly Struct[];
  readonly metadata: Metadata;
  readonly createdBy: string | null;
}

/** Read and check the footer. Throws `table/malformed` on bytes that are no whole Parquet file. */
export function readFooter(bytes: Uint8Array): Footer {
  if (bytes.length < MAGIC.length + TAIL_BYTES || !hasMagic(bytes, 0)) throw malformed('it does not begin as one');
  if (!hasMagic(bytes, bytes.length - MAGIC.length))
    throw malformed('its end is missing or is not that of a Parquet file');
  const length = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - TAIL_BYTES).getUint32(0, true);
  const start = bytes.length - TAIL_BYTES - length;
  if (start < MAGIC.length) throw malformed(`its footer claims ${length} bytes, more than the file has`);
  let footer: Struct;
  try {
    footer = decodeStruct(bytes.subarray(start, start + length));
  } catch (error) {
    throw malformed(`its footer cannot be read (${(error as Error).message})`, error);
  }
  const rowGroups = structs(footer, FILE.rowGroups);
  const rows = integer(footer, FILE.rows);
  const sum = rowGroups.reduce((total, group) => total + integer(group, GROUP.rows), 0);
  if (sum !== rows) throw malformed(`its footer counts ${rows} rows, its row groups ${sum}`);
  for (const group of rowGroups) {
    for (const chunk of structs(group, GROUP.columns)) {
      // A row group without rows has no pages, and then no offsets worth the name.
      if (integer(group, GROUP.rows) === 0) continue;
      const { from, to } = extent(chunk);
      if (from < MAGIC.length || to < from || to > start) throw malformed('a column lies outside the file');
    }
  }
  return { rows, rowGroups, metadata: readMetadata(footer), createdBy: text(footer, FILE.createdBy) };
}

export interface RowGroup {
  readonly rows: number;
  /** Where its first page lies, and the bytes of all of them as they are and as they were. */
  readonly offset: number;
  readonly bytes: number;
  readonly uncompressed: number;
  /** ColumnMetaData of each column. */
  readonly columns: readonly Fields[];
}

/** Footer, its length and the closing magic. */
export function writeFooter(
  fields: readonly Field[],
  rowGroups: readonly RowGroup[],
  metadata: Metadata,
  createdBy: string,
): Uint8Array {
  const groups = rowGroups.map(({ rows, offset, bytes, uncompressed, columns }, ordinal) =>
    struct(
      [
        GROUP.columns,
        list(columns.map((meta) => within(struct([CHUNK.fileOffset, int64(0)], [CHUNK.meta, within(meta)])))),
      ],
      [GROUP.bytes, int64(uncompressed)],
      [GROUP.rows, int64(rows)],
      [GROUP.fileOffset, int64(offset)],
      [GROUP.compressedBytes, int64(bytes)],
      [GROUP.ordinal, { type: I16, value: ordinal }],
    ),
  );
  const entries = Object.entries(metadata).map(([key, value]) => within(struct([1, binary(key)], [2, binary(value)])));
  const said = told(fields);
  const body = encodeStruct(
    struct(
      [FILE.version, int32(2)],
      [FILE.schema, said.schema],
      [FILE.rows, int64(rowGroups.reduce((total, { rows }) => total + rows, 0))],
      [FILE.rowGroups, list(groups.map(within), STRUCT)],
      [FILE.metadata, list(entries, STRUCT)],
      [FILE.createdBy, binary(createdBy)],
      [FILE.columnOrders, said.orders],
    ),
  );
  const file = new Uint8Array(body.length + TAIL_BYTES);
  file.set(body);
  new DataView(file.buffer).setUint32(body.length, body.length, true);
  file.set(MAGIC, body.length + 4);
  return file;
}

interface Told {
  readonly schema: Typed;
  readonly orders: Typed;
}
const known = new WeakMap<readonly Field[], Told>();

/** What a footer says of the fields, encoded once for all files that have them. */
function told(fields: readonly Field[]): Told {
  let said = known.get(fields);
  if (said === undefined) {
    const root = struct([4, binary('schema')], [5, int32(fields.length)]);
    const ordered = within(struct([1, within(struct())]));
    said = {
      schema: encoded(list([root, ...fields.map(schemaElement)].map(within))),
      orders: encoded(list(fields.map(() => ordered))),
    };
    known.set(fields, said);
  }
  return said;
}

/** Physical type, and the converted and logical type where there is one. */
function schemaElement({ name, type, nullable }: Field): Fields {
  const none = within(struct());
  const told: Readonly<Partial<Record<FieldType, readonly [number, Typed]>>> = {
    utf8: [0, within(struct([1, none]))],
    date: [6, within(struct([6, none]))],
    timestamp: [10, within(struct([8, within(struct([1, flag(true)], [2, within(struct([2, none]))]))]))],
  };
  const [converted, logical] = told[type] ?? [];
  return struct(
    [1, int32(PHYSICAL[type])],
    [3, int32(nullable ? 1 : 0)],
    [4, binary(name)],
    ...(converted === undefined ? [] : [[6, int32(converted)] as const, [10, logical!] as const]),
  );
}

/** The four bytes a Parquet file begins with. */
export function openingMagic(): Uint8Array {
  return MAGIC.slice();
}

/** The problem of bytes that are not a Parquet file we can read. */
export function malformed(why: string, cause?: unknown): ProblemError {
  return new ProblemError({ code: 'table/malformed', message: `not a readable Parquet file: ${why}` }, { cause });
}

function extent(chunk: Struct): { from: number; to: number } {
  const meta = metaOf(chunk);
  const dictionary = meta.has(META.dictionaryPage) ? integer(meta, META.dictionaryPage) : 0;
  const data = integer(meta, META.dataPage);
  // Some writers put 0 for "no dictionary page".
  const from = dictionary > 0 ? Math.min(dictionary, data) : data;
  return { from, to: from + integer(meta, META.compressedBytes) };
}

function metaOf(chunk: Struct): Struct {
  const meta = chunk.get(CHUNK.meta)?.value;
  if (!(meta instanceof Map)) throw malformed('a column has no description');
  return meta;
}

function readMetadata(footer: Struct): Metadata {
  const pairs = structs(footer, FILE.metadata).map((entry) => [text(entry, 1) ?? '', text(entry, 2) ?? ''] as const);
  return Object.fromEntries(pairs);
}

function structs(of: Struct, id: number): readonly Struct[] {
  const value = of.get(id)?.value;
  if (value === undefined) return [];
  const { items } = value as List;
  if (!Array.isArray(items) || !items.every((item) => item instanceof Map))
    throw malformed(`field ${id} is no list of structs`);
  return items as Struct[];
}

function integer(of: Struct, id: number): number {
  const value = of.get(id)?.value;
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw malformed(`field ${id} of its footer is no count or offset`);
  return Number(value);
}

function text(of: Struct, id: number): string | null {
  const value = of.get(id)?.value;
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : null;
}

function hasMagic(bytes: Uint8Array, at: number): boolean {
  return MAGIC.every((byte, i) => bytes[at + i] === byte);
}
