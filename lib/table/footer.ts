// The footer of a Parquet file: checked before anything trusts it, and rebuilt when row groups are put together
// (specification: apache/parquet-format, src/main/thrift/parquet.thrift; field numbers below are its own).
import { ProblemError } from '../base/problem.ts';
import type { Metadata } from './schema.ts';
import { BINARY, decodeStruct, encodeStruct, I16, I32, I64, LIST, type List, STRUCT, type Struct } from './thrift.ts';

const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
const TAIL_BYTES = 8;

const FILE = { version: 1, schema: 2, rows: 3, rowGroups: 4, metadata: 5, createdBy: 6, columnOrders: 7 } as const;
const GROUP = { columns: 1, bytes: 2, rows: 3, fileOffset: 5, compressedBytes: 6, ordinal: 7 } as const;
const CHUNK = { fileOffset: 2, meta: 3, firstIndex: 4, lastIndex: 7 } as const;
const META = {
  compressedBytes: 7,
  dataPage: 9,
  indexPage: 10,
  dictionaryPage: 11,
  bloomOffset: 14,
  bloomBytes: 15,
} as const;

export interface Footer {
  readonly rows: number;
  readonly rowGroups: readonly Struct[];
  readonly metadata: Metadata;
  readonly createdBy: string | null;
  /** As decoded, for the parts that are carried over untouched. */
  readonly struct: Struct;
}

/** Read and check the footer. Throws `table/malformed` on bytes that are no whole Parquet file. */
export function readFooter(bytes: Uint8Array): Footer {
  if (bytes.length < MAGIC.length + TAIL_BYTES || !hasMagic(bytes, 0)) throw malformed('it does not begin as one');
  if (!hasMagic(bytes, bytes.length - MAGIC.length))
    throw malformed('its end is missing or is not that of a Parquet file');
  const length = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - TAIL_BYTES).getUint32(0, true);
  const start = bytes.length - TAIL_BYTES - length;
  if (start < MAGIC.length) throw malformed(`its footer claims ${length} bytes, more than the file has`);
  let struct: Struct;
  try {
    struct = decodeStruct(bytes.subarray(start, start + length));
  } catch (error) {
    throw malformed(`its footer cannot be read (${(error as Error).message})`, error);
  }
  const rowGroups = structs(struct, FILE.rowGroups);
  const rows = integer(struct, FILE.rows);
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
  return { rows, rowGroups, metadata: readMetadata(struct), createdBy: text(struct, FILE.createdBy), struct };
}

/** The bytes of the first row group's pages, where a file of one row group keeps them: right after the magic. */
export function pagesOf(file: Uint8Array, footer: Footer): Uint8Array {
  let end = MAGIC.length;
  for (const chunk of structs(footer.rowGroups[0]!, GROUP.columns)) end = Math.max(end, extent(chunk).to);
  return file.subarray(MAGIC.length, end);
}

/** A row group that says it begins `shift` bytes further on; page indexes stay behind with the file it came from. */
export function moveRowGroup(group: Struct, shift: number, ordinal: number): Struct {
  const columns = structs(group, GROUP.columns).map((chunk) => {
    const moved: Struct = new Map([...chunk].filter(([id]) => id < CHUNK.firstIndex || id > CHUNK.lastIndex));
    moved.set(CHUNK.fileOffset, { type: I64, value: 0n });
    const meta: Struct = new Map(metaOf(chunk));
    for (const id of [META.dataPage, META.indexPage, META.dictionaryPage])
      if (meta.has(id)) meta.set(id, { type: I64, value: BigInt(integer(meta, id) + shift) });
    meta.delete(META.bloomOffset);
    meta.delete(META.bloomBytes);
    return moved.set(CHUNK.meta, { type: STRUCT, value: meta });
  });
  const moved: Struct = new Map(group);
  moved.set(GROUP.columns, { type: LIST, value: { element: STRUCT, items: columns } });
  moved.set(GROUP.ordinal, { type: I16, value: BigInt(ordinal) });
  if (moved.has(GROUP.fileOffset))
    moved.set(GROUP.fileOffset, { type: I64, value: BigInt(integer(group, GROUP.fileOffset) + shift) });
  return moved;
}

/** Footer, its length and the closing magic for row groups that lie where they say; `like` lends schema and column orders. */
export function writeFooter(
  like: Footer,
  rowGroups: readonly Struct[],
  metadata: Metadata,
  createdBy: string,
): Uint8Array {
  const rows = rowGroups.reduce((total, group) => total + integer(group, GROUP.rows), 0);
  const entries = Object.entries(metadata).map(
    ([key, value]): Struct =>
      new Map([
        [1, { type: BINARY, value: Buffer.from(key) }],
        [2, { type: BINARY, value: Buffer.from(value) }],
      ]),
  );
  const struct: Struct = new Map(like.struct);
  struct.set(FILE.version, { type: I32, value: 1n });
  struct.set(FILE.rows, { type: I64, value: BigInt(rows) });
  struct.set(FILE.rowGroups, { type: LIST, value: { element: STRUCT, items: [...rowGroups] } });
  struct.set(FILE.metadata, { type: LIST, value: { element: STRUCT, items: entries } });
  struct.set(FILE.createdBy, { type: BINARY, value: Buffer.from(createdBy) });
  const body = encodeStruct(struct);
  const file = new Uint8Array(body.length + TAIL_BYTES);
  file.set(body);
  new DataView(file.buffer).setUint32(body.length, body.length, true);
  file.set(MAGIC, body.length + 4);
  return file;
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

function readMetadata(struct: Struct): Metadata {
  const pairs = structs(struct, FILE.metadata).map((entry) => [text(entry, 1) ?? '', text(entry, 2) ?? ''] as const);
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
