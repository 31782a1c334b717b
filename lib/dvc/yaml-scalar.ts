// Text of one YAML scalar as DVC's writer (ruamel.yaml, width 80) lays it out: style, escapes and line folds.

/** Columns after which text is folded; counted in code points. */
const WIDTH = 80;

/** Where a scalar goes: the column reached so far, and the indent of its continuation lines. */
export interface Spot {
  readonly column: number;
  readonly indent: number;
}

/** A string after `key:` or `-`, with its leading space, folded as DVC does wherever the fold reads back equal. */
export function yamlString(text: string, spot: Spot): string {
  const style = styleOf(text);
  const folded =
    style === 'plain' ? yamlPlain(text, spot) : style === 'single' ? foldSingle(text, spot) : foldDouble(text, spot);
  return folded ?? ` ${quoteDouble(text)}`;
}

/** A map key on one line; keys are never folded. */
export function yamlKey(text: string): string {
  const style = styleOf(text);
  return style === 'plain' ? text : style === 'single' ? `'${text}'` : quoteDouble(text);
}

type Style = 'plain' | 'single' | 'double';
const styles = new Map<string, Style>();

/** Paths and commands of a large pipeline stand in dvc.yaml and dvc.lock many times over; each is judged once. */
function styleOf(text: string): Style {
  let style = styles.get(text);
  if (style === undefined) {
    style = judgeStyle(text);
    styles.set(text, style);
  }
  return style;
}

function judgeStyle(text: string): Style {
  // Breaks of YAML 1.1 that YAML 1.2 takes for plain characters: only escapes are read alike by all.
  if (/[\u0085\u2028\u2029]/.test(text) || !PRINTABLE.test(text)) return 'double';
  if (!resolves(text) && !hasIndicator(text)) return 'plain';
  return text.includes("'") ? 'double' : 'single';
}

const PRINTABLE = /^[\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** True when a plain scalar would be read as something else than a string, by DVC's resolver or by YAML 1.2 core. */
function resolves(text: string): boolean {
  return (
    /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|<<|=)$/.test(text) ||
    /^[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)$/.test(text.replace(/^_.*/, '')) ||
    /^[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$/.test(text) ||
    /^[-+]?\.(?:[0-9_]+(?:[eE][-+]?[0-9]+)?|inf|Inf|INF)$/.test(text) ||
    /^\.(?:nan|NaN|NAN)$/.test(text) ||
    /^\d{4}-\d\d-\d\d$/.test(text) ||
    /^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?$/.test(text)
  );
}

/** True when characters of the text would mean something in block YAML. */
function hasIndicator(text: string): boolean {
  return (
    /^(?:---|\.\.\.)/.test(text) ||
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[-?:](?: |$)/.test(text) ||
    /^ | $|:(?: |$)| #/.test(text)
  );
}

/** Plain text: a single space may become a break, and a word that would cross the width starts a line. */
export function yamlPlain(text: string, { column, indent }: Spot): string | null {
  let out = ' ';
  column += 1;
  const parts = text.split(/( +)/);
  for (const [index, part] of parts.entries()) {
    const length = points(part);
    if (index % 2 === 1) {
      if (length === 1 && column >= WIDTH) {
        out += newLine(indent);
        column = indent;
        continue;
      }
    } else if (column + length > WIDTH && column > indent) {
      // Trailing spaces fold to one: after a wider gap only quotes keep the text.
      if (index > 0 && (parts[index - 1] as string).length > 1) return null;
      out += newLine(indent);
      column = indent;
    }
    out += part;
    column += length;
  }
  return out;
}

/** Single-quoted text without quotes or breaks inside; a single space beyond the width becomes a break. */
function foldSingle(text: string, { column, indent }: Spot): string {
  let out = " '";
  column += 2;
  let at = 0;
  for (const part of text.split(/( +)/)) {
    if (part === ' ' && column > WIDTH && at > 0 && at + 1 < text.length) {
      out += newLine(indent);
      column = indent;
    } else {
      out += part;
      column += points(part);
    }
    at += part.length;
  }
  return `${out}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

/** Null for a character that stands for itself between double quotes. */
function escaped(char: string): string | null {
  const short = ESCAPES[char];
  if (short !== undefined) return short;
  if (PRINTABLE.test(char)) return null;
  const code = char.codePointAt(0) as number;
  return code <= 0xff ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

function quoteDouble(text: string): string {
  return `"${Array.from(text, (char) => escaped(char) ?? char).join('')}"`;
}

/**
 * Double-quoted text, broken at spaces and after escapes beyond the width, with a backslash where the break must not
 * read as a space. Null where the layout of DVC's writer would change the text (it forgets some backslashes).
 */
function foldDouble(text: string, { column, indent }: Spot): string | null {
  if (/[\u0085\u2028\u2029]/.test(text) || indent + 2 > WIDTH) return null;
  const chars = Array.from(text);
  let out = ' "';
  column += 2;
  let start = 0;
  const flush = (end: number, extra = '') => {
    const piece = chars.slice(start, end);
    out += piece.join('') + extra;
    column += piece.length + extra.length;
    start = Math.max(start, end);
  };
  for (const [end, char] of chars.entries()) {
    const sequence = escaped(char);
    if (sequence !== null) {
      flush(end, sequence);
      start = end + 1;
    }
    const mayBreak = end > 0 && end < chars.length - 1 && (char === ' ' || start >= end);
    if (!mayBreak || column + end - start <= WIDTH) continue;
    const bare = readsAsSpace(chars, start, end);
    if (bare && chars[Math.max(start, end)] !== ' ') return null;
    flush(end, bare ? '' : '\\');
    out += newLine(indent);
    column = indent;
    if (bare) start += 1;
    else if (chars[start] === ' ') {
      out += '\\';
      column += 1;
    }
  }
  flush(chars.length);
  return `${out}"`;
}

/** DVC's writer breaks without a backslash when one space stands here and the next word has no quotes or line feed. */
function readsAsSpace(chars: readonly string[], start: number, end: number): boolean {
  const space = chars.indexOf(' ', end);
  const next = chars[space + 1];
  if (space < 0 || next === undefined || next === ' ' || next === '\n') return false;
  if (chars.slice(end, space).some((char) => char === '\n' || char === '"' || char === "'")) return false;
  return start !== end && !(chars[end - 1] === ' ' && chars[end] === ' ');
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, '0');
}

function newLine(indent: number): string {
  return `\n${' '.repeat(indent)}`;
}

function points(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
