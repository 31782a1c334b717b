// Laws of presets: they fill in what nobody said, they are in the resolved value, and a wrong name or value has its place.
import { expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { at } from '../../lib/base/place.ts';
import type { Schema } from '../../lib/base/schema.ts';
import { resolveConfig } from '../../lib/engine/config.ts';

const number = { type: ['number', 'null'], default: null };
const schema: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    weather: { type: 'string', default: 'fair', 'x-preset': 'weather' },
    ships: { type: ['array', 'null'], default: null, items: { type: 'string' } },
    sea: { type: 'object', additionalProperties: false, default: {}, properties: { waves: number, wind: number } },
  },
};
const PRESETS =
  'weather:\n  fair: { sea: { waves: 1, wind: 2 } }\n  storm: { sea: { waves: 9 } }\n  wrong: { see: 1 }\n  race: { ships: [A, B] }\n';

function resolve(base: string) {
  const { config, problems } = resolveConfig({
    schema,
    base: parseDocument('base.yml', base),
    profiles: null,
    presets: parseDocument('presets.yml', PRESETS),
    env: {},
    flags: {},
  });
  return { value: config?.value, problems: problems.map((p) => `${at(p.place!)} ${p.message}; ${p.hint}`) };
}

test('a preset fills what is missing or null, and its numbers are in the value', () => {
  expect(resolve('weather: storm').value).toEqual({ weather: 'storm', ships: null, sea: { waves: 9, wind: null } });
  expect(resolve('sea: { waves: null }').value).toEqual({ weather: 'fair', ships: null, sea: { waves: 1, wind: 2 } });
});

test('what was said stays, whoever names the preset', () => {
  expect(resolve('weather: storm\nsea: { waves: 3 }').value).toMatchObject({ sea: { waves: 3 } });
});

test('an unknown preset and a preset that breaks the schema are problems with a place', () => {
  expect(resolve('weather: strom').problems).toEqual([
    'base.yml:1:10 no weather is named "strom"; Did you mean "storm"?',
  ]);
  expect(resolve('weather: wrong').problems[0]).toMatch(/^presets\.yml:4:12 /);
});

test('a list that has nothing of the preset is a problem, some of it is a choice', () => {
  expect(resolve('weather: race\nships: null').value).toMatchObject({ ships: ['A', 'B'] });
  expect(resolve('weather: race\nships: [B]').value).toMatchObject({ ships: ['B'] });
  expect(resolve('weather: race\nships: [X, Y]').problems).toEqual([
    'base.yml:2:8 ships: none of X, Y is in the weather race; ships: null takes all of it',
  ]);
});
