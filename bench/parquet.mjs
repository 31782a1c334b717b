// Figure "parquet": one-minute bars of a year as a Parquet file, ours and DuckDB's, as CPU per row and size.
import { join } from 'node:path';
import { compare, measure, row } from './meter.mjs';
import { versionOf, withPeer } from './peers.mjs';
import { script } from './program.mjs';

export const title = 'Parquet of the same bars, CPU per row without start-up';

/** Makes bars and writes them in blocks as the stage does; leaves the columns as raw files for the peer. */
export const BARS = `import { generateBars } from 'marketloom/lib/market/generate.ts';
import { FLAT } from 'marketloom/lib/market/season.ts';
import { CALM } from 'marketloom/lib/market/surroundings.ts';
import { STOCK_VOLUME } from 'marketloom/lib/market/volume.ts';
import { model } from 'marketloom/lib/models/gbm.ts';
export const bars = (ticker: string, frequency: string, start: string, end: string) =>
  generateBars({
    seed: 1, calendar: 'XNYS', frequency, start, end, periodsPerYear: 252, ticker,
    mix: { sources: [{ scope: 'asset', name: ticker }], weights: [1], varying: null },
    model: model as never, params: { mu: 0.05, sigma: 0.2 }, volatility: null, startPrice: 100, tick: 0.01,
    volume: { ...STOCK_VOLUME, level: 1e7 }, pieces: 4, season: FLAT, night: null, memory: 0,
    copulaDf: Number.POSITIVE_INFINITY, copulaGroup: '', surroundings: CALM,
  });
`;

const SOURCE = `import { writeFileSync } from 'node:fs';
import { joinBars } from 'marketloom/lib/market/bars.ts';
import { openParquet } from 'marketloom/lib/table/parquet-writer.ts';
import { barsSchema, barsTable } from 'marketloom/stages/market/tables.ts';
import { bars } from './bars.ts';
const [folder, times] = process.argv.slice(2);
const blocks = Array.from(bars('T0', '1min', '2023-01-03', '2023-12-29'), (block) => joinBars('T0', [block.bars]));
const rows = blocks.reduce((sum, { day }) => sum + day.length, 0);
for (const name of ['day', 'time', 'open', 'high', 'low', 'close', 'volume'] as const)
  writeFileSync(\`\${folder}/\${name}\`, Buffer.concat(blocks.map((block) => new Uint8Array(block[name]!.buffer, block[name]!.byteOffset, block[name]!.byteLength))));
const schema = barsSchema(true, 'bench');
const tables = blocks.map((block) => barsTable(schema, block));
function write() {
  const parts: Uint8Array[] = [];
  const file = openParquet(schema, {}, (bytes) => parts.push(bytes));
  for (const table of tables) file.write(table);
  const { bytes } = file.close();
  writeFileSync(\`\${folder}/ours.parquet\`, Buffer.concat(parts));
  return bytes;
}
for (let i = 0; i < 5; i++) write();
const before = process.cpuUsage();
let bytes = 0;
for (let i = 0; i < Number(times); i++) bytes = write();
const used = process.cpuUsage(before);
process.stdout.write(\`\${(used.user + used.system) / 1e6} \${rows * Number(times)} \${bytes}\`);
`;

export async function parquet({ quick, log }) {
  const main = await script('parquet', SOURCE, { 'bars.ts': BARS });
  const folder = join(main, '..');
  const bytes = {};
  const perRow = (name, cmd) => ({
    name,
    run: () => {
      const found = measure({ cmd });
      const [seconds, rows, size] = found.stdout.trim().split(' ').map(Number);
      bytes[name] = size;
      return { ...found, cpuMs: (1e9 * seconds) / rows, rows };
    },
  });
  const times = String(quick ? 10 : 40);
  const ours = perRow('ours', [process.execPath, main, folder, times]);
  ours.run();
  return withPeer('markets', log, (python) => {
    const rows = '97470';
    const theirs = perRow('duckdb', [python, join(import.meta.dirname, 'parquet.py'), folder, rows, times]);
    const seen = compare([ours, theirs], { rounds: quick ? 3 : 9, log: () => {} });
    const against = { name: "DuckDB's `COPY`, zstd, V2", samples: seen.duckdb };
    const size = bytes.ours / bytes.duckdb;
    const written = row('97,470 one-minute bars, logical hash included', seen.ours, { goal: { max: 1.3 }, against });
    const sized = {
      ...written,
      what: 'the size of the file',
      goal: { max: 1 },
      ratio: { median: size, min: size, max: size },
    };
    const found = [written, sized].map((one) => ({ ...one, unit: 'ns' }));
    return { rows: found, peers: versionOf('markets', python) };
  });
}
