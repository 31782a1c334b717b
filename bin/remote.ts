// `pipeline remote`: shows and edits the remotes in .dvc/config, leaving every other line of that file as it is.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { ProblemError } from '../lib/base/problem.ts';
import { editConfigText } from '../lib/dvc/config-text.ts';
import type { Context } from './door.ts';
import { open } from './open.ts';

export interface RemoteRow {
  readonly name: string;
  readonly url: string;
  readonly default: boolean;
}

export function listRemotes(context: Context): RemoteRow[] {
  const { dvc } = open(context.program);
  return [...dvc.remotes].map(([name, options]) => ({
    name,
    url: options.get('url') ?? '',
    default: name === dvc.remote,
  }));
}

export function remotesText(rows: readonly RemoteRow[]): string {
  if (rows.length === 0) return 'no remote; add one: pipeline remote add -d localstore <folder>\n';
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map((row) => `${row.name.padEnd(width)}  ${row.url}${row.default ? '  default' : ''}\n`).join('');
}

/** Add a remote, or with `replace` give one another url. A relative folder counts from the current one, as with dvc. */
export function editRemote(
  context: Context,
  name: string,
  url: string,
  options: { readonly replace: boolean; readonly default: boolean },
): RemoteRow {
  const { project, dvc } = open(context.program);
  const known = dvc.remotes.has(name.toLowerCase());
  if (known !== options.replace) {
    throw new ProblemError({
      code: known ? 'usage' : 'remote/missing',
      message: known ? `there is a remote ${name} already` : `no remote is called ${name}`,
      hint: known ? 'give it another url with `pipeline remote set`' : 'make it with `pipeline remote add`',
    });
  }
  const file = join(project.root, '.dvc', 'config');
  const stored = isAbsolute(url) || /^\w+:\/\//.test(url) ? url : relative(dirname(file), resolve(url));
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  let text = editConfigText('.dvc/config', before, { section: 'remote', name, key: 'url' }, stored);
  if (options.default)
    text = editConfigText('.dvc/config', text, { section: 'core', name: null, key: 'remote' }, name.toLowerCase());
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
  const after = open(context.program).dvc;
  return {
    name: name.toLowerCase(),
    url: after.remotes.get(name.toLowerCase())?.get('url') ?? stored,
    default: after.remote === name.toLowerCase(),
  };
}
