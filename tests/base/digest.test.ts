import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type GitOid, gitBlob, gitTree, md5, sha256, sha256Json } from '../../lib/base/digest.ts';

const root = mkdtempSync(join(tmpdir(), 'marketloom-digest-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const git = (args: readonly string[], input: string | Uint8Array = '') =>
  execFileSync('git', args, { cwd: root, input, encoding: 'utf8' }).trim();
git(['init', '-q', '.']);

test('known answers: the empty text, "abc" and one character of two bytes', () => {
  expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
  expect(md5('abc')).toBe('900150983cd24fb0d6963f7d28e17f72');
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(md5('é')).toBe(md5(Buffer.from([0xc3, 0xa9])));
});

test('the hash of a value is that of its canonical text, whatever the order of its keys', () => {
  expect(sha256Json({ b: [1, null], a: 'é' })).toBe(sha256('{"a":"é","b":[1,null]}'));
});

describe('git itself gives the same id', () => {
  test.each([
    ['no bytes', ''],
    ['text', 'hello\n'],
    ['line ends of another system', 'a\r\nb\r\n'],
    ['any bytes', Buffer.from(Array.from({ length: 512 }, (_, i) => i & 255))],
  ])('to a blob of %s', (_, bytes) => {
    expect(gitBlob(Buffer.from(bytes))).toBe(git(['hash-object', '--no-filters', '--stdin'], bytes));
  });

  const blob = gitBlob(Buffer.from('x\n'));
  const tree = (...paths: string[]) => gitTree(new Map(paths.map((path) => [path, blob])));

  test('to a tree without files', () => {
    expect(gitTree(new Map())).toBe(git(['mktree']));
  });

  test('to a flat tree, in whatever order its files are named', () => {
    const names = ['b', 'a.b', 'a-b', 'a', 'A', 'é', '\uffee', '\u{1f600}', 'a b', '1', '10', '9'];
    const made = git(['mktree', '--missing'], names.map((name) => `100644 blob ${blob}\t${name}\n`).join(''));
    expect(tree(...names)).toBe(made);
    expect(tree(...names.toReversed())).toBe(made);
  });

  test('to a tree of folders, where a folder sorts as if its name ended with a slash', () => {
    const paths = ['a/x', 'a.ts', 'a-b/y', 'a0', 'a/b/c/d.ts', 'ab', 'lib/math/draw.ts', 'lib/math.ts', 'lib-2/x'];
    for (const path of paths) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), `the bytes of ${path}`);
    }
    git(['add', '--', ...paths]);
    const files = paths.map((path): [string, GitOid] => [path, gitBlob(Buffer.from(`the bytes of ${path}`))]);
    const written = git(['write-tree']);
    expect(gitTree(new Map(files))).toBe(written);
    expect(gitTree(new Map(files.toReversed()))).toBe(written);
  });
});
