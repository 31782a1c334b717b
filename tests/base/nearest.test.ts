import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearest } from '../../lib/base/nearest.ts';

const KNOWN = ['generate', 'calibrate', 'features', 'validate', 'manifest', 'publish'];

describe('the nearest name', () => {
  test.each([
    ['a letter too few', 'generat', 'generate'],
    ['a letter too many', 'featurres', 'features'],
    ['another letter', 'manifeSt', 'manifest'],
    ['two letters changed about', 'vaildate', 'validate'],
    ['capitals', 'PUBLISH', 'publish'],
  ])('is found in spite of %s', (_, word, name) => {
    expect(nearest(word, KNOWN)).toBe(name);
  });

  test('is none when all are far, and when there are none', () => {
    expect(nearest('backtest', KNOWN)).toBeNull();
    expect(nearest('generate', [])).toBeNull();
  });

  test('shares something with the word: of short names, not just any', () => {
    expect(nearest('x', ['ab', 'y'])).toBeNull();
    expect(nearest('ab', ['xy', 'ax'])).toBe('ax');
  });

  test('of two that are equally near is the first', () => {
    expect(nearest('seex', ['seed', 'seen'])).toBe('seed');
    expect(nearest('seex', ['seen', 'seed'])).toBe('seen');
  });

  test('of a text too long to compare is only itself, never just any name', () => {
    const long = 'a'.repeat(400);
    expect([nearest(long, KNOWN), nearest(long, [`${long}b`]), nearest(long, [long])]).toEqual([null, null, long]);
  });

  test('is one of the known, and the word itself when that is known', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.array(fc.string({ maxLength: 12 })), (word, known) => {
        const found = nearest(word, known);
        expect(found === null || known.includes(found)).toBe(true);
        if (word !== '' && known.includes(word)) expect(found?.toLowerCase()).toBe(word.toLowerCase());
      }),
    );
  });
});
