// Checks plain data against a JSON Schema and says in plain words what is wrong, where, and what was probably meant.
// ajv, which takes 40 ms to load and 120 to compile our largest schema, is asked only of what does not fit, and of schemas with words of its own.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Json } from './canon.ts';
import type { Path } from './document.ts';
import { fits, isDate, isPlain, OWN_NOTES } from './fits.ts';
import { nearest } from './nearest.ts';
import { dotted, type Place } from './place.ts';
import type { Problem, ProblemCode } from './problem.ts';

/**
 * A JSON Schema (draft-07), plus our annotations: `x-identity: false` marks what cannot change a result, `x-expected` puts a
 * pattern or a union into words, `x-code` names the problem code, `x-env` an environment variable, `x-not-before` a sibling date,
 * `x-preset` the kind of preset that a value names, `x-keys-among` paths of the configuration (`*` is any key) whose values its keys name.
 */
export type Schema = Readonly<Record<string, unknown>>;
export type PlaceOf = (path: Path, which: 'key' | 'value') => Place | undefined;

const MOST_ERRORS = 1000;
const MOST_PROBLEMS = 100;
/** A name in more places than these is no hint. */
const MOST_PATHS = 3;

let ajv: Ajv | null = null;
const compiled = new WeakMap<Schema, ValidateFunction>();
const plain = new WeakMap<Schema, boolean>();
const flattened = new WeakMap<Schema, Schema>();

/**
 * All that is wrong with a value, in the order of the text. Unknown keys are `config/unknown-key` at the key, everything
 * else `config/invalid` (or the schema's `x-code`) at the value; a missing key is placed on its parent's key.
 * Throws only when the schema itself is wrong.
 */
export function checkValue(schema: Schema, value: Json, placeOf: PlaceOf = () => undefined): Problem[] {
  if (isKnown(schema) && fits(flatten(schema), value)) return [];
  const validate = compile(schema);
  if (validate(value)) return [];
  const errors = (validate.errors ?? []).slice(0, MOST_ERRORS);
  const problems = settle(errors).map((error) => describe(error, schema, value, placeOf));
  const order = (p: Problem) => (p.place === undefined ? [0, 0] : [p.place.line, p.place.column]) as [number, number];
  problems.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]);
  return problems.slice(0, MOST_PROBLEMS);
}

/** Throws when the schema itself is wrong. */
export function checkSchema(schema: Schema): void {
  if (!isKnown(schema)) compile(schema);
}

/** The schema with every local `$ref` replaced by what it names. Throws TypeError on a reference that is foreign, dangling or recursive. */
export function flatten(schema: Schema): Schema {
  const known = flattened.get(schema);
  if (known !== undefined) return known;
  const visit = (node: unknown, open: readonly string[]): unknown => {
    if (Array.isArray(node)) return node.map((item) => visit(item, open));
    if (typeof node !== 'object' || node === null) return node;
    const record = node as Schema;
    const ref = record.$ref;
    if (typeof ref !== 'string') {
      return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, visit(inner, open)]));
    }
    const definitions = schema.definitions as Schema | undefined;
    const target = ref.startsWith('#/definitions/') ? definitions?.[ref.slice('#/definitions/'.length)] : undefined;
    if (target === undefined || open.includes(ref)) throw new TypeError(`the schema cannot resolve ${ref}`);
    return visit(target, [...open, ref]);
  };
  const { definitions: _definitions, $id: _id, ...rest } = schema;
  const flat = visit(rest, []) as Schema;
  flattened.set(schema, flat);
  flattened.set(flat, flat);
  return flat;
}

function isKnown(schema: Schema): boolean {
  const flat = flatten(schema);
  let known = plain.get(flat);
  if (known === undefined) {
    known = isPlain(flat);
    plain.set(flat, known);
  }
  return known;
}

function compile(schema: Schema): ValidateFunction {
  const flat = flatten(schema);
  const known = compiled.get(flat);
  if (known !== undefined) return known;
  if (ajv === null) {
    ajv = new Ajv({
      strict: true,
      allowUnionTypes: true,
      allErrors: true,
      verbose: true,
      validateSchema: false,
      code: { optimize: false },
    });
    ajv.addVocabulary(OWN_NOTES);
    ajv.addFormat('date', isDate);
  }
  const validate = ajv.compile(flat);
  compiled.set(flat, validate);
  return validate;
}

