import { describe, expect, test } from 'vitest';
import { EXIT_OF, type Problem, ProblemError, raise } from '../../lib/base/problem.ts';

const one: Problem = { code: 'spec/cycle', message: 'a waits for a' };
const other: Problem = { code: 'store/corrupt', message: 'a blob is broken' };

describe('a thrown problem', () => {
  test('is a list of one or many, and its text names each code', () => {
    expect(new ProblemError(one).problems).toEqual([one]);
    const both = new ProblemError([one, other]);
    expect(both.problems).toEqual([one, other]);
    expect(both.message).toBe('spec/cycle: a waits for a\nstore/corrupt: a blob is broken');
  });

  test('keeps what caused it', () => {
    const cause = new Error('deep');
    expect(new ProblemError(one, { cause }).cause).toBe(cause);
  });

  test('leaves with the gravest of its exit codes: a broken store outweighs a wrong file', () => {
    expect(new ProblemError(one).exitCode).toBe(2);
    expect(new ProblemError([one, other]).exitCode).toBe(4);
    expect(new ProblemError([other, one]).exitCode).toBe(4);
  });
});

test('nothing to report throws nothing, anything throws all of it', () => {
  expect(() => raise([])).not.toThrow();
  expect(() => raise([one, other])).toThrow(new ProblemError([one, other]));
});

test('[C-8] every code leaves with one of the documented exit codes', () => {
  for (const [code, exit] of Object.entries(EXIT_OF)) expect([1, 2, 3, 4, 130], code).toContain(exit);
});
