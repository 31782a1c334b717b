// The rules of the house: each looks at the tree and names what breaks it, and brings an example that it must catch.
import {
  allowed,
  DOORS_MAY_SAY,
  ENTERS_BY,
  EXACT_MATH,
  isDoor,
  LETS_THROUGH,
  MAY_IMPORT,
  NODE_MODULES,
  NUMERIC,
  OUTSIDE,
  roomOf,
} from './plan.ts';
import type { Source, Token, Tree } from './source.ts';

export interface Rule {
  readonly law: string;
  /** One line for each violation. */
  readonly check: (tree: Tree) => string[];
  /** Trees of which each breaks the rule. */
  readonly bad: readonly Readonly<Record<string, string>>[];
  /** A tree close by that does not break it. */
  readonly good?: Readonly<Record<string, string>>;
}

const ours = (path: string) => /^(lib|stages|bin|cron)\/.*\.ts$/.test(path);
const products = (tree: Tree): Source[] => [...tree.values()].filter(({ path }) => ours(path));

/** One finding for each source and whatever `look` finds in it. */
function each(tree: Tree, look: (source: Source) => Iterable<string>, among = products(tree)): string[] {
  return among.flatMap((source) => [...look(source)].map((what) => `${source.path}: ${what}`));
}

export const RULES: readonly Rule[] = [
  {
    law: 'imports go down only, types included: the table of rooms',
    check: (tree) => each(tree, wrongDoors),
    bad: [
      { 'lib/math/a.ts': "import { x } from '../stats/b.ts';" },
      { 'lib/store/a.ts': "import type { X } from '../engine/b.ts';" },
      { 'lib/engine/a.ts': "import { json } from '../stage/port.ts';" },
      { 'lib/engine/a.ts': "import { type A, b } from '../stage/port.ts';" },
      { 'lib/engine/a.ts': "const x = await import('../models/gbm.ts');" },
      { 'lib/models/a.ts': "export { x } from '../table/column.ts';" },
      { 'lib/dvc/a.ts': "import { run } from '../engine/run.ts';" },
      { 'stages/market/a.ts': "import { x } from '../ecosystem/b.ts';" },
      { 'stages/market/a.ts': "import { put } from '../../lib/store/blob.ts';" },
      { 'bin/other.ts': "import { read } from '../lib/table/parquet.ts';" },
      { 'lib/attic/a.ts': "import { x } from '../base/b.ts';" },
      { 'lib/base/a.ts': "import { x } from '../../tests/house/plan.ts';" },
    ],
    good: {
      'lib/engine/a.ts': "import type { Port } from '../stage/port.ts'; import { type A } from '../stage/port.ts';",
      'lib/dvc/a.ts': "import { parse } from '../engine/spec.ts';",
      'stages/catalog.ts': "import { x } from './market/generate.ts';",
      'stages/market/a.ts': "import { x } from './b.ts'; import { y } from '../../lib/models/gbm.ts';",
    },
  },
  {
    law: '[S1-48] no file reaches itself through its imports',
    check: cycles,
    bad: [
      {
        'lib/base/a.ts': "import type { B } from './b.ts';",
        'lib/base/b.ts': "import { c } from './c.ts';",
        'lib/base/c.ts': "import('./a.ts');",
      },
      { 'lib/base/a.ts': "import { a } from './a.ts';" },
    ],
    good: {
      'lib/base/a.ts': "import './b.ts'; import './c.ts';",
      'lib/base/b.ts': "import './c.ts';",
      'lib/base/c.ts': '',
    },
  },
  {
    law: 'lib has no barrels, and nothing is exported by default or passed on',
    check: (tree) =>
      each(tree, function* ({ path, code, imports }) {
        if (path.startsWith('lib/') && path.endsWith('/index.ts')) yield 'is a barrel';
        for (const { again, line } of imports) if (again) yield `line ${line} passes on what another file exports`;
        for (const line of phrases(code, ['export', 'default'])) yield `line ${line} exports by default`;
      }),
    bad: [
      { 'lib/base/index.ts': 'export const x = 1;' },
      { 'lib/base/a.ts': "export * from './b.ts';" },
      { 'lib/base/a.ts': "export type { X } from './b.ts';" },
      { 'bin/a.ts': 'export default 1;' },
    ],
    good: { 'lib/base/a.ts': "export type X = 'from'; export const from = 'x'; export { from as y };" },
  },
  {
    law: '[C-6] each foreign package enters through its one file',
    check: (tree) =>
      each(tree, function* ({ path, imports }) {
        for (const { specifier, path: inside, line } of imports) {
          if (inside !== null || specifier.startsWith('node:')) continue;
          const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
          if (!enters(ENTERS_BY[name], path))
            yield `line ${line} imports ${specifier}, which enters by ${ENTERS_BY[name] ?? 'no file yet'}`;
        }
      }),
    bad: [
      { 'lib/engine/a.ts': "import { parse } from 'yaml';" },
      { 'lib/engine/graph.ts': "import { x } from 'left-pad';" },
      { 'lib/store/files.ts': "import { readFileSync } from 'fs';" },
      { 'bin/a.ts': "const { Graph } = require('@dagrejs/graphlib/lib/x');" },
    ],
    good: { 'lib/engine/graph.ts': "import { Graph } from '@dagrejs/graphlib';" },
  },
  {
    law: '[C-6] each package that the house names is used by the file it enters through',
    check: (tree) =>
      Object.entries(ENTERS_BY)
        .filter(
          ([name, entry]) =>
            ![...tree].some(
              ([path, { imports }]) =>
                enters(entry, path) &&
                imports.some((one) => one.specifier.split('/', name.split('/').length).join('/') === name),
            ),
        )
        .map(([name, path]) => `${path} does not import ${name}`),
    bad: [{ 'lib/engine/journal.ts': "import { x } from 'pinochle';" }],
  },
  {
    law: "Node's own modules are used where the plan says and for its reason: science has no files, no network, no threads",
    check: (tree) =>
      each(tree, function* ({ path, imports }) {
        for (const { specifier, line } of imports) {
          const name = specifier.split('/')[0] as string;
          if (name.startsWith('node:') && !isDoor(path) && !allowed(NODE_MODULES[name] ?? [], path))
            yield `line ${line} imports ${specifier}`;
        }
      }),
    bad: [
      { 'lib/models/gbm.ts': "import { readFileSync } from 'node:fs';" },
      { 'lib/engine/key.ts': "import { readFile } from 'node:fs/promises';" },
      { 'lib/stats/a.ts': "import { createHash } from 'node:crypto';" },
      { 'lib/store/a.ts': "import vm from 'node:vm';" },
      { 'stages/market/a.ts': "const fs = await import('node:fs');" },
    ],
    good: { 'lib/store/files.ts': "import { readFileSync } from 'node:fs';", 'bin/a.ts': "import 'node:fs';" },
  },
  {
    law: 'clock, chance, environment, locale and printing stay in their rooms',
    check: (tree) =>
      each(tree, function* ({ path, code }) {
        for (const [word, rooms] of Object.entries(OUTSIDE)) {
          if (allowed(rooms, path) || (isDoor(path) && DOORS_MAY_SAY.includes(word))) continue;
          for (const line of phrases(code, word.split(/(\.)/))) yield `line ${line} says ${word}`;
        }
      }),
    bad: [
      'Date.now()',
      'new Date(0)',
      'performance.now()',
      'Math.random()',
      'process.env.HOME',
      'process?.env',
      'console.log(1)',
      'process.stdout.write("")',
      'a.localeCompare(b)',
      'n.toLocaleString()',
      'new Intl.NumberFormat()',
      'globalThis.x',
    ].map((text) => ({ 'lib/market/a.ts': `const x = \`\${${text}}\`;` })),
    good: {
      'lib/market/a.ts':
        "// Date.now() is not for us\nconst text = 'console.log(Date)'; const own = { Date: 1 }.Date; type T = { performance: number };",
      'bin/a.ts': 'process.stdout.write(process.env.X)',
    },
  },
  {
    law: 'numbers are made with our own elementary functions: their bits are the same in every engine',
    check: (tree) =>
      each(
        tree,
        inexactMath,
        products(tree).filter(({ path }) => NUMERIC.some((room) => path.startsWith(room))),
      ),
    bad: 'Math.exp(x)|Math.pow(x, 2)|x ** 2|x **= 2|Math["log"](x)|f(Math)|Math.hypot(1)|relaxed_madd(a, b, c)|Mathf.abs(x)'
      .split('|')
      .map((text) => ({ 'lib/models/a.ts': `${text};` })),
    good: {
      'lib/models/a.ts': '/** x ** 2 by Math.pow */ Math.sqrt(x); const s = "Math.exp";',
      'lib/engine/a.ts': '2 ** 3',
    },
  },
  {
    law: 'no file is longer than 400 lines',
    check: (tree) =>
      each(
        tree,
        ({ text }) => {
          const lines = text.trimEnd().split('\n').length;
          return lines > 400 ? [`has ${lines} lines`] : [];
        },
        [...tree.values()],
      ),
    bad: [{ 'lib/base/a.ts': 'x;\n'.repeat(401) }, { 'tests/base/a.test.ts': 'x;\n'.repeat(401) }],
    good: { 'lib/base/a.ts': 'x;\n'.repeat(400) },
  },
  {
    law: 'every file opens with a sentence that says what it is',
    check: (tree) =>
      each(
        tree,
        opening,
        [...tree.values()].filter(({ path }) => !path.endsWith('.test.ts')),
      ),
    bad: [
      { 'lib/base/a.ts': "import { x } from './b.ts';" },
      { 'lib/base/a.ts': '// a\n' },
      { 'lib/base/a.ts': '// biome-ignore lint: because of something long enough to be one.\n' },
      { 'lib/base/a.ts': '// words without any end to the sentence that they are\n' },
      { 'lib/base/a.ts': '\n// A sentence, but not where the file opens.\n' },
    ],
    good: { 'bin/a.ts': '#!/usr/bin/env node\n// A sentence that says what\n// this file is.\nx;' },
  },
  {
    law: 'every file of lib that acts is tested in its mirror: by name, or imported by a test of the same room',
    check: (tree) => {
      const tested = new Set<string>();
      for (const { path, imports } of tree.values()) {
        if (!path.endsWith('.test.ts')) continue;
        // tests/dvc is for the real dvc, tests/dvc-files for what needs none of it: both mirror lib/dvc.
        const mirror = path.replace(/^tests\/([^/]*?)(?:-files)?\//, 'lib/$1/');
        tested.add(mirror.replace(/(?:\.slow)?\.test\.ts$/, '.ts'));
        const room = mirror.slice(0, mirror.indexOf('/', 'lib/'.length) + 1);
        for (const one of imports) if (one.path?.startsWith(room)) tested.add(one.path);
      }
      // What is compiled into a kernel is tested with it.
      for (const path of tested)
        if (path.endsWith('.as.ts')) for (const one of tree.get(path)?.imports ?? []) tested.add(one.path as string);
      const untested = ({ path, code }: Source) => path.startsWith('lib/') && acts(code) && !tested.has(path);
      return products(tree)
        .filter(untested)
        .map(({ path }) => `${path}: has no test of its own`);
    },
    bad: [
      { 'lib/base/a.ts': 'export function f() {}', 'tests/base/b.test.ts': '' },
      { 'lib/base/a.ts': 'export function f() {}', 'tests/math/b.test.ts': "import { f } from '../../lib/base/a.ts';" },
    ],
    good: {
      'lib/base/a.ts': 'export function f() {}',
      'tests/base/a.test.ts': '',
      'lib/base/b.ts': 'export const b = 1',
      'tests/base/c.test.ts': "import { b } from '../../lib/base/b.ts';",
      'lib/base/t.ts': 'export interface T {} export type U = T;',
      'lib/dvc/d.ts': 'export const d = 1',
      'tests/dvc-files/d.test.ts': '',
      'lib/math/kernels/k.as.ts': "import { m } from './m.as'; export function k(): void { m(); }",
      'lib/math/kernels/m.as.ts': 'export function m(): void {}',
      'tests/math/k.test.ts': "import wasm from '../../lib/math/kernels/k.wasm';",
    },
  },
  {
    law: 'every problem code can happen',
    check: (tree) => {
      const said = new Set(
        products(tree)
          .filter(({ path }) => path !== PROBLEM)
          .flatMap(({ code }) => code.map(({ text }) => text.slice(1, -1))),
      );
      return codes(tree.get(PROBLEM))
        .filter((code) => !said.has(code))
        .map((code) => `${PROBLEM}: nobody says ${code}`);
    },
    bad: [
      {
        'lib/base/problem.ts': "export const EXIT_OF = { usage: 2, 'a/b': 2 } as const;",
        'lib/base/a.ts': "x('usage') // 'a/b'",
      },
    ],
    good: { 'lib/base/problem.ts': 'export const EXIT_OF = { usage: 2 } as const;', 'lib/base/a.ts': "x('usage')" },
  },
  {
    law: 'nothing is left for later in a comment',
    check: (tree) =>
      each(
        tree,
        ({ comments }) =>
          comments
            .filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text))
            .map(({ line }) => `line ${line} leaves something for later`),
        [...tree.values()],
      ),
    bad: [{ 'lib/base/a.ts': '/* TODO: x */' }, { 'tests/base/a.ts': '// FIXME' }],
    good: { 'lib/base/a.ts': "const x = 'TODO';" },
  },
];

