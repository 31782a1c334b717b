// The program under test: a frozen copy of this checkout, so that edits during a measurement change nothing.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildSync } from 'esbuild';
import { environment, measure } from './meter.mjs';

export const own = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** Everything the benches make: peers, rigs, results. */
export const cache = process.env.BENCH_CACHE ?? join(tmpdir(), 'marketloom-bench');

const PARTS = ['bin', 'lib', 'stages', 'scripts', 'config', 'cron', 'data/v0'];
const FILES = ['package.json', 'package-lock.json', 'pipeline.yaml', 'tsconfig.json'];

/** Copy, build and return the path of the launcher. */
export function freeze() {
  const copy = join(cache, 'program');
  fs.rmSync(copy, { recursive: true, force: true });
  for (const part of PARTS)
    if (fs.existsSync(join(own, part))) fs.cpSync(join(own, part), join(copy, part), { recursive: true });
  for (const file of FILES) fs.copyFileSync(join(own, file), join(copy, file));
  fs.symlinkSync(join(own, 'node_modules'), join(copy, 'node_modules'));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: copy, env: environment() });
  return join(copy, 'dist', 'pipeline.cjs');
}

let launcher = null;

/** Run our program in a project and measure it; the first use freezes it. */
export function ours(cwd, ...args) {
  launcher ??= freeze();
  return measure({ cmd: [process.execPath, launcher, ...args], cwd });
}

/** A project of its own with this checkout's market pipeline. */
export function marketProject() {
  launcher ??= freeze();
  const folder = fresh('market');
  for (const part of ['lib', 'stages', 'config', ...FILES])
    fs.cpSync(join(cache, 'program', part), join(folder, part), { recursive: true });
  fs.symlinkSync(join(own, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Our TypeScript in one file that Node runs, kernels included. */
export async function bundle(entry, outfile) {
  const shared = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'error' };
  // What puts compiled kernels into stages puts them here.
  const engine = `${outfile}.kernels.cjs`;
  buildSync({ ...shared, entryPoints: [join(own, 'lib/engine/kernels.ts')], outfile: engine });
  const { kernels } = createRequire(import.meta.url)(engine);
  await build({ ...shared, entryPoints: [entry], outfile, alias: { marketloom: own }, plugins: [kernels(own)] });
  return outfile;
}

/** An empty folder for a rig. */
export function fresh(name) {
  const folder = join(cache, 'rigs', name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Write files below a folder: relative path -> text. */
export function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
    fs.writeFileSync(join(folder, path), text);
  }
}

/** Our functions in a script of its own, kernels and all, as stages are bundled; returns its path. Sources import `marketloom/...` and what else is in `more`. */
export async function script(name, source, more = {}) {
  const folder = fresh(name);
  write(folder, { 'main.ts': source, ...more });
  const engine = join(folder, 'kernels.cjs');
  const shared = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'error' };
  buildSync({ ...shared, entryPoints: [join(own, 'lib/engine/kernels.ts')], outfile: engine });
  const { kernels } = createRequire(import.meta.url)(engine);
  fs.symlinkSync(join(own, 'node_modules'), join(folder, 'node_modules'));
  const outfile = join(folder, 'main.cjs');
  await build({
    ...shared,
    entryPoints: [join(folder, 'main.ts')],
    outfile,
    alias: { marketloom: own },
    external: ['parquet-wasm', 'apache-arrow'],
    plugins: [kernels(own)],
  });
  return outfile;
}
