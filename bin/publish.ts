// What the door does after a run, hit or not: lay the dataset out, write pointers and DVC's files, push and commit (settled point 5).
import type { Problem } from '../lib/base/problem.ts';
import type { DvcConfig } from '../lib/dvc/config-file.ts';
import type { Listener } from '../lib/engine/event.ts';
import type { Pipeline } from '../lib/engine/load.ts';
import type { Project } from '../lib/engine/project.ts';
import type { RunResult } from '../lib/engine/run.ts';

export interface AfterRun {
  readonly path: string | null;
  readonly problems: readonly Problem[];
}

export async function afterRun(
  _project: Project,
  _dvc: DvcConfig,
  _pipeline: Pipeline,
  _result: RunResult,
  _flags: { commit?: boolean },
  _emit: Listener,
): Promise<AfterRun> {
  return { path: null, problems: [] };
}
