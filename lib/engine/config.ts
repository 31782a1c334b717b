// Resolves the user's configuration: base file, profile, environment and flags become one complete, checked, frozen value.
import type { Json } from '../base/canon.ts';
import { type Document, type Path, parseDocument } from '../base/document.ts';
import { isDate } from '../base/fits.ts';
import { nearest } from '../base/nearest.ts';
import { at, dotted, type Place } from '../base/place.ts';
import type { Problem } from '../base/problem.ts';
import { checkValue, flatten, type Schema } from '../base/schema.ts';
import { isMap, type JsonMap, leavesOf, lookup } from './leaves.ts';
import { fillPresets } from './presets.ts';

export interface ConfigInputs {
  /** Schema of the whole configuration; its `default`s complete the value. */
  readonly schema: Schema;
  readonly base: Document;
  /** `profiles: {name: overlay}`; an overlay may say `extends: other`. */
  readonly profiles: Document | null;
  /** What leaves tagged `x-preset` may name; null for none. */
  readonly presets?: Document | null;
  /** The base is the value of an earlier resolution: what a preset brought there is no slip of its writer. */
  readonly again?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: {
    readonly profile?: string;
    readonly seed?: string;
    /** `path=value` each, the value as YAML writes it; maps merge, everything else replaces. */
    readonly set?: readonly string[];
  };
}

export interface ResolvedConfig {
  readonly value: JsonMap;
  readonly profile: string;
  /** The value without what its schema tags `x-identity: false`. */
  readonly identity: JsonMap;
  /** Environment variables that may set a value. */
  readonly variables: readonly string[];
  /** Who set the value at a path: `flag --seed`, `env PIPELINE_SEED`, `profile legacy (file:line:column)`, `file:line:column` or `default`. */
  origin(path: Path): string;
  /** Where the value at a path is written; undefined for a flag, the environment or a default. */
  place(path: Path): Place | undefined;
}

/** One source of values; later layers win. Overrides from flags and environment have no document. */
interface Layer {
  readonly name: string;
  readonly value: Json;
  readonly document: Document | null;
  readonly under: Path;
}

/** Precedence: flag, environment, profile, base file, preset, default. The config is null when there is any problem; problems come all in one go. */
export function resolveConfig(inputs: ConfigInputs): { config: ResolvedConfig | null; problems: readonly Problem[] } {
  const { base, profiles, presets = null, env, flags } = inputs;
  const schema = flatten(inputs.schema);
  const partial = withoutRequired(schema);
  const problems: Problem[] = [...base.problems, ...(profiles?.problems ?? []), ...(presets?.problems ?? [])];
  // A layer's own problem would come back from the merged value; its words tell the echo.
  const told = new Set<string>();
  const check = (against: Schema, layer: Layer) => {
    for (const problem of checkValue(against, layer.value, (path, which) => placeIn(layer, path, which))) {
      told.add(problem.message);
      problems.push(layer.document ? problem : { ...problem, message: `${layer.name}: ${problem.message}` });
    }
  };

  const ground: Layer = { name: '', value: base.value, document: base, under: [] };
  if (base.problems.length === 0) check(partial, ground);
  if (profiles !== null && profiles.problems.length === 0) {
    check(PROFILES, { name: '', value: profiles.value, document: profiles, under: [] });
    for (const [name, profile] of profilesOf(profiles)) {
      if (!isMap(profile)) continue;
      const { extends: _, ...value } = profile;
      check(partial, { name, value, document: profiles, under: ['profiles', name] });
    }
  }
  const profile = flags.profile ?? (env.PIPELINE_PROFILE || 'default');
  const overlays = profiles === null || profiles.problems.length === 0 ? chain(profile, profiles, problems) : [];
  const overrides = overridesOf(schema, env, flags, problems);
  for (const layer of overrides) check(partial, layer);

  const layers = [ground, ...overlays, ...overrides];
  const merged = layers.map((layer) => layer.value).reduce(merge);
  const said = isMap(merged) ? merged : {};
  const value = withDefaults(
    schema,
    fillPresets(schema, partial, said, presets, (path) => placeAmong(layers, path, 'value'), problems),
  ) as JsonMap;
  if (isMap(base.value)) {
    const place = (path: Path, which: 'key' | 'value') => placeAmong(layers, path, which);
    problems.push(...checkValue(schema, value, place).filter((problem) => !told.has(problem.message)));
    problems.push(...disorder(schema, value, layers));
    if (inputs.again !== true) problems.push(...unnamed(schema, value, said, layers));
  }
  if (problems.length > 0) return { config: null, problems };
  const origin = (path: Path) => originOf(holder(layers, path), path);
  const place = (path: Path) => {
    const layer = holder(layers, path);
    return layer && placeIn(layer, path, 'value');
  };
  const variables = leavesOf(schema).flatMap(({ node }) => (node['x-env'] as string | undefined) ?? []);
  return {
    config: Object.freeze({
      value: freeze(value),
      profile,
      identity: identityOf(schema, value),
      variables,
      origin,
      place,
    }),
    problems,
  };
}

