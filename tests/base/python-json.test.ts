import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../lib/base/digest.ts';
import { comparePoints, PythonFloat, pythonFloat, pythonJson, sortPoints } from '../../lib/base/python-json.ts';
import { anyText } from '../text.ts';

test('floats are written as Python repr does', () => {
  const cases: [number, string][] = [
    [1, '1.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [123456.789, '123456.789'],
    [1e15, '1000000000000000.0'],
    [9007199254740992, '9007199254740992.0'],
    [1e16, '1e+16'],
    [1.2345e22, '1.2345e+22'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [-2.5, '-2.5'],
  ];
  for (const [value, text] of cases) expect(pythonFloat(value)).toBe(text);
});

test('float text reads back as the same number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => Object.is(Number(pythonFloat(x)), x)),
  );
});

test('a run-cache key is the sha256 of the text that DVC hashes', () => {
  const entry = {
    cmd: 'cp a b',
    params: {
      'params.yaml': {
        rate: 1e-5,
        name: 'é',
        k: new PythonFloat(1),
        big: { x: [1, 2.5], y: null, t: true },
      },
    },
    deps: [{ path: 'a', md5: 'b026324c6904b2a9cb4b88d6d61c81d1', hash: 'md5' }],
  };
  const out = { hash: 'md5', md5: 'b026324c6904b2a9cb4b88d6d61c81d1', path: 'b' };
  expect(sha256(pythonJson({ ...entry, outs: ['b'] }))).toBe(
    '555586c70aec90734c56c0e1c7d2d240b78147c87d2587c6f9e9672fd0dc99da',
  );
  expect(sha256(pythonJson({ ...entry, outs: [out] }))).toBe(
    '1e604829ebd60d6fadd36a85990b9ca8e3a214d476f1fe7e466e0d57b20a1bee',
  );
});

test('numbers JSON has no name for get the names of Python, ints any size', () => {
  expect(pythonJson([Infinity, -Infinity, NaN, 12345678901234567890n, -7])).toBe(
    '[Infinity, -Infinity, NaN, 12345678901234567890, -7]',
  );
});

test('text is ASCII and says the same to any JSON reader', () => {
  fc.assert(
    fc.property(anyText(), (s) => {
      const text = pythonJson(s);
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(JSON.parse(text)).toBe(s);
    }),
  );
});

test('strings are ordered by code point', () => {
  fc.assert(
    fc.property(anyText(), anyText(), (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(comparePoints(a, b))).toBe(bytes);
    }),
  );
});

test('texts are sorted by code points whatever they hold', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('a', '\ud800', '\ue000', '\uffff', '\u{10000}') }),
  );
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      expect(sortPoints([...texts])).toEqual([...texts].sort(comparePoints));
    }),
  );
});