function* wrongDoors({ path, imports }: Source): Generator<string> {
  const from = roomOf(path);
  const may = from === null ? undefined : MAY_IMPORT[from.room];
  if (from === null || may === undefined) {
    yield 'is in no room of the plan';
    return;
  }
  for (const { path: target, typesOnly, line } of imports) {
    if (target === null || target.startsWith(from.folder)) continue;
    const to = roomOf(target);
    const through = LETS_THROUGH.some((one) => enters(one.from, path) && one.to === to?.room);
    const listed =
      may.includes(target) ||
      (to !== null && (may.includes(to.room) || (typesOnly && may.includes(`types of ${to.room}`))));
    if (!through && !listed)
      yield `line ${line} imports ${target}: ${from.room} may import ${may.join(', ') || 'nothing of ours'}`;
  }
}

/** Every cycle once, named from the file that a walk in name order meets first. */
function cycles(tree: Tree): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const under: string[] = [];
  const visit = (path: string) => {
    if (under.includes(path)) found.push([...under.slice(under.indexOf(path)), path].join(' -> '));
    if (done.has(path) || under.includes(path)) return;
    under.push(path);
    for (const one of tree.get(path)?.imports ?? []) if (one.path !== null) visit(one.path);
    under.pop();
    done.add(path);
  };
  for (const { path } of products(tree)) visit(path);
  return found;
}

