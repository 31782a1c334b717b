import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LETS_THROUGH, NODE_MODULES, OUTSIDE } from './house/plan.ts';
import { RULES } from './house/rules.ts';
import { parseSource, parseTree, tokenize } from './house/source.ts';

const root = join(import.meta.dirname, '..');
const files: Record<string, string> = {};
for (const top of ['lib', 'stages', 'bin', 'cron', 'scripts', 'tests', 'bench']) {
  for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|mjs|cjs)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    files[path] = readFileSync(join(root, path), 'utf8');
  }
}
const tree = parseTree(files);

for (const { law, check, bad, good } of RULES) {
  describe(law, () => {
    test('holds', () => {
      expect(check(tree)).toEqual([]);
    });

    for (const example of bad) {
      test(`catches ${JSON.stringify(example).slice(0, 100)}`, () => {
        expect(check(parseTree(example))).not.toEqual([]);
      });
    }

    test.runIf(good !== undefined)('lets pass what only looks like it', () => {
      expect(check(parseTree(good ?? {}))).toEqual([]);
    });
  });
}

test('every exception in the plan names something that is there, save at most 3', () => {
  const named = [...Object.values(NODE_MODULES), ...Object.values(OUTSIDE)].flat().map(({ where }) => where);
  const paths = Object.keys(files);
  const idle = [...new Set([...named, ...LETS_THROUGH.map(({ from }) => from)])].filter(
    (where) => !paths.some((path) => path.startsWith(where)),
  );
  expect(idle.length, idle.join('\n')).toBeLessThanOrEqual(3);
});

describe('the reader of sources', () => {
  test('the tree it reads is not empty', () => {
    expect(tree.size).toBeGreaterThan(60);
    expect([...tree.values()].flatMap((source) => source.imports).length).toBeGreaterThan(200);
  });

  test('finds each way to import and what it brings', () => {
    const text = `import a from 'a'; import * as b from "b"; import { c, type D } from 'c';
      import type E from 'e'; import type { F } from 'f'; import { type G, type H } from 'g'; import 'h';
      export * from 'i'; export { j } from 'j'; export type { K } from 'k';
      const l = await import('l'); const m = require('m'); type N = import('n').N;
      const no = "import x from 'y'"; // import 'z'
      const s = \`import 'q' \${import('o')} import 'r'\`; import.meta.url; export const from = 'p';
      import { type } from 't'; import type from 'u';`;
    const found = parseSource('lib/base/x.ts', text).imports;
    expect(found.map((one) => one.specifier).join('')).toBe('abcefghijklmnotu');
    expect(
      found
        .filter((one) => one.typesOnly)
        .map((one) => one.specifier)
        .join(''),
    ).toBe('efgk');
    expect(
      found
        .filter((one) => one.again)
        .map((one) => one.specifier)
        .join(''),
    ).toBe('ijk');
  });

  test('tells regular expressions and templates from code', () => {
    const kinds = (text: string) => tokenize(text).map((token) => `${token.kind}:${token.text}`);
    expect(kinds('a = b / c / d; x = /[\'"`/]/g.test(y)')).toContain('regex:/[\'"`/]/g');
    expect(kinds('a / b').includes('regex:/ b')).toBe(false);
    expect(kinds('`a ${f({ x: `in ${y}` })} b` + z').filter((one) => one.startsWith('word:'))).toEqual([
      'word:f',
      'word:x',
      'word:y',
      'word:z',
    ]);
    expect(tokenize('a\n/* \n */ b').at(-1)).toMatchObject({ text: 'b', line: 3 });
  });

  test('every source of the project is read to its end: nothing but code, words and marks is left over', () => {
    for (const { path, code } of tree.values()) {
      const odd = code.filter(({ kind, text }) => kind === 'punct' && /^[\\'"]$/.test(text));
      expect(odd, path).toEqual([]);
    }
  });
});
