// The hash of what a table says, whatever file, row groups, codec or chunks hold it.
import { createHash, type Hash } from 'node:crypto';
import { type Sha256, sha256, sha256Json } from '../base/digest.ts';
import { type Column, emptyValues, NOT_FINITE, type Table, utf8Encoder, wordsOf } from './column.ts';
import type { Field } from './schema.ts';

export interface LogicalHash {
  /** The next rows, top to bottom, in pieces of any size. */
  update(table: Table): void;
  /** Once, with the last rows if they were not told yet. */
  digest(last?: Table): Sha256;
}

/** Made with the first rows that others follow; of nulls, with the first row that has no value. */
interface ColumnHash {
  values: Hash | null;
  nulls: Hash | null;
}

const NOTHING = sha256('');

/**
 * sha256 over {format, rows, columns: [name, type, sha256 of values, sha256 of nulls]}. Values are little-endian (utf8: u32
 * length, then UTF-8), zero or empty where there is none; nulls are the row numbers without a value, as doubles.
 * Metadata does not enter. Every NaN is one NaN, -0 is not 0.
 */
export function logicalHasher(fields: readonly Field[]): LogicalHash {
  const hashes = fields.map((): ColumnHash => ({ values: null, nulls: null }));
  let rows = 0;
  return {
    update(table) {
      fields.forEach((field, i) => {
        const { values, nulls } = saidOf(field, table.columns[field.name]!, rows);
        const hash = hashes[i]!;
        hash.values = (hash.values ?? createHash('sha256')).update(values);
        if (nulls !== null) hash.nulls = (hash.nulls ?? createHash('sha256')).update(nulls);
      });
      rows += table.rows;
    },
    digest(last) {
      const columns = fields.map((field, i) => {
        const { values, nulls } = hashes[i]!;
        const said = last === undefined ? null : saidOf(field, last.columns[field.name]!, rows);
        return [field.name, field.type, ended(values, said?.values ?? null), ended(nulls, said?.nulls ?? null)];
      });
      return sha256Json({ format: 1, rows: rows + (last?.rows ?? 0), columns });
    },
  };
}

function ended(hash: Hash | null, last: Uint8Array | null): string {
  if (hash === null) return last === null ? NOTHING : sha256(last);
  return (last === null ? hash : hash.update(last)).digest('hex');
}

/** The logical hash of a table that is in memory. */
export function logicalHash(table: Table): Sha256 {
  return logicalHasher(table.schema.fields).digest(table);
}

/** What is hashed of a column after so many rows. */
function saidOf(
  { type }: Field,
  { values, valid }: Column,
  before: number,
): { readonly values: Uint8Array; readonly nulls: Uint8Array | null } {
  const holes: number[] = [];
  if (valid !== null) for (let row = 0; row < valid.length; row += 1) if (valid[row] === 0) holes.push(row);
  const nulls = holes.length > 0 ? bytesOf(Float64Array.from(holes, (row) => row + before)) : null;
  if (type === 'utf8') return { values: textBytes(values as readonly string[], valid), nulls };
  return { values: bytesOf(canonical(type, values as Float64Array, holes)), nulls };
}

/** The array itself when it already is canonical, which is the usual case. */
function canonical(type: Field['type'], values: Float64Array, holes: readonly number[]): Float64Array {
  const floats = type === 'float64';
  if (holes.length === 0 && !(floats && hasNaN(values))) return values;
  const copy = emptyValues(type, values.length) as Float64Array;
  copy.set(values);
  if (floats) for (let row = 0; row < copy.length; row += 1) if (Number.isNaN(copy[row])) copy[row] = Number.NaN;
  for (const row of holes) copy[row] = 0;
  return copy;
}

function hasNaN(values: Float64Array): boolean {
  const words = wordsOf(values);
  const rows = values.length;
  for (let row = 0; row < rows; row += 1)
    if ((words[2 * row + 1]! & NOT_FINITE) === NOT_FINITE && Number.isNaN(values[row])) return true;
  return false;
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function textBytes(texts: readonly string[], valid: Uint8Array | null): Uint8Array {
  const encode = utf8Encoder();
  const given = valid === null ? texts : texts.map((text, row) => (valid[row] === 0 ? '' : text));
  let size = 0;
  const ends: number[] = [];
  for (let row = 0; row < given.length; row = ends.at(-1)!) {
    const text = given[row]!;
    let end = row + 1;
    while (end < given.length && given[end] === text) end += 1;
    ends.push(end);
    size += (end - row) * (4 + encode(text).length);
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  let row = 0;
  for (const end of ends) {
    const text = encode(given[row]!);
    const first = at;
    at = bytes.writeUInt32LE(text.length, at);
    bytes.set(text, at);
    at += text.length;
    // A ticker stands in every row: what is written is copied, twice as much each time.
    const stop = first + (at - first) * (end - row);
    for (; at < stop; at += Math.min(at - first, stop - at))
      bytes.copyWithin(at, first, Math.min(at, first + stop - at));
    row = end;
  }
  return bytes;
}
