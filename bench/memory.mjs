// Figure "memory": the most memory a run takes while it makes one-minute bars of few and of many tickers.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { marketProject, ours } from './program.mjs';

export const title = 'Memory of one-minute bars, a year of the New York session, `pipeline run` up to generate';

/** A run of the profile `intraday` with that many tickers of its own. */
function make(tickers) {
  const folder = marketProject();
  const preset = execFileSync(process.execPath, ['scripts/universe.mjs', String(tickers), 'BN'], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
  });
  const path = join(folder, 'config', 'synthetic_data_presets.yml');
  fs.appendFileSync(path, `\n  bench:\n${preset}`);
  const found = ours(folder, 'run', 'generate', '--profile', 'intraday', '--set', 'universe_profile=bench');
  fs.rmSync(folder, { recursive: true });
  return found;
}

export function memory({ quick, log }) {
  const line = (tickers, goal) => {
    const { rssMiB, cpuMs, wallMs } = make(tickers);
    log(`  ${tickers} tickers: ${rssMiB.toFixed(0)} MiB, ${(cpuMs / 1000).toFixed(0)} s CPU`);
    const bars = `${((tickers * 97_470) / 1e6).toFixed(1)} million bars`;
    const ratio = { median: rssMiB, min: rssMiB, max: rssMiB };
    return {
      what: `${tickers} tickers, ${bars}`,
      against: '1 MiB',
      by: 'memory at the peak',
      unit: 'ms CPU',
      goal,
      ratio,
      cpuMs,
      wallMs,
      rounds: 1,
      note: '',
    };
  };
  const few = line(quick ? 4 : 10, null);
  const many = line(quick ? 20 : 1030, { max: 1536 });
  const more = many.ratio.median / few.ratio.median;
  const growth = {
    ...many,
    what: 'the many against the few',
    against: 'the few',
    goal: null,
    ratio: { median: more, min: more, max: more },
  };
  return { rows: [few, many, growth] };
}
