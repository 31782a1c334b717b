// Laws of naming: what science calls a value becomes a path in the params, anything else passes through.
import { expect, test } from 'vitest';
import { type Problem, ProblemError } from '../../lib/base/problem.ts';
import { naming, type Owners } from '../../lib/stage/owners.ts';

const OWNERS: Owners = { quotes: ['setting'], 'quotes.innovations': ['setting', 'law'], fit: [] };

async function named(path: Problem['path']): Promise<Problem['path']> {
  const problem: Problem = { code: 'model/refused', message: 'm', ...(path && { path }) };
  const error = await naming(OWNERS, () => {
    throw new ProblemError(problem);
  }).catch((e: ProblemError) => e);
  return (error as ProblemError).problems[0]!.path;
}

test.each([
  [
    ['quotes', 'spreadSd'],
    ['setting', 'spread_sd'],
  ],
  [
    ['quotes', 'innovations'],
    ['setting', 'law'],
  ],
  [
    ['quotes', 'flow', 1, 'selfCross'],
    ['setting', 'flow', 1, 'self_cross'],
  ],
  [['quotes'], ['setting']],
  [['fit', 'minObservations'], ['min_observations']],
  [
    ['someone', 'minObservations'],
    ['someone', 'minObservations'],
  ],
  [undefined, undefined],
])('%j is %j in the params', async (path, expected) => {
  expect(await named(path)).toEqual(expected);
});

test('a result passes, and so does what is no problem', async () => {
  expect(await naming(OWNERS, () => 7)).toBe(7);
  await expect(naming(OWNERS, () => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
});
