// `pipeline doctor`: checks what a machine and a project need, one finding a line, and leaves everything as it was.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { ProblemError } from '../lib/base/problem.ts';
import { type DvcConfig, type LinkType, remoteFolder } from '../lib/dvc/config-file.ts';
import { needsTwins } from '../lib/engine/kernels.ts';
import { bytesText } from '../lib/engine/narrate.ts';
import { findRoot, projectPaths } from '../lib/engine/project.ts';
import { readRevision, repositoryOf } from '../lib/git/revision.ts';
import { errorCode, listNames, readTextIfAny, tempName } from '../lib/store/files.ts';
import { decodeState } from '../lib/store/state.ts';
import { readDvcConfig } from './open.ts';
import { clean } from './paint.ts';

export interface Finding {
  readonly check: string;
  /** `bad` stops work, `note` is worth knowing. */
  readonly level: 'ok' | 'note' | 'bad';
  readonly says: string;
  readonly hint: string | null;
}

type Said = Omit<Finding, 'check'>;
const ok = (says: string): Said => ({ level: 'ok', says, hint: null });
const note = (says: string, hint: string): Said => ({ level: 'note', says, hint });
const bad = (says: string, hint: string): Said => ({ level: 'bad', says, hint });

/** All findings about the program in `own` and the project around `cwd`, in a fixed order. */
export function examine(own: string, cwd: string): Finding[] {
  const findings: Finding[] = [];
  /** Keep what a check says; a problem it throws is a bad finding. */
  const check = (name: string, look: () => Said) => {
    let said: Said;
    try {
      said = look();
    } catch (error) {
      if (!(error instanceof ProblemError) && errorCode(error) === '') throw error;
      const problem = error instanceof ProblemError ? error.problems[0] : undefined;
      said = bad(
        problem?.message ?? (error as Error).message,
        problem?.hint ?? 'check that the path and its owner are right',
      );
    }
    findings.push({ check: name, ...said });
  };
  check('node', () => nodeVersion(own));
  check('build', () => build(own));
  let root = '';
  check('project', () => {
    root = findRoot(cwd);
    return ok('pipeline.yaml is found');
  });
  if (root === '') return findings;
  let dvc: DvcConfig | null = null;
  check('dvc config', () => {
    dvc = readDvcConfig(root);
    return ok(fs.existsSync(join(root, '.dvc', 'config')) ? '.dvc/config is read' : 'none yet, defaults hold');
  });
  if (dvc !== null) {
    const { cacheDir, linkTypes } = dvc as DvcConfig;
    check('cache', () => cache(cacheDir));
    check('links', () => links(cacheDir, root, linkTypes));
    check('disk', () => disk(cacheDir));
    check('remote', () => remote(dvc as DvcConfig));
    check('layout', () => layout(cacheDir));
  }
  check('git', () => git(root));
  check('dvc', dvcProgram);
  check('state', () => stateFiles(root));
  check('lock', () => lock(root));
  return findings;
}

export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .map(({ check, level, says, hint }) => {
      const line = `${level.padEnd(4)}  ${check.padEnd(width)}  ${says}${hint === null ? '' : `; hint: ${hint}`}`;
      return `${clean(line)}\n`;
    })
    .join('');
}

function nodeVersion(own: string): Said {
  const { engines } = JSON.parse(fs.readFileSync(join(own, 'package.json'), 'utf8')) as { engines: { node: string } };
  const least = Number(/\d+/.exec(engines.node)?.[0]);
  const { node } = process.versions;
  return Number.parseInt(node, 10) >= least
    ? ok(`Node ${node}`)
    : bad(`Node ${node} is older than ${least}`, `install Node ${least} or later`);
}

/** As the launcher decides it; it would have built again, so a difference means that it could not see one. */
function build(own: string): Said {
  const { id, sources, marks } = JSON.parse(fs.readFileSync(join(own, 'dist', 'build.json'), 'utf8')) as {
    id: string;
    sources: readonly string[];
    marks: readonly number[];
  };
  const stale = sources.find((path, i) => {
    const stat = fs.statSync(join(own, path), { throwIfNoEntry: false });
    return stat !== undefined && (stat.size !== marks[2 * i] || stat.mtimeMs !== marks[2 * i + 1]);
  });
  if (stale !== undefined) return bad(`${stale} changed after the build`, 'run the command again, or `npm run build`');
  return needsTwins(own)
    ? note(`build ${id} has no compiled kernels: same numbers, slower`, '`npm ci` with development packages')
    : ok(`build ${id} is of these sources`);
}

/** Do something with a scratch folder inside `folder`, which is made for that where needed, and leave no trace. */
function scratch<T>(folder: string, work: (scratch: string) => T): T {
  const first = fs.mkdirSync(folder, { recursive: true });
  const own = tempName(folder);
  try {
    fs.mkdirSync(own);
    return work(own);
  } finally {
    fs.rmSync(first ?? own, { recursive: true, force: true });
  }
}

