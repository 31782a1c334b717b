// Figure "closes": daily closes of 50 assets, ours and numpy's and numba's, as CPU per close without start-up.
import { join } from 'node:path';
import { compare, measure, row } from './meter.mjs';
import { versionOf, withPeer } from './peers.mjs';
import { script } from './program.mjs';

export const title = 'Closes of 50 assets, CPU per close without start-up';

/** Shocks, model and prices as lib/market/generate.ts runs them, one piece a bar and no extremes, split over some workers. */
const SOURCE = `import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Plan, planOf } from 'marketloom/lib/market/plan.ts';
import { FLAT } from 'marketloom/lib/market/season.ts';
import { mixer } from 'marketloom/lib/market/shocks.ts';
import { spanOf } from 'marketloom/lib/market/span.ts';
import { expEach } from 'marketloom/lib/math/arrays.ts';
import { log } from 'marketloom/lib/math/elementary.ts';
import { streamOf } from 'marketloom/lib/math/stream.ts';
import { loadModel } from 'marketloom/lib/models/catalog.ts';
import { factorCorrelation } from 'marketloom/lib/models/correlation.ts';
import { loadVolatility } from 'marketloom/lib/models/volatility/catalog.ts';
const ASSETS = 50;
// Sessions of a block, blocks of ten years of days, and datasets until the engine has compiled what runs often.
const SESSIONS = 512;
const BLOCKS = 5;
const WARM = 200;
const names = Array.from({ length: ASSETS }, (_, i) => \`A\${i}\`);
const PARAMS = {
  gbm: { mu: 0.05, sigma: 0.2 },
  garch: { sigma: 0.2, alpha: 0.06, gamma: 0, beta: 0.9, innovations: 'normal' },
  heston: { mu: 0.05, kappa: 4, theta: 0.04, xi: 0.36, rho: -0.5 },
};
type What = 'gbm' | 'garch' | 'heston';
function choleskyFactor() {
  const level = names.map((_, i) => names.map((_, k) => (i === k ? 1 : 0.3)));
  const { matrix: rho } = factorCorrelation(level, 'none', names);
  const lower = rho.map((line) => line.map(() => 0));
  for (let i = 0; i < ASSETS; i++)
    for (let k = 0; k <= i; k++) {
      let sum = rho[i]![k]!;
      for (let j = 0; j < k; j++) sum -= lower[i]![j]! * lower[k]![j]!;
      lower[i]![k] = i === k ? Math.sqrt(sum) : sum / lower[k]![k]!;
    }
  return lower;
}
async function closes(what: What, lower: number[][], seed: number, first: number, end: number) {
  // Days enough for a block, which all blocks use.
  const span = spanOf('B', 'B', '2000-01-03', '2001-12-31');
  const model = await loadModel(what === 'heston' ? 'heston' : 'gbm');
  const garch = what === 'garch' ? await loadVolatility('garch') : null;
  let plan: Plan | null = null;
  const made = names.slice(first, end).map((asset, at) => {
    const stream = (component: string) => streamOf(seed, { scope: 'asset', asset, component });
    const setting = { yearsPerSession: 1 / 252, stream };
    const volatility = garch === null ? null : garch.process(PARAMS.garch as never, setting);
    const kernel = model.kernel((what === 'heston' ? PARAMS.heston : PARAMS.gbm) as never, { ...setting, volatility });
    plan ??= planOf(span.calendar, span.frequency, 1, FLAT, 1, kernel.stateLength);
    const state = new Float64Array(kernel.stateLength);
    state[0] = log(100);
    kernel.start(state, 0);
    const row = what === 'gbm' ? lower[first + at]!.slice(0, first + at + 1) : [1];
    const mixed = what === 'gbm' ? names.slice(0, first + at + 1) : [asset];
    const mix = { sources: mixed.map((name) => ({ scope: 'asset' as const, name })), weights: row, varying: null };
    const shocks = mixer(seed, mix, 'diffusion', null);
    const variances = what === 'heston' ? mixer(seed, mix, 'variance', null) : null;
    return { kernel, state, shocks, variances };
  });
  const { lay, block: shared } = plan!;
  const prices = shared.to.subarray(0, SESSIONS);
  for (const channel of ['volatility', 'target', 'jumpIntensity', 'jumpSd', 'scale'] as const) shared[channel].fill(1);
  const session = (bar: number) => bar;
  const act = (block: number) => {
    let last = 0;
    lay(span, 0, SESSIONS, block * SESSIONS);
    for (const { kernel, state, shocks, variances } of made) {
      shared.state.set(state);
      shocks.fill(shared.fresh, block * SESSIONS, SESSIONS, 1, session);
      variances?.fill(shared.varianceShock, block * SESSIONS, SESSIONS, 1, session);
      kernel.fill(shared, block * SESSIONS, SESSIONS);
      state.set(shared.state);
      expEach(prices);
      last = prices[SESSIONS - 1]!;
    }
    return last;
  };
  return { act, close: plan!.close };
}
/** Datasets of ten years, each of its own seed: the CPU of their work without what readies them, and the last close. */
async function work(what: What, datasets: number, first: number, end: number, warmed: () => Promise<void> | void) {
  const lower = choleskyFactor();
  let last = 0;
  let used = 0;
  for (let seed = 0; seed < WARM + datasets; seed++) {
    if (seed === WARM) await warmed();
    const { act, close } = await closes(what, lower, seed, first, end);
    const before = process.cpuUsage();
    for (let block = 0; block < BLOCKS; block++) last = act(block);
    const { user, system } = process.cpuUsage(before);
    if (seed >= WARM) used += user + system;
    close();
  }
  return { used, last };
}
async function main() {
  const [what, count, workers] = process.argv.slice(2);
  const datasets = Number(count);
  const size = datasets * BLOCKS * SESSIONS * ASSETS;
  if (workers === undefined) {
    const { used, last } = await work(what as What, datasets, 0, ASSETS, () => {});
    process.stdout.write(\`\${used / 1e6} \${size} \${last}\`);
    return;
  }
  const share = ASSETS / Number(workers);
  const pool = Array.from({ length: Number(workers) }, (_, i) => new Worker(__filename, { workerData: { what, datasets, first: i * share, end: (i + 1) * share } }));
  const all = () => Promise.all(pool.map((worker) => new Promise((done) => worker.once('message', done))));
  await all();
  const before = process.hrtime.bigint();
  const ended = all();
  for (const worker of pool) worker.postMessage('go');
  const last = await ended;
  process.stdout.write(\`\${Number(process.hrtime.bigint() - before) / 1e9} \${size} \${last[0]}\`);
}
if (isMainThread) main();
else {
  const { what, datasets, first, end } = workerData;
  const warmed = () => new Promise<void>((done) => { parentPort!.once('message', () => done()); parentPort!.postMessage('ready'); });
  work(what, datasets, first, end, warmed).then(({ last }) => { parentPort!.postMessage(last); });
}
`;

