// Commands about data, run by the real program: push, pull, verify, gc, list, show and diff between two checkouts and one remote.
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { DEMO } from '../dvc-files/demo.ts';
import { closeRigs, openRig, type Ran, type Rig } from '../proof/rig.ts';

afterEach(closeRigs);

const ok = (ran: Ran): Ran => {
  expect(ran.code, ran.out + ran.err).toBe(0);
  return ran;
};
const cli = async (rig: Rig, ...args: string[]) => ok(await rig.cli(args)).out;
const json = async <T>(rig: Rig, ...args: string[]) => JSON.parse(await cli(rig, ...args, '--json')) as T;
const problemsOf = async (rig: Rig, ...args: string[]) => {
  const ran = await rig.cli([...args, '--json']);
  return { code: ran.code, problems: ran.problems.map(({ code, message }) => ({ code, message })) };
};

/** A project that has run and has a remote beside it. */
async function published(config = ''): Promise<{ rig: Rig; id: string; remote: string }> {
  const rig = openRig({ ...DEMO, 'config.yml': `${DEMO['config.yml']}${config}` });
  await cli(rig, 'remote', 'add', '-d', 'localstore', '../store');
  const id = (await cli(rig, 'run')).trim();
  return { rig, id, remote: join(rig.root, '..', 'store') };
}

/** Another machine: what git would bring, and the same remote. */
function clone(rig: Rig, remote: string): Rig {
  const other = openRig();
  const data = (path: string) => /\/(?:stages|sources|synthetic)\/[^.]+$/.test(path) && !path.endsWith('.json');
  for (const name of [...Object.keys(DEMO), 'dvc.yaml', 'dvc.lock', 'data', '.dvc/config', '.dvc/.gitignore'])
    cpSync(rig.path(name), other.path(name), { recursive: true, filter: (path) => !data(path) });
  other.write('.dvc/config', `[core]\n    remote = localstore\n['remote "localstore"']\n    url = ${remote}\n`);
  return other;
}

const blob = (root: string, id: string) => join(root, 'files/md5', id.slice(0, 2), id.slice(2));
const cache = (rig: Rig) => rig.path('.dvc/cache');
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[0] as number) ^ 1, 0);
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  chmodSync(path, 0o444);
}
const names = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : [];

