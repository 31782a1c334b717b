// Running: order, workers, failures, timeouts and interrupts never change bytes and never leave a half.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { parseJournal } from '../../lib/engine/journal.ts';
import { closeRigs, openRig, type Rig, stageFile, until } from './rig.ts';

afterEach(closeRigs);

const WIDE = `pipeline: wide
stages:
  seed: {cmd: 'for i in 1 2 3 4; do echo $i > out/all/e$i.txt; done', out: {all: tree}}
  shard:
    uses: ./shard.ts
    map: {over: [e1, e2, e3, e4], as: name}
    in: {all: seed.all}
  shell:
    cmd: cat in/all/* > out/all/$PARAM_NAME.txt; echo $PARAM_NAME >> out/all/$PARAM_NAME.txt
    map: {over: [e1, e2, e3, e4], as: name}
    in: {all: seed.all}
    out: {all: tree}
  join:
    cmd: cat in/parts/*/* > out/whole
    in: {parts: [shell.all, shard.out]}
    out: {whole: file}
`;
const SHARD = stageFile({
  params: "name: { type: 'string' }",
  inputs: "all: tree('any', { slice: true })",
  outputs: "out: tree('any')",
  body: `for (const file of ctx.in.all.names()) {
      await new Promise((done) => setTimeout(done, 10 * ((file.charCodeAt(1) * 7) % 5)));
      ctx.out.out.write(file, Buffer.from(ctx.in.all.bytes(file)).toString('utf8').repeat(3));
    }`,
});

