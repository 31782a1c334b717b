// What is wrong with a project is said before anything runs: all of it in one go, each with its place underlined and the nearest name.
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { at } from '../../lib/base/place.ts';
import { closeRigs, openRig, type Ran, stageFile } from './rig.ts';

afterEach(closeRigs);

const SHOUT = stageFile({
  params: "word: { type: 'string' }, times: { type: 'integer' }",
  inputs: "text: file('words@1')",
  outputs: "out: file('words@1'), table: tree('table@1')",
  body: "ctx.out.out.write('x'); ctx.out.table.write('a', 'x');",
});

/** Every problem as `code place`, in file order. */
const told = (ran: Ran) => ran.problems.map(({ code, place }) => `${code} ${place ? at(place) : '-'}`);

function check(stages: string, files: Readonly<Record<string, string>> = {}) {
  const rig = openRig({ 'pipeline.yaml': `pipeline: p\nstages:\n${stages}`, 'shout.ts': SHOUT, ...files });
  return { rig, run: () => rig.run() };
}

/** Names for stages that are one of many. */
const NAMES = [...'abcdefghijklmnopqrstuvwxyz'];

const GOOD = `  hello: {cmd: echo hi > out/text, out: {text: file}}\n`;

describe('a wrong reference is told with its place and the nearest name', () => {
  const wrong: readonly (readonly [
    what: string,
    stage: string,
    code: string,
    column: number,
    hint: string | undefined,
  ])[] = [
    ['stage', '{uses: ./shout.ts, in: {text: helo.text}}', 'spec/unknown-stage', 36, 'did you mean `hello.text`?'],
    [
      'output port',
      '{cmd: x, in: {t: hello.txet}, out: {o: file}}',
      'spec/unknown-port',
      23,
      'did you mean `hello.text`?',
    ],
    [
      'input port',
      '{uses: ./shout.ts, in: {text: hello.text, txt: hello.text}}',
      'spec/unknown-port',
      48,
      'did you mean `text`?',
    ],
    [
      'param',
      '{uses: ./shout.ts, in: {text: hello.text}, params: {wrod: x}}',
      'spec/unknown-param',
      58,
      'did you mean `word`?',
    ],
    ['source', '{cmd: x, in: {t: "source:prices"}, out: {o: file}}', 'spec/unknown-source', 23, 'known sources: none'],
    ['stage file', '{uses: ./shuot.ts}', 'spec/unknown-stage', 13, 'it would be in shuot.ts'],
    ['stage of the package', '{uses: market/calibrat}', 'spec/unknown-stage', 13, 'did you mean `market/calibrate`?'],
    [
      'name of every object',
      '{cmd: x, in: {t: hello.constructor}, out: {o: file}}',
      'spec/unknown-port',
      23,
      'its output ports: text',
    ],
    ['stage named as one', '{cmd: x, in: {t: constructor.name}, out: {o: file}}', 'spec/unknown-stage', 23, undefined],
    ['missing wire', '{uses: ./shout.ts}', 'spec/missing-wire', 3, 'add `text: <stage>.<port>` under `in:`'],
    ['missing file', '{cmd: x, in: {t: ./nothing.csv}, out: {o: file}}', 'source/missing', 23, undefined],
    ['config path', '{cmd: x, params: {p: $seeds}, out: {o: file}}', 'spec/bad-reference', 27, undefined],
    [
      'kind of a param',
      '{uses: ./shout.ts, in: {text: hello.text}, params: {times: many}}',
      'spec/bad-param',
      65,
      undefined,
    ],
    ['shape', '{uses: ./shout.ts, in: {text: right.table}}', 'spec/shape-mismatch', 36, undefined],
    ['list for one', '{uses: ./shout.ts, in: {text: [hello.text]}}', 'spec/shape-mismatch', 36, undefined],
  ];
  let ran: Ran;
  beforeAll(async () => {
    const stages = wrong.map(([, stage], i) => `  ${NAMES[i]}: ${stage}\n`).join('');
    const right = '  right: {uses: ./shout.ts, in: {text: hello.text}}\n';
    ran = await check(`${GOOD}${stages}${right}`).run();
    closeRigs();
  });
  test.each(wrong.map((row, i) => [...row, i] as const))('%s', (_what, _stage, code, column, hint, i) => {
    const found = ran.problems.filter(({ place }) => place?.line === i + 4);
    expect(found).toMatchObject([{ code, place: { file: 'pipeline.yaml', column } }]);
    expect(found[0]?.hint).toBe(hint);
  });
  test('and nothing else is, and nothing runs', () => {
    expect(ran).toMatchObject({ code: 2, started: [] });
    expect(ran.problems).toHaveLength(wrong.length);
  });
});

