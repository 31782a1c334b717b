// A package in a key is its name, version and the lock file's integrity, with everything it brings along.
import { join } from 'node:path';
import { ProblemError } from '../base/problem.ts';
import { readTextIfAny } from '../store/files.ts';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Not a package but a link to a folder: `resolved` is its place. */
  readonly link?: boolean;
  readonly resolved?: string;
}

/** `npm:name@version` -> integrity for a package and its dependencies, as the nearest lock file or node_modules says. */
export function packageIntegrity(roots: { project: string; own: string }, name: string): Record<string, string> {
  const found: Record<string, string> = {};
  const locks = [roots.project, roots.own].map(readLock);
  const lock = locks.find((one) => resolveLocked(one, name, '') !== null) ?? {};
  const visit = (wanted: string, from: string) => {
    const at = resolveLocked(lock, wanted, from);
    if (at === null) {
      const bare = installed(roots, wanted);
      if (bare === null && from === '') {
        throw new ProblemError({
          code: 'code/build-failed',
          message: `the package \`${wanted}\` is not installed`,
          hint: 'run `npm ci`; what a stage imports must be pinned by a lock file',
        });
      }
      if (bare !== null) found[`npm:${wanted}@${bare}`] = 'unlocked';
      return;
    }
    const entry = lock[at] as Locked;
    if (entry.link === true) {
      throw new ProblemError({
        code: 'code/build-failed',
        message: `the package \`${wanted}\` is a link to the folder \`${entry.resolved}\`, whose files are in no key`,
        hint: 'import its files by their paths',
      });
    }
    const shown = `npm:${wanted}@${entry.version}`;
    if (shown in found) return;
    found[shown] = entry.integrity ?? 'unlocked';
    for (const dependency of Object.keys(entry.dependencies ?? {}).sort()) visit(dependency, at);
  };
  visit(name, '');
  return found;
}

function readLock(root: string): Record<string, Locked> {
  const text = readTextIfAny(join(root, 'package-lock.json'));
  if (text === null) return {};
  try {
    return (JSON.parse(text) as { packages?: Record<string, Locked> } | null)?.packages ?? {};
  } catch (cause) {
    const message = `package-lock.json is not JSON: ${(cause as Error).message}`;
    throw new ProblemError({ code: 'code/build-failed', message, hint: 'run `npm install` to mend it' }, { cause });
  }
}

/** As Node resolves: the nearest node_modules upwards of the importer. */
function resolveLocked(lock: Record<string, Locked>, name: string, from: string): string | null {
  for (let folder = from; ; ) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock[candidate] !== undefined) return candidate;
    if (folder === '') return null;
    const cut = folder.lastIndexOf('node_modules/');
    folder = cut <= 0 ? '' : folder.slice(0, cut - 1);
  }
}

function installed(roots: { project: string; own: string }, name: string): string | null {
  for (const root of [roots.project, roots.own]) {
    const text = readTextIfAny(join(root, 'node_modules', name, 'package.json'));
    if (text !== null) return String((JSON.parse(text) as { version?: string }).version);
  }
  return null;
}