describe('push and pull', () => {
  test('[C-4] a clone pulls a dataset byte for byte and then runs nothing', async () => {
    const { rig, id, remote } = await published();
    expect(await cli(rig, 'push')).toMatch(/^pushed \d+ blobs, .* and 6 receipts to localstore\n$/);
    expect(await cli(rig, 'push')).toBe('nothing to push: localstore has everything\n');
    const other = clone(rig, remote);
    expect(await cli(other, 'pull')).toContain(`data/synthetic/${id} (`);
    for (const name of names(rig.path(`data/synthetic/${id}`)).filter((one) => one.endsWith('.txt')))
      expect(other.read(`data/synthetic/${id}/${name}`)).toBe(rig.read(`data/synthetic/${id}/${name}`));
    const ran = ok(await other.cli(['run', '--json']));
    expect(ran.started).toEqual([]);
    expect(other.read('dvc.lock')).toBe(rig.read('dvc.lock'));
  });

  test('a dataset that only the remote knows is pulled by its id, pointer and all', async () => {
    const { rig, id, remote } = await published();
    await cli(rig, 'push', id);
    const other = clone(rig, remote);
    for (const name of [`${id}.dvc`, 'latest.json', '.gitignore']) rmSync(other.path(`data/synthetic/${name}`));
    await cli(other, 'pull', id);
    expect(other.read(`data/synthetic/${id}.dvc`)).toBe(rig.read(`data/synthetic/${id}.dvc`));
    expect(other.read('data/synthetic/latest.json')).toBe(rig.read('data/synthetic/latest.json'));
  });

  test('an unknown dataset is told with the known ones and the nearest', async () => {
    const { rig, id } = await published();
    const ran = await rig.cli(['show', `${id.slice(0, -1)}x`]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('dataset/unknown');
    expect(ran.err).toContain(`did you mean \`${id}\`?`);
  });

  test('[S1-19] latest, its file, a path and a pointer all name the dataset; a dangling latest is an error', async () => {
    const { rig, id } = await published();
    const forms = ['latest', 'data/synthetic/latest.json', `data/synthetic/${id}`, `./data/synthetic/${id}.dvc`, id];
    for (const word of forms) expect((await json<{ name: string }>(rig, 'show', word)).name).toBe(id);
    rmSync(rig.path(`data/synthetic/${id}.dvc`));
    expect((await problemsOf(rig, 'show', 'latest')).code).toBe(2);
  });

  test('a damaged blob in the remote is reported and leaves the cache as it was', async () => {
    const { rig, id, remote } = await published();
    await cli(rig, 'push');
    flip(blob(remote, md5(readFileSync(rig.path(`data/synthetic/${id}/AAPL.txt`)))));
    const other = clone(rig, remote);
    const found = await problemsOf(other, 'pull');
    expect(found.code).toBe(4);
    expect(found.problems).toEqual([
      { code: 'store/corrupt', message: `data/synthetic/${id}/AAPL.txt is damaged in the remote` },
    ]);
    expect(other.exists(`data/synthetic/${id}`)).toBe(false);
    const kept = names(join(cache(other), 'files/md5')).filter((name) => /^..\/.{30}/.test(name));
    for (const name of kept.filter((one) => !one.endsWith('.dir')))
      expect(md5(readFileSync(join(cache(other), 'files/md5', name)))).toBe(name.replace('/', ''));
    // Where the good copy is, the remote is healed.
    expect((await problemsOf(rig, 'verify', '--remote')).code).toBe(4);
    expect(await cli(rig, 'push')).toMatch(/^pushed 1 blob,/);
    await cli(other, 'pull');
    await cli(other, 'verify', '--remote');
  });

  test('a missing blob, and one that only DVC 2 kept, are told apart', async () => {
    const { rig, id, remote } = await published();
    await cli(rig, 'push');
    const file = md5(readFileSync(rig.path(`data/synthetic/${id}/MSFT.txt`)));
    const other = clone(rig, remote);
    cpSync(blob(remote, file), join(remote, file.slice(0, 2), file.slice(2)));
    rmSync(blob(remote, file));
    expect((await problemsOf(other, 'pull')).problems.map(({ code }) => code)).toEqual(['store/legacy-layout']);
    rmSync(join(remote, file.slice(0, 2)), { recursive: true });
    expect((await problemsOf(other, 'pull')).problems.map(({ code }) => code)).toEqual(['remote/not-found']);
  });

  test('a remote whose folder is gone, and no remote at all, are told with what to do', async () => {
    const { rig, remote } = await published();
    expect((await problemsOf(rig, 'pull')).problems.map(({ code }) => code)).toEqual(['remote/not-found']);
    expect(existsSync(remote)).toBe(false);
    rig.write('.dvc/config', '');
    expect((await problemsOf(rig, 'push')).problems.map(({ code }) => code)).toEqual(['remote/missing']);
  });

  test('[S1-66] auto_push puts everything into the named remote after a run', async () => {
    const { remote } = await published('versioning: { auto_push: true, remote_name: localstore }\n');
    const blobs = names(join(remote, 'files/md5'));
    expect(blobs.filter((name) => name.endsWith('.dir')).length).toBeGreaterThan(2);
    expect(names(join(remote, 'pipeline/receipts')).filter((name) => name.endsWith('.json'))).toHaveLength(6);
  });

  test('[S1-66] auto_push to a remote that is not configured fails the run after publishing', async () => {
    const rig = openRig({
      ...DEMO,
      'config.yml': `${DEMO['config.yml']}versioning: { auto_push: true, remote_name: nas }\n`,
    });
    const ran = await rig.cli(['run']);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('remote/missing');
    expect(rig.exists('data/synthetic/latest.json')).toBe(true);
  });
});

describe('verify', () => {
  test('[C-3] a flipped byte in the cache is named with exit 4, and the next run heals it', async () => {
    const { rig, id } = await published();
    expect(await cli(rig, 'verify')).toContain('all as they should be');
    const file = md5(readFileSync(rig.path(`data/synthetic/${id}/AAPL.txt`)));
    flip(blob(cache(rig), file));
    const found = await problemsOf(rig, 'verify');
    expect(found.code).toBe(4);
    expect(found.problems).toContainEqual({
      code: 'store/corrupt',
      message: `data/synthetic/${id}/AAPL.txt is damaged in the cache`,
    });
    const ran = ok(await rig.cli(['run', '--json']));
    expect(ran.started.length).toBeGreaterThan(0);
    expect(md5(readFileSync(blob(cache(rig), file)))).toBe(file);
    await cli(rig, 'verify', '--all');
  });

  test('[C-3] a flipped byte is healed by a pull without running anything', async () => {
    const { rig, id } = await published();
    await cli(rig, 'push');
    const file = md5(readFileSync(rig.path(`data/synthetic/${id}/AAPL.txt`)));
    flip(blob(cache(rig), file));
    expect((await problemsOf(rig, 'verify')).code).toBe(4);
    expect((await json<{ blobs: number }>(rig, 'pull')).blobs).toBe(1);
    await cli(rig, 'verify');
    expect(ok(await rig.cli(['run', '--json'])).started).toEqual([]);
  });

  test('a file changed, added or missing in the workspace is named', async () => {
    const { rig, id } = await published();
    rig.write(`data/synthetic/${id}/AAPL.txt`, 'mine');
    rig.write(`data/synthetic/${id}/stray.txt`, 'mine');
    rmSync(rig.path(`data/synthetic/${id}/MSFT.txt`));
    const ran = await rig.cli(['verify', '--json']);
    expect(ran.code).toBe(4);
    expect(ran.problems.map(({ facts }) => String(facts?.path).split('/').at(-1)).sort()).toEqual([
      'AAPL.txt',
      'MSFT.txt',
      'stray.txt',
    ]);
  });

  test('--remote names what is damaged there, though the cache is whole', async () => {
    const { rig, id, remote } = await published();
    await cli(rig, 'push');
    flip(blob(remote, md5(readFileSync(rig.path('data/sources/raw')))));
    await cli(rig, 'verify', id);
    const found = await problemsOf(rig, 'verify', id, '--remote');
    expect(found).toEqual({
      code: 4,
      problems: [{ code: 'store/corrupt', message: 'source:raw is damaged in the remote' }],
    });
  });

  test('a cache that only DVC 2 filled is reported, not misread', async () => {
    const { rig, id } = await published();
    const file = md5(readFileSync(rig.path(`data/synthetic/${id}/AAPL.txt`)));
    cpSync(blob(cache(rig), file), join(cache(rig), file.slice(0, 2), file.slice(2)));
    rmSync(blob(cache(rig), file));
    expect((await problemsOf(rig, 'verify')).problems.map(({ code }) => code)).toEqual(['store/legacy-layout']);
  });
});

describe('gc', () => {
  test('frees what no dataset names, says how much, and leaves every other blob', async () => {
    const { rig, id } = await published();
    const old = id;
    const now = (await cli(rig, 'run', '--seed', '8')).trim();
    await cli(rig, 'gc');
    await cli(rig, 'verify', '--all');
    for (const seed of ['7', '8']) expect(ok(await rig.cli(['run', '--seed', seed, '--json'])).started).toEqual([]);
    const all = names(join(cache(rig), 'files/md5')).length;
    for (const gone of [`${old}.dvc`, old]) rmSync(rig.path(`data/synthetic/${gone}`), { recursive: true });
    expect(await cli(rig, 'gc', '--dry-run')).toMatch(/^would free \d+ B in the cache: \d+ blobs, \d+ receipts\n$/);
    expect(names(join(cache(rig), 'files/md5'))).toHaveLength(all);
    const freed = await json<{ blobs: number; bytes: number }>(rig, 'gc');
    expect(freed.blobs).toBeGreaterThan(3);
    expect(freed.bytes).toBeGreaterThan(0);
    await cli(rig, 'verify', now);
    expect(ok(await rig.cli(['run', '--seed', '8', '--json'])).started).toEqual([]);
    expect(await cli(rig, 'gc')).toContain('nothing to free');
  });

  test('in the remote it removes what is not in use here, receipts with their blobs', async () => {
    const { rig, id, remote } = await published();
    await cli(rig, 'push');
    const now = (await cli(rig, 'run', '--seed', '8')).trim();
    await cli(rig, 'push');
    const before = names(join(remote, 'pipeline/receipts')).length;
    for (const gone of [`${id}.dvc`, id]) rmSync(rig.path(`data/synthetic/${gone}`), { recursive: true });
    const freed = await json<{ blobs: number; where: string; receipts: number }>(rig, 'gc', '--remote');
    expect(freed.where).toBe('localstore');
    expect(freed.blobs).toBeGreaterThan(3);
    expect(freed.receipts).toBeGreaterThan(0);
    expect(names(join(remote, 'pipeline/receipts')).length).toBeLessThan(before);
    await cli(rig, 'verify', now, '--remote');
    const other = clone(rig, remote);
    await cli(other, 'pull', now);
    expect(ok(await other.cli(['run', '--seed', '8', '--json'])).started).toEqual([]);
  });
});

describe('list, show and diff', () => {
  test('list tells when, how much, whether pushed, and which is latest', async () => {
    const { rig, id } = await published();
    const b = (await cli(rig, 'run', '--seed', '8')).trim();
    type Row = { dataset: string; latest: boolean; pushed: boolean | null; files: number; made_at: string };
    const before = await json<Row[]>(rig, 'list');
    expect(before.map(({ dataset, latest, pushed, files }) => [dataset, latest, pushed, files])).toEqual([
      [id, false, null, 4],
      [b, true, null, 4],
    ]);
    await cli(rig, 'push', b);
    expect((await json<Row[]>(rig, 'list')).map(({ pushed }) => pushed)).toEqual([false, true]);
    expect(await cli(rig, 'list')).toMatch(new RegExp(`${b} .* pushed +latest\n$`));
  });

  test('diff names the leaves and files that differ, also when only the remote has one of the two', async () => {
    const { rig, id } = await published();
    const b = (await cli(rig, 'run', '--seed', '8')).trim();
    type Diff = { differences: { at: string; was: unknown; now: unknown }[] };
    const { differences } = await json<Diff>(rig, 'diff', id, b);
    const at = differences.map((one) => one.at);
    expect(differences).toContainEqual({ at: 'seed', was: 7, now: 8 });
    expect(at).toContain('files.AAPL.txt');
    expect(at).not.toContain('files.reports/report.json');
    await cli(rig, 'push');
    renameSync(cache(rig), `${cache(rig)}-gone`);
    expect((await json<Diff>(rig, 'diff', id, b)).differences).toEqual(differences);
    expect(rig.exists(`.dvc/cache/files`)).toBe(false);
  });

  test('every command about data says how it is used', async () => {
    const rig = openRig(DEMO);
    for (const words of [
      'list',
      'show',
      'diff',
      'push',
      'pull',
      'verify',
      'gc',
      'remote',
      'remote add',
      'remote set',
    ]) {
      const out = await cli(rig, ...words.split(' '), '--help');
      expect(out, words).toContain(`Example:\n  pipeline ${words}`);
      expect(out, words).toContain('--json');
    }
  });

  test('[S1-102] remote add and set edit .dvc/config and leave the rest as it is', async () => {
    const rig = openRig({ ...DEMO, '.dvc/config': '# mine\n[core]\n    autostage = false\n' });
    await cli(rig, 'remote', 'add', '-d', 'localstore', 'store');
    expect(rig.read('.dvc/config')).toBe(
      `# mine\n[core]\n    autostage = false\n    remote = localstore\n['remote "localstore"']\n    url = ../store\n`,
    );
    expect((await rig.cli(['remote', 'add', 'localstore', 'x'])).code).toBe(2);
    await cli(rig, 'remote', 'set', 'localstore', '/elsewhere/store');
    expect(await json(rig, 'remote')).toEqual([{ name: 'localstore', url: '/elsewhere/store', default: true }]);
  });
});
