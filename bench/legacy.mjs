// Figure "legacy": bars of generator v0, ours and the same bars in Python, as CPU per row without start-up.
import { join } from 'node:path';
import { compare, measure, row } from './meter.mjs';
import { withPeer } from './peers.mjs';
import { bundle, fresh, own, write } from './program.mjs';

export const title = 'Bars of generator v0, CPU per row without start-up';

/** Our function in a script of its own; prints seconds of CPU, the last close and the number of rows, as legacy.py does. */
function script() {
  const folder = fresh('legacy');
  write(folder, {
    'main.ts': `import { generateLegacyBars } from ${JSON.stringify(join(own, 'lib/market/legacy.ts'))};
const [end, count, seed] = process.argv.slice(2);
const tickers = Array.from({ length: Number(count) }, (_, i) => \`T\${i}\`);
const before = process.cpuUsage();
const bars = generateLegacyBars({ tickers, start: '2000-01-03', end: end!, seed: Number(seed), generator_version: 'v0' });
const used = process.cpuUsage(before);
const rows = bars.reduce((sum, { close }) => sum + close.length, 0);
process.stdout.write(\`\${(used.user + used.system) / 1e6} \${bars.at(-1)!.close.at(-1)} \${rows}\`);
`,
  });
  return bundle(join(folder, 'main.ts'), join(folder, 'main.cjs'));
}

/** One run as nanoseconds per row; `check` takes the last close. */
function perRow(cmd, check) {
  const found = measure({ cmd });
  const [seconds, close, rows] = found.stdout.trim().split(' ').map(Number);
  check(close);
  return { ...found, cpuMs: (1e9 * seconds) / rows };
}

export async function legacy({ quick, log }) {
  const end = '2040-01-03';
  const tickers = quick ? 20 : 100;
  const main = await script();
  const closes = new Map();
  const same = (round) => (close) => {
    if ((closes.get(round) ?? close) !== close) throw new Error(`numpy ends at ${closes.get(round)}, not ${close}`);
    closes.set(round, close);
  };
  return withPeer('numpy', log, (python) => {
    const file = join(import.meta.dirname, 'legacy.py');
    const theirs = (how, to, count, check) => (round) =>
      perRow([python, file, how, to, String(count), String(round)], check(round));
    const unchecked = () => () => {};
    const seen = compare(
      [
        {
          name: 'ours',
          run: (round) => perRow([process.execPath, main, end, String(tickers), String(round)], same(round)),
        },
        { name: 'numpy', run: theirs('numpy', end, tickers, same) },
        { name: 'loop', run: theirs('loop', end, 1, unchecked) },
        { name: 'frame', run: theirs('frame', '2008-01-03', 1, unchecked) },
      ],
      { rounds: quick ? 3 : 9, log: () => {} },
    );
    const against = (name, shown) => ({ name: shown, samples: seen[name] });
    const unit = 'ns a row';
    const rows = [
      row(`${tickers} tickers, 40 years of days`, seen.ours, {
        goal: { max: 1 },
        against: against('numpy', 'the same bars in numpy and pandas'),
      }),
      row('how many times faster than a loop over rows', seen.ours, {
        goal: { min: 1000 },
        against: against('frame', 'Python that adds each row to a frame'),
      }),
      row('how many times faster than a loop over rows', seen.ours, {
        times: true,
        against: against('loop', 'Python that makes a list of records'),
      }),
    ];
    return { rows: rows.map((one) => ({ ...one, unit })) };
  });
}
