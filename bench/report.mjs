// Writes docs/BENCHMARKS.md from stored results: machine, goals, ratios; nothing in it is typed by hand.
import * as fs from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { cache, own } from './program.mjs';

const results = join(cache, 'results');

/** Keep a figure's rows until the page is written. */
export function store(name, result) {
  fs.mkdirSync(results, { recursive: true });
  fs.writeFileSync(join(results, `${name}.json`), JSON.stringify(result));
}

const number = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const ms = (value) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2));

function line({ what, against, by, goal, ratio, cpuMs, wallMs, rounds, note, unit }) {
  const asked = goal === null ? '' : goal.max !== undefined ? `<= ${goal.max}` : `>= ${goal.min}`;
  const met = goal === null ? '' : isMet(goal, ratio.median) ? 'yes' : '**no**';
  const spread =
    rounds > 1 ? `${number(ratio.median)} (${number(ratio.min)}..${number(ratio.max)})` : number(ratio.median);
  const cost = unit ? `${ms(cpuMs)} ${unit}` : by === 'CPU' ? `${ms(cpuMs)} ms` : `${ms(wallMs)} ms wall`;
  return `| ${what}${note ? ` (${note})` : ''} | ${against}, ${by} | ${asked} | ${spread} | ${met} | ${cost} | ${rounds} |`;
}

export const isMet = (goal, value) => (goal.max !== undefined ? value <= goal.max : value >= goal.min);

/** Write the page from every figure measured so far, in the order given. */
export function writePage(figures) {
  const page = join(own, 'docs', 'BENCHMARKS.md');
  const before = fs.readFileSync(page, 'utf8').split(/^(?=## )/m);
  const parts = [];
  for (const [name, { title }] of Object.entries(figures)) {
    const file = join(results, `${name}.json`);
    // What was not measured here stays as it was.
    if (!fs.existsSync(file)) {
      parts.push(
        ...before.filter((section) => section.startsWith(`## ${title}\n`)).map((section) => `${section.trimEnd()}\n`),
      );
      continue;
    }
    const { rows, skipped = [], peers = '' } = JSON.parse(fs.readFileSync(file, 'utf8'));
    parts.push(
      `## ${title}\n`,
      '| what | ratio to | goal | measured: median (min..max) | met | median | rounds |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...rows.map(line),
      ...(peers ? ['', `Peers: ${peers}.`] : []),
      ...[skipped].flat().map((reason) => `\nSkipped: ${reason}.`),
      '',
    );
  }
  const text = `# Benchmarks

Written by \`npm run bench\` (\`node bench/run.mjs [figure...] [--quick]\`); changes here are lost.

Each number is the CPU (user + system) of a whole process and everything it started, unless the row says otherwise. Cases take turns,
a bare \`node -e 0\` before and after each; a ratio is taken within one turn and the median of these is shown. Rows of peers say what
the same work costs elsewhere; "sh" rows are the commands alone, which no tool that runs them can beat.

Machine: ${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}.

${parts.join('\n')}`;
  fs.writeFileSync(page, `${text.trimEnd()}\n`);
}
