// The schema message is byte for byte the one that apache-arrow writes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toIpc } from '../../lib/table/arrow.ts';
import { schemaMessage } from '../../lib/table/arrow-schema.ts';
import { emptyValues, makeTable } from '../../lib/table/column.ts';
import { defineSchema, FIELD_TYPES, type Field, optional, required, type TableSchema } from '../../lib/table/schema.ts';
import { runs } from '../thorough.ts';

/** What an IPC stream begins with. */
function theirs(schema: TableSchema): Buffer {
  const columns = schema.fields.map(({ name, type }) => [name, emptyValues(type, 0)]);
  const stream = Buffer.from(toIpc(makeTable(schema, Object.fromEntries(columns))));
  return stream.subarray(0, 8 + stream.readInt32LE(4));
}

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ minLength: 1, maxLength: 300 }));
const field: fc.Arbitrary<Field> = fc.record({
  name: text.filter((name) => name !== '__proto__'),
  type: fc.constantFrom(...FIELD_TYPES),
  nullable: fc.boolean(),
  metadata: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
});

test('of schemas of any names, types and metadata, however many columns they have', () => {
  const fields = fc.uniqueArray(field, { minLength: 1, maxLength: 30, selector: ({ name }) => name });
  const metadata = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(fields, metadata, (list, facts) => {
      const schema: TableSchema = { id: 'any@1', fields: list, metadata: facts };
      expect(Buffer.from(schemaMessage(schema)).equals(theirs(schema))).toBe(true);
    }),
    { numRuns: runs(600) },
  );
});

test('of a schema with every type, marked as synthetic', () => {
  const fields = FIELD_TYPES.flatMap((type) => [required(type, type), optional(`${type}?`, type)]);
  const schema = defineSchema('all@1', fields, { synthetic: true, generatorVersion: 'v1-dev.3' });
  expect(Buffer.from(schemaMessage(schema)).toString('hex')).toBe(theirs(schema).toString('hex'));
});
