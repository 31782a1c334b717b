// What an act that should be refused was refused for.
import { ProblemError } from '../lib/base/problem.ts';

/** Codes of the problems that the act throws or rejects with; none when it succeeds. */
export async function codesOf(act: () => unknown): Promise<string[]> {
  try {
    await act();
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map(({ code }) => code);
    throw error;
  }
}
