// Tables to and from Apache Arrow; the only door of the package `apache-arrow`.
import {
  type Schema as AnySchema,
  Field as ArrowField,
  Schema as ArrowSchema,
  Table as ArrowTable,
  Bool,
  type Data,
  DataType,
  DateDay,
  Float64,
  Int32,
  Int64,
  makeData,
  Precision,
  RecordBatch,
  Struct,
  TimestampMicrosecond,
  TimeUnit,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
} from 'apache-arrow';
import { ProblemError } from '../base/problem.ts';
import { type Column, emptyValues, makeTable, type Table, utf8Encoder, type Values } from './column.ts';
import { type Field, type FieldType, type Metadata, SCHEMA_KEY, sortKeys, type TableSchema } from './schema.ts';

const TWO_32 = 4294967296;

/** An Arrow table of one record batch (none when there are no rows), with the metadata of the table and of its fields. */
export function toArrow(table: Table): ArrowTable {
  const schema = toArrowSchema(table.schema);
  if (table.rows === 0) return new ArrowTable(schema);
  const children = table.schema.fields.map((field) => toData(field.type, table.columns[field.name]!));
  const data = makeData({ type: new Struct(schema.fields), length: table.rows, nullCount: 0, children });
  return new ArrowTable(schema, [new RecordBatch(schema, data)]);
}

/** Arrow IPC stream bytes. */
export function toIpc(table: Table): Uint8Array {
  return tableToIPC(toArrow(table), 'stream');
}

/** Read IPC stream or file bytes. Throws `table/malformed` on other bytes and on types no column can hold. */
export function fromIpc(bytes: Uint8Array, wanted?: (name: string) => boolean): Table {
  let table: ArrowTable;
  try {
    table = tableFromIPC(bytes);
  } catch (error) {
    throw new ProblemError({ code: 'table/malformed', message: 'not readable as Arrow IPC' }, { cause: error });
  }
  return fromArrow(wanted === undefined ? table : table.selectAt(indexes(table, wanted)));
}

/**
 * Our table of an Arrow table of any origin: narrow integers widen, decimals become the nearest double, dictionaries
 * their text, timestamps of any unit whole microseconds (rounded down). Throws `table/malformed` on nested or binary
 * types and on integers beyond 2^53.
 */
export function fromArrow(table: ArrowTable): Table {
  const schema = fromArrowSchema(table.schema);
  const columns = schema.fields.map(
    ({ name, type }, i) => [name, fromVector(table.getChildAt(i)!, name, type)] as const,
  );
  return { ...makeTable(schema, Object.fromEntries(columns)), rows: table.numRows };
}

/** Our schema of an Arrow schema of any origin. */
export function fromArrowSchema(schema: AnySchema): TableSchema {
  const metadata = fromMap(schema.metadata);
  const fields = schema.fields.map(
    (field): Field => ({
      name: field.name,
      type: typeOf(field.type, field.name),
      nullable: field.nullable,
      metadata: fromMap(field.metadata),
    }),
  );
  return { id: metadata[SCHEMA_KEY] ?? '', fields, metadata };
}

function indexes(table: ArrowTable, wanted: (name: string) => boolean): number[] {
  return table.schema.fields.flatMap(({ name }, i) => (wanted(name) ? [i] : []));
}

function toArrowSchema(schema: TableSchema): ArrowSchema {
  const fields = schema.fields.map(
    ({ name, type, nullable, metadata }) => new ArrowField(name, arrowType(type), nullable, toMap(metadata ?? {})),
  );
  return new ArrowSchema(fields, toMap(schema.metadata));
}

function arrowType(type: FieldType): DataType {
  switch (type) {
    case 'date':
      return new DateDay();
    case 'timestamp':
      return new TimestampMicrosecond('UTC');
    case 'float64':
      return new Float64();
    case 'int64':
      return new Int64();
    case 'int32':
      return new Int32();
    case 'utf8':
      return new Utf8();
    case 'bool':
      return new Bool();
  }
}

