// Writes YAML in exactly the style of DVC's own files, so that a file both tools write shows no needless changes.
import { isList, isPythonNumber, type PythonValue, pythonNumber } from '../base/python-json.ts';
import { type Spot, yamlKey, yamlPlain, yamlString } from './yaml-scalar.ts';

export type YamlMap = { readonly [key: string]: PythonValue };

/** A map from fields in DVC's order; undefined ones are left out. */
export function yamlMap(fields: { readonly [key: string]: PythonValue | undefined }): YamlMap {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as YamlMap;
}

/** Keys this long (in code points) are written `? key` by DVC. */
const LONG_KEY = 123;

/**
 * A whole document: block style, maps indented by 2, list dashes at their parent's column, null as nothing. Keys keep
 * the object's order (so whole-number keys come first, ascending). Throws TypeError on values YAML cannot hold here.
 */
export function printYaml(map: YamlMap): string {
  return Object.keys(map).length === 0 ? '{}\n' : `${block(map, 0)}\n`;
}

/** A non-empty map whose first key stands at column `indent` already. */
function block(map: YamlMap, indent: number): string {
  return Object.entries(map)
    .map(([key, value]) => entry(key, value, indent))
    .join(newLine(indent));
}

function entry(key: string, value: PythonValue, indent: number): string {
  const text = yamlKey(key);
  if (Array.from(key).length >= LONG_KEY || /[\n\u0085\u2028\u2029]/.test(key)) {
    return `? ${text}${newLine(indent)}:${item(value, indent)}`;
  }
  if (isList(value) && value.length > 0) return `${text}:${newLine(indent)}${sequence(value, indent)}`;
  if (isMap(value) && Object.keys(value).length > 0) return `${text}:${newLine(indent + 2)}${block(value, indent + 2)}`;
  return `${text}:${leaf(value, { column: indent + Array.from(text).length + 1, indent: indent + 2 })}`;
}

function sequence(list: readonly PythonValue[], indent: number): string {
  // A null item keeps the space after its dash, as DVC writes it.
  return list.map((value) => `-${value === null ? ' ' : item(value, indent)}`).join(newLine(indent));
}

/** What follows a one-character indicator at column `indent`. */
function item(value: PythonValue, indent: number): string {
  if (isList(value) && value.length > 0) return ` ${sequence(value, indent + 2)}`;
  if (isMap(value) && Object.keys(value).length > 0) return ` ${block(value, indent + 2)}`;
  return leaf(value, { column: indent + 1, indent: indent + 2 });
}

/** A scalar or an empty collection with its leading space; nothing for null. */
function leaf(value: PythonValue, spot: Spot): string {
  if (value === null) return '';
  if (typeof value === 'string') return yamlString(value, spot);
  if (typeof value === 'boolean') return yamlPlain(String(value), spot) as string;
  if (isPythonNumber(value)) return yamlPlain(NAMES[pythonNumber(value)] ?? pythonNumber(value), spot) as string;
  if (typeof value !== 'object') throw new TypeError(`YAML has no ${typeof value}`);
  return isList(value) ? ' []' : ' {}';
}

const NAMES: Readonly<Record<string, string>> = { Infinity: '.inf', '-Infinity': '-.inf', NaN: '.nan' };

function isMap(value: PythonValue): value is YamlMap {
  return typeof value === 'object' && value !== null && !isList(value) && !isPythonNumber(value);
}

function newLine(indent: number): string {
  return `\n${' '.repeat(indent)}`;
}
