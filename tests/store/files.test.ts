import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import {
  copyHashing,
  digestFile,
  exists,
  guard,
  HashingFile,
  hashFile,
  listNames,
  mark,
  moveFile,
  readBytes,
  readTextIfAny,
  statIfAny,
  tempName,
  walk,
  writeAtomic,
  writeIfChanged,
} from '../../lib/store/files.ts';
import { runs } from '../thorough.ts';
import { failFs, healFs, replaceFs, systemError } from './faults.ts';

let root: string;
let tmp: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-files-'));
  tmp = join(root, 'tmp');
  mkdirSync(tmp);
});
afterEach(() => {
  healFs();
  rmSync(root, { recursive: true, force: true });
});

const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex');
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0]?.code ?? '';
    throw error;
  }
  return 'done';
};

describe('a hashed file', () => {
  test('has the md5 and size of its bytes, in whatever pieces they come', () => {
    replaceFs('fsyncSync', () => {});
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.string())), (parts) => {
        const file = new HashingFile(tmp);
        for (const part of parts) file.write(part);
        const { path, ...found } = file.finish();
        const bytes = readFileSync(path);
        rmSync(path);
        expect(bytes).toEqual(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
        expect(found).toEqual({ md5: md5(bytes), size: bytes.length });
      }),
      { numRuns: runs(40) },
    );
  });

  test('is whole although the system takes a few bytes at a time', () => {
    replaceFs('writeSync', (real, fd, bytes, from, length) => real(fd, bytes, from, Math.min(7, length as number)));
    const file = new HashingFile(tmp);
    file.write('a text that is longer than seven bytes');
    const { path, md5: found } = file.finish();
    expect(readFileSync(path, 'utf8')).toBe('a text that is longer than seven bytes');
    expect(found).toBe(md5('a text that is longer than seven bytes'));
  });

  test('a small file whose bytes are known is not written; another, or a large one, is, and what is written may change afterwards', () => {
    const seen = new Set([md5('again'), md5('x'.repeat(300_000))]);
    const known = (one: string) => seen.has(one as never);
    const small = new HashingFile(tmp);
    small.write('again');
    expect(small.finish(known)).toEqual({ path: null, md5: md5('again'), size: 5 });
    expect(readdirSync(tmp)).toEqual([]);
    const bytes = Buffer.from('other');
    const other = new HashingFile(tmp);
    other.write(bytes);
    bytes.fill(0);
    expect(readFileSync(other.finish(known).path as string, 'utf8')).toBe('other');
    const large = new HashingFile(tmp);
    for (let part = 0; part < 3; part++) large.write('x'.repeat(100_000));
    expect(statSync(large.finish(known).path as string).size).toBe(300_000);
  });

  test('leaves nothing when it is abandoned, before its end or after', () => {
    const open = new HashingFile(tmp);
    open.write('half');
    open.abandon();
    const done = new HashingFile(tmp);
    done.finish();
    done.abandon();
    done.abandon();
    expect(readdirSync(tmp)).toEqual([]);
  });

  test.each([
    ['writeSync', 'ENOSPC'],
    ['fsyncSync', 'EIO'],
  ] as const)('whose %s fails can be abandoned, and leaves nothing', (name, code) => {
    failFs(name, code);
    const file = new HashingFile(tmp);
    expect(() => {
      file.write('bytes');
      file.finish();
    }).toThrow(ProblemError);
    file.abandon();
    expect(readdirSync(tmp)).toEqual([]);
  });
});

test('the md5 of a file is that of its bytes below, at and above the size of a piece', () => {
  for (const size of [0, 1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 600_000]) {
    const bytes = randomBytes(size);
    writeFileSync(join(root, 'f'), bytes);
    expect(hashFile(join(root, 'f'))).toEqual({ md5: md5(bytes), size });
  }
  expect(digestFile(join(root, 'f'), 'sha256').digest).toBe(
    createHash('sha256')
      .update(readFileSync(join(root, 'f')))
      .digest('hex'),
  );
});

describe('copying with hashing', () => {
  test('gives the bytes, their md5 and size, under a name nobody else has', () => {
    const bytes = randomBytes(300_000);
    writeFileSync(join(root, 'f'), bytes);
    const copies = [copyHashing(join(root, 'f'), tmp), copyHashing(join(root, 'f'), tmp)];
    for (const copy of copies) {
      expect(copy).toMatchObject({ md5: md5(bytes), size: bytes.length });
      expect(readFileSync(copy?.path ?? '')).toEqual(bytes);
    }
    expect(new Set(copies.map((copy) => copy?.path)).size).toBe(2);
  });

  test('of a file that is not there is null', () => {
    expect(copyHashing(join(root, 'none'), tmp)).toBeNull();
  });

  test('that fails on the way leaves nothing', () => {
    writeFileSync(join(root, 'f'), randomBytes(600_000));
    failFs('readSync', 'EIO', 2);
    expect(codeOf(() => copyHashing(join(root, 'f'), tmp))).toBe('store/io');
    expect(readdirSync(tmp)).toEqual([]);
  });
});

