// Checks a commit out into a folder of its own and builds the program there, so that the code of then can run now.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ProblemError } from '../lib/base/problem.ts';

export interface CheckedOut {
  /** The project and this package as of that commit; a package outside the repository stays the one that is here. */
  readonly root: string;
  readonly own: string;
  remove(): void;
}

export function checkOut(options: {
  readonly root: string;
  readonly own: string;
  readonly commit: string;
  readonly folder: string;
}): CheckedOut {
  const { root, own, commit, folder } = options;
  const top = git(root, 'rev-parse', '--show-toplevel');
  git(root, 'worktree', 'add', '--detach', '--force', folder, commit);
  const remove = () => void git(root, 'worktree', 'remove', '--force', folder);
  try {
    const there = (path: string) => {
      const inside = relative(top, realpathSync(path));
      return inside.startsWith('..') || inside.includes('node_modules') ? path : join(folder, inside);
    };
    // Packages are named by the lock file and checked by their integrity in the manifest; they need not be installed twice.
    for (const path of new Set([root, own])) {
      const [from, to] = [join(path, 'node_modules'), join(there(path), 'node_modules')];
      if (existsSync(from) && !existsSync(to)) symlinkSync(from, to);
    }
    if (there(own) !== own) run(there(own), process.execPath, join('scripts', 'build.mjs'));
    return { root: there(root), own: there(own), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function git(root: string, ...args: readonly string[]): string {
  return run(root, 'git', ...args);
}

function run(cwd: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new ProblemError({
    code: 'git/failed',
    message: `\`${[program === process.execPath ? 'node' : program, ...args].join(' ')}\` failed`,
    facts: { said: (stderr || String(error ?? '')).trim().split('\n').slice(-5).join('\n') },
    ...(error && { hint: '--checkout needs the git program; without it, check the commit out yourself' }),
  });
}
