// What the launcher says from memory must be what the program would find by looking, whatever was done meanwhile.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

const PIPELINE = `pipeline: x
stages:
  a: {cmd: 'for i in 1 2 3 4 5 6 7 8 9; do echo file $i > out/t/$i; done', out: {t: tree}}
  b: {cmd: cat in/t/* > out/o, in: {t: a.t}, out: {o: file}}
`;
const CONFIG = (type: string) => `[core]
    remote = far
[cache]
    type = ${type}
['remote "far"']
    url = ../../remote
`;

/** Shout in what a command remembers, so that what comes from memory can be told from what the program says. */
function shout(rig: Rig, memory: string, words: string): void {
  const bytes = readFileSync(rig.path(`.pipeline/${memory}`));
  const at = bytes.indexOf(words);
  expect(at).toBeGreaterThan(0);
  bytes.write(words.toUpperCase(), at);
  writeFileSync(rig.path(`.pipeline/${memory}`), bytes);
}

/** The blob of a file of the workspace. */
function blobOf(rig: Rig, name: string): string {
  const bytes = readFileSync(rig.path(name));
  const top = rig.path('.dvc/cache/files/md5');
  const blobs = readdirSync(top, { recursive: true, encoding: 'utf8' }).map((blob) => join(top, blob));
  return blobs.find((blob) => statSync(blob).isFile() && readFileSync(blob).equals(bytes)) as string;
}

/** Other bytes of the same size at once, and the modification time put back. */
function overwrite(path: string): void {
  const { mode, size, atime, mtime } = statSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, 'x'.repeat(size));
  chmodSync(path, mode);
  utimesSync(path, atime, mtime);
}

/** As many editors save: a new file under the old name. */
function replace(path: string): void {
  writeFileSync(`${path}~`, 'x'.repeat(statSync(path).size));
  renameSync(`${path}~`, path);
}

const OUT = 'data/stages/a/t';

describe.each(['copy', 'hardlink'])('with files laid out by %s', (type) => {
  test.each<[string, (rig: Rig) => void, RegExp]>([
    [
      'a file of an output written in place',
      (rig) => overwrite(rig.path(`${OUT}/3`)),
      type === 'copy' ? /restore/ : /corrupted/,
    ],
    [
      'a file of an output saved by an editor',
      (rig) => replace(rig.path(`${OUT}/3`)),
      /to restore: data\/stages\/a\/t/,
    ],
    ['a file more in an output', (rig) => rig.write(`${OUT}/stray`, ''), /to restore/],
    ['a file less in an output', (rig) => rig.remove(`${OUT}/3`), /to restore/],
    ['an output that is gone', (rig) => rig.remove(OUT), /to restore/],
    ['a blob written in place', (rig) => overwrite(blobOf(rig, `${OUT}/3`)), /corrupted/],
    ['a blob replaced', (rig) => replace(blobOf(rig, `${OUT}/3`)), /corrupted/],
    ['a blob that is gone', (rig) => rmSync(blobOf(rig, `${OUT}/3`)), /missing/],
    ['a cache that is gone', (rig) => rig.remove('.dvc/cache'), /missing/],
    [
      'another cache in its place',
      (rig) => {
        renameSync(rig.path('.dvc/cache'), rig.path('.dvc/before'));
        mkdirSync(rig.path('.dvc/cache/files/md5'), { recursive: true });
      },
      /missing/,
    ],
    ['another pipeline', (rig) => rig.edit('pipeline.yaml', 'file $i', 'line $i'), /to run/],
  ])('%s is seen by `status` and mended by `run`', async (_, act, says) => {
    const rig = openRig({ 'pipeline.yaml': PIPELINE, '.dvc/config': CONFIG(type) });
    // Linking a blob into a stage's folder changes its times, which only a second look settles.
    for (let runs = 0; runs < 2; runs++) await rig.cli(['run']);
    const before = rig.digests('data/stages');
    shout(rig, 'state', 'everything is up to date');
    expect((await rig.cli(['status'])).out).toBe('a  cached\nb  cached\nEVERYTHING IS UP TO DATE\n');
    act(rig);
    const { code, out } = await rig.cli(['status']);
    expect(code).toBe(0);
    expect(out).toMatch(says);
    expect(out).not.toMatch(/up to date/i);
    expect((await rig.cli(['run'])).err).not.toContain('nothing to do');
    if (!says.test('to run')) expect(rig.digests('data/stages')).toEqual(before);
    expect((await rig.cli(['status'])).out).toContain('everything is up to date');
  });

  test('a memory older than what it speaks of is not believed, as when the clock was set back', async () => {
    const rig = openRig({ 'pipeline.yaml': PIPELINE, '.dvc/config': CONFIG(type) });
    await rig.cli(['run']);
    shout(rig, 'state', 'everything is up to date');
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(rig.path('.pipeline/state'), past, past);
    expect((await rig.cli(['status'])).out).toContain('everything is up to date');
  });
});

