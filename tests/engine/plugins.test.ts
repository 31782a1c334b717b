import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { picksOf, pluginFile } from '../../lib/engine/plugins.ts';

const picks = (selector: string, params: Readonly<Record<string, Json>>) =>
  picksOf(selector, new Map(Object.entries(params).map(([name, value]) => [name, { value }])));

describe('a selector picks', () => {
  test('the value of a param, each of a list, each name of a map', () => {
    expect(picks('model', { model: 'gbm' })).toEqual([{ param: 'model', path: [], name: 'gbm' }]);
    expect(picks('model', { model: ['a', './b.ts'] }).map(({ path, name }) => [path, name])).toEqual([
      [[0], 'a'],
      [[1], './b.ts'],
    ]);
    expect(picks('rows', { rows: { sma: [20], ema: [] } }).map(({ path }) => path)).toEqual([['sma'], ['ema']]);
  });

  test('inside maps, every entry for a star, with the path that leads there', () => {
    const sources = { a: { adapter: 'csv', file: 'x' }, b: { file: 'y' }, c: { adapter: './mine.ts' } };
    expect(picks('sources.*.adapter', { sources })).toEqual([
      { param: 'sources', path: ['a', 'adapter'], name: 'csv' },
      { param: 'sources', path: ['b', 'adapter'], name: null },
      { param: 'sources', path: ['c', 'adapter'], name: './mine.ts' },
    ]);
  });

  test('nothing certain where the param, an entry or the path to it is not there, and nothing from what every object has', () => {
    expect(picks('model', {})).toEqual([{ param: 'model', path: [], name: null }]);
    expect(picks('sources.*.adapter', { sources: {} })).toEqual([]);
    expect(picks('a.b', { a: 'text' })).toEqual([{ param: 'a', path: ['b'], name: null }]);
    expect(picks('a.constructor', { a: {} })[0]?.name).toBe(null);
  });
});

test('only a name that begins with ./ is a file of the project', () => {
  expect(['./my/a.ts', 'gbm', '../a.ts', '/a.ts', null].map(pluginFile)).toEqual(['my/a.ts', null, null, null, null]);
});
