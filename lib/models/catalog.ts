// Every price model by name, one line each, loaded only when asked for: a stage is keyed by the models it selects.
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';
import type { Model } from './model.ts';

const lines = {
  gbm: () => import('./gbm.ts'),
} satisfies Record<string, () => Promise<{ readonly model: unknown }>>;

export const MODEL_NAMES: readonly string[] = Object.keys(lines);

/** The model of that name. Throws `model/refused` when there is none. */
export async function loadModel(name: string): Promise<Model> {
  if (Object.hasOwn(lines, name)) return (await lines[name as keyof typeof lines]()).model;
  const guess = nearest(name, MODEL_NAMES);
  throw new ProblemError({
    code: 'model/refused',
    message: `there is no price model "${name}"`,
    facts: { known: MODEL_NAMES.join(', ') },
    ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
  });
}