test('`status` from memory says what it says by looking, for the same targets and flags', async () => {
  const rig = openRig({ 'pipeline.yaml': PIPELINE });
  await rig.cli(['run', 'a']);
  // Another environment is another question, which only looking answers.
  const looked = await rig.cli(['status', 'a'], { env: { PIPELINE_ANY: '1' } });
  shout(rig, 'state', 'everything is up to date');
  const { out } = await rig.cli(['status', 'a']);
  expect([out.toLowerCase(), out]).toEqual([looked.out, expect.stringContaining('EVERYTHING')]);
  for (const args of [['status'], ['status', 'b']]) expect((await rig.cli(args)).out).not.toContain('EVERYTHING');
  await rig.cli(['run', '--keep-going']);
  const refused = await rig.cli(['status', '--keep-going']);
  expect([refused.code, refused.out]).toEqual([2, '']);
});

describe('a push that found nothing to do', () => {
  /** A project whose remote has everything, and the program's memory of that. */
  async function pushed(): Promise<Rig> {
    const rig = openRig({ 'pipeline.yaml': PIPELINE, '.dvc/config': CONFIG('copy'), 'docs/deep/notes': '' });
    await rig.cli(['run']);
    await rig.cli(['push']);
    expect((await rig.cli(['push'])).out).toContain('nothing to push');
    expect(rig.exists('.pipeline/pushed')).toBe(false);
    // What is younger than the coarsest clock of a disk proves nothing.
    await new Promise((done) => setTimeout(done, 2100));
    await rig.cli(['push']);
    shout(rig, 'pushed', 'nothing to push');
    expect((await rig.cli(['push'])).out).toBe('NOTHING TO PUSH: far has everything\n');
    return rig;
  }
  const remote = (rig: Rig) => join(rig.root, '../remote');
  const blobs = (rig: Rig) => {
    const top = join(remote(rig), 'files/md5');
    const names = readdirSync(top, { recursive: true, encoding: 'utf8' }).sort();
    return names.map((name) => join(top, name)).filter((path) => statSync(path).isFile());
  };
  const MOVED = /^pushed \d+ blob/;

  test.each<[string, (rig: Rig) => void, RegExp]>([
    ['the remote was emptied', (rig) => rmSync(join(remote(rig), 'files'), { recursive: true }), MOVED],
    [
      'the remote is another folder',
      (rig) => {
        renameSync(remote(rig), `${remote(rig)}-before`);
        mkdirSync(remote(rig));
      },
      MOVED,
    ],
    ['the remote lost a blob', (rig) => rmSync(blobs(rig)[0] as string), MOVED],
    [
      'the remote lost the last blob of a folder and the folder',
      (rig) => rmSync(dirname(blobs(rig)[0] as string), { recursive: true }),
      MOVED,
    ],
    [
      'the remote lost its receipts',
      (rig) => rmSync(join(remote(rig), 'pipeline/receipts'), { recursive: true }),
      /and \d receipts/,
    ],
    [
      'another remote is configured',
      (rig) => rig.write('.dvc/config.local', `['remote "far"']\n    url = ../../other\n`),
      MOVED,
    ],
    [
      'a pointer appeared',
      (rig) => rig.write('docs/deep/x.dvc', `outs:\n- md5: ${'0'.repeat(32)}\n  size: 1\n  path: x\n`),
      /^$/,
    ],
    [
      'a stage has another result',
      (rig) => {
        rig.edit('pipeline.yaml', 'file $i', 'line $i');
        return rig.cli(['run']);
      },
      MOVED,
    ],
  ])(
    'looks again when %s',
    async (_, act, says) => {
      const rig = await pushed();
      await act(rig);
      const { out, code } = await rig.cli(['push']);
      expect(out).toMatch(says);
      expect(code).toBe(out === '' ? 2 : 0);
    },
    30_000,
  );

  test('need not look again after runs that give nothing new, whatever they put back', async () => {
    const rig = await pushed();
    for (const act of [() => rig.remove(OUT), () => rig.write(`${OUT}/3`, 'mine'), () => {}]) {
      act();
      expect((await rig.cli(['run', '--json'])).code).toBe(0);
      expect((await rig.cli(['push'])).out).toBe('NOTHING TO PUSH: far has everything\n');
    }
  }, 30_000);

  test('looks again for another dataset, remote or home, and in a moved project', async () => {
    const rig = await pushed();
    expect((await rig.cli(['push', '--remote', 'far'])).out).not.toContain('NOTHING');
    expect((await rig.cli(['push'], { env: { HOME: rig.root } })).out).not.toContain('NOTHING');
    const moved = join(rig.root, '../elsewhere/project');
    mkdirSync(dirname(moved));
    renameSync(rig.root, moved);
    expect((await rig.cli(['push'], { cwd: moved })).out).toMatch(MOVED);
  });
});
