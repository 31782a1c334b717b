// Walks over plain configuration values and the leaves of their schemas.
import type { Json } from '../base/canon.ts';
import type { Path } from '../base/document.ts';
import type { Schema } from '../base/schema.ts';

export type JsonMap = { readonly [key: string]: Json };

interface Leaf {
  readonly path: readonly string[];
  readonly node: Schema;
}

const known = new WeakMap<Schema, readonly Leaf[]>();

/** Every property of a schema that has no properties of its own, with its path. */
export function leavesOf(schema: Schema): readonly Leaf[] {
  let leaves = known.get(schema);
  if (leaves === undefined) {
    leaves = leavesUnder(schema, []);
    known.set(schema, leaves);
  }
  return leaves;
}

function leavesUnder({ properties = {} }: Schema, under: readonly string[]): Leaf[] {
  return Object.entries(properties as Readonly<Record<string, Schema>>).flatMap(([key, node]) => {
    const path = [...under, key];
    return node.properties === undefined ? [{ path, node }] : leavesUnder(node, path);
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
