import { expect, test } from 'vitest';
import { loadModel, MODEL_NAMES } from '../../lib/models/catalog.ts';
import { checkSettings, ownModel, withDefaults } from '../../lib/models/own.ts';
import { codesOf } from '../problems.ts';

const PATH = './models/mine.ts';

test.each(MODEL_NAMES)('the contract that a user’s file is held to is kept by %s', async (name) => {
  const model = await loadModel(name);
  expect(ownModel(PATH, { model })).toBe(model);
  expect(await loadModel(PATH, () => ({ model }))).toBe(model);
});

test('a file that breaks any part of the contract is refused by its name', async () => {
  const model = await loadModel('gbm');
  const required = Object.keys(model).filter((key) => !['warn', 'steadiness', 'law'].includes(key));
  const broken = [
    ...required.map((key) => ({ model: { ...model, [key]: undefined } })),
    ...Object.keys(model).map((key) => ({ model: { ...model, [key]: 7 } })),
  ];
  for (const exports of [{}, { model: null }, { model: 'gbm' }, ...broken])
    expect(await codesOf(() => ownModel(PATH, exports)), JSON.stringify(exports)).toEqual(['model/refused']);
  expect(await codesOf(() => loadModel(PATH))).toEqual(['model/refused']);
});

const settings = {
  yield: { type: 'number', default: 0.02, minimum: 0, exclusiveMaximum: 1 },
  paid: { type: 'string', default: 'yearly', enum: ['yearly', 'monthly'] },
  times: { type: 'integer', default: null, exclusiveMinimum: 0, maximum: 12 },
} as const;

test('settings that a model does not declare, or of another type or range, are refused by their rule; null leaves one open', () => {
  const of = (given: object) => checkSettings(PATH, { settings }, given as Readonly<Record<string, unknown>>);
  const rule = (given: object) => of(given).map(({ message }) => message.split(' must be ')[1]);
  expect(of({ yield: 0, paid: 'monthly', times: 12 })).toEqual([]);
  expect(of({ yield: null, paid: null, times: null })).toEqual([]);
  expect(rule({ yield: -0.1, times: 0 })).toEqual(['0 or more, below 1', 'above 0, at most 12']);
  expect(rule({ yield: 1, times: 13 })).toEqual(['0 or more, below 1', 'above 0, at most 12']);
  expect(rule({ yield: '1', paid: 'weekly', times: 1.5 })).toEqual([
    'a number',
    'one of "yearly", "monthly"',
    'a whole number',
  ]);
  expect(of({ yield: 2 })).toMatchObject([{ code: 'model/refused', path: [PATH, 'yield'] }]);
  expect(of({ yeild: 0 })).toMatchObject([
    { code: 'config/unknown-key', path: [PATH, 'yeild'], hint: 'did you mean "yield"?' },
  ]);
  expect(checkSettings(PATH, {}, { yield: null })).toMatchObject([
    { code: 'config/unknown-key', facts: { known: 'none: it declares no `settings`' } },
  ]);
});

test('what is left open has its default', () => {
  expect(withDefaults({ settings }, { yield: null, times: 3 })).toEqual({ yield: 0.02, paid: 'yearly', times: 3 });
  expect(withDefaults({}, { yield: null })).toEqual({ yield: null });
});

test('settings without a type, without a default, or with one that breaks their own rule are refused', async () => {
  const model = await loadModel('gbm');
  const { yield: good } = settings;
  expect(ownModel(PATH, { model: { ...model, settings } })).toMatchObject({ settings });
  for (const wrong of [
    7,
    [],
    { a: null },
    { a: { type: 'number' } },
    { a: { ...good, type: 'float' } },
    { a: { ...good, default: 1 } },
  ])
    expect(
      await codesOf(() => ownModel(PATH, { model: { ...model, settings: wrong } })),
      JSON.stringify(wrong),
    ).toEqual(['model/refused']);
});