describe('a system error becomes a problem', () => {
  test.each([
    ['ENOSPC', 'store/no-space'],
    ['EDQUOT', 'store/no-space'],
    ['EACCES', 'store/denied'],
    ['EPERM', 'store/denied'],
    ['EROFS', 'store/denied'],
    ['EIO', 'store/io'],
    ['EMFILE', 'store/io'],
    ['ESOMETHINGNEW', 'store/io'],
  ])('%s is %s, and names the act, the path and the cause', (code, problem) => {
    const cause = systemError(code);
    const fail = () =>
      guard('write', '/there', () => {
        throw cause;
      });
    expect(fail).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({
            code: problem,
            message: `cannot write: ${code}: planted`,
            facts: { path: '/there' },
          }),
        ],
        cause,
      }),
    );
  });

  test('of a full disk says what to do about it', () => {
    failFs('writeSync', 'ENOSPC');
    expect(() => writeAtomic(join(root, 'f'), 'x', tmp)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ hint: expect.stringContaining('disk space') })] }),
    );
  });

  test('but a mistake of ours stays what it is, and a problem is not wrapped again', () => {
    const bug = new TypeError('x is not a function');
    const told = new ProblemError({ code: 'interrupted', message: 'stopped' });
    for (const error of [bug, told])
      expect(() =>
        guard('write', '/there', () => {
          throw error;
        }),
      ).toThrow(error);
  });
});

