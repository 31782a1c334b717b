// What git says of this checkout: the commit, what the commit holds, and new commits of our own files.
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { ProblemError } from '../base/problem.ts';

export interface Revision {
  /** Commit id, or null outside a repository or before its first commit. */
  readonly head: string | null;
  /** Project path -> blob id in that commit; null when there is no commit, or none that can be read. Read when asked. */
  blobs(): Promise<ReadonlyMap<string, string> | null>;
}

/** Folder of the repository that holds `root`, or null. */
export function repositoryOf(root: string): string | null {
  for (let dir = root; ; dir = dirname(dir)) {
    if (fs.existsSync(join(dir, '.git'))) return dir;
    if (dirname(dir) === dir) return null;
  }
}

/** The commit a checkout stands on and its files below `root`. */
export function readRevision(root: string): Revision {
  const dir = repositoryOf(root);
  const head = dir === null ? null : headOf(foldersOf(dir));
  if (dir === null || head === null) return { head: null, blobs: async () => null };
  let known: Promise<ReadonlyMap<string, string> | null> | null = null;
  const read = async () => blobsOf(await openGit(dir), head, prefixOf(dir, root));
  return {
    head,
    blobs: () => {
      known ??= read().catch(() => null);
      return known;
    },
  };
}

/** Where the project is seen from the repository: `a/b`, or empty. */
const prefixOf = (dir: string, root: string) => relative(dir, root).split(sep).join('/');

const textOf = (path: string) => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() : null);

interface GitFolders {
  /** HEAD, index and what else belongs to this checkout alone. */
  readonly own: string;
  /** Objects, refs and settings; another folder than `own` in a linked worktree. */
  readonly common: string;
}

function foldersOf(dir: string): GitFolders {
  const dotGit = join(dir, '.git');
  // A linked worktree has a file that names its folder, which names the common one.
  const own = fs.statSync(dotGit).isFile() ? resolve(dir, (textOf(dotGit) ?? '').replace('gitdir: ', '')) : dotGit;
  return { own, common: resolve(own, textOf(join(own, 'commondir')) ?? '.') };
}

/** The commit of HEAD from git's own files: a receipt names it, and loading a git library for that would cost more than most stages. */
function headOf({ own, common }: GitFolders): string | null {
  let value = textOf(join(own, 'HEAD'));
  for (let depth = 0; value?.startsWith('ref: ') && depth < 5; depth++) {
    const ref = value.slice(5);
    value = textOf(join(own, ref)) ?? textOf(join(common, ref)) ?? packedRef(textOf(join(common, 'packed-refs')), ref);
  }
  return value !== null && /^[0-9a-f]{40}$/.test(value) ? value : null;
}

function packedRef(packed: string | null, ref: string): string | null {
  const line = packed?.split('\n').find((text) => text.endsWith(` ${ref}`));
  return line?.slice(0, 40) ?? null;
}

/** The library and what each of its calls needs; it is loaded when trees or commits are read or written, never for a run that does nothing. */
async function openGit(dir: string) {
  const { default: git } = await import('isomorphic-git');
  const { own, common } = foldersOf(dir);
  // It does not know that a linked worktree keeps most of its files in the common folder.
  const moved = (path: string) => {
    const inner = relative(own, path).split(sep).join('/');
    return /^(objects|refs|packed-refs|config|info|shallow)(\/|$)/.test(inner) ? join(common, inner) : path;
  };
  return { git, at: { fs: own === common ? fs : filesBy(moved), dir, cache: {} } };
}
type Git = Awaited<ReturnType<typeof openGit>>;

/** The file system with every path moved first. */
function filesBy(moved: (path: string) => string): { promises: typeof fs.promises } {
  type Act = (path: string, ...rest: unknown[]) => Promise<unknown>;
  const get = (all: Readonly<Record<string, Act>>, name: string) => {
    return async (path: string, ...rest: unknown[]) => all[name]?.(moved(path), ...rest);
  };
  return { promises: new Proxy(fs.promises, { get } as object) };
}

/** Project path -> blob id in a commit, without the folders that `seen` holds, which takes those that were read. */
async function blobsOf({ git, at }: Git, commit: string, prefix: string, seen = new Set<string>()) {
  const blobs = new Map<string, string>();
  const visit = async (oid: string, path: string): Promise<void> => {
    const { tree, oid: id } = await git.readTree({ ...at, oid });
    if (seen.has(`${id} ${path}`)) return;
    seen.add(`${id} ${path}`);
    for (const entry of tree) {
      const inner = path === '' ? entry.path : `${path}/${entry.path}`;
      const onTheWay =
        prefix === '' || inner === prefix || inner.startsWith(`${prefix}/`) || prefix.startsWith(`${inner}/`);
      if (!onTheWay) continue;
      if (entry.type === 'tree') await visit(entry.oid, inner);
      else if (entry.type === 'blob') blobs.set(prefix === '' ? inner : inner.slice(prefix.length + 1), entry.oid);
    }
  };
  await visit(commit, '');
  return blobs;
}

/**
 * Text of every version of the wanted files that a ref, or the HEAD of a worktree, holds: what a collection must not forget.
 * Throws git/failed when one cannot be read, because what it names would be forgotten in silence.
 */
