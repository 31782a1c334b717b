import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canon, canonOf, canonOnce, type Json } from '../../lib/base/canon.ts';

describe('canonical JSON is that of RFC 8785', () => {
  test('its sample object of section 3.2.2 has the text of section 3.2.3', () => {
    const sample = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    ) as Json;
    expect(canon(sample)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('keys stand in the order of UTF-16 units, as in section 3.2.3', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const text = canon(Object.fromEntries(names.map((name) => [name, 0])));
    expect(Object.keys(JSON.parse(text) as object).map((name) => name.codePointAt(0)?.toString(16))).toEqual(
      // A reader puts a whole number first by itself; the text is looked at below.
      ['31', 'd', '80', 'f6', '20ac', '1f600', 'fb33'],
    );
    expect(text.slice(0, 12)).toBe('{"\\r":0,"1":');
  });

  // Appendix B: the bits of a double and its text.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('the double %s is %s', (bits, text) => {
    expect(canon(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });

  test('control characters have their short escapes or small hex, nothing else is escaped', () => {
    expect(canon('\b\t\n\f\r\u0000\u001f\u007f\u2028/é')).toBe('"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028/é"');
  });
});

describe('one value has one text', () => {
  const json = fc
    .jsonValue({ maxDepth: 4 })
    .filter((value) => JSON.stringify(value) !== undefined) as fc.Arbitrary<Json>;

  test('in whatever order its keys were made, at any depth', () => {
    const turned = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(turned);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, turned(inner)]),
      );
    };
    fc.assert(fc.property(json, (value) => canon(turned(value)) === canon(value)));
  });

  test('that reads back as the same value, and whose text is its own', () => {
    fc.assert(
      fc.property(json, (value) => {
        const back = JSON.parse(canon(value)) as Json;
        expect(back).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canon(back)).toBe(canon(value));
      }),
    );
  });
});

test.each([
  ['NaN', Number.NaN],
  ['infinity', Number.NEGATIVE_INFINITY],
  ['undefined', undefined],
  ['a function', () => 1],
  ['a big integer', 1n],
  ['a lone surrogate', 'a\ud800b'],
])('what JSON cannot say is refused, wherever it stands: %s', (_, odd) => {
  for (const value of [odd, [1, odd], { a: { b: odd } }]) expect(() => canon(value as Json)).toThrow(TypeError);
  if (typeof odd === 'string') expect(() => canon({ [odd]: 1 })).toThrow(TypeError);
});

test('text made once for a value, or put together from the texts of its fields, is the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (record) => {
      const value = record as { readonly [key: string]: Json };
      expect([canonOnce(value), canonOnce(value)]).toEqual([canon(value), canon(value)]);
      expect(canonOf(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, canonOnce(one)])))).toBe(
        canon(value),
      );
    }),
  );
});
