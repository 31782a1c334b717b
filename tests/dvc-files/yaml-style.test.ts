import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { PythonFloat, type PythonValue } from '../../lib/base/python-json.ts';
import { yamlKey, yamlString } from '../../lib/dvc/yaml-scalar.ts';
import { printYaml, type YamlMap } from '../../lib/dvc/yaml-style.ts';
import { anyText } from '../text.ts';
import { runs } from '../thorough.ts';

const cases = JSON.parse(readFileSync(new URL('../oracles/yaml-style.json', import.meta.url), 'utf8')) as {
  data: YamlMap;
  text: string;
}[];

test('text is byte for byte what DVC writes for the same data', () => {
  expect(cases.length).toBe(300);
  for (const { data, text } of cases) expect(printYaml(data)).toBe(text);
});

// Control characters and nothing else are refused by our reader, as YAML cannot hold them in plain sight.
const readable = anyText({ maxLength: 12 }).map((s) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  s.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufeff\ufffe\uffff]/gu, ''),
);
const word = fc.constantFrom(
  ...'null ~ true no 1e5 .5e5 0x1F 0o7 010 1_0 .inf .NaN << = - -- ? : # a: 2020-01-01 12:30 \' " \\ --- ... @x %y `z !t &a *a | >'.split(
    ' ',
  ),
  'x'.repeat(30),
  ' ',
  '\n',
  '\t',
);
const sentence = fc.array(word, { maxLength: 30 }).map((words) => words.join(' '));
const text = fc.oneof(readable, word, sentence);
const number = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const { value } = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    number.map((x) => (x === 0 ? 0 : x)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('any reader of YAML 1.2 gets the same data back', () => {
  const map = fc.dictionary(text, value, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(map, (data) => {
      fc.pre(!JSON.stringify(data).includes('__proto__'));
      const document = parseDocument('a.yaml', printYaml(data as YamlMap));
      expect(document.problems).toEqual([]);
      expect(document.value).toEqual(data);
    }),
    { numRuns: runs(300) },
  );
});

test('an md5 that looks like a number is quoted', () => {
  for (const md5 of ['12345678901234567890123456789012', '1234567890123456789012345e678901']) {
    expect(printYaml({ md5 })).toBe(`md5: '${md5}'\n`);
  }
  expect(printYaml({ md5: '123456789012345678901234ee678901' })).toBe('md5: 123456789012345678901234ee678901\n');
});

test('whole floats keep their point and infinities their YAML names', () => {
  const data = { a: new PythonFloat(1), b: 1, c: new PythonFloat(Infinity), d: -Infinity, e: NaN, f: 10n ** 20n };
  expect(printYaml(data)).toBe('a: 1.0\nb: 1\nc: .inf\nd: -.inf\ne: .nan\nf: 100000000000000000000\n');
});

test('a text reads back equal however deep its key stands', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 140 }), (words, column) => {
      const written = `${' '.repeat(column - 2)}k:${yamlString(words, { column, indent: column })}\n`;
      expect(parseDocument('a.yaml', written)).toMatchObject({ problems: [], value: { k: words } });
    }),
  );
});

test('words stay within 80 columns, and a key stays on one line whatever its length', () => {
  const short = fc.stringMatching(/^[a-z]{1,20}$/);
  fc.assert(
    fc.property(fc.array(short, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 20 }), (words, indent) => {
      const lines = `k:${yamlString(words.join(' '), { column: 2, indent })}`.split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
      // No line is broken before it must be.
      for (const [i, line] of lines.slice(1).entries())
        expect(`${lines[i]} ${line.trim().split(' ')[0]}`.length).toBeGreaterThan(80);
      expect(yamlKey(words.join(' '))).toBe(words.join(' '));
    }),
  );
  expect(['a: b', "it's: so", 'null', '', 'a\nb'].map(yamlKey)).toEqual([
    "'a: b'",
    '"it\'s: so"',
    "'null'",
    "''",
    '"a\\nb"',
  ]);
});
