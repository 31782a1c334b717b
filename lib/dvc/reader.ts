// Reads the parsed YAML of a DVC file by type, gathering every problem with its place instead of stopping at the first.
import type { Json } from '../base/canon.ts';
import type { Document, Path } from '../base/document.ts';
import { nearest } from '../base/nearest.ts';
import type { Problem, ProblemCode } from '../base/problem.ts';
import { PythonFloat, type PythonValue } from '../base/python-json.ts';

export type JsonMap = { readonly [key: string]: Json };

export class Reader {
  readonly document: Document;
  readonly problems: Problem[];
  #lines: readonly string[] | null = null;

  constructor(document: Document) {
    this.document = document;
    this.problems = [...document.problems];
  }

  report(code: ProblemCode, path: Path, message: string, hint?: string, which: 'key' | 'value' = 'value'): void {
    const place = this.document.place(path, which);
    this.problems.push({ code, message, place, ...(hint === undefined ? {} : { hint }) });
  }

  /** The value as a map, or null with a problem. */
  map(value: Json | undefined, path: Path, what: string): JsonMap | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonMap;
    this.report('dvc/malformed', path, `${what} must be a map`);
    return null;
  }

  /** The value as a list; nothing and null are an empty one. */
  list(value: Json | undefined, path: Path, what: string): readonly Json[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value as readonly Json[];
    this.report('dvc/malformed', path, `${what} must be a list`);
    return [];
  }

  /** A field of the wanted type, or undefined: silently when it is absent, with a problem when it is of another type. */
  field(map: JsonMap, key: string, type: 'string', path: Path): string | undefined;
  field(map: JsonMap, key: string, type: 'boolean', path: Path): boolean | undefined;
  field(map: JsonMap, key: string, type: 'count', path: Path): number | undefined;
  field(map: JsonMap, key: string, type: 'string' | 'boolean' | 'count', path: Path): Json | undefined {
    if (!Object.hasOwn(map, key)) return undefined;
    const value = map[key] as Json;
    if (type === 'count' ? Number.isSafeInteger(value) && (value as number) >= 0 : typeof value === type) return value;
    const wanted = type === 'count' ? 'a whole number' : type === 'string' ? 'text' : 'true or false';
    this.report('dvc/malformed', [...path, key], `${key} must be ${wanted}`);
    return undefined;
  }

  /** DVC refuses a file with any key it does not know; some it knows, we do not serve. */
  keys(map: JsonMap, known: readonly string[], unserved: readonly string[], path: Path): void {
    for (const key of Object.keys(map)) {
      if (known.includes(key)) continue;
      const at = [...path, key];
      if (unserved.includes(key)) {
        this.report('dvc/unsupported', at, `The key ${key} of DVC is not supported here`, undefined, 'key');
      } else {
        const meant = nearest(key, known);
        const hint = meant === null ? undefined : `Did you mean ${meant}?`;
        this.report('dvc/malformed', at, `DVC knows no key ${JSON.stringify(key)} here`, hint, 'key');
      }
    }
  }

  /** The value with whole floats (`1.0`) kept apart from ints, which only their text tells. */
  python(value: Json, path: Path): PythonValue {
    if (typeof value === 'number') return this.#isFloat(path) ? new PythonFloat(value) : value;
    if (Array.isArray(value)) return value.map((item: Json, i) => this.python(item, [...path, i]));
    if (typeof value !== 'object' || value === null) return value as PythonValue;
    const entries = Object.entries(value as JsonMap);
    return Object.fromEntries(entries.map(([key, inner]) => [key, this.python(inner, [...path, key])]));
  }

  #isFloat(path: Path): boolean {
    const { line, column, length } = this.document.place(path);
    this.#lines ??= this.document.text.split('\n');
    const text = (this.#lines[line - 1] ?? '').slice(column - 1, column - 1 + length);
    // An alias shows its name here, and to DVC a whole float equals the int.
    return /[.eE]/.test(text) && !/^(0x|\*)/.test(text);
  }
}

/** The record without its undefined fields. */
export function present<T extends object>(record: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