/** Lines on which these words follow each other, as code that uses the first by itself: not a member, a key or a type's field of that name. */
function* phrases(code: readonly Token[], words: readonly string[]): Generator<number> {
  for (let i = 0; i < code.length; i++) {
    const before = code[i - 1]?.text;
    const member = before === '.' || before === '?.';
    if (!words.every((word, k) => code[i + k]?.text === word || (word === '.' && code[i + k]?.text === '?.'))) continue;
    const method = /^(localeCompare|toLocale)/.test(words[0] as string);
    if (method ? member : !member && code[i + words.length]?.text !== ':') yield (code[i] as Token).line;
  }
}

function* inexactMath({ code }: Source): Generator<string> {
  for (let i = 0; i < code.length; i++) {
    const { text, line, kind } = code[i] as Token;
    // The last ones are AssemblyScript's: relaxed SIMD may fuse, and its mathematics are not ours.
    if (/^\*\*|^relaxed_|^(NativeMath|JSMath|Mathf)$/.test(text)) yield `line ${line} uses ${text}`;
    if (kind !== 'word' || text !== 'Math' || code[i - 1]?.text === '.') continue;
    const member = code[i + 1]?.text === '.' ? (code[i + 2]?.text ?? '') : '';
    if (!EXACT_MATH.has(member)) yield `line ${line} uses Math${member && `.${member}`}`;
  }
}

