// What a user does to a project, and exactly which stages the next run runs.
import { chmodSync, copyFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { closeRigs, openRig, type Rig, stageFile, until } from './rig.ts';

const CHAIN = `pipeline: chain
stages:
  first:
    cmd: cat in/prices > out/text; printf '%s' "$PARAM_WORD" >> out/text
    in: {prices: ./prices.txt}
    out: {text: file}
    params: {word: hello}
  middle:
    uses: ./middle.ts
    in: {text: first.text}
  last:
    cmd: for i in 1 2; do cp in/loud out/all/$i.txt; done
    in: {loud: middle.out}
    out: {all: tree}
  aside:
    cmd: echo aside > out/text
    out: {text: file}
`;
const MIDDLE = stageFile({
  inputs: "text: file('any')",
  body: "ctx.out.out.write(Buffer.from(ctx.in.text.bytes()).toString('utf8').toUpperCase());",
});

/** The same without TypeScript: for what has to do with files alone. */
const COMMANDS = CHAIN.replace('uses: ./middle.ts', 'cmd: tr a-z A-Z < in/text > out/out\n    out: {out: file}');

const FILES = { 'pipeline.yaml': CHAIN, 'middle.ts': MIDDLE, 'prices.txt': '1 2 3\n', 'README.md': 'read me\n' };

function commands(): Rig {
  return openRig({ ...FILES, 'pipeline.yaml': COMMANDS });
}

describe('after a full run', () => {
  // One project for all acts: each leaves it as a run has made it.
  let rig: Rig;
  beforeAll(async () => {
    rig = openRig(FILES);
    const ran = await rig.run();
    expect(ran.code, ran.out + ran.err).toBe(0);
    expect(ran.started).toEqual(['aside', 'first', 'last', 'middle']);
  });
  afterAll(closeRigs);

  test('running again runs nothing and says so in one line', async () => {
    await rig.cli(['run']);
    const again = await rig.cli(['run']);
    expect(again.code).toBe(0);
    expect(again.out).toBe('');
    expect(again.err).toBe('nothing to do: all 4 units are cached\n');
    const json = await rig.run();
    expect(json.started).toEqual([]);
    const twice = await rig.run();
    expect(twice.events.at(-1)).toMatchObject({ type: 'run-finished', ran: 0, cached: 4, ok: true });
  });

  test('touching a source without changing its bytes runs nothing', async () => {
    const later = new Date(Date.now() + 5000);
    for (const name of ['prices.txt', 'middle.ts', 'pipeline.yaml']) utimesSync(rig.path(name), later, later);
    writeFileSync(rig.path('prices.txt'), rig.read('prices.txt'));
    expect(await rig.run()).toMatchObject({ code: 0, started: [], restored: [] });
  });

  test('editing a file that no stage reaches runs nothing', async () => {
    rig.write('README.md', 'other words\n');
    rig.write('notes/new.ts', 'export const x = 1;\n');
    expect(await rig.run()).toMatchObject({ code: 0, started: [] });
  });

  test('a comment in a stage runs that stage alone when its bytes come out the same', async () => {
    rig.edit('middle.ts', 'async run', '// louder\n  async run');
    const ran = await rig.run();
    expect(ran.started).toEqual(['middle']);
    expect(ran.events.find(({ type }) => type === 'unit-finished')).toMatchObject({ stage: 'middle', changed: false });
  });

  test('an edit undone runs nothing: the old results are linked back', async () => {
    const before = rig.digests();
    rig.edit('middle.ts', 'toUpperCase())', "toUpperCase() + '!')");
    const edited = await rig.run();
    expect(edited.started).toEqual(['last', 'middle']);
    expect(rig.digests()).not.toEqual(before);
    rig.edit('middle.ts', " + '!')", ')');
    const undone = await rig.run();
    expect(undone).toMatchObject({ code: 0, started: [], restored: ['last.all', 'middle.out'] });
    expect(rig.digests()).toEqual(before);
  });

  test.each(['data/stages/last/all', 'data/stages/last/all/1.txt', 'data/stages/middle/out', 'data/stages'])(
    'deleting %s runs nothing: it is restored',
    async (name) => {
      const before = rig.digests();
      rig.remove(name);
      const ran = await rig.run();
      expect(ran).toMatchObject({ code: 0, started: [] });
      expect(ran.restored.length).toBeGreaterThan(0);
      expect(rig.digests()).toEqual(before);
    },
  );

  test.each(['in place', 'by replacing it', 'with its size and times kept'])(
    'an output edited by hand %s is found, restored and never built upon',
    async (how) => {
      const before = rig.digests();
      const path = rig.path('data/stages/first/text');
      const { mtime, size } = statSync(path);
      const planted = 'x'.repeat(size);
      if (how === 'by replacing it') {
        rig.write('elsewhere', planted);
        renameSync(rig.path('elsewhere'), path);
      } else writeFileSync(path, planted);
      if (how === 'with its size and times kept') utimesSync(path, mtime, mtime);
      rig.edit('middle.ts', 'async run', `// ${how}\n  async run`);
      const ran = await rig.run();
      expect(ran).toMatchObject({ code: 0, started: ['middle'], restored: ['first.text'] });
      expect(rig.digests()).toEqual(before);
    },
  );

  test('a stray file in an output folder is removed', async () => {
    const before = rig.digests();
    rig.write('data/stages/last/all/deep/3.txt', 'stray');
    expect(await rig.run()).toMatchObject({ code: 0, started: [], restored: ['last.all'] });
    expect(rig.digests()).toEqual(before);
    expect(rig.exists('data/stages/last/all/deep')).toBe(false);
  });

  test('a changed param runs its stage and what is below, and says from what to what', async () => {
    rig.edit('pipeline.yaml', 'word: hello', 'word: goodbye');
    const ran = await rig.run();
    expect(ran.started).toEqual(['first', 'last', 'middle']);
    const reasons = ran.events.flatMap((event) => (event.type === 'unit-started' ? [event.reasons] : []));
    expect(reasons[0]).toEqual([{ kind: 'param', name: 'first.word', was: 'hello', now: 'goodbye' }]);
    expect(reasons[1]).toMatchObject([{ kind: 'input', name: 'text' }]);
  });

  test('a changed source runs what reads it and what is below', async () => {
    rig.write('prices.txt', '1 2 4\n');
    expect((await rig.run()).started).toEqual(['first', 'last', 'middle']);
  });

  test('a comment, the order of keys or of stages in pipeline.yaml runs nothing', async () => {
    const [head = '', tail = ''] = rig.read('pipeline.yaml').split('  middle:');
    const [middle = '', aside = ''] = tail.split('  aside:');
    rig.write('pipeline.yaml', `# moved\n${head}  aside:${aside}  middle:${middle}`);
    expect(await rig.run()).toMatchObject({ code: 0, started: [] });
  });

  test('a new output of a command is made, although its command is the same', async () => {
    const rig = openRig({
      'pipeline.yaml': `pipeline: p\nstages:\n  one: {cmd: "echo a > out/a; echo b > out/b", out: {a: file}}\n`,
    });
    await rig.run();
    rig.edit('pipeline.yaml', '{a: file}', '{a: file, b: file}');
    expect(await rig.run()).toMatchObject({ code: 0, started: ['one'] });
    expect(rig.read('data/stages/one/b')).toBe('b\n');
  });

  test('deleting our own state runs nothing that receipts still know', async () => {
    for (const name of ['state', 'last.json', 'spec.json', 'code']) rig.remove(`.pipeline/${name}`);
    expect(await rig.run()).toMatchObject({ code: 0, started: [], restored: [] });
  });

  test('a configuration file that appears is read, although nothing else changed', async () => {
    const rig = commands();
    await rig.run();
    rig.write('.dvc/config', '[cache]\n    type = copy\n');
    await rig.cli(['run']);
    rig.write('.dvc/config.local', `[cache]\n    dir = ${rig.path('other-cache')}\n`);
    const ran = await rig.cli(['run']);
    expect(ran.code).toBe(0);
    expect(rig.exists('other-cache/files/md5')).toBe(true);
  });
});

describe('a mapped stage', () => {
  afterEach(closeRigs);
  const mapped = (list: string) => `pipeline: mapped
stages:
  split:
    cmd: for t in a b c d; do echo $t > out/all/$t.txt; done
    out: {all: tree}
  each:
    uses: ./each.ts
    map: {over: [${list}], as: ticker}
    in: {all: split.all}
  join:
    cmd: cat in/parts/* > out/whole
    in: {parts: each.out}
    out: {whole: file}
`;
  const EACH = stageFile({
    params: "ticker: { type: 'string' }",
    inputs: "all: tree('any', { slice: true })",
    outputs: "out: tree('any')",
    body: "for (const name of ctx.in.all.names()) ctx.out.out.write(name, ctx.element + ' ' + ctx.params.ticker + '\\n');",
  });

  test('adding an element makes one shard, dropping and reordering make none', async () => {
    const rig = openRig({ 'pipeline.yaml': mapped('a, b'), 'each.ts': EACH });
    expect((await rig.run()).started).toEqual(['each/a', 'each/b', 'join', 'split']);
    rig.write('pipeline.yaml', mapped('a, b, c'));
    expect((await rig.run()).started).toEqual(['each/c', 'join']);
    expect(rig.read('data/stages/join/whole')).toBe('a a\nb b\nc c\n');
    rig.write('pipeline.yaml', mapped('c, a'));
    expect((await rig.run()).started).toEqual(['join']);
    rig.write('pipeline.yaml', mapped('a, c'));
    expect((await rig.run()).started).toEqual([]);
  });

  test('a shard is keyed by its own slice of a tree', async () => {
    const rig = openRig({ 'pipeline.yaml': mapped('a, b'), 'each.ts': EACH });
    await rig.run();
    rig.edit('pipeline.yaml', 'echo $t', 'echo $t$([ $t = b ] && echo "!")');
    expect((await rig.run()).started).toEqual(['each/b', 'split']);
  });
});

describe('a stage that dies', () => {
  afterEach(closeRigs);
  const HALF = `pipeline: half
stages:
  above:
    cmd: echo above > out/text
    out: {text: file}
  half:
    cmd: cat in/text > out/text; HOW
    in: {text: above.text}
    out: {text: file}
  below:
    cmd: cat in/text in/text > out/text
    in: {text: half.text}
    out: {text: file}
`;

  test('by kill -9 of the program with half its output written: it and what is below run again, nothing else', async () => {
    const rig = openRig({ 'pipeline.yaml': '' });
    const gate = rig.path('gate');
    rig.write(
      'pipeline.yaml',
      HALF.replace('HOW', `if [ -e ${gate} ]; then echo $$ > ${gate}; while [ -s ${gate} ]; do sleep 0.05; done; fi`),
    );
    rig.write('gate', '');
    const { child, done } = rig.start(['run', '--json']);
    await until(() => rig.read('gate') !== '', 'the stage under way');
    child.kill('SIGKILL');
    await done;
    expect(rig.exists('data/stages/half')).toBe(false);
    rig.remove('gate');
    const ran = await rig.run();
    expect(ran).toMatchObject({ code: 0, started: ['below', 'half'] });
    expect(rig.read('data/stages/below/text')).toBe('above\nabove\n');
    expect(rig.digests('.pipeline/work')).toEqual({});
    expect(rig.digests('.dvc/cache/pipeline-tmp')).toEqual({});
  });

  test('by its own failure: once the fault is gone it and what is below run, nothing else', async () => {
    const rig = openRig({ 'pipeline.yaml': '', broken: '' });
    rig.write('pipeline.yaml', HALF.replace('HOW', `test ! -e ${rig.path('broken')}`));
    const failed = await rig.run();
    expect(failed).toMatchObject({ code: 1, started: ['above', 'half'] });
    expect(rig.exists('data/stages/half')).toBe(false);
    rig.remove('broken');
    expect(await rig.run()).toMatchObject({ code: 0, started: ['below', 'half'] });
  });

  test('in TypeScript after writing a part: no part of it is ever seen', async () => {
    const body = "ctx.out.out.write('a.txt', 'a'); throw new Error('broken on purpose');";
    const rig = openRig({
      'pipeline.yaml': 'pipeline: p\nstages:\n  one: {uses: ./one.ts}\n',
      'one.ts': stageFile({ outputs: "out: tree('any')", body }),
    });
    const failed = await rig.run();
    expect(failed.code).toBe(1);
    expect(failed.problems).toMatchObject([
      { code: 'stage/failed', message: 'stage `one`: Error: broken on purpose', place: { file: 'one.ts', line: 12 } },
    ]);
    expect(rig.exists('data/stages/one')).toBe(false);
    expect(rig.digests('.dvc/cache/pipeline-tmp')).toEqual({});
    rig.edit('one.ts', "throw new Error('broken on purpose');", '');
    expect(await rig.run()).toMatchObject({ code: 0, started: ['one'] });
  });
});

describe('with hard links into the store', () => {
  afterEach(closeRigs);
  test('a second run restores nothing; an output edited in place costs its stage one run, and the damaged bytes are kept aside', async () => {
    const rig = commands();
    rig.write('.dvc/config', '[cache]\n    type = hardlink\n');
    await rig.run();
    rig.edit('pipeline.yaml', 'pipeline: chain', 'pipeline: other');
    expect(await rig.run()).toMatchObject({ code: 0, started: [], restored: [] });
    const before = rig.digests();
    const path = rig.path('data/stages/first/text');
    chmodSync(path, 0o644);
    writeFileSync(path, 'planted');
    const ran = await rig.run();
    expect(ran).toMatchObject({ code: 0, started: ['first'] });
    expect(ran.events).toContainEqual(expect.objectContaining({ type: 'blob-quarantined' }));
    expect(rig.digests()).toEqual(before);
    expect(Object.keys(rig.digests('.pipeline/quarantine'))).toHaveLength(1);
  });

  test('a second run over symbolic ones restores nothing either', async () => {
    const rig = commands();
    rig.write('.dvc/config', '[cache]\n    type = symlink\n');
    await rig.run();
    rig.edit('pipeline.yaml', 'pipeline: chain', 'pipeline: other');
    expect(await rig.run()).toMatchObject({ code: 0, started: [], restored: [] });
  });
});

test('a project and a cache on different file systems work together', async () => {
  const rig = commands();
  const cache = `/dev/shm/marketloom-test-${process.pid}`;
  rig.write('.dvc/config', `[cache]\n    dir = ${cache}\n`);
  try {
    expect((await rig.run()).started).toHaveLength(4);
    copyFileSync(rig.path('README.md'), rig.path('data/stages/first/text'));
    expect(await rig.run()).toMatchObject({ code: 0, started: [], restored: ['first.text'] });
  } finally {
    rmSync(cache, { recursive: true, force: true });
    closeRigs();
  }
});