/** One run as nanoseconds per close. */
function perClose(cmd) {
  // The linear algebra of numpy would wait in a thread of its own, and be charged for it.
  const found = measure({ cmd, env: { OPENBLAS_NUM_THREADS: '1' } });
  const [seconds, count] = found.stdout.trim().split(' ').map(Number);
  return { ...found, cpuMs: (1e9 * seconds) / count };
}

export async function closes({ quick, log }) {
  const main = await script('closes', SOURCE);
  const file = join(import.meta.dirname, 'closes.py');
  return withPeer('markets', log, (python) => {
    const ours = (model, datasets, ...workers) => ({
      name: [model, ...workers].join(' '),
      run: () => perClose([process.execPath, main, model, String(datasets), ...workers]),
    });
    const theirs = (model, how, blocks) => ({
      name: `${model} ${how}`,
      run: () => perClose([python, file, model, how, String(blocks)]),
    });
    const size = quick ? 20 : 60;
    const cases = [
      ours('gbm', size),
      theirs('gbm', 'numpy', 5 * size),
      ours('garch', size),
      theirs('garch', 'numpy', size),
      theirs('garch', 'numba', 5 * size),
      ours('heston', size),
      theirs('heston', 'numpy', size / 2),
      theirs('heston', 'numba', 4 * size),
      { ...theirs('garch', 'frame', 2), rounds: 3 },
      ours('garch', 4 * size, '1'),
      ours('garch', 4 * size, '2'),
    ];
    const seen = compare(cases, { rounds: quick ? 3 : 7, log: () => {} });
    const line = (said, model, how, goal, against) =>
      row(said, seen[model], { goal, against: { name: against, samples: seen[`${model} ${how}`] } });
    const rows = [
      line(
        'GBM, mixed by a Cholesky factor',
        'gbm',
        'numpy',
        { max: 0.6 },
        'numpy with Philox, a block of 512 at once',
      ),
      line('GARCH, independent', 'garch', 'numpy', { max: 0.2 }, 'numpy, a loop over time'),
      line('GARCH, independent', 'garch', 'numba', { max: 1 }, 'numba'),
      line('Heston QE, independent', 'heston', 'numpy', { max: 0.1 }, 'numpy, a loop over time'),
      line('Heston QE, independent', 'heston', 'numba', { max: 1 }, 'numba'),
      line('GARCH, how many times faster', 'garch', 'frame', { min: 500 }, 'Python that adds each row to a frame'),
      {
        ...row('GARCH, two workers, what readies the assets included', seen['garch 2'], {
          goal: { min: 1.7 },
          against: { name: 'one worker, times faster', samples: seen['garch 1'] },
        }),
        by: 'elapsed',
      },
    ];
    return { rows: rows.map((one) => ({ ...one, unit: 'ns' })), peers: versionOf('markets', python) };
  });
}
