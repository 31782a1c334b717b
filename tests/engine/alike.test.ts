// Failures of shards: one problem however many have it, and different ones apart.
import { expect, test } from 'vitest';
import type { Problem } from '../../lib/base/problem.ts';
import { listOf, Told } from '../../lib/engine/alike.ts';

const place = { file: 'c.yml', line: 3, column: 5, length: 1 };
const problem = (message: string, more: Partial<Problem> = {}): Problem => ({
  code: 'model/refused',
  message,
  ...more,
});
const refused = (element: string, more?: Partial<Problem>) => ({
  element,
  problem: problem(`${element}: too low`, more),
});

test('shards that differ by their own name alone have one problem, which names them', () => {
  const told = new Told();
  const failures = ['A', 'B', 'C'].map((name) => refused(name, { place, facts: { setting: 'sd', value: name } }));
  expect(failures.map((failure) => told.note('quotes', [failure]))).toEqual([false, true, true]);
  expect(told.note('other', [failures[0]!])).toBe(false);
  const many: unknown[] = [];
  const problems = told.together(failures, (one, elements) => many.push([one, elements]));
  expect(problems).toEqual([{ ...failures[0]!.problem, facts: { setting: 'sd', value: 'A', shards: 'A, B, C' } }]);
  expect(many).toEqual([[failures[0]!.problem, ['A', 'B', 'C']]]);
  expect(told.has(problems[0]!)).toBe(true);
});

test('another code, setting, place or message is another problem', () => {
  const others = [
    refused('A'),
    refused('B', { place }),
    refused('C', { place: { ...place, line: 4 } }),
    refused('D', { facts: { setting: 'sd' } }),
    refused('E', { code: 'data/refused' }),
    { element: 'F', problem: problem('too high') },
  ];
  const told = new Told();
  expect(others.map((failure) => told.note('quotes', [failure]))).not.toContain(true);
  expect(told.note('quotes', [refused('G'), { element: 'G', problem: problem('new') }])).toBe(false);
  const problems = told.together(others, () => expect.unreachable());
  expect(problems).toEqual(others.map((other) => other.problem));
});

test('what was not told of a unit is not said to have been', () => {
  const told = new Told();
  const [one] = told.together([refused('A'), refused('B')], () => expect.unreachable());
  expect(one?.facts).toEqual({ shards: 'A, B' });
  expect(told.has(one!)).toBe(false);
});

test('a long list is cut and the rest counted', () => {
  const names = Array.from({ length: 14 }, (_, i) => `${i}`);
  expect(listOf(names)).toBe('0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more');
  expect(listOf(names.slice(2))).not.toContain('more');
});
