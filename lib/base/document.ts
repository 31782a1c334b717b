// Reads one YAML file into plain frozen data that remembers where in the text each value stands.
import { Composer, isAlias, isMap, isScalar, isSeq, type Node, type Document as Parsed, Parser } from 'yaml';
import type { Json } from './canon.ts';
import type { Place } from './place.ts';
import type { Problem, ProblemCode } from './problem.ts';

/** Keys and list indexes from the root down. */
export type Path = readonly (string | number)[];

export interface Document {
  readonly file: string;
  readonly text: string;
  /** Deeply frozen; null when there are problems (and for an empty file). */
  readonly value: Json;
  readonly problems: readonly Problem[];
  /** Where the key or the value at a path stands; for a path that is not there, its nearest ancestor's key. */
  place(path: Path, which?: 'key' | 'value'): Place;
}

// Far above any honest configuration, low enough that a hostile file costs less than a second or two.
const LIMIT = { characters: 1 << 24, depth: 64, unfolded: 10_000, problems: 100 };

type Span = readonly [start: number, end: number];
interface Mark {
  readonly key: Span | null;
  readonly value: Span;
  readonly inner: ReadonlyMap<string | number, Mark>;
}
/** A converted node; weight counts the nodes in it with aliases unfolded. */
interface Built {
  readonly value: Json;
  readonly inner: ReadonlyMap<string | number, Mark>;
  readonly weight: number;
}
type Report = (span: Span, message: string, extra?: { code?: ProblemCode; hint?: string }) => void;

const NONE: ReadonlyMap<string | number, Mark> = new Map();
const NOTHING: Built = { value: null, inner: NONE, weight: 1 };

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces',
  BAD_INDENT: 'Line the text up with its siblings',
  BLOCK_AS_IMPLICIT_KEY: 'Put a nested map on its own indented lines, or quote a text that holds `: `',
  MULTILINE_IMPLICIT_KEY: 'Look for a missing `:` after a key',
  BAD_SCALAR_START: 'Quote a text that starts with this character',
  BAD_DQ_ESCAPE: 'Use single quotes where backslashes are meant literally',
  TAG_RESOLVE_FAILED: 'Write the value without a tag',
};

/**
 * Parse YAML 1.2 (core schema): dates stay strings; duplicate or non-text keys, tags, control characters, numbers JSON
 * cannot hold exactly, deep nesting and aliases that unfold without bound are problems. Every problem is reported in one go.
 * Never throws, on any text, and takes time linear in its length.
 */
export function parseDocument(file: string, source: string): Document {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const placeOf = placer(file, text);
  const found = new Map<number, Problem>();
  const report: Report = ([start, end], message, extra) => {
    // One problem per spot: what follows a syntax error there is mostly its echo.
    if (found.size < LIMIT.problems && !found.has(start)) {
      const hint = extra?.hint === undefined ? {} : { hint: extra.hint };
      found.set(start, { code: extra?.code ?? 'yaml/syntax', message, place: placeOf([start, end]), ...hint });
    }
  };
  const root = read(text, report);
  const problems = [...found].sort((a, b) => a[0] - b[0]).map(([, problem]) => problem);
  const whole: Mark = { key: null, value: root.span, inner: root.built.inner };
  return Object.freeze({
    file,
    text,
    value: problems.length > 0 ? null : root.built.value,
    problems: Object.freeze(problems),
    place: (path: Path, which: 'key' | 'value' = 'value') => placeOf(spanAt(whole, path, which)),
  });
}

function read(text: string, report: Report): { built: Built; span: Span } {
  const nothing = { built: NOTHING, span: [0, 0] as Span };
  if (text.length > LIMIT.characters) {
    report([0, 1], `the file is longer than ${LIMIT.characters} characters`);
    return nothing;
  }
  // What a control character does to the syntax around it would only be echoed; the file is not text until it is gone.
  if (!checkCharacters(text, report)) return nothing;
  const tokens = [...new Parser().parse(text)];
  // The composer recurses, and V8 aborts the process when a regular expression is compiled on a nearly full stack.
  const deep = tooDeep(tokens);
  if (deep !== null) {
    report([deep, deep + 1], `nested deeper than ${LIMIT.depth} levels`);
    return nothing;
  }
  const options = {
    schema: 'core',
    merge: false,
    intAsBigInt: true,
    uniqueKeys: false,
    resolveKnownTags: false,
  } as const;
  let first: Parsed.Parsed | null = null;
  for (const parsed of new Composer(options).compose(tokens, true, text.length)) {
    if (first !== null) {
      report([parsed.range[0], parsed.range[0] + 3], 'a second document starts here; the file must hold one');
      break;
    }
    first = parsed as Parsed.Parsed;
  }
  for (const e of [...first!.errors, ...first!.warnings]) {
    report(e.pos, e.message.replace(/\.$/, ''), HINTS[e.code] === undefined ? {} : { hint: HINTS[e.code]! });
  }
  const yaml = first!.directives.yaml;
  if (yaml.version !== '1.2') report([0, 5], `this is YAML ${yaml.version}; only 1.2 is read`);
  const contents = first!.contents as Node | null;
  return { built: converter(report)(contents), span: spanOf(contents) ?? [0, 0] };
}

