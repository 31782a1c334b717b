// A price model in a file of the user's own project, held to the contract of a model before it is asked for anything.
import { nearest } from '../base/nearest.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import { type Model, type ModelSettings, refusal, type SettingSchema } from './model.ts';

/** JSON Schema's types: whether a value is of one, and its name in words. */
const TYPES = {
  number: [(value: unknown) => Number.isFinite(value), 'a number'],
  integer: [(value: unknown) => Number.isInteger(value), 'a whole number'],
  boolean: [(value: unknown) => typeof value === 'boolean', 'true or false'],
  string: [(value: unknown) => typeof value === 'string', 'a text'],
  array: [(value: unknown) => Array.isArray(value), 'a list'],
  object: [(value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value), 'a map'],
} as const;

/** Functions a model may have, and those it must have; the compiler asks for what the contract gains. */
const OPTIONAL = ['warn', 'steadiness', 'law'] as const;
const FUNCTIONS: Readonly<
  Record<
    Exclude<keyof Model, 'name' | 'summary' | 'params' | 'settings' | 'ownVolatility' | (typeof OPTIONAL)[number]>,
    true
  >
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
  for (const [name, schema] of Object.entries(settingsOf(model.settings, refuse))) {
    const { type, default: usual } = (schema ?? {}) as Partial<SettingSchema>;
    if (type === undefined || !Object.hasOwn(TYPES, type) || usual === undefined)
      throw refuse(`exports a model whose setting \`${name}\` does not say its \`type\` and its \`default\``);
    const broken = usual === null ? null : ruleBroken(schema as SettingSchema, usual);
    if (broken !== null)
      throw refuse(`exports a model whose setting \`${name}\` has a \`default\` that is not ${broken}`);
  }
  return model as unknown as Model;
}

function settingsOf(settings: unknown, refuse: (what: string) => ProblemError): Readonly<Record<string, unknown>> {
  if (settings === undefined) return {};
  if (TYPES.object[0](settings)) return settings as Readonly<Record<string, unknown>>;
  throw refuse('exports a model whose `settings` is no record of them by name');
}

/** What is wrong with the settings given to a model of somebody's own: names it does not declare, values out of their range. */
export function checkSettings(
  path: string,
  { settings = {} }: Pick<Model, 'settings'>,
  given: ModelSettings,
): Problem[] {
  const known = Object.keys(settings);
  return Object.entries(given).flatMap(([name, value]): Problem[] => {
    if (!Object.hasOwn(settings, name)) {
      const guess = nearest(name, known);
      return [
        {
          code: 'config/unknown-key',
          message: `${path} has no setting "${name}"`,
          facts: { known: known.join(', ') || 'none: it declares no `settings`' },
          path: [path, name],
          ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
        },
      ];
    }
    const broken = value === null ? null : ruleBroken(settings[name]!, value);
    return broken === null ? [] : [refusal(path, name, value, broken)];
  });
}

/** Settings with the defaults that a model of somebody's own declares in the place of what is left open. */
export function withDefaults({ settings = {} }: Pick<Model, 'settings'>, given: ModelSettings): ModelSettings {
  const open = Object.entries(settings).filter(([name]) => (given[name] ?? null) === null);
  return { ...given, ...Object.fromEntries(open.map(([name, schema]) => [name, schema.default])) };
}

/** Why a value does not fit its schema, in words that follow "must be"; null where it fits. */
function ruleBroken(schema: SettingSchema, value: unknown): string | null {
  const [is, words] = TYPES[schema.type];
  if (!is(value)) return words;
  const among = schema.enum;
  if (among !== undefined && !among.includes(value))
    return `one of ${among.map((one) => JSON.stringify(one)).join(', ')}`;
  const x = value as number;
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  const bounds = [
    ...(minimum === undefined ? [] : [[x >= minimum, `${minimum} or more`] as const]),
    ...(exclusiveMinimum === undefined ? [] : [[x > exclusiveMinimum, `above ${exclusiveMinimum}`] as const]),
    ...(maximum === undefined ? [] : [[x <= maximum, `at most ${maximum}`] as const]),
    ...(exclusiveMaximum === undefined ? [] : [[x < exclusiveMaximum, `below ${exclusiveMaximum}`] as const]),
  ];
  return bounds.every(([holds]) => holds) ? null : bounds.map(([, rule]) => rule).join(', ');
}
