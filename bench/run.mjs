// Measures the figures named on the command line, or all, and writes docs/BENCHMARKS.md (not with --quick).
import { closes, title as closesTitle } from './closes.mjs';
import { files, title as filesTitle } from './files.mjs';
import { generate, title as generateTitle } from './generate.mjs';
import { kernels, title as kernelsTitle } from './kernels.mjs';
import { layers, title as layersTitle, many, manyTitle, peers, peersTitle } from './layers.mjs';
import { legacy, title as legacyTitle } from './legacy.mjs';
import { memory, title as memoryTitle } from './memory.mjs';
import { parquet, title as parquetTitle } from './parquet.mjs';
import { isMet, store, writePage } from './report.mjs';
import { start, title as startTitle } from './start.mjs';
import { title as storeTitle, storing } from './storing.mjs';

const FIGURES = {
  start: { title: startTitle, run: start },
  layers: { title: layersTitle, run: layers },
  peers: { title: peersTitle, run: peers },
  many: { title: manyTitle, run: many },
  files: { title: filesTitle, run: files },
  legacy: { title: legacyTitle, run: legacy },
  kernels: { title: kernelsTitle, run: kernels },
  closes: { title: closesTitle, run: closes },
  parquet: { title: parquetTitle, run: parquet },
  generate: { title: generateTitle, run: generate },
  memory: { title: memoryTitle, run: memory },
  storing: { title: storeTitle, run: storing },
};

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const asked = args.filter((arg) => !arg.startsWith('--'));
const log = (text) => process.stderr.write(`${text}\n`);

const unknown = asked.filter((name) => !(name in FIGURES));
if (unknown.length > 0 || args.some((arg) => arg.startsWith('--') && arg !== '--quick')) {
  log(`usage: node bench/run.mjs [${Object.keys(FIGURES).join('|')}...] [--quick]`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(FIGURES)) {
  log(`${name}: ${FIGURES[name].title}`);
  let result;
  try {
    result = await FIGURES[name].run({ quick, log });
  } catch (error) {
    log(error.stack);
    process.exitCode = 1;
    continue;
  }
  for (const { what, against, by, goal, ratio, note } of result.rows) {
    const verdict = goal === null ? '' : isMet(goal, ratio.median) ? '  met' : '  NOT MET';
    const wanted = goal === null ? '' : goal.max !== undefined ? ` (goal <= ${goal.max})` : ` (goal >= ${goal.min})`;
    process.stdout.write(
      `${what}${note ? ` (${note})` : ''}: ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)}) x ${against} ${by}${wanted}${verdict}\n`,
    );
  }
  if (!quick) store(name, result);
}
if (!quick) writePage(FIGURES);
