// Laws of reading a checkout: what git itself says of it, however the repository keeps its refs and wherever the project lies in it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commitFiles, filesInRefs, readRevision, repositoryOf } from '../../lib/git/revision.ts';

let base: string;
let repo: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'marketloom-git-')));
  repo = join(base, 'repo');
  mkdirSync(repo);
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

/** What this machine and its user have set must not decide. */
const ENV = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: undefined,
  GIT_AUTHOR_EMAIL: undefined,
};
const git = (...args: string[]): string => gitIn(repo, ...args);
const gitIn = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

function write(name: string, text: string, under = repo): void {
  mkdirSync(dirname(join(under, name)), { recursive: true });
  writeFileSync(join(under, name), text);
}

const FILES: Readonly<Record<string, string>> = { 'a.txt': 'a', 'sub/b.txt': 'b', 'sub/deep/c.txt': 'c' };
/** The usual repository, made once: five programs take longer than most tests. */
let usual: string | null = null;
afterAll(() => usual && rmSync(usual, { recursive: true, force: true }));

/** A repository of one commit on `main`. */
function init(files = FILES): void {
  if (files === FILES && usual !== null) {
    cpSync(usual, repo, { recursive: true, preserveTimestamps: true });
    return;
  }
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'Somebody');
  git('config', 'user.email', 'some@body.example');
  for (const [name, text] of Object.entries(files)) write(name, text);
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
  if (files !== FILES) return;
  usual = mkdtempSync(join(tmpdir(), 'marketloom-git-usual-'));
  cpSync(repo, usual, { recursive: true, preserveTimestamps: true });
}

/** Path -> blob id of HEAD below a folder, as git lists it. */
function listed(cwd: string): Map<string, string> {
  const lines = gitIn(cwd, 'ls-tree', '-r', 'HEAD').split('\n');
  return new Map(
    lines.filter((line) => line.includes(' blob ')).map((line) => [line.split('\t')[1]!, line.split(/[ \t]/)[2]!]),
  );
}

const problem = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { problems?: { code: string; message: string }[] }) => error.problems?.[0] ?? error,
  );

async function agrees(cwd: string): Promise<void> {
  const { head, blobs } = readRevision(cwd);
  expect(head).toBe(gitIn(cwd, 'rev-parse', 'HEAD'));
  expect(await blobs()).toEqual(listed(cwd));
}