function toData(type: FieldType, { values, valid }: Column): Data {
  const length = values.length;
  const nullBitmap = valid === null ? undefined : toBits(valid);
  const nullCount = valid === null ? 0 : valid.reduce((sum, bit) => sum + (bit === 0 ? 1 : 0), 0);
  const common = { length, nullCount, nullBitmap };
  const data = valid === null || nullCount === 0 ? values : blank(type, values, valid);
  switch (type) {
    case 'date':
      return makeData({ type: new DateDay(), ...common, data: data as Int32Array });
    case 'timestamp':
      return makeData({ type: new TimestampMicrosecond('UTC'), ...common, data: toInt64(data as Float64Array) });
    case 'float64':
      return makeData({ type: new Float64(), ...common, data: data as Float64Array });
    case 'int64':
      return makeData({ type: new Int64(), ...common, data: toInt64(data as Float64Array) });
    case 'int32':
      return makeData({ type: new Int32(), ...common, data: data as Int32Array });
    case 'utf8':
      return makeData({ type: new Utf8(), ...common, ...toUtf8(data as readonly string[]) });
    case 'bool':
      return makeData({ type: new Bool(), ...common, data: toBits(data as Uint8Array) });
  }
}

/** What lies under a null must not reach the bytes. */
function blank(type: FieldType, values: Values, valid: Uint8Array): Values {
  const copy = emptyValues(type, values.length) as { [row: number]: string | number };
  for (let row = 0; row < values.length; row += 1) if (valid[row] !== 0) copy[row] = values[row]!;
  return copy as Values;
}

function toBits(flags: Uint8Array): Uint8Array {
  const bits = new Uint8Array((flags.length + 7) >> 3);
  for (let row = 0; row < flags.length; row += 1) if (flags[row] !== 0) bits[row >> 3]! |= 1 << (row & 7);
  return bits;
}

/** Two's complement words of safe integers; several times faster than BigInt(value) for each. */
function toInt64(values: Float64Array): BigInt64Array {
  const result = new BigInt64Array(values.length);
  const words = new Int32Array(result.buffer);
  for (let row = 0; row < values.length; row += 1) {
    const high = Math.floor(values[row]! / TWO_32);
    words[2 * row] = values[row]! - high * TWO_32;
    words[2 * row + 1] = high;
  }
  return result;
}

function toUtf8(texts: readonly string[]): { data: Uint8Array; valueOffsets: Int32Array } {
  const valueOffsets = new Int32Array(texts.length + 1);
  const encode = utf8Encoder();
  let at = 0;
  for (let row = 0; row < texts.length; row += 1) {
    at += encode(texts[row]!).length;
    valueOffsets[row + 1] = at;
  }
  const data = new Uint8Array(at);
  for (let row = 0; row < texts.length; row += 1) {
    const bytes = encode(texts[row]!);
    for (let i = 0, to = valueOffsets[row]!; i < bytes.length; i += 1) data[to + i] = bytes[i]!;
  }
  return { data, valueOffsets };
}

function typeOf(type: DataType, name: string): FieldType {
  if (DataType.isDictionary(type)) return typeOf(type.dictionary, name);
  if (DataType.isFloat(type) || DataType.isDecimal(type)) return 'float64';
  if (DataType.isInt(type)) return type.bitWidth < 32 || (type.bitWidth === 32 && type.isSigned) ? 'int32' : 'int64';
  if (DataType.isDate(type)) return 'date';
  if (DataType.isTimestamp(type)) return 'timestamp';
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return 'utf8';
  if (DataType.isBool(type)) return 'bool';
  throw new ProblemError({
    code: 'table/malformed',
    message: `column "${name}" is ${type}, which no table here can hold`,
    hint: 'Choose the columns to read, or write it as a number, a date, a timestamp or text.',
  });
}

function fromVector(vector: Vector, name: string, type: FieldType): Column {
  const values = emptyValues(type, vector.length) as { [row: number]: string | number };
  const valid = vector.nullCount > 0 ? new Uint8Array(vector.length) : null;
  let at = 0;
  for (const chunk of vector.data) {
    if (valid !== null) for (let i = 0; i < chunk.length; i += 1) valid[at + i] = chunk.getValid(i) ? 1 : 0;
    readChunk(chunk, vector, at, values, name);
    at += chunk.length;
  }
  if (valid !== null) {
    const empty = type === 'utf8' ? '' : 0;
    for (let row = 0; row < vector.length; row += 1) if (valid[row] === 0) values[row] = empty;
  }
  return { values: values as Values, valid };
}

