// Laws of reading YAML: exact places, plain frozen data, and no text that crashes or stalls the reader.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { at } from '../../lib/base/place.ts';
import { anyText } from '../text.ts';
import { draws, runs } from '../thorough.ts';

const read = (text: string) => parseDocument('c.yml', text);
const said = (text: string) =>
  read(text).problems.map((p) => `${at(p.place!)}+${p.place!.length} ${p.code} ${p.message}`);

describe('values', () => {
  test('core scalars become JSON and dates stay strings', () => {
    const { value, problems } = read(
      'a: 2020-01-01\nb: 0x10\nc: 1e3\nd: true\ne: ~\nf:\ng: yes\nh: "1"\ni: -0\nj: [1, {k: 2}]\n',
    );
    expect(problems).toEqual([]);
    expect(value).toEqual({
      a: '2020-01-01',
      b: 16,
      c: 1000,
      d: true,
      e: null,
      f: null,
      g: 'yes',
      h: '1',
      i: 0,
      j: [1, { k: 2 }],
    });
  });

  test('the whole value is frozen, below aliases too', () => {
    const value = read('a: &x [1, {b: 2}]\nc: *x\n').value as { a: unknown[]; c: unknown[] };
    expect([value, value.a, value.a[1], value.c].every(Object.isFrozen)).toBe(true);
    expect(value.c).toEqual([1, { b: 2 }]);
  });

  test('line ends, a byte order mark and comments do not change the value', () => {
    const unix = 'a: |\n  x\n  y\nb: 1 # c\n';
    expect(read(unix.replaceAll('\n', '\r\n')).value).toEqual(read(unix).value);
    expect(read(`\uFEFF# hello\n${unix}`).value).toEqual(read(unix).value);
  });

  test('an empty file is null without problems', () => {
    expect(read('')).toMatchObject({ value: null, problems: [] });
    expect(read('# only words\n')).toMatchObject({ value: null, problems: [] });
  });

  test('names that every object inherits are ordinary keys', () => {
    expect(Object.keys(read('constructor: 1\ntoString: 2\n').value as object)).toEqual(['constructor', 'toString']);
  });
});

describe('problems', () => {
  test.each([
    ['a: 1\nb: 2\na: 3\n', 'c.yml:3:1+1 yaml/duplicate-key the key "a" is there twice'],
    ['{x: {y: 1, y: 2}}', 'c.yml:1:12+1 yaml/duplicate-key the key "y" is there twice'],
    ['1: a', 'c.yml:1:1+1 yaml/syntax a key must be text'],
    ['true: a', 'c.yml:1:1+4 yaml/syntax a key must be text'],
    ['? [a]\n: b', 'c.yml:1:3+3 yaml/syntax a key must be text'],
    ['__proto__: {a: 1}', 'c.yml:1:1+9 yaml/syntax the key __proto__ is not allowed'],
    ['a: !secret b', 'c.yml:1:4+7 yaml/syntax Unresolved tag: !secret'],
    ['a: !!binary aGk=', 'c.yml:1:4+8 yaml/syntax Unresolved tag: tag:yaml.org,2002:binary'],
    ['a: 9007199254740993', 'c.yml:1:4+16 yaml/syntax the number is too large to be held exactly'],
    ['a: .nan', 'c.yml:1:4+4 yaml/syntax the number is not finite'],
    ['a: [1, -.inf]', 'c.yml:1:8+5 yaml/syntax the number is not finite'],
    ['a: 1e999', 'c.yml:1:4+5 yaml/syntax the number is not finite'],
    ['a: *b', 'c.yml:1:4+2 yaml/syntax no anchor &b stands above this alias'],
    ['a: &a [*a]', 'c.yml:1:8+2 yaml/syntax the alias *a stands inside what it names'],
    ['a: 1\n---\nb: 2\n', 'c.yml:2:1+3 yaml/syntax a second document starts here; the file must hold one'],
    ['%YAML 1.1\n---\na: 1\n', 'c.yml:1:1+5 yaml/syntax this is YAML 1.1; only 1.2 is read'],
    ['a: "x\\u0007"', 'c.yml:1:4+9 yaml/syntax the text holds the control character U+0007'],
    ['a: "\\ud800"', 'c.yml:1:4+8 yaml/syntax the text holds the control character U+D800'],
    ['a: x\u0000y', 'c.yml:1:5+1 yaml/syntax the control character U+0000 is not allowed'],
    ['a: 1\rb: 2', 'c.yml:1:5+1 yaml/syntax the control character U+000D is not allowed'],
  ])('%j is refused at its exact place', (text, expected) => {
    expect(said(text)[0]).toBe(expected);
    expect(read(text).value).toBe(null);
  });

  test('a tab as indentation is named with a hint', () => {
    const [problem] = read('a:\n\tb: 1\n').problems;
    expect(problem).toMatchObject({ code: 'yaml/syntax', place: { line: 2, column: 1 }, hint: 'Indent with spaces' });
  });

  test('all problems come in one go, in the order of the text', () => {
    expect(said('a: .inf\nb: *no\na: 1\nc: !x 1\n').map((line) => line.split(' ')[0])).toEqual([
      'c.yml:1:4+4',
      'c.yml:2:4+3',
      'c.yml:3:1+1',
      'c.yml:4:4+2',
    ]);
  });

  test('aliases that unfold without bound are refused', () => {
    const laughs = Array.from(
      { length: 9 },
      (_, i) => `a${i}: &a${i} [${i === 0 ? 'lol' : Array(9).fill(`*a${i - 1}`)}]`,
    );
    expect(said(laughs.join('\n'))).toEqual([
      expect.stringContaining('the aliases up to here unfold into more than 10000 values'),
    ]);
  });
});

