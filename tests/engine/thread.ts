// Runs TypeScript in a thread of its own, for tests of what changes the whole world of a thread.
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';

/** What the text exports as `answer`, or the promise of it; the text may import as a file of this folder does. */
export function inThread<T>(text: string): Promise<T> {
  const { outputFiles } = buildSync({
    stdin: { contents: text, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    footer: {
      js: `Promise.resolve(module.exports.answer).then((value) => require('node:worker_threads').parentPort.postMessage(value));`,
    },
  });
  const worker = new Worker(outputFiles[0]!.text, { eval: true });
  return new Promise<T>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  }).finally(() => worker.terminate());
}
