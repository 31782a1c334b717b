import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { differences, type Reason, describe as say } from '../../lib/engine/explain.ts';
import { type KeyInput, keyOf } from '../../lib/engine/key.ts';
import { runs } from '../thorough.ts';

const INPUT: KeyInput = {
  stage: 'features',
  element: null,
  params: new Map<string, { shown: string; value: Json }>([
    ['indicators', { shown: 'features', value: { rsi: 14, bands: { width: 2, sides: [1, 2] } } }],
    ['mode', { shown: 'features.mode', value: 'fast' }],
  ]),
  seed: 7,
  generatorVersion: 'v1',
  code: { 'lib/rsi.ts': 'a'.repeat(40), 'npm:left@1.0.0': 'sha512-a' },
  inputs: { bars: `${'b'.repeat(32)}.dir`, 'sources/spx': 'c'.repeat(32) },
};
const partsOf = (change: Partial<KeyInput> = {}) => keyOf({ ...INPUT, ...change }).parts;
const told = (change: Partial<KeyInput>) => differences(partsOf(), partsOf(change)).map(say);
const withParams = (change: Record<string, { shown: string; value: Json } | null>): Partial<KeyInput> => {
  const params = new Map(INPUT.params);
  for (const [name, param] of Object.entries(change)) param === null ? params.delete(name) : params.set(name, param);
  return { params };
};

describe('[C-2] a difference is named as people know it', () => {
  test.each<[string, Partial<KeyInput>, string[]]>([
    ['nothing', {}, []],
    [
      'one value deep in a map, by its path and not its neighbours',
      withParams({ indicators: { shown: 'features', value: { rsi: 21, bands: { width: 2, sides: [1, 2] } } } }),
      ['param `features.rsi`: 14 -> 21'],
    ],
    [
      'a list, whole',
      withParams({ indicators: { shown: 'features', value: { rsi: 14, bands: { width: 2, sides: [2, 1] } } } }),
      ['param `features.bands.sides`: [1,2] -> [2,1]'],
    ],
    [
      'a text, without quotes',
      withParams({ mode: { shown: 'features.mode', value: 'slow' } }),
      ['param `features.mode`: fast -> slow'],
    ],
    [
      'a text that was a number, as both are written',
      withParams({ mode: { shown: 'features.mode', value: 4 } }),
      ['param `features.mode`: fast -> 4'],
    ],
    ['a param less', withParams({ mode: null }), ['param `features.mode`: fast -> (none)']],
    ['the seed', { seed: 8 }, ['param `seed`: 7 -> 8']],
    ['the generator version', { generatorVersion: null }, ['param `generator_version`: v1 -> (none)']],
    ['a source file', { code: { ...INPUT.code, 'lib/rsi.ts': 'd'.repeat(40) } }, ['code: `lib/rsi.ts` changed']],
    [
      'an upgraded package, as one gone and one new',
      { code: { 'lib/rsi.ts': 'a'.repeat(40), 'npm:left@1.0.1': 'sha512-b' } },
      ['code: `npm:left@1.0.0` removed', 'code: `npm:left@1.0.1` added'],
    ],
    [
      'an input, by eight digits',
      { inputs: { ...INPUT.inputs, bars: `${'e'.repeat(32)}.dir` } },
      ['input `bars`: bbbbbbbb -> eeeeeeee'],
    ],
    ['a wire less', { inputs: { bars: `${'b'.repeat(32)}.dir` } }, ['input `sources/spx`: cccccccc -> (none)']],
  ])('%s', (_, change, lines) => {
    expect(told(change)).toEqual(lines);
  });

  test('params come first, then code, then inputs, each in the order of their names', () => {
    const all = told({
      seed: 8,
      ...withParams({ mode: null }),
      code: {},
      inputs: {},
    });
    expect(all.map((line) => line.split(/[:`]/)[0]?.trim())).toEqual([
      'param',
      'param',
      'code',
      'code',
      'input',
      'input',
    ]);
    expect(all).toEqual([...all.slice(0, 2).sort(), ...all.slice(2, 4).sort(), ...all.slice(4).sort()]);
  });
});

test('whatever changes a key has a reason, and what does not has none', () => {
  const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom<Json>(null, 0, 1, '', 'a', true),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b'), tie('value'), { maxKeys: 2 }),
    ),
  })).value;
  const input = fc.record({
    params: fc
      .dictionary(fc.constantFrom('x', 'y'), value, { maxKeys: 2 })
      .map((all) => new Map(Object.entries(all).map(([name, one]) => [name, { shown: `config.${name}`, value: one }]))),
    seed: fc.constantFrom(null, 1, '1'),
    generatorVersion: fc.constantFrom(null, 'v1'),
    code: fc.dictionary(fc.constantFrom('a.ts', 'b.ts'), fc.constantFrom('a'.repeat(40), 'b'.repeat(40))),
    inputs: fc.dictionary(fc.constantFrom('in', 'in/x'), fc.constantFrom('a'.repeat(32), 'b'.repeat(32))),
  });
  fc.assert(
    fc.property(
      input,
      input,
      fc.constantFrom('params', 'seed', 'generatorVersion', 'code', 'inputs'),
      (one, other, part) => {
        const [a, b] = [keyOf({ ...INPUT, ...one }), keyOf({ ...INPUT, ...one, [part]: other[part] })];
        expect(differences(a.parts, b.parts).length > 0).toBe(a.key !== b.key);
      },
    ),
    { numRuns: runs(1000) },
  );
});

test('parts of a receipt from elsewhere that are not whole are compared as far as they go', () => {
  for (const odd of [{}, { params: null }, { params: { seed: 7 }, code: [], inputs: 'x' }])
    expect(differences(odd as never, partsOf()).length).toBeGreaterThan(0);
});

test('every kind of reason has its own line', () => {
  const reasons: Reason[] = [
    { kind: 'never-made' },
    { kind: 'forced' },
    { kind: 'param', name: 'n', was: '1', now: '2' },
    { kind: 'code', path: 'p', change: 'added' },
    { kind: 'input', name: 'n', was: '1', now: '2' },
    { kind: 'upstream', stage: 's' },
    { kind: 'output-missing', output: 'o' },
    { kind: 'output-corrupted', output: 'o' },
    { kind: 'receipt-missing' },
    { kind: 'rewired' },
  ];
  expect(new Set(reasons.map(say)).size).toBe(reasons.length);
});
