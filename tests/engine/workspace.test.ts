import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { drift, layOut } from '../../lib/engine/workspace.ts';
import type { Artifact } from '../../lib/store/blob.ts';
import { failFs, healFs, replaceFs, systemError } from '../store/faults.ts';
import { runs } from '../thorough.ts';
import { Folder, putTree, removeProjects } from './folder.ts';

afterEach(() => {
  healFs();
  removeProjects();
});

/** Everything below a folder: files as their text, folders as null. */
function seen(path: string): Record<string, string | null> {
  const found = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const text = (name: string) =>
    statSync(join(path, name)).isDirectory() ? null : readFileSync(join(path, name), 'utf8');
  return Object.fromEntries(found.map((name) => [name, text(name)]));
}

function laid(files: Readonly<Record<string, string>>) {
  const folder = new Folder();
  const project = folder.open();
  const artifact = putTree(project, files);
  const act = (one: Artifact, name = 'out') => layOut(project.store, project.marks, one, folder.path(name));
  const off = (one: Artifact, name = 'out') => drift(project.store, project.marks, one, folder.path(name));
  act(artifact);
  return { folder, project, artifact, act, off, out: folder.path('out') };
}

const FILES = { a: '1', 'b/c': '2', 'b/d/e': '3' };
const SEEN = { a: '1', b: null, 'b/c': '2', 'b/d': null, 'b/d/e': '3' };

