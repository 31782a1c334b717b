// Laws of tables in memory: what fits a schema, what may leave, and how rows are cut and joined.
import { expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { checkValues, column, gather, makeTable, nanAsNull, sliceTable } from '../../lib/table/column.ts';
import { defineSchema, isSynthetic, optional, required, sortKeys } from '../../lib/table/schema.ts';

const fields = [required('n', 'int64'), optional('x', 'float64'), optional('s', 'utf8'), required('b', 'bool')];
const schema = defineSchema('test/all@1', fields, { synthetic: true, generatorVersion: 'v1-dev.3' });

const table = () =>
  makeTable(schema, {
    n: Float64Array.of(1, 2, 3),
    x: nanAsNull(Float64Array.of(Number.NaN, 0.5, -0)),
    s: { values: ['a', '', 'c'], valid: Uint8Array.of(1, 0, 1) },
    b: Uint8Array.of(0, 1, 1),
  });

const refusal = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return `${error.problems[0]!.code}: ${error.problems[0]!.message}`;
    throw error;
  }
  return 'nothing refused';
};

test('a synthetic schema marks the table and each of its columns, a real one marks nothing', () => {
  expect(schema.metadata).toEqual({
    'marketloom:schema': 'test/all@1',
    'marketloom:generator_version': 'v1-dev.3',
    'marketloom:synthetic': 'true',
  });
  for (const field of schema.fields) expect(field.metadata).toEqual({ 'marketloom:synthetic': 'true' });
  expect(isSynthetic(schema)).toBe(true);
  const real = defineSchema('test/all@1', fields, { synthetic: false });
  expect(isSynthetic(real)).toBe(false);
  expect(JSON.stringify(real)).not.toContain('synthetic');
});

test('one marked column is enough to call a table synthetic', () => {
  const real = defineSchema('test/one@1', [required('x', 'float64')], { synthetic: false });
  expect(isSynthetic({ ...real, fields: [schema.fields[1]!] })).toBe(true);
});

test('metadata order does not depend on the order it was given in', () => {
  expect(Object.keys(sortKeys({ b: '1', a: '2', Z: '3' }))).toEqual(['Z', 'a', 'b']);
});

test('a schema that names a column twice is refused', () => {
  expect(() => defineSchema('t@1', [required('a', 'bool'), required('a', 'utf8')], { synthetic: false })).toThrow(
    /twice/,
  );
});

test('columns that are missing, extra, of another type or length do not make a table', () => {
  const good = table().columns;
  const { n: _, ...missing } = good;
  expect(() => makeTable(schema, missing)).toThrow(/column n/);
  expect(() => makeTable(schema, { ...good, more: new Int32Array(3) })).toThrow(/no column more/);
  expect(() => makeTable(schema, { ...good, x: new Int32Array(3) })).toThrow(/no float64/);
  expect(() => makeTable(schema, { ...good, x: new Float64Array(2) })).toThrow(/3 rows/);
});

test('NaN, infinities, unsafe integers, lone surrogates and unexpected nulls are refused by column and row', () => {
  const bad = (name: string, value: Parameters<typeof makeTable>[1][string]) =>
    refusal(() => checkValues(makeTable(schema, { ...table().columns, [name]: value })));
  expect(refusal(() => checkValues(table()))).toBe('nothing refused');
  expect(bad('x', Float64Array.of(0, Number.NaN, 1))).toBe('table/malformed: column "x" row 1 is NaN');
  expect(bad('x', Float64Array.of(0, 1, Number.NEGATIVE_INFINITY))).toContain('row 2 is -Infinity');
  expect(bad('n', Float64Array.of(0, 2 ** 53, 1))).toContain('row 1 is 9007199254740992');
  expect(bad('n', Float64Array.of(0.5, 1, 1))).toContain('row 0 is 0.5');
  expect(bad('s', ['', '\ud800', ''])).toContain('row 1 is text with half a surrogate');
  expect(bad('b', Uint8Array.of(1, 2, 0))).toContain('row 1 is 2');
  expect(bad('n', { values: new Float64Array(3), valid: Uint8Array.of(1, 1, 0) })).toContain('row 2 is null');
});

test('cutting a table and joining the pieces gives the table back', () => {
  const whole = table();
  const pieces = gather(schema, 3);
  for (let round = 0; round < 2; round++) {
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 3],
    ] as const)
      pieces.add(sliceTable(whole, from, to));
    expect(pieces.rows()).toBe(3);
    expect(pieces.take()).toEqual(whole);
  }
});

test('a column is had by name and type, and by no other type', () => {
  expect(column(table(), 'n', 'int64').values[2]).toBe(3);
  expect(refusal(() => column(table(), 'n', 'float64'))).toContain('has int64');
  expect(refusal(() => column(table(), 'q', 'float64'))).toContain('no such column');
});
