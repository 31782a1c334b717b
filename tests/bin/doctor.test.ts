import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { examine, type Finding } from '../../bin/doctor.ts';
import { closeRigs, openRig, type Rig } from '../proof/rig.ts';

afterEach(closeRigs);

const TINY = { 'pipeline.yaml': 'pipeline: tiny\nstages:\n  a:\n    cmd: echo a > out/a\n    out: { a: file }\n' };

async function doctor(rig: Rig, env: Record<string, string> = {}) {
  const { code, out } = await rig.cli(['doctor', '--json'], { env });
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  return { code, ok, of: (check: string) => findings.find((one) => one.check === check), findings };
}

test('a good project has nothing bad, each finding is one line, and nothing is left behind', async () => {
  const rig = openRig(TINY);
  const { code, ok, findings } = await doctor(rig);
  expect([code, ok]).toEqual([0, true]);
  expect(readdirSync(rig.root)).toEqual(['pipeline.yaml']);
  const { out } = await rig.cli(['doctor']);
  expect(out.trimEnd().split('\n')).toHaveLength(findings.length);
  for (const { level, hint } of findings) expect(hint === null).toBe(level === 'ok');
});

test('outside a project it says so, after what can be said of the program', async () => {
  const { code, findings } = await doctor(openRig());
  expect(code).toBe(1);
  expect(findings.map(({ check, level }) => `${check} ${level}`)).toEqual(['node ok', 'build ok', 'project bad']);
});

test('a build without compiled kernels is a note', async () => {
  const own = openRig({
    'package.json': '{"engines":{"node":">=20"}}',
    'dist/build.json': '{"id":"x","sources":[],"marks":[]}',
    'dist/kernels.json': '[{"wasm":"AA=="},{"wasm":""}]',
  });
  const build = () => examine(own.root, own.root).find(({ check }) => check === 'build');
  expect(build()).toMatchObject({ level: 'note', says: expect.stringMatching(/no compiled kernels/) });
  own.edit('dist/kernels.json', ',{"wasm":""}', '');
  expect(build()).toMatchObject({ level: 'ok' });
});

describe('each fault is found by its check', () => {
  test.each<[string, string, Finding['level'], Record<string, string>, RegExp]>([
    ['a broken .dvc/config', 'dvc config', 'bad', { '.dvc/config': '[core\n' }, /./],
    ['a cache that is a file', 'cache', 'bad', { '.dvc/cache': '' }, /cache/],
    ['links that do not work', 'links', 'bad', { '.dvc/config': '[cache]\n    type = reflink\n' }, /reflink$/],
    ['a remote that is not there', 'remote', 'note', { '.dvc/config': REMOTE('../gone') }, /here is not there yet/],
    ['a remote that is a service', 'remote', 'bad', { '.dvc/config': REMOTE('s3://bucket') }, /not a folder/],
    ['a cache of DVC 2', 'layout', 'note', { '.dvc/cache/ab/cdef': '' }, /1 folders of DVC 2/],
    ['a torn state file', 'state', 'note', { '.pipeline/state': '{"format"' }, /^\.pipeline\/state is torn/],
    ['a lock without an owner', 'lock', 'note', { '.pipeline/lock': '' }, /names no owner/],
    ['a lock of a dead process', 'lock', 'note', { '.pipeline/lock': LOCK(2 ** 22 + 1) }, /which is gone/],
    ['a lock of a living process', 'lock', 'ok', { '.pipeline/lock': LOCK(process.pid) }, /runs since then/],
  ])('%s', async (_, check, level, files, says) => {
    const { of, code } = await doctor(openRig({ ...TINY, ...files }));
    expect(of(check)).toMatchObject({ level, says: expect.stringMatching(says) });
    expect(code).toBe(level === 'bad' ? 1 : 0);
  });
});

test('a link type that works here is named, and a remote folder that is there is fine', async () => {
  const config = `[cache]\n    type = hardlink\n${REMOTE('../../remote')}`;
  const { of } = await doctor(openRig({ ...TINY, '.dvc/config': config, '../remote/x': '' }));
  expect(of('links')?.says).toMatch(/work (reflink, )?hardlink, symlink, copy; hardlink is used$/);
  expect(of('remote')).toMatchObject({ level: 'ok' });
});

test('without a dvc program it is a note, with one its version', async () => {
  const rig = openRig(TINY);
  expect((await doctor(rig, { PATH: '/nowhere' })).of('dvc')).toMatchObject({ level: 'note' });
  rig.write('bin/dvc', '#!/bin/sh\necho 9.9.9\n');
  (await import('node:fs')).chmodSync(rig.path('bin/dvc'), 0o755);
  const PATH = `${rig.path('bin')}:/bin:/usr/bin`;
  expect((await doctor(rig, { PATH })).of('dvc')).toEqual({ check: 'dvc', level: 'ok', says: 'dvc 9.9.9', hint: null });
});

function REMOTE(url: string): string {
  return `[core]\n    remote = here\n['remote "here"']\n    url = ${url}\n`;
}

function LOCK(pid: number): string {
  return JSON.stringify({ pid, host: hostname(), since: 'then' });
}
