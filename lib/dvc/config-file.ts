// What `.dvc/config` and `.dvc/config.local` together say about the cache and the remotes, with paths made absolute.
import { posix } from 'node:path';
import { at } from '../base/place.ts';
import { type Problem, ProblemError, raise } from '../base/problem.ts';
import { type ConfigEntry, parseConfigText } from './config-text.ts';

export type LinkType = 'reflink' | 'hardlink' | 'symlink' | 'copy';
const LINK_TYPES: readonly string[] = ['reflink', 'hardlink', 'symlink', 'copy'];

export interface DvcConfig {
  /** Name of the default remote. */
  readonly remote: string | null;
  /** Absolute folder of the cache. */
  readonly cacheDir: string;
  /** Ways to put a file into the workspace, in the order to try. */
  readonly linkTypes: readonly LinkType[];
  /** Files and folders of the cache are writable by the group. */
  readonly isShared: boolean;
  readonly autostage: boolean;
  /** The repository is not in git. */
  readonly noScm: boolean;
  /** DVC locks with hard links instead of flock. */
  readonly hardlinkLock: boolean;
  /** Options of each remote by name; `url` is absolute unless it has a scheme. */
  readonly remotes: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** One file of configuration; text null when it is not there. */
export interface ConfigSource {
  /** Name for problems. */
  readonly file: string;
  readonly text: string | null;
}

/**
 * Merge the sources, later ones win key by key. Relative folders count from `dvcDir` (absolute, the `.dvc` folder),
 * `~` is `home`. Throws dvc/malformed with the line for anything DVC would refuse.
 */
export function readConfig(sources: readonly ConfigSource[], dvcDir: string, home: string): DvcConfig {
  const plain = new Map<string, ConfigEntry>();
  const remotes = new Map<string, Map<string, ConfigEntry>>();
  for (const { file, text } of sources) {
    for (const entry of parseConfigText(file, text ?? '')) {
      if (entry.section === 'remote') {
        if (!remotes.has(entry.name!)) remotes.set(entry.name!, new Map());
        remotes.get(entry.name!)!.set(entry.key, entry);
      } else if (entry.name === null) plain.set(`${entry.section}.${entry.key}`, entry);
    }
  }
  const problems: Problem[] = [];
  const text = (entry: ConfigEntry): string => {
    if (typeof entry.value === 'string') return entry.value;
    problems.push(refused(entry, 'must be one text; put it in quotes when it holds a comma'));
    return '';
  };
  const flag = (key: string): boolean => {
    const entry = plain.get(key);
    if (entry === undefined) return false;
    const value = text(entry).toLowerCase();
    if (value !== 'true' && value !== 'false') problems.push(refused(entry, 'must be true or false'));
    return value === 'true';
  };
  const absolute = (entry: ConfigEntry) => resolveFolder(text(entry), dvcDir, home, entry, problems);
  const remote = plain.get('core.remote');
  const cacheDir = plain.get('cache.dir');
  const shared = plain.get('cache.shared');
  if (shared !== undefined && text(shared).toLowerCase() !== 'group') problems.push(refused(shared, 'must be group'));
  const config: DvcConfig = {
    remote: remote === undefined ? null : text(remote).toLowerCase(),
    cacheDir: cacheDir === undefined ? posix.join(dvcDir, 'cache') : absolute(cacheDir),
    linkTypes: linkTypes(plain.get('cache.type'), problems),
    isShared: shared !== undefined,
    autostage: flag('core.autostage'),
    noScm: flag('core.no_scm'),
    hardlinkLock: flag('core.hardlink_lock'),
    remotes: new Map(
      [...remotes].map(([name, options]) => [
        name,
        new Map(
          [...options].map(([key, entry]) => [key, key === 'url' ? absolute(entry) : [entry.value].flat().join()]),
        ),
      ]),
    ),
  };
  for (const [name, options] of remotes) {
    const first = [...options.values()][0]!;
    if (!options.has('url')) problems.push(refused(first, `stands in the remote ${name}, which has no url`));
  }
  raise(problems);
  return config;
}

/**
 * The absolute folder of a local remote (null: the default one), following `remote://other/sub`. Throws remote/missing
 * when there is none of that name, dvc/unsupported for services, cloud-versioned remotes and circles of references.
 */
export function remoteFolder(config: DvcConfig, name: string | null = null): string {
  const wanted = name?.toLowerCase() ?? config.remote;
  if (wanted === null) {
    const hint = 'Add one: pipeline remote add -d localstore <folder>';
    throw new ProblemError({ code: 'remote/missing', message: 'No default remote is configured', hint });
  }
  let [current, below] = [wanted, ''];
  const options = new Map<string, string>();
  for (const seen = new Set<string>(); !seen.has(current); ) {
    seen.add(current);
    const remote = config.remotes.get(current);
    if (remote === undefined) {
      const hint = `Known remotes: ${[...config.remotes.keys()].join(', ') || 'none'}`;
      throw new ProblemError({ code: 'remote/missing', message: `No remote is called ${current}`, hint });
    }
    for (const [key, value] of remote) if (!options.has(key)) options.set(key, value);
    const url = remote.get('url')!;
    const reference = /^remote:\/\/([^/]+)\/?(.*)$/.exec(url);
    if (reference === null) return posix.join(localFolder(url, wanted, options), below);
    [current, below] = [reference[1]!.toLowerCase(), posix.join(reference[2]!, below)];
  }
  throw unsupported(wanted, 'refers to itself', config.remotes.get(wanted)!.get('url')!);
}

function localFolder(url: string, name: string, options: ReadonlyMap<string, string>): string {
  for (const key of ['worktree', 'version_aware']) {
    if (options.get(key)?.toLowerCase() === 'true') throw unsupported(name, `is kept by cloud versions (${key})`, url);
  }
  const path = url.replace(/^file:\/\/(?=\/)/, '');
  if (!path.startsWith('/')) throw unsupported(name, 'is not a folder of this machine', url);
  return posix.normalize(path);
}

function unsupported(name: string, reason: string, url: string): ProblemError {
  const hint = 'Use dvc itself with this remote, or add a remote that is a folder';
  const message = `The remote ${name} ${reason}`;
  return new ProblemError({ code: 'dvc/unsupported', message, facts: { url }, hint });
}

function resolveFolder(path: string, dvcDir: string, home: string, entry: ConfigEntry, problems: Problem[]): string {
  if (/^\w+:\/\//.test(path) || path.startsWith('/')) return path;
  if (path === '~' || path.startsWith('~/')) return posix.join(home, path.slice(1));
  if (path.startsWith('~')) problems.push(refused(entry, 'names the home of another user; write the folder out'));
  return posix.resolve(dvcDir, path);
}

function linkTypes(entry: ConfigEntry | undefined, problems: Problem[]): readonly LinkType[] {
  if (entry === undefined) return ['reflink', 'copy'];
  const names = typeof entry.value === 'string' ? entry.value.split(',').map((name) => name.trim()) : entry.value;
  const unknown = names.filter((name) => !LINK_TYPES.includes(name));
  if (unknown.length > 0)
    problems.push(refused(entry, `knows no ${unknown.join(', ')}; only ${LINK_TYPES.join(', ')}`));
  return names as readonly LinkType[];
}

function refused(entry: ConfigEntry, reason: string): Problem {
  const { section, name, key, place } = entry;
  const title = name === null ? `${section}.${key}` : `${section} "${name}" ${key}`;
  return { code: 'dvc/malformed', message: `${title} ${reason}`, place, facts: { at: at(place) } };
}
