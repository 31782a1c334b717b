// A source file as the house rules see it: its tokens, its imports and its comments, without a compiler.

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'comment' | 'punct';
  readonly text: string;
  readonly line: number;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the project's root when the specifier is relative. */
  readonly path: string | null;
  readonly typesOnly: boolean;
  /** `export … from`. */
  readonly again: boolean;
  readonly line: number;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: readonly Token[];
  readonly comments: readonly Token[];
  readonly imports: readonly Import[];
}

export type Tree = ReadonlyMap<string, Source>;

export function parseTree(files: Readonly<Record<string, string>>): Tree {
  return new Map(
    Object.keys(files)
      .sort()
      .map((path) => [path, parseSource(path, files[path] as string)]),
  );
}

export function parseSource(path: string, text: string): Source {
  const tokens = tokenize(text);
  const code = tokens.filter((token) => token.kind !== 'comment');
  const comments = tokens.filter((token) => token.kind === 'comment');
  return { path, text, code, comments, imports: importsOf(path, code) };
}

const PLAIN: readonly [Token['kind'], RegExp][] = [
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ['string', /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y],
  ['number', /\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?[A-Za-z_\d]*|\.\d+/y],
  ['word', /[\p{L}_$#][\p{L}\p{N}_$]*/uy],
];
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const PUNCT = /\*\*=?|=>|\.\.\.|\?\.|#!.*|[^\s]/y;
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
/** After these words a slash begins a regular expression. */
const BEFORE_VALUE = new Set(
  'return typeof case in of delete void throw new else do instanceof await yield'.split(' '),
);

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const templates: number[] = []; // depth of braces in each template under way
  let line = 1;
  let at = 0;
  const take = (kind: Token['kind'], length: number) => {
    const part = text.slice(at, at + length);
    tokens.push({ kind, text: part, line });
    line += part.split('\n').length - 1;
    at += length;
  };
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].length ?? 0;
  };
  const template = () => {
    take('template', match(TEMPLATE) || text.length - at);
    if (tokens.at(-1)?.text.endsWith('${')) templates.push(0);
  };
  next: while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      if (text[at++] === '\n') line++;
      continue;
    }
    for (const [kind, pattern] of PLAIN) {
      const length = match(pattern);
      if (length === 0) continue;
      take(kind, length);
      continue next;
    }
    if (text[at] === '/' && valueMayStart(tokens)) {
      const length = match(REGEX);
      if (length > 0) {
        take('regex', length);
        continue;
      }
    }
    if (text[at] === '`') {
      take('punct', 1);
      template();
      continue;
    }
    const depth = templates.length - 1;
    if (text[at] === '}' && templates[depth] === 0) {
      templates.pop();
      take('punct', 1);
      template();
      continue;
    }
    if (text[at] === '{' && depth >= 0) (templates[depth] as number)++;
    if (text[at] === '}' && depth >= 0) (templates[depth] as number)--;
    take('punct', match(PUNCT));
  }
  return tokens;
}

function valueMayStart(tokens: readonly Token[]): boolean {
  const before = tokens.findLast((token) => token.kind !== 'comment');
  if (before === undefined) return true;
  if (before.kind === 'word') return BEFORE_VALUE.has(before.text);
  return before.kind === 'punct' && !/^[)\]}]$/.test(before.text);
}

function importsOf(path: string, code: readonly Token[]): Import[] {
  const found: Import[] = [];
  const add = (token: Token, typesOnly: boolean, again: boolean) => {
    const specifier = token.text.slice(1, -1);
    found.push({ specifier, path: resolved(path, specifier), typesOnly, again, line: token.line });
  };
  for (let i = 0; i < code.length; i++) {
    const text = (offset: number) => code[i + offset]?.text;
    const string = (offset: number) => (code[i + offset]?.kind === 'string' ? (code[i + offset] as Token) : null);
    if (text(-1) === '.' || text(-1) === '?.') continue;
    if ((text(0) === 'import' || text(0) === 'require') && text(1) === '(') {
      const name = string(2);
      if (name !== null) add(name, false, false);
    } else if (text(0) === 'import' || (text(0) === 'export' && /^(\{|\*|type)$/.test(text(1) ?? ''))) {
      const again = text(0) === 'export';
      if (again && text(1) === 'type' && text(2) !== '{' && text(2) !== '*') continue; // export type T = …
      const clause: Token[] = [];
      let end = i + 1;
      for (; end < code.length && code[end]?.kind !== 'string' && code[end]?.text !== ';'; end++)
        clause.push(code[end] as Token);
      const name = code[end];
      const from = clause.length === 0 || clause.at(-1)?.text === 'from';
      if (name?.kind === 'string' && from) add(name, onlyTypes(clause), again);
    }
  }
  return found;
}

/** `type { … }`, or braces in which each name has its own `type`. */
function onlyTypes(clause: readonly Token[]): boolean {
  if (clause[0]?.text === 'type' && clause[1]?.text !== 'from' && clause[1]?.text !== ',') return true;
  if (clause[0]?.text !== '{') return false;
  const names = clause
    .slice(
      1,
      clause.findIndex((token) => token.text === '}'),
    )
    .map((token) => token.text);
  return (
    names.length > 0 &&
    names
      .join(' ')
      .split(',')
      .filter((part) => part.trim() !== '')
      .every((part) => part.trim().startsWith('type '))
  );
}

function resolved(path: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  // A compiled kernel is its source, and AssemblyScript adds the ending itself.
  return parts.join('/').replace(/\.(?:wasm|as)$/, '.as.ts');
}
