// Thrift's compact protocol as plain values, enough to read and rewrite the footer of any Parquet file
// (specification: apache/thrift, doc/specs/thrift-compact-protocol.md).

/** Compact type ids; a boolean field carries its value in the id, an element of a list in a byte. */
export const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
export const I16 = 4;
export const I32 = 5;
export const I64 = 6;
const DOUBLE = 7;
export const BINARY = 8;
export const LIST = 9;
const SET = 10;
export const STRUCT = 12;

/** Integers are read as bigint and may be written as safe numbers. */
export type Value = boolean | number | bigint | Uint8Array | List | Struct | Fields;

export interface List {
  readonly element: number;
  readonly items: Value[];
}

export interface Typed {
  readonly type: number;
  readonly value: Value;
}

/** Field id -> type id and value, in the order of the ids. */
export type Struct = Map<number, Typed>;
/** The same as it is written here: a map of a few fields costs more than their bytes. */
export type Fields = readonly (readonly [number, Typed])[];

export const struct = (...fields: Fields): Fields => fields;
export const within = (value: Fields): Typed => ({ type: STRUCT, value });
export const flag = (value: boolean): Typed => ({ type: TRUE, value });
export const int32 = (value: number): Typed => ({ type: I32, value });
export const int64 = (value: number): Typed => ({ type: I64, value });
export const binary = (value: Uint8Array | string): Typed => ({
  type: BINARY,
  value: typeof value === 'string' ? Buffer.from(value) : value,
});
/** Elements of one type, which has to be named where there may be none. */
export const list = (items: readonly Typed[], element = items[0]!.type): Typed => ({
  type: LIST,
  value: { element, items: items.map(({ value }) => value) },
});

const DEEPEST = 32;

/** Decode one struct that starts at the first byte. Throws RangeError on bytes that are none. */
export function decodeStruct(bytes: Uint8Array): Struct {
  let at = 0;

  const take = (size: number): Uint8Array => {
    if (size > bytes.length - at) throw new RangeError('thrift: ends inside a value');
    at += size;
    return bytes.subarray(at - size, at);
  };
  const byte = (): number => take(1)[0]!;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const next = byte();
      result |= BigInt(next & 127) << shift;
      if (next < 128) return BigInt.asUintN(64, result);
    }
    throw new RangeError('thrift: number of more than ten bytes');
  };
  const zigzag = (): bigint => {
    const raw = varint();
    return (raw >> 1n) ^ -(raw & 1n);
  };

  const value = (type: number, depth: number): Value => {
    if (depth > DEEPEST) throw new RangeError('thrift: nested too deep');
    if (type === BYTE || type === DOUBLE) return take(type === BYTE ? 1 : 8);
    if (type >= I16 && type <= I64) return zigzag();
    if (type === BINARY) return take(Number(varint()));
    if (type === LIST || type === SET) return listAt(depth);
    if (type === STRUCT) return fieldsAt(depth);
    throw new RangeError(`thrift: type ${type} is not known here`);
  };
  const listAt = (depth: number): List => {
    const head = byte();
    const size = head >> 4 === 15 ? Number(varint()) : head >> 4;
    const element = head & 15;
    // Every element takes a byte at least, so a size beyond the bytes is a lie that must not be allocated.
    if (size > bytes.length - at) throw new RangeError('thrift: list longer than the bytes');
    const items: Value[] = [];
    for (let i = 0; i < size; i += 1)
      items.push(element === TRUE || element === FALSE ? byte() === TRUE : value(element, depth + 1));
    return { element, items };
  };
  const fieldsAt = (depth: number): Struct => {
    const fields: Struct = new Map();
    let id = 0;
    for (;;) {
      const head = byte();
      if (head === 0) return fields;
      id = head >> 4 === 0 ? Number(zigzag()) : id + (head >> 4);
      const type = head & 15;
      if (type === TRUE || type === FALSE) fields.set(id, { type: TRUE, value: type === TRUE });
      else fields.set(id, { type, value: value(type, depth + 1) });
    }
  };
  return fieldsAt(0);
}

/** Where structs are written, grown as they need it. */
let out = new Uint8Array(1 << 14);
let at = 0;

/** The bytes of a struct; one struct has one encoding here. */
export function encodeStruct(fields: Struct | Fields): Uint8Array {
  at = 0;
  putFields(fields);
  return out.slice(0, at);
}

/** A value as its bytes, to be written again and again. */
export function encoded({ type, value }: Typed): Typed {
  at = 0;
  put(type, value);
  return { type, value: out.slice(0, at) };
}

function need(bytes: number): void {
  if (at + bytes <= out.length) return;
  const wider = new Uint8Array(2 * (at + bytes));
  wider.set(out);
  out = wider;
}

function putVarint(value: number): void {
  need(10);
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 128;
  out[at++] = rest;
}

function putZigzag(value: number): void {
  if (Math.abs(value) < 2 ** 52) putVarint(value < 0 ? -2 * value - 1 : 2 * value);
  else putLong(BigInt(value));
}

function putLong(value: bigint): void {
  need(10);
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 127n; rest >>= 7n) out[at++] = Number(rest & 127n) | 128;
  out[at++] = Number(rest);
}

function put(type: number, value: Value): void {
  if (typeof value === 'number') putZigzag(value);
  else if (typeof value === 'bigint') putLong(value);
  else if (value instanceof Uint8Array) {
    if (type === BINARY) putVarint(value.length);
    need(value.length);
    out.set(value, at);
    at += value.length;
  } else if (value instanceof Map || Array.isArray(value)) putFields(value as Struct | Fields);
  else if (typeof value === 'boolean') putVarint(value ? TRUE : FALSE);
  else {
    const { element, items } = value as List;
    need(1);
    out[at++] = (Math.min(items.length, 15) << 4) | element;
    if (items.length >= 15) putVarint(items.length);
    for (const item of items) put(element, item);
  }
}

/** The fields by their ids, as most were given. */
function inOrder(given: Struct | Fields): Fields {
  const fields = given instanceof Map ? [...given] : given;
  for (let i = 1; i < fields.length; i++)
    if (fields[i]![0] < fields[i - 1]![0]) return [...fields].sort(([a], [b]) => a - b);
  return fields;
}

function putFields(given: Struct | Fields): void {
  const fields = inOrder(given);
  let last = 0;
  for (let i = 0; i < fields.length; i++) {
    const id = fields[i]![0];
    const { type, value } = fields[i]![1];
    const step = id - last;
    const shown = type === TRUE && value === false ? FALSE : type;
    need(1);
    if (step > 0 && step < 16) out[at++] = (step << 4) | shown;
    else {
      out[at++] = shown;
      putZigzag(id);
    }
    if (type !== TRUE) put(type, value);
    last = id;
  }
  need(1);
  out[at++] = 0;
}
