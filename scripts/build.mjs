// Builds the program: one bundle for the command line, one for worker threads, the kernels, and the launcher that finds them fresh.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileKernels } from './kernels.mjs';

const own = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(own, 'dist');
mkdirSync(dist, { recursive: true });

const shared = {
  absWorkingDir: own,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // import() of packages becomes require(), which works in a script loaded through the code cache.
  supported: { 'dynamic-import': false },
  format: 'cjs',
  // Packages most commands need go into the bundle, where the code cache covers them; heavy ones are loaded when used.
  external: ['ajv', 'apache-arrow', 'esbuild', 'isomorphic-git', 'node-cron', 'parquet-wasm'],
  write: false,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
};
/** Pino's way to write from another thread, which nobody takes here; loading what it needs costs each run a tenth of Node's start. */
const noTransport = {
  name: 'no-transport',
  setup({ onLoad }) {
    onLoad({ filter: /pino\/lib\/transport\.js$/ }, () => ({ contents: '' }));
  },
};
/** Ajv is loaded when something does not fit its schema, which is seldom. */
const lateAjv = {
  name: 'late-ajv',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^ajv$/, namespace: 'file' }, () => ({ path: 'ajv', namespace: 'late' }));
    onLoad({ filter: /^ajv$/, namespace: 'late' }, () => ({
      contents: 'module.exports = { get Ajv() { return require("ajv").Ajv; } };',
    }));
  },
};
const main = await build({
  ...shared,
  plugins: [noTransport, lateAjv],
  entryPoints: ['bin/pipeline.ts'],
  outfile: 'dist/main.cjs',
  sourcemap: 'linked',
});
const worker = await build({ ...shared, entryPoints: ['lib/engine/worker.ts'], outfile: 'dist/worker.cjs' });
const launcher = await build({
  ...shared,
  entryPoints: ['bin/launch.ts'],
  outfile: 'dist/pipeline.cjs',
  banner: { js: '#!/usr/bin/env node' },
});

/** Replace a file whole: another process may be starting from it. */
function put(path, bytes) {
  const temp = `${path}.${process.pid}.tmp`;
  writeFileSync(temp, bytes);
  renameSync(temp, path);
}

const id = createHash('sha256');
for (const { outputFiles } of [main, worker, launcher]) {
  for (const file of outputFiles) {
    put(file.path, file.contents);
    id.update(file.contents);
  }
}
chmodSync(join(dist, 'pipeline.cjs'), 0o755);

const kernelsFile = join(dist, 'kernels.json');
const known = existsSync(kernelsFile) ? JSON.parse(readFileSync(kernelsFile, 'utf8')) : [];
const { kernels, files: kernelSources } = await compileKernels(own, known);
const kernelsText = JSON.stringify(kernels);
put(kernelsFile, kernelsText);
id.update(kernelsText);

const inputs = [...new Set([main, worker, launcher].flatMap(({ metafile }) => Object.keys(metafile.inputs)))].sort();
const scripts = ['scripts/build.mjs', 'scripts/kernels.mjs', 'package-lock.json'];
const sources = [...inputs, ...kernelSources, ...scripts].filter((path) => existsSync(join(own, path)));
const marks = sources.flatMap((path) => {
  const stat = statSync(join(own, path));
  return [stat.size, stat.mtimeMs];
});
const facts = execFileSync(process.execPath, [join(dist, 'main.cjs'), '--build-facts'], {
  encoding: 'utf8',
  env: { ...process.env, MARKETLOOM_OWN: own },
});
const { help, node } = JSON.parse(facts);
put(join(dist, 'build.json'), JSON.stringify({ id: id.digest('hex').slice(0, 16), node, sources, marks, help }));