test('any number of jobs gives the same bytes', async () => {
  const results = [];
  for (const jobs of ['1', '2', '4']) {
    const rig = openRig({ 'pipeline.yaml': WIDE, 'shard.ts': SHARD });
    const ran = await rig.cli(['run', '--json', '--jobs', jobs]);
    expect(ran.code, ran.out + ran.err).toBe(0);
    expect(ran.started).toHaveLength(10);
    results.push(rig.digests('data/stages'));
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test('the order of wires, sources and params in YAML reaches no output', async () => {
  const yaml = (wires: string, params: string) => `pipeline: order
stages:
  a: {cmd: echo a > out/o/x, out: {o: tree}}
  b: {cmd: echo b > out/o/x, out: {o: tree}}
  show: {uses: ./show.ts, in: {set: [${wires}]}, params: {map: ${params}}}
  dump: {cmd: cp params.json out/o, params: {map: ${params}}, out: {o: file}}
`;
  const show = stageFile({
    params: 'map: {}',
    inputs: "set: trees('any')",
    body: 'ctx.out.out.write(JSON.stringify([Object.keys(ctx.in.set), ctx.params]));',
  });
  const rigs = [
    openRig({ 'pipeline.yaml': yaml('a.o, b.o', '{x: {p: 1, q: 2}, y: 3}'), 'show.ts': show }),
    openRig({ 'pipeline.yaml': yaml('b.o, a.o', '{y: 3, x: {q: 2, p: 1}}'), 'show.ts': show }),
  ];
  for (const rig of rigs) {
    const ran = await rig.run();
    expect(ran.code, ran.out).toBe(0);
  }
  for (const stage of ['show', 'dump'])
    expect(rigs[1]?.digests(`data/stages/${stage}`)).toEqual(rigs[0]?.digests(`data/stages/${stage}`));
});

test('the order in which a stage writes a tree is not the order in which another reads it', async () => {
  const yaml = `pipeline: p
stages:
  write: {uses: ./write.ts}
  read: {uses: ./read.ts, in: {all: write.out}}
`;
  const write = stageFile({
    outputs: "out: tree('any')",
    body: "for (const n of ['b', 'a', 'c/d']) ctx.out.out.write(n, n);",
  });
  const read = stageFile({ inputs: "all: tree('any')", body: 'ctx.out.out.write(ctx.in.all.names().join());' });
  const rig = openRig({ 'pipeline.yaml': yaml, 'write.ts': write, 'read.ts': read });
  await rig.run();
  expect(rig.read('data/stages/read/out')).toBe('a,b,c/d');
});

describe('when a stage fails', () => {
  const TWO = `pipeline: two
stages:
  bad: {cmd: 'echo before; echo "it broke" >&2; exit 7', out: {o: file}}
  below: {cmd: cat in/x > out/o, in: {x: bad.o}, out: {o: file}}
  good: {cmd: sleep 0.3; echo good > out/o, out: {o: file}}
  after: {cmd: cat in/x > out/o, in: {x: good.o}, out: {o: file}}
`;

  test('what ran beside it is kept, what is below is skipped, its last words are shown, the exit code is 1', async () => {
    const rig = openRig({ 'pipeline.yaml': TWO });
    const ran = await rig.cli(['run', '--json', '--jobs', '2']);
    expect(ran.code).toBe(1);
    expect(ran.problems).toMatchObject([
      { code: 'stage/failed', message: expect.stringContaining('`bad`'), facts: { output: 'before\nit broke' } },
    ]);
    expect(ran.events).toContainEqual({ type: 'stage-skipped', stage: 'below', because: 'bad' });
    rig.edit('pipeline.yaml', 'exit 7', 'echo ok > out/o');
    const fixed = await rig.run();
    expect(fixed.code).toBe(0);
    expect(fixed.started).not.toContain('good');
  });

  test('--keep-going finishes what does not depend on it', async () => {
    const ran = await openRig({ 'pipeline.yaml': TWO }).cli(['run', '--json', '--jobs', '1', '--keep-going']);
    expect(ran).toMatchObject({ code: 1, started: ['after', 'bad', 'good'] });
    expect(ran.events.at(-1)).toMatchObject({ type: 'run-finished', ok: false, ran: 2, failed: 1, skipped: 1 });
  });

  test('a person sees each problem once', async () => {
    const { err, out } = await openRig({ 'pipeline.yaml': TWO }).cli(['run']);
    expect(err.match(/error stage\/failed/g)).toHaveLength(1);
    expect(err).toContain('it broke');
    expect(out).toBe('');
  });

  test('it is tried again as often as it says, and no more', async () => {
    const rig = openRig({ 'pipeline.yaml': '' });
    const cmd = (n: number) =>
      `echo x >> ${rig.path('tries')}; test $(wc -l < ${rig.path('tries')}) -ge ${n} && echo ok > out/o`;
    rig.write('pipeline.yaml', `pipeline: p\nstages:\n  a: {cmd: '${cmd(3)}', retries: 2, out: {o: file}}\n`);
    const ran = await rig.run();
    expect(ran.code).toBe(0);
    expect(ran.started).toEqual(['a', 'a', 'a']);
    rig.remove('tries');
    rig.write('pipeline.yaml', `pipeline: p\nstages:\n  a: {cmd: '${cmd(4)}', retries: 1, out: {o: file}}\n`);
    expect(await rig.run()).toMatchObject({ code: 1, started: ['a', 'a'], problems: [{ code: 'stage/failed' }] });
  });

  test('a failure while another stage waits for its next try is no interrupt', async () => {
    const yaml = `pipeline: p
stages:
  again: {cmd: 'exit 1', retries: 3, out: {o: file}}
  once: {cmd: 'sleep 0.2; exit 1', out: {o: file}}
`;
    const ran = await openRig({ 'pipeline.yaml': yaml }).run();
    expect(ran.code).toBe(1);
    expect(ran.problems.map(({ code }) => code)).toEqual(['stage/failed', 'stage/failed']);
  });

  test('a verdict of no keeps its outputs, stops what is below and exits 1, cached or not', async () => {
    const yaml =
      'pipeline: p\nstages:\n  judge: {uses: ./judge.ts}\n  below: {cmd: cat in/x > out/o, in: {x: judge.out}, out: {o: file}}\n';
    const judge = stageFile({ body: "ctx.out.out.write('evidence'); ctx.verdict(false, 'tails too thin');" });
    const rig = openRig({ 'pipeline.yaml': yaml, 'judge.ts': judge });
    for (const started of [['judge'], []]) {
      const ran = await rig.run();
      expect(ran).toMatchObject({ code: 1, started });
      expect(ran.out).toContain('tails too thin');
      expect(rig.read('data/stages/judge/out')).toBe('evidence');
      expect(rig.exists('data/stages/below')).toBe(false);
    }
  });

  test('a promise it left behind breaks no later stage', async () => {
    const yaml = `pipeline: p\nstages:\n  one: {uses: ./one.ts}\n  two: {uses: ./two.ts, in: {x: one.out}}\n`;
    const one = stageFile({ body: "ctx.out.out.write('x'); setTimeout(() => { throw new Error('late'); }, 30);" });
    const two = stageFile({
      inputs: "x: file('any')",
      body: "await new Promise((done) => setTimeout(done, 1)); ctx.out.out.write('y');",
    });
    const slow = `  wait: {cmd: sleep 0.3; echo > out/o, in: {x: one.out}, out: {o: file}}\n  last: {uses: ./two.ts, in: {x: wait.o}}\n`;
    const rig = openRig({ 'pipeline.yaml': yaml.replace('  two', '  two') + slow, 'one.ts': one, 'two.ts': two });
    const ran = await rig.cli(['run', '--json', '--jobs', '1']);
    expect([0, 1]).toContain(ran.code);
    expect(ran.events.at(-1)).toMatchObject({ type: 'run-finished' });
  });
});

const alive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');

describe('a stage that takes too long is ended', () => {
  test('a command with everything it started', async () => {
    const rig = openRig({ 'pipeline.yaml': '' });
    const cmd = `sh -c "sleep 60 & echo \\$! > ${rig.path('pid')}; wait" & wait`;
    rig.write(
      'pipeline.yaml',
      `pipeline: p\nstages:\n  slow:\n    cmd: ${JSON.stringify(cmd)}\n    timeout: 0.4\n    out: {o: file}\n`,
    );
    const ran = await rig.run();
    expect(ran).toMatchObject({
      code: 1,
      problems: [{ code: 'stage/timeout', message: expect.stringContaining('0.4 s') }],
    });
    await until(() => !alive(Number(rig.read('pid'))), 'the end of the grandchild');
  });

  test.each(['while (true) {}', 'await new Promise(() => {})'])('a TypeScript stage in `%s`', async (body) => {
    const yaml =
      'pipeline: p\nstages:\n  slow: {uses: ./slow.ts, timeout: 0.3}\n  next: {cmd: echo > out/o, out: {o: file}}\n';
    const rig = openRig({ 'pipeline.yaml': yaml, 'slow.ts': stageFile({ body }) });
    const ran = await rig.run(['--keep-going']);
    expect(ran).toMatchObject({ code: 1, problems: [{ code: 'stage/timeout' }] });
    expect(ran.events).toContainEqual(expect.objectContaining({ type: 'unit-finished', stage: 'next' }));
  });
});

describe('Ctrl-C', () => {
  test.each([
    ['a command', '{cmd: "echo > GATE; sleep 60", in: {x: done.o}, out: {o: file}}'],
    ['a TypeScript stage', '{uses: ./spin.ts, in: {x: done.o}}'],
  ])('in %s exits 130 with nothing left running, and the next run continues', async (_, stage) => {
    const rig = openRig({ 'pipeline.yaml': '' });
    rig.write('spin.ts', stageFile({ inputs: "x: file('any')", body: "ctx.log('spinning'); while (true) {}" }));
    const yaml = `pipeline: p\nstages:\n  done: {cmd: echo > out/o, out: {o: file}}\n  long: ${stage}\n`;
    rig.write('pipeline.yaml', yaml.replace('GATE', rig.path('gate')));
    const { child, done } = rig.start(['run', '--json']);
    const started = () =>
      readdirSync(rig.path('logs/runs')).some((name) =>
        /"(unit-started)","stage":"long"/.test(rig.read(`logs/runs/${name}`)),
      );
    await until(() => rig.exists('logs/runs') && started(), 'the long stage');
    child.kill('SIGINT');
    const ran = await done;
    expect(ran.code, ran.out + ran.err).toBe(130);
    expect(ran.err).not.toContain('defect');
    expect(rig.exists('.pipeline/lock')).toBe(false);
    expect(rig.digests('.pipeline/work')).toEqual({});
    rig.write('spin.ts', stageFile({ inputs: "x: file('any')", body: "ctx.out.out.write('x')" }));
    rig.write('pipeline.yaml', yaml.replace('echo > GATE; sleep 60', 'echo > out/o'));
    expect(await rig.run()).toMatchObject({ code: 0, started: ['long'] });
  });

  test('while stage code is loaded ends the run too', async () => {
    const rig = openRig({
      'pipeline.yaml': 'pipeline: p\nstages:\n  a: {uses: ./a.ts}\n',
      'a.ts': 'while (true) {}\n',
    });
    const { child, done } = rig.start(['run']);
    await until(() => rig.exists('.pipeline/code/index.json'), 'the bundle');
    await new Promise((next) => setTimeout(next, 300));
    child.kill('SIGINT');
    expect((await done).code).toBe(130);
  });
});

/** Every kind of event there is: a new one must be added here, and the type checker says so. */
const KINDS = {
  'run-started': ['run', 'pipeline', 'stages', 'jobs'],
  waiting: ['message'],
  'source-imported': ['source', 'md5', 'sizeBytes'],
  'stage-ready': ['stage', 'shards', 'hits'],
  'unit-hit': ['stage', 'element', 'key'],
  'unit-started': ['stage', 'element', 'key', 'reasons'],
  'unit-progress': ['stage', 'element', 'done', 'total', 'unit'],
  'unit-log': ['stage', 'element', 'message', 'facts'],
  'unit-finished': ['stage', 'element', 'key', 'changed', 'durationMs', 'bytes'],
  'unit-failed': ['stage', 'element', 'key', 'problems', 'retryInMs', 'alike'],
  'shards-failed': ['stage', 'problem', 'elements'],
  'unit-verdict': ['stage', 'element', 'passed', 'summary'],
  'stage-failed': ['stage', 'problems'],
  'stage-skipped': ['stage', 'because'],
  'stage-finished': ['stage'],
  'output-restored': ['stage', 'port', 'path', 'files'],
  'blob-quarantined': ['md5', 'path'],
  published: ['datasetId', 'path', 'was'],
  pushed: ['remote', 'blobs', 'bytes'],
  pulled: ['remote', 'blobs', 'bytes'],
  notice: ['level', 'message'],
  'run-finished': ['run', 'ok', 'ran', 'cached', 'failed', 'skipped', 'restored', 'durationMs', 'log'],
} as const satisfies Record<import('../../lib/engine/event.ts').RunEvent['type'], readonly string[]>;

test('--json says nothing but events of the closed union, and the journal names run, stage, shard and key in each line', async () => {
  const rig = openRig({
    'pipeline.yaml': WIDE,
    'shard.ts': SHARD.replace('for (const file', "ctx.log('hello'); for (const file"),
  });
  const ran = await rig.run();
  const lines = ran.out.trimEnd().split('\n');
  expect(lines).toHaveLength(ran.events.length);
  for (const event of ran.events) expect(Object.keys(event)).toEqual(expect.arrayContaining([...KINDS[event.type]]));
  const { lines: journal, torn } = parseJournal(rig.read(`logs/runs/${readdirSync(rig.path('logs/runs'))[0]}`));
  expect(torn).toBe(0);
  const run = (ran.events.find(({ type }) => type === 'run-started') as { run: string }).run;
  expect(journal.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['run-started', 'unit-log', 'unit-finished', 'run-finished']),
  );
  for (const line of journal) {
    expect(line.run).toBe(run);
    if (!line.event.startsWith('unit-')) continue;
    expect(line.stage).toMatch(/^[a-z]+$/);
    expect(line.key, line.event).toMatch(/^[0-9a-f]{64}$/);
    expect(line.shard !== undefined).toBe(line.stage === 'shard' || line.stage === 'shell');
  }
});

test('a log never holds the place of the project or a secret of the environment', async () => {
  const rig: Rig = openRig({ 'pipeline.yaml': 'pipeline: p\nstages:\n  a: {cmd: "pwd; exit 1", out: {o: file}}\n' });
  await rig.run([], { env: { API_TOKEN: 'hunter2' } });
  const text = readdirSync(rig.path('logs/runs'))
    .map((name) => rig.read(`logs/runs/${name}`))
    .join('');
  expect(text).not.toContain(rig.root);
  expect(text).not.toContain('hunter2');
});