describe('laying out', () => {
  test('puts exactly the files of the artifact there', () => {
    const { out, artifact, off } = laid(FILES);
    expect(seen(out)).toEqual(SEEN);
    expect(off(artifact)).toBe(0);
  });

  test('again rewrites nothing', () => {
    const { out, artifact, act } = laid(FILES);
    const inodes = () => Object.keys(FILES).map((name) => statSync(join(out, name)).ino);
    const before = inodes();
    expect(act(artifact)).toBe(0);
    expect(inodes()).toEqual(before);
  });

  test('a new artifact over an old rewrites only what differs', () => {
    const { project, out, act, off } = laid(FILES);
    const next = putTree(project, { a: '1', 'b/c': 'new' });
    const { ino } = statSync(join(out, 'a'));
    expect(off(next)).toBe(3);
    expect(act(next)).toBe(3);
    expect(seen(out)).toEqual({ a: '1', b: null, 'b/c': 'new' });
    expect(statSync(join(out, 'a')).ino).toBe(ino);
  });

  test.each<[string, number, (folder: Folder) => void]>([
    ['a changed file', 1, (f) => f.write('out/a', 'x')],
    ['a lost file', 1, (f) => rmSync(f.path('out/b/c'))],
    ['a lost folder', 2, (f) => rmSync(f.path('out/b'), { recursive: true })],
    ['a lost output', 3, (f) => rmSync(f.path('out'), { recursive: true })],
    ['a stray file', 1, (f) => f.write('out/b/stray', 'x')],
    ['a stray folder, empty', 1, (f) => mkdirSync(f.path('out/stray'))],
    ['a stray folder with a file', 2, (f) => f.write('out/stray/x', 'x')],
    ['a hidden stray', 1, (f) => f.write('out/.DS_Store', 'x')],
    [
      'a folder where a file belongs',
      2,
      (f) => {
        rmSync(f.path('out/a'));
        mkdirSync(f.path('out/a'));
      },
    ],
    [
      'a file where a folder belongs',
      3,
      (f) => {
        rmSync(f.path('out/b'), { recursive: true });
        f.write('out/b', 'x');
      },
    ],
    [
      'a file where the output belongs',
      4,
      (f) => {
        rmSync(f.path('out'), { recursive: true });
        f.write('out', 'x');
      },
    ],
    [
      'a foreign link where a file belongs',
      2,
      (f) => {
        rmSync(f.path('out/a'));
        symlinkSync('b/c', f.path('out/a'));
      },
    ],
    [
      'a link to equal bytes',
      2,
      (f) => {
        f.write('elsewhere', '1');
        rmSync(f.path('out/a'));
        symlinkSync(f.path('elsewhere'), f.path('out/a'));
      },
    ],
    [
      'a link where the output belongs',
      4,
      (f) => {
        rmSync(f.path('out'), { recursive: true });
        f.write('elsewhere/mine', 'x');
        symlinkSync(f.path('elsewhere'), f.path('out'));
      },
    ],
    ['a link that leads nowhere', 1, (f) => symlinkSync('none', f.path('out/l'))],
  ])('%s counts as %i and is mended', (_, count, damage) => {
    const { folder, artifact, act, off, out } = laid(FILES);
    damage(folder);
    expect(off(artifact)).toBe(count);
    expect(act(artifact)).toBe(count);
    expect(seen(out)).toEqual(SEEN);
    expect(lstatSync(out).isDirectory()).toBe(true);
    expect(off(artifact)).toBe(0);
    // What a link led to is nobody's but its owner's.
    if (existsSync(folder.path('elsewhere/mine')))
      expect(readFileSync(folder.path('elsewhere/mine'), 'utf8')).toBe('x');
  });

  test('a single file replaces whatever is there, and a tree without files is a folder', () => {
    const { project, out, act, off } = laid(FILES);
    const file = project.store.put('one');
    expect([off(file), act(file), off(file)]).toEqual([2, 2, 0]);
    expect(readFileSync(out, 'utf8')).toBe('one');
    const empty = putTree(project, {});
    act(empty, 'empty');
    expect([seen(join(out, '../empty')), off(empty, 'empty')]).toEqual([{}, 0]);
  });

  test('from any state to any other ends with exactly the files of the artifact', () => {
    const name = fc.constantFrom('a', 'b', 'a/x', 'a/y/z', 'b/x', 'c');
    const files = fc
      .dictionary(name, fc.constantFrom('1', '2'))
      .filter((all) => !Object.keys(all).some((one) => Object.keys(all).some((two) => two.startsWith(`${one}/`))));
    const { project, act, off, out } = laid({});
    fc.assert(
      fc.property(files, (all) => {
        const artifact = putTree(project, all);
        const count = off(artifact);
        expect(act(artifact)).toBe(count);
        const plain = Object.entries(seen(out)).filter(([, text]) => text !== null);
        expect(Object.fromEntries(plain)).toEqual({ ...all });
        expect(off(artifact)).toBe(0);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('an output that is not there', () => {
  const gone = () => {
    const rig = laid(FILES);
    rmSync(rig.out, { recursive: true });
    return rig;
  };

  test.each(['copyFileSync', 'chmodSync', 'renameSync'] as const)(
    'appears whole or not at all: with a full disk at %s nothing is there and nothing is left behind',
    (fault) => {
      const { project, out, artifact, act } = gone();
      failFs(fault, 'ENOSPC');
      expect(() => act(artifact)).toThrow(/ENOSPC/);
      healFs();
      expect(existsSync(out)).toBe(false);
      expect(readdirSync(project.tmp)).toEqual([]);
      expect(act(artifact)).toBe(3);
      expect(seen(out)).toEqual(SEEN);
    },
  );

  test('on another file system than what is made beside it is laid out file by file', () => {
    const { out, artifact, act, off } = gone();
    replaceFs('renameSync', (real, from, to) => {
      if (to === out) throw systemError('EXDEV');
      return real(from, to);
    });
    expect(act(artifact)).toBe(3);
    expect(seen(out)).toEqual(SEEN);
    expect(off(artifact)).toBe(0);
  });

  test('that comes while it is made keeps no file that was not asked for and loses none', () => {
    const { project, out, artifact, act, off } = gone();
    let comes = true;
    replaceFs('renameSync', (real, from, to) => {
      if (to === out && comes) {
        comes = false;
        mkdirSync(out);
        writeFileSync(join(out, 'a'), 'other');
      }
      return real(from, to);
    });
    act(artifact);
    expect(seen(out)).toEqual(SEEN);
    expect(off(artifact)).toBe(0);
    expect(readdirSync(project.tmp)).toEqual([]);
  });

  test('is known by its marks at once: nothing is read to find that it is right', () => {
    const { project, artifact, act, off } = gone();
    act(artifact);
    const before = project.marks.hashedFiles;
    expect(off(artifact)).toBe(0);
    expect(project.marks.hashedFiles).toBe(before);
  });
});