describe('the commit and its files are those git names', () => {
  test('on a branch, in a folder below the repository, on a branch of folders, detached', async () => {
    init();
    await agrees(repo);
    await agrees(join(repo, 'sub'));
    git('checkout', '-q', '-b', 'team/new/main');
    write('a.txt', 'other');
    git('commit', '-q', '-am', 'second');
    await agrees(repo);
    git('checkout', '-q', '--detach', 'HEAD~1');
    await agrees(repo);
  });

  test('when refs are packed, one name ends another, and a loose ref is newer than the packed one', async () => {
    init();
    git('branch', 'feature/main');
    git('tag', '-a', 'main-tag', '-m', 'annotated');
    write('a.txt', 'other');
    git('commit', '-q', '-am', 'second');
    git('pack-refs', '--all');
    git('gc', '-q');
    await agrees(repo);
    git('checkout', '-q', 'feature/main');
    await agrees(repo);
    write('a.txt', 'third');
    git('commit', '-q', '-am', 'third');
    await agrees(repo);
  });

  test('in a linked worktree, with the objects of the repository it belongs to', async () => {
    init();
    const linked = join(base, 'linked');
    git('worktree', 'add', '-q', '-b', 'side', linked);
    write('sub/b.txt', 'side', linked);
    gitIn(linked, 'commit', '-q', '-am', 'on the side');
    await agrees(linked);
    await agrees(join(linked, 'sub'));
    expect(readRevision(repo).head).not.toBe(readRevision(linked).head);
    git('pack-refs', '--all');
    await agrees(linked);
  });

  test('in a submodule, and a submodule is no file of the repository above it', async () => {
    init();
    const above = join(base, 'above');
    mkdirSync(above);
    gitIn(above, 'init', '-q', '-b', 'main');
    gitIn(above, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', repo, 'part');
    gitIn(above, '-c', 'user.name=x', '-c', 'user.email=x', 'commit', '-q', '-m', 'a part');
    await agrees(above);
    await agrees(join(above, 'part'));
  });
});

describe('there is no commit', () => {
  test('outside a repository', async () => {
    const { head, blobs } = readRevision(repo);
    expect([head, await blobs(), repositoryOf(repo)]).toEqual([null, null, null]);
  });

  test('before the first one', async () => {
    git('init', '-q');
    expect([readRevision(repo).head, repositoryOf(join(repo, 'not', 'there'))]).toEqual([null, repo]);
  });
});

describe('files in refs', () => {
  test('are those of every branch, tag, remote branch and of a detached HEAD, each tree once', async () => {
    init({ 'data.dvc': 'main', 'x.txt': 'not asked for' });
    git('branch', 'twin');
    for (const name of ['branch', 'tagged', 'fetched', 'detached']) {
      git('checkout', '-q', '--detach', 'main');
      write('data.dvc', name);
      git('commit', '-q', '-am', name);
      if (name === 'branch') git('branch', name);
      if (name === 'tagged') git('tag', '-a', name, '-m', name);
      if (name === 'fetched') {
        git('remote', 'add', 'origin', 'nowhere');
        git('update-ref', 'refs/remotes/origin/fetched', 'HEAD');
      }
    }
    git('tag', 'a-blob', git('rev-parse', 'HEAD:x.txt'));
    git('pack-refs', '--all');
    const found = await filesInRefs(repo, (path) => path.endsWith('.dvc'));
    expect(found.map(({ text }) => text).sort()).toEqual(['branch', 'detached', 'fetched', 'main', 'tagged']);
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set(['data.dvc']));
  });

  test('of a project below the repository are named from the project; without a repository there are none', async () => {
    init({ 'p/data.dvc': 'mine', 'q/data.dvc': 'not mine' });
    const found = await filesInRefs(join(repo, 'p'), () => true);
    expect(found).toEqual([{ path: 'data.dvc', text: 'mine' }]);
    expect(await filesInRefs(base, () => true)).toEqual([]);
  });

  test('are the same from every worktree, with what only a detached HEAD of another one holds', async () => {
    init({ 'data.dvc': 'main' });
    const linked = join(base, 'linked');
    git('worktree', 'add', '-q', '--detach', linked);
    write('data.dvc', 'side', linked);
    gitIn(linked, 'commit', '-q', '-am', 'side');
    for (const cwd of [repo, linked])
      expect((await filesInRefs(cwd, () => true)).map(({ text }) => text).sort()).toEqual(['main', 'side']);
  });

  test('may not be forgotten because they cannot be read; a branch that is gone upstream is none', async () => {
    init({ 'data.dvc': 'main' });
    git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/gone');
    expect(await filesInRefs(repo, () => true)).toHaveLength(1);
    const tree = git('rev-parse', 'HEAD^{tree}');
    rmSync(join(repo, '.git/objects', tree.slice(0, 2), tree.slice(2)));
    expect(await problem(filesInRefs(repo, () => true))).toMatchObject({
      code: 'git/failed',
      message: expect.stringContaining('HEAD'),
    });
    // A run only records what is committed, and goes on without.
    expect(await readRevision(repo).blobs()).toBeNull();
  });
});

