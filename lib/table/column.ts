// A table in memory: typed arrays by column name, each with an optional mask of the rows that have a value.
import { ProblemError } from '../base/problem.ts';
import type { FieldType, TableSchema } from './schema.ts';

/** The array that holds each type; int64 and timestamp are safe integers in doubles, bool is 0 or 1. */
export interface ValuesOf {
  readonly date: Int32Array;
  readonly timestamp: Float64Array;
  readonly float64: Float64Array;
  readonly int64: Float64Array;
  readonly int32: Int32Array;
  readonly utf8: readonly string[];
  readonly bool: Uint8Array;
}

export type Values = ValuesOf[FieldType];

export interface Column<V extends Values = Values> {
  readonly values: V;
  /** One byte per row, 0 where there is no value; null when every row has one. What `values` holds there means nothing. */
  readonly valid: Uint8Array | null;
}

export interface Table {
  readonly schema: TableSchema;
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** Columns of equal length for the fields of a schema; a bare array has a value in every row. Throws TypeError when they do not fit. */
export function makeTable(schema: TableSchema, columns: Readonly<Record<string, Column | Values>>): Table {
  // No prototype: a column of a foreign file may be called `__proto__`.
  const own = bare();
  let rows = -1;
  for (const field of schema.fields) {
    const given = Object.hasOwn(columns, field.name) ? columns[field.name] : undefined;
    if (given === undefined) throw new TypeError(`column ${field.name} of ${schema.id} is not given`);
    const column: Column = isValues(given) ? { values: given, valid: null } : given;
    if (!fits(field.type, column.values))
      throw new TypeError(`column ${field.name} of ${schema.id} is no ${field.type}`);
    if (rows < 0) rows = column.values.length;
    if (column.values.length !== rows || (column.valid !== null && column.valid.length !== rows))
      throw new TypeError(`column ${field.name} of ${schema.id} has not ${rows} rows`);
    own[field.name] = column;
  }
  const extra = Object.keys(columns).find((name) => !Object.hasOwn(own, name));
  if (extra !== undefined) throw new TypeError(`${schema.id} has no column ${extra}`);
  return { schema, rows: Math.max(rows, 0), columns: own };
}

/** The column as the type asked for. Throws `table/malformed` when the table has none of that name and type. */
export function column<T extends FieldType>(table: Table, name: string, type: T): Column<ValuesOf[T]> {
  const field = table.schema.fields.find((f) => f.name === name);
  if (field?.type !== type) {
    const found = field === undefined ? 'has no such column' : `has ${field.type}`;
    throw new ProblemError({
      code: 'table/malformed',
      message: `wanted a ${type} column "${name}", the table ${found}`,
    });
  }
  return table.columns[name] as Column<ValuesOf[T]>;
}

/** Rows `from` up to but not including `to`; numeric columns are views on the same memory. */
export function sliceTable(table: Table, from: number, to: number): Table {
  const columns = bare();
  for (const { name } of table.schema.fields) {
    const { values, valid } = table.columns[name]!;
    columns[name] = { values: window(values, from, to), valid: valid === null ? null : valid.subarray(from, to) };
  }
  return { schema: table.schema, rows: Math.min(to, table.rows) - Math.min(from, table.rows), columns };
}

export interface Gatherer {
  /** Rows that wait. */
  rows(): number;
  /** Copies the rows of a table under those that wait; the caller may fill the same arrays again. */
  add(table: Table): void;
  /** The rows that wait, none afterwards; good until rows are added again, here or elsewhere once this has ended. */
  take(): Table;
  /** Lends its memory to the next; nothing is added after. */
  end(): void;
}

/** Arrays that nobody gathers in any more: fresh memory costs more than the copy into it. */
const spare = new Map<FieldType, Values[]>();

/** Rows put together from tables of one schema, at most so many at a time. */
export function gather(schema: TableSchema, most: number): Gatherer {
  let rows = 0;
  const parts = schema.fields.map(({ type }) => ({
    values: spare.get(type)?.pop() ?? emptyValues(type, 0),
    texts: [] as (readonly string[])[],
    valid: null as Uint8Array | null,
  }));
  const widened = (type: FieldType, values: Values, wanted: number): Values => {
    const wider = emptyValues(type, Math.min(most, Math.max(wanted, 2 * values.length))) as Float64Array;
    wider.set((values as Float64Array).subarray(0, rows));
    return wider;
  };
  return {
    rows: () => rows,
    add(table) {
      const total = rows + table.rows;
      for (const [i, { name, type }] of schema.fields.entries()) {
        const part = parts[i]!;
        const { values, valid } = table.columns[name]!;
        if (type === 'utf8') part.texts.push((values as readonly string[]).slice());
        else {
          if (part.values.length < total) part.values = widened(type, part.values, total);
          (part.values as Float64Array).set(values as Float64Array, rows);
        }
        if (valid === null && part.valid === null) continue;
        const mask = new Uint8Array(total).fill(1);
        if (part.valid !== null) mask.set(part.valid);
        if (valid !== null) mask.set(valid, rows);
        part.valid = mask;
      }
      rows = total;
    },
    take() {
      const columns = bare();
      for (const [i, { name, type }] of schema.fields.entries()) {
        const { values, texts, valid } = parts[i]!;
        columns[name] = { values: type === 'utf8' ? together(texts, rows) : window(values, 0, rows), valid };
        parts[i]!.texts = [];
        parts[i]!.valid = null;
      }
      const table = { schema, rows, columns };
      rows = 0;
      return table;
    },
    end() {
      for (const [i, { type }] of schema.fields.entries()) {
        const same = spare.get(type) ?? [];
        if (type !== 'utf8' && same.length < MOST_SPARE) same.push(parts[i]!.values);
        spare.set(type, same);
        parts[i]!.values = emptyValues(type, 0);
      }
    },
  };
}

const MOST_SPARE = 8;

function together(parts: readonly (readonly string[])[], rows: number): readonly string[] {
  if (parts.length === 1) return parts[0]!;
  const texts = new Array<string>(rows);
  let at = 0;
  for (const part of parts) for (let row = 0; row < part.length; row += 1) texts[at++] = part[row]!;
  return texts;
}

/** UTF-8 of texts of which many are the same as the one before, as tickers are. */
export function utf8Encoder(): (text: string) => Buffer {
  let last = '';
  let bytes = Buffer.alloc(0);
  return (text) => {
    if (text !== last) {
      last = text;
      bytes = Buffer.from(text);
    }
    return bytes;
  };
}

/** Float column in which NaN stands for "no value", as indicators leave it while they warm up. */
export function nanAsNull(values: Float64Array): Column<Float64Array> {
  let valid: Uint8Array | null = null;
  for (let row = 0; row < values.length; row += 1) {
    if (!Number.isNaN(values[row])) continue;
    valid ??= new Uint8Array(values.length).fill(1);
    valid[row] = 0;
  }
  return { values, valid };
}

/** A zeroed array of the type; utf8 gives empty strings. */
export function emptyValues(type: FieldType, rows: number): Values {
  if (type === 'utf8') return new Array<string>(rows).fill('');
  if (type === 'bool') return new Uint8Array(rows);
  return type === 'date' || type === 'int32' ? new Int32Array(rows) : new Float64Array(rows);
}

/** Throw `table/malformed` naming the first column and row whose value may not leave: it would not come back as it is. */
export function checkValues(table: Table): void {
  for (const { name, type, nullable } of table.schema.fields) {
    const { values, valid } = table.columns[name]!;
    const refuse = (row: number, what: string): never => {
      throw new ProblemError({
        code: 'table/malformed',
        message: `column "${name}" row ${row} is ${what}`,
        facts: { schema: table.schema.id, column: name, type, row },
      });
    };
    if (!nullable && valid !== null) {
      const hole = valid.indexOf(0);
      if (hole >= 0) refuse(hole, 'null in a column that always has a value');
    }
    const row = firstBad(type, values, valid);
    if (row < 0) continue;
    const value = String(values[row]);
    if (type === 'float64') refuse(row, value);
    if (type === 'utf8') refuse(row, 'text with half a surrogate pair');
    refuse(row, type === 'bool' ? `${value}, neither 0 nor 1` : `${value}, not an integer within 2^53`);
  }
}

/** Exponent, in the upper of its two words, of a double that is no finite number. */
export const NOT_FINITE = 0x7ff00000;

/** Doubles as pairs of words, the lower first: until a loop is compiled, each double in it would be a new object. */
export function wordsOf(values: Float64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
}

/** The first row whose value may not leave, or -1. A loop for each type: this looks at every value that is written. */
function firstBad(type: FieldType, values: Values, valid: Uint8Array | null): number {
  const counts = (row: number) => valid === null || valid[row] !== 0;
  // Asking an array for its length costs more than a row.
  const rows = values.length;
  if (type === 'float64') {
    const words = wordsOf(values as Float64Array);
    for (let row = 0; row < rows; row += 1)
      if ((words[2 * row + 1]! & NOT_FINITE) === NOT_FINITE && counts(row)) return row;
  } else if (type === 'int64' || type === 'timestamp') {
    const floats = values as Float64Array;
    for (let row = 0; row < rows; row += 1) {
      const value = floats[row]!;
      const fits = Math.floor(value) === value && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
      if (!(fits && (value !== 0 || 1 / value > 0)) && counts(row)) return row;
    }
  } else if (type === 'utf8') {
    const texts = values as readonly string[];
    let good: string | null = null;
    for (let row = 0; row < rows; row += 1) {
      if (texts[row] === good || !counts(row)) continue;
      if (!texts[row]!.isWellFormed()) return row;
      good = texts[row]!;
    }
  } else if (type === 'bool') {
    const flags = values as Uint8Array;
    for (let row = 0; row < rows; row += 1) if (flags[row]! > 1 && counts(row)) return row;
  }
  return -1;
}

function bare(): Record<string, Column> {
  return Object.create(null) as Record<string, Column>;
}

function isValues(given: Column | Values): given is Values {
  return Array.isArray(given) || ArrayBuffer.isView(given);
}

function fits(type: FieldType, values: Values): boolean {
  if (type === 'utf8') return Array.isArray(values);
  if (type === 'bool') return values instanceof Uint8Array;
  return type === 'date' || type === 'int32' ? values instanceof Int32Array : values instanceof Float64Array;
}

function window(values: Values, from: number, to: number): Values {
  return ArrayBuffer.isView(values) ? values.subarray(from, to) : values.slice(from, to);
}
