import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { parseDocument } from '../../lib/base/document.ts';
import type { Problem } from '../../lib/base/problem.ts';
import type { RawStage } from '../../lib/engine/spec.ts';
import { Values } from '../../lib/engine/values.ts';

function open(values: { readonly [key: string]: Json } | null) {
  const document = parseDocument('pipeline.yaml', 'stages: {s: {}}\n');
  const codes: string[] = [];
  const values_ = new Values(
    document,
    values,
    (code) => codes.push(code),
    ({ code }: Problem) => codes.push(code),
  );
  return { values: values_, codes };
}
const mapped = (over: Json, values: { readonly [key: string]: Json } = {}) => {
  const { values: one, codes } = open(values);
  return { ...one.map('s', { map: { over, as: 'e' } } as RawStage), codes };
};

describe('a param', () => {
  test('is the literal itself, shown under its stage, or what its path leads to, shown by the path', () => {
    const { values, codes } = open({ a: { b: [1, { c: null }] } });
    expect(values.param('s', 'p', [1, '$a'])).toEqual({ name: 'p', shown: 's.p', value: [1, '$a'] });
    expect(values.param('s', 'p', '$a.b')).toEqual({ name: 'p', shown: 'a.b', value: [1, { c: null }] });
    expect(codes).toEqual([]);
  });

  test('reaches every leaf of any configuration by its path, and nothing that is not in it', () => {
    const name = fc.constantFrom('a', 'b_c', 'D-1', 'constructor', 'hasOwnProperty');
    const config = fc.dictionary(name, fc.oneof(fc.integer(), fc.dictionary(name, fc.integer())));
    fc.assert(
      fc.property(config, name, name, (all, first, second) => {
        const { values, codes } = open(all);
        const inner = Object.hasOwn(all, first) ? all[first] : undefined;
        const wanted = typeof inner === 'object' && Object.hasOwn(inner, second) ? inner[second] : undefined;
        const { value, isLost } = values.param('s', 'p', `$${first}.${second}`);
        expect([value, isLost ?? false]).toEqual([wanted ?? null, wanted === undefined]);
        expect(codes).toEqual(wanted === undefined ? ['spec/bad-reference'] : []);
      }),
    );
  });

  test('of a configuration that is not known is lost without a word', () => {
    const { values, codes } = open(null);
    expect(values.param('s', 'p', '$a')).toMatchObject({ isLost: true });
    expect(codes).toEqual([]);
  });
});

describe('a map', () => {
  test('takes its elements in their order, each as text', () => {
    expect(mapped(['B', 'A'])).toEqual({ elements: ['B', 'A'], as: 'e', codes: [] });
    expect(mapped('$years', { years: [2020, 2021] })).toEqual({ elements: ['2020', '2021'], as: 'e', codes: [] });
  });

  test.each<[string, Json, string]>([
    ['no list', 7, 'spec/bad-param'],
    ['an empty list', [], 'spec/bad-param'],
    ['an element twice', ['A', 'A'], 'spec/bad-param'],
    ['a number and its text', [1, '1'], 'spec/bad-param'],
    ['a path', ['a/b'], 'config/unsafe-name'],
    ['the folder above', ['..'], 'config/unsafe-name'],
    ['a hidden name', ['.a'], 'config/unsafe-name'],
    ['an option', ['-rf'], 'config/unsafe-name'],
    ['a blank', ['a b'], 'config/unsafe-name'],
    ['no name at all', [''], 'config/unsafe-name'],
    ['a line end', ['a\n'], 'config/unsafe-name'],
    ['a name longer than 64', ['a'.repeat(65)], 'config/unsafe-name'],
    ['a map', [{ a: 1 }], 'config/unsafe-name'],
  ])('over %s is refused', (_, over, code) => {
    expect(mapped('$list', { list: over }).codes).toEqual([code]);
  });

  test.each(['AAPL', 'BRK.B', '^GSPC', 'EURUSD=X', 'BTC-USD', '0700.HK', 'a'.repeat(64)])(
    'may name a shard %s',
    (element) => {
      expect(mapped([element]).codes).toEqual([]);
    },
  );
});
