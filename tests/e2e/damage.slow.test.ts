// Whatever is damaged, foreign, old or raced for: the next run mends it or says clearly what is wrong, and never serves stale bytes.
import { appendFileSync, chmodSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { closeRigs, openRig, type Rig, stageFile, until } from './rig.ts';

afterEach(closeRigs);

const FILES = {
  'pipeline.yaml': `pipeline: p
stages:
  a: {cmd: cat in/src > out/o; echo aaa >> out/o, in: {src: ./src.txt}, out: {o: file}}
  b: {uses: ./b.ts, in: {x: a.o}}
  c: {cmd: cat in/x/* > out/o, in: {x: b.out}, out: {o: file}}
`,
  'b.ts': stageFile({
    inputs: "x: file('any')",
    outputs: "out: tree('any')",
    body: "ctx.out.out.write('1', ctx.in.x.bytes()); ctx.out.out.write('2', 'two');",
  }),
  'src.txt': 'source\n',
};

async function ready(): Promise<{ rig: Rig; before: Record<string, string> }> {
  const rig = openRig(FILES);
  const ran = await rig.run();
  expect(ran.code, ran.out + ran.err).toBe(0);
  // Once more in words, so that the launcher has an answer to give.
  await rig.cli(['run']);
  return { rig, before: rig.digests('data/stages') };
}

const filesBelow = (rig: Rig, folder: string) => Object.keys(rig.digests(folder)).map((name) => `${folder}/${name}`);

function damage(rig: Rig, name: string, how: string): void {
  const path = rig.path(name);
  chmodSync(path, 0o644);
  const text = rig.read(name);
  if (how === 'emptied') writeFileSync(path, '');
  else if (how === 'cut in half') truncateSync(path, text.length >> 1);
  else if (how === 'flipped') {
    const { mtime } = statSync(path);
    const bytes = Buffer.from(text);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    utimesSync(path, mtime, mtime);
  } else if (how === 'longer') appendFileSync(path, 'more');
  else writeFileSync(path, how);
}

/** The two questions: one the launcher could answer from memory, and one it cannot. */
async function recovers(rig: Rig, before: Record<string, string>): Promise<void> {
  const ran = await rig.cli(['run']);
  expect(ran.code, ran.out + ran.err).toBe(0);
  expect(ran.err).not.toContain('defect');
  expect(rig.digests('data/stages')).toEqual(before);
  const again = await rig.run();
  expect(again).toMatchObject({ code: 0, started: [], restored: [] });
}

describe('a damaged blob', () => {
  test.each(['emptied', 'cut in half', 'flipped', 'longer'])(
    '%s, of every file in the store, is made again',
    async (how) => {
      const { rig, before } = await ready();
      const blobs = filesBelow(rig, '.dvc/cache/files/md5');
      expect(blobs.length).toBeGreaterThan(4);
      for (const name of blobs) damage(rig, name, how);
      await recovers(rig, before);
      for (const [name, md5] of Object.entries(rig.digests('.dvc/cache/files/md5')))
        expect(`${md5}${name.endsWith('.dir') ? '.dir' : ''}`).toBe(name.replace('/', ''));
    },
  );

  test('costs the stage that made it one run and no other', async () => {
    const { rig } = await ready();
    const md5 = rig.digests('data/stages')['b/out/2'] ?? '';
    damage(rig, `.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`, 'flipped');
    const ran = await rig.run();
    expect(ran).toMatchObject({ code: 0, started: ['b'] });
    expect(ran.events).toContainEqual(expect.objectContaining({ type: 'blob-quarantined', md5 }));
    const reasons = ran.events.flatMap((event) => (event.type === 'unit-started' ? event.reasons : []));
    expect(reasons).toMatchObject([{ kind: 'output-corrupted' }]);
  });

  test('that a stage gives again under another key is written again, because the stage is not believed that it is there', async () => {
    const { rig } = await ready();
    const md5 = rig.digests('data/stages')['b/out/2'] ?? '';
    const blob = `.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`;
    const written = statSync(rig.path(blob)).ino;
    rig.write('src.txt', 'another source\n');
    expect(await rig.run()).toMatchObject({ code: 0, started: ['a', 'b', 'c'] });
    // What is whole is not even written.
    expect(statSync(rig.path(blob)).ino).toBe(written);
    damage(rig, blob, 'flipped');
    rig.write('src.txt', 'a third source\n');
    const ran = await rig.run();
    expect(ran).toMatchObject({ code: 0, started: ['a', 'b', 'c'] });
    expect(ran.events).toContainEqual(expect.objectContaining({ type: 'blob-quarantined', md5 }));
    expect(rig.digests('data/stages')['b/out/2']).toBe(md5);
    expect(rig.read(blob)).toBe('two');
  });

  test('that is a folder, or gone, is made again', async () => {
    const { rig, before } = await ready();
    const [first = '', second = ''] = filesBelow(rig, '.dvc/cache/files/md5');
    rig.remove(first);
    rig.remove(second);
    await recovers(rig, before);
  });
});

const GARBAGE = ['', '{', 'null', '5', '[]', '{}', '"x"', '{"format":1}', '{"format":2}', '\0\0\0'];

describe('a file of our own state', () => {
  test.each(['state', 'last.json', 'spec.json', 'code/index.json'])(
    '%s of garbage costs time and nothing else',
    async (name) => {
      const { rig, before } = await ready();
      for (const garbage of GARBAGE) {
        rig.write(`.pipeline/${name}`, garbage);
        const ran = await rig.cli(['run']);
        expect(ran.code, `${garbage}\n${ran.out}${ran.err}`).toBe(0);
        expect(rig.digests('data/stages')).toEqual(before);
      }
      await recovers(rig, before);
    },
  );

  test.each([
    ['last.json', '{"format":2,"stamp":"x","units":{"a":null}}'],
    ['last.json', '{"format":2,"stamp":"x","units":{"a":{"":5}}}'],
    ['last.json', '{"format":2,"stamp":"x","units":{"a":{"":{"key":"../../../pipeline"}}}}'],
    ['code/index.json', '{"format":1,"builtWith":"x","bundles":{},"sources":{},"packages":{}}'],
  ])('%s that is JSON of the wrong shape neither crashes nor misleads', async (name, text) => {
    const { rig, before } = await ready();
    rig.write('pipeline.json', '{}');
    rig.write(`.pipeline/${name}`, text);
    rig.edit('src.txt', 'source', 'sauces');
    expect((await rig.run()).code).toBe(0);
    rig.edit('src.txt', 'sauces', 'source');
    await recovers(rig, before);
    expect(rig.exists('pipeline.json')).toBe(true);
  });

  test('a torn bundle is built again and never run', async () => {
    const { rig, before } = await ready();
    for (const name of filesBelow(rig, '.pipeline/code').filter((path) => path.endsWith('.cjs')))
      damage(rig, name, 'cut in half');
    rig.edit('src.txt', 'source', 'sauces');
    expect((await rig.run()).code).toBe(0);
    rig.edit('src.txt', 'sauces', 'source');
    await recovers(rig, before);
  });

  test.each(['cut in half', 'emptied', 'null', '{"format":1}'])(
    'every receipt %s is made again where it is needed',
    async (how) => {
      const { rig, before } = await ready();
      const receipts = filesBelow(rig, '.pipeline/receipts');
      expect(receipts).toHaveLength(3);
      for (const name of receipts) damage(rig, name, how);
      rig.remove('.pipeline/last.json');
      const ran = await rig.run();
      expect(ran).toMatchObject({ code: 0, started: ['a', 'b', 'c'] });
      await recovers(rig, before);
    },
  );

  test("a receipt under another key's name is not believed", async () => {
    const { rig, before } = await ready();
    const [one = '', two = ''] = filesBelow(rig, '.pipeline/receipts');
    writeFileSync(rig.path(one), rig.read(two));
    rig.remove('.pipeline/last.json');
    expect((await rig.run()).started).toHaveLength(1);
    await recovers(rig, before);
  });

  test('dvc.lock and dvc.yaml of garbage are written again or named', async () => {
    const { rig, before } = await ready();
    for (const name of ['dvc.lock', 'dvc.yaml']) {
      for (const garbage of ['{', '\0']) {
        rig.write(name, garbage);
        const ran = await rig.cli(['run']);
        const said = `${name}: ${JSON.stringify(garbage)}\n${ran.out}${ran.err}`;
        expect([0, 2], said).toContain(ran.code);
        if (ran.code === 2) expect(ran.err, said).toContain(name);
        expect(ran.err, said).not.toContain('defect');
        rig.remove(name);
        await recovers(rig, before);
      }
    }
  });
});

describe('the lock', () => {
  const owner = (fields: object) =>
    JSON.stringify({
      pid: 4_000_000,
      started: '1',
      host: hostname(),
      since: '2026-01-01T00:00:00Z',
      command: 'pipeline run',
      ...fields,
    });

  test.each([
    ['of garbage', '{'],
    ['of nothing', ''],
    ['without an owner', 'null'],
    ['of a process that is gone', owner({})],
    ['of a pid no system has', owner({ pid: 2 ** 45 })],
    ['of a pid that now is another process', owner({ pid: process.pid })],
  ])('%s is taken over', async (_, text) => {
    const rig = openRig(FILES);
    rig.write('.pipeline/lock', text);
    expect((await rig.run()).code).toBe(0);
    expect(rig.exists('.pipeline/lock')).toBe(false);
  });

  test('of another host is waited for, by name, and Ctrl-C ends the wait', async () => {
    const rig = openRig(FILES);
    rig.write('.pipeline/lock', owner({ host: 'elsewhere' }));
    const { child, done } = rig.start(['run']);
    let said = '';
    child.stderr?.on('data', (text: string) => {
      said += text;
    });
    await until(() => said !== '', 'a word about waiting');
    expect(said).toContain('elsewhere');
    expect(said).toContain('.pipeline/lock');
    child.kill('SIGINT');
    expect((await done).code).toBe(130);
    expect(rig.exists('.pipeline/lock')).toBe(true);
  });

  test('lets two runs race on one checkout: both succeed, each stage runs once, results are equal', async () => {
    const rig = openRig(FILES);
    let before: Record<string, string> | null = null;
    for (let round = 0; round < 10; round++) {
      rig.write('src.txt', `${round}\n`);
      const both = await Promise.all([rig.run(), rig.run()]);
      for (const { code, out, err } of both) expect(code, out + err).toBe(0);
      expect(both.flatMap(({ started }) => started).sort()).toEqual(['a', 'b', 'c']);
      const now = rig.digests('data/stages');
      expect(now).not.toEqual(before);
      before = now;
    }
    rig.remove('.pipeline/receipts');
    rig.remove('.pipeline/last.json');
    expect((await rig.run()).code).toBe(0);
    expect(rig.digests('data/stages')).toEqual(before);
  });
});

describe('no clock makes stale bytes served', () => {
  const [PAST, FUTURE] = [new Date('2001-01-01T00:00:00Z'), new Date('2100-01-01T00:00:00Z')];

  test.each([
    ['past', PAST],
    ['future', FUTURE],
  ])('files and our memory dated to the %s', async (_, date) => {
    const { rig, before } = await ready();
    for (const name of ['src.txt', 'b.ts', 'pipeline.yaml', '.pipeline/state', '.pipeline/spec.json'])
      utimesSync(rig.path(name), date, date);
    await recovers(rig, before);
    rig.write('src.txt', 'sauces\n');
    for (const name of ['src.txt', '.pipeline/state']) utimesSync(rig.path(name), date, date);
    const ran = await rig.run();
    expect(ran.started).toEqual(['a', 'b', 'c']);
    expect(rig.read('data/stages/a/o')).toBe('sauces\naaa\n');
  });

  test.each(['src.txt', 'b.ts'])('%s written with the same size, its times put back', async (name) => {
    const { rig } = await ready();
    const { atime, mtime } = statSync(rig.path(name));
    rig.edit(name, name === 'src.txt' ? 'source' : "'two'", name === 'src.txt' ? 'sauces' : "'owt'");
    utimesSync(rig.path(name), atime, mtime);
    const ran = await rig.cli(['run']);
    expect(ran.err).not.toContain('nothing to do');
    expect(rig.read('data/stages/c/o')).toContain(name === 'src.txt' ? 'sauces' : 'owt');
  });

  test('an edit in the moment after a run is seen by the next', async () => {
    const { rig } = await ready();
    for (const word of ['sauces', 'secure', 'source']) {
      rig.write('src.txt', `${word}\n`);
      await rig.cli(['run']);
      expect(rig.read('data/stages/c/o')).toContain(word);
    }
  });
});

test('what a foreign process leaves in our temporary folders is swept when its maker is gone', async () => {
  const { rig } = await ready();
  const dead = (4_000_000).toString(36);
  for (const folder of ['.pipeline/tmp', '.dvc/cache/pipeline-tmp']) rig.write(`${folder}/${dead}-abc`, 'half');
  rig.write('README.md', 'x');
  rig.write('src.txt', 'other\n');
  await rig.run();
  expect(readdirSync(rig.path('.pipeline/tmp'))).toEqual([]);
  expect(readdirSync(rig.path('.dvc/cache/pipeline-tmp'))).toEqual([]);
});
