// Laws of checking: each mistake gives one problem, in plain words, at the key or value that is wrong, with what was meant.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { parseDocument } from '../../lib/base/document.ts';
import { isDate } from '../../lib/base/fits.ts';
import { checkValue, flatten, type Schema } from '../../lib/base/schema.ts';
import { runs } from '../thorough.ts';

const schema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  definitions: {
    ticker: {
      type: 'string',
      pattern: '^[A-Z]+$',
      'x-expected': 'a ticker such as AAPL',
      'x-code': 'config/unsafe-name',
    },
    source: {
      anyOf: [
        { type: 'string', minLength: 1 },
        {
          type: 'object',
          additionalProperties: false,
          required: ['path'],
          properties: { path: { type: 'string' }, adapter: { enum: ['csv', 'parquet'] } },
        },
      ],
    },
  },
  type: 'object',
  additionalProperties: false,
  required: ['seed'],
  properties: {
    seed: { type: ['integer', 'string'], minimum: 0 },
    start: { type: 'string', format: 'date' },
    mode: { enum: ['static', 'factor', 3] },
    on: { type: 'boolean', 'x-identity': false },
    alpha: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    tickers: { type: 'array', minItems: 1, uniqueItems: true, items: { $ref: '#/definitions/ticker' } },
    assets: {
      type: 'object',
      propertyNames: { $ref: '#/definitions/ticker' },
      additionalProperties: { type: 'object', additionalProperties: false, properties: { sigma: { type: 'number' } } },
    },
    sources: { type: 'object', additionalProperties: { $ref: '#/definitions/source' } },
    stage: {
      oneOf: [
        { type: 'object', required: ['uses'], additionalProperties: false, properties: { uses: { type: 'string' } } },
        {
          type: 'object',
          required: ['cmd', 'out'],
          additionalProperties: false,
          properties: { cmd: { type: 'string' }, out: {} },
        },
      ],
    },
  },
};

const check = (text: string) => {
  const document = parseDocument('c.yml', text);
  expect(document.problems).toEqual([]);
  return checkValue(schema, document.value, document.place).map(({ code, message, place, hint }) =>
    [`${place!.line}:${place!.column}+${place!.length}`, code, message, ...(hint === undefined ? [] : [hint])].join(
      ' | ',
    ),
  );
};

describe('one mistake, one problem', () => {
  test.each([
    ['seed: 1\nmoed: static', '2:1+4 | config/unknown-key | unknown key "moed" | Did you mean "mode"?'],
    [
      'seed: 1\nzzzzzz: 1',
      '2:1+6 | config/unknown-key | unknown key "zzzzzz" | Known keys: seed, start, mode, on, alpha, tickers, assets, sources, stage',
    ],
    ['mode: static', '1:1+12 | config/invalid | seed is missing | Add it'],
    ['seed: 1.5', '1:7+3 | config/invalid | seed must be a whole number or text; found 1.5'],
    ['seed: -1', '1:7+2 | config/invalid | seed must be at least 0; found -1'],
    ['seed: [1]', '1:7+3 | config/invalid | seed must be a whole number or text; found a list of 1'],
    [
      'seed: 1\nmode: statik',
      '2:7+6 | config/invalid | mode must be "static", "factor" or 3; found "statik" | Did you mean "static"?',
    ],
    [
      'seed: 1\non: yes',
      '2:5+3 | config/invalid | on must be true or false; found "yes" | YAML 1.2 writes true or false',
    ],
    [
      'seed: 1\nstart: 2023-02-29',
      '2:8+10 | config/invalid | start must be a date of the calendar such as 2024-01-31; found "2023-02-29"',
    ],
    ['seed: 1\nstart: 2023', '2:8+4 | config/invalid | start must be text; found 2023 | Put it in quotes'],
    ['seed: 1\nalpha: "0.1"', '2:8+5 | config/invalid | alpha must be a number; found "0.1" | Remove the quotes'],
    ['seed: 1\nalpha: 0', '2:8+1 | config/invalid | alpha must be above 0; found 0'],
    ['seed: 1\ntickers: []', '2:10+2 | config/invalid | tickers must be a list of at least 1; found an empty list'],
    [
      'seed: 1\ntickers: AAPL',
      '2:10+4 | config/invalid | tickers must be a list; found "AAPL" | Write it as a list: [a, b]',
    ],
    ['seed: 1\ntickers: [A, B, A]', '2:17+1 | config/invalid | tickers holds "A" more than once | Remove one'],
    [
      'seed: 1\ntickers: [A, ../b]',
      '2:14+4 | config/unsafe-name | tickers[1] must be a ticker such as AAPL; found "../b"',
    ],
    [
      'seed: 1\nassets:\n  ../x: {sigma: 1}',
      '3:3+4 | config/unsafe-name | the key "../x" must be a ticker such as AAPL',
    ],
    ['seed: 1\nassets: {A: {sigma: no}}', '2:21+2 | config/invalid | assets.A.sigma must be a number; found "no"'],
    ['[]', '1:1+2 | config/invalid | the document must be a map; found an empty list'],
  ])('%j', (text, expected) => expect(check(text)).toEqual([expected]));
});

