import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Md5, md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { describe as say } from '../../lib/engine/explain.ts';
import type { StageSpec } from '../../lib/engine/spec.ts';
import { paramsOf } from '../../lib/engine/unit-code.ts';
import { type Last, type Loaded, mergeOutputs, planUnits, sliceEntries, workInputs } from '../../lib/engine/units.ts';
import { Folder, finish, plansOf, putTree, removeProjects } from './folder.ts';

afterEach(removeProjects);

const entries = (...names: string[]) => names.map((relpath) => ({ relpath, md5: md5(relpath) }));
const slice = (names: string[], element: string) => sliceEntries(entries(...names), element).map((e) => e.relpath);

describe('a slice', () => {
  const NAMES = ['BRK', 'BRK.parquet', 'BRK/a', 'BRK/b/c', 'BRK.B.parquet', 'BRK.B/a', 'BRKX', 'BRKX.parquet', 'a/BRK'];

  test('is the files below a folder of the element’s name and the file of its name', () => {
    expect(slice(NAMES, 'BRK')).toEqual(['BRK', 'BRK.parquet', 'BRK/a', 'BRK/b/c']);
    expect(slice(NAMES, 'BRK.B')).toEqual(['BRK.B.parquet', 'BRK.B/a']);
    expect(slice(NAMES, 'B')).toEqual([]);
  });

  test('takes each file for exactly one element, however one name begins another', () => {
    const element = fc.stringMatching(/^[AB^]{1,2}(?:[.=-][AB]{1,2})?$/);
    fc.assert(
      fc.property(fc.uniqueArray(element, { minLength: 1, maxLength: 8 }), (elements) => {
        const files = elements.flatMap((one) => [`${one}.parquet`, `${one}/2020/x.csv`]);
        const taken = elements.flatMap((one) => slice(files, one));
        expect(taken.toSorted()).toEqual(files.toSorted());
      }),
    );
  });
});

const PIPELINE = `pipeline: demo
config: {file: config.yml, schema: schema.json}
sources: sources.yml
stages:
  a:
    cmd: cat in/raw > out/o
    in: {raw: source:raw}
    params: {rate: $rate, mode: fast}
    out: {o: file}
  b:
    cmd: make
    map: {over: $tickers, as: ticker}
    in: {o: a.o, set: [source:raw, ./notes.txt]}
    params: {z: 1, a: {y: 1, x: 2}}
    out: {t: tree, j: json}
`;
const FILES = {
  'pipeline.yaml': PIPELINE,
  'config.yml': 'rate: 0.1\ntickers: [X, Y]\nnobody: 1\n',
  'schema.json': '{"type":"object"}',
  'sources.yml': 'sources: {raw: raw.csv}\n',
  'raw.csv': 'raw\n',
  'notes.txt': 'notes\n',
};

async function keys(folder: Folder): Promise<Record<string, string>> {
  const project = folder.open();
  const loaded = await folder.load(project);
  const plans = [
    ...plansOf(project, loaded, 'a'),
    ...plansOf(project, loaded, 'b', { a: { o: { md5: md5('o'), size: 1 } } }),
  ];
  return Object.fromEntries(
    plans.map(({ stage, element, key }) => [element === null ? stage : `${stage}/${element}`, key]),
  );
}

