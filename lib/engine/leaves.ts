// Walks over plain configuration values and the leaves of their schemas.
import type { Json } from '../base/canon.ts';
import type { Path } from '../base/document.ts';
import type { Schema } from '../base/schema.ts';

export type JsonMap = { readonly [key: string]: Json };

/** Every property of a schema that has no properties of its own, with its path. */
export function leavesOf(schema: Schema, under: readonly string[] = []): { path: readonly string[]; node: Schema }[] {
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>);
  return properties.flatMap(([key, node]) => {
    const path = [...under, key];
    return node.properties === undefined ? [{ path, node }] : leavesOf(node, path);
  });
}

/** What stands at a path, undefined where nothing does. */
export function lookup(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as { readonly [key: string | number]: Json })[step];
  }
  return here;
}

export function isMap(value: Json): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