describe('unions', () => {
  test.each([
    [
      'a value of a third kind names the kinds',
      'sources: {a: 3}',
      '2:14+1 | config/invalid | sources.a must be text or a map with path; found 3',
    ],
    [
      'a map is told what is wrong with the map',
      'sources: {a: {pth: x}}',
      '2:15+3 | config/unknown-key | unknown key "pth" in sources.a | Did you mean "path"?',
    ],
    [
      'a branch deep inside is told by its own place',
      'sources: {a: {path: x, adapter: cvs}}',
      '2:33+3 | config/invalid | sources.a.adapter must be "csv" or "parquet"; found "cvs" | Did you mean "csv"?',
    ],
    [
      'of two kinds of map the nearer one is meant',
      'stage: {cmd: x, ouut: 1}',
      '2:17+4 | config/unknown-key | unknown key "ouut" in stage | Did you mean "out"?',
    ],
    [
      'an empty map is told the least that is missing',
      'stage: {}',
      '2:1+5 | config/invalid | stage.uses is missing | Add it',
    ],
  ])('%s', (_title, text, expected) => {
    const problems = check(`seed: 1\n${text}`);
    expect(problems).toContain(expected);
    expect(problems.length).toBeLessThanOrEqual(2);
  });

  test('a union that fails for one entry leaves the problems of the others alone', () => {
    expect(check('seed: 1\nsources: {a: 3, ab: {path: 1}}')).toEqual([
      '2:14+1 | config/invalid | sources.a must be text or a map with path; found 3',
      '2:28+1 | config/invalid | sources.ab.path must be text; found 1 | Put it in quotes',
    ]);
  });
});

test('all problems come in one go, in the order of the text', () => {
  expect(check('mode: x\nalpha: 2\nextra: 1').map((line) => line.split(' ')[0])).toEqual([
    '1:1+7',
    '1:7+1',
    '2:8+1',
    '3:1+5',
  ]);
});

test('a right value has no problems, and checking changes nothing', () => {
  const value = parseDocument(
    'c.yml',
    'seed: abc\ntickers: [A]\nsources: {a: ./x, b: {path: y}}\nstage: {uses: m}',
  ).value;
  const before = JSON.stringify(value);
  expect(checkValue(schema, value)).toEqual([]);
  expect(JSON.stringify(value)).toBe(before);
});

test('a date is a day of the Gregorian calendar', () => {
  const right = ['2024-02-29', '2000-02-29', '1999-12-31', '0001-01-01'];
  const wrong = [
    '2023-02-29',
    '1900-02-29',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '2024-1-1',
    '2024-01-01T00:00',
    '0000-01-01',
    ' 2024-01-01',
  ];
  expect(right.filter(isDate)).toEqual(right);
  expect(wrong.filter(isDate)).toEqual([]);
});

test('flattening refuses references that are recursive, dangling or foreign', () => {
  expect(() =>
    flatten({ definitions: { a: { items: { $ref: '#/definitions/a' } } }, $ref: '#/definitions/a' }),
  ).toThrow(TypeError);
  expect(() => flatten({ properties: { a: { $ref: '#/definitions/none' } } })).toThrow(TypeError);
  expect(() => flatten({ properties: { a: { $ref: 'other.json' } } })).toThrow(TypeError);
  expect(flatten(flatten(schema))).toBe(flatten(schema));
});

test('any JSON gets problems with a message, or none', () => {
  const names = fc.constantFrom('seed', 'mode', 'tickers', 'assets', 'sources', 'stage', 'A', 'a/b~c', 'path');
  const any = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.integer(),
      fc.string(),
      fc.constant(null),
      fc.array(tie('json')),
      fc.dictionary(names, tie('json')),
    ),
  })).json;
  fc.assert(
    fc.property(any, (value) => {
      for (const problem of checkValue(schema, value as Json))
        expect(problem.message).not.toMatch(/undefined|\[object/);
    }),
    { numRuns: runs(500) },
  );
});

test('a key in the wrong map is told where it belongs', () => {
  const map = (properties: Schema): Schema => ({ type: 'object', additionalProperties: false, properties });
  const leaf = { type: 'number' };
  const nested = map({
    seed: leaf,
    generation: map({ model: leaf, volume: map({ level: leaf }), tick: map({ size: leaf }) }),
  });
  const hintOf = (value: Json) => checkValue(nested, value).map(({ hint }) => hint);
  expect(hintOf({ model: 1 })).toEqual(['Did you mean "generation.model"?']);
  expect(hintOf({ generation: { seed: 1, size: 1 } })).toEqual([
    'Did you mean "seed"?',
    'Did you mean "generation.tick.size"?',
  ]);
  expect(hintOf({ generation: { modle: 1 } })).toEqual(['Did you mean "model"?']);
  expect(hintOf({ generation: { toString: 1 } })).toEqual(['Known keys: model, volume, tick']);
  const everywhere = map(
    Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name.repeat(9), map({ level: leaf })])),
  );
  expect(checkValue(everywhere, { level: 1 })[0]!.hint).toMatch(/^Known keys/);
});