export async function filesInRefs(
  root: string,
  wanted: (path: string) => boolean,
): Promise<{ readonly path: string; readonly text: string }[]> {
  const dir = repositoryOf(root);
  if (dir === null) return [];
  const open = await openGit(dir);
  const { git, at } = open;
  const found: { path: string; text: string }[] = [];
  const seen = new Set<string>();
  for (const [ref, tip] of await tipsOf(open, foldersOf(dir))) {
    try {
      for (const [path, oid] of await blobsOf(open, tip, prefixOf(dir, root), seen)) {
        if (!wanted(path)) continue;
        const { blob } = await git.readBlob({ ...at, oid });
        found.push({ path, text: Buffer.from(blob).toString('utf8') });
      }
    } catch (cause) {
      // A tag of a single blob names no files.
      if ((cause as { code?: string }).code === 'ObjectTypeError') continue;
      throw new ProblemError(
        {
          code: 'git/failed',
          message: `the files of ${ref} cannot be read from the git repository`,
          facts: { commit: tip, reason: (cause as Error).message },
          hint: 'a repository that borrows or leaves out objects must have them all: `git repack -a -d`, `git fetch --refetch`',
        },
        { cause },
      );
    }
  }
  return found;
}

/** What HEAD of every worktree and all refs stand on; a symbolic ref to nothing stands on nothing. */
async function tipsOf({ git, at }: Git, { common }: GitFolders): Promise<[ref: string, oid: string][]> {
  const linked = join(common, 'worktrees');
  const worktrees = fs.existsSync(linked) ? fs.readdirSync(linked).map((name) => join(linked, name)) : [];
  const tips = [common, ...worktrees].map((own): [string, string | null] => ['HEAD', headOf({ own, common })]);
  for (const name of await git.listRefs({ ...at, filepath: 'refs' })) {
    const ref = `refs/${name}`;
    tips.push([ref, await git.resolveRef({ ...at, ref }).catch(() => null)]);
  }
  return tips.filter((tip): tip is [string, string] => tip[1] !== null);
}

/**
 * Commit these project files, and only these; null when none of them differs from HEAD. Throws git/failed, with nothing staged,
 * without a repository or an author and while other files are staged.
 */
export async function commitFiles(root: string, paths: readonly string[], message: string): Promise<string | null> {
  const dir = repositoryOf(root);
  if (dir === null)
    throw new ProblemError({
      code: 'git/failed',
      message: 'there is no git repository to commit to',
      hint: 'run `git init`, or leave out --commit',
    });
  const open = await openGit(dir);
  const { git, at } = open;
  const prefix = prefixOf(dir, root);
  const mine = paths.map((path) => (prefix === '' ? path : `${prefix}/${path}`));
  const foreign = (await git.statusMatrix(at))
    .filter(([path, head, , stage]) => stage !== head && !mine.includes(path))
    .map(([path]) => path);
  if (foreign.length > 0)
    throw new ProblemError({
      code: 'git/failed',
      message: 'other files are staged, and this commit must hold only the pointers',
      facts: { staged: foreign.slice(0, 5).join(', ') },
      hint: 'commit or unstage them first',
    });
  const rows = await git.statusMatrix({ ...at, filepaths: mine, ignored: true });
  if (rows.every(([, head, work]) => work === head)) return null;
  const author = await authorOf(open);
  const lock = join(foldersOf(dir).own, 'index.lock');
  if (fs.existsSync(lock))
    throw new ProblemError({
      code: 'git/failed',
      message: 'another git command is at work in this repository',
      facts: { lock },
      hint: 'commit again when it is done; a command that was killed leaves its lock behind, to be removed by hand',
    });
  for (const filepath of mine) {
    if (fs.existsSync(join(dir, filepath))) await git.add({ ...at, filepath, force: true });
    else await git.remove({ ...at, filepath });
  }
  return git.commit({ ...at, message, author });
}

/** Who commits, as git finds it: the environment, the repository, the user's settings, the machine's (but no files they include). */
async function authorOf({ git, at }: Git): Promise<{ name: string; email: string }> {
  const { env } = process;
  const users = env.GIT_CONFIG_GLOBAL
    ? [env.GIT_CONFIG_GLOBAL]
    : [join(homedir(), '.gitconfig'), join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'git', 'config')];
  const machine = env.GIT_CONFIG_NOSYSTEM ? [] : ['/etc/gitconfig'];
  const setting = async (path: string): Promise<string | undefined> => {
    const own = (await git.getConfig({ ...at, path })) as string | undefined;
    if (own) return own;
    for (const file of [...users, ...machine].filter((file) => fs.existsSync(file))) {
      // The library reads one `config` in one folder.
      const gitdir = dirname(file);
      const only = filesBy((path) => (path === join(gitdir, 'config') ? file : path));
      const theirs = (await git.getConfig({ fs: only, gitdir, path })) as string | undefined;
      if (theirs) return theirs;
    }
    return undefined;
  };
  const name = env.GIT_AUTHOR_NAME || (await setting('user.name'));
  const email = env.GIT_AUTHOR_EMAIL || (await setting('user.email'));
  if (name && email) return { name, email };
  throw new ProblemError({
    code: 'git/failed',
    message: 'git does not know who commits',
    hint: 'git config user.name … and git config user.email … in this repository',
  });
}