describe('[C-2] an edit changes the keys of the units it can reach', () => {
  test.each<[string, (folder: Folder) => void, string[]]>([
    ['a param in the configuration', (f) => f.edit('config.yml', '0.1', '0.2'), ['a']],
    ['a literal param', (f) => f.edit('pipeline.yaml', 'fast', 'slow'), ['a']],
    ['the command', (f) => f.edit('pipeline.yaml', 'cmd: make', 'cmd: make all'), ['b/X', 'b/Y']],
    ['the kind of an output', (f) => f.edit('pipeline.yaml', 'j: json', 'j: file'), ['b/X', 'b/Y']],
    ['a source', (f) => f.write('raw.csv', 'other\n'), ['a', 'b/X', 'b/Y']],
    ['a workspace file', (f) => f.write('notes.txt', 'other\n'), ['b/X', 'b/Y']],
    ['an element more', (f) => f.edit('config.yml', '[X, Y]', '[Z, X, Y]'), ['b/Z']],
    ['the order of elements', (f) => f.edit('config.yml', '[X, Y]', '[Y, X]'), []],
    [
      'the order of params, of wires and of keys inside a param',
      (f) => {
        f.edit('pipeline.yaml', '{z: 1, a: {y: 1, x: 2}}', '{a: {x: 2, y: 1}, z: 1}');
        f.edit('pipeline.yaml', '[source:raw, ./notes.txt]', '[./notes.txt, source:raw]');
      },
      [],
    ],
    ['a value nobody refers to', (f) => f.edit('config.yml', 'nobody: 1', 'nobody: 2'), []],
    [
      'words, retries and a timeout',
      (f) => f.edit('pipeline.yaml', '  a:\n', '  a:\n    desc: x\n    retries: 2\n    timeout: 9\n'),
      [],
    ],
    [
      'where a source lies',
      (f) => {
        f.write('data/raw.csv', 'raw\n');
        f.edit('sources.yml', 'raw.csv', 'data/raw.csv');
      },
      [],
    ],
  ])('%s', async (_, edit, names) => {
    const folder = new Folder(FILES);
    const before = await keys(folder);
    edit(folder);
    const after = await keys(folder);
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(names);
  });
});

describe('a unit', () => {
  const planned = async () => {
    const folder = new Folder(FILES);
    const project = folder.open();
    const loaded = await folder.load(project);
    const [plan] = plansOf(project, loaded, 'a');
    if (plan === undefined) throw new Error('no unit');
    return { folder, project, loaded, plan };
  };
  const OUT = 'made\n';

  test('that was never made says so; made once it is a hit, until its blob is gone', async () => {
    const { project, loaded, plan } = await planned();
    expect(plan.reasons).toEqual([{ kind: 'never-made' }]);
    const o = project.store.put(OUT);
    finish(project, plan, { o });
    expect(plansOf(project, loaded, 'a')[0]).toMatchObject({ hit: { outputs: { o } }, reasons: [] });
    rmSync(project.store.path(o.md5));
    expect(plansOf(project, loaded, 'a')[0]).toMatchObject({
      hit: null,
      reasons: [{ kind: 'output-missing', output: `o (${o.md5.slice(0, 8)})` }],
    });
  });

  test('whose receipt lacks an output it should have is no hit', async () => {
    const { project, loaded, plan } = await planned();
    finish(project, plan, {});
    expect(plansOf(project, loaded, 'a')[0]?.hit).toBeNull();
  });

  test('remembers its key while everything its key rests on is the same, and its explanation is that of the store', async () => {
    const { folder, project, loaded, plan } = await planned();
    const o = project.store.put(OUT);
    finish(project, plan, { o });
    const { key, inputText } = plan;
    const units = { a: { '': { key, inputText, outputs: { o }, verdict: null } } };
    const last: Last = { stamp: loaded.stamp, run: 'r', units };
    const again = (pipeline: Loaded) => {
      const stage = pipeline.spec.stages[0] as StageSpec;
      const raw = pipeline.given.get('source:raw');
      return planUnits(project, pipeline, stage, { raw: { '': raw as NonNullable<typeof raw> } }, last, false)[0];
    };
    expect(again(loaded)).toMatchObject({ key, hit: { outputs: { o } } });
    folder.edit('config.yml', '0.1', '0.2');
    const next = again(await folder.load());
    expect(next?.hit).toBeNull();
    expect(next?.reasons.map(say)).toEqual(['param `rate`: 0.1 -> 0.2']);
    project.receipts.remove(key);
    expect(again(await folder.load())?.reasons).toEqual([{ kind: 'receipt-missing' }]);
  });
});

test('params reach a stage in one order at every depth, the mapped element among them', async () => {
  const loaded = await new Folder(FILES).load();
  const [, stage] = loaded.spec.stages;
  expect(JSON.stringify(paramsOf(stage as StageSpec, 'X'))).toBe('{"a":{"x":2,"y":1},"ticker":"X","z":1}');
});