/** The value without the leaves and subtrees that its schema tags `x-identity: false`: what can change a result. */
export function identityOf(schema: Schema, value: JsonMap): JsonMap {
  const keep = (node: Schema, here: Json): Json => {
    if (!isMap(here)) return here;
    const kept = Object.entries(here).flatMap(([key, inner]): [string, Json][] => {
      const child = childOf(node, key);
      return child['x-identity'] === false ? [] : [[key, keep(child, inner)]];
    });
    return Object.fromEntries(kept);
  };
  return freeze(keep(flatten(schema), value)) as JsonMap;
}

/** The value completed by the `default`s of its schema. */
function withDefaults(schema: Schema, value: Json): Json {
  if (!isMap(value)) return value;
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const missing = Object.entries(properties).filter(([key, child]) => !Object.hasOwn(value, key) && 'default' in child);
  const entries = [...Object.entries(value), ...missing.map(([key, child]) => [key, child.default as Json] as const)];
  return Object.fromEntries(entries.map(([key, inner]) => [key, withDefaults(childOf(schema, key), inner)]));
}

/** Maps merge, everything else is replaced by the upper value. */
function merge(lower: Json, upper: Json): Json {
  if (!isMap(lower) || !isMap(upper)) return upper;
  const merged = new Map<string, Json>(Object.entries(lower));
  for (const [key, value] of Object.entries(upper)) {
    merged.set(key, merged.has(key) ? merge(merged.get(key)!, value) : value);
  }
  return Object.fromEntries(merged);
}

/** The file of profiles, each a part of the configuration. */
const PROFILES: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['profiles'],
  properties: {
    profiles: {
      type: 'object',
      additionalProperties: { type: 'object', properties: { extends: { type: 'string' } } },
    },
  },
};

function profilesOf({ value }: Document): [string, Json][] {
  return isMap(value) && isMap(value.profiles ?? null) ? Object.entries(value.profiles as JsonMap) : [];
}

/** The profile's overlays, the one it rests on first. */
function chain(profile: string, document: Document | null, problems: Problem[]): Layer[] {
  const all = Object.fromEntries(document === null ? [] : profilesOf(document));
  const layers: Layer[] = [];
  const seen: string[] = [];
  let place: Place | undefined;
  for (let name = profile; ; ) {
    const where = place === undefined ? {} : { place };
    if (seen.includes(name)) {
      const circle = [...seen, name].join(' -> ');
      problems.push({ code: 'config/invalid', message: `profiles extend each other in a circle: ${circle}`, ...where });
      return layers;
    }
    seen.push(name);
    if (!Object.hasOwn(all, name)) {
      // Without a profile asked for, a file that names none is complete.
      if (name === 'default' && seen.length === 1) return layers;
      const known = Object.keys(all);
      const near = nearest(name, known);
      const hint = near === null ? `Known profiles: ${known.join(', ') || 'none'}` : `Did you mean "${near}"?`;
      problems.push({
        code: 'config/unknown-profile',
        message: `no profile is named ${JSON.stringify(name)}`,
        ...where,
        hint,
      });
      return layers;
    }
    const overlay = all[name]!;
    if (!isMap(overlay)) return layers;
    const { extends: parent, ...value } = overlay;
    layers.unshift({ name: `profile ${name}`, value, document, under: ['profiles', name] });
    if (typeof parent !== 'string') return layers;
    place = document?.place(['profiles', name, 'extends']);
    name = parent;
  }
}

/** One layer per environment variable (`x-env` in the schema) and flag, in rising precedence. */
function overridesOf(
  schema: Schema,
  env: ConfigInputs['env'],
  flags: ConfigInputs['flags'],
  problems: Problem[],
): Layer[] {
  const layers: Layer[] = [];
  const add = (name: string, path: readonly string[], value: Json) => {
    layers.push({
      name,
      value: path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value),
      document: null,
      under: [],
    });
  };
  const read = (name: string, path: readonly string[], text: string) => {
    const document = parseDocument(name, text);
    if (document.problems.length === 0) return add(name, path, document.value);
    // A place inside a flag would be read as a file; the name says enough.
    for (const { place: _, ...rest } of document.problems)
      problems.push({ ...rest, message: `${name}: ${rest.message}` });
  };
  for (const { path, node } of leavesOf(schema)) {
    const variable = node['x-env'] as string | undefined;
    const text = variable === undefined ? '' : (env[variable] ?? '').trim();
    if (text === '') continue;
    const items = () => text.split(',').map((item) => item.trim());
    if ([node.type].flat().includes('array')) add(`env ${variable}`, path, items());
    else read(`env ${variable}`, path, text);
  }
  for (const setting of flags.set ?? []) {
    const equals = setting.indexOf('=');
    if (equals > 0)
      read(`flag --set ${setting.slice(0, equals)}`, setting.slice(0, equals).split('.'), setting.slice(equals + 1));
    else
      problems.push({
        code: 'usage',
        message: `flag --set ${JSON.stringify(setting)} is not path=value`,
        hint: 'Write for example --set validation.alpha=0.01',
      });
  }
  if (flags.seed !== undefined) read('flag --seed', ['seed'], flags.seed);
  return layers;
}

