// What git says of this checkout: the commit, what the commit holds, and new commits of our own files.
import * as fs from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { ProblemError } from '../base/problem.ts';

export interface Revision {
  /** Commit id, or null outside a repository or before its first commit. */
  readonly head: string | null;
  /** Project path -> blob id in that commit; null when there is no commit. Read when asked. */
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
  const head = dir === null ? null : readHead(dir);
  if (dir === null || head === null) return { head: null, blobs: async () => null };
  let known: Promise<Map<string, string>> | null = null;
  return {
    head,
    blobs: () => {
      known ??= blobsOf(dir, head, relative(dir, root).split(sep).join('/'));
      return known;
    },
  };
}

/** The commit of HEAD from git's own files: a receipt names it, and loading a git library for that would cost more than most stages. */
function readHead(dir: string): string | null {
  const text = (path: string) => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() : null);
  const dotGit = join(dir, '.git');
  // A linked worktree has a file that names its folder, which names the common one.
  const own = fs.statSync(dotGit).isFile() ? resolve(dir, (text(dotGit) ?? '').replace('gitdir: ', '')) : dotGit;
  const common = resolve(own, text(join(own, 'commondir')) ?? '.');
  let value = text(join(own, 'HEAD'));
  for (let depth = 0; value?.startsWith('ref: ') && depth < 5; depth++) {
    const ref = value.slice(5);
    value = text(join(own, ref)) ?? text(join(common, ref)) ?? packedRef(text(join(common, 'packed-refs')), ref);
  }
  return value !== null && /^[0-9a-f]{40}$/.test(value) ? value : null;
}

function packedRef(packed: string | null, ref: string): string | null {
  const line = packed?.split('\n').find((text) => text.endsWith(` ${ref}`));
  return line?.slice(0, 40) ?? null;
}

/** The library is loaded when trees or commits are read or written, never on the way of a run that does nothing. */
const library = async () => (await import('isomorphic-git')).default;

async function blobsOf(dir: string, commit: string, prefix: string): Promise<Map<string, string>> {
  const git = await library();
  const blobs = new Map<string, string>();
  const cache = {};
  const visit = async (oid: string, path: string): Promise<void> => {
    const { tree } = await git.readTree({ fs, dir, oid, cache });
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

/** Text of a file in every branch and tag, and in HEAD: what a collection must not forget. */
export async function filesInRefs(
  root: string,
  wanted: (path: string) => boolean,
): Promise<{ readonly ref: string; readonly path: string; readonly text: string }[]> {
  const dir = repositoryOf(root);
  if (dir === null) return [];
  const git = await library();
  const remotes = await git.listRemotes({ fs, dir });
  const refs = [
    'HEAD',
    ...(await git.listBranches({ fs, dir })).map((name) => `refs/heads/${name}`),
    ...(await git.listTags({ fs, dir })).map((name) => `refs/tags/${name}`),
    ...(
      await Promise.all(
        remotes.map(async ({ remote }) =>
          (await git.listBranches({ fs, dir, remote })).map((name) => `refs/remotes/${remote}/${name}`),
        ),
      )
    ).flat(),
  ];
  const prefix = relative(dir, root).split(sep).join('/');
  const found: { ref: string; path: string; text: string }[] = [];
  const seen = new Set<string>();
  for (const ref of refs) {
    const oid = await git.resolveRef({ fs, dir, ref }).catch(() => null);
    if (oid === null) continue;
    const commit = await git.readCommit({ fs, dir, oid }).catch(() => null);
    if (commit === null || seen.has(commit.commit.tree)) continue;
    seen.add(commit.commit.tree);
    for (const [path, blob] of await blobsOf(dir, commit.oid, prefix)) {
      if (!wanted(path)) continue;
      const { blob: bytes } = await git.readBlob({ fs, dir, oid: blob });
      found.push({ ref, path, text: Buffer.from(bytes).toString('utf8') });
    }
  }
  return found;
}

/** Commit these project files, and only these; null when none of them differs from HEAD. Throws git/failed without a repository or an author. */
export async function commitFiles(root: string, paths: readonly string[], message: string): Promise<string | null> {
  const dir = repositoryOf(root);
  if (dir === null)
    throw new ProblemError({
      code: 'git/failed',
      message: 'there is no git repository to commit to',
      hint: 'run `git init`, or leave out --commit',
    });
  const git = await library();
  const prefix = relative(dir, root).split(sep).join('/');
  const staged = await stagedPaths(dir);
  const mine = paths.map((path) => (prefix === '' ? path : `${prefix}/${path}`));
  const foreign = staged.filter((path) => !mine.includes(path));
  if (foreign.length > 0) {
    throw new ProblemError({
      code: 'git/failed',
      message: 'other files are staged, and this commit must hold only the pointers',
      facts: { staged: foreign.slice(0, 5).join(', ') },
      hint: 'commit or unstage them first',
    });
  }
  for (const filepath of mine) {
    if (fs.existsSync(join(dir, filepath))) await git.add({ fs, dir, filepath, force: true });
    else await git.remove({ fs, dir, filepath });
  }
  if ((await stagedPaths(dir)).length === 0) return null;
  const name =
    process.env.GIT_AUTHOR_NAME ?? ((await git.getConfig({ fs, dir, path: 'user.name' })) as string | undefined);
  const email =
    process.env.GIT_AUTHOR_EMAIL ?? ((await git.getConfig({ fs, dir, path: 'user.email' })) as string | undefined);
  if (!name || !email)
    throw new ProblemError({
      code: 'git/failed',
      message: 'git does not know who commits',
      hint: 'git config user.name … and git config user.email … in this repository',
    });
  return git.commit({ fs, dir, message, author: { name, email } });
}

/** Paths whose index entry differs from HEAD. */
async function stagedPaths(dir: string): Promise<string[]> {
  const git = await library();
  const rows = await git.statusMatrix({ fs, dir });
  return rows
    .filter(([, head, , stage]) => !(head === 1 && stage === 1) && !(head === 0 && stage === 0))
    .map(([path]) => path);
}
