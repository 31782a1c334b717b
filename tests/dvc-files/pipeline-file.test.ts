import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Md5 } from '../../lib/base/digest.ts';
import { sha256 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { PythonFloat, pythonJson } from '../../lib/base/python-json.ts';
import { type LockStage, lockStageMap, parseLock, printLock, printPipeline } from '../../lib/dvc/pipeline-file.ts';
import { runs } from '../thorough.ts';

const one = 'b026324c6904b2a9cb4b88d6d61c81d1' as Md5;
const copy: LockStage = {
  name: 'cp',
  cmd: 'cp a b',
  deps: [{ path: 'a', md5: one, size: 2 }],
  params: {
    'params.yaml': {
      rate: 1e-5,
      name: 'é',
      k: new PythonFloat(1),
      big: { x: [1, 2.5], y: null, t: true },
    },
  },
  outs: [{ path: 'b', md5: one, size: 2 }],
};
const copyText = `schema: '2.0'
stages:
  cp:
    cmd: cp a b
    deps:
    - path: a
      hash: md5
      md5: b026324c6904b2a9cb4b88d6d61c81d1
      size: 2
    params:
      params.yaml:
        big:
          x:
          - 1
          - 2.5
          y:
          t: true
        k: 1.0
        name: é
        rate: 1e-05
    outs:
    - path: b
      hash: md5
      md5: b026324c6904b2a9cb4b88d6d61c81d1
      size: 2
`;

test('a lock is the bytes DVC writes for the same run', () => {
  expect(printLock([copy])).toBe(copyText);
});

test('a lock read back prints the same bytes, whole floats included', () => {
  expect(printLock(parseLock('dvc.lock', copyText))).toBe(copyText);
});

test('the run-cache value of a stage is the hash of its lock entry without sizes', () => {
  const bare = { ...copy, deps: [{ path: 'a', md5: one }], outs: [{ path: 'b', md5: one }] };
  expect(sha256(pythonJson(lockStageMap(bare)))).toBe(
    '1e604829ebd60d6fadd36a85990b9ca8e3a214d476f1fe7e466e0d57b20a1bee',
  );
});

test('entries are sorted by path, params by key with params.yaml first, empty parts left out', () => {
  const text = printLock([
    {
      name: 's',
      cmd: ['a', 'b'],
      deps: [],
      params: { 'b.yaml': { z: 1, a: 2 }, 'params.yaml': { k: 1 }, 'a.yaml': {} },
      outs: [
        { path: '\u{1f600}', md5: one },
        { path: '\uff21', md5: `${one}.dir` as Md5, size: 4, nfiles: 2 },
        { path: 'a/x', md5: one, isexec: true },
        { path: 'a-b', md5: one },
      ],
    },
  ]);
  expect(text).toBe(`schema: '2.0'
stages:
  s:
    cmd:
    - a
    - b
    params:
      params.yaml:
        k: 1
      a.yaml: {}
      b.yaml:
        a: 2
        z: 1
    outs:
    - path: a-b
      hash: md5
      md5: ${one}
    - path: a/x
      hash: md5
      md5: ${one}
      isexec: true
    - path: \uff21
      hash: md5
      md5: ${one}.dir
      size: 4
      nfiles: 2
    - path: \u{1f600}
      hash: md5
      md5: ${one}
`);
});

test('a pipeline lists its stages in the key order of DVC, templates switched off', () => {
  const text = printPipeline([
    {
      name: 'generate',
      desc: 'make prices',
      cmd: 'run --home $' + '{HOME}',
      deps: ['lib/b.ts', 'lib/a.ts'],
      params: { 'all.yaml': [], 'params.yaml': ['seed', 'model.name'], 'p.yaml': ['x'] },
      outs: [{ path: 'z' }, { path: 'out', cache: false }],
      metrics: [{ path: 'm.json', cache: false }],
      plots: [{ path: 'p.csv' }],
      meta: { key: 'k' },
    },
    { name: 'last', cmd: ['true'], deps: [], params: {}, outs: [] },
  ]);
  expect(text).toBe(`stages:
  generate:
    desc: make prices
    cmd: run --home \\$\{HOME}
    deps:
    - lib/a.ts
    - lib/b.ts
    params:
    - model.name
    - seed
    - all.yaml:
    - p.yaml:
      - x
    outs:
    - out:
        cache: false
    - z
    metrics:
    - m.json:
        cache: false
    plots:
    - p.csv
    meta:
      key: k
  last:
    cmd:
    - 'true'
`);
});

const codesOf = (text: string): string[] => {
  try {
    parseLock('dvc.lock', text);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map((p) => `${p.code}:${p.place?.line}`);
    throw error;
  }
  return [];
};

test.each([
  ['an older schema', copyText.replace("'2.0'", '2.0'), ['dvc/malformed:1']],
  ['no schema', copyText.replace(/.*\n/, ''), ['dvc/malformed:1']],
  [
    'digests of DVC 2',
    copyText.replaceAll('      hash: md5\n', ''),
    ['store/legacy-layout:6', 'store/legacy-layout:21'],
  ],
  ['cloud data', copyText.replace('size: 2', 'cloud: {}'), ['dvc/unsupported:9']],
  ['datasets', `${copyText}datasets: []\n`, ['dvc/unsupported:26']],
  ['an unknown key', copyText.replace('outs:', 'ouds:'), ['dvc/malformed:21']],
  ['a stage without a command', copyText.replace('    cmd: cp a b\n', ''), ['dvc/malformed:3']],
])('%s is refused with its line', (_, text, codes) => {
  expect(codesOf(text)).toEqual(codes);
});

test('an empty lock has no stages', () => {
  expect(parseLock('dvc.lock', '')).toEqual([]);
  expect(parseLock('dvc.lock', printLock([]))).toEqual([]);
});

test('no mutation of a lock crashes the reader in another way than by problems', () => {
  const edit = fc.tuple(
    fc.nat(copyText.length),
    fc.nat(6),
    fc.constantFrom('', '-', ':', ' ', '\n', '"', '[', '&a', '*a', '1'),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = copyText;
      for (const [at, cut, put] of edits) text = text.slice(0, at) + put + text.slice(at + cut);
      codesOf(text);
    }),
    { numRuns: runs(300) },
  );
});
