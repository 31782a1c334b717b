// Keys and bytes do not depend on where, or in which kind of clone, a project stands.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { closeRigs, openRig, type Rig, stageFile } from './rig.ts';

afterEach(closeRigs);

const FILES = {
  'pipeline.yaml':
    'pipeline: p\nstages:\n  a: {uses: ./code/a.ts, in: {x: ./x.txt}}\n  b: {cmd: cat in/x > out/o, in: {x: a.out}, out: {o: file}}\n',
  'code/a.ts': stageFile({
    head: "import { shout } from './deep/shout.ts';",
    inputs: "x: file('any')",
    body: "ctx.out.out.write(shout(Buffer.from(ctx.in.x.bytes()).toString('utf8')));",
  }),
  'code/deep/shout.ts': 'export const shout = (text: string) => text.toUpperCase();\n',
  'x.txt': 'words\n',
  '.gitignore': '/.pipeline\n/data\n/logs\n/.dvc/cache\n/dvc.*\n',
};

function git(cwd: string, ...args: string[]): void {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  execFileSync('git', [...who, ...args], { cwd, env, stdio: 'ignore' });
}

const keys = (rig: Rig, folder = rig.root) =>
  execFileSync('find', [join(folder, '.pipeline/receipts'), '-name', '*.json', '-printf', '%f\n'], { encoding: 'utf8' })
    .split('\n')
    .sort();

test('a full clone, a shallow clone, a subfolder, no repository and a commit of the readme have the same keys and bytes', async () => {
  const rig = openRig(FILES);
  expect((await rig.run()).code).toBe(0);
  const [wanted, bytes] = [keys(rig), rig.digests('data/stages')];

  git(rig.root, 'init', '-q');
  git(rig.root, 'add', '-A');
  git(rig.root, 'commit', '-qm', 'first');
  rig.write('README.md', 'read me\n');
  git(rig.root, 'add', '-A');
  git(rig.root, 'commit', '-qm', 'second');
  expect(await rig.run()).toMatchObject({ code: 0, started: [] });

  for (const [name, depth] of [
    ['full', []],
    ['shallow', ['--depth', '1']],
  ] as const) {
    git(rig.root, 'clone', '-q', ...depth, `file://${rig.root}`, `../${name}`);
    const cwd = join(rig.root, '..', name);
    const ran = await rig.run([], { cwd });
    expect(ran.code, ran.out + ran.err).toBe(0);
    expect(keys(rig, cwd)).toEqual(wanted);
    expect(rig.digests(`../${name}/data/stages`)).toEqual(bytes);
  }

  mkdirSync(rig.path('../outer'));
  git(rig.path('../outer'), 'init', '-q');
  renameSync(rig.path('../full'), rig.path('../outer/inner'));
  rig.remove('../outer/inner/.git');
  rig.remove('../outer/inner/.pipeline');
  const cwd = rig.path('../outer/inner');
  expect((await rig.run([], { cwd: join(cwd, 'code') })).code).toBe(0);
  expect(keys(rig, cwd)).toEqual(wanted);
});

test('an uncommitted edit of reachable code changes the key and marks the receipt dirty; committing it changes nothing more', async () => {
  const rig = openRig(FILES);
  git(rig.root, 'init', '-q');
  git(rig.root, 'add', '-A');
  git(rig.root, 'commit', '-qm', 'first');
  const dirty = () =>
    Object.keys(rig.digests('.pipeline/receipts')).map((name) => {
      const { stage, made } = JSON.parse(rig.read(`.pipeline/receipts/${name}`)) as {
        stage: string;
        made: { dirty: boolean };
      };
      return `${stage} ${made.dirty}`;
    });
  await rig.run();
  expect(dirty().sort()).toEqual(['a false', 'b false']);
  rig.edit('code/deep/shout.ts', 'toUpperCase()', "toUpperCase() + '!'");
  expect((await rig.run()).started).toEqual(['a', 'b']);
  expect(dirty()).toContain('a true');
  git(rig.root, 'commit', '-qam', 'second');
  expect((await rig.run()).started).toEqual([]);
});

test('time zone, language and host reach no output', async () => {
  const files = {
    'pipeline.yaml':
      'pipeline: p\nstages:\n  a: {uses: ./a.ts}\n  b: {cmd: "date +%Z > out/o; ls /nope 2>> out/o; true", out: {o: file}}\n',
    'a.ts': stageFile({ body: "ctx.out.out.write(['é', 'z', 'a', 'Z'].sort().join() + new Date(0).toISOString());" }),
  };
  const results = [];
  const worlds: readonly Readonly<Record<string, string>>[] = [
    {},
    { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'tr_TR.UTF-8', HOSTNAME: 'x', USER: 'y' },
  ];
  for (const env of worlds) {
    const rig = openRig(files);
    expect((await rig.run([], { env })).code).toBe(0);
    results.push(rig.digests('data/stages'));
  }
  expect(results[1]).toEqual(results[0]);
});