describe('places', () => {
  const text = 'a:\n  b: [x, "yy"]\nlist:\n  - k: v\n  -\nc: &c {d: 1}\ne: *c\n';
  test.each([
    [['a', 'b'], 'key', '2:3+1'],
    [['a', 'b'], 'value', '2:6+9'],
    [['a', 'b', 1], 'value', '2:10+4'],
    [['list', 0, 'k'], 'value', '4:8+1'],
    [['e'], 'value', '7:4+2'],
    [['e', 'd'], 'value', '6:11+1'],
    [['a', 'missing', 'deep'], 'value', '1:1+1'],
    [['list', 0, 'gone'], 'key', '4:5+4'],
    [[], 'value', '1:1+2'],
  ] as const)('%j %s stands at %s', (path, which, expected) => {
    const place = read(text).place(path, which);
    expect(`${place.line}:${place.column}+${place.length}`).toBe(expected);
  });
});

describe('any text', () => {
  const hostile = [
    '[',
    '{',
    '- ',
    '? ',
    ': ',
    ']',
    '&a ',
    '*a ',
    '!a ',
    "'",
    '"',
    '|\n',
    '>\n a\n',
    '%Y\n',
    '---\n',
    '[a,',
    '{a: ',
    '#\n',
    '\t',
  ];
  test.each(hostile)('thousands of %j are read without throwing', (part) => {
    const document = read(part.repeat(draws(20_000)));
    expect(document.problems.length).toBeLessThanOrEqual(100);
  });

  test('a text longer than the limit is refused unread', () => {
    expect(said('a'.repeat(2 ** 24 + 1))).toEqual([expect.stringContaining('longer than 16777216 characters')]);
  });

  const places = (text: string) => {
    const { problems, value } = read(text);
    const lines = text.replace(/^\uFEFF/, '').split('\n');
    for (const { place } of problems) {
      expect(place!.line).toBeLessThanOrEqual(lines.length);
      expect(place!.column).toBeLessThanOrEqual(lines[place!.line - 1]!.length + 1);
    }
    if (problems.length === 0) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  };

  test('every text gives JSON or problems inside the text', () => {
    const piece = fc.constantFrom(
      ...'a b: - [ ] { } , # & * ! | > \' " % @ ` \\ ? ~ 0 1 . e + \n \n  \t \r\n \u0000 é 💡 << =='.split(' '),
      ' ',
      '\n',
      '\n  ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (parts) => places(parts.join(''))),
      { numRuns: runs(2000) },
    );
    fc.assert(fc.property(anyText({ maxLength: 80 }), places), { numRuns: runs(1000) });
  });

  test('JSON is YAML: any value comes back from its JSON text', () => {
    const key = fc.string({ unit: fc.constantFrom(...'abcXYZ09_ :#-{}[],"\'\\é💡') });
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        key,
        fc.array(tie('any')),
        fc.dictionary(key, tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(value, (v) => {
        expect(read(JSON.stringify(v)).value).toEqual(JSON.parse(JSON.stringify(v)));
      }),
      { numRuns: runs(300) },
    );
  });
});
