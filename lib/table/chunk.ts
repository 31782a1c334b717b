// One column of one row group as Parquet's pages: which encoding its values take, how they are compressed, what is said of them
// (specification: apache/parquet-format, README and parquet.thrift; field numbers are its own).
import type { Column, Values } from './column.ts';
import {
  delta,
  deltaTakes,
  dictionaryOf,
  dictionaryOfTexts,
  hybrid,
  type NumberRange,
  rangeOf,
  runsOf,
  splitStreams,
  widthOf,
} from './encoding.ts';
import { PHYSICAL } from './footer.ts';
import { bytesOf, plainFlags, plainLongs, plainTexts } from './plain.ts';
import type { Field, FieldType } from './schema.ts';
import { binary, encodeStruct, type Fields, flag, int32, int64, list, struct, type Typed, within } from './thrift.ts';
import { type Look, zstd } from './zstd.ts';

/** Rows of a page; a plane of eight-byte values then is one block of Zstandard. */
const PAGE_ROWS = 131_072;
/** Bits a price rounded to ticks takes without a dictionary, and its share of a sorted dictionary. */
const TICK_BITS = 24;

const PLAIN = 0;
const RLE = 3;
const DELTA_BINARY_PACKED = 5;
const RLE_DICTIONARY = 8;
const BYTE_STREAM_SPLIT = 9;
const ZSTD = 6;
const DICTIONARY_PAGE = 2;
const DATA_PAGE_V2 = 3;

export interface Chunk {
  readonly uncompressed: number;
  /** ColumnMetaData when the first page lies at this offset of the file. */
  meta(offset: number): Fields;
}

interface Layout {
  /** The least and the most value; null when there is none, or none worth telling. */
  readonly range: Range | null;
  readonly encoding: number;
  readonly look: Look;
  /** PLAIN values of the dictionary, and how many. */
  readonly dictionary: { readonly bytes: Uint8Array; readonly size: number; readonly look: Look } | null;
  /** The bytes of some values of the chunk. */
  page(from: number, to: number): Uint8Array;
}

const NOTHING = new Uint8Array(0);
const BYTES: Look = { kind: 'bytes' };
const RECORDS: Look = { kind: 'records' };

/** Integers as doubles, until the next column: one kind of array makes one kind of loop. */
let doublesOf = new Float64Array(0);
function widened(values: Int32Array): Float64Array {
  if (doublesOf.length < values.length) doublesOf = new Float64Array(values.length);
  const wide = doublesOf.subarray(0, values.length);
  wide.set(values);
  return wide;
}

/**
 * The pages of a column chunk with their headers, to `emit`, who copies them; values that are not there take no place in them.
 */
