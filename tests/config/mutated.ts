// Small damage to a text, as an editor's slip would do it.
import fc from 'fast-check';

/** The text with a cut, a doubling or an insertion somewhere. */
export const mutated = (text: string) =>
  fc
    .tuple(
      fc.nat(text.length),
      fc.nat(12),
      fc.constantFrom(
        '',
        ':',
        '- ',
        '{',
        ']',
        '"',
        '\n',
        '  ',
        '\t',
        '&a ',
        '*a',
        '!x ',
        '#',
        '\u0000',
        '|',
        '0',
        'null',
        'é',
      ),
      fc.boolean(),
    )
    .map(([start, length, insert, twice]) => {
      const cut = text.slice(start, start + length);
      return text.slice(0, start) + (twice ? cut + cut : '') + insert + text.slice(start + length);
    });
