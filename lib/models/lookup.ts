// Finds a line of a lazy catalog by its name, or refuses with the nearest one.
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';

/** What the line of that name loads. Throws `model/refused` when there is none; `what` says in words what was looked for. */
export function lookUp<L extends Readonly<Record<string, () => unknown>>>(
  lines: L,
  name: string,
  what: string,
): ReturnType<L[keyof L]> {
  if (Object.hasOwn(lines, name)) return lines[name as keyof L]!() as ReturnType<L[keyof L]>;
  const known = Object.keys(lines);
  const guess = nearest(name, known);
  throw new ProblemError({
    code: 'model/refused',
    message: `there is no ${what} "${name}"`,
    facts: { known: known.join(', ') },
    ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
  });
}
