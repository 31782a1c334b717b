// Reads the manifest of a dataset as far as commands need it, and says in which leaves two of them differ.
import { canon, type Json } from '../base/canon.ts';
import type { JsonMap } from './datasets.ts';

export interface Difference {
  /** Path of the leaf, as `config.seed` or `files.ohlcv/AAPL.parquet`. */
  readonly at: string;
  /** Null where only the other has it. */
  readonly was: Json;
  readonly now: Json;
}

/** The manifest as a map, or null when the text is not one. */
export function parseManifest(text: string): JsonMap | null {
  try {
    const value = JSON.parse(text) as Json;
    return isMap(value) ? value : null;
  } catch {
    return null;
  }
}

/** Files with their sha256. */
export function manifestFiles(manifest: JsonMap): { readonly path: string; readonly sha256: string }[] {
  return maps(manifest.files).flatMap(({ path, sha256 }) =>
    typeof path === 'string' && typeof sha256 === 'string' ? [{ path, sha256 }] : [],
  );
}

/** What a dataset is, as one map of leaves: identity, configuration, code, packages, inputs and files by name. */
export function leavesOf(manifest: JsonMap): Map<string, Json> {
  const { config, code, packages, inputs, files, warnings: _, ...rest } = manifest;
  const leaves = new Map<string, Json>();
  flatten('', rest, leaves);
  flatten('config', config ?? {}, leaves);
  for (const [path, id] of Object.entries((code ?? {}) as JsonMap)) leaves.set(`code.${path}`, id);
  for (const [name, id] of Object.entries((packages ?? {}) as JsonMap)) leaves.set(`packages.${name}`, id);
  for (const { name, md5 } of maps(inputs)) leaves.set(`inputs.${String(name)}`, md5 ?? null);
  for (const { path, md5 } of maps(files)) leaves.set(`files.${String(path)}`, md5 ?? null);
  return leaves;
}

/** Leaves in which two datasets differ, in the order of the first and then the second. */
export function differences(a: ReadonlyMap<string, Json>, b: ReadonlyMap<string, Json>): Difference[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((at) => ({ at, was: a.get(at) ?? null, now: b.get(at) ?? null }))
    .filter(({ was, now }) => canon(was) !== canon(now));
}

/** Maps are gone into; lists are leaves, because their items have no names. */
function flatten(under: string, value: Json, into: Map<string, Json>): void {
  if (!isMap(value)) {
    into.set(under, value);
    return;
  }
  for (const [key, inner] of Object.entries(value)) flatten(under === '' ? key : `${under}.${key}`, inner, into);
}

function maps(value: Json | undefined): JsonMap[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

function isMap(value: Json): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