function cache(cacheDir: string): Said {
  return scratch(cacheDir, (folder) => {
    fs.writeFileSync(join(folder, 'probe'), 'probe');
    return ok('the cache can be written');
  });
}

/** Ways to make a file from a blob, as the store does it. */
const LINK: Readonly<Record<LinkType, (from: string, to: string) => void>> = {
  reflink: (from, to) => fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE_FORCE),
  hardlink: fs.linkSync,
  symlink: fs.symlinkSync,
  copy: (from, to) => fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL),
};

function links(cacheDir: string, root: string, wanted: readonly LinkType[]): Said {
  return scratch(cacheDir, (blobs) =>
    scratch(join(root, '.pipeline'), (workspace) => {
      fs.writeFileSync(join(blobs, 'blob'), 'probe');
      const works = (type: LinkType) => {
        try {
          LINK[type](join(blobs, 'blob'), join(workspace, type));
          return fs.readFileSync(join(workspace, type), 'utf8') === 'probe';
        } catch {
          return false;
        }
      };
      const able = (Object.keys(LINK) as LinkType[]).filter(works);
      const used = wanted.find((type) => able.includes(type));
      const says = `from the cache to the project work ${able.join(', ') || 'none'}`;
      if (used === undefined) return bad(`${says}; cache.type asks for ${wanted.join(', ')}`, 'add copy to cache.type');
      if (used === 'copy' && able.includes('hardlink'))
        return note(
          `${says}; copies are used`,
          '`dvc config cache.type hardlink,copy` saves the space and time of copies',
        );
      return ok(`${says}; ${used} is used`);
    }),
  );
}

const LITTLE_BYTES = 1 << 30;

/** Room on the file system of the cache, or of the nearest folder above it that is there. */
function disk(cacheDir: string): Said {
  let folder = cacheDir;
  while (!fs.existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = fs.statfsSync(folder);
  const free = bavail * bsize;
  const says = `${bytesText(free)} are free for the cache`;
  const hint = '`pipeline gc` removes what nothing names';
  return free < LITTLE_BYTES / 8 ? bad(says, hint) : free < LITTLE_BYTES ? note(says, hint) : ok(says);
}

function remote(dvc: DvcConfig): Said {
  if (dvc.remote === null)
    return note('no remote is configured', '`pipeline remote add -d localstore <folder>` lets you push');
  const folder = remoteFolder(dvc);
  if (!fs.existsSync(folder))
    return note(`${dvc.remote} is not there yet`, 'the first push makes it; mount it if it is a drive');
  fs.accessSync(folder, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  return ok(`${dvc.remote} can be read and written`);
}

function layout(cacheDir: string): Said {
  const old = listNames(cacheDir).filter((name) => /^[0-9a-f]{2}$/.test(name)).length;
  return old === 0
    ? ok('the cache is laid out as DVC 3 does')
    : note(`the cache has ${old} folders of DVC 2, which are not read`, '`dvc cache migrate` moves them');
}

function git(root: string): Said {
  if (repositoryOf(root) === null)
    return note('no git repository', '`git init`, so that results can name their commit');
  const { head } = readRevision(root);
  return head === null
    ? note('no commit yet', 'commit, so that results can name it')
    : ok(`at commit ${head.slice(0, 12)}`);
}

function dvcProgram(): Said {
  const { status, stdout } = spawnSync('dvc', ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return status === 0
    ? ok(`dvc ${stdout.trim()}`)
    : note('no dvc program', 'it is optional: `pip install dvc` adds its commands');
}

/** Torn files of our own memory cost time, never results. */
function stateFiles(root: string): Said {
  const { stateFile, pushed, last, spec } = projectPaths(root);
  const isTorn = (path: string) => {
    try {
      JSON.parse(readTextIfAny(path) ?? 'null');
      return false;
    } catch {
      return true;
    }
  };
  const isTornState = (path: string) => fs.existsSync(path) && decodeState(fs.readFileSync(path)) === null;
  const torn = [...[stateFile, pushed].filter(isTornState), ...[last, spec].filter(isTorn)];
  const names = torn.map((path) => path.slice(root.length + 1)).join(', ');
  return torn.length === 0
    ? ok('state files are readable')
    : note(`${names} is torn`, 'the next run reads more files and writes it anew');
}

function lock(root: string): Said {
  const text = readTextIfAny(projectPaths(root).lock);
  if (text === null) return ok('no run is under way');
  const hint = 'the next run takes the lock over';
  let owner: { pid?: number; host?: string; since?: string };
  try {
    owner = JSON.parse(text) as typeof owner;
  } catch {
    return note('the lock names no owner', hint);
  }
  const { pid = 0, host, since } = owner;
  if (host !== hostname())
    return note(`a run on another machine holds the lock since ${since}`, 'remove .pipeline/lock if it is gone');
  return isAlive(pid)
    ? ok(`process ${pid} runs since ${since}`)
    : note(`the lock is of process ${pid}, which is gone`, hint);
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
