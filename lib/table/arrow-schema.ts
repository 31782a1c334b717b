// The schema message that Parquet files carry for Arrow's readers, without loading Arrow: its bytes are those apache-arrow writes
// (specifications: apache/arrow, format/Schema.fbs and Message.fbs; google/flatbuffers, internals: built from the end to the start).
import { type Field, type FieldType, type Metadata, sortKeys, type TableSchema } from './schema.ts';

const V5 = 4;
const SCHEMA_HEADER = 1;
/** Type ids of Schema.fbs. */
const TYPE: Readonly<Record<FieldType, number>> = {
  int64: 2,
  int32: 2,
  float64: 3,
  utf8: 5,
  bool: 6,
  date: 8,
  timestamp: 10,
};
const DOUBLE = 2;
const MICROSECOND = 2;

/** A field of a table: its bytes (1, 2, 4 or 8) and value, or an offset; null where it is left out as the default. */
type Slot = readonly [size: 1 | 2 | 4 | 8 | 'offset', value: number] | null;

/** Encapsulated: a marker, the length, the message, zeros up to a multiple of eight. */
export function schemaMessage({ fields, metadata }: TableSchema): Uint8Array {
  const build = new Builder();
  const all = build.vector(fields.map((field) => fieldOf(build, field)));
  const custom = keyValues(build, metadata);
  const schema = build.table([null, ['offset', all], custom], [1, 2]);
  const message = build.table([[2, V5], [1, SCHEMA_HEADER], ['offset', schema], null], [0, 2, 1]);
  const body = build.finish(message);
  const size = 8 * Math.ceil(body.length / 8);
  const bytes = new Uint8Array(8 + size);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, -1, true);
  view.setInt32(4, size, true);
  bytes.set(body, 8);
  return bytes;
}

/** Field: name, nullable, type id, type, dictionary, children, metadata; in the order apache-arrow writes them. */
function fieldOf(build: Builder, { name, type, nullable, metadata = {} }: Field): number {
  const kind = typeOf(build, type);
  const children = build.vector([]);
  const custom = keyValues(build, metadata);
  const named: Slot = name === '' ? null : ['offset', build.text(name)];
  const slots: Slot[] = [
    named,
    nullable ? [1, 1] : null,
    [1, TYPE[type]],
    ['offset', kind],
    null,
    ['offset', children],
    custom,
  ];
  return build.table(slots, [3, 2, 5, 1, 0, 6]);
}

function typeOf(build: Builder, type: FieldType): number {
  switch (type) {
    case 'int32':
    case 'int64':
      return build.table(
        [
          [4, type === 'int32' ? 32 : 64],
          [1, 1],
        ],
        [0, 1],
      );
    case 'float64':
      return build.table([[2, DOUBLE]], [0]);
    case 'date':
      // Days are not the default.
      return build.table([[2, 0]], [0]);
    case 'timestamp': {
      const zone = build.text('UTC');
      return build.table(
        [
          [2, MICROSECOND],
          ['offset', zone],
        ],
        [0, 1],
      );
    }
    default:
      return build.table([], []);
  }
}

function keyValues(build: Builder, metadata: Metadata): Slot {
  const pairs = Object.entries(sortKeys(metadata)).map(([key, value]) => {
    const [k, v] = [build.text(key), build.text(value)];
    return build.table(
      [
        ['offset', k],
        ['offset', v],
      ],
      [0, 1],
    );
  });
  return pairs.length === 0 ? null : ['offset', build.vector(pairs)];
}

/** What is built lies at the end of the buffer; offsets count from there. */
class Builder {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #widest = 1;
  readonly #shapes: number[] = [];

  /** Zeros, so that after `more` bytes something of this size is aligned; and room for both. */
  #align(size: number, more = 0): void {
    this.#widest = Math.max(this.#widest, size);
    const padding = -(this.#used + more) & (size - 1);
    while (this.#bytes.length < this.#used + padding + size + more) {
      const wider = new Uint8Array(2 * this.#bytes.length);
      wider.set(this.#bytes, this.#bytes.length);
      this.#bytes = wider;
      this.#view = new DataView(wider.buffer);
    }
    // A row of something that was taken back may lie there.
    this.#bytes.fill(0, this.#bytes.length - this.#used - padding, this.#bytes.length - this.#used);
    this.#used += padding;
  }

  #put(size: 1 | 2 | 4 | 8, value: number): void {
    this.#align(size);
    this.#used += size;
    const at = this.#bytes.length - this.#used;
    if (size === 1) this.#view.setInt8(at, value);
    else if (size === 2) this.#view.setInt16(at, value, true);
    else if (size === 4) this.#view.setInt32(at, value, true);
    else this.#view.setBigInt64(at, BigInt(value), true);
  }

  #offset(to: number): void {
    this.#align(4);
    this.#put(4, this.#used - to + 4);
  }

  text(text: string): number {
    const bytes = Buffer.from(text);
    this.#put(1, 0);
    this.#align(4, bytes.length);
    this.#used += bytes.length;
    this.#bytes.set(bytes, this.#bytes.length - this.#used);
    this.#put(4, bytes.length);
    return this.#used;
  }

  /** Of offsets. */
  vector(offsets: readonly number[]): number {
    this.#align(4, 4 * offsets.length);
    for (const offset of offsets.toReversed()) this.#offset(offset);
    this.#put(4, offsets.length);
    return this.#used;
  }

  /** A table whose fields are written in this order; a shape that is there already is shared. */
  table(slots: readonly Slot[], written: readonly number[]): number {
    const start = this.#used;
    const places = new Array<number>(slots.length).fill(0);
    for (const i of written) {
      const slot = slots[i] ?? null;
      if (slot === null) continue;
      if (slot[0] === 'offset') this.#offset(slot[1]);
      else this.#put(slot[0], slot[1]);
      places[i] = this.#used;
    }
    this.#put(4, 0);
    const table = this.#used;
    let trimmed = slots.length;
    while (trimmed > 0 && places[trimmed - 1] === 0) trimmed--;
    for (let i = trimmed - 1; i >= 0; i--) this.#put(2, places[i] === 0 ? 0 : table - places[i]!);
    this.#put(2, table - start);
    this.#put(2, 2 * (trimmed + 2));
    const at = (offset: number) => this.#bytes.length - offset;
    const shape = (offset: number) => Buffer.from(this.#bytes.subarray(at(offset), at(offset) + 2 * (trimmed + 2)));
    const mine = shape(this.#used);
    const same = this.#shapes.find((known) => shape(known).equals(mine));
    if (same === undefined) {
      this.#shapes.push(this.#used);
      this.#view.setInt32(at(table), this.#used - table, true);
    } else {
      this.#used = table;
      this.#view.setInt32(at(table), same - table, true);
    }
    return table;
  }

  finish(root: number): Uint8Array {
    this.#align(this.#widest, 4);
    this.#offset(root);
    return this.#bytes.subarray(this.#bytes.length - this.#used);
  }
}
