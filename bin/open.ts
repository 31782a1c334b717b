// Opens a project for a command: DVC's configuration says where the cache is and how files are linked, the rest follows.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DvcConfig, readConfig } from '../lib/dvc/config-file.ts';
import type { Listener } from '../lib/engine/event.ts';
import { loadPipeline, type Pipeline } from '../lib/engine/load.ts';
import { LocalPool } from '../lib/engine/pool.ts';
import { findRoot, openProject, type Project } from '../lib/engine/project.ts';
import { readTextIfAny } from '../lib/store/files.ts';
import type { Looked } from '../lib/store/state.ts';

/** What the launcher knows of the program. */
export interface Program {
  readonly own: string;
  readonly build: string;
  /** The fast path's question for a project and the arguments after the command. */
  readonly question: (root: string, args: readonly string[]) => string;
  readonly looked: Looked | null;
}

/** Flags every command that reads the pipeline takes. */
export interface ConfigFlags {
  readonly profile?: string;
  readonly config?: string;
  readonly seed?: string;
  readonly set?: readonly string[];
  readonly jobs?: string;
}

export interface Opened {
  readonly project: Project;
  readonly dvc: DvcConfig;
}

export function readDvcConfig(root: string): DvcConfig {
  const dvcDir = join(root, '.dvc');
  const sources = ['config', 'config.local'].map((name) => ({
    file: `.dvc/${name}`,
    text: readTextIfAny(join(dvcDir, name)),
  }));
  return readConfig(sources, dvcDir, homedir());
}

export function open(program: Program, cwd = process.cwd()): Opened {
  const root = findRoot(cwd);
  const dvc = readDvcConfig(root);
  // Dvc runs us as one of its stages and keeps its cache itself: ours goes beside, and the next run of our own takes it over.
  const cache = underDvc() ? { cacheDir: underDvcCache(root), behind: dvc.cacheDir } : { cacheDir: dvc.cacheDir };
  return { project: openProject({ root, own: program.own, ...cache, links: dvc.linkTypes }), dvc };
}

/** Whether dvc runs this program as the command of a stage. */
export function underDvc(): boolean {
  return process.env.DVC_STAGE !== undefined;
}

export function underDvcCache(root: string): string {
  return join(root, '.pipeline', 'under-dvc');
}

export interface PoolOptions {
  readonly jobs: number;
  readonly trapped?: boolean;
  readonly disturb?: number | null;
}

export function openPool(project: Project, options: PoolOptions): LocalPool {
  return new LocalPool({
    tmp: project.store.tmp,
    cacheDir: project.store.cacheDir,
    trapped: options.trapped ?? true,
    disturb: options.disturb ?? null,
    modulePaths: [join(project.root, 'node_modules'), join(project.own, 'node_modules')],
    project: project.root,
    jobs: options.jobs,
    workRoot: project.paths.work,
    workerFile: join(project.own, 'dist', 'worker.cjs'),
  });
}

export function load(
  program: Program,
  project: Project,
  pool: LocalPool,
  flags: ConfigFlags,
  emit: Listener,
): Promise<Pipeline> {
  // Not how many units run at once: a pipeline that was checked once is checked for any number.
  const { profile, seed, set, config } = flags;
  return loadPipeline(
    project,
    {
      flags: { ...(profile && { profile }), ...(seed && { seed }), ...(set && { set }) },
      env: process.env,
      ...(config && { configFile: config }),
      build: program.build,
      describe: (bundle) => pool.describe(bundle),
    },
    emit,
  );
}
