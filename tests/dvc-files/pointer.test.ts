import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Md5 } from '../../lib/base/digest.ts';
import { type Problem, ProblemError } from '../../lib/base/problem.ts';
import { PythonFloat } from '../../lib/base/python-json.ts';
import { type Pointer, parsePointer, printPointer } from '../../lib/dvc/pointer.ts';
import { runs } from '../thorough.ts';

const folder = 'a347257a96b0f993ee56b347efbf4a59.dir' as Md5;
const added = 'outs:\n- md5: a347257a96b0f993ee56b347efbf4a59.dir\n  size: 6\n  nfiles: 3\n  hash: md5\n  path: data\n';
const full: Pointer = {
  desc: 'prices',
  wdir: 'sub',
  frozen: true,
  outs: [
    {
      path: 'data',
      md5: folder,
      size: 6,
      nfiles: 3,
      desc: 'd',
      type: 'dataset',
      labels: ['a', '1'],
      meta: { x: new PythonFloat(1), y: [1, null] },
      cache: false,
      persist: true,
      remote: 'backup',
      push: false,
    },
    { path: 'run.sh', md5: '00000000000000000000000000000123' as Md5, size: 1, isexec: true },
    { path: 'later', md5: null },
  ],
  alwaysChanged: true,
  meta: { dataset_id: 'syn_1', day: '2020-01-01' },
};

const problemsOf = (text: string): readonly Problem[] => {
  try {
    parsePointer('data.dvc', text);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  return [];
};

test('a folder is pointed at by the bytes `dvc add` writes', () => {
  const pointer: Pointer = { outs: [{ path: 'data', md5: folder, size: 6, nfiles: 3 }] };
  expect(printPointer(pointer)).toBe(added);
  expect(parsePointer('data.dvc', added)).toEqual(pointer);
});

test('every field is written in the order of DVC and read back', () => {
  const text = printPointer(full);
  expect(
    text
      .match(/^(\w+|- \w+| {2}\w+):/gm)!
      .map((key) => key.replace(/[- :]/g, ''))
      .join(' '),
  ).toBe(
    'desc wdir frozen outs md5 size nfiles hash path desc type labels meta cache persist remote push ' +
      'md5 size isexec hash path hash path always_changed meta dataset_id day',
  );
  expect(parsePointer('data.dvc', text)).toEqual(full);
  expect(text).toContain('x: 1.0\n');
});

test('fields at their defaults are not written', () => {
  const out = { path: 'a', md5: null, isexec: false, cache: true, persist: false, push: true, labels: [], meta: {} };
  expect(printPointer({ outs: [out], frozen: false, meta: {} })).toBe('outs:\n- hash: md5\n  path: a\n');
});

describe('what is refused', () => {
  const out = (lines: string) => `outs:\n- ${lines.replaceAll('\n', '\n  ')}\n`;
  const md5 = '60b725f10c9c85c70d97880dfe8191b3';
  test.each([
    ['a digest of DVC 2', out(`md5: ${md5}\npath: a`), 'store/legacy-layout', 2],
    ['another hash', out(`md5: ${md5}\nhash: sha256\npath: a`), 'dvc/malformed', 3],
    ['an unknown key', out(`md5: ${md5}\nhash: md5\npath: a\npaht: b`), 'dvc/malformed', 5],
    ['an unknown key at the top', `${added}extra: 1\n`, 'dvc/malformed', 7],
    ['an md5 without quotes', out(`md5: 12345678\nhash: md5\npath: a`), 'dvc/malformed', 2],
    ['an md5 that is a path', out(`md5: ../../x\nhash: md5\npath: a`), 'dvc/malformed', 2],
    ['no path', out(`md5: ${md5}\nhash: md5`), 'dvc/malformed', 2],
    ['a list at the top', '- a\n', 'dvc/malformed', 1],
    ['a cloud version', out(`md5: ${md5}\nhash: md5\npath: a\ncloud:\n  s3: {}`), 'dvc/unsupported', 5],
    ['an import', `deps:\n- path: x\n${added}`, 'dvc/unsupported', 1],
    ['a path above', out(`md5: ${md5}\nhash: md5\npath: ../a`), 'dvc/unsupported', 4],
    ['the folder itself', out(`md5: ${md5}\nhash: md5\npath: .`), 'dvc/unsupported', 4],
    ['the folder itself by a detour', out(`md5: ${md5}\nhash: md5\npath: .//./`), 'dvc/unsupported', 4],
    ['an absolute path', out(`md5: ${md5}\nhash: md5\npath: /etc/passwd`), 'dvc/unsupported', 4],
    ['an address', out(`md5: ${md5}\nhash: md5\npath: s3://b/k`), 'dvc/unsupported', 4],
    ['a working folder above', `wdir: ..\n${added}`, 'dvc/unsupported', 1],
    ['broken YAML', 'outs: [\n', 'yaml/syntax', 2],
  ])('%s, with its line', (_, text, code, line) => {
    const problem = problemsOf(text).find((p) => p.code === code);
    expect(problem?.place?.line).toBe(line);
  });

  test('all problems are reported together', () => {
    expect(problemsOf(out(`md5: x\nhash: md5\npath: a\nsize: -1\ncache: 1`)).map((p) => p.place?.line)).toEqual([
      2, 5, 6,
    ]);
  });
});

test('no mutation of a pointer crashes the reader in another way than by problems', () => {
  const text = printPointer(full);
  const edit = fc.tuple(
    fc.nat(text.length),
    fc.nat(6),
    fc.constantFrom('', '-', ':', ' ', '\n', '"', '[', '{', '&a', '1', '\0'),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let broken = text;
      for (const [at, cut, put] of edits) broken = broken.slice(0, at) + put + broken.slice(at + cut);
      problemsOf(broken);
    }),
    { numRuns: runs(300) },
  );
});

test('what is read is printed and read as the same pointer', () => {
  const name = fc.string({ minLength: 1, maxLength: 10 }).filter((s) => /^[^./\\][^/\\:]*$/.test(s));
  const out = fc.record({ path: name, md5: fc.constantFrom(folder, null), size: fc.nat() });
  fc.assert(
    fc.property(fc.array(out, { minLength: 1, maxLength: 3 }), (outs) => {
      expect(parsePointer('a.dvc', printPointer({ outs }))).toEqual({ outs });
    }),
  );
});
