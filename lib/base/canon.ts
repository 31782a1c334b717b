// Canonical JSON (RFC 8785): one text for one value, so that its hash is an identity.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Canonical text. Throws TypeError on NaN, Infinity, undefined, functions and lone surrogates, which JSON cannot say. */
export function canon(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canon).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`canonical JSON has no ${typeof value}`);
  const record = value as { readonly [key: string]: Json };
  return inBraces(Object.keys(record), (key) => canon(record[key] as Json));
}

const texts = new WeakMap<object, string>();

/** Canonical text of a value that never changes: worked out once for each object. */
export function canonOnce(value: Json): string {
  if (typeof value !== 'object' || value === null) return canon(value);
  let text = texts.get(value);
  if (text === undefined) {
    text = canon(value);
    texts.set(value, text);
  }
  return text;
}

/** Canonical text of an object whose values are canonical texts. */
export function canonOf(fields: Readonly<Record<string, string>>): string {
  return inBraces(Object.keys(fields), (key) => fields[key] as string);
}

/** Default sort compares UTF-16 units, which is what RFC 8785 section 3.2.3 asks for. */
function inBraces(keys: string[], textOf: (key: string) => string): string {
  return `{${keys
    .sort()
    .map((key) => `${canon(key)}:${textOf(key)}`)
    .join(',')}}`;
}