/** Dates that stand before the sibling they must not precede (`x-not-before`). */
function disorder(schema: Schema, value: Json, layers: readonly Layer[]): Problem[] {
  return leavesOf(schema).flatMap(({ path, node }): Problem[] => {
    const sibling = node['x-not-before'];
    if (typeof sibling !== 'string') return [];
    const other = [...path.slice(0, -1), sibling];
    const [late, early] = [lookup(value, path), lookup(value, other)];
    if (typeof late !== 'string' || typeof early !== 'string' || !isDate(late) || !isDate(early) || late >= early)
      return [];
    const names = [path.join('.'), other.join('.')] as const;
    const place = placeAmong(layers, path, 'value');
    return [
      {
        code: 'config/invalid',
        message: `${names[0]} (${late}) must not be before ${names[1]} (${early})`,
        facts: { [names[0]]: originOf(holder(layers, path), path), [names[1]]: originOf(holder(layers, other), other) },
        ...(place === undefined ? {} : { place }),
        hint: 'Swap or move the dates',
      },
    ];
  });
}

/**
 * Keys somebody wrote under a leaf tagged `x-keys-among` that name nothing: no value at those paths, neither in the end nor in a
 * layer that another one replaced.
 */
function unnamed(schema: Schema, value: JsonMap, said: JsonMap, layers: readonly Layer[]): Problem[] {
  return leavesOf(schema).flatMap(({ path, node }): Problem[] => {
    const among = node['x-keys-among'] as readonly string[] | undefined;
    const written = lookup(said, path) ?? null;
    if (among === undefined || !isMap(written)) return [];
    const known = new Set(
      [value, ...layers.map((layer) => layer.value)].flatMap((from) =>
        among.flatMap((pattern) => valuesAt(from, pattern.split('.'))),
      ),
    );
    return Object.keys(written).flatMap((key): Problem[] => {
      if (known.has(key)) return [];
      const layer = holder(layers, [...path, key]);
      const place = layer && placeIn(layer, [...path, key], 'key');
      const who = layer === undefined || layer.document !== null ? '' : `${layer.name}: `;
      const near = nearest(key, known);
      return [
        {
          code: 'config/unknown-key',
          message: `${who}${dotted([...path, key])} is without effect: ${JSON.stringify(key)} is not in ${among.join(' or ')}`,
          ...(place === undefined ? {} : { place }),
          hint: near === null ? 'Remove it, or add what it names' : `Did you mean ${JSON.stringify(near)}?`,
        },
      ];
    });
  });
}

/** Texts at a path whose `*` is any key; a list gives its items. */
function valuesAt(value: Json, [step, ...rest]: readonly string[]): string[] {
  if (step === undefined) return [value].flat().filter((one) => typeof one === 'string');
  if (!isMap(value)) return [];
  const inner = step === '*' ? Object.values(value) : [value[step] ?? null];
  return inner.flatMap((one) => valuesAt(one, rest));
}

const partials = new WeakMap<Schema, Schema>();

/** A layer need not be complete: the same schema, with nothing required of its maps. */
function withoutRequired(schema: Schema): Schema {
  const known = partials.get(schema);
  if (known !== undefined) return known;
  const { required: _, ...rest } = schema;
  const partial: Record<string, unknown> = rest;
  const properties = schema.properties as Readonly<Record<string, Schema>> | undefined;
  if (properties !== undefined) {
    const entries = Object.entries(properties);
    partial.properties = Object.fromEntries(entries.map(([key, child]) => [key, withoutRequired(child)]));
  }
  partials.set(schema, partial);
  return partial;
}

function childOf(schema: Schema, key: string): Schema {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  if (Object.hasOwn(properties, key)) return properties[key]!;
  const rest = schema.additionalProperties;
  return typeof rest === 'object' && rest !== null ? (rest as Schema) : {};
}

/** The topmost layer that says something at a path. */
function holder(layers: readonly Layer[], path: Path): Layer | undefined {
  return layers.findLast((layer) => lookup(layer.value, path) !== undefined);
}

function originOf(layer: Layer | undefined, path: Path): string {
  if (layer === undefined) return 'default';
  const place = placeIn(layer, path, 'value');
  if (place === undefined) return layer.name;
  return layer.name === '' ? at(place) : `${layer.name} (${at(place)})`;
}

function placeIn(layer: Layer, path: Path, which: 'key' | 'value'): Place | undefined {
  return layer.document?.place([...layer.under, ...path], which);
}

/** Where the effective value stands; what nobody wrote is missing from the base file's nearest map. */
function placeAmong(layers: readonly Layer[], path: Path, which: 'key' | 'value'): Place | undefined {
  const layer = path.length === 0 ? layers[0] : holder(layers, path);
  return layer === undefined ? placeAmong(layers, path.slice(0, -1), 'key') : placeIn(layer, path, which);
}

function freeze<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
