// `pipeline init`: makes a project with the market pipeline and its configuration; what is already there is never written over.
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ProblemError } from '../lib/base/problem.ts';
import { guard } from '../lib/store/files.ts';

export interface Made {
  /** Relative to the working folder; `.` for itself. */
  readonly folder: string;
  /** Relative to the project. */
  readonly written: readonly string[];
  /** Settings of git and dvc that were there and stay as they are. */
  readonly kept: readonly string[];
}

/** As this package has them. */
const COPIED = ['pipeline.yaml', 'config', 'cron/schedule.yaml'];

const SETTINGS: Readonly<Record<string, string>> = {
  '.dvc/config': '[core]\n    remote = localstore\n[\'remote "localstore"\']\n    url = ../.dvc-remote\n',
  '.dvc/.gitignore': '/config.local\n/tmp\n/cache\n',
  '.dvcignore':
    '# What dvc does not look at, in the words of .gitignore.\n/.pipeline\n/.dvc-remote\n/node_modules\n/logs\n',
  '.gitignore': '/.pipeline\n/.dvc-remote\n/node_modules\n/logs\n',
};

/** Throws usage naming the files that stand in the way; then nothing is written. */
export function initProject(own: string, to: string): Made {
  const root = resolve(to);
  const files = COPIED.flatMap((name) => filesOf(own, name));
  const there = files.filter((path) => existsSync(join(root, path)));
  if (there.length > 0) {
    throw new ProblemError({
      code: 'usage',
      message: 'there is a project already, and init writes over nothing',
      facts: { 'in the way': there.join(', ') },
      hint: 'name a folder that has none of these files',
    });
  }
  const kept = Object.keys(SETTINGS).filter((path) => existsSync(join(root, path)));
  const added = Object.keys(SETTINGS).filter((path) => !kept.includes(path));
  guard('make the project', root, () => {
    for (const path of [...files, ...added]) mkdirSync(dirname(join(root, path)), { recursive: true });
    for (const path of files) copyFileSync(join(own, path), join(root, path), constants.COPYFILE_EXCL);
    for (const path of added) writeFileSync(join(root, path), SETTINGS[path] as string, { flag: 'wx' });
  });
  return { folder: relative(process.cwd(), root) || '.', written: [...files, ...added], kept };
}

export function initText({ folder, written, kept }: Made): string {
  const stays = kept.length === 0 ? '' : `, ${kept.join(' and ')} stayed`;
  const change = folder === '.' ? '' : `cd ${folder} && `;
  return `${written.length} files written${stays}\nnext: ${change}pipeline run\n`;
}

function filesOf(own: string, name: string): string[] {
  if (!statSync(join(own, name)).isDirectory()) return [name];
  return readdirSync(join(own, name))
    .sort()
    .flatMap((inner) => filesOf(own, `${name}/${inner}`));
}
