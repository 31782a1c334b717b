// What a run would do, without doing it: the same traversal as a run, stopped where an input is not known yet.
import { join } from 'node:path';
import type { Artifact } from '../store/blob.ts';
import type { Reason } from './explain.ts';
import { readLast } from './last.ts';
import { outputPath, type Project } from './project.ts';
import { inputArtifacts, type Loaded, mergeOutputs, planUnits } from './units.ts';
import { drift } from './workspace.ts';

export interface PlannedUnit {
  readonly element: string | null;
  /** Null while an input is unknown. */
  readonly key: string | null;
  /** cached: found in the store; run: has to run; waits: depends on a stage that has to run first. */
  readonly state: 'cached' | 'run' | 'waits';
  readonly reasons: readonly Reason[];
}

export interface PlannedStage {
  readonly stage: string;
  readonly units: readonly PlannedUnit[];
  /** Outputs of a cached stage that were changed or deleted in the workspace and would be restored. */
  readonly drifted: readonly string[];
  /** A cached verdict that says no: nothing below would run. */
  readonly refused: string | null;
}

export function planRun(project: Project, loaded: Loaded, stages: ReadonlySet<string>, force: boolean): PlannedStage[] {
  const made = new Map<string, Readonly<Record<string, Artifact>>>();
  const last = readLast(project);
  const planned: PlannedStage[] = [];
  for (const stage of loaded.spec.stages) {
    if (!stages.has(stage.name)) continue;
    const found = inputArtifacts(stage, loaded, made);
    if ('waitsFor' in found) {
      const reasons: Reason[] = [{ kind: 'upstream', stage: found.waitsFor }];
      const units = (stage.map?.elements ?? [null]).map(
        (element): PlannedUnit => ({ element, key: null, state: 'waits', reasons }),
      );
      planned.push({ stage: stage.name, units, drifted: [], refused: null });
      continue;
    }
    const plans = planUnits(project, loaded, stage, found.inputs, last, force);
    const units = plans.map(
      ({ element, key, hit, reasons }): PlannedUnit => ({
        element,
        key,
        state: hit === null ? 'run' : 'cached',
        reasons,
      }),
    );
    const hits = plans.flatMap(({ element, hit }) =>
      hit === null ? [] : [{ element, outputs: hit.outputs, verdict: hit.verdict }],
    );
    if (hits.length < plans.length) {
      planned.push({ stage: stage.name, units, drifted: [], refused: null });
      continue;
    }
    const outputs = mergeOutputs(project, stage, hits);
    const drifted = Object.entries(outputs).flatMap(([port, artifact]) => {
      const path = outputPath(stage.name, port, stage.outputs[port]?.kind ?? 'tree');
      return drift(project.store, project.marks, artifact, join(project.root, path)) > 0 ? [path] : [];
    });
    const refused = hits.find(({ verdict }) => verdict?.passed === false)?.verdict?.summary ?? null;
    if (refused === null) made.set(stage.name, outputs);
    planned.push({ stage: stage.name, units, drifted, refused });
  }
  return planned;
}
