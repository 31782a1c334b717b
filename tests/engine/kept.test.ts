// Laws of what is kept: it spares the work while its ground is the same; another ground, or a torn file, does the work again.
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { BuiltCode } from '../../lib/engine/build.ts';
import { declarer, keptDocument } from '../../lib/engine/kept.ts';
import type { Declaration } from '../../lib/engine/spec.ts';
import { Folder, removeProjects } from './folder.ts';

afterEach(removeProjects);

describe('what a stage declares', () => {
  const CODE = { bundles: { 'a.ts': 'a-1.cjs', 'b.ts': 'b-1.cjs' }, packages: {} } as unknown as BuiltCode;

  /** What a command asks of threads when it needs these entries. */
  async function asked(folder: Folder, entries: string[], code = CODE, build = 'one', maximum = 1): Promise<string[]> {
    const bundles: string[] = [];
    const describe = (bundle: string) => {
      bundles.push(bundle.slice(folder.path('code/').length));
      return Promise.resolve({ summary: bundle, params: { maximum } } as unknown as Declaration);
    };
    const roots = { project: folder.root, own: folder.own, codeDir: folder.path('code'), tmp: folder.path('.') };
    const declared = declarer(roots, { flags: {}, env: {}, build, describe }, code);
    for (const entry of entries) {
      const { summary } = await declared.of(entry);
      expect(summary).toBe(folder.path(`code/${code.bundles[entry]}`));
    }
    declared.keep();
    return bundles;
  }

  test('is asked once for the same bundles, packages and program', async () => {
    const folder = new Folder();
    expect(await asked(folder, ['a.ts', 'b.ts'])).toEqual(['a-1.cjs', 'b-1.cjs']);
    expect(await asked(folder, ['a.ts', 'b.ts'])).toEqual([]);
    const edited = { ...CODE, bundles: { ...CODE.bundles, 'b.ts': 'b-2.cjs' } };
    expect(await asked(folder, ['a.ts', 'b.ts'], edited)).toEqual(['b-2.cjs']);
    const updated = { ...edited, packages: { 'npm:p@2': {} } };
    expect(await asked(folder, ['a.ts', 'b.ts'], updated)).toEqual(['a-1.cjs', 'b-2.cjs']);
    expect(await asked(folder, ['a.ts', 'b.ts'], updated, 'two')).toEqual(['a-1.cjs', 'b-2.cjs']);
    folder.write('code/declared.json', '{"from":');
    expect(await asked(folder, ['a.ts'], updated, 'two')).toEqual(['a-1.cjs']);
  });

  test('is asked each time when JSON cannot say it', async () => {
    const folder = new Folder();
    for (const _ of [1, 2])
      expect(await asked(folder, ['a.ts'], CODE, 'one', Number.POSITIVE_INFINITY)).toEqual(['a-1.cjs']);
  });
});

describe('a document', () => {
  const TEXT = '# rates\na: 1\nb: [x, -0.5]\n';
  test('that was read before has the same value and the same places', () => {
    const folder = new Folder();
    const project = folder.open();
    const read = (text: string, build = 'one') => keptDocument(project, 'p.json', build, 'p.yml', text);
    const first = read(TEXT);
    const again = read(TEXT);
    expect(again).not.toBe(first);
    expect(again.value).toEqual({ a: 1, b: ['x', -0.5] });
    expect(again.value).toEqual(first.value);
    for (const path of [['a'], ['b', 1], ['c'], []]) {
      expect(again.place(path)).toEqual(first.place(path));
      expect(again.place(path, 'key')).toEqual(first.place(path, 'key'));
    }
    expect(read(TEXT.replace('1', '2')).value).toMatchObject({ a: 2 });
    expect(read(TEXT).value).toMatchObject({ a: 1 });
    folder.write('.pipeline/documents/p.json', '{"from":"?","value":{"a":9}}');
    expect(read(TEXT).value).toMatchObject({ a: 1 });
    folder.edit('.pipeline/documents/p.json', '"a":1', '"a":3');
    expect(read(TEXT).value).toMatchObject({ a: 3 });
    expect(read(TEXT, 'two').value).toMatchObject({ a: 1 });
  });

  test('with problems tells them each time and is not kept', () => {
    const folder = new Folder();
    const project = folder.open();
    for (const _ of [1, 2])
      expect(keptDocument(project, 'p.json', 'one', 'p.yml', 'a: 1\na: 2').problems).toHaveLength(1);
    expect(readdirSync(folder.path('.pipeline'))).not.toContain('documents');
  });
});
