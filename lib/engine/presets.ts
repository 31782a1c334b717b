// Presets: a leaf of the configuration may name a set of values, which fills in what nobody said.
import type { Json } from '../base/canon.ts';
import type { Document, Path } from '../base/document.ts';
import { nearest } from '../base/nearest.ts';
import type { Place } from '../base/place.ts';
import type { Problem } from '../base/problem.ts';
import { checkValue, type Schema } from '../base/schema.ts';
import { isMap, type JsonMap, leavesOf, lookup } from './leaves.ts';

/**
 * The value with the presets that its leaves tagged `x-preset` name: a document maps the tag to names and those to overlays.
 * A value that is missing or null takes the preset's; everything else stays. Problems: a name that is no preset, a preset that
 * breaks the schema.
 */
export function fillPresets(
  schema: Schema,
  partial: Schema,
  value: JsonMap,
  document: Document | null,
  placeOf: (path: Path) => Place | undefined,
  problems: Problem[],
): JsonMap {
  if (document === null || document.problems.length > 0) return value;
  let filled = value;
  for (const { path, node } of leavesOf(schema)) {
    const kind = node['x-preset'] as string | undefined;
    const name = kind === undefined ? null : (lookup(value, path) ?? node.default ?? null);
    if (kind === undefined || typeof name !== 'string') continue;
    const all = lookup(document.value, [kind]);
    const known = isMap(all ?? null) ? (all as JsonMap) : {};
    if (!Object.hasOwn(known, name)) {
      const near = nearest(name, Object.keys(known));
      const place = placeOf(path);
      problems.push({
        code: 'config/invalid',
        message: `no ${kind} is named ${JSON.stringify(name)}`,
        ...(place === undefined ? {} : { place }),
        hint: near === null ? `Known: ${Object.keys(known).join(', ') || 'none'}` : `Did you mean "${near}"?`,
      });
      continue;
    }
    const preset = known[name]!;
    problems.push(...checkValue(partial, preset, (at, which) => document.place([kind, name, ...at], which)));
    problems.push(...strangers(filled, preset, `${kind} ${name}`, placeOf));
    filled = fill(filled, preset) as JsonMap;
  }
  return filled;
}

/** A list that shares nothing with the preset's own would make the preset vain: it was most likely left over. */
function strangers(said: JsonMap, preset: Json, name: string, placeOf: (path: Path) => Place | undefined): Problem[] {
  if (!isMap(preset)) return [];
  return Object.entries(preset).flatMap(([key, list]): Problem[] => {
    const own = said[key];
    if (!Array.isArray(own) || !Array.isArray(list) || own.some((item) => list.includes(item))) return [];
    const place = placeOf([key]);
    const message = `${key}: none of ${own.join(', ')} is in the ${name}`;
    return [
      {
        code: 'config/invalid',
        message,
        ...(place === undefined ? {} : { place }),
        hint: `${key}: null takes all of it`,
      },
    ];
  });
}

/** Upper values where there are any, lower ones where they are missing or null. */
function fill(upper: Json, lower: Json): Json {
  if (upper === null) return lower;
  if (!isMap(upper) || !isMap(lower)) return upper;
  const entries = new Map<string, Json>(Object.entries(upper));
  for (const [key, value] of Object.entries(lower)) {
    entries.set(key, entries.has(key) ? fill(entries.get(key)!, value) : value);
  }
  return Object.fromEntries(entries);
}
