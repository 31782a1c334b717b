// Random schemas and tables of every type for the property tests of this room.
import fc from 'fast-check';
import { type Column, makeTable, type Table, type Values } from '../../lib/table/column.ts';
import { defineSchema, FIELD_TYPES, type Field, type FieldType } from '../../lib/table/schema.ts';

const NAMES = ['date', 'open', 'a.b', 'naïve name', '値', 'x"y', 'close', '__index__', 'constructor', '__proto__'];

const float = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, 2.2250738585072014e-308, Number.MAX_VALUE, 0.1),
);
const safe = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0),
);
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'AAPL', 'BRK.B', '\u0000', '"', '𝄞', '\n'));

function values(type: FieldType, rows: number): fc.Arbitrary<Values> {
  const of = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: rows, maxLength: rows });
  switch (type) {
    case 'float64':
      return of(float).map((list) => Float64Array.from(list));
    case 'int64':
    case 'timestamp':
      return of(safe).map((list) => Float64Array.from(list, (value) => value + 0));
    case 'date':
    case 'int32':
      return of(fc.integer()).map((list) => Int32Array.from(list));
    case 'bool':
      return of(fc.integer({ min: 0, max: 1 })).map((list) => Uint8Array.from(list));
    case 'utf8':
      return of(text);
  }
}

function column(field: Field, rows: number): fc.Arbitrary<Column> {
  const mask = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rows, maxLength: rows });
  return fc
    .tuple(values(field.type, rows), field.nullable ? fc.option(mask) : fc.constant(null))
    .map(([own, valid]) => ({ values: own, valid: valid === null ? null : Uint8Array.from(valid) }));
}

/** Tables of 0 to `most` rows and 1 to 6 columns. */
export function anyTable(most = 40): fc.Arbitrary<Table> {
  const field = fc.record({
    name: fc.constantFrom(...NAMES),
    type: fc.constantFrom(...FIELD_TYPES),
    nullable: fc.boolean(),
  });
  const fields = fc.uniqueArray(field, { minLength: 1, maxLength: 6, selector: (one) => one.name });
  return fc.tuple(fields, fc.nat({ max: most }), fc.boolean()).chain(([list, rows, synthetic]) => {
    const schema = defineSchema('test/any@1', list, { synthetic, generatorVersion: 'v1-dev.3' });
    return fc
      .tuple(...list.map((one) => column(one, rows)))
      .map((columns) => makeTable(schema, Object.fromEntries(list.map((one, i) => [one.name, columns[i]!]))));
  });
}

/** Cells by column, null where there is no value: equal tables have equal cells whatever lies under their nulls. */
export function cells(table: Table): Record<string, (string | number | null)[]> {
  return Object.fromEntries(
    table.schema.fields.map(({ name }) => {
      const { values: own, valid } = table.columns[name]!;
      return [name, Array.from(own as Float64Array, (value, row) => (valid?.[row] === 0 ? null : value))];
    }),
  );
}
