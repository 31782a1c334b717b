import { expect, test } from 'vitest';
import { loadModel, MODEL_NAMES } from '../../lib/models/catalog.ts';
import { ownModel } from '../../lib/models/own.ts';
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
