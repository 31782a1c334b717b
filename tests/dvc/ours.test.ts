// The real dvc must take a repository that only our writers made, and write the same bytes where it rewrites it.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PythonFloat } from '../../lib/base/python-json.ts';
import { editConfigText } from '../../lib/dvc/config-text.ts';
import { addLocks, parseLocks, printLocks, removeLocks } from '../../lib/dvc/locks.ts';
import { type LockStage, type PipelineStage, printLock, printPipeline } from '../../lib/dvc/pipeline-file.ts';
import { printPointer } from '../../lib/dvc/pointer.ts';
import { printYaml } from '../../lib/dvc/yaml-style.ts';
import { dvcTitle, openRig, putFolder, putObject, type Rig, skipDvc } from './rig.ts';

const prices = {
  'b.txt': 'b\n',
  'a-b/x': '1',
  'a/x': '2',
  'a.txt': '3',
  'é.txt': '4',
  'Ａ.txt': '5',
  '😀.txt': '6',
  'q"\\.txt': '7',
  'd\x7f.txt': '8',
  'empty.txt': '',
};
const params = {
  seed: 123,
  drift: new PythonFloat(1),
  rate: 1e-5,
  start: '2020-01-01',
  id: '007',
  name: 'é, "quoted" and \'single\'',
  tickers: ['AAPL', 'MSFT', 'NO', '1e5'],
  model: { kind: 'gbm', sigma: 0.2, none: null, on: true, empty: {}, list: [] },
  text: 'two\nlines',
  long: `${'a long sentence that goes on '.repeat(8)}and ends`,
};
const cmd = `mkdir -p out && cp data/a.txt out/p.txt && cp data/a.txt 'out/\${q}.txt' && echo '{"n": 1.5}' > m.json`;
const made = { 'p.txt': '3', '${q}.txt': '3' };
const metrics = '{"n": 1.5}\n';

