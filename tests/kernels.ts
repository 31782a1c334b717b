// Lets tests run from sources: an import of a compiled kernel gives the one that the build made of the sources as they are.
import { dirname, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';
import { compiledKernel, kernelEntry } from '../lib/engine/kernels.ts';

const MARK = '\0kernel:';

export const kernels: Plugin = {
  name: 'kernels',
  enforce: 'pre',
  resolveId(source, importer) {
    const entry = importer === undefined ? null : kernelEntry(dirname(importer), source);
    return entry === null ? null : MARK + entry;
  },
  load(id) {
    if (!id.startsWith(MARK)) return null;
    const { wasm } = compiledKernel(resolve('.'), id.slice(MARK.length));
    return `export default Uint8Array.from(Buffer.from('${Buffer.from(wasm).toString('base64')}', 'base64'));`;
  },
};
