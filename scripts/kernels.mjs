// Compiles kernels written in AssemblyScript, each again only when its sources or its compiler differ.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Compiler options for all kernels; in the key of each. */
const OPTIONS = 'lib/math/kernels/asconfig.json';

const md5 = (path) => createHash('md5').update(readFileSync(path)).digest('hex');
const slashed = (path) => path.replaceAll('\\', '/');

/** Every `x.as.ts` that some source of lib imports as `x.wasm`. */
function entries(own) {
  const found = new Set();
  for (const entry of readdirSync(join(own, 'lib'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.as.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, path] of text.matchAll(/ from '(\.[^']+)\.wasm'/g))
      found.add(`${join(entry.parentPath, path)}.as.ts`);
  }
  return [...found].sort();
}

/** All files that a kernel is made from, in the order of their imports. */
function sourcesOf(own, entry) {
  const found = new Set([entry]);
  for (const path of found)
    for (const [, to] of readFileSync(path, 'utf8').matchAll(/ from '(\.[^']+)'/g))
      found.add(`${join(dirname(path), to)}.ts`);
  return [...found, join(own, OPTIONS)];
}

/** `npm:name@version` -> integrity of the compiler and all it brings along. */
function compiler(own) {
  const { packages } = JSON.parse(readFileSync(join(own, 'package-lock.json'), 'utf8'));
  const found = {};
  for (const queue = ['assemblyscript']; queue.length > 0; ) {
    const name = queue.pop();
    const { version, integrity, dependencies = {} } = packages[`node_modules/${name}`];
    found[`npm:${name}@${version}`] = integrity;
    queue.push(...Object.keys(dependencies));
  }
  return found;
}

async function compile(own, entry) {
  const { main } = await import('assemblyscript/asc');
  let wasm = null;
  const { error, stderr } = await main(
    [slashed(relative(own, entry)), '--baseDir', own, '--config', OPTIONS, '--outFile', 'kernel.wasm'],
    {
      writeFile: (_, bytes) => {
        wasm = bytes;
      },
    },
  );
  if (error) throw new Error(`${relative(own, entry)} does not compile\n${stderr}`);
  return wasm;
}

/**
 * The kernels as `lib/engine/kernels.ts` reads them: { name, sources, compiler, wasm }, sources as paths from the folder of the
 * entry -> md5. Without the compiler (an installation for production) `wasm` is empty, and the TypeScript twins do the work.
 */
export async function compileKernels(own, known) {
  const with_ = compiler(own);
  const isHere = existsSync(join(own, 'node_modules/assemblyscript'));
  const kernels = [];
  for (const entry of entries(own)) {
    const name = basename(entry);
    const paths = sourcesOf(own, entry);
    const sources = Object.fromEntries(paths.map((path) => [slashed(relative(dirname(entry), path)), md5(path)]));
    const same = (one) =>
      JSON.stringify([one.name, one.sources, one.compiler]) === JSON.stringify([name, sources, with_]);
    const before = known.find((one) => same(one) && one.wasm !== '');
    const wasm = before?.wasm ?? (isHere ? Buffer.from(await compile(own, entry)).toString('base64') : '');
    kernels.push({ name, sources, compiler: with_, wasm });
  }
  if (!isHere && kernels.some(({ wasm }) => wasm === ''))
    process.stderr.write(
      'assemblyscript is not installed: numbers are made by the slower TypeScript twins, with the same bits\n',
    );
  const files = [...new Set(entries(own).flatMap((entry) => sourcesOf(own, entry)))];
  return { kernels, files: files.map((path) => slashed(relative(own, path))).sort() };
}