test('cycles are named stage by stage: of one, of two, of three entered from outside', async () => {
  const cmd = (name: string, from: string) => `  ${name}: {cmd: x, in: {t: ${from}.o}, out: {o: file}}\n`;
  const three = cmd('p', 'r') + cmd('q', 'p') + cmd('r', 'q') + cmd('outside', 'r');
  const ran = await check(cmd('a', 'a') + cmd('x', 'y') + cmd('y', 'x') + three).run();
  const found = ran.problems.map(({ code, message }) => `${code} ${message}`).sort();
  const cycles = ['a -> a', 'p -> q -> r -> p', 'x -> y -> x'];
  expect(found).toEqual(cycles.map((cycle) => `spec/cycle stages wait for each other: ${cycle}`));
  expect(ran.problems.every(({ place }) => place?.file === 'pipeline.yaml')).toBe(true);
  expect(ran.code).toBe(2);
});

test('problems of every kind come together, in file order, and each line is underlined', async () => {
  const { rig } = check(
    `${GOOD}  a: {uses: ./shuot.ts}
  b: {cmd: x, in: {t: helo.text}, out: {o: file}}
  c: {uses: ./shout.ts, in: {text: hello.text}, params: {wrod: x}}
  d: {cmd: x, in: {t: e.o}, out: {o: file}}
  e: {cmd: x, in: {t: d.o}, out: {o: file}}
`,
  );
  const ran = await rig.run();
  expect(told(ran)).toEqual([
    'spec/unknown-stage pipeline.yaml:4:13',
    'spec/unknown-stage pipeline.yaml:5:23',
    'spec/unknown-param pipeline.yaml:6:58',
    'spec/cycle pipeline.yaml:7:3',
  ]);
  const text = await rig.cli(['run']);
  expect(text.code).toBe(2);
  expect(text.out).toBe('');
  expect(text.err).toContain(
    '5 |   b: {cmd: x, in: {t: helo.text}, out: {o: file}}\n    |                       ^^^^^^^^^\n',
  );
  expect(text.err).not.toContain('defect');
});

test('a broken configuration does not hide broken wires, and adds no echo of itself', async () => {
  const rig = openRig({
    'pipeline.yaml': `pipeline: p
config: {file: c.yml, schema: s.json}
stages:
  a: {cmd: x, in: {t: nobody.text}, params: {size: $size}, out: {o: file}}
  b: {cmd: x, map: {over: $list, as: t}, out: {o: tree}}
`,
    'c.yml': 'size: many\n',
    's.json': JSON.stringify({ type: 'object', properties: { size: { type: 'integer' }, list: { type: 'array' } } }),
  });
  expect(told(await rig.run())).toEqual(['config/invalid c.yml:1:7', 'spec/unknown-stage pipeline.yaml:4:23']);
});

test('stage code that does not compile is told at its own line, beside what else is wrong', async () => {
  const { run } = check(`${GOOD}  a: {uses: ./broken.ts}\n  b: {cmd: x, in: {t: helo.text}, out: {o: file}}\n`, {
    'broken.ts': 'export const = 1;\n',
  });
  expect(told(await run())).toEqual(['code/build-failed broken.ts:1:14', 'spec/unknown-stage pipeline.yaml:5:23']);
});

test('stage code that ends its thread, throws or exports nothing while it is loaded is a problem, not a hang', async () => {
  for (const text of ['process.exit(0);', "throw new Error('at load');", 'export const x = 1;']) {
    const ran = await check('  a: {uses: ./bad.ts}\n', { 'bad.ts': text }).run();
    expect(ran.problems, text).toHaveLength(1);
    expect([1, 2], text).toContain(ran.code);
    expect(ran.err).not.toContain('defect');
  }
});

