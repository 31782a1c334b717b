import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clean, clip, pad, padLeft, painter, widthOf } from '../../bin/paint.ts';
import { anyText } from '../text.ts';

test('clipped text is never wider than asked and keeps what fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, width) => {
      const cut = clip(text, width);
      expect(widthOf(cut)).toBeLessThanOrEqual(width);
      if (widthOf(text) <= width) expect(cut).toBe(text);
    }),
  );
});

test('padded text is as wide as asked on either side', () => {
  expect(pad('한국', 6)).toBe('한국  ');
  expect(padLeft('é', 3)).toBe('  é');
  expect(pad('long', 2)).toBe('long');
});

test.each([
  ['abc', 3],
  ['한국어', 6],
  ['e\u0301', 1],
  ['🚀', 2],
  ['⠋✔✖·…━╌', 7],
])('%s takes %d columns', (text, width) => expect(widthOf(text)).toBe(width));

test('cleaned text has no control characters and other text stays as it is', () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left, save tabs.
      expect(clean(text)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
    }),
  );
  expect(clean('\tplain ünï 한국 🚀')).toBe('\tplain ünï 한국 🚀');
  expect(clean('a\nb', 'lines')).toBe('a\nb');
});

test('a painter that is off adds nothing, empty text is not painted', () => {
  expect(painter(false)('red', 'x')).toBe('x');
  expect(painter(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(painter(true)('red', '')).toBe('');
});
