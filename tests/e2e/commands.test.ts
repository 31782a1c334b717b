// External stages: what they see, what may come of them, and what happens when one key gives two results.
import { afterEach, describe, expect, test } from 'vitest';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

test('what is typed wrongly is told like every other problem, with what was meant or where to read', async () => {
  const rig = openRig({ 'pipeline.yaml': 'pipeline: p\nstages:\n  a: {cmd: echo 1 > out/o, out: {o: file}}\n' });
  const said = async (...args: string[]) => {
    const { code, problems } = await rig.cli([...args, '--json']);
    return [code, problems.map((one) => [one.code, one.message, one.hint])];
  };
  expect(await said('runn')).toEqual([2, [['usage', "unknown command 'runn'", 'Did you mean run?']]]);
  expect(await said('run', '--fource')).toEqual([2, [['usage', "unknown option '--fource'", 'Did you mean --force?']]]);
  expect(await said('remote', 'add')).toEqual([
    2,
    [['usage', "missing required argument 'name'", 'see `pipeline remote add --help`']],
  ]);
});

describe('one key, one result', () => {
  const CLOCK =
    'pipeline: p\nstages:\n  clock:\n    cmd: printf "same line\\n" > out/o; date +%N >> out/o\n    out: {o: file}\n';

  test('a command that gives other bytes under --force fails, both results are kept, and the old one is served', async () => {
    const rig = openRig({ 'pipeline.yaml': CLOCK });
    expect((await rig.run()).code).toBe(0);
    const before = rig.read('data/stages/clock/o');
    const forced = await rig.run(['--force']);
    expect(forced).toMatchObject({ code: 1, started: ['clock'], problems: [{ code: 'stage/nondeterministic' }] });
    const facts = forced.problems[0]?.facts as Record<string, string | number>;
    expect(facts).toMatchObject({ output: 'o', row: 2 });
    expect(facts['first differing byte']).toBeGreaterThanOrEqual('same line\n'.length);
    const evidence = JSON.parse(rig.read(String(facts.evidence))) as Record<
      'was' | 'now',
      { outputs: { o: { md5: string } } }
    >;
    const blob = (md5: string) => rig.read(`.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`);
    expect(blob(evidence.was.outputs.o.md5)).toBe(before);
    expect(blob(evidence.now.outputs.o.md5)).not.toBe(before);
    expect(rig.read('data/stages/clock/o')).toBe(before);
    expect(await rig.run()).toMatchObject({ code: 0, started: [] });
    expect(rig.read('data/stages/clock/o')).toBe(before);
  });

  test('a stage that gives the same bytes under --force passes', async () => {
    const rig = openRig({ 'pipeline.yaml': CLOCK.replace('; date +%N >> out/o', '') });
    await rig.run();
    expect(await rig.run(['--force'])).toMatchObject({ code: 0, started: ['clock'] });
  });

  test('a result that was lost must come back with its own bytes', async () => {
    const rig = openRig({ 'pipeline.yaml': CLOCK });
    await rig.run();
    rig.remove('.dvc/cache/files');
    expect(await rig.run()).toMatchObject({ code: 1, problems: [{ code: 'stage/nondeterministic' }] });
  });

  test('a command that writes through its input fails, and the store is whole again after the next run', async () => {
    const yaml = `pipeline: p
stages:
  a: {cmd: echo aaaa > out/o, out: {o: file}}
  b: {cmd: 'chmod u+w in/x; echo bbbb > in/x; cp in/x out/o', in: {x: a.o}, out: {o: file}}
`;
    const rig = openRig({ 'pipeline.yaml': yaml });
    expect(await rig.run()).toMatchObject({ code: 1, problems: [{ code: 'stage/undeclared-input' }] });
    rig.edit('pipeline.yaml', 'chmod u+w in/x; echo bbbb > in/x; ', '');
    const ran = await rig.run();
    expect(ran.code, ran.out).toBe(0);
    expect(rig.read('data/stages/b/o')).toBe('aaaa\n');
  });

  test('what a command leaves in the background is waited for', async () => {
    const yaml = 'pipeline: p\nstages:\n  a: {cmd: "echo 1 > out/o; (sleep 0.3; echo 2 >> out/o) &", out: {o: file}}\n';
    const rig = openRig({ 'pipeline.yaml': yaml });
    expect((await rig.run()).code).toBe(0);
    expect(rig.read('data/stages/a/o')).toBe('1\n2\n');
  });
});

describe('a command', () => {
  test('sees a clean environment and a private folder with its declared inputs only', async () => {
    const yaml = `pipeline: p
stages:
  a: {cmd: echo a > out/o, out: {o: file}}
  b: {cmd: '(env | cut -d= -f1 | sort | grep -v ^_; find . | sort) > out/o', in: {x: a.o}, params: {n: 1}, out: {o: file}}
`;
    const rig = openRig({ 'pipeline.yaml': yaml, 'secret.txt': 'x' });
    const ran = await rig.run([], { env: { TZ: 'Asia/Tokyo', SECRET: '1' } });
    expect(ran.code, ran.out).toBe(0);
    const words = rig.read('data/stages/b/o').trimEnd().split('\n');
    expect(words.filter((word) => !/^(PWD|OLDPWD|SHLVL)$/.test(word))).toEqual([
      'LANG',
      'LC_ALL',
      'PARAM_N',
      'PATH',
      'TZ',
      '.',
      './in',
      './in/x',
      './out',
      './out/o',
      './params.json',
    ]);
  });

  test('after one that was killed starts from an empty folder', async () => {
    const yaml = `pipeline: p
stages:
  a: {cmd: 'echo junk > out/junk; echo junk > in/junk; kill -9 $$', out: {o: file}}
  b: {cmd: 'find . | sort > /dev/stdout; find . -name "junk" > out/o', out: {o: file}}
`;
    const rig = openRig({ 'pipeline.yaml': yaml });
    const ran = await rig.cli(['run', '--json', '--jobs', '1', '--keep-going']);
    expect(ran).toMatchObject({ code: 1, problems: [{ code: 'stage/failed' }] });
    expect(rig.read('data/stages/b/o')).toBe('');
  });
});
