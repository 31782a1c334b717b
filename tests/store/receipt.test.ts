import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import type { Artifact } from '../../lib/store/blob.ts';
import { contentOf, parseReceipt, type Receipt, Receipts } from '../../lib/store/receipt.ts';
import { runs } from '../thorough.ts';
import { type Folder, openFolder, removeFolders } from './folder.ts';

afterEach(removeFolders);

const OUTPUTS: Receipt['outputs'] = { out: { md5: 'a'.repeat(32) as Receipt['outputs'][string]['md5'], size: 3 } };
const openFolderAt = ({ receipts, store }: Folder) => new Receipts(receipts.dir, store.tmp);
const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

test('a receipt reads back as it was written, one line under the first two digits of its key', () => {
  const { receipts } = openFolder();
  const receipt: Receipt = {
    format: 1,
    key: 'ab'.padEnd(64, 'c') as Receipt['key'],
    stage: 'generate',
    element: 'BRK.B',
    outputs: { bars: { md5: `${'a'.repeat(32)}.dir` as Receipt['outputs'][string]['md5'], size: 3, nfiles: 2 } },
    parts: { params: { seed: '7' }, code: {}, inputs: {} },
    verdict: { passed: false, summary: 'too rough' },
    made: { at: '2026-01-01T00:00:00.000Z', durationMs: 5, run: 'r', head: 'h', dirty: true, node: 'v20' },
  };
  receipts.write(receipt);
  expect(receipts.read(receipt.key)).toEqual(receipt);
  expect(readFileSync(join(receipts.dir, 'ab', `${receipt.key}.json`), 'utf8').split('\n')).toHaveLength(2);
  receipts.remove(receipt.key);
  expect(receipts.read(receipt.key)).toBeNull();
});

test('a receipt may say what a tree without an object lists, and needs these files instead of it', () => {
  const folder = openFolder();
  const [bars, notes] = [folder.listed({ b: '2', a: '1' }), folder.store.put('notes')];
  const receipt = folder.receipt('ab', { bars, notes });
  expect(existsSync(folder.store.path(bars.md5))).toBe(false);
  const read = openFolderAt(folder).read(receipt.key) as Receipt;
  expect(read).toEqual(receipt);
  expect(contentOf(read)).toEqual([
    { md5: md5('1'), name: 'demo.bars/a' },
    { md5: md5('2'), name: 'demo.bars/b' },
    { md5: notes.md5, name: 'demo.notes' },
  ]);
  expect(folder.store.missing(read.outputs.bars as Artifact)).toEqual([]);
  rmSync(folder.store.path(md5('2')));
  expect(folder.store.missing(read.outputs.bars as Artifact)).toEqual([md5('2')]);
});

test('all receipts come in the order of their keys, whatever order they were written in', () => {
  const folder = openFolder();
  for (const key of ['ff', '00', 'a1', 'a0']) folder.receipt(key, OUTPUTS);
  expect([...folder.receipts.all()].map(({ key }) => key.slice(0, 2))).toEqual(['00', 'a0', 'a1', 'ff']);
  expect([...openFolder().receipts.all()]).toEqual([]);
});

