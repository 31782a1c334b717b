// What changes a key and what does not, and git as the judge of the ids it rests on.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { type GitOid, gitBlob, gitTree, sha256Json } from '../../lib/base/digest.ts';
import { codeSha, type KeyInput, keyOf } from '../../lib/engine/key.ts';
import { runs } from '../thorough.ts';

const folder = mkdtempSync(join(tmpdir(), 'marketloom-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

const params = (record: Readonly<Record<string, Json>>): KeyInput['params'] =>
  new Map(Object.entries(record).map(([name, value]) => [name, { shown: `config.${name}`, value }]));

const INPUT: KeyInput = {
  stage: 'generate',
  element: 'AAPL',
  params: params({ drift: 0.05, model: { name: 'gbm', steps: [1, 2] } }),
  seed: 42,
  generatorVersion: 'v1',
  code: { 'stages/generate.ts': 'a'.repeat(40), 'npm:left@1.0.0': 'sha512-abc' },
  inputs: { parameters: 'b'.repeat(32), 'set/one': 'c'.repeat(32) },
};
const key = (change: Partial<KeyInput> = {}) => keyOf({ ...INPUT, ...change }).key;

describe('a key', () => {
  const changes: Readonly<Record<string, Partial<KeyInput>>> = {
    'the name of the stage': { stage: 'generate2' },
    'the mapped element': { element: 'MSFT' },
    'no element': { element: null },
    'a param': { params: params({ drift: 0.06, model: { name: 'gbm', steps: [1, 2] } }) },
    'a param deep inside': { params: params({ drift: 0.05, model: { name: 'gbm', steps: [2, 1] } }) },
    "a param's type": { params: params({ drift: '0.05', model: { name: 'gbm', steps: [1, 2] } }) },
    "a param's name": { params: params({ drift2: 0.05, model: { name: 'gbm', steps: [1, 2] } }) },
    'a param more': { params: params({ drift: 0.05, model: { name: 'gbm', steps: [1, 2] }, more: null }) },
    'the seed': { seed: 43 },
    "the seed's type": { seed: '42' },
    'no seed': { seed: null },
    'the generator version': { generatorVersion: 'v2' },
    'no generator version': { generatorVersion: null },
    code: { code: { ...INPUT.code, 'stages/generate.ts': 'd'.repeat(40) } },
    'the place of code': { code: { 'stages/other.ts': 'a'.repeat(40), 'npm:left@1.0.0': 'sha512-abc' } },
    'the version of a package': { code: { 'stages/generate.ts': 'a'.repeat(40), 'npm:left@1.0.1': 'sha512-abc' } },
    'the integrity of a package': { code: { ...INPUT.code, 'npm:left@1.0.0': 'sha512-abd' } },
    'an input': { inputs: { ...INPUT.inputs, parameters: 'e'.repeat(32) } },
    'the port of an input': { inputs: { other: 'b'.repeat(32), 'set/one': 'c'.repeat(32) } },
    'the name in a set': { inputs: { parameters: 'b'.repeat(32), 'set/two': 'c'.repeat(32) } },
  };

  test.each(Object.keys(changes))('changes with %s', (name) => {
    expect(key(changes[name])).not.toBe(key());
  });

  test('is the sha256 of the canonical JSON of its parts, the code as one git id', () => {
    const { stage, element, seed, generatorVersion: generator_version, code, inputs } = INPUT;
    const own = { drift: 0.05, model: { name: 'gbm', steps: [1, 2] } };
    const git_sha = codeSha(code);
    expect(key()).toBe(sha256Json({ stage, element, params: own, seed, generator_version, git_sha, inputs }));
  });

  test('is another for each of these changes', () => {
    expect(new Set([key(), ...Object.values(changes).map(key)]).size).toBe(Object.keys(changes).length + 1);
  });

  test('does not change with the order of params, of keys inside them, of code or of inputs', () => {
    const turned = (record: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(record).reverse());
    const other = key({
      params: params({ model: { steps: [1, 2], name: 'gbm' }, drift: 0.05 }),
      code: turned(INPUT.code),
      inputs: turned(INPUT.inputs),
    });
    expect(other).toBe(key());
  });

  test('does not change with the config path a param is shown under', () => {
    const shown = new Map([...INPUT.params].map(([name, { value }]) => [name, { shown: `x.${name}`, value }]));
    expect(key({ params: shown })).toBe(key());
  });
});

function git(cwd: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  const ran = spawnSync('git', args, { cwd, encoding: 'utf8', env });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout.trim();
}

describe('the ids of code are those of git', () => {
  const name = fc.constantFrom('a', 'a.b', 'a-b', 'ab', 'A', 'b', 'lib', 'lib.ts', 'ü', 'z_', '0');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const files = fc
    .dictionary(path, fc.uint8Array({ maxLength: 40 }), { minKeys: 1, maxKeys: 8 })
    .filter((all) => !Object.keys(all).some((one) => Object.keys(all).some((two) => two.startsWith(`${one}/`))));

  test('of one file and of a folder of files, whatever their names and bytes', () => {
    let n = 0;
    fc.assert(
      fc.property(files, (all) => {
        const root = join(folder, String(n++));
        mkdirSync(root);
        git(root, 'init', '-q');
        git(root, 'config', 'core.autocrlf', 'false');
        const blobs = new Map<string, GitOid>();
        for (const [file, bytes] of Object.entries(all)) {
          mkdirSync(dirname(join(root, file)), { recursive: true });
          writeFileSync(join(root, file), bytes);
          chmodSync(join(root, file), 0o644);
          blobs.set(file, gitBlob(bytes));
        }
        git(root, 'add', '-A');
        expect(gitTree(blobs)).toBe(git(root, 'write-tree'));
        const [first = ''] = Object.keys(all);
        expect(gitBlob(all[first] as Uint8Array)).toBe(git(root, 'hash-object', '--no-filters', first));
      }),
      { numRuns: runs(12) },
    );
  });
});
