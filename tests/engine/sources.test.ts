import { mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { filesOf, importSource, resolveSource, type SourceSpec } from '../../lib/engine/sources.ts';
import { Folder, removeProjects } from './folder.ts';

afterEach(removeProjects);

const source = (path: string): SourceSpec => ({
  name: 'prices',
  path,
  value: null,
  place: { file: 'sources.yml', line: 2, column: 11, length: 5 },
});
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(error.problems[0]?.place?.line, 'it says where').toBe(2);
    return error.problems[0]?.code ?? '';
  }
  return 'found';
};
const names = (folder: Folder, path: string) =>
  filesOf(folder.open(), source(path)).files.map(({ relpath }) => relpath);

describe('where a source lies', () => {
  test('is told from the folder of pipeline.yaml, or as it stands when it is absolute', () => {
    const project = new Folder().open();
    expect(resolveSource(project, source('data/x.csv'))).toBe(join(project.root, 'data/x.csv'));
    expect(resolveSource(project, source('../x.csv'))).toBe(join(dirname(project.root), 'x.csv'));
    expect(resolveSource(project, source('/x.csv'))).toBe('/x.csv');
  });

  test('in a package is the nearest node_modules upwards, and last that of this package', () => {
    const folder = new Folder({}, '');
    const base = dirname(folder.root);
    const project = { root: folder.root, own: join(base, 'own') };
    const put = (place: string) => {
      mkdirSync(join(base, place, 'node_modules/@v/data'), { recursive: true });
      symlinkSync('/dev/null', join(base, place, 'node_modules/@v/data/x.csv'));
      return join(base, place, 'node_modules/@v/data/x.csv');
    };
    const npm = source('npm:@v/data/x.csv');
    expect(codeOf(() => resolveSource(project, npm))).toBe('source/missing');
    const own = put('own');
    expect(resolveSource(project, npm)).toBe(own);
    const above = put('.');
    expect(resolveSource(project, npm)).toBe(above);
    const near = put('project');
    expect(resolveSource(project, npm)).toBe(near);
  });
});

describe('the files of a source', () => {
  test('are the file itself, or all files below a folder in one order, hidden ones left out at any depth', () => {
    const folder = new Folder();
    for (const name of ['one.csv', 'all/b.csv', 'all/a/c.csv', 'all/.hidden', 'all/a/.DS_Store', 'all/.git/config'])
      folder.write(name, name);
    expect(filesOf(folder.open(), source('one.csv')).folder).toBe(false);
    expect(names(folder, 'one.csv')).toEqual(['one.csv']);
    expect(names(folder, 'all')).toEqual(['a/c.csv', 'b.csv']);
    expect(names(folder, './all/')).toEqual(['a/c.csv', 'b.csv']);
  });

  test.each<[string, string, (folder: Folder) => void, string]>([
    ['is not there', 'none.csv', () => {}, 'source/missing'],
    ['lies below a file', 'f/x', (f) => f.write('f', ''), 'source/missing'],
    ['is an empty folder', 'd', (f) => mkdirSync(f.path('d')), 'source/missing'],
    ['holds hidden files only', 'd', (f) => f.write('d/.x', ''), 'source/missing'],
    [
      'is a link',
      'l',
      (f) => {
        f.write('x', '');
        symlinkSync('x', f.path('l'));
      },
      'source/unsafe',
    ],
    ['is a link to itself', 'l', (f) => symlinkSync('l', f.path('l')), 'source/unsafe'],
    ['is a link to nothing', 'l', (f) => symlinkSync('none', f.path('l')), 'source/missing'],
    [
      'lies in a folder that is a link',
      'l/x',
      (f) => {
        f.write('d/x', '');
        symlinkSync('d', f.path('l'));
      },
      'source/unsafe',
    ],
    [
      'holds a link',
      'd',
      (f) => {
        f.write('d/x', '');
        symlinkSync('x', f.path('d/l'));
      },
      'source/unsafe',
    ],
    [
      'holds a link to a folder',
      'd',
      (f) => {
        f.write('d/x', '');
        symlinkSync('..', f.path('d/l'));
      },
      'source/unsafe',
    ],
    ['is a device', '/dev/null', () => {}, 'source/unsafe'],
  ])('one that %s is refused, with its place', (_, path, make, code) => {
    const folder = new Folder();
    make(folder);
    expect(codeOf(() => filesOf(folder.open(), source(path)))).toBe(code);
  });
});

describe('importing a source', () => {
  test('gives the artifact DVC would give it, and stores its bytes once', () => {
    const folder = new Folder({ 'one.csv': 'x\n', 'all/b': 'b\n', 'all/a/c': 'c\n' });
    const project = folder.open();
    const first = importSource(project, source('one.csv'));
    expect(first).toEqual({ artifact: { md5: md5('x\n'), size: 2 }, imported: true });
    expect(importSource(project, source('one.csv'))).toEqual({ ...first, imported: false });
    const list = `[{"md5": "${md5('c\n')}", "relpath": "a/c"}, {"md5": "${md5('b\n')}", "relpath": "b"}]`;
    const tree = importSource(project, source('all'));
    expect(tree).toEqual({ artifact: { md5: `${md5(list)}.dir`, size: 4, nfiles: 2 }, imported: true });
    expect(importSource(project, source('all'))).toEqual({ ...tree, imported: false });
    expect(project.store.missing(tree.artifact)).toEqual([]);
  });

  test('does not depend on its place, its times or its mode', () => {
    const folder = new Folder({ 'all/b': 'b\n', 'far/away/b': 'b\n' });
    utimesSync(folder.path('far/away/b'), 0, 0);
    const project = folder.open();
    expect(importSource(project, source('all')).artifact).toEqual(importSource(project, source('far/away')).artifact);
  });

  test('brings back blobs that the store has lost', () => {
    const folder = new Folder({ 'all/b': 'b\n' });
    const project = folder.open();
    const { artifact } = importSource(project, source('all'));
    for (const lost of [md5('b\n'), artifact.md5]) {
      rmSync(project.store.path(lost));
      const next = folder.open();
      expect(importSource(next, source('all')).artifact).toEqual(artifact);
      expect(next.store.missing(artifact)).toEqual([]);
      expect(readFileSync(next.store.path(md5('b\n')), 'utf8')).toBe('b\n');
    }
  });
});
