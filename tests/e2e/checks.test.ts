// What is wrong with a project is said before anything runs: all of it in one go, each with its place underlined and the nearest name.
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
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

const GOOD = `  hello: {cmd: echo hi > out/text, out: {text: file}}\n`;

describe('a wrong reference is told with its place and the nearest name', () => {
  test.each([
    [
      'stage',
      '  a: {uses: ./shout.ts, in: {text: helo.text}}',
      'spec/unknown-stage',
      '4:36',
      'did you mean `hello.text`?',
    ],
    [
      'output port',
      '  a: {cmd: x, in: {t: hello.txet}, out: {o: file}}',
      'spec/unknown-port',
      '4:23',
      'did you mean `hello.text`?',
    ],
    [
      'input port',
      '  a: {uses: ./shout.ts, in: {text: hello.text, txt: hello.text}}',
      'spec/unknown-port',
      '4:48',
      'did you mean `text`?',
    ],
    [
      'param',
      '  a: {uses: ./shout.ts, in: {text: hello.text}, params: {wrod: x}}',
      'spec/unknown-param',
      '4:58',
      'did you mean `word`?',
    ],
    [
      'source',
      '  a: {cmd: x, in: {t: "source:prices"}, out: {o: file}}',
      'spec/unknown-source',
      '4:23',
      'known sources: none',
    ],
    ['stage file', '  a: {uses: ./shuot.ts}', 'spec/unknown-stage', '4:13', 'it would be in shuot.ts'],
    [
      'stage of the package',
      '  a: {uses: market/calibrat}',
      'spec/unknown-stage',
      '4:13',
      'did you mean `market/calibrate`?',
    ],
    [
      'name of every object',
      '  a: {cmd: x, in: {t: hello.constructor}, out: {o: file}}',
      'spec/unknown-port',
      '4:23',
      'its output ports: text',
    ],
    [
      'stage named as one',
      '  a: {cmd: x, in: {t: constructor.name}, out: {o: file}}',
      'spec/unknown-stage',
      '4:23',
      undefined,
    ],
    ['missing wire', '  a: {uses: ./shout.ts}', 'spec/missing-wire', '4:3', 'add `text: <stage>.<port>` under `in:`'],
    ['missing file', '  a: {cmd: x, in: {t: ./nothing.csv}, out: {o: file}}', 'source/missing', '4:23', undefined],
    ['config path', '  a: {cmd: x, params: {p: $seeds}, out: {o: file}}', 'spec/bad-reference', '4:27', undefined],
    [
      'kind of a param',
      '  a: {uses: ./shout.ts, in: {text: hello.text}, params: {times: many}}',
      'spec/bad-param',
      '4:65',
      undefined,
    ],
    [
      'shape',
      '  b: {uses: ./shout.ts, in: {text: hello.text}}\n  a: {uses: ./shout.ts, in: {text: b.table}}',
      'spec/shape-mismatch',
      '5:36',
      undefined,
    ],
    ['list for one', '  a: {uses: ./shout.ts, in: {text: [hello.text]}}', 'spec/shape-mismatch', '4:36', undefined],
  ])('%s', async (_, stages, code, place, hint) => {
    const { run } = check(`${GOOD}${stages}\n`);
    const ran = await run();
    expect(told(ran)).toEqual([`${code} pipeline.yaml:${place}`]);
    expect(ran.problems[0]?.hint).toBe(hint);
    expect(ran.code).toBe(2);
    expect(ran.started).toEqual([]);
  });
});

describe('a cycle is named stage by stage', () => {
  const cmd = (name: string, from: string) => `  ${name}: {cmd: x, in: {t: ${from}.o}, out: {o: file}}\n`;
  test.each([
    ['of one stage', cmd('a', 'a'), ['a -> a']],
    ['of two', cmd('a', 'b') + cmd('b', 'a'), ['a -> b -> a']],
    [
      'of three, entered from outside',
      cmd('a', 'c') + cmd('b', 'a') + cmd('c', 'b') + cmd('d', 'c'),
      ['a -> b -> c -> a'],
    ],
    ['twice', cmd('a', 'b') + cmd('b', 'a') + cmd('x', 'y') + cmd('y', 'x'), ['a -> b -> a', 'x -> y -> x']],
  ])('%s', async (_, stages, cycles) => {
    const ran = await check(stages).run();
    const found = ran.problems.map(({ code, message }) => `${code} ${message}`).sort();
    expect(found).toEqual(cycles.map((cycle) => `spec/cycle stages wait for each other: ${cycle}`));
    expect(ran.problems.every(({ place }) => place?.file === 'pipeline.yaml')).toBe(true);
    expect(ran.code).toBe(2);
  });
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
    ['a wire out of the project', '  a: {cmd: x, in: {t: ./../x}, out: {o: file}}'],
    ['an absolute wire', '  a: {cmd: x, in: {t: /etc/passwd}, out: {o: file}}'],
    ['stage code out of the project', '  a: {uses: ./../shout.ts}'],
    ['a stage name with a slash', '  a/b: {cmd: x}'],
    ['a stage name of dots', '  ..: {cmd: x}'],
    ['a port name of dots', '  a: {cmd: x, out: {..: file}}'],
    ['an element of dots', '  a: {cmd: x, map: {over: [".."], as: t}, out: {o: tree}}'],
    ['an element with a slash', '  a: {cmd: x, map: {over: ["a/b"], as: t}, out: {o: tree}}'],
    ['a control character', '  a: {cmd: "x\\u0007y", in: {t: "./a\\u0007"}}'],
  ])('%s', async (_, stages) => {
    const ran = await check(`${GOOD}${stages}\n`).run();
    expect(ran.code).toBe(2);
    expect(ran.problems.length).toBeGreaterThan(0);
    for (const { place } of ran.problems) expect(place).toMatchObject({ file: 'pipeline.yaml' });
  });

  test.each([
    ['a link', './link.txt'],
    ['a folder with a link inside', './folder'],
    ['a file below a linked folder', './linked/x.txt'],
  ])('%s as a source', async (_, wire) => {
    const { rig } = check(`  a: {cmd: cat in/t > out/o, in: {t: ${wire}}, out: {o: file}}\n`);
    mkdirSync(rig.path('folder'));
    rig.write('../outside/x.txt', 'secret');
    symlinkSync('../outside/x.txt', rig.path('link.txt'));
    symlinkSync('../../outside/x.txt', rig.path('folder/link.txt'));
    symlinkSync('../outside', rig.path('linked'));
    const ran = await rig.run();
    expect(ran).toMatchObject({ code: 2, started: [], problems: [{ code: 'source/unsafe' }] });
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
  test.each(left)('a command that leaves %s', async (_, cmd, kind) => {
    const yaml = `pipeline: p\nstages:\n  a:\n    cmd: ${JSON.stringify(cmd)}\n    out: {o: ${kind}}\n`;
    const ran = await openRig({ 'pipeline.yaml': yaml }).run();
    expect(ran).toMatchObject({ code: 1, problems: [{ code: 'stage/bad-output' }] });
    expect(ran.problems[0]?.message).toContain('`a`');
  });

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
  test.each(written)('a stage that writes %s', async (_, body) => {
    const { run } = check('  a: {uses: ./w.ts}\n', { 'w.ts': stageFile({ outputs: "out: tree('any')", body }) });
    const ran = await run();
    expect(ran).toMatchObject({ code: 1, problems: [{ code: 'stage/bad-output' }] });
    expect(ran.problems[0]?.message).toContain('`a`');
  });
});