describe('a commit of our files', () => {
  test('holds them and nothing else, ignored or gone as they may be, and is none when nothing differs', async () => {
    init({ 'a.txt': 'a', 'p/old.dvc': 'old', '.gitignore': '*.lock\n' });
    write('a.txt', 'changed, and not ours');
    write('p/new.dvc', 'new');
    write('p/x.lock', 'ignored');
    rmSync(join(repo, 'p/old.dvc'));
    const ours = ['new.dvc', 'old.dvc', 'x.lock'];
    const id = await commitFiles(join(repo, 'p'), ours, 'ours');
    expect(id).toBe(git('rev-parse', 'HEAD'));
    expect(git('show', '--format=%an <%ae> %s', '--name-status', 'HEAD').split(/\s*\n\s*/)).toEqual([
      'Somebody <some@body.example> ours',
      'A\tp/new.dvc',
      'D\tp/old.dvc',
      'A\tp/x.lock',
    ]);
    expect(git('status', '--porcelain')).toBe('M a.txt');
    expect(await commitFiles(join(repo, 'p'), ours, 'again')).toBeNull();
  });

  test('in a linked worktree goes to the branch of that worktree', async () => {
    init();
    const linked = join(base, 'linked');
    git('worktree', 'add', '-q', '-b', 'side', linked);
    write('new.dvc', 'new', linked);
    const id = await commitFiles(linked, ['new.dvc'], 'ours');
    expect([id, git('rev-parse', 'main')]).toEqual([git('rev-parse', 'side'), git('rev-parse', 'side~1')]);
    expect(gitIn(linked, 'status', '--porcelain')).toBe('');
  });

  test('is refused while other files are staged, and stages nothing then', async () => {
    init();
    write('a.txt', 'staged');
    git('add', 'a.txt');
    write('new.dvc', 'new');
    expect(await problem(commitFiles(repo, ['new.dvc'], 'ours'))).toMatchObject({ code: 'git/failed' });
    expect(git('status', '--porcelain').split('\n')).toEqual(['M  a.txt', '?? new.dvc']);
  });

  test('has the author of the environment, else of the repository, else of the user', async () => {
    init();
    const author = async (text: string): Promise<string> => {
      write('new.dvc', text);
      await commitFiles(repo, ['new.dvc'], 'ours');
      return git('show', '-s', '--format=%an <%ae>');
    };
    write('settings', '[user]\n\tname = User\n\temail = user@example\n', base);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(base, 'settings'));
    expect(await author('1')).toBe('Somebody <some@body.example>');
    git('config', '--unset', 'user.name');
    expect(await author('2')).toBe('User <some@body.example>');
    vi.stubEnv('GIT_AUTHOR_NAME', 'Env');
    expect(await author('3')).toBe('Env <some@body.example>');
    vi.stubEnv('GIT_AUTHOR_NAME', undefined);
    vi.stubEnv('GIT_CONFIG_GLOBAL', undefined);
    vi.stubEnv('XDG_CONFIG_HOME', join(base, 'xdg'));
    vi.stubEnv('HOME', base);
    write('xdg/git/config', '[user]\n\tname = Xdg\n', base);
    expect(await author('4')).toBe('Xdg <some@body.example>');
    write('.gitconfig', '[user]\n\tname = Home\n', base);
    expect(await author('5')).toBe('Home <some@body.example>');
  });

  test('is refused while another git command changes the index, which the library would not wait for', async () => {
    init();
    const linked = join(base, 'linked');
    git('worktree', 'add', '-q', '-b', 'side', linked);
    for (const [cwd, lock] of [
      [repo, join(repo, '.git/index.lock')],
      [linked, join(repo, '.git/worktrees/linked/index.lock')],
    ] as const) {
      write('new.dvc', 'new', cwd);
      writeFileSync(lock, '');
      expect(await problem(commitFiles(cwd, ['new.dvc'], 'ours'))).toMatchObject({
        code: 'git/failed',
        facts: { lock },
      });
      rmSync(lock);
      expect(await commitFiles(cwd, ['new.dvc'], 'ours')).toBe(gitIn(cwd, 'rev-parse', 'HEAD'));
    }
  });

  test('is refused without a repository, and without an author', async () => {
    expect(await problem(commitFiles(repo, ['x'], 'ours'))).toMatchObject({ code: 'git/failed' });
    init();
    git('config', '--unset', 'user.name');
    write('new.dvc', 'new');
    expect(await problem(commitFiles(repo, ['new.dvc'], 'ours'))).toMatchObject({
      message: 'git does not know who commits',
    });
    expect(git('diff', '--cached', '--name-only')).toBe('');
  });
});