/** Turns nodes into plain data, following aliases in document order. */
function converter(report: Report): (node: Node | null) => Built {
  const anchors = new Map<string, Built | null>();
  let unfolded = 0;

  function convert(node: Node | null): Built {
    if (node === null) return NOTHING;
    if (isAlias(node)) return follow(node.source, spanOf(node)!);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, null);
    const built = isMap(node) ? map(node.items) : isSeq(node) ? list(node.items as Node[]) : scalar(node);
    if (anchor !== undefined) anchors.set(anchor, built);
    return built;
  }

  function follow(name: string, span: Span): Built {
    const target = anchors.get(name);
    if (target === undefined) report(span, `no anchor &${name} stands above this alias`);
    if (target === null) report(span, `the alias *${name} stands inside what it names`);
    if (target === undefined || target === null) return NOTHING;
    const before = unfolded;
    unfolded += target.weight;
    if (unfolded <= LIMIT.unfolded) return target;
    if (before <= LIMIT.unfolded) report(span, `the aliases up to here unfold into more than ${LIMIT.unfolded} values`);
    return NOTHING;
  }

  function scalar(node: Node): Built {
    const value = isScalar(node) ? node.value : null;
    if (typeof value === 'string') {
      const bad = [...value].find((c) => isControl(c.codePointAt(0)!));
      if (bad !== undefined) report(spanOf(node)!, `the text holds the control character ${unicode(bad)}`);
      return { ...NOTHING, value };
    }
    if (typeof value === 'bigint') {
      if (!Number.isSafeInteger(Number(value))) {
        report(spanOf(node)!, 'the number is too large to be held exactly', {
          hint: 'Quote it if it is meant as text',
        });
      }
      return { ...NOTHING, value: Number(value) };
    }
    if (typeof value !== 'number') return { ...NOTHING, value: typeof value === 'boolean' ? value : null };
    if (!Number.isFinite(value)) report(spanOf(node)!, 'the number is not finite');
    return { ...NOTHING, value: value === 0 ? 0 : value };
  }

  function list(items: readonly Node[]): Built {
    const inner = new Map<number, Mark>();
    const values: Json[] = [];
    let weight = 1;
    for (const [i, item] of items.entries()) {
      const built = convert(item);
      values.push(built.value);
      weight += built.weight;
      inner.set(i, { key: null, value: spanOf(item) ?? [0, 0], inner: built.inner });
    }
    return { value: Object.freeze(values), inner, weight };
  }

  function map(items: readonly { key: unknown; value: unknown }[]): Built {
    const inner = new Map<string, Mark>();
    const record: Record<string, Json> = {};
    let weight = 1;
    for (const pair of items) {
      const keyNode = pair.key as Node | null;
      const valueNode = pair.value as Node | null;
      const key = convert(keyNode).value;
      const built = convert(valueNode);
      weight += built.weight + 1;
      const span = spanOf(keyNode) ?? spanOf(valueNode) ?? [0, 0];
      if (typeof key !== 'string') report(span, 'a key must be text', { hint: 'Quote the key' });
      else if (key === '__proto__') report(span, 'the key __proto__ is not allowed');
      else if (inner.has(key)) {
        report(span, `the key ${JSON.stringify(key)} is there twice`, {
          code: 'yaml/duplicate-key',
          hint: 'Remove one',
        });
      } else {
        record[key] = built.value;
        inner.set(key, { key: span, value: spanOf(valueNode) ?? span, inner: built.inner });
      }
    }
    return { value: Object.freeze(record), inner, weight };
  }

  return convert;
}

/** Offset of the first token nested beyond the limit, or null; a loop, because the text decides the depth. */
function tooDeep(tokens: readonly unknown[]): number | null {
  interface Token {
    readonly offset: number;
    readonly value?: Token;
    readonly items?: readonly { readonly key?: Token | null; readonly value?: Token }[];
  }
  const stack = (tokens as readonly Token[]).map((token) => ({ token, depth: 0 }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { token, depth } = top;
    if (depth > LIMIT.depth) return token.offset;
    if (token.value) stack.push({ token: token.value, depth });
    for (const item of token.items ?? []) {
      if (item.key) stack.push({ token: item.key, depth: depth + 1 });
      if (item.value) stack.push({ token: item.value, depth: depth + 1 });
    }
  }
  return null;
}

function checkCharacters(text: string, report: Report): boolean {
  let clean = true;
  let offset = 0;
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (isControl(code) && !(c === '\r' && text[offset + 1] === '\n')) {
      report([offset, offset + c.length], `the control character ${unicode(c)} is not allowed`);
      clean = false;
    }
    offset += c.length;
  }
  return clean;
}

/** All but tab and line feed: C0, delete, C1, lone surrogates, byte order marks and the two non-characters. */
function isControl(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a;
  return (
    (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xdfff) || code === 0xfeff || (code | 1) === 0xffff
  );
}

function unicode(c: string): string {
  return `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Null for a value that is not written, as after `key:`. */
function spanOf(node: Node | null): Span | null {
  return node?.range && node.range[1] > node.range[0] ? [node.range[0], node.range[1]] : null;
}

function spanAt(root: Mark, path: Path, which: 'key' | 'value'): Span {
  let mark = root;
  for (const step of path) {
    const next = mark.inner.get(step);
    if (next === undefined) return mark.key ?? mark.value;
    mark = next;
  }
  return which === 'key' ? (mark.key ?? mark.value) : mark.value;
}

/** Offsets to places; a span over several lines is cut at the end of its first. */
function placer(file: string, text: string): (span: Span) => Place {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return ([start, end]) => {
    const offset = Math.max(0, Math.min(start, text.length));
    let low = 0;
    for (let high = starts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    let stop = low + 1 < starts.length ? starts[low + 1]! - 1 : text.length;
    if (stop > offset && text[stop - 1] === '\r') stop--;
    const length = Math.max(1, Math.min(end, stop) - offset);
    return Object.freeze({ file, line: low + 1, column: offset - starts[low]! + 1, length });
  };
}
