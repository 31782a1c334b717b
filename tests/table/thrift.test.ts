// Laws of Thrift's compact protocol: bytes as the specification gives them, every struct comes back, and no bytes do harm.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BINARY,
  decodeStruct,
  encodeStruct,
  I16,
  I32,
  I64,
  LIST,
  STRUCT,
  type Struct,
  TRUE,
  type Value,
} from '../../lib/table/thrift.ts';
import { runs } from '../thorough.ts';

const [BYTE, DOUBLE, SET] = [3, 7, 10];

const integer = (bits: bigint) => fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });
const leaves: Readonly<Record<number, fc.Arbitrary<Value>>> = {
  [TRUE]: fc.boolean(),
  [BYTE]: fc.uint8Array({ minLength: 1, maxLength: 1 }),
  [I16]: integer(16n),
  [I32]: integer(32n),
  [I64]: integer(64n),
  [DOUBLE]: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  [BINARY]: fc.uint8Array({ maxLength: 200 }),
};
const leaf = fc
  .constantFrom(...Object.keys(leaves).map(Number))
  .chain((type) => leaves[type]!.map((value) => ({ type, value })));
const { struct } = fc.letrec<{ struct: Struct; field: { type: number; value: Value }; list: Value }>((tie) => ({
  struct: fc
    .array(fc.tuple(fc.integer({ min: 1, max: 32_767 }), tie('field')), { maxLength: 6 })
    .map((fields) => new Map([...fields].sort(([a], [b]) => a - b))),
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ type: fc.constantFrom(LIST, SET), value: tie('list') }),
    fc.record({ type: fc.constant(STRUCT), value: tie('struct') }),
  ),
  list: fc.oneof(
    { depthSize: 'small' },
    fc
      .constantFrom(...Object.keys(leaves).map(Number))
      .chain((element) => fc.array(leaves[element]!, { maxLength: 20 }).map((items) => ({ element, items }))),
    fc.array(tie('struct'), { maxLength: 3 }).map((items) => ({ element: STRUCT, items })),
  ),
}));

test('every struct comes back from its bytes, and its bytes from it', () => {
  fc.assert(
    fc.property(struct, (fields) => {
      const bytes = encodeStruct(fields);
      expect(decodeStruct(bytes)).toEqual(fields);
      expect(encodeStruct(decodeStruct(bytes))).toEqual(bytes);
    }),
  );
});

test('the order in which fields are given is not in the bytes', () => {
  fc.assert(
    fc.property(struct, (fields) => {
      expect(encodeStruct(new Map([...fields].reverse()))).toEqual(encodeStruct(fields));
    }),
  );
});

describe('bytes are those of the specification', () => {
  const field = (id: number, type: number, value: Value): Struct => new Map([[id, { type, value }]]);
  test.each<[what: string, fields: Struct, hex: string]>([
    ['nothing', new Map(), '00'],
    ['a small number, its sign in the lowest bit', field(1, I32, 1n), '150200'],
    ['a negative one', field(1, I32, -1n), '150100'],
    ['the least of 64 bits', field(1, I64, -(2n ** 63n)), '16ffffffffffffffffff0100'],
    ['150 in two groups of seven bits', field(1, I16, 150n), '14ac0200'],
    ['true and false in the type of the field', new Map([...field(1, TRUE, true), ...field(2, TRUE, false)]), '111200'],
    ['an id 15 further on, in the same byte', field(15, I32, 0n), 'f50000'],
    ['an id 16 further on, by itself', field(16, I32, 0n), '05200000'],
    ['text after its length', field(1, BINARY, Buffer.from('PAR1')), '18045041523100'],
    [
      'a list of 14, its size beside its type',
      field(1, LIST, { element: I32, items: Array(14).fill(0n) }),
      `19e5${'00'.repeat(15)}`,
    ],
    [
      'a list of 15, its size after its type',
      field(1, LIST, { element: I32, items: Array(15).fill(0n) }),
      `19f50f${'00'.repeat(16)}`,
    ],
    ['a list of truths, a byte each', field(1, LIST, { element: TRUE, items: [true, false] }), '1921010200'],
    ['a struct in a struct, its ids from zero again', field(3, STRUCT, field(1, I32, 5n)), '3c150a0000'],
  ])('%s', (_, fields, hex) => {
    expect(Buffer.from(encodeStruct(fields)).toString('hex')).toBe(hex);
    expect(decodeStruct(Buffer.from(hex, 'hex'))).toEqual(fields);
  });

  test('false in a list may also be zero, and what follows the struct is not looked at', () => {
    expect(decodeStruct(Buffer.from('1921010000ffff', 'hex'))).toEqual(
      field(1, LIST, { element: TRUE, items: [true, false] }),
    );
  });
});

describe('bytes that are none', () => {
  const error = (bytes: Uint8Array): unknown => {
    try {
      decodeStruct(bytes);
      return null;
    } catch (thrown) {
      return thrown;
    }
  };

  test('of a struct cut short are refused wherever the cut is', () => {
    fc.assert(
      fc.property(struct, fc.nat(), (fields, at) => {
        const bytes = encodeStruct(fields);
        expect(error(bytes.subarray(0, at % bytes.length))).toBeInstanceOf(RangeError);
      }),
    );
  });

  test('of any kind give a struct or a RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect([null, RangeError]).toContain((error(bytes) as Error | null)?.constructor ?? null);
      }),
      { numRuns: runs(500) },
    );
  });

  test.each([
    ['claim a list of four thousand million', '19fcffffffff0f00'],
    ['claim a text of nine million million million', '18ffffffffffffffffff0100'],
    ['have a number of eleven bytes', `15${'ff'.repeat(10)}0100`],
    ['have a map, which no Parquet footer has', '1b00'],
    ['have a type that does not exist', '1e00'],
    ['are nested without end', '1c'.repeat(100_000)],
  ])('%s: refused before anything is allocated', (_, hex) => {
    expect(error(Buffer.from(hex, 'hex'))).toBeInstanceOf(RangeError);
  });
});
