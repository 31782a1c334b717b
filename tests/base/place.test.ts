import { describe, expect, test } from 'vitest';
import { at, underline } from '../../lib/base/place.ts';

const place = (line: number, column: number, length: number) => ({ file: 'a.yml', line, column, length });

test('a place is told as editors link it', () => {
  expect(at(place(3, 7, 1))).toBe('a.yml:3:7');
});

describe('underlining', () => {
  const shown = (text: string, line: number, column: number, length: number) =>
    underline(text, place(line, column, length)).join('\n');

  test('puts carets under the part and nothing else', () => {
    expect(shown('a: 1\nseeed: 2\n', 2, 1, 5)).toBe('2 | seeed: 2\n  | ^^^^^');
    expect(shown('a: 12', 1, 4, 2)).toBe('1 | a: 12\n  |    ^^');
  });

  test('keeps in line after tabs and behind numbers of any width', () => {
    expect(shown('\tkey: x', 1, 7, 1)).toBe('1 | \tkey: x\n  | \t     ^');
    expect(shown(`${'\n'.repeat(99)}ab`, 100, 2, 1)).toBe('100 | ab\n    |  ^');
  });

  test('never passes the end of the line, and marks one column at least', () => {
    expect(shown('ab\ncd', 1, 2, 99)).toBe('1 | ab\n  |  ^');
    expect(shown('ab', 1, 3, 0)).toBe('1 | ab\n  |   ^');
    expect(shown('', 1, 1, 5)).toBe('1 | \n  | ^');
  });

  test('takes the line ends of other systems for what they are', () => {
    expect(shown('ab\r\ncd\r\n', 2, 1, 9)).toBe('2 | cd\n  | ^^');
  });

  test('of a line the text does not have is nothing', () => {
    expect(shown('ab', 2, 1, 1)).toBe('');
  });
});