export function encodeChunk(field: Field, column: Column, emit: (bytes: Uint8Array) => void): Chunk {
  const rows = column.values.length;
  const there = column.valid === null ? column.values : present(column.values, column.valid);
  const values = there instanceof Int32Array ? widened(there) : there;
  const layout = layoutOf(field.type, values);
  let bytes = 0;
  let uncompressed = 0;
  const add = (header: Fields, ...bodies: readonly Uint8Array[]) => {
    for (const part of [encodeStruct(header), ...bodies]) {
      emit(part);
      bytes += part.length;
    }
  };
  const { dictionary } = layout;
  if (dictionary !== null) {
    const body = zstd(dictionary.bytes, dictionary.look);
    const facts = struct([1, int32(dictionary.size)], [2, int32(PLAIN)], [3, flag(true)]);
    add(pageHeader(DICTIONARY_PAGE, dictionary.bytes.length, body.length, 7, facts), body);
    uncompressed += bytes + dictionary.bytes.length - body.length;
  }
  const dataOffset = bytes;
  for (let from = 0, at = 0; from < rows; from += PAGE_ROWS) {
    const to = Math.min(rows, from + PAGE_ROWS);
    const valid = column.valid?.subarray(from, to) ?? null;
    const count = valid === null ? to - from : countOf(valid);
    const levels = field.nullable ? levelsOf(valid, count) : NOTHING;
    const plain = layout.page(at, at + count);
    const packed = plain.length === 0 ? plain : zstd(plain, layout.look);
    const smaller = packed.length < plain.length;
    const body = smaller ? packed : plain;
    const facts = struct(
      [1, int32(to - from)],
      [2, int32(to - from - count)],
      [3, int32(to - from)],
      [4, int32(layout.encoding)],
      [5, int32(levels.length)],
      [6, int32(0)],
      [7, flag(smaller)],
    );
    const before = bytes;
    add(pageHeader(DATA_PAGE_V2, levels.length + plain.length, levels.length + body.length, 8, facts), levels, body);
    uncompressed += bytes - before + plain.length - body.length;
    at += count;
  }
  const encodings = [layout.encoding, ...(dictionary === null ? [] : [PLAIN]), ...(field.nullable ? [RLE] : [])];
  const meta = (offset: number) =>
    struct(
      [1, int32(PHYSICAL[field.type])],
      [2, list(encodings.map(int32))],
      [3, list([binary(field.name)])],
      [4, int32(ZSTD)],
      [5, int64(rows)],
      [6, int64(uncompressed)],
      [7, int64(bytes)],
      [9, int64(offset + dataOffset)],
      ...(dictionary === null ? [] : [[11, int64(offset)] as const]),
      [12, statistics(field.type, layout.range, rows - values.length)],
    );
  return { uncompressed, meta };
}

function pageHeader(type: number, plain: number, packed: number, id: number, facts: Fields): Fields {
  return struct([1, int32(type)], [2, int32(plain)], [3, int32(packed)], [id, within(facts)]);
}

/** What takes least room for these values, found without trying all. */
function layoutOf(type: FieldType, values: Values): Layout {
  if (values.length === 0) return plain(null, () => NOTHING);
  if (type === 'utf8') return texts(values as readonly string[]);
  if (type === 'bool') return flags(values as Uint8Array);
  const range = rangeOf(values as Float64Array);
  if (type === 'float64') return doubles(values as Float64Array, range);
  return integers(values as Float64Array, range, PHYSICAL[type] === PHYSICAL.int64);
}

function plain(range: Range | null, page: Layout['page'], look = BYTES): Layout {
  return { range, encoding: PLAIN, look, dictionary: null, page };
}

function indexed(range: Range | null, bytes: Uint8Array, size: number, places: Uint32Array, look = BYTES): Layout {
  const width = widthOf(size);
  const page = (from: number, to: number) => {
    const packed = hybrid(places.subarray(from, to), width);
    const body = new Uint8Array(1 + packed.length);
    body[0] = width;
    body.set(packed, 1);
    return body;
  };
  return { range, encoding: RLE_DICTIONARY, look: BYTES, dictionary: { bytes, size, look }, page };
}

/**
 * Prices that come again and again take a dictionary; other prices in ticks repeat the low bytes of one another, which matches
 * find in plain values; whatever else is measured or drawn is split into planes.
 */
function doubles(values: Float64Array, range: Range): Layout {
  const n = values.length;
  const found = dictionaryOf(values);
  if (found !== null) {
    const size = found.values.length;
    if (TICK_BITS * size + widthOf(size) * n <= TICK_BITS * n)
      return indexed(range, bytesOf(found.values), size, found.places, RECORDS);
  }
  if (repeats(values)) return plain(range, (from, to) => bytesOf(values.subarray(from, to)), RECORDS);
  const look: Look = { kind: 'planes', block: Math.min(n, PAGE_ROWS) };
  const page = (from: number, to: number) => splitStreams(values.subarray(from, to));
  return { range, encoding: BYTE_STREAM_SPLIT, look, dictionary: null, page };
}

const recent = new Int32Array(4096);

