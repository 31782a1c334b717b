// From what science calls a wrong value to where that is in the params of a stage.
import { type Problem, ProblemError } from '../base/problem.ts';

/** Owner of a value in science, or owner and field as `quotes.innovations` -> where it is in the params of a stage. */
export type Owners = Readonly<Record<string, readonly (string | number)[]>>;

/** The result of a stage's work; what it refuses is told by its param. */
export async function naming<T>(owners: Owners, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ProblemError ? new ProblemError(error.problems.map(namer(owners)), { cause: error }) : error;
  }
}

/** Problems whose paths lead through params; one whose owner is not known stays as it is. */
const namer =
  (owners: Owners) =>
  (problem: Problem): Problem => {
    const [owner, field, ...rest] = problem.path ?? [];
    const exact = owners[`${owner}.${field}`];
    const under = exact ?? owners[`${owner}`];
    if (under === undefined) return problem;
    const inner = exact === undefined && field !== undefined ? [field, ...rest] : rest;
    return { ...problem, path: [...under, ...inner.map((step) => (typeof step === 'string' ? snake(step) : step))] };
  };

const snake = (name: string) => name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a}_${b.toLowerCase()}`);
