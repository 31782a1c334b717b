// Installs the programs we compare with, once, into the cache; one that cannot be installed is skipped with its reason.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { cache } from './program.mjs';

const VERSIONS = { turbo: '2', wireit: '0.14', snakemake: '9', dvc: '3' };

function install(name, done, steps) {
  if (fs.existsSync(done)) return done;
  try {
    for (const [cmd, ...args] of steps)
      execFileSync(cmd, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 600_000 });
    if (!fs.existsSync(done)) throw new Error(`no ${done}`);
    return done;
  } catch (error) {
    const reason =
      String(error.stderr ?? '')
        .trim()
        .split('\n')
        .at(-1) || error.message;
    throw new Error(`${name} is not here: ${reason}`);
  }
}

function npm(name, bin) {
  const folder = join(cache, 'peers', name);
  fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(join(folder, 'package.json')))
    fs.writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const wanted = `${name}@${VERSIONS[name]}`;
  return install(name, join(folder, bin), [['npm', 'install', '--prefix', folder, '--no-audit', '--no-fund', wanted]]);
}

/** A Python environment with some packages; returns the path of one of its programs. */
function pip(name, program, packages) {
  const folder = join(cache, 'peers', name);
  return install(name, join(folder, 'bin', program), [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin', 'pip'), 'install', '--quiet', ...packages],
  ]);
}

function found(name) {
  for (const folder of process.env.PATH.split(':')) if (fs.existsSync(join(folder, name))) return join(folder, name);
  throw new Error(`${name} is not here: not on the PATH`);
}

const PEERS = {
  ninja: () => found('ninja'),
  'plain sh': () => '/bin/sh',
  turbo: () => npm('turbo', 'node_modules/.bin/turbo'),
  wireit: () => npm('wireit', 'node_modules/wireit/bin/wireit.js'),
  snakemake: () => pip('snakemake', 'snakemake', [`snakemake==${VERSIONS.snakemake}.*`]),
  dvc: () => pip('dvc', 'dvc', [`dvc==${VERSIONS.dvc}.*`]),
  numpy: () => {
    const python = pip('numpy', 'python3', ['numpy', 'pandas']);
    execFileSync(python, ['-c', 'import numpy, pandas']);
    return python;
  },
  markets: () => {
    const packages = ['numpy', 'numba', 'duckdb', 'pandas'];
    const python = pip('markets', 'python3', packages);
    execFileSync(python, ['-c', `import ${packages.join(', ')}`]);
    return python;
  },
};

/** The path of a peer's program; throws with the reason when there is none. */
export const peer = (name) => PEERS[name]();

/** Do something with a peer, or say why not. */
export function withPeer(name, log, work) {
  let bin;
  try {
    bin = peer(name);
  } catch (error) {
    log(`skipped: ${error.message}`);
    return { rows: [], skipped: error.message };
  }
  return work(bin);
}

/** Version of a peer for the table. */
export function versionOf(name, bin) {
  if (name === 'wireit') return JSON.parse(fs.readFileSync(join(bin, '../../package.json'), 'utf8')).version;
  if (name === 'plain sh') return '';
  const asked = { numpy: 'numpy', markets: 'numpy, numba, duckdb' }[name];
  const args = asked
    ? ['-c', `import ${asked}\nfor m in (${asked},): print(m.__name__, m.__version__, end='; ')`]
    : ['--version'];
  return execFileSync(bin, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n')[0];
}
