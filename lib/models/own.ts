// A price model in a file of the user's own project, held to the contract of a model before it is asked for anything.
import { ProblemError } from '../base/problem.ts';
import type { Model } from './model.ts';

/** Functions a model may have, and those it must have; the compiler asks for what the contract gains. */
const OPTIONAL = ['warn', 'steadiness', 'law'] as const;
const FUNCTIONS: Readonly<
  Record<Exclude<keyof Model, 'name' | 'summary' | 'params' | 'ownVolatility' | (typeof OPTIONAL)[number]>, true>
> = {
  check: true,
  resolve: true,
  diffusion: true,
  kernel: true,
};

/** What the file exports as `model`. Throws `model/refused`, with the file, on anything that is no model. */
export function ownModel(path: string, exports: Readonly<Record<string, unknown>>): Model {
  const refuse = (what: string) =>
    new ProblemError({
      code: 'model/refused',
      message: `${path} ${what}`,
      place: { file: path.slice(2), line: 1, column: 1, length: 1 },
      hint: 'export const model: Model = { … } with all that lib/models/model.ts asks for',
    });
  const model = exports.model as Partial<Record<keyof Model, unknown>> | null | undefined;
  if (typeof model !== 'object' || model === null) throw refuse('exports no `model`');
  for (const name of ['name', 'summary'] as const)
    if (typeof model[name] !== 'string' || model[name] === '') throw refuse(`exports a model without a \`${name}\``);
  const params = model.params as Partial<Model['params']> | null | undefined;
  if (typeof params !== 'object' || params?.type !== 'object' || typeof params.properties !== 'object')
    throw refuse('exports a model whose `params` is no JSON Schema of an object');
  if (!Array.isArray(params.required) || params.additionalProperties !== false)
    throw refuse('exports a model whose `params` does not say `required` and `additionalProperties: false`');
  if (model.ownVolatility !== null && typeof model.ownVolatility !== 'string')
    throw refuse(
      'exports a model whose `ownVolatility` is neither null nor the reason why no volatility model may drive it',
    );
  for (const name of Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[])
    if (typeof model[name] !== 'function') throw refuse(`exports a model without a function \`${name}\``);
  for (const name of OPTIONAL)
    if (model[name] !== undefined && typeof model[name] !== 'function')
      throw refuse(`exports a model whose \`${name}\` is no function`);
  return model as unknown as Model;
}
