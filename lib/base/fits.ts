// Whether plain data fits a JSON Schema, by walking both: a command checks a handful of values, and compiling a schema takes longer than all of them.
import type { Json } from './canon.ts';

type Schema = Readonly<Record<string, unknown>>;
type Inner = Readonly<Record<string, Json>>;
type Maps = Readonly<Record<string, Schema>>;

/** A word of JSON Schema (draft-07): the kind of value it speaks of, how it must be written, and what it asks. */
interface Word {
  readonly kind?: 'number' | 'string' | 'array' | 'object';
  readonly isWritten: (said: unknown, types: readonly string[], schema: Schema) => boolean;
  /** Only asked of a value of its kind. */
  // biome-ignore lint/suspicious/noExplicitAny: the type of what is said and of the value follows from the word.
  readonly holds: (said: any, value: any, schema: Schema) => boolean;
}

const ANY = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];
const isNumber = (said: unknown) => typeof said === 'number';
const isMap = (said: unknown): said is Schema => typeof said === 'object' && said !== null && !Array.isArray(said);
const isList = (said: unknown): said is unknown[] => Array.isArray(said) && said.length > 0;
const within = (said: unknown) => isPlain(said, ANY);
const beside = (said: unknown, types: readonly string[]) => isList(said) && said.every((one) => isPlain(one, types));
const characters = (text: string) => [...text].length;
const always = () => true;

const WORDS: Readonly<Record<string, Word>> = {
  type: {
    isWritten: (said, types) => isList([said].flat()) && [said].flat().every((type) => types.includes(type as string)),
    holds: (said: string | string[], value: Json) => [said].flat().some((type) => isA(type, value)),
  },
  enum: { isWritten: isList, holds: (said: Json[], value: Json) => said.some((one) => isSame(one, value)) },
  const: { isWritten: always, holds: isSame },
  minimum: { kind: 'number', isWritten: isNumber, holds: (said, value) => value >= said },
  maximum: { kind: 'number', isWritten: isNumber, holds: (said, value) => value <= said },
  exclusiveMinimum: { kind: 'number', isWritten: isNumber, holds: (said, value) => value > said },
  exclusiveMaximum: { kind: 'number', isWritten: isNumber, holds: (said, value) => value < said },
  minLength: { kind: 'string', isWritten: isNumber, holds: (said, value) => characters(value) >= said },
  maxLength: { kind: 'string', isWritten: isNumber, holds: (said, value) => characters(value) <= said },
  pattern: {
    kind: 'string',
    isWritten: (said) => typeof said === 'string' && expression(said) !== null,
    holds: (said, value) => expression(said)?.test(value) === true,
  },
  format: { kind: 'string', isWritten: (said) => said === 'date', holds: (_said, value) => isDate(value) },
  minItems: { kind: 'array', isWritten: isNumber, holds: (said, value) => value.length >= said },
  maxItems: { kind: 'array', isWritten: isNumber, holds: (said, value) => value.length <= said },
  uniqueItems: {
    kind: 'array',
    isWritten: (said) => typeof said === 'boolean',
    holds: (said, value: Json[]) =>
      !said ||
      (new Set(value).size === value.length &&
        value.every((one, i) => typeof one !== 'object' || !value.slice(0, i).some((other) => isSame(one, other)))),
  },
  items: {
    kind: 'array',
    isWritten: (said) => isMap(said) && within(said),
    holds: (said, value: Json[]) => value.every((item) => fits(said, item)),
  },
  minProperties: { kind: 'object', isWritten: isNumber, holds: (said, value) => Object.keys(value).length >= said },
  maxProperties: { kind: 'object', isWritten: isNumber, holds: (said, value) => Object.keys(value).length <= said },
  required: {
    kind: 'object',
    isWritten: (said, _types, { properties = {} }) =>
      isList(said) && said.every((key) => Object.hasOwn(properties as object, key as string)),
    holds: (said: string[], value) => said.every((key) => Object.hasOwn(value, key)),
  },
  properties: {
    kind: 'object',
    isWritten: (said) => isMap(said) && Object.values(said).every(within),
    holds: (said: Maps, value) =>
      Object.entries(said).every(([key, inner]) => !Object.hasOwn(value, key) || fits(inner, value[key])),
  },
  additionalProperties: {
    kind: 'object',
    isWritten: within,
    holds: (said, value, { properties = {} }) =>
      said === true ||
      Object.keys(value).every((key) => Object.hasOwn(properties as object, key) || fits(said, value[key])),
  },
  propertyNames: {
    kind: 'object',
    isWritten: (said) => isMap(said) && isPlain(said, ['string']),
    holds: (said, value) => Object.keys(value).every((key) => fits(said, key)),
  },
  anyOf: { isWritten: beside, holds: (said: Schema[], value) => said.some((one) => fits(one, value)) },
  if: {
    isWritten: (said, types, { then, else: other }) => (then ?? other) !== undefined && isPlain(said, types),
    holds: (said, value, { then = true, else: other = true }) =>
      fits((fits(said, value) ? then : other) as Schema | boolean, value),
  },
  // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema.
  then: { isWritten: (said, types, schema) => 'if' in schema && isPlain(said, types), holds: always },
  else: { isWritten: (said, types, schema) => 'if' in schema && isPlain(said, types), holds: always },
};
/** Our own notes; `Schema` in schema.ts says what they mean. */
export const OWN_NOTES = ['x-identity', 'x-expected', 'x-code', 'x-env', 'x-not-before', 'x-preset', 'x-keys-among'];
const NOTES = new Set(['$schema', 'title', 'description', 'default', ...OWN_NOTES]);

/**
 * True for a schema whose every word is one of ours, written as ajv's strict mode wants it: words for numbers only where
 * the type is a number, and so on. Of any other schema `fits` says nothing. `types` are those the value may have already.
 */
export function isPlain(schema: unknown, types: readonly string[] = ANY): boolean {
  if (typeof schema === 'boolean') return true;
  if (!isMap(schema)) return false;
  const own = schema.type === undefined ? types : ([schema.type].flat() as string[]);
  return Object.entries(schema).every(([name, said]) => {
    if (NOTES.has(name)) return true;
    const word = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
    if (word === undefined || !word.isWritten(said, name === 'type' ? types : own, schema)) return false;
    return word.kind === undefined || (own !== ANY && own.some((type) => kindOf(type) === word.kind));
  });
}

/** True when a value fits a plain schema. */
export function fits(schema: Schema | boolean, value: Json): boolean {
  if (typeof schema === 'boolean') return schema;
  const kind = Array.isArray(value) ? 'array' : typeof value;
  for (const name in schema) {
    const word = WORDS[name];
    if (word === undefined || (word.kind !== undefined && (word.kind !== kind || value === null))) continue;
    if (!word.holds(schema[name], value, schema)) return false;
  }
  return true;
}

/** True for a day of the Gregorian calendar written as 2024-01-31. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return year >= 1 && day >= 1 && day <= days;
}

const kindOf = (type: string) => (type === 'integer' ? 'number' : type);

function isA(type: string, value: Json): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isMap(value);
  return typeof value === type;
}

function isSame(a: Json, b: Json): boolean {
  if (a === b || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame((a as Inner)[key]!, (b as Inner)[key]!));
}

const expressions = new Map<string, RegExp | null>();

/** Null for a text that is none. */
function expression(text: string): RegExp | null {
  let known = expressions.get(text);
  if (known === undefined) {
    try {
      known = new RegExp(text, 'u');
    } catch {
      known = null;
    }
    expressions.set(text, known);
  }
  return known;
}
