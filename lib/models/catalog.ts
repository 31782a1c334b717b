// Every price model by name, one line each, loaded only when asked for: a stage is keyed by the models it selects.
import { lookUp } from './lookup.ts';
import type { Model } from './model.ts';
import { ownModel } from './own.ts';

const lines = {
  gbm: () => import('./gbm.ts'),
  ou: () => import('./ou.ts'),
  jump_diffusion: () => import('./jump-diffusion.ts'),
  heston: () => import('./heston.ts'),
  hybrid: () => import('./hybrid.ts'),
} satisfies Record<string, () => Promise<{ readonly model: unknown }>>;

export const MODEL_NAMES: readonly string[] = Object.keys(lines);

/** The model of that name; `./models/mine.ts` is a file of the user's own. Throws `model/refused` when there is none. */
export async function loadModel(
  name: string,
  plugin: (path: string) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<Model> {
  if (name.startsWith('./')) return ownModel(name, plugin(name));
  return (await lookUp(lines, name, 'price model')).model as unknown as Model;
}
