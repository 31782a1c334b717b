// Figure "generate": the stage from seed to hashed Parquet files, and the same files by numpy, DuckDB and md5sum.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { compare, measure, row } from './meter.mjs';
import { versionOf, withPeer } from './peers.mjs';
import { fresh, marketProject, ours } from './program.mjs';

export const title = 'Daily bars of ten years from the seed to hashed Parquet files, whole processes';

const DAYS = ['2014-01-02', '2023-12-29'];

export function generate({ quick, log }) {
  const tickers = quick ? 40 : 200;
  const folder = marketProject();
  const preset = execFileSync(process.execPath, ['scripts/universe.mjs', String(tickers), 'BN'], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
  });
  fs.appendFileSync(join(folder, 'config', 'synthetic_data_presets.yml'), `\n  bench:\n${preset}`);
  const set = [
    'universe_profile=bench',
    'tickers=null',
    `start_date=${DAYS[0]}`,
    `end_date=${DAYS[1]}`,
    'generation.correlation.mode=factor',
    'generation.overnight.share=0',
  ].flatMap((one) => ['--set', one]);
  const run = (stage, seed, ...more) => ours(folder, 'run', stage, '--seed', String(seed), ...set, ...more);
  return withPeer('markets', log, (python) => {
    const peers = fresh('generate-peer');
    const file = join(import.meta.dirname, 'generate.py');
    let seed = 1;
    const stage = (name, ...more) => ({
      name,
      run: () => {
        run('environment', ++seed, ...more);
        return run('generate', seed, ...more);
      },
    });
    const seen = compare(
      [
        stage('one', '--jobs', '1'),
        { name: 'peer', run: () => measure({ cmd: [python, file, peers, String(tickers), ...DAYS] }) },
        stage('two', '--jobs', '2'),
      ],
      { rounds: quick ? 2 : 5, log },
    );
    const against = { name: 'numpy, DuckDB and md5sum, one thread', samples: seen.peer };
    const rows = [
      row(`\`pipeline run generate\`, ${tickers} tickers, one worker`, seen.one, { goal: { max: 1 }, against }),
      row('with two workers', seen.two, { against }),
      row('with two workers', seen.two, {
        by: 'wallMs',
        times: true,
        against: { name: 'one worker, times faster', samples: seen.one },
      }),
      row('peer: numpy, DuckDB and md5sum', seen.peer),
    ];
    return { rows, peers: versionOf('markets', python) };
  });
}
