// A run that begins where the launcher stopped must find what any other run would find.
import { chmodSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeRigs, openRig, type Rig } from '../e2e/rig.ts';

const copy = (name: string, from: string) =>
  `  ${name}: {cmd: (cat in/*; echo ${name}) > out/x, in: {a: ${from}}, out: {x: file}}\n`;
const PIPELINE = `pipeline: x\nstages:\n${copy('a', './a.txt')}${copy('b', 'a.x')}${copy('c', './c.txt')}${copy('d', 'c.x')}`;

/** Other bytes of the same size in place, and the modification time put back. */
function overwrite(path: string): void {
  const { mode, size, atime, mtime } = statSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, 'x'.repeat(size));
  chmodSync(path, mode);
  utimesSync(path, atime, mtime);
}

const blobOf = (rig: Rig, name: string) => {
  const md5 = rig.digests('data/stages')[name] as string;
  return rig.path(`.dvc/cache/files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`);
};

const OUTPUTS = ['a', 'b', 'c', 'd'].map((stage) => `data/stages/${stage}/x`);
const read = (rig: Rig) => OUTPUTS.map((path) => rig.read(path).trim());

describe('when one file changed, a run', () => {
  // One project for all: each test gives the file another word and leaves everything up to date, as the launcher would say.
  let rig: Rig;
  beforeAll(async () => {
    rig = openRig({ 'pipeline.yaml': PIPELINE, 'a.txt': 'a\n', 'c.txt': 'c\n' });
    for (let runs = 0; runs < 2; runs++) expect((await rig.cli(['run'])).code).toBe(0);
  });
  afterAll(closeRigs);

  test('makes what depends on it, leaves the rest, and the next one has nothing to do', async () => {
    rig.write('a.txt', 'new\n');
    const { err } = await rig.cli(['run']);
    expect(err).toMatch(/ran +a, b\n +cached +c, d\n/);
    expect(read(rig)).toEqual(['new\na', 'new\na\nb', 'c\nc', 'c\nc\nd']);
    expect((await rig.cli(['run'])).err).toBe('nothing to do: all 4 units are cached\n');
  });

  test.each<[string, () => void, RegExp]>([
    ['an output elsewhere was overwritten', () => overwrite(rig.path(OUTPUTS[3] as string)), /restored +d/],
    ['an output elsewhere is gone', () => rmSync(rig.path(OUTPUTS[2] as string)), /restored +c/],
    ['a blob elsewhere was overwritten', () => overwrite(blobOf(rig, 'd/x')), /ran +a, b, d\b/],
    ['a blob elsewhere is gone', () => rmSync(blobOf(rig, 'd/x')), /ran +a, b, d\b/],
    ['another file changed too', () => rig.write('c.txt', 'c \n'), /ran +a, c, b, d\n/],
    ['another run came to other results meanwhile', () => rmSync(rig.path('.pipeline/last.json')), /ran +a, b\n/],
    [
      'a command elsewhere changed',
      () => rig.edit('pipeline.yaml', copy('d', 'c.x'), copy('d', 'a.x')),
      /ran +a, b, d\b/,
    ],
  ])('finds that %s', async (what, act, says) => {
    rig.write('a.txt', `${what}\n`);
    act();
    const { err, code } = await rig.cli(['run']);
    expect(code).toBe(0);
    expect(err).toMatch(says);
    expect(read(rig).slice(0, 2)).toEqual([`${what}\na`, `${what}\na\nb`]);
    expect((await rig.cli(['run', '--json'])).events.at(-1)).toMatchObject({
      ran: 0,
      cached: 4,
      restored: 0,
      ok: true,
    });
    expect((await rig.cli(['status', '--json'])).code).toBe(0);
  });

  test('finds what its own commands wrote to where they should not', async () => {
    const before = read(rig);
    // The first command spoils an output and a blob that were seen to be good when the run began.
    const spoil = [rig.path(OUTPUTS[3] as string), blobOf(rig, 'd/x')].map(
      (path) => `chmod u+w ${path}; echo x > ${path}; `,
    );
    rig.edit('pipeline.yaml', 'a: {cmd: (cat', `a: {cmd: ${spoil.join('')}(cat`);
    await rig.cli(['run']);
    expect((await rig.cli(['run'])).code).toBe(0);
    expect(read(rig)).toEqual(before);
  });
});
