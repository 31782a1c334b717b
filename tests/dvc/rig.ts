// A temporary git repository and the real dvc program in it, cut off from the user's own settings and caches.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
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
  close(): void;
}

export function openRig(): Rig {
  if (dvcProgram === null) throw new Error('no dvc program: set DVC=/path/to/dvc or install it into .venv');
  const base = mkdtempSync(join(tmpdir(), 'marketloom-dvc-'));
  const root = join(base, 'repo');
  for (const folder of ['repo', 'home', 'site', 'global', 'system']) mkdirSync(join(base, folder));
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
  const run = (program: string, args: readonly string[]): Ran => {
    const ran = spawnSync(program, args, { cwd: root, env, encoding: 'utf8', timeout: 300_000 });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  };
  const must = (program: string, args: readonly string[]): string => {
    const ran = run(program, args);
    if (ran.code !== 0) throw new Error(`${program} ${args.join(' ')} exited ${ran.code}\n${ran.out}\n${ran.err}`);
    return ran.out;
  };
  must('git', ['init', '-q', '.']);
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
