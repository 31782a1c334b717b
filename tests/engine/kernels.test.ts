// What a compiled kernel is to the engine: a part of the bundle, keyed by its sources and its compiler, never stale, with a twin.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import type { ProblemError } from '../../lib/base/problem.ts';
import { buildCode, reach } from '../../lib/engine/build.ts';
import { kernelEntry } from '../../lib/engine/kernels.ts';
import { codeSha } from '../../lib/engine/key.ts';
import { addNormals } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { Marks } from '../../lib/store/marks.ts';

let base: string;
let project: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-kernels-')));
  project = join(base, 'project');
  mkdirSync(project);
});
afterEach(() => rmSync(base, { recursive: true }));

const build = (entry: string, own: string) =>
  buildCode(
    { project, own, codeDir: join(project, '.code'), tmp: base },
    [entry],
    new Marks(project, join(base, 'state.json')),
  );

/** A project that is a checkout of its own: the kernels' folders, and what the build made of them. */
function checkout(): void {
  cpSync('lib/math', join(project, 'lib/math'), { recursive: true });
  cpSync('lib/base', join(project, 'lib/base'), { recursive: true });
  cpSync('package-lock.json', join(project, 'package-lock.json'));
  mkdirSync(join(project, 'dist'));
  cpSync('dist/kernels.json', join(project, 'dist/kernels.json'));
}
const edit = (name: string, from: string, to: string) => {
  const text = readFileSync(join(project, name), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(project, name), text.replaceAll(from, to));
};

describe('a stage that reaches a kernel', () => {
  test('is keyed by every source of it, the options and the compiler', async () => {
    checkout();
    const code = reach(await build('lib/math/draw.ts', project), 'lib/math/draw.ts', {});
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, { version: string; integrity: string }>;
    };
    const room = ['asconfig.json', 'draw.as.ts', 'elementary.as.ts', 'threefry.as.ts', 'uniform.as.ts'];
    expect(Object.keys(code)).toEqual(expect.arrayContaining(room.map((name) => `lib/math/kernels/${name}`)));
    for (const name of ['assemblyscript', 'binaryen', 'long']) {
      const { version, integrity } = lock.packages[`node_modules/${name}`]!;
      expect(code[`npm:${name}@${version}`]).toBe(integrity);
    }
    expect(Object.keys(reach(await build('lib/math/elementary.ts', project), 'lib/math/elementary.ts', {}))).toEqual([
      'lib/math/elementary.ts',
    ]);
  });

  test('gets another key by an edit of a source, once the build has compiled it, and does not run before', async () => {
    checkout();
    const sha = async () => codeSha(reach(await build('lib/math/draw.ts', project), 'lib/math/draw.ts', {}));
    const before = await sha();
    const old = md5(readFileSync(join(project, 'lib/math/kernels/threefry.as.ts')));
    edit('lib/math/kernels/threefry.as.ts', 'shuffle<u8>(x, x, 2, 3, 0, 1', 'shuffle<u8>(x, x, 0, 1, 2, 3');
    const refused = await sha().catch((error: unknown) => error);
    expect((refused as ProblemError).problems?.[0]).toMatchObject({
      code: 'code/stale',
      hint: expect.stringMatching('npm run build'),
    });
    edit('dist/kernels.json', old, md5(readFileSync(join(project, 'lib/math/kernels/threefry.as.ts'))));
    expect(await sha()).not.toBe(before);
  });

  test('gets another key by another compiler', async () => {
    checkout();
    const sha = async () => codeSha(reach(await build('lib/math/draw.ts', project), 'lib/math/draw.ts', {}));
    const before = await sha();
    edit('dist/kernels.json', 'npm:binaryen@', 'npm:binaryen@1');
    expect(await sha()).not.toBe(before);
  });

  test('runs anywhere from its bundle alone, with the same bits without WebAssembly', async () => {
    writeFileSync(
      join(project, 'stage.ts'),
      `import { addNormals } from 'marketloom/lib/math/draw.ts';
import { place, floats } from 'marketloom/lib/math/kernel.ts';
import { streamOf } from 'marketloom/lib/math/stream.ts';
const out = floats(40_000);
addNormals(out, streamOf(1, { scope: 'asset', asset: 'X', component: 'diffusion' }), 1, 0, 10_000, 4);
process.stdout.write(JSON.stringify({ inMemory: place(out) > 0, bytes: Buffer.from(out.buffer, out.byteOffset, out.byteLength).toString('base64') }));
`,
    );
    const { bundles } = await build('stage.ts', resolve('.'));
    const run = (...flags: string[]) => {
      const args = [...flags, join(project, '.code', bundles['stage.ts'] as string)];
      return JSON.parse(
        execFileSync(process.execPath, args, { encoding: 'utf8', cwd: base, maxBuffer: 1 << 24, stdio: 'pipe' }),
      );
    };
    const here = new Float64Array(40_000);
    addNormals(here, streamOf(1, { scope: 'asset', asset: 'X', component: 'diffusion' }), 1, 0, 10_000, 4);
    const bytes = Buffer.from(here.buffer).toString('base64');
    expect(run()).toEqual({ inMemory: true, bytes });
    expect(run('--jitless')).toEqual({ inMemory: false, bytes });
  });
});

test('an import of .wasm that no kernel source stands behind is left alone', () => {
  writeFileSync(join(project, 'x.as.ts'), '');
  expect(kernelEntry(project, './x.wasm')).toBe(join(project, 'x.as.ts'));
  for (const other of ['./y.wasm', 'x.wasm', './x.wasm?url', '../x.as.ts'])
    expect(kernelEntry(project, other)).toBeNull();
});
