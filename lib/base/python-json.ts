// The JSON text that Python's json.dumps(sort_keys=True) writes, because DVC hashes that text.

/** A number that Python holds as float though it is whole: `1.0` is not `1` in JSON text nor in a hash of it. */
export class PythonFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** What JSON and YAML files hold for Python. A `number` is an int when it is a safe whole number (but not -0), else a float. */
export type PythonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PythonFloat
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/** json.dumps(value, sort_keys=True) with default separators and ASCII only. Throws TypeError on values JSON cannot hold. */
export function pythonJson(value: PythonValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return pythonString(value);
  if (isPythonNumber(value)) return pythonNumber(value);
  if (isList(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object') throw new TypeError(`JSON has no ${typeof value}`);
  const keys = sortPoints(Object.keys(value));
  return `{${keys.map((key) => `${pythonString(key)}: ${pythonJson(value[key] as PythonValue)}`).join(', ')}}`;
}

const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A string in quotes; everything outside 0x20..0x7e is escaped, astral characters as two surrogates. */
export function pythonString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what must be escaped.
  if (!/["\\\u0000-\u001f\u007f-\uffff]/.test(text)) return `"${text}"`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
  const body = text.replace(/["\\\u0000-\u001f\u007f-\uffff]/g, (unit) => {
    if (unit === '"' || unit === '\\') return `\\${unit}`;
    return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${body}"`;
}

export function isPythonNumber(value: PythonValue): value is number | bigint | PythonFloat {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof PythonFloat;
}

/** Narrowing that keeps readonly lists apart from maps. */
export function isList(value: PythonValue): value is readonly PythonValue[] {
  return Array.isArray(value);
}

/** Number text as in JSON: ints in full, floats as Python's repr, `Infinity`, `-Infinity`, `NaN`. */
export function pythonNumber(value: number | bigint | PythonFloat): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  return pythonFloat(value instanceof PythonFloat ? value.value : value);
}

/** repr(float): shortest digits that read back equal, exponent form below 1e-4 and from 1e16, at least `.0`. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '', power = ''] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** Order by Unicode code point, as Python sorts strings; JavaScript's own order puts U+1F600 before U+FF21. */
export function comparePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // Units below the surrogates are ordered as points; from there on surrogates must come after U+E000..U+FFFF.
    if (x !== y) return x < 0xd800 || y < 0xd800 ? x - y : rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Sort texts in place by code points. */
export function sortPoints(texts: string[]): string[] {
  // V8 compares units by itself, and without surrogates and what follows them that is the same order.
  return texts.some((text) => /[\ud800-\uffff]/.test(text)) ? texts.sort(comparePoints) : texts.sort();
}

function rank(unit: number): number {
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