describe.skipIf(skipDvc)(`a repository written without dvc, ${dvcTitle}`, () => {
  let rig: Rig;
  let lock: string;
  let pointer: string;

  beforeAll(() => {
    rig = openRig();
    let config = editConfigText('config', '', { section: 'remote', name: 'localstore', key: 'url' }, '../../store');
    config = editConfigText('config', config, { section: 'core', name: null, key: 'remote' }, 'localstore');
    rig.write('.dvc/config', config);
    rig.write('.dvc/.gitignore', '/config.local\n/tmp\n/cache\n');
    rig.write('.dvcignore', '');
    rig.write('.gitignore', '/data\n/out\n/list.txt\n');
    rig.write('resolved.yaml', printYaml(params));

    const data = putFolder(rig, prices);
    for (const [name, text] of Object.entries(prices)) rig.write(`data/${name}`, text);
    const size = Object.values(prices).join('').length;
    const entry = { path: 'data', md5: data, size, nfiles: Object.keys(prices).length };
    pointer = printPointer({ outs: [entry], meta: { dataset_id: 'syn_1', key: '12345678901234567890123456789012' } });
    rig.write('data.dvc', pointer);

    const out = putFolder(rig, made);
    for (const [name, text] of Object.entries(made)) rig.write(`out/${name}`, text);
    const metric = putObject(rig, metrics);
    rig.write('m.json', metrics);
    const list = putObject(rig, 'p.txt\n');
    rig.write('list.txt', 'p.txt\n');

    const stages: PipelineStage[] = [
      {
        name: 'make',
        desc: 'copy two files',
        cmd,
        deps: ['data'],
        params: { 'resolved.yaml': Object.keys(params) },
        outs: [{ path: 'out' }],
        metrics: [{ path: 'm.json', cache: false }],
        meta: { key: 'k' },
      },
      {
        name: 'list',
        cmd: ['true', 'ls out | tail -n 1 > list.txt'],
        deps: ['out'],
        params: {},
        outs: [{ path: 'list.txt' }],
      },
    ];
    const locked: LockStage[] = [
      {
        name: 'make',
        cmd,
        deps: [entry],
        params: { 'resolved.yaml': params },
        outs: [
          { path: 'out', md5: out, size: 2, nfiles: 2 },
          { path: 'm.json', md5: metric, size: metrics.length },
        ],
      },
      {
        name: 'list',
        cmd: stages[1]!.cmd,
        deps: [{ path: 'out', md5: out, size: 2, nfiles: 2 }],
        params: {},
        outs: [{ path: 'list.txt', md5: list, size: 6 }],
      },
    ];
    rig.write('dvc.yaml', printPipeline(stages));
    lock = printLock(locked);
    rig.write('dvc.lock', lock);
    rig.git('add', '-A');
  });
  afterAll(() => rig?.close());

  test('status finds nothing to do', () => {
    expect(JSON.parse(rig.dvc('status', '--json'))).toEqual({});
  });

  test('repro skips every stage and leaves every tracked file as it was', () => {
    const said = rig.dvc('repro');
    expect(said.match(/didn't change, skipping/g)?.length).toBe(3);
    expect(rig.git('status', '--porcelain', '--untracked-files=all').replace(/^A {2}.*\n/gm, '')).toBe('');
  });

  test('dag and metrics read our files', () => {
    expect(rig.dvc('dag', '--mermaid')).toContain('list');
    expect(JSON.parse(rig.dvc('metrics', 'show', '--json'))).toMatchObject({
      '': { data: { 'm.json': { data: { n: 1.5 } } } },
    });
  });

  test('checkout brings back the folder from our objects', () => {
    rig.remove('data');
    rig.remove('out');
    rig.dvc('checkout');
    expect(rig.files('data')).toEqual(prices);
    expect(rig.files('out')).toEqual(made);
  });

  test('push and pull carry our objects through a local remote unchanged', () => {
    rig.dvc('push');
    const objects = rig.files('.dvc/cache/files');
    const metricId = Object.keys(objects).find((name) => objects[name] === metrics)!;
    delete objects[metricId];
    expect(rig.files(`${rig.remote}/files`)).toEqual(objects);
    expect(JSON.parse(rig.dvc('status', '-c', '--json'))).toEqual({});
    for (const gone of ['.dvc/cache', 'data', 'out', 'list.txt']) rig.remove(gone);
    rig.dvc('pull');
    expect(rig.files('.dvc/cache/files')).toEqual(objects);
    expect(rig.files('data')).toEqual(prices);
    expect(JSON.parse(rig.dvc('status', '--json'))).toEqual({});
  });

  test('gc keeps every object that our files name', () => {
    const before = rig.files('.dvc/cache/files');
    rig.dvc('gc', '-w', '-f');
    expect(rig.files('.dvc/cache/files')).toEqual(before);
  });

  test('a lock that dvc writes anew after running the stages is ours byte for byte', () => {
    for (const gone of ['dvc.lock', 'out', 'list.txt', 'm.json']) rig.remove(gone);
    rig.dvc('repro', '--force', '--no-run-cache');
    expect(rig.read('dvc.lock')).toBe(lock);
  });

  test('a pointer that dvc writes anew is ours byte for byte, meta included', () => {
    rig.write('data/b.txt', 'changed');
    rig.dvc('add', '--quiet', 'data');
    expect(rig.read('data.dvc')).not.toBe(pointer);
    // An object in the cache may be linked: a new file, not new bytes in the old one.
    rmSync(`${rig.root}/data/b.txt`);
    rig.write('data/b.txt', prices['b.txt']);
    rig.dvc('add', '--quiet', 'data');
    expect(rig.read('data.dvc')).toBe(pointer);
  });

  test('dvc stops before paths we hold and goes on when we let go or die', () => {
    const wanted = { read: [], write: [`${rig.root}/out`] };
    const us = { pid: process.pid, cmd: 'pipeline run' };
    const before = rig.exists('.dvc/tmp/rwlock') ? rig.read('.dvc/tmp/rwlock') : null;
    const locks = parseLocks('rwlock', before);
    const held = addLocks(locks, us, wanted, () => true);
    rig.write('.dvc/tmp/rwlock', printLocks(held));
    const stopped = rig.tryDvc('status');
    expect(stopped.code).not.toBe(0);
    expect(stopped.err).toContain(`(PID ${process.pid}): pipeline run`);
    rig.write('.dvc/tmp/rwlock', printLocks(removeLocks(held, us, wanted)));
    expect(rig.tryDvc('status').code).toBe(0);
    rig.write('.dvc/tmp/rwlock', printLocks(addLocks(locks, { pid: 4194303, cmd: 'gone' }, wanted, () => true)));
    expect(rig.tryDvc('status').code).toBe(0);
  });
});
