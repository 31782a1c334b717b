// Laws of walking a schema: it says of a value what the compiled schema says, and knows which schemas it may speak of.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { fits, isPlain } from '../../lib/base/fits.ts';
import { checkValue, flatten, type Schema } from '../../lib/base/schema.ts';
import { runs } from '../thorough.ts';

/** What ajv says: a word that the walk does not know leaves the schema to it. */
const compiled = (schema: Schema, value: Json) => checkValue({ ...schema, $comment: '' }, value).length === 0;

const scalar = fc.constantFrom<Json>(
  null,
  true,
  0,
  -0,
  1,
  1.5,
  5,
  1e300,
  '',
  'a',
  'AB',
  '𝒳',
  '2024-02-29',
  '2023-02-29',
);
const key = fc.constantFrom('a', 'b', 'c');
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const some = (words: Record<string, fc.Arbitrary<unknown>>) => fc.record(words, { requiredKeys: [] });
const few = fc.integer({ min: 0, max: 3 });
const number = fc.constantFrom(-1, 0, 1, 1.5, 5);
/** Right and wrong schemas: words of one kind of value beside any type, some unknown. */
const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    some({
      type: fc.constantFrom('number', 'integer', ['integer', 'null']),
      minimum: number,
      maximum: number,
      exclusiveMinimum: number,
      exclusiveMaximum: number,
    }),
    some({
      type: fc.constantFrom('string', ['string', 'boolean'], []),
      minLength: few,
      maxLength: few,
      pattern: fc.constantFrom('^[A-Z]+$', '^.$', '('),
      format: fc.constantFrom('date', 'time'),
    }),
    some({
      enum: fc.array(value, { maxLength: 3 }),
      const: value,
      'x-expected': fc.constant('y'),
      'x-new': fc.constant(''),
    }),
    some({
      type: fc.constantFrom('array', 'strings'),
      items: fc.oneof(tie('schema'), fc.constant({ $data: 1 })),
      minItems: few,
      maxItems: few,
      uniqueItems: fc.constantFrom(true, false, 1),
    }),
    some({
      type: fc.constantFrom('object', ['object', 'array']),
      properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')),
      required: fc.constantFrom(['a'], ['b', 'a'], []),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      propertyNames: some({ pattern: fc.constant('^[ab]$'), minimum: number }),
      minProperties: few,
      maxProperties: few,
    }),
    some({ anyOf: fc.array(tie('schema'), { maxLength: 3 }), type: fc.constantFrom('integer', 'object', 'string') }),
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema.
    some({ if: tie('schema'), then: tie('schema'), else: tie('schema') }),
  ) as fc.Arbitrary<Schema>,
}));

test('a schema it knows is right, and of each value it says what the compiled one says', () => {
  let [known, fitting] = [0, 0];
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 8, maxLength: 8 }), (words, values) => {
      if (!isPlain(words)) return;
      known++;
      for (const one of values) {
        const isFitting = fits(words, one);
        if (isFitting) fitting++;
        expect(compiled(words, one), JSON.stringify([words, one])).toBe(isFitting);
      }
    }),
    { numRuns: runs(3000) },
  );
  expect(known).toBeGreaterThan(runs(3000) / 10);
  expect(fitting).toBeGreaterThan(runs(3000) / 20);
});

describe('of each schema that the program reads by', () => {
  const folder = new URL('../../config/schema/', import.meta.url);
  // That of profiles is for editors alone: it points into another file.
  const names = readdirSync(folder).filter((name) => name !== 'profiles.schema.json');
  const schemas = names.map((name): [string, Schema] => [
    name,
    flatten(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Schema),
  ]);
  test.each(schemas)('%s every word is known', (_name, flat) => {
    expect(isPlain(flat)).toBe(true);
  });
});

test.each<[string, Schema]>([
  ['a word nobody knows', { type: 'object', propertees: {} }],
  ['a note nobody knows', { type: 'object', 'x-other': 1 }],
  ['a type nobody knows', { type: 'text' }],
  ['a word for another type', { type: 'string', minimum: 1 }],
  ['a word without a type', { minimum: 1 }],
  ['a required key without a property', { type: 'object', properties: {}, required: ['a'] }],
  ['a branch of another type', { type: 'string', anyOf: [{ type: 'object', minProperties: 1 }] }],
  ['an expression that is none', { type: 'string', pattern: '(' }],
  ['a consequence without a condition', { type: 'string', else: false }],
])('a schema with %s is left to the compiler, which refuses it', (_what, wrong) => {
  expect(isPlain(wrong)).toBe(false);
  expect(() => checkValue(wrong, 'abc')).toThrow();
});