function opening({ text }: Source): string[] {
  const lines = text.split('\n');
  const first = lines[0]?.startsWith('#!') ? 1 : 0;
  const end = lines.findIndex((line, i) => i >= first && !line.startsWith('// '));
  const sentence = lines
    .slice(first, end < 0 ? undefined : end)
    .map((line) => line.slice(3))
    .join(' ');
  const fine = sentence.split(/\s+/).length >= 4 && /[.:](\s|$)/.test(sentence) && !sentence.startsWith('biome-ignore');
  return fine ? [] : ['does not open with a sentence'];
}

/** Exports something that is there when the program runs. */
function acts(code: readonly Token[]): boolean {
  return code.some(
    ({ text }, i) => text === 'export' && /^(function|const|let|class|async|abstract)$/.test(code[i + 1]?.text ?? ''),
  );
}

const PROBLEM = 'lib/base/problem.ts';

function codes(problem: Source | undefined): string[] {
  const code = problem?.code ?? [];
  const start = code.findIndex(({ text }) => text === 'EXIT_OF');
  const end = code.findIndex(({ text }, i) => i > start && text === '}');
  return start < 0
    ? []
    : code
        .slice(start, end)
        .flatMap((token, i, list) => (list[i + 1]?.text === ':' ? [token.text.replaceAll("'", '')] : []));
}

/** Whether a file is the named one, or lies in the named folder. */
function enters(entry: string | undefined, path: string): boolean {
  return entry !== undefined && (entry === path || (entry.endsWith('/') && path.startsWith(entry)));
}