describe('what is no receipt is absent, never an error', () => {
  const good = () => {
    const folder = openFolder();
    const receipt = folder.receipt('ab', OUTPUTS);
    return { ...folder, receipt, path: folder.receipts.path(receipt.key) };
  };
  const changed = (change: object) => JSON.stringify({ ...good().receipt, ...change });
  const listed = (change: (artifact: Artifact) => Partial<Artifact>) => {
    const bars = openFolder().listed({ a: '1', b: '2' });
    return changed({ outputs: { bars: { ...bars, ...change(bars) } } });
  };
  const escaping = () => {
    const text = `[{"md5": "${md5('x')}", "relpath": "../x"}]`;
    return {
      md5: `${md5(text)}.dir` as Artifact['md5'],
      files: [{ md5: md5('x'), relpath: '../x', size: 1 }],
    };
  };

  test.each<[string, () => string]>([
    ['torn', () => changed({}).slice(0, 90)],
    ['empty', () => ''],
    ['garbage', () => '\0\u0001{'],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['a text', () => '"x"'],
    ["another key's", () => changed({ key: 'c'.repeat(64) })],
    ['of another format', () => changed({ format: 2 })],
    ['without outputs', () => changed({ outputs: null })],
    ['with an output that is a path', () => changed({ outputs: { out: { md5: '../../x', size: 1 } } })],
    ['with an output that is null', () => changed({ outputs: { out: null } })],
    ['with a size that is no number', () => changed({ outputs: { out: { md5: 'a'.repeat(32), size: '1' } } })],
    ['with a size below nothing', () => changed({ outputs: { out: { md5: 'a'.repeat(32), size: -1 } } })],
    ['with other files than its tree has', () => listed(({ files }) => ({ files: files?.slice(1) }))],
    ['with files of no tree', () => listed(() => ({ md5: 'a'.repeat(32) as Artifact['md5'] }))],
    ['with files that are none', () => listed(() => ({ files: 'a' as never }))],
    ['with a file of no size', () => listed(({ files }) => ({ files: files?.map((file) => ({ ...file, size: -1 })) }))],
    ['with a file that could lie elsewhere', () => listed(escaping)],
    ['without a stage', () => changed({ stage: undefined })],
    ['with an element that is a map', () => changed({ element: {} })],
    ['without the parts of its key', () => changed({ parts: null })],
    ['with a verdict that is a text', () => changed({ verdict: 'passed' })],
    ['with a verdict of no kind', () => changed({ verdict: { passed: 'no' } })],
    ['without the facts of its making', () => changed({ made: undefined })],
  ])('%s', (_, text) => {
    const { receipts, receipt, path } = good();
    writeFileSync(path, text());
    expect(receipts.read(receipt.key)).toBeNull();
    expect(readdirSync(dirname(path)), 'it is removed').toEqual([]);
    expect([...receipts.all()]).toEqual([]);
  });

  test('a name that is no key, whatever lies there', () => {
    const { receipts } = openFolder();
    write(join(receipts.dir, '../secret.json'), '{}');
    for (const name of ['', '..', '../secret', 'ab', 'A'.repeat(64)]) expect(receipts.read(name)).toBeNull();
  });

  test('files and folders of others among the receipts are passed by', () => {
    const { receipts, receipt, path } = good();
    write(join(receipts.dir, 'README'), 'read me');
    write(join(receipts.dir, 'cd'), 'a file where a folder may be');
    write(join(receipts.dir, 'zz/x.json'), '{}');
    write(join(dirname(path), 'note.txt'), 'x');
    // The same key once more: without its ending, and in another's folder.
    write(join(dirname(path), receipt.key), JSON.stringify(receipt));
    write(join(receipts.dir, 'ef', `${receipt.key}.json`), JSON.stringify(receipt));
    expect([...receipts.all()]).toEqual([receipt]);
  });

  test('no text makes the reader throw, and what it takes is whole', () => {
    const { receipt } = good();
    const fields = Object.keys(receipt);
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(null, {}, [], '', -1));
    fc.assert(
      fc.property(fc.constantFrom(...fields), value, fc.boolean(), (field, odd, inOutputs) => {
        const text = JSON.stringify({ ...receipt, ...(inOutputs ? { outputs: { out: odd } } : { [field]: odd }) });
        const found = parseReceipt(text);
        if (found === null) return;
        expect([null, 'string']).toContain(found.element === null ? null : typeof found.element);
        for (const { md5, size } of Object.values(found.outputs)) {
          expect(md5).toMatch(/^[0-9a-f]{32}(\.dir)?$/);
          expect(size).toBeGreaterThanOrEqual(0);
        }
        expect(typeof found.made).toBe('object');
      }),
      { numRuns: runs(300) },
    );
    fc.assert(fc.property(fc.string(), (text) => parseReceipt(text) === null));
  });
});
