import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Md5, md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { parseTree, printTree, type TreeEntry, treeDigest } from '../../lib/store/tree.ts';
import { anyText } from '../text.ts';

const tree = (files: Record<string, string>): TreeEntry[] =>
  Object.entries(files).map(([relpath, text]) => ({ relpath, md5: md5(text), size: text.length }));

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0]!.code;
    throw error;
  }
  return 'accepted';
};

const object = (...items: unknown[]): Uint8Array => Buffer.from(JSON.stringify(items));
const id = '60b725f10c9c85c70d97880dfe8191b3';

describe('the bytes are what DVC writes', () => {
  test('three files, one in a folder', () => {
    const bytes = printTree(tree({ 'sub/c.txt': 'c\n', 'b.txt': 'b\n', 'a.txt': 'a\n' }));
    expect(Buffer.from(bytes).toString()).toBe(
      '[{"md5": "60b725f10c9c85c70d97880dfe8191b3", "relpath": "a.txt"}, ' +
        '{"md5": "3b5d5c3712955042212316173ccf37be", "relpath": "b.txt"}, ' +
        '{"md5": "2cd6ee2c70b0bde53fbe6cac3c8b8bb1", "relpath": "sub/c.txt"}]',
    );
    expect(bytes.length).toBe(199);
    expect(`${md5(bytes)}.dir`).toBe('a347257a96b0f993ee56b347efbf4a59.dir');
  });

  test('order is by code point of the whole path, escapes are those of Python', () => {
    const entries = tree({
      'a/x': '1',
      'a-b/x': '2',
      'B.txt': '3',
      '\u00e9.txt': '4',
      '\uff21.txt': '5',
      '\u{1f600}.txt': '6',
      'q"\\.txt': '7',
      'd\u007f.txt': '8',
    });
    const bytes = printTree(entries);
    expect(bytes.length).toBe(549);
    expect(parseTree(bytes).map((e) => e.relpath)).toEqual([
      'B.txt',
      'a-b/x',
      'a/x',
      'd\u007f.txt',
      'q"\\.txt',
      '\u00e9.txt',
      '\uff21.txt',
      '\u{1f600}.txt',
    ]);
    expect(treeDigest(entries)).toBe('7a016c524258b8ae769d672f086ea38a.dir');
  });

  test('a folder without files and a file without bytes have their known ids', () => {
    expect(treeDigest([])).toBe('d751713988987e9331980363e24189ce.dir');
    expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
  });
});

describe('reading', () => {
  const name = anyText({ minLength: 1, maxLength: 8 }).filter(
    (s) => !/[/\0]/.test(s) && s.isWellFormed() && !s.startsWith('.'),
  );

  test('what is printed is read back, whatever the names and the order given', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), fc.nat(), (names, salt) => {
        const entries = names.map((n, i) => ({ relpath: i % 2 ? `f${salt}/${n}` : `g${n}`, md5: md5(n) }));
        const back = parseTree(printTree(entries));
        const points = (s: string) => [...s].map((c) => c.codePointAt(0)!.toString(16).padStart(6, '0')).join();
        expect(back).toEqual(entries.sort((a, b) => (points(a.relpath) < points(b.relpath) ? -1 : 1)));
      }),
    );
  });

  test.each([
    ['/etc/passwd'],
    ['../../x'],
    ['a/../../x'],
    ['a/./b'],
    ['a//b'],
    ['a/'],
    [''],
    ['.'],
    ['a\0b'],
    ['\ud83d'],
    ['.git/hooks/post-checkout'],
    ['sub/.git'],
    ['.dvc/config'],
    ['a/.hg'],
    ['a/.dvcignore'],
  ])('the path %j is refused in reading and in writing', (relpath) => {
    expect(codeOf(() => parseTree(object({ md5: id, relpath })))).toBe('store/unsafe-tree');
    expect(codeOf(() => printTree([{ relpath, md5: id as Md5 }]))).toBe('store/unsafe-tree');
  });

  test.each([
    [
      'a path twice',
      [
        { md5: id, relpath: 'a' },
        { md5: id, relpath: 'a' },
      ],
    ],
    [
      'a file that is also a folder',
      [
        { md5: id, relpath: 'a/b/c' },
        { md5: id, relpath: 'a' },
      ],
    ],
    [
      'a folder that is also a file',
      [
        { md5: id, relpath: 'a' },
        { md5: id, relpath: 'a/b/c' },
      ],
    ],
    ['an id that is a path', [{ md5: '../../../../x', relpath: 'a' }]],
    ['an upper-case id', [{ md5: id.toUpperCase(), relpath: 'a' }]],
    ['a folder id', [{ md5: `${id}.dir`, relpath: 'a' }]],
  ])('%s is refused', (_, items) => {
    expect(codeOf(() => parseTree(object(...items)))).toBe('store/unsafe-tree');
  });

  test.each([
    ['no JSON', Buffer.from('[{')],
    ['a map', Buffer.from('{}')],
    ['a list of texts', object('a')],
    ['one more key', object({ md5: id, relpath: 'a', size: 1 })],
    ['a number for a path', object({ md5: id, relpath: 1 })],
    ['bytes that are not UTF-8', Buffer.from([0x5b, 0xff, 0x5d])],
  ])('%s is a broken object', (_, bytes) => {
    expect(codeOf(() => parseTree(bytes))).toBe('store/corrupt');
  });

  test('no mutation of a good object crashes the reader in another way than by a problem', () => {
    const good = printTree(tree({ 'a.txt': '1', 'b/c.txt': '2' }));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
        const bytes = Buffer.from(cut ? good.slice(0, at) : good);
        if (!cut) bytes[at] = byte;
        expect(['accepted', 'store/corrupt', 'store/unsafe-tree']).toContain(codeOf(() => parseTree(bytes)));
      }),
    );
  });
});
