import { describe, expect, test } from 'vitest';
import { inFileOrder, problemsJson, reportProblems } from '../../bin/report-problem.ts';
import type { Place } from '../../lib/base/place.ts';
import type { Problem } from '../../lib/base/problem.ts';

const yaml = 'pipeline: market\nsede: 3\n\tlist: [a, b]\n';
const options = { colour: false, readText: (file: string) => (file === 'a.yml' ? yaml : null) };
const place = (line: number, column = 1, file = 'a.yml', length = 4): Place => ({ file, line, column, length });
const problem = (message: string, at?: Place): Problem => ({
  code: 'config/invalid',
  message,
  ...(at && { place: at }),
});

describe('a problem', () => {
  test('shows code, message, place, the underlined line, aligned facts and the hint', () => {
    const full: Problem = {
      code: 'config/unknown-key',
      message: 'there is no key `sede`',
      place: place(2),
      facts: { key: 'sede', 'known keys': 'seed, start', n: null },
      hint: 'did you mean `seed`?',
    };
    expect(reportProblems([full], options)).toBe(
      [
        'error config/unknown-key: there is no key `sede`',
        '  a.yml:2:1',
        '  2 | sede: 3',
        '    | ^^^^',
        '  key:        sede',
        '  known keys: seed, start',
        '  n:          null',
        '  hint: did you mean `seed`?',
        '',
      ].join('\n'),
    );
  });

  test('keeps carets under the text after a tab', () => {
    expect(reportProblems([problem('x', place(3, 2))], options)).toContain('  3 | \tlist: [a, b]\n    | \t^^^^\n');
  });

  test('in a file that cannot be read, or past its end, still shows its place', () => {
    expect(reportProblems([problem('x', place(1, 1, 'gone.yml'))], options)).toBe(
      'error config/invalid: x\n  gone.yml:1:1\n',
    );
    expect(reportProblems([problem('x', place(99))], options)).toBe('error config/invalid: x\n  a.yml:99:1\n');
  });

  test('in a very long line shows the part around it, carets included', () => {
    const text = `${'x'.repeat(5000)}HERE${'y'.repeat(5000)}`;
    const out = reportProblems([problem('m', place(1, 5001))], { colour: false, readText: () => text });
    const [, , source = '', carets = ''] = out.split('\n');
    expect(source.length).toBeLessThan(140);
    expect(source.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE');
  });

  test('cannot steer the terminal', () => {
    const nasty: Problem = {
      code: 'usage',
      message: '\u001b[2Jm',
      facts: { f: 'a\rb' },
      hint: '\u009b31m',
      place: place(1, 1, '\u0007'),
    };
    const out = reportProblems([nasty], { colour: false, readText: () => '\u001b]0;title\u0007' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left.
    expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    expect(out).toContain('\\x1b[2Jm');
  });

  test('of several lines stays indented', () => {
    const many: Problem = { code: 'usage', message: 'one\ntwo', facts: { a: 'x\ny' }, hint: 'do\nthis' };
    expect(reportProblems([many], options)).toBe('error usage: one\n  two\n  a: x\n     y\n  hint: do\n  this\n');
  });

  test('has colours exactly when asked', () => {
    expect(reportProblems([problem('x')], options)).not.toContain('\u001b');
    expect(reportProblems([problem('x')], { ...options, colour: true })).toContain(
      '\u001b[31merror config/invalid\u001b[39m',
    );
  });
});

describe('many problems', () => {
  test('come in file order, those without a place last, as they were', () => {
    const list = [
      problem('1'),
      problem('2', place(3)),
      problem('3', place(1, 9)),
      problem('4'),
      problem('5', place(1, 2)),
      problem('6', place(9, 1, 'A.yml')),
    ];
    expect(
      inFileOrder(list)
        .map((p) => p.message)
        .join(''),
    ).toBe('653214');
    expect(list.map((p) => p.message).join('')).toBe('123456');
  });

  test('stop at fifty and say how many there are beyond', () => {
    const list = (n: number) => Array.from({ length: n }, (_, i) => problem(`no ${i}`, place(i + 1)));
    const shown = (n: number) => reportProblems(list(n), options).match(/^error/gm)?.length;
    expect(shown(50)).toBe(50);
    expect(reportProblems(list(50), options)).not.toContain('more');
    expect(shown(53)).toBe(50);
    expect(reportProblems(list(53), options)).toMatch(/\nand 3 more\n$/);
  });

  test('read each file once', () => {
    let reads = 0;
    const readText = () => {
      reads++;
      return yaml;
    };
    reportProblems([problem('x', place(1)), problem('y', place(2))], { colour: false, readText });
    expect(reads).toBe(1);
  });

  test('as JSON are all there, on one line', () => {
    const list = Array.from({ length: 60 }, (_, i) => problem(`no ${i}`, place(60 - i)));
    const text = problemsJson(list);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toEqual({ problems: [...list].reverse() });
  });

  test('of none are no text', () => {
    expect(reportProblems([], options)).toBe('');
  });
});
