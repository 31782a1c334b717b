// Failures of many shards that are one failure: told once, with how many have it.
import { at } from '../base/place.ts';
import type { Problem } from '../base/problem.ts';

/** What a shard, or a stage without shards, failed by. */
export interface Failure {
  readonly element: string | null;
  readonly problem: Problem;
}

/** What a run has told of its units. */
export class Told {
  readonly #problems = new Set<Problem>();
  readonly #kinds = new Set<string>();

  has(problem: Problem): boolean {
    return this.#problems.has(problem);
  }

  /** Note what a unit failed by; true when other shards of the stage have told all of it. */
  note(stage: string, failures: readonly Failure[]): boolean {
    const kinds = failures.map((failure) => `${stage} ${likeness(failure)}`);
    const known = kinds.every((kind) => this.#kinds.has(kind));
    for (const kind of kinds) this.#kinds.add(kind);
    for (const { problem } of failures) this.#problems.add(problem);
    return known;
  }

  /** Failures of a stage's shards as problems that each name who has them; `many` hears of those that were told and that several have. */
  together(failures: readonly Failure[], many: (problem: Problem, elements: readonly string[]) => void): Problem[] {
    const found = new Map<string, { readonly problem: Problem; readonly elements: string[] }>();
    for (const failure of failures) {
      const key = likeness(failure);
      const one = found.get(key) ?? { problem: failure.problem, elements: [] };
      found.set(key, one);
      if (failure.element !== null) one.elements.push(failure.element);
    }
    return [...found.values()].map(({ problem, elements }) => {
      if (elements.length < 2) return problem;
      const shared = { ...problem, facts: { ...problem.facts, shards: listOf(elements) } };
      if (!this.has(problem)) return shared;
      this.#problems.add(shared);
      many(problem, elements);
      return shared;
    });
  }
}

/** Equal for problems of one code, setting, place and message, but for the name of the element before it. */
function likeness({ element, problem }: Failure): string {
  const { code, message, facts, place } = problem;
  const own = `${element}: `;
  const words = message.startsWith(own) ? message.slice(own.length) : message;
  return JSON.stringify([code, facts?.setting ?? null, place === undefined ? null : at(place), words]);
}

/** The first names, and how many more there are. */
export function listOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST).join(', ');
  return names.length > MOST ? `${shown} and ${names.length - MOST} more` : shown;
}

const MOST = 12;
