// The real dvc beside `pipeline`: after a run they agree on every status, and each takes what the other left.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { parseLock } from '../../lib/dvc/pipeline-file.ts';
import { DEMO } from '../dvc-files/demo.ts';
import { dvcTitle, openRig, type Rig, skipDvc } from './rig.ts';

const write = (rig: Rig) => {
  for (const [name, text] of Object.entries(DEMO)) rig.write(name, text);
};
const commit = (rig: Rig) => {
  rig.git('add', '-A');
  rig.git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'run');
};
const clean = 'Data and pipelines are up to date.\n';
const flip = (path: string) => {
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[0] as number) ^ 1, 0);
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  chmodSync(path, 0o444);
};
const blob = (root: string, id: string) => join(root, 'files/md5', id.slice(0, 2), id.slice(2));

describe.skipIf(skipDvc)(`after pipeline run, ${dvcTitle}`, () => {
  let rig: Rig;
  let id: string;

  beforeAll(() => {
    rig = openRig();
    write(rig);
    rig.pipeline('remote', 'add', '-d', 'localstore', '../store');
    id = rig.pipeline('run').trim();
  });
  afterAll(() => rig?.close());

  test('[C-4] dvc status finds nothing to do, and repro skips every stage and writes nothing', () => {
    expect(rig.dvc('status')).toBe(clean);
    const before = rig.files('.');
    const said = rig.dvc('repro');
    expect(said).not.toContain('Running');
    expect(said.match(/didn't change, skipping/g)).toHaveLength(7);
    expect(rig.read('dvc.lock')).toBe(before['dvc.lock']);
    expect(rig.read('dvc.yaml')).toBe(before['dvc.yaml']);
  });

  test('dvc dag shows our stages and sources and the wires between them', () => {
    const dot = rig.dvc('dag', '--dot');
    for (const edge of [
      '"data/sources/raw.dvc" -> "prices"',
      '"data/sources/more.dvc" -> "prices"',
      '"prices" -> "shards"',
      '"prices" -> "loud"',
      '"shards" -> "report"',
      '"loud" -> "publish"',
    ])
      expect(dot).toContain(edge);
  });

  test('[S1-103] after git add the tree is clean, no data is in git, and dvc adds no ignore line of its own', () => {
    rig.dvc('status');
    commit(rig);
    expect(rig.git('status', '--porcelain')).toBe('');
    const tracked = rig.git('ls-files', 'data').trim().split('\n').sort();
    expect(tracked).toEqual([
      'data/sources/.gitignore',
      'data/sources/more.dvc',
      'data/sources/raw.dvc',
      'data/stages/.gitignore',
      'data/stages/params.yaml',
      'data/synthetic/.gitignore',
      'data/synthetic/latest.json',
      `data/synthetic/${id}.dvc`,
    ]);
  });

  test('after pipeline push, dvc has nothing to push and both sides are in sync', () => {
    expect(rig.pipeline('push')).toContain('to localstore');
    expect(rig.dvc('status', '-c')).toBe("Cache and remote 'localstore' are in sync.\n");
    expect(rig.dvc('push')).toContain('Everything is up to date');
  });

  test('dvc checkout restores what was deleted, and pipeline run then runs nothing', () => {
    const before = rig.files('data');
    for (const path of ['data/stages/shards', 'data/stages/prices/bars', `data/synthetic/${id}`, 'data/sources/raw'])
      rig.remove(path);
    rig.dvc('checkout');
    expect(rig.files('data')).toEqual(before);
    expect(rig.pipelineJson('run').started).toEqual([]);
    expect(rig.dvc('status')).toBe(clean);
  });

  test('[C-4] in a second clone dvc pull of the dataset alone gives equal bytes', () => {
    const clone = rig.clone();
    clone.dvc('pull', `data/synthetic/${id}.dvc`);
    expect(clone.files(`data/synthetic/${id}`)).toEqual(rig.files(`data/synthetic/${id}`));
    expect(clone.dvc('pull', `data/synthetic/${id}`)).toContain('Everything is up to date');
    clone.dvc('pull');
    expect(clone.dvc('status')).toBe(clean);
  });

  test('[C-4] in a third clone pipeline pull and run leave what dvc calls up to date, without running anything', () => {
    const clone = rig.clone();
    clone.pipeline('pull');
    expect(clone.files(`data/synthetic/${id}`)).toEqual(rig.files(`data/synthetic/${id}`));
    expect(clone.pipelineJson('run').started).toEqual([]);
    expect(clone.dvc('status')).toBe(clean);
    expect(clone.git('status', '--porcelain')).toBe('');
  });

  test('dvc gc leaves datasets, sources and our receipts, here and in the remote, and a run makes good the rest', () => {
    const receipts = rig.outside('../store/pipeline/receipts');
    rig.dvc('gc', '-w', '-c', '-f');
    expect(rig.outside('../store/pipeline/receipts')).toEqual(receipts);
    rig.pipeline('verify', '--remote');
    expect(rig.dvc('status')).toBe(clean);
    rig.clone().pipeline('pull');
    rig.pipeline('run');
    rig.pipeline('push');
    expect(rig.dvc('status', '-c')).toContain('in sync');
  });

  test('pipeline gc leaves what every dvc command asks for', () => {
    rig.pipeline('gc');
    rig.pipeline('gc', '--remote');
    expect(rig.dvc('status')).toBe(clean);
    expect(rig.dvc('status', '-c')).toContain('in sync');
    rig.clone().dvc('pull');
  });

  test('after a change, a run of one stage leaves dvc the others to do, and a full run leaves it nothing', () => {
    rig.write('raw.csv', 'z\ny\n');
    rig.pipeline('run', 'prices');
    const status = JSON.parse(rig.dvc('status', '--json')) as object;
    expect(Object.keys(status).sort()).toEqual(['loud', 'shards']);
    rig.pipeline('run');
    expect(rig.dvc('status')).toBe(clean);
  });

  test('editing code that a stage reaches makes dvc see that stage changed, and repro runs it through us', () => {
    rig.write('words.ts', 'export const shout = (text: string) => `${text.toUpperCase()}!`;\n');
    const status = JSON.parse(rig.dvc('status', '--json')) as Record<string, unknown>;
    expect(status).toEqual({ loud: [{ 'changed deps': { 'words.ts': 'modified' } }] });
    const cache = rig.files('.dvc/cache/files');
    const said = rig.dvc('repro', 'loud');
    expect(said).toContain("Running stage 'loud'");
    const made = rig.read('data/stages/loud/out');
    expect(made.endsWith('!')).toBe(true);
    // Only dvc wrote to its cache, and only what the stage made.
    const added = Object.keys(rig.files('.dvc/cache/files')).filter((name) => !(name in cache));
    expect(added).toEqual([`md5/${md5(made).slice(0, 2)}/${md5(made).slice(2)}`]);
    const lock = rig.read('dvc.lock');
    // The next run of our own takes over what was made, and agrees with the lock that dvc wrote.
    expect(rig.pipelineJson('run', 'loud').started).toEqual([]);
    expect(parseLock('l', rig.read('dvc.lock'))).toEqual(parseLock('l', lock));
    expect(rig.dvc('status', 'loud')).toBe(clean);
    rig.dvc('repro');
    rig.pipeline('run');
    expect(rig.dvc('status')).toBe(clean);
  });

  test('under dvc a mapped stage runs only the shards that changed, and nothing twice', () => {
    rig.write('notes.txt', 'other notes\n');
    rig.dvc('repro');
    expect(rig.pipelineJson('run').started).toEqual([]);
    expect(rig.dvc('status')).toBe(clean);
  });

  test('while a run writes its outputs, dvc refuses to touch them', () => {
    rig.write('pipeline.yaml', (DEMO['pipeline.yaml'] as string).replace('sort in/bars', 'sleep 8; sort in/bars'));
    const ran = rig.start('run');
    const status = rig.until(
      () => rig.tryDvc('status', 'shards'),
      ({ code }) => code !== 0,
      20,
    );
    expect(status.err).toContain('pipeline run');
    ran.stop();
    rig.write('pipeline.yaml', DEMO['pipeline.yaml'] as string);
    rig.pipeline('run');
  });

  test('[C-3] a blob flipped in the cache, which dvc trusts, is found by verify and healed by the next run', () => {
    rig.pipeline('push');
    const latest = JSON.parse(rig.read('data/synthetic/latest.json')) as { dataset_id: string };
    const file = md5(rig.read(`data/synthetic/${latest.dataset_id}/AAPL.txt`));
    flip(blob(join(rig.root, '.dvc/cache'), file));
    expect(rig.dvc('status')).toBe(clean);
    const found = rig.tryPipeline('verify');
    expect(found.code).toBe(4);
    expect(found.err).toContain('AAPL.txt is damaged in the cache');
    rig.pipeline('run');
    rig.pipeline('verify');
    expect(md5(readFileSync(blob(join(rig.root, '.dvc/cache'), file)))).toBe(file);
  });

  test('[C-3] a blob flipped in the remote is refused by pull, which leaves the cache alone, and healed by a push', () => {
    commit(rig);
    const file = md5(rig.read('data/sources/raw'));
    flip(blob(rig.remote, file));
    const clone = rig.clone();
    const found = clone.tryPipeline('pull');
    expect(found.code).toBe(4);
    expect(found.err).toContain('is damaged in the remote');
    expect(existsSync(blob(join(clone.root, '.dvc/cache'), file))).toBe(false);
    expect(rig.tryPipeline('verify', '--remote').code).toBe(4);
    rig.pipeline('push');
    clone.pipeline('pull');
    clone.dvc('pull');
    expect(clone.dvc('status')).toBe(clean);
  });
});

describe.skipIf(skipDvc)(`what dvc wrote, ${dvcTitle}`, () => {
  test('dvc add and push of a folder is listed, verified and pulled by us', () => {
    const rig = openRig();
    try {
      write(rig);
      rig.dvc('init', '--quiet');
      rig.dvc('remote', 'add', '-d', 'localstore', '../store');
      rig.write('data/synthetic/syn_by_dvc/a.txt', 'a\n');
      rig.write('data/synthetic/syn_by_dvc/sub/é.txt', 'e\n');
      rig.dvc('add', 'data/synthetic/syn_by_dvc');
      rig.dvc('push');
      commit(rig);
      expect(rig.pipeline('verify', 'syn_by_dvc', '--remote')).toContain('all as they should be');
      const clone = rig.clone();
      expect(clone.pipeline('pull', 'syn_by_dvc')).toContain('data/synthetic/syn_by_dvc');
      expect(clone.files('data/synthetic/syn_by_dvc')).toEqual({ 'a.txt': 'a\n', 'sub/é.txt': 'e\n' });
      expect(clone.dvc('status')).toBe(clean);
      expect(clone.git('status', '--porcelain')).toBe('');
    } finally {
      rig.close();
    }
  });

  test('a pointer of DVC 2 and its remote are reported as such', () => {
    const rig = openRig();
    try {
      write(rig);
      rig.dvc('init', '--quiet');
      rig.dvc('remote', 'add', '-d', 'localstore', '../store');
      rig.write('data/synthetic/old.dvc', 'outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  path: old\n');
      const found = rig.tryPipeline('verify', 'old');
      expect(found.code).toBe(4);
      expect(found.err).toContain('store/legacy-layout');
    } finally {
      rig.close();
    }
  });

  test('[S1-66] run --commit commits pointers and locks, which a clone then pulls', () => {
    const rig = openRig();
    try {
      write(rig);
      rig.pipeline('remote', 'add', '-d', 'localstore', '../store');
      rig.git('config', 'user.name', 'a');
      rig.git('config', 'user.email', 'a@b');
      commit(rig);
      const id = rig.pipeline('run', '--commit').trim();
      expect(rig.git('status', '--porcelain')).toBe('');
      expect(rig.git('log', '-1', '--format=%s').trim()).toBe(`Publish ${id}`);
      rig.pipeline('push');
      const clone = rig.clone();
      clone.dvc('pull', `data/synthetic/${id}`);
      expect(clone.files(`data/synthetic/${id}`)).toEqual(rig.files(`data/synthetic/${id}`));
      expect(rig.pipeline('run', '--commit').trim()).toBe(id);
      expect(rig.git('rev-list', '--count', 'HEAD').trim()).toBe('2');
    } finally {
      rig.close();
    }
  });
});
