// Laws of reading DVC's files field by field: every fault is told with its place, all in one go, and nothing is guessed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { PythonFloat } from '../../lib/base/python-json.ts';
import { ENTRY_KEYS, type Entry, readEntry, UNSERVED_KEYS } from '../../lib/dvc/entry.ts';
import { type JsonMap, present, Reader } from '../../lib/dvc/reader.ts';

const open = (text: string) => new Reader(parseDocument('dvc.lock', text));
const told = (reader: Reader) =>
  reader.problems.map(({ code, place, message }) => `${place?.line}:${place?.column} ${code} ${message}`);
const mapOf = (reader: Reader) => reader.document.value as JsonMap;

function entryOf(text: string): { readonly entry: Entry | null; readonly told: readonly string[] } {
  const reader = open(text);
  const entry = readEntry(reader, mapOf(reader), []);
  return { entry, told: told(reader) };
}

const MD5 = '60b725f10c9c85c70d97880dfe8191b3';

test('a field that is absent is no fault, and one of another type is, at its own place', () => {
  const reader = open('a: text\nb: true\nc: 3\nd: -1\ne: 0.5\nf:\n');
  const map = mapOf(reader);
  expect([reader.field(map, 'a', 'string', []), reader.field(map, 'b', 'boolean', [])]).toEqual(['text', true]);
  expect([reader.field(map, 'c', 'count', []), reader.field(map, 'z', 'count', [])]).toEqual([3, undefined]);
  // What every object inherits is no field of the file.
  expect(reader.field(map, 'toString', 'string', [])).toBeUndefined();
  expect(told(reader)).toEqual([]);
  for (const key of ['d', 'e', 'f', 'a']) expect(reader.field(map, key, 'count', [])).toBeUndefined();
  reader.field(map, 'c', 'string', []);
  reader.field(map, 'a', 'boolean', []);
  expect(told(reader)).toEqual([
    '4:4 dvc/malformed d must be a whole number',
    '5:4 dvc/malformed e must be a whole number',
    '6:1 dvc/malformed f must be a whole number',
    '1:4 dvc/malformed a must be a whole number',
    '3:4 dvc/malformed c must be text',
    '1:4 dvc/malformed a must be true or false',
  ]);
});

test('nothing and null are an empty list but no map', () => {
  const reader = open('a:\nb: [1]\nc: {d: 1}\n');
  const { a, b, c } = mapOf(reader);
  expect([reader.list(undefined, [], 'x'), reader.list(a, ['a'], 'a'), reader.list(b, ['b'], 'b')]).toEqual([
    [],
    [],
    [1],
  ]);
  expect(reader.map(c, ['c'], 'c')).toEqual({ d: 1 });
  expect(told(reader)).toEqual([]);
  expect([reader.map(a, ['a'], 'a'), reader.map(b, ['b'], 'b'), reader.list(c, ['c'], 'c')]).toEqual([null, null, []]);
  expect(told(reader)).toHaveLength(3);
});

test('a key DVC would refuse is told at the key with the nearest one it knows; one we do not serve is told apart', () => {
  const reader = open('outs: []\nout: []\ncloud: x\nunheard: x\n');
  reader.keys(mapOf(reader), ['outs'], ['cloud'], []);
  expect(reader.problems.map(({ code, place, hint }) => [code, place?.line, place?.column, hint])).toEqual([
    ['dvc/malformed', 2, 1, 'Did you mean outs?'],
    ['dvc/unsupported', 3, 1, undefined],
    ['dvc/malformed', 4, 1, undefined],
  ]);
});

test('numbers are floats for Python where their text says so, through lists, maps and aliases', () => {
  const reader = open(
    'meta:\n  a: 1\n  b: 1.0\n  c: [1e3, 1000, 0x1E]\n  d: {e: -2.0, f: "1.0", g: null, h: true}\n  base: &base 3\n  same: *base\n',
  );
  const python = reader.python(mapOf(reader).meta!, ['meta']);
  expect(python).toEqual({
    a: 1,
    b: new PythonFloat(1),
    c: [new PythonFloat(1000), 1000, 30],
    d: { e: new PythonFloat(-2), f: '1.0', g: null, h: true },
    base: 3,
    same: 3,
  });
});

test('faults of the document come first and those of its fields follow', () => {
  const reader = open('a: 1\na: 2\n');
  reader.report('dvc/malformed', ['a'], 'mine');
  expect(reader.problems.map(({ code }) => code)).toEqual(['yaml/duplicate-key', 'dvc/malformed']);
});

test('what is not given is left out, and false, zero and nothing are given', () => {
  expect(Object.keys(present({ a: undefined, b: false, c: 0, d: null, e: '' }))).toEqual(['b', 'c', 'd', 'e']);
});

test('an entry is what the file says, and what it does not say is absent', () => {
  expect(entryOf(`path: a/b\nhash: md5\nmd5: ${MD5}.dir\nsize: 6\nnfiles: 3\n`)).toEqual({
    entry: { path: 'a/b', md5: `${MD5}.dir`, size: 6, nfiles: 3 },
    told: [],
  });
  // Nothing recorded yet: DVC leaves the digest out, or empty.
  for (const md5 of ['', 'md5:\n', "md5: ''\n"])
    expect(entryOf(`path: a\n${md5}`)).toEqual({ entry: { path: 'a', md5: null }, told: [] });
  expect(entryOf(`path: a\nhash: md5\nmd5: ${MD5.toUpperCase()}\nisexec: true\n`).entry).toEqual({
    path: 'a',
    md5: MD5,
    isexec: true,
  });
});

test('an entry without a usable path is none; one with other faults stays, so that all are told together', () => {
  for (const text of ['hash: md5\n', "path: ''\n", 'path: 1\n'])
    expect(entryOf(text)).toEqual({ entry: null, told: [expect.stringContaining('dvc/malformed')] });
  expect(entryOf('path: a\nhash: sha256\nmd5: x\nsize: big\n')).toEqual({
    entry: { path: 'a', md5: null },
    told: [
      '3:6 dvc/malformed md5 must be 32 hex digits as text, with .dir for a folder',
      '2:7 dvc/malformed hash must be md5',
      '4:7 dvc/malformed size must be a whole number',
    ],
  });
});

test('a digest of DVC 2 is told as such: it may name other bytes', () => {
  expect(entryOf(`path: a\nmd5: ${MD5}\n`).told).toEqual([expect.stringContaining('store/legacy-layout')]);
});

test('no text is a digest but 32 hex digits, with .dir or without', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{31,33}(\.dir|\.di|)$/);
  fc.assert(
    fc.property(fc.oneof(hex, fc.string()), (text) => {
      const reader = open('path: a\n');
      const entry = readEntry(reader, { path: 'a', hash: 'md5', md5: text }, []);
      const right = text.replace(/\.dir$/, '').length === 32 && /^[0-9a-fA-F]+(\.dir)?$/.test(text);
      expect(entry?.md5).toBe(right ? text : null);
      expect(reader.problems).toHaveLength(right || text === '' ? 0 : 1);
    }),
  );
});

test('a key is served, or told as not served: never both', () => {
  expect(UNSERVED_KEYS.filter((key) => (ENTRY_KEYS as readonly string[]).includes(key))).toEqual([]);
});
