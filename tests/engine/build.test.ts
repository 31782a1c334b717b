import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gitBlob } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { buildCode, type CodeRoots, reach, sourcePath } from '../../lib/engine/build.ts';
import { Marks } from '../../lib/store/marks.ts';
import { GRAIN_MS } from '../../lib/store/state.ts';

let base: string;
let project: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-build-')));
  project = join(base, 'project');
});
afterEach(() => rmSync(base, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(project, name)), { recursive: true });
  writeFileSync(join(project, name), text);
}
const roots = (own = project): CodeRoots => ({ project, own, codeDir: join(project, '.code'), tmp: base });
const build = (entries: string[], own?: string) =>
  buildCode(roots(own), entries, new Marks(project, join(base, 'state')));
const names = async (entry: string, own?: string) => Object.keys(reach(await build([entry], own), entry, {})).sort();
const problemsOf = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  return expect.unreachable('nothing was refused');
};

describe('what a stage reaches', () => {
  test('goes by every way to import: again, for effect, require, and dynamic ones that are no catalog line', async () => {
    write(
      'a.ts',
      "export * from './b.ts';\nimport './c.ts';\nconst d = require('./d.cjs');\nexport const e = () => import('./e.ts');\nexport const o = {\n  f: async () => (await import('./f.ts')).f,\n  d,\n};\n",
    );
    for (const name of ['b.ts', 'c.ts', 'e.ts', 'f.ts']) write(name, `export const ${name[0]} = 1;\n`);
    write('d.cjs', 'module.exports = 1;\n');
    write('data.json', '{}');
    expect(await names('a.ts')).toEqual(['a.ts', 'b.ts', 'c.ts', 'd.cjs', 'e.ts', 'f.ts']);
  });

  test('holds data it imports, and ends at types', async () => {
    write(
      'a.ts',
      "import type { T } from './types.ts';\nimport table from './table.json';\nexport const t: T = table;\n",
    );
    write('types.ts', 'export type T = unknown;\n');
    write('table.json', '{"x":1}\n');
    expect(await names('a.ts')).toEqual(['a.ts', 'table.json']);
  });

  test('is whole when files import each other in a circle', async () => {
    write('a.ts', "import { b } from './b.ts';\nexport const a = () => b;\n");
    write('b.ts', "import { a } from './a.ts';\nexport const b = () => a;\n");
    expect(await names('a.ts')).toEqual(['a.ts', 'b.ts']);
  });

  test('does not change for a selected line when one is added below it, with or without a last comma', async () => {
    write('a.ts', "import { all } from './all.ts';\nexport const a = all;\n");
    write('x.ts', 'export const x = 1;\n');
    write('y.ts', 'export const y = 1;\n');
    write('all.ts', "export const all = {\n  x: () => import('./x.ts')\n};\n");
    const before = reach(await build(['a.ts']), 'a.ts', { 'all.ts': ['x'] });
    write('all.ts', "export const all = {\n  x: () => import('./x.ts'),\n  'y-y': () => import('./y.ts')\n};\n");
    const built = await build(['a.ts']);
    expect(reach(built, 'a.ts', { 'all.ts': ['x'] })).toEqual(before);
    expect(Object.keys(reach(built, 'a.ts', { 'all.ts': ['y-y'] })).sort()).toEqual(['a.ts', 'all.ts', 'y.ts']);
    expect(reach(built, 'a.ts', { 'all.ts': ['y-y', 'x'] })).toEqual(reach(built, 'a.ts', { 'all.ts': ['x', 'y-y'] }));
  });

  test('is refused when it leaves the project, because no other clone has it there', async () => {
    write('a.ts', "import { out } from '../out.ts';\nexport const a = out;\n");
    writeFileSync(join(base, 'out.ts'), 'export const out = 1;\n');
    expect(await problemsOf(build(['a.ts']))).toEqual([
      expect.objectContaining({ code: 'code/build-failed', message: expect.stringContaining('out.ts') }),
    ]);
  });
});