test('inputs reach a stage by name, and a single file in a set under the name it was declared with', async () => {
  const folder = new Folder(FILES);
  const project = folder.open();
  const loaded = await folder.load(project);
  const o = project.store.put('o');
  const [plan] = plansOf(project, loaded, 'b', { a: { o } });
  const inputs = workInputs(project, loaded.spec.stages[1] as StageSpec, plan as NonNullable<typeof plan>);
  const seen = Object.entries(inputs.set?.artifacts ?? {}).map(([label, { files }]) => [
    label,
    files.map((f) => f.relpath),
  ]);
  expect(seen).toEqual([
    ['notes.txt', ['notes.txt']],
    ['raw', ['raw']],
  ]);
  expect(inputs.o).toMatchObject({ many: false, artifacts: { '': { md5: o.md5 } } });
});

test('a port that takes an element’s slice takes it of a single file as well', async () => {
  const folder = new Folder({
    'pipeline.yaml':
      'pipeline: x\nstages:\n  s: {cmd: x, map: {over: [X.csv, Y], as: e}, in: {p: ./X.csv}, out: {o: file}}\n',
    'X.csv': 'x\n',
  });
  const project = folder.open();
  const loaded = await folder.load(project);
  const [stage] = loaded.spec.stages;
  const port = { ...stage?.inputs.p, slice: true };
  const sliced = { ...stage, code: { kind: 'command', cmd: 'x' }, inputs: { p: port } } as StageSpec;
  const given = loaded.given.get('./X.csv');
  const plans = planUnits(
    project,
    loaded,
    sliced,
    { p: { '': given as NonNullable<typeof given> } },
    { stamp: '', run: '', units: {} },
    false,
  );
  const files = plans.map((plan) =>
    workInputs(project, sliced, plan).p?.artifacts['']?.files.map(({ relpath }) => relpath),
  );
  expect(files).toEqual([['X.csv'], []]);
});

describe('the outputs of shards', () => {
  const stage = {
    name: 's',
    map: { elements: ['X', 'Y'], as: 'e' },
    outputs: { t: { kind: 'tree' } },
  } as unknown as StageSpec;
  const merge = (x: Record<string, string>, y: Record<string, string>) => {
    const project = new Folder().open();
    const units = [
      { element: 'X', outputs: { t: putTree(project, x) } },
      { element: 'Y', outputs: { t: putTree(project, y) } },
    ];
    const merged = mergeOutputs(project, stage, units).t;
    return { ...merged, names: project.store.readTree(merged?.md5 as Md5).map(({ relpath }) => relpath) };
  };
  const codeOf = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      if (error instanceof ProblemError) return error.problems[0]?.code;
      throw error;
    }
    return 'merged';
  };

  test('are one tree of all their files', () => {
    expect(merge({ 'X/b': '12', 'X/a': '1' }, { 'Y.csv': '123' })).toMatchObject({
      size: 6,
      nfiles: 3,
      names: ['X/a', 'X/b', 'Y.csv'],
    });
  });

  test('that are single files stand in it under their element', () => {
    const project = new Folder().open();
    const units = ['Y', 'X'].map((element) => ({ element, outputs: { t: project.store.put(element) } }));
    const merged = mergeOutputs(project, stage, units).t;
    expect(project.store.readTree(merged?.md5 as Md5)).toEqual([
      { relpath: 'X', md5: md5('X') },
      { relpath: 'Y', md5: md5('Y') },
    ]);
  });

  test('are refused when two give one name, equal bytes or not, or one name is a folder of the other', () => {
    expect(codeOf(() => merge({ a: '1' }, { a: '1' }))).toBe('stage/bad-output');
    expect(codeOf(() => merge({ a: '1' }, { a: '2' }))).toBe('stage/bad-output');
    expect(codeOf(() => merge({ a: '1' }, { 'a/b': '2' }))).toBe('stage/bad-output');
    expect(codeOf(() => merge({ a: '1' }, { b: '1' }))).toBe('merged');
  });
});
