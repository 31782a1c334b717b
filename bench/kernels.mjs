// Figure "kernels": addressed normals, bridge extremes and exponentials, ours and numpy's, as CPU per value without start-up.
import { join } from 'node:path';
import { compare, measure, row } from './meter.mjs';
import { versionOf, withPeer } from './peers.mjs';
import { bundle, fresh, write } from './program.mjs';

export const title = 'Kernels, CPU per value without start-up';

/** Our functions in a script of its own; prints seconds of CPU, the number of values and one of them, as kernels.py does. */
function script() {
  const folder = fresh('kernels');
  write(folder, {
    'main.ts': `import { bridgeExtremes } from 'marketloom/lib/market/bridges.ts';
import { expEach } from 'marketloom/lib/math/arrays.ts';
import { addNormals } from 'marketloom/lib/math/draw.ts';
import { floats, useTwins } from 'marketloom/lib/math/kernel.ts';
import { streamOf } from 'marketloom/lib/math/stream.ts';
const [what, how, blocks] = process.argv.slice(2);
useTwins(how === 'twin');
const BARS = 512;
const PIECES = 4;
const n = BARS * PIECES;
const stream = streamOf(1, { scope: 'asset', asset: 'X', component: 'diffusion' });
const [normals, to, variance] = [floats(n), floats(n), floats(n).fill(1e-4)];
const [top, bottom] = [floats(BARS), floats(BARS)];
const ends = Int32Array.from({ length: n }, (_, i) => i + 1);
const number = new Int32Array(BARS);
addNormals(to, stream, 0.01, 0, BARS, PIECES);
const acts = {
  normals: (block) => addNormals(normals, stream, 1, block * BARS, BARS, PIECES),
  extremes: (block) => {
    for (let b = 0; b < BARS; b++) number[b] = block * BARS + b;
    bridgeExtremes({ from: normals, to, variance, ends }, PIECES, number, BARS, stream, top, bottom);
  },
  exp: () => {
    normals.set(to);
    expEach(normals);
  },
};
const act = acts[what];
for (let block = 0; block < 500; block++) act(block);
if (what !== 'normals') normals.fill(0);
const before = process.cpuUsage();
for (let block = 0; block < Number(blocks); block++) act(block);
const used = process.cpuUsage(before);
process.stdout.write(\`\${(used.user + used.system) / 1e6} \${Number(blocks) * n} \${what === 'extremes' ? top[7] : normals[7]}\`);
`,
  });
  return bundle(join(folder, 'main.ts'), join(folder, 'main.cjs'));
}

/** One run as nanoseconds per value. */
function perValue(cmd) {
  const found = measure({ cmd });
  const [seconds, count] = found.stdout.trim().split(' ').map(Number);
  return { ...found, cpuMs: (1e9 * seconds) / count };
}

export async function kernels({ quick, log }) {
  const main = await script();
  // Of 2,048 values; enough that what V8 spends on optimising in the first of them does not count.
  const blocks = { normals: quick ? 4000 : 8000, extremes: quick ? 1000 : 2000, exp: quick ? 4000 : 8000 };
  const file = join(import.meta.dirname, 'kernels.py');
  return withPeer('numpy', log, (python) => {
    const ours = (what, how) => ({
      name: `${what} ${how}`,
      run: () =>
        perValue([process.execPath, main, what, how, String(how === 'twin' ? blocks[what] / 4 : blocks[what])]),
    });
    const theirs = (what, how) => ({
      name: `${what} ${how}`,
      run: () => perValue([python, file, what, how, String(blocks[what])]),
    });
    const cases = ['normals', 'extremes', 'exp'].flatMap((what) => [
      ours(what, 'kernel'),
      theirs(what, 'Philox'),
      ...(what === 'exp' ? [] : [theirs(what, 'SFC64')]),
      ours(what, 'twin'),
    ]);
    const seen = compare(cases, { rounds: quick ? 3 : 9, log: () => {} });
    const line = (said, what, how, goal, name) =>
      row(said, seen[`${what} kernel`], { goal, against: { name, samples: seen[`${what} ${how}`] } });
    const rows = [
      line(
        'One addressed standard normal',
        'normals',
        'Philox',
        { max: 0.8 },
        'numpy `Generator(Philox).standard_normal`',
      ),
      line('One addressed standard normal', 'normals', 'SFC64', { max: 1 }, 'numpy `Generator(SFC64).standard_normal`'),
      line('One addressed standard normal', 'normals', 'twin', null, 'its TypeScript twin'),
      line('High and low of one piece of a bar', 'extremes', 'Philox', { max: 0.8 }, 'the same in numpy with Philox'),
      line('High and low of one piece of a bar', 'extremes', 'SFC64', { max: 1 }, 'the same in numpy with SFC64'),
      line('High and low of one piece of a bar', 'extremes', 'twin', null, 'its TypeScript twin'),
      line('One exponential, with a copy', 'exp', 'Philox', null, 'numpy `exp`'),
      line('One exponential, with a copy', 'exp', 'twin', null, 'its TypeScript twin'),
    ];
    const unit = 'ns';
    const peers = `numpy ${versionOf('numpy', python)}, in blocks of 2,048 values`;
    return { rows: rows.map((one) => ({ ...one, unit })), peers };
  });
}
