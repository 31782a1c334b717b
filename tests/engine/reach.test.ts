// Which code enters the key of which stage: all it can reach, of catalogs only what is selected, and nothing else.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gitBlob } from '../../lib/base/digest.ts';
import { type BuiltCode, buildCode, catalogNames, reach } from '../../lib/engine/build.ts';
import { codeSha } from '../../lib/engine/key.ts';
import { Marks } from '../../lib/store/marks.ts';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-reach-')));
  for (const [name, text] of Object.entries(FILES)) write(name, text);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}
const edit = (name: string, from: string, to: string) =>
  write(name, readFileSync(join(root, name), 'utf8').replace(from, to));

const LOCK = (version: string, integrity: string, inner: string) =>
  JSON.stringify({
    packages: {
      'node_modules/left': { version, integrity, dependencies: { inner: '1' } },
      'node_modules/inner': { version: '1.0.0', integrity: inner },
      'node_modules/other': { version: '3.0.0', integrity: 'sha512-other' },
    },
  });
const FILES: Readonly<Record<string, string>> = {
  'one.ts':
    "import { middle } from './lib/middle.ts';\nimport { models } from './lib/catalog.ts';\nexport const one = [middle, models];\n",
  'two.ts': "import left from 'left';\nexport const two = left;\n",
  'lib/middle.ts': "import { deep } from './deep/deep.ts';\nexport const middle = deep;\n",
  'lib/deep/deep.ts': 'export const deep = 1;\n',
  'lib/catalog.ts': "export const models = {\n  gbm: () => import('./gbm.ts'),\n  ou: () => import('./ou.ts'),\n};\n",
  'lib/gbm.ts': "import { shared } from './shared.ts';\nexport const gbm = shared;\n",
  'lib/ou.ts': 'export const ou = 2;\n',
  'lib/shared.ts': 'export const shared = 3;\n',
  'package-lock.json': LOCK('1.0.0', 'sha512-a', 'sha512-i'),
  'README.md': 'read me\n',
  'unrelated.ts': 'export const x = 1;\n',
};

const build = (): Promise<BuiltCode> => {
  const roots = { project: root, own: resolve('.'), codeDir: join(root, '.code'), tmp: root };
  return buildCode(roots, ['one.ts', 'two.ts'], new Marks(root, join(root, 'state')));
};
/** The code's id of stage one with GBM selected, of the same with OU, and of stage two. */
async function shas() {
  const built = await build();
  const catalog = (names: string[]) => ({ 'lib/catalog.ts': names });
  return {
    gbm: codeSha(reach(built, 'one.ts', catalog(['gbm']))),
    ou: codeSha(reach(built, 'one.ts', catalog(['ou']))),
    both: codeSha(reach(built, 'one.ts', catalog(['gbm', 'ou']))),
    all: codeSha(reach(built, 'one.ts', {})),
    two: codeSha(reach(built, 'two.ts', {})),
  };
}

/** Which of these an edit changes. */
async function changedBy(act: () => void): Promise<string[]> {
  const before = await shas();
  act();
  const after = await shas();
  return Object.keys(before).filter((name) => before[name as 'gbm'] !== after[name as 'gbm']);
}

const ONE = ['gbm', 'ou', 'both', 'all'];

describe('an edit changes the code of those who reach it', () => {
  test.each<[string, () => void, string[]]>([
    ['the stage itself', () => edit('one.ts', 'export', '// words\nexport'), ONE],
    ['a file imported two levels down', () => edit('lib/deep/deep.ts', '= 1', '= 2'), ONE],
    ['a comment in it', () => edit('lib/deep/deep.ts', 'export', '// words\nexport'), ONE],
    [
      'the selected model',
      () => edit('lib/gbm.ts', 'export', 'export const more = 1;\nexport'),
      ['gbm', 'both', 'all'],
    ],
    ['what the selected model imports', () => edit('lib/shared.ts', '3', '4'), ['gbm', 'both', 'all']],
    ['the model that is not selected', () => edit('lib/ou.ts', '2', '3'), ['ou', 'both', 'all']],
    ['the catalog besides its lines', () => edit('lib/catalog.ts', 'export', '// words\nexport'), ONE],
    [
      'the line of the selected model',
      () => edit('lib/catalog.ts', "gbm: () => import('./gbm.ts')", "gbm: () => import('./shared.ts')"),
      ['gbm', 'both', 'all'],
    ],
    [
      'a model more',
      () => {
        write('lib/heston.ts', 'export const heston = 5;\n');
        edit('lib/catalog.ts', '};', "  heston: () => import('./heston.ts'),\n};");
      },
      ['all'],
    ],
    ['the version of a package', () => write('package-lock.json', LOCK('1.0.1', 'sha512-a', 'sha512-i')), ['two']],
    ['the integrity of a package', () => write('package-lock.json', LOCK('1.0.0', 'sha512-b', 'sha512-i')), ['two']],
    ['what a package brings along', () => write('package-lock.json', LOCK('1.0.0', 'sha512-a', 'sha512-j')), ['two']],
    ['a package nobody imports', () => edit('package-lock.json', 'sha512-other', 'sha512-else'), []],
    ['the readme', () => edit('README.md', 'read', 'write'), []],
    ['code nobody imports', () => edit('unrelated.ts', '1', '2'), []],
    ['a tsconfig', () => write('tsconfig.json', '{"compilerOptions":{"target":"es5","alwaysStrict":true}}'), []],
    ['nothing, but a build from scratch', () => rmSync(join(root, '.code'), { recursive: true }), []],
  ])('%s', async (_, act, names) => {
    expect(await changedBy(act)).toEqual(names);
  });
});

test('a catalog name that is not there counts as every line until the stage refuses it', async () => {
  const built = await build();
  expect(reach(built, 'one.ts', { 'lib/catalog.ts': ['nope'] })).toEqual(reach(built, 'one.ts', {}));
  expect(catalogNames(built, 'lib/catalog.ts')).toEqual(['gbm', 'ou']);
});

test('files stand under the ids git gives them, whatever clone they are in', async () => {
  const code = reach(await build(), 'one.ts', {});
  for (const name of ['one.ts', 'lib/middle.ts', 'lib/deep/deep.ts'])
    expect(code[name]).toBe(gitBlob(Buffer.from(FILES[name] as string)));
  expect(Object.keys(code).sort()).toEqual(
    Object.keys(FILES)
      .filter((name) => /^(one|lib\/.*)\.ts$/.test(name))
      .sort(),
  );
});

test('source names and bundles do not say where the project lies', async () => {
  const built = await build();
  expect(JSON.stringify({ ...built, builtWith: '' })).not.toContain(root);
  for (const name of Object.values(built.bundles))
    expect(readFileSync(join(root, '.code', name), 'utf8')).not.toContain(root);
});
