// Figure "legacy": bars of generator v0, ours and the same bars in Python, as CPU per row without start-up.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { bareNode, compare, measure, row } from './meter.mjs';
import { withPeer } from './peers.mjs';
import { fresh, own, write } from './program.mjs';

export const title = 'Bars of generator v0';

const BUSINESS_DAYS_A_YEAR = 260.9;

/** Our function in a script of its own, which repeats it over seeds and prints seconds of CPU and the last close of the first. */
function script() {
  const folder = fresh('legacy');
  write(folder, {
    'main.ts': `import { generateLegacyBars } from ${JSON.stringify(join(own, 'lib/market/legacy.ts'))};
const [start, end, seed, times] = process.argv.slice(2);
const request = (n: number) => ({ tickers: ['AAPL'], start: start!, end: end!, seed: Number(seed) + n, generator_version: 'v0' as const });
const before = process.cpuUsage();
let rows = 0;
let last = 0;
for (let n = 0; n < Number(times); n++) {
  const bars = generateLegacyBars(request(n))[0]!;
  rows += bars.close.length;
  if (n === 0) last = bars.close.at(-1)!;
}
const used = process.cpuUsage(before);
process.stdout.write(\`\${(used.user + used.system) / 1e6} \${last} \${rows}\`);
`,
  });
  const outfile = join(folder, 'main.cjs');
  buildSync({ entryPoints: [join(folder, 'main.ts')], outfile, bundle: true, platform: 'node', format: 'cjs' });
  return outfile;
}

/** CPU per row of one run, in nanoseconds, under the name the meter uses for what it compares. */
function perRow(found, rows) {
  const seconds = Number(found.stdout.split(' ')[0]);
  return { ...found, cpuMs: (1e9 * seconds) / rows };
}

export function legacy({ quick, log }) {
  const years = quick ? 40 : 200;
  const end = `${2000 + years}-01-03`;
  const rows = Math.round(BUSINESS_DAYS_A_YEAR * years);
  const main = script();
  const own = (times) => (round) => {
    const found = measure({ cmd: [process.execPath, main, '2000-01-03', end, String(round), String(times)] });
    return perRow(found, Number(found.stdout.split(' ')[2]));
  };
  const cases = [
    { name: 'once', run: own(1) },
    { name: 'warm', run: own(40) },
  ];
  const python = withPeer('numpy', log, (bin) => {
    const theirs = (how, count) => (round) =>
      perRow(measure({ cmd: [bin, join(import.meta.dirname, 'legacy.py'), how, String(count), String(round)] }), count);
    cases.push(
      { name: 'numpy', run: theirs('numpy', rows) },
      { name: 'loop', run: theirs('loop', rows) },
      { name: 'frame', run: theirs('frame', 2000) },
    );
    return {};
  });
  const seen = compare(cases, { rounds: quick ? 3 : 9, log: () => {}, baseline: bareNode });
  const result = [];
  const versus = (what, name, goal, against) =>
    result.push({
      ...row(what, seen[name], { goal, against: { name: against, samples: seen[against] } }),
      unit: 'ns a row',
    });
  if (python.skipped) return { rows: [], skipped: [python.skipped] };
  const size = `one ticker, ${rows.toLocaleString('en')} days`;
  versus(`${size}, in a new process`, 'once', { max: 1 }, 'numpy');
  versus(`${size}, 40 seeds in a row`, 'warm', { max: 1 }, 'numpy');
  versus(
    `${size}, how many times faster than a Python loop that adds each row to the frame`,
    'once',
    { min: 1000 },
    'frame',
  );
  versus(`${size}, how many times faster than a Python loop over records`, 'once', { min: 1 }, 'loop');
  return { rows: result };
}
