// A problem is an error a person can act on: a code, the facts, where it is and what to do about it.
import type { Place } from './place.ts';

/** Every problem code and the exit code a door gives it (design 4: 1 failed, 2 usage or configuration, 3 refused, 4 integrity). */
export const EXIT_OF = {
  usage: 2,
  'yaml/syntax': 2,
  'yaml/duplicate-key': 2,
  'config/missing-file': 2,
  'config/unknown-key': 2,
  'config/invalid': 2,
  'config/unknown-profile': 2,
  'config/unsafe-name': 2,
  'spec/unknown-stage': 2,
  'spec/unknown-port': 2,
  'spec/unknown-param': 2,
  'spec/unknown-source': 2,
  'spec/missing-wire': 2,
  'spec/bad-param': 2,
  'spec/shape-mismatch': 2,
  'spec/cycle': 2,
  'spec/bad-reference': 2,
  'source/missing': 2,
  'source/unsafe': 2,
  'code/build-failed': 2,
  'code/stale': 2,
  'model/refused': 2,
  'data/refused': 1,
  'table/malformed': 1,
  'stage/failed': 1,
  'stage/timeout': 1,
  'stage/undeclared-input': 1,
  'stage/bad-output': 1,
  'stage/nondeterministic': 1,
  'verdict/failed': 1,
  'store/corrupt': 4,
  'store/missing': 4,
  'store/unsafe-tree': 4,
  'store/legacy-layout': 4,
  'store/no-space': 1,
  'store/denied': 1,
  'store/io': 1,
  'lock/busy': 1,
  'dvc/malformed': 2,
  'dvc/unsupported': 2,
  'remote/missing': 2,
  'remote/not-found': 4,
  'dataset/unknown': 2,
  'reproduce/differs': 4,
  'reproduce/other-code': 4,
  'check/differs': 1,
  'git/failed': 1,
  interrupted: 130,
} as const;

export type ProblemCode = keyof typeof EXIT_OF;

export interface Problem {
  readonly code: ProblemCode;
  /** One sentence, no trailing period needed; says what is wrong, with names. */
  readonly message: string;
  /** Aligned `name: value` lines under the message, in this order. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  readonly place?: Place;
  /**
   * What holds the wrong value, from its owner down: of a check the model and its parameter, of a stage its param and what is in it,
   * which the engine turns into a setting and its place.
   */
  readonly path?: readonly (string | number)[];
  /** What the reader can do next, as an imperative sentence. */
  readonly hint?: string;
}

/** Thrown for one problem or for many found in one go. */
export class ProblemError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: Problem | readonly Problem[], options?: ErrorOptions) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map((p) => `${p.code}: ${p.message}`).join('\n'), options);
    this.name = 'ProblemError';
    this.problems = list;
  }
  get exitCode(): number {
    return Math.max(...this.problems.map((p) => EXIT_OF[p.code]));
  }
}

/** Throw when there is anything to report; the doors show all of them together. */
export function raise(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ProblemError(problems);
}