describe('an atomic write', () => {
  test('replaces the file whole and leaves no other name', () => {
    writeAtomic(join(root, 'f'), 'long old text', tmp);
    writeAtomic(join(root, 'f'), 'new', tmp);
    expect(readFileSync(join(root, 'f'), 'utf8')).toBe('new');
    expect(readdirSync(tmp)).toEqual([]);
  });

  test.each(['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const)(
    'whose %s fails leaves the old bytes and no other name',
    (name) => {
      writeFileSync(join(root, 'f'), 'old');
      failFs(name, 'ENOSPC');
      expect(codeOf(() => writeAtomic(join(root, 'f'), 'new', tmp))).toBe('store/no-space');
      healFs();
      expect(readFileSync(join(root, 'f'), 'utf8')).toBe('old');
      expect(readdirSync(tmp)).toEqual([]);
    },
  );

  test('is durable before it is named: fsync comes before rename', () => {
    const acts: string[] = [];
    for (const name of ['fsyncSync', 'renameSync'] as const)
      replaceFs(name, (real, ...args) => {
        acts.push(name);
        return real(...args);
      });
    writeAtomic(join(root, 'f'), 'x', tmp);
    expect(acts).toEqual(['fsyncSync', 'renameSync']);
  });

  test('of equal bytes does not touch the file when only changes are asked for', () => {
    expect(writeIfChanged(join(root, 'a/b/f'), 'x', tmp)).toBe(true);
    const { ino } = statSync(join(root, 'a/b/f'));
    expect(writeIfChanged(join(root, 'a/b/f'), 'x', tmp)).toBe(false);
    expect(statSync(join(root, 'a/b/f')).ino).toBe(ino);
    expect(writeIfChanged(join(root, 'a/b/f'), 'y', tmp)).toBe(true);
  });
});

describe('moving between file systems', () => {
  /** Folders `tmp` and the rest of the root behave like two devices. */
  const twoDevices = () =>
    replaceFs('renameSync', (real, from, to) => {
      const device = (path: unknown) => String(path).startsWith(`${tmp}/`);
      if (device(from) !== device(to)) throw systemError('EXDEV');
      return real(from, to);
    });

  test('ends with the bytes at the target alone', () => {
    writeFileSync(join(tmp, 'f'), 'bytes');
    twoDevices();
    moveFile(join(tmp, 'f'), join(root, 'g'));
    expect(readFileSync(join(root, 'g'), 'utf8')).toBe('bytes');
    expect([readdirSync(tmp), readdirSync(root).sort()]).toEqual([[], ['g', 'tmp']]);
  });

  test('makes the copy durable before it has the name of the target, as the original was', () => {
    writeFileSync(join(tmp, 'f'), 'bytes', { mode: 0o444 });
    twoDevices();
    const acts: string[] = [];
    for (const name of ['copyFileSync', 'fsyncSync'] as const)
      replaceFs(name, (real, ...args) => {
        acts.push(name);
        return real(...args);
      });
    moveFile(join(tmp, 'f'), join(root, 'g'));
    expect(acts).toEqual(['copyFileSync', 'fsyncSync']);
  });

  test('never shows a part of the target: a copy that fails leaves the old one', () => {
    writeFileSync(join(tmp, 'f'), 'bytes');
    writeFileSync(join(root, 'g'), 'old');
    twoDevices();
    replaceFs('copyFileSync', (_, __, to) => {
      writeFileSync(to as string, 'by');
      throw systemError('ENOSPC');
    });
    expect(() => moveFile(join(tmp, 'f'), join(root, 'g'))).toThrow('ENOSPC');
    expect(readFileSync(join(root, 'g'), 'utf8')).toBe('old');
    expect(readFileSync(join(tmp, 'f'), 'utf8')).toBe('bytes');
    expect(readdirSync(root).sort()).toEqual(['g', 'tmp']);
  });
});

test('what is not there reads as nothing where nothing is an answer, and as a problem elsewhere', () => {
  writeFileSync(join(root, 'f'), 'x');
  for (const path of [join(root, 'none'), join(root, 'none/below'), join(root, 'f/below')]) {
    expect(readTextIfAny(path)).toBeNull();
    expect(listNames(path)).toEqual([]);
    expect([mark(path), exists(path), statIfAny(path)]).toEqual([null, false, undefined]);
    expect(codeOf(() => readBytes(path))).toBe('store/io');
  }
});

test('a file that vanishes between the question and the reading reads as nothing', () => {
  writeFileSync(join(root, 'f'), 'x');
  failFs('readFileSync', 'ENOENT');
  expect(readTextIfAny(join(root, 'f'))).toBeNull();
  healFs();
  failFs('readFileSync', 'EACCES');
  expect(codeOf(() => readTextIfAny(join(root, 'f')))).toBe('store/denied');
});

test('temporary names begin with the process that made them and never repeat', () => {
  const names = Array.from({ length: 1000 }, () => tempName('/t'));
  expect(new Set(names).size).toBe(1000);
  for (const name of names) expect(Number.parseInt(name.slice('/t/'.length).split('-')[0] ?? '', 36)).toBe(process.pid);
});

describe('a walk', () => {
  const put = (name: string) => {
    mkdirSync(join(root, 'w', name, '..'), { recursive: true });
    writeFileSync(join(root, 'w', name), name);
  };

  test('names every file once in one order, tells links from files and follows none', () => {
    for (const name of ['b', 'a/z', 'a/b/c', 'a.b', 'é', 'B']) put(name);
    symlinkSync('..', join(root, 'w/a/up'));
    symlinkSync('b', join(root, 'w/to-b'));
    expect(walk(join(root, 'w')).map(({ relpath, kind }) => `${relpath} ${kind}`)).toEqual([
      'B file',
      'a/b/c file',
      'a/up link',
      'a/z file',
      'a.b file',
      'b file',
      'to-b link',
      'é file',
    ]);
  });

  test('does not depend on the order the system lists names in', () => {
    for (const name of ['c', 'a', 'b/x', 'b/y']) put(name);
    const before = walk(join(root, 'w'));
    replaceFs('readdirSync', (real, ...args) => (real(...args) as string[]).reverse());
    expect(walk(join(root, 'w'))).toEqual(before);
  });

  test('tells of each folder, the root as empty, and leaves out what is to be skipped', () => {
    for (const name of ['a/b/c', 'skip/d', 'e']) put(name);
    const folders: string[] = [];
    const files = walk(
      join(root, 'w'),
      (folder) => folders.push(folder),
      (folder) => folder === 'skip',
    );
    expect(folders).toEqual(['', 'a', 'a/b']);
    expect(files.map(({ relpath }) => relpath)).toEqual(['a/b/c', 'e']);
  });

  test('of a folder that is not there is a problem', () => {
    expect(codeOf(() => walk(join(root, 'none')))).toBe('store/io');
    expect(existsSync(join(root, 'none'))).toBe(false);
  });

  // macOS has no such names.
  test.skipIf(process.platform === 'darwin')('says which name is not UTF-8, as no tree can hold it', () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff])]), '');
    expect(() => walk(root)).toThrow(/a name is not valid UTF-8/);
  });

  test('passes over what goes away meanwhile', () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), name);
    replaceFs('readdirSync', (real, ...args) => {
      const names = real(...args);
      rmSync(join(root, 'b'), { force: true });
      return names;
    });
    expect(walk(root).map(({ relpath }) => relpath)).toEqual(['a', 'c']);
  });
});