/** Whether a third of the first values have low words that others had just before, as values in ticks do. */
function repeats(values: Float64Array): boolean {
  const some = values.subarray(0, 1024);
  const words = new Int32Array(some.buffer, some.byteOffset, 2 * some.length);
  recent.fill(0);
  let hits = 0;
  for (let row = 0; row < some.length; row++) {
    const low = words[2 * row]!;
    const slot = Math.imul(low, 0x9e3779b1) >>> 20;
    if (recent[slot] === low) hits++;
    recent[slot] = low;
  }
  return 3 * hits > some.length;
}

/** Integers in long runs, as days of intraday bars, take a dictionary; others their differences where these can be told. */
function integers(values: Float64Array, range: NumberRange, wide: boolean): Layout {
  const plainOf = (some: Float64Array) => (wide ? plainLongs(some) : bytesOf(Int32Array.from(some)));
  if (16 * runsOf(values) < values.length) {
    const found = dictionaryOf(values);
    if (found !== null)
      return indexed(range, plainOf(found.values), found.values.length, found.places, wide ? RECORDS : BYTES);
  }
  if (deltaTakes(range.least, range.most, wide)) {
    const page = (from: number, to: number) => delta(values.subarray(from, to));
    return { range, encoding: DELTA_BINARY_PACKED, look: BYTES, dictionary: null, page };
  }
  return plain(range, (from, to) => plainOf(values.subarray(from, to)));
}

function flags(values: Uint8Array): Layout {
  const range = { least: values.includes(0) ? 0 : 1, most: values.includes(1) ? 1 : 0 };
  return plain(range, (from, to) => plainFlags(values.subarray(from, to)));
}

function texts(values: readonly string[]): Layout {
  const found = dictionaryOfTexts(values);
  if (found !== null) {
    const range = rangeOfTexts(found.values[0]!, found.values.at(-1)!);
    return indexed(range, plainTexts(found.values), found.values.length, found.places);
  }
  const encoded = values.map((one) => Buffer.from(one));
  const [least, ...others] = encoded;
  const ends = others.reduce(
    ([low, high], one) =>
      [Buffer.compare(one, low) < 0 ? one : low, Buffer.compare(one, high) > 0 ? one : high] as const,
    [least!, least!] as const,
  );
  return plain(rangeOfTexts(...ends), (from, to) => plainTexts(encoded.slice(from, to)));
}

type Range = NumberRange | { readonly least: Uint8Array; readonly most: Uint8Array };

/** Longer texts are not put into the footer. */
const MOST_TEXT = 64;

function rangeOfTexts(least: Uint8Array, most: Uint8Array): Range | null {
  return Math.max(least.length, most.length) > MOST_TEXT ? null : { least, most };
}

function statistics(type: FieldType, range: Range | null, nulls: number): Typed {
  const bytes = (value: number | Uint8Array, isLeast: boolean): Uint8Array => {
    if (typeof value !== 'number') return value;
    if (type === 'bool') return Uint8Array.of(value);
    if (type === 'date' || type === 'int32') return bytesOf(Int32Array.of(value));
    if (type !== 'float64') return plainLongs(Float64Array.of(value));
    // A reader that takes -0 for 0 must find both.
    return bytesOf(Float64Array.of(value !== 0 ? value : isLeast ? -0 : 0));
  };
  const ends =
    range === null
      ? []
      : ([
          [5, binary(bytes(range.most, false))],
          [6, binary(bytes(range.least, true))],
          [7, flag(true)],
          [8, flag(true)],
        ] as const);
  return within(struct([3, int64(nulls)], ...ends));
}

/** Definition levels: which rows have a value. */
function levelsOf(valid: Uint8Array | null, count: number): Uint8Array {
  return hybrid(valid === null ? new Uint32Array(count).fill(1) : Uint32Array.from(valid), 1).slice();
}

function countOf(valid: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < valid.length; row++) if (valid[row] !== 0) count++;
  return count;
}

/** The values that are there, close together. */
function present(values: Values, valid: Uint8Array): Values {
  const keep = (_: unknown, row: number) => valid[row] !== 0;
  return ArrayBuffer.isView(values) ? (values as Float64Array).filter(keep) : values.filter(keep);
}