describe('unsafe names are refused', () => {
  test.each([
    [
      'wires, code and names of stages and ports',
      [
        'a: {cmd: x, in: {t: ./../x}, out: {o: file}}',
        'b: {cmd: x, in: {t: /etc/passwd}, out: {o: file}}',
        'c: {uses: ./../shout.ts}',
        'd/e: {cmd: x}',
        '..: {cmd: x}',
        'f: {cmd: x, out: {..: file}}',
      ],
    ],
    ['control characters', ['a: {cmd: "x\\u0007y", in: {t: "./a\\u0007"}}']],
    [
      'elements',
      [
        'a: {cmd: x, map: {over: [".."], as: t}, out: {o: tree}}',
        'b: {cmd: x, map: {over: ["a/b"], as: t}, out: {o: tree}}',
      ],
    ],
  ])('%s', async (_, stages) => {
    const ran = await check(GOOD + stages.map((stage) => `  ${stage}\n`).join('')).run();
    expect(ran.code).toBe(2);
    const lines = new Set(told(ran).map((text) => Number(/pipeline.yaml:(\d+):/.exec(text)?.[1])));
    expect(lines).toEqual(new Set(stages.map((_stage, i) => i + 4)));
  });

  test('a link, a folder with a link inside and a file below a linked folder as sources', async () => {
    const wires = ['./link.txt', './folder', './linked/x.txt'];
    const { rig } = check(
      wires.map((wire, i) => `  ${NAMES[i]}: {cmd: cat in/t > out/o, in: {t: ${wire}}, out: {o: file}}\n`).join(''),
    );
    mkdirSync(rig.path('folder'));
    rig.write('../outside/x.txt', 'secret');
    symlinkSync('../outside/x.txt', rig.path('link.txt'));
    symlinkSync('../../outside/x.txt', rig.path('folder/link.txt'));
    symlinkSync('../outside', rig.path('linked'));
    const ran = await rig.run();
    expect(ran).toMatchObject({ code: 2, started: [], problems: wires.map(() => ({ code: 'source/unsafe' })) });
    for (const wire of wires) expect(JSON.stringify(ran.problems)).toContain(wire.slice(2));
  });

  const left: readonly (readonly [string, string, string])[] = [
    ['a link for a file', 'ln -s /etc/passwd out/o', 'file'],
    ['a link in a folder', 'ln -s /etc/passwd out/o/x', 'tree'],
    ['a pipe', 'mkfifo out/o', 'file'],
    ['a name with a line break', 'touch "out/o/a\nb"', 'tree'],
    ['a backslash', "touch 'out/o/a\\\\b'", 'tree'],
    ['a repository folder', 'mkdir out/o/.git; touch out/o/.git/config', 'tree'],
    ['nothing', ':', 'file'],
    ['a file for a folder', 'rmdir out/o; touch out/o', 'tree'],
    ['a folder for a file', 'mkdir out/o', 'file'],
  ];
  const written: readonly (readonly [string, string])[] = [
    ['a parent', "ctx.out.out.write('../x', 'x')"],
    ['an absolute name', "ctx.out.out.write('/x', 'x')"],
    ['a control character', "ctx.out.out.write('a\\u0000b', 'x')"],
    ['an empty name', "ctx.out.out.write('', 'x')"],
    ['one name twice', "ctx.out.out.write('a', 'x'); ctx.out.out.write('a', 'y')"],
    [
      'one name in two open files',
      "const [p, q] = [ctx.out.out.open('a'), ctx.out.out.open('a')]; p.close(); q.close()",
    ],
    ['a file and a folder of one name', "ctx.out.out.write('a', 'x'); ctx.out.out.write('a/b', 'y')"],
    ['a file it never closes', "ctx.out.out.open('a').write('x')"],
    ['a repository folder', "ctx.out.out.write('.git/config', 'x')"],
  ];
  let ran: Ran;
  beforeAll(async () => {
    const files: Record<string, string> = {};
    const commands = left.map(
      ([, cmd, kind], i) => `  l${NAMES[i]}: {cmd: ${JSON.stringify(cmd)}, out: {o: ${kind}}}\n`,
    );
    const stages = written.map(([, body], i) => {
      files[`w${NAMES[i]}.ts`] = stageFile({ outputs: "out: tree('any')", body });
      return `  w${NAMES[i]}: {uses: ./w${NAMES[i]}.ts}\n`;
    });
    ran = await check([...commands, ...stages].join(''), files).rig.run(['--keep-going']);
    closeRigs();
  });
  const ends = (stage: string) => {
    const found = ran.events.flatMap((event) =>
      event.type === 'unit-failed' && event.stage === stage ? event.problems : [],
    );
    expect(found).toMatchObject([{ code: 'stage/bad-output' }]);
    expect(found[0]?.message).toContain(`\`${stage}\``);
    expect(ran.code).toBe(1);
  };
  test.each(left.map(([what], i) => [what, i] as const))('a command that leaves %s', (_, i) => ends(`l${NAMES[i]}`));
  test.each(written.map(([what], i) => [what, i] as const))('a stage that writes %s', (_, i) => ends(`w${NAMES[i]}`));
});
