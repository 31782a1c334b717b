// Laws of the logical hash: it follows the values and nothing else.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromIpc, toIpc } from '../../lib/table/arrow.ts';
import { type Column, makeTable, sliceTable } from '../../lib/table/column.ts';
import { logicalHash, logicalHasher } from '../../lib/table/logical.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { defineSchema, optional, required } from '../../lib/table/schema.ts';
import { runs } from '../thorough.ts';
import { anyTable, cells } from './arbitrary.ts';

const schema = defineSchema('t@1', [optional('x', 'float64'), optional('s', 'utf8')], { synthetic: false });
const table = (x: number[], s: string[], valid: number[] | null = null) => {
  const mask = valid === null ? null : Uint8Array.from(valid);
  return makeTable(schema, { x: { values: Float64Array.from(x), valid: mask }, s: { values: s, valid: mask } });
};

test('a table through Arrow is the same table', () => {
  fc.assert(
    fc.property(anyTable(), (one) => {
      const back = fromIpc(toIpc(one));
      expect(back.schema).toEqual(one.schema);
      expect(cells(back)).toEqual(cells(one));
    }),
  );
});

test('files with other row groups, chunks in other places and Arrow all have the logical hash of the table', () => {
  fc.assert(
    fc.property(anyTable(), fc.integer({ min: 1, max: 20 }), fc.nat({ max: 40 }), (one, size, cut) => {
      const hash = logicalHash(one);
      expect(logicalHash(readParquet(writeParquet(one, { rowGroupRows: size })))).toBe(hash);
      expect(logicalHash(fromIpc(toIpc(one)))).toBe(hash);
      const chunks = logicalHasher(one.schema.fields);
      chunks.update(sliceTable(one, 0, cut));
      chunks.update(sliceTable(one, cut, one.rows));
      if (cut <= one.rows) expect(chunks.digest()).toBe(hash);
    }),
    { numRuns: runs(60) },
  );
});

test('changing one value, null, name or type changes the hash', () => {
  fc.assert(
    fc.property(
      anyTable().filter((one) => one.rows > 0),
      fc.nat(),
      fc.nat(),
      (one, a, b) => {
        const field = one.schema.fields[a % one.schema.fields.length]!;
        const row = b % one.rows;
        const { values, valid } = one.columns[field.name]!;
        const edited = Array.isArray(values) ? [...values] : (values as Float64Array).slice();
        const cell = edited as (string | number)[];
        cell[row] = typeof cell[row] === 'string' ? `${cell[row]}!` : cell[row] === 1 ? 0 : 1;
        const swap = (column: Column) => logicalHash({ ...one, columns: { ...one.columns, [field.name]: column } });
        const holds = valid === null || valid[row] !== 0;
        expect(swap({ values: edited, valid }) !== logicalHash(one)).toBe(holds);
        const mask = (valid ?? new Uint8Array(one.rows).fill(1)).slice();
        mask[row] = 1 - mask[row]!;
        expect(swap({ values, valid: mask })).not.toBe(logicalHash(one));
      },
    ),
  );
  const ints = (type: 'int32' | 'date', name: string) =>
    logicalHash(
      makeTable(defineSchema('t@1', [required(name, type)], { synthetic: false }), { [name]: Int32Array.of(1) }),
    );
  expect(new Set([ints('int32', 'a'), ints('date', 'a'), ints('date', 'b')]).size).toBe(3);
});

test('metadata and nullability do not enter the hash', () => {
  const marked = defineSchema('other@2', schema.fields, { synthetic: true, generatorVersion: 'v9' });
  const strict = { ...marked, fields: marked.fields.map((field) => ({ ...field, nullable: false })) };
  const one = table([1], ['a']);
  expect(logicalHash({ ...one, schema: strict })).toBe(logicalHash(one));
});

test('text is hashed with its lengths, zero with its sign, and a null is not an empty value', () => {
  expect(logicalHash(table([0, 0], ['ab', 'c']))).not.toBe(logicalHash(table([0, 0], ['a', 'bc'])));
  expect(logicalHash(table([-0], ['']))).not.toBe(logicalHash(table([0], [''])));
  expect(logicalHash(table([0], [''], [0]))).not.toBe(logicalHash(table([0], [''], [1])));
});

test('these values have this hash for ever', () => {
  expect(logicalHash(table([1.5, 0, -0], ['AAPL', '値', ''], [1, 0, 1]))).toBe(
    'de102a83e024faf66d24a8cef3d664182c8df4fab679b3248d2929e2db905879',
  );
});