function readChunk(
  chunk: Data,
  vector: Vector,
  at: number,
  out: { [row: number]: string | number },
  name: string,
): void {
  const { type, length } = chunk;
  if (DataType.isUtf8(type)) {
    readUtf8(chunk as Data<Utf8>, at, out as string[]);
    return;
  }
  const whole =
    (DataType.isInt(type) && type.bitWidth <= 32) ||
    (DataType.isFloat(type) && type.precision !== Precision.HALF) ||
    (DataType.isDate(type) && chunk.values instanceof Int32Array);
  if (whole) {
    (out as unknown as Float64Array).set(chunk.values.subarray(0, length), at);
    return;
  }
  if (DataType.isInt(type) || DataType.isTimestamp(type) || DataType.isDate(type)) {
    const step = DataType.isInt(type) ? [1n, 1n] : DataType.isDate(type) ? [1n, 86_400_000n] : MICROSECONDS[type.unit]!;
    const wide = chunk.values as BigInt64Array;
    for (let i = 0; i < length; i += 1) {
      const scaled = wide[i]! * step[0]!;
      const value = Number(step[1] === 1n ? scaled : (scaled - BigInt(mod(scaled, step[1]!))) / step[1]!);
      if (!Number.isSafeInteger(value) && chunk.getValid(i))
        throw new ProblemError({ code: 'table/malformed', message: `column "${name}" row ${at + i} is beyond 2^53` });
      out[at + i] = value;
    }
    return;
  }
  if (DataType.isDecimal(type)) {
    for (let i = 0; i < length; i += 1)
      if (chunk.getValid(i)) out[at + i] = decimal(vector.get(at + i) as Uint32Array, type.scale);
    return;
  }
  // Booleans, dictionaries, half floats and the rarer text layouts: one by one.
  for (let i = 0; i < length; i += 1) if (chunk.getValid(i)) out[at + i] = scalar(vector.get(at + i), name);
}

/** [times, over] from each unit to microseconds. */
const MICROSECONDS: Readonly<Record<TimeUnit, readonly [bigint, bigint]>> = {
  [TimeUnit.SECOND]: [1_000_000n, 1n],
  [TimeUnit.MILLISECOND]: [1000n, 1n],
  [TimeUnit.MICROSECOND]: [1n, 1n],
  [TimeUnit.NANOSECOND]: [1n, 1000n],
};

function mod(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

/** Tickers repeat: a row whose bytes are those of the row before shares its string. */
function readUtf8({ values, valueOffsets, length }: Data<Utf8>, at: number, out: string[]): void {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < length; i += 1) {
    const from = valueOffsets[i]!;
    const to = valueOffsets[i + 1]!;
    const before = i === 0 ? from : valueOffsets[i - 1]!;
    const same = i > 0 && bytes.compare(bytes, before, from, from, to) === 0;
    out[at + i] = same ? out[at + i - 1]! : bytes.toString('utf8', from, to);
  }
}

/** Little-endian two's complement words over 10^scale, rounded once: by the decimal text, as a reader of text would. */
function decimal(words: Uint32Array, scale: number): number {
  let unscaled = 0n;
  for (let i = words.length - 1; i >= 0; i -= 1) unscaled = (unscaled << 32n) | BigInt(words[i]!);
  return Number(`${BigInt.asIntN(32 * words.length, unscaled)}e${-scale}`);
}

function scalar(value: unknown, name: string): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value);
  throw new ProblemError({ code: 'table/malformed', message: `column "${name}" holds a value that cannot be read` });
}

function toMap(metadata: Metadata): Map<string, string> {
  return new Map(Object.entries(sortKeys(metadata)));
}

function fromMap(map: ReadonlyMap<string, string>): Metadata {
  return sortKeys(Object.fromEntries(map));
}
