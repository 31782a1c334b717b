// Figure "start": what it costs to ask when there is nothing to do, beside `dvc repro` on the same DAG.
import { execFileSync } from 'node:child_process';
import { compare, environment, measure, row } from './meter.mjs';
import { withPeer } from './peers.mjs';
import { marketProject, ours } from './program.mjs';

export const title = 'Start and no-op of the market pipeline';

export function start({ quick, log }) {
  const folder = marketProject();
  ours(folder, 'run');
  const cases = [
    { name: 'run', run: () => ours(folder, 'run') },
    { name: 'help', run: () => ours(folder, '--help') },
    { name: 'status', run: () => ours(folder, 'status') },
  ];
  const dvc = withPeer('dvc', log, (bin) => {
    const env = { DVC_NO_ANALYTICS: '1' };
    execFileSync('git', ['init', '-q'], { cwd: folder, env: environment() });
    const repro = () => measure({ cmd: [bin, 'repro'], cwd: folder, env });
    if (!repro().stdout.includes('up to date')) throw new Error('dvc does not find our run up to date');
    cases.push({ name: 'dvc', run: repro, rounds: 5 });
    return {};
  });
  const seen = compare(cases, { rounds: quick ? 3 : 15, log });
  const rows = [
    row('`pipeline run`, everything cached', seen.run, { goal: { max: 1.3 } }),
    row('`pipeline run`, everything cached', seen.run, { goal: { max: 1.3 }, by: 'wallMs' }),
    row('`pipeline --help`', seen.help, { goal: { max: 2 } }),
    row('`pipeline status`', seen.status),
  ];
  if (dvc.skipped) return { rows, skipped: [dvc.skipped] };
  rows.push(
    row('`pipeline run`, how many times less than `dvc repro` on the dvc.yaml it wrote', seen.run, {
      goal: { min: 10 },
      against: { name: '`dvc repro`', samples: seen.dvc },
    }),
    row('peer: `dvc repro`, up to date', seen.dvc),
  );
  return { rows };
}
