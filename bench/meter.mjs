// Measures whole processes: CPU of a command and all it started, interleaved with a baseline, as paired medians.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const helper = fileURLToPath(new URL('meter.py', import.meta.url));

/** A clean start for everyone: with extra certificates Node 20 parses 140 of them at each start, which hides what is measured. */
export function environment(more = {}) {
  const env = { ...process.env, ...more };
  for (const name of Object.keys(env))
    if (name === 'NODE_EXTRA_CA_CERTS' || name === 'NODE_OPTIONS' || name.startsWith('npm_')) delete env[name];
  return { ...env, ...more };
}

/** Run a command to its end. Returns { cpuMs, wallMs, rssMiB, stdout }; throws with its output when it fails. */
export function measure({ cmd, cwd, env = {}, timeoutS = 900 }) {
  const done = spawnSync('python3', [helper, String(timeoutS), ...cmd], {
    cwd,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  const said = () => `${done.stdout ?? ''}${done.stderr ?? ''}`.slice(-1500);
  if (!done.output?.[3]?.length) throw new Error(`${cmd.join(' ')}: cannot be started\n${said()}`);
  const facts = JSON.parse(done.output[3].toString());
  if (facts.timedOut) throw new Error(`${cmd[0]}: longer than ${timeoutS} s`);
  if (facts.status !== 0) throw new Error(`${cmd.join(' ')}: status ${facts.status}\n${said()}`);
  return { ...facts, stdout: done.stdout.toString() };
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const spread = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) });

/**
 * Measure cases in turn, `rounds` times; each round measures every case once, the baseline before and after each.
 * A case is { name, run, rounds? } where `run(round)` prepares and returns what `measure` returned; `rounds` limits a slow one.
 * Returns name -> one { cpuMs, wallMs, rssMiB, ratio, wallRatio } per round, ratios to the baseline around the same measurement.
 */
export function compare(cases, { rounds, log, baseline = bareNode }) {
  const seen = Object.fromEntries(cases.map(({ name }) => [name, []]));
  let before = baseline();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, rounds: limit = rounds } of cases) {
      if (round >= limit) continue;
      const found = run(round);
      const after = baseline();
      const ratio = (2 * found.cpuMs) / (before.cpuMs + after.cpuMs);
      const wallRatio = (2 * found.wallMs) / (before.wallMs + after.wallMs);
      before = after;
      seen[name].push({ cpuMs: found.cpuMs, wallMs: found.wallMs, rssMiB: found.rssMiB, ratio, wallRatio });
      log(`  ${name}: ${found.cpuMs.toFixed(0)} ms CPU, ${ratio.toFixed(2)} x bare node`);
    }
  }
  return seen;
}

/** A line of the table: what was measured, against what, and the goal if there is one: { max }, or { min } of how many times less. */
export function row(
  what,
  samples,
  { goal = null, against = null, by = 'cpuMs', times = goal?.min !== undefined, note = '' } = {},
) {
  const pairs = against === null ? samples : samples.slice(0, against.samples.length);
  const own = by === 'cpuMs' ? 'ratio' : 'wallRatio';
  const ratios = pairs.map((one, i) => (against === null ? one[own] : one[by] / against.samples[i][by]));
  return {
    what,
    against: against?.name ?? '`node -e 0`',
    by: by === 'cpuMs' ? 'CPU' : 'wall',
    goal,
    ratio: spread(times ? ratios.map((ratio) => 1 / ratio) : ratios),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
    wallMs: median(samples.map(({ wallMs }) => wallMs)),
    rounds: pairs.length,
    note,
  };
}

/** Node's own start, the least any program on Node can cost: the middle of three. */
export function bareNode() {
  const three = [0, 1, 2].map(() => measure({ cmd: [process.execPath, '-e', '0'] }));
  return { cpuMs: median(three.map(({ cpuMs }) => cpuMs)), wallMs: median(three.map(({ wallMs }) => wallMs)) };
}
