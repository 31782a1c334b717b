// A temporary git repository and the real dvc program in it, cut off from the user's own settings and caches.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Md5, md5 } from '../../lib/base/digest.ts';
import { printTree, type TreeEntry } from '../../lib/store/tree.ts';

/** The program named by DVC, else the one in .venv; null when there is none. */
export const dvcProgram: string | null = (() => {
  const named = process.env.DVC ?? resolve('.venv/bin/dvc');
  return existsSync(named) ? resolve(named) : null;
})();

/** In CI a missing program is a failure, elsewhere the tests are skipped and their title says why. */
export const skipDvc = dvcProgram === null && !process.env.CI;
export const dvcTitle = skipDvc
  ? 'SKIPPED, no dvc: set DVC=/path/to/dvc or install it into .venv'
  : 'with the real dvc';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Rig {
  readonly root: string;
  /** Folder of the local remote, a sibling of the repository. */
  readonly remote: string;
  write(path: string, bytes: string | Uint8Array): void;
  read(path: string): string;
  exists(path: string): boolean;
  remove(path: string): void;
  /** Every file below a folder with its bytes as text. */
  files(path: string): Record<string, string>;
  /** Run dvc and take its standard output; fails the test unless it exits 0. */
  dvc(...args: string[]): string;
  /** Run dvc whatever comes of it. */
  tryDvc(...args: string[]): Ran;
  git(...args: string[]): string;
  /** Run our own program; fails the test unless it exits 0. */
  pipeline(...args: string[]): string;
  tryPipeline(...args: string[]): Ran;
  /** A run with `--json`: the units that started. */
  pipelineJson(...args: string[]): { readonly started: readonly string[] };
  /** Our own program in the background. */
  start(...args: string[]): { stop(): void };
  /** Repeat until the outcome is as wanted; fails the test when it never is. */
  until<T>(act: () => T, wanted: (outcome: T) => boolean, times: number): T;
  /** Files of a folder beside the repository. */
  outside(path: string): Record<string, string>;
  /** What git brings to another machine, with the same remote. */
  clone(): Rig;
  close(): void;
}

/** Our program, and beside it the folder where a stage's command finds it. */
const PROGRAM = resolve(import.meta.dirname, '../../dist/pipeline.cjs');

export function openRig(): Rig {
  if (dvcProgram === null) throw new Error('no dvc program: set DVC=/path/to/dvc or install it into .venv');
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-dvc-')));
  for (const folder of ['repo', 'home', 'site', 'global', 'system']) mkdirSync(join(base, folder));
  return rigAt(base, 'repo', null);
}

function rigAt(base: string, name: string, cloned: string | null): Rig {
  const root = join(base, name);
  const { DVC_STAGE: _stage, DVC_ROOT: _root, ...outer } = process.env;
  const env = {
    ...outer,
    HOME: join(base, 'home'),
    DVC_SITE_CACHE_DIR: join(base, 'site'),
    DVC_GLOBAL_CONFIG_DIR: join(base, 'global'),
    DVC_SYSTEM_CONFIG_DIR: join(base, 'system'),
    DVC_NO_ANALYTICS: 'true',
    // DVC asks the network for updates unless it thinks it is in CI.
    CI: 'true',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  };
  let clones = 0;
  const run = (program: string, args: readonly string[]): Ran => {
    const ran = spawnSync(program, args, { cwd: root, env, encoding: 'utf8', timeout: 300_000 });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  };
  const must = (program: string, args: readonly string[]): string => {
    const ran = run(program, args);
    if (ran.code !== 0) throw new Error(`${program} ${args.join(' ')} exited ${ran.code}\n${ran.out}\n${ran.err}`);
    return ran.out;
  };
  if (cloned === null) must('git', ['init', '-q', '.']);
  else spawnSync('git', ['clone', '-q', cloned, root], { env });
  // As `npm install` would leave it: dvc runs stages by `npx pipeline`.
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(PROGRAM, join(root, 'node_modules/.bin/pipeline'));
  const rig: Rig = {
    root,
    remote: join(base, 'store'),
    write: (path, bytes) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), bytes);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    exists: (path) => existsSync(join(root, path)),
    remove: (path) => rmSync(join(root, path), { recursive: true, force: true }),
    files: (path) => filesOf(resolve(root, path)),
    dvc: (...args) => must(dvcProgram as string, args),
    tryDvc: (...args) => run(dvcProgram as string, args),
    git: (...args) => must('git', args),
    pipeline: (...args) => must(process.execPath, [PROGRAM, ...args]),
    tryPipeline: (...args) => run(process.execPath, [PROGRAM, ...args]),
    pipelineJson: (...args) => {
      const lines = must(process.execPath, [PROGRAM, ...args, '--json'])
        .trim()
        .split('\n');
      const events = lines.map((line) => JSON.parse(line) as { type: string; stage: string });
      return { started: events.filter(({ type }) => type === 'unit-started').map(({ stage }) => stage) };
    },
    start: (...args) => {
      const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: root, env, stdio: 'ignore' });
      return { stop: () => void child.kill('SIGTERM') };
    },
    until: (act, wanted, times) => {
      for (let i = 0; i < times; i++) {
        const outcome = act();
        if (wanted(outcome)) return outcome;
      }
      throw new Error('the outcome was never as wanted');
    },
    outside: (path) => filesOf(resolve(root, path)),
    clone: () => rigAt(base, `${name}-${++clones}`, root),
    close: () => rmSync(base, { recursive: true, force: true }),
  };
  return rig;
}

/** Put bytes into the cache as an object, as the store does it in the end: named by md5, mode 0444. */
export function putObject(rig: Rig, bytes: string | Uint8Array, suffix = ''): Md5 {
  const id = md5(bytes);
  const path = `.dvc/cache/files/md5/${id.slice(0, 2)}/${id.slice(2)}${suffix}`;
  if (!rig.exists(path)) {
    rig.write(path, bytes);
    chmodSync(join(rig.root, path), 0o444);
  }
  return `${id}${suffix}` as Md5;
}

/** Put a folder into the cache: its files, then its directory object. */
export function putFolder(rig: Rig, files: Readonly<Record<string, string>>): Md5 {
  const entries = Object.entries(files).map(([relpath, text]): TreeEntry => ({ relpath, md5: putObject(rig, text) }));
  return putObject(rig, printTree(entries), '.dir');
}

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
