// Where things lie in a project; every path the engine uses is named here.
import { dirname, join } from 'node:path';
import { ProblemError } from '../base/problem.ts';
import { BlobStore, type LinkType } from '../store/blob.ts';
import { ensureDir, exists } from '../store/files.ts';
import { Marks } from '../store/marks.ts';
import { Receipts } from '../store/receipt.ts';

export interface Project {
  /** The folder with pipeline.yaml. */
  readonly root: string;
  /** Where outputs and our own state lie: the root, or a scratch folder. */
  readonly workspace: string;
  /** The folder of this package: lib/, stages/, dist/. */
  readonly own: string;
  readonly file: string;
  readonly store: BlobStore;
  readonly receipts: Receipts;
  readonly marks: Marks;
  readonly paths: ProjectPaths;
  /** For temporary names on the workspace's file system; the cache may lie on another one. */
  readonly tmp: string;
}

export interface ProjectPaths {
  /** Our own state, never in git: receipts, built code, the fast path's memory. */
  readonly state: string;
  readonly stateFile: string;
  /** What a push that found nothing to do rests on. */
  readonly pushed: string;
  readonly last: string;
  readonly code: string;
  readonly spec: string;
  /** What files of profiles and presets say. */
  readonly documents: string;
  readonly work: string;
  readonly evidence: string;
  readonly lock: string;
  readonly sources: string;
  readonly stages: string;
}

export function projectPaths(workspace: string): ProjectPaths {
  const state = join(workspace, '.pipeline');
  return {
    state,
    stateFile: join(state, 'state'),
    pushed: join(state, 'pushed'),
    last: join(state, 'last.json'),
    code: join(state, 'code'),
    spec: join(state, 'spec.json'),
    documents: join(state, 'documents'),
    work: join(state, 'work'),
    evidence: join(state, 'evidence'),
    lock: join(state, 'lock'),
    sources: join(workspace, 'data', 'sources'),
    stages: join(workspace, 'data', 'stages'),
  };
}

/** The nearest folder upwards that has a pipeline.yaml. */
export function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (exists(join(folder, 'pipeline.yaml'))) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new ProblemError({
    code: 'config/missing-file',
    message: 'there is no pipeline.yaml here or in any folder above',
    hint: 'change into a project, or make one with `pipeline init`',
  });
}

/** With `workspace`, the project's files are read where they are and everything made lies in that other folder. */
export function openProject(options: {
  root: string;
  workspace?: string;
  own: string;
  cacheDir: string;
  /** A cache that is only read. */
  behind?: string;
  links: readonly LinkType[];
}): Project {
  const { root, workspace = root, own, cacheDir, behind, links } = options;
  const paths = projectPaths(workspace);
  const tmp = join(paths.state, 'tmp');
  ensureDir(tmp);
  const marks = new Marks(root, paths.stateFile);
  const quarantine = join(paths.state, 'quarantine');
  const store = new BlobStore({
    cacheDir,
    ...(behind !== undefined && { behind }),
    links,
    marks,
    laying: tmp,
    quarantine,
  });
  const receipts = new Receipts(join(paths.state, 'receipts'), tmp);
  return { root, workspace, own, file: join(root, 'pipeline.yaml'), store, receipts, marks, paths, tmp };
}

/** Where the outputs of all stages lie. */
export const STAGES = 'data/stages';

/** Workspace place of a stage's output: a json value ends in .json, so that other tools know it. */
export function outputPath(stage: string, port: string, kind: string): string {
  return `${STAGES}/${stage}/${port}${kind === 'json' ? '.json' : ''}`;
}