describe('code of this package', () => {
  const makeOwn = (own: string) => {
    mkdirSync(join(own, 'stages'), { recursive: true });
    writeFileSync(join(own, 'stages/s.ts'), "import { k } from '../k.ts';\nexport const s = k;\n");
    writeFileSync(join(own, 'k.ts'), 'export const k = 1;\n');
  };

  test.each([
    ['beside the project', () => join(base, 'own')],
    ['installed in it', () => join(project, 'node_modules/marketloom')],
    ['around it', () => base],
  ])('has the same names and ids whether it lies %s', async (_, place) => {
    write('mine.ts', "import { k } from 'marketloom/k.ts';\nexport const mine = k;\n");
    const own = place();
    makeOwn(own);
    const built = await build(['marketloom/stages/s.ts', 'mine.ts'], own);
    expect(reach(built, 'marketloom/stages/s.ts', {})).toEqual({
      'marketloom/stages/s.ts': gitBlob(readFileSync(join(own, 'stages/s.ts'))),
      'marketloom/k.ts': gitBlob(readFileSync(join(own, 'k.ts'))),
    });
    expect(Object.keys(reach(built, 'mine.ts', {})).sort()).toEqual(['marketloom/k.ts', 'mine.ts']);
    expect(sourcePath(roots(own), 'marketloom/k.ts')).toBe(join(own, 'k.ts'));
  });
});

describe('a bundle', () => {
  test('is what the sources say, and is not built again while they stand', async () => {
    write('a.ts', "import { b } from './b.ts';\nexport const a = b + 1;\n");
    write('b.ts', 'export const b = 41;\n');
    const first = await build(['a.ts']);
    const load = (name = '') => createRequire(import.meta.url)(join(project, '.code', name)) as { a: number };
    expect(load(first.bundles['a.ts']).a).toBe(42);
    expect(await build(['a.ts'])).toEqual(first);
    write('b.ts', 'export const b = 1;\n');
    expect(load((await build(['a.ts'])).bundles['a.ts']).a).toBe(2);
  });

  test('that somebody changed, or that is gone, is built again', async () => {
    write('a.ts', 'export const a = 1;\n');
    const { bundles } = await build(['a.ts']);
    const bundle = join(project, '.code', bundles['a.ts'] ?? '');
    const text = readFileSync(bundle, 'utf8');
    for (const damage of [() => writeFileSync(bundle, 'torn'), () => rmSync(bundle)]) {
      damage();
      await new Promise((resolve) => setTimeout(resolve, GRAIN_MS));
      await build(['a.ts']);
      expect(readFileSync(bundle, 'utf8')).toBe(text);
    }
    expect(readdirSync(join(project, '.code')).sort()).toEqual([bundles['a.ts'], 'index.json'].sort());
  });

  test.each(['', 'null', '[]', '{"format":1}', '{"format":1,"builtWith":'])(
    'is built in spite of an index of %j',
    async (index) => {
      write('a.ts', 'export const a = 1;\n');
      const built = await build(['a.ts']);
      writeFileSync(join(project, '.code/index.json'), index);
      expect(await build(['a.ts'])).toEqual(built);
    },
  );
});

describe('code that cannot be built', () => {
  test('is told with file, line and column, all of it', async () => {
    write('a.ts', "import { b } from './b.ts';\nexport const a = b;\n");
    write('b.ts', 'export const b = 1;\n  export const = 2;\n');
    write('c.ts', "import './none.ts';\n");
    const problems = await problemsOf(build(['a.ts', 'c.ts']));
    expect(problems.map(({ code, place }) => `${code} ${place?.file}:${place?.line}:${place?.column}`).sort()).toEqual([
      'code/build-failed b.ts:2:16',
      'code/build-failed c.ts:1:8',
    ]);
  });

  test('for want of a package says how to get it', async () => {
    write('a.ts', "import left from 'left-pad-of-nobody';\nexport const a = left;\n");
    expect(await problemsOf(build(['a.ts']))).toEqual([
      expect.objectContaining({ code: 'code/build-failed', hint: expect.stringContaining('npm ci') }),
    ]);
  });
});