/** Drop echoes: a failed union is told by its likeliest branch or as one error, and a value of the wrong type by that alone. */
function settle(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((e) => e.keyword === 'anyOf' || e.keyword === 'oneOf');
  const outer = unions.filter((u) => !unions.some((other) => isInside(u, other)));
  const rest = errors.filter((e) => !outer.some((u) => e === u || isInside(e, u)));
  const mistyped = new Set(rest.filter((e) => e.keyword === 'type').map((e) => e.instancePath));
  const kept = rest.filter(
    (e) =>
      (e.keyword === 'type' || e.propertyName !== undefined || !mistyped.has(e.instancePath)) &&
      e.keyword !== 'if' &&
      e.keyword !== 'propertyNames',
  );
  return [...kept, ...outer.flatMap((union) => likeliest(union, errors))];
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  if (!error.schemaPath.startsWith(`${union.schemaPath}/`)) return false;
  return error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`);
}

/** The errors of the branch that accepts this kind of value with the fewest complaints, when there is one such branch. */
function likeliest(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[] {
  const branches = new Map<string, ErrorObject[]>();
  for (const error of errors.filter((e) => isInside(e, union))) {
    const branch = error.schemaPath.slice(union.schemaPath.length + 1).split('/', 1)[0]!;
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  const fitting = [...branches.values()]
    .filter((branch) => !branch.some((e) => e.keyword === 'type' && e.instancePath === union.instancePath))
    .map(settle)
    .sort((a, b) => a.length - b.length);
  const [best, second] = fitting;
  return best !== undefined && best.length !== second?.length ? best : [union];
}

function describe(error: ErrorObject, schema: Schema, root: Json, placeOf: PlaceOf): Problem {
  const path = pathOf(error.instancePath, root);
  const parent = (error.parentSchema ?? {}) as Schema;
  const params = error.params as Readonly<Record<string, unknown>>;
  const code = (parent['x-code'] as ProblemCode | undefined) ?? 'config/invalid';
  const problem = (message: string, hint: string | null, where: Path, which: 'key' | 'value'): Problem => {
    const place = placeOf(where, which);
    return { code, message, ...(place === undefined ? {} : { place }), ...(hint === null ? {} : { hint }) };
  };
  if (error.keyword === 'additionalProperties') {
    const key = params.additionalProperty as string;
    const known = Object.keys((parent.properties ?? {}) as Schema);
    const where = path.length === 0 ? '' : ` in ${dotted(path)}`;
    const hint = suggest(key, known, () => pathsTo(key, flatten(schema)));
    return {
      ...problem(`unknown key ${JSON.stringify(key)}${where}`, hint, [...path, key], 'key'),
      code: 'config/unknown-key',
    };
  }
  if (error.keyword === 'required') {
    const missing = [...path, params.missingProperty as string];
    return problem(`${dotted(missing)} is missing`, 'Add it', path, 'key');
  }
  if (error.keyword === 'uniqueItems') {
    const index = Math.max(params.i as number, params.j as number);
    const item = show((error.data as Json[])[index]!);
    return problem(`${dotted(path)} holds ${item} more than once`, 'Remove one', [...path, index], 'value');
  }
  if (error.propertyName !== undefined) {
    const key = error.propertyName;
    const message = `the key ${JSON.stringify(key)} must be ${expected(error, parent, params)}`;
    return problem(message, null, [...path, key], 'key');
  }
  const found = error.data as Json;
  const message = `${dotted(path)} must be ${expected(error, parent, params)}; found ${show(found)}`;
  return problem(message, hintFor(error, params, found), path, 'value');
}

/** What should stand there, in words that follow "must be". */
function expected(error: ErrorObject, parent: Schema, params: Readonly<Record<string, unknown>>): string {
  const words = parent['x-expected'] as string | undefined;
  const limit = String(params.limit);
  switch (error.keyword) {
    case 'type':
      return [params.type as string | readonly string[]].flat().map(typeWords).join(' or ');
    case 'enum':
      return alternatives((params.allowedValues as Json[]).map(show));
    case 'const':
      return show(params.allowedValue as Json);
    case 'minimum':
      return `at least ${limit}`;
    case 'maximum':
      return `at most ${limit}`;
    case 'exclusiveMinimum':
      return `above ${limit}`;
    case 'exclusiveMaximum':
      return `below ${limit}`;
    case 'multipleOf':
      return `a multiple of ${String(params.multipleOf)}`;
    case 'minLength':
      return `text of at least ${limit} characters`;
    case 'maxLength':
      return `text of at most ${limit} characters`;
    case 'minItems':
      return `a list of at least ${limit}`;
    case 'maxItems':
      return `a list of at most ${limit}`;
    case 'minProperties':
      return `a map of at least ${limit}`;
    case 'maxProperties':
      return `a map of at most ${limit}`;
    case 'pattern':
      return words ?? `text that matches ${String(params.pattern)}`;
    case 'format':
      return words ?? `a ${String(params.format)} of the calendar such as 2024-01-31`;
    case 'anyOf':
    case 'oneOf':
      return words ?? alternatives((error.schema as Schema[]).map(branchWords));
    default:
      return words ?? `right: ${error.message}`;
  }
}

function hintFor(error: ErrorObject, params: Readonly<Record<string, unknown>>, found: Json): string | null {
  if (error.keyword === 'enum' && typeof found === 'string') {
    const names = (params.allowedValues as Json[]).filter((v) => typeof v === 'string');
    const name = nearest(found, names);
    return name === null ? null : `Did you mean ${JSON.stringify(name)}?`;
  }
  if (error.keyword !== 'type') return null;
  const types = [params.type as string | readonly string[]].flat();
  if (typeof found === 'string') {
    if (types.includes('boolean') && /^(yes|no|on|off|y|n)$/i.test(found)) return 'YAML 1.2 writes true or false';
    if (types.some((t) => t === 'integer' || t === 'number') && Number.isFinite(Number(found || 'x')))
      return 'Remove the quotes';
    if (types.includes('array')) return 'Write it as a list: [a, b]';
  }
  const wantsText = types.includes('string') && !types.includes('integer') && !types.includes('number');
  return wantsText && (typeof found === 'number' || typeof found === 'boolean') ? 'Put it in quotes' : null;
}

/** A near name beside the wrong one, else the places where just this name belongs, else every name that may stand there. */
function suggest(word: string, known: readonly string[], elsewhere: () => readonly string[]): string {
  const name = nearest(word, known);
  if (name !== null) return `Did you mean ${JSON.stringify(name)}?`;
  const paths = elsewhere();
  if (paths.length > 0 && paths.length <= MOST_PATHS) return `Did you mean ${alternatives(paths.map(show))}?`;
  return known.length === 0 ? 'Remove it' : `Known keys: ${known.join(', ')}`;
}

/** Dotted paths of the keys of this name, those in maps and lists of the user's left out. */
function pathsTo(word: string, { properties }: Schema, path: Path = []): string[] {
  return Object.entries((properties ?? {}) as Readonly<Record<string, Schema>>).flatMap(([key, inner]) => [
    ...(key === word ? [dotted([...path, key])] : []),
    ...pathsTo(word, inner, [...path, key]),
  ]);
}

function branchWords(branch: Schema): string {
  const words = branch['x-expected'] as string | undefined;
  if (words !== undefined) return words;
  if (Array.isArray(branch.enum)) return alternatives((branch.enum as Json[]).map(show));
  if (Array.isArray(branch.required)) return `a map with ${(branch.required as string[]).join(' and ')}`;
  return [(branch.type ?? 'other') as string | readonly string[]].flat().map(typeWords).join(' or ');
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? 'absent') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`;
}

function typeWords(type: string): string {
  const words: Readonly<Record<string, string>> = {
    integer: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
    null: 'nothing',
  };
  return words[type] ?? type;
}

/** A found value, short enough for one line. */
function show(value: Json): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function pathOf(pointer: string, root: Json): Path {
  const path: (string | number)[] = [];
  let here: unknown = root;
  for (const raw of pointer.split('/').slice(1)) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    const step = Array.isArray(here) ? Number(key) : key;
    path.push(step);
    here = (here as Record<string | number, unknown>)[step];
  }
  return path;
}
