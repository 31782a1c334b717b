import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { packageIntegrity } from '../../lib/engine/packages.ts';

let base: string;
let roots: { project: string; own: string };
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'marketloom-packages-'));
  roots = { project: join(base, 'project'), own: join(base, 'own') };
});
afterEach(() => rmSync(base, { recursive: true }));

const write = (path: string, value: unknown) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
};
const lock = (root: string, packages: object) => write(join(root, 'package-lock.json'), { packages });
const at = (version: string, dependencies?: object) => ({ version, integrity: `sha512-${version}`, dependencies });
const problemsOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  return expect.unreachable('nothing was refused');
};

describe('[C-2] a package stands in a key by name, version and integrity', () => {
  test('with all it brings along, however deep, and nothing beside', () => {
    lock(roots.project, {
      '': { dependencies: { a: '1', z: '1' } },
      'node_modules/a': at('1.0.0', { b: '^2', '@s/c': '*' }),
      'node_modules/b': at('2.1.0', { d: '1' }),
      'node_modules/@s/c': at('3.0.0'),
      'node_modules/d': at('4.0.0'),
      'node_modules/z': at('9.0.0'),
    });
    expect(packageIntegrity(roots, 'a')).toEqual({
      'npm:a@1.0.0': 'sha512-1.0.0',
      'npm:b@2.1.0': 'sha512-2.1.0',
      'npm:d@4.0.0': 'sha512-4.0.0',
      'npm:@s/c@3.0.0': 'sha512-3.0.0',
    });
  });

  test('of two versions the one that Node would find from where it is imported', () => {
    lock(roots.project, {
      'node_modules/a': at('1.0.0', { b: '1', c: '1' }),
      'node_modules/a/node_modules/b': at('1.5.0', { c: '1' }),
      'node_modules/b': at('2.0.0'),
      'node_modules/c': at('3.0.0', { b: '2' }),
    });
    expect(Object.keys(packageIntegrity(roots, 'a'))).toEqual([
      'npm:a@1.0.0',
      'npm:b@1.5.0',
      'npm:c@3.0.0',
      'npm:b@2.0.0',
    ]);
  });

  test('also when packages need each other', () => {
    lock(roots.project, { 'node_modules/a': at('1.0.0', { b: '1' }), 'node_modules/b': at('2.0.0', { a: '1' }) });
    expect(Object.keys(packageIntegrity(roots, 'a')).sort()).toEqual(['npm:a@1.0.0', 'npm:b@2.0.0']);
  });

  test("the project's lock file comes first, then that of this package, each for what it has", () => {
    lock(roots.project, { 'node_modules/a': at('1.0.0', { b: '1' }), 'node_modules/b': at('1.1.0') });
    lock(roots.own, {
      'node_modules/a': at('2.0.0'),
      'node_modules/w': at('5.0.0', { b: '2' }),
      'node_modules/b': at('2.2.0'),
    });
    expect(packageIntegrity(roots, 'a')).toEqual({ 'npm:a@1.0.0': 'sha512-1.0.0', 'npm:b@1.1.0': 'sha512-1.1.0' });
    expect(packageIntegrity(roots, 'w')).toEqual({ 'npm:w@5.0.0': 'sha512-5.0.0', 'npm:b@2.2.0': 'sha512-2.2.0' });
  });

  test('without a lock file it stands by what is installed, and says that nothing holds it', () => {
    write(join(roots.project, 'node_modules/a/package.json'), { version: '1.2.3' });
    expect(packageIntegrity(roots, 'a')).toEqual({ 'npm:a@1.2.3': 'unlocked' });
  });
});

describe('a package that no key can hold is refused', () => {
  test('one that is not installed', () => {
    expect(problemsOf(() => packageIntegrity(roots, 'a'))).toEqual([
      expect.objectContaining({ code: 'code/build-failed', hint: expect.stringContaining('npm ci') }),
    ]);
  });

  test('one that is a link to a folder, whose files may change under the same version', () => {
    lock(roots.project, {
      'node_modules/a': { resolved: 'packages/a', link: true },
      'packages/a': { version: '1.0.0' },
    });
    expect(problemsOf(() => packageIntegrity(roots, 'a'))).toEqual([
      expect.objectContaining({ code: 'code/build-failed', message: expect.stringContaining('packages/a') }),
    ]);
  });

  test.each(['', '<<<<<<< HEAD\n{}', '{"packages":', 'null', '[]'])('any, by a lock file of %j', (text) => {
    write(join(roots.project, 'package-lock.json'), text);
    write(join(roots.project, 'node_modules/a/package.json'), { version: '1.2.3' });
    const found = () => packageIntegrity(roots, 'a');
    if (text === 'null' || text === '[]') expect(found()).toEqual({ 'npm:a@1.2.3': 'unlocked' });
    else
      expect(problemsOf(found)).toEqual([
        expect.objectContaining({ message: expect.stringContaining('package-lock.json') }),
      ]);
  });
});
