// Compiled kernels as the build left them beside the program: found by the bytes of their sources, never by their names alone.
import { basename, dirname, join, resolve } from 'node:path';
import { type Md5, md5 } from '../base/digest.ts';
import { ProblemError } from '../base/problem.ts';
import { exists, readBytes, readTextIfAny } from '../store/files.ts';

/** A kernel of `dist/kernels.json`, which scripts/kernels.mjs writes. */
interface Compiled {
  /** File name of its entry, `x.as.ts`. */
  readonly name: string;
  /** Path from the folder of the entry -> md5, of everything it is made from, the compiler's options too. */
  readonly sources: Readonly<Record<string, Md5>>;
  /** `npm:name@version` -> integrity. */
  readonly compiler: Readonly<Record<string, string>>;
  /** Base64; empty when the compiler was not installed. */
  readonly wasm: string;
}

export interface Kernel {
  readonly wasm: Uint8Array;
  /** Absolute paths. */
  readonly sources: readonly string[];
  readonly compiler: Readonly<Record<string, string>>;
}

export const kernelsFile = (own: string) => join(own, 'dist', 'kernels.json');

const readKernels = (own: string) => JSON.parse(readTextIfAny(kernelsFile(own)) ?? '[]') as readonly Compiled[];

/** Whether the twins do the work of some kernel, because the compiler was not installed. */
export const needsTwins = (own: string): boolean => readKernels(own).some(({ wasm }) => wasm === '');

/** The kernel source behind an import of `./x.wasm`, or null when the import means something else. */
export function kernelEntry(folder: string, specifier: string): string | null {
  if (!/^\.\.?\/.*\.wasm$/.test(specifier)) return null;
  const entry = resolve(folder, specifier.replace(/\.wasm$/, '.as.ts'));
  return exists(entry) ? entry : null;
}

/** The compiled form of a kernel source. Throws code/stale when the program was built from other sources. */
export function compiledKernel(own: string, entry: string): Kernel {
  const folder = dirname(entry);
  const isOf = ([path, digest]: [string, string]) =>
    exists(join(folder, path)) && md5(readBytes(join(folder, path))) === digest;
  const found = readKernels(own).find(
    ({ name, sources }) => name === basename(entry) && Object.entries(sources).every(isOf),
  );
  if (found === undefined) {
    throw new ProblemError({
      code: 'code/stale',
      message: `the kernel \`${entry}\` differs from what this program was built with`,
      hint: `run \`npm run build\` in ${own}`,
    });
  }
  return {
    wasm: Buffer.from(found.wasm, 'base64'),
    sources: Object.keys(found.sources).map((path) => join(folder, path)),
    compiler: found.compiler,
  };
}

/** What a plugin of esbuild is given, as far as it is used here. */
interface Hooks {
  onResolve(
    on: { filter: RegExp },
    act: (found: { path: string; resolveDir: string }) => { path: string } | null,
  ): void;
  onLoad(on: { filter: RegExp }, act: (found: { path: string }) => { contents: Uint8Array; loader: 'binary' }): void;
}

/** Puts the compiled form of `x.as.ts` where `./x.wasm` is imported; the source stays what the bundle is said to be made from. */
export const kernels = (own: string) => ({
  name: 'kernels',
  setup({ onResolve, onLoad }: Hooks) {
    onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
      const entry = kernelEntry(resolveDir, path);
      return entry === null ? null : { path: entry };
    });
    onLoad({ filter: /\.as\.ts$/ }, ({ path }) => ({ contents: compiledKernel(own, path).wasm, loader: 'binary' }));
  },
});
