// What `status` says: one line per stage, what would happen to it and why.
import { describe } from '../lib/engine/explain.ts';
import type { PlannedStage, PlannedUnit } from '../lib/engine/plan.ts';

export interface Plan {
  readonly datasetId: string | null;
  readonly stages: readonly PlannedStage[];
}

/** One line per stage: what would happen to it and why. */
export function statusText({ datasetId, stages }: Plan): string {
  const width = Math.max(...stages.map(({ stage }) => stage.length));
  const lines = stages.map((planned) => `${planned.stage.padEnd(width)}  ${stageState(planned)}\n`);
  const work = stages.some(({ units, drifted }) => drifted.length > 0 || units.some(({ state }) => state !== 'cached'));
  const dataset = datasetId === null ? '' : `dataset ${datasetId}\n`;
  return `${lines.join('')}${work ? '' : 'everything is up to date\n'}${dataset}`;
}

function stageState({ units, drifted, refused }: PlannedStage): string {
  const run = units.filter(({ state }) => state === 'run');
  if (units.some(({ state }) => state === 'waits'))
    return describe(units[0]?.reasons[0] as PlannedUnit['reasons'][number]);
  if (run.length > 0) {
    const reasons = [...new Set(run.flatMap((unit) => unit.reasons.map(describe)))];
    const more = reasons.length > 2 ? `; and ${reasons.length - 2} more` : '';
    const count = units.length === 1 ? 'to run' : `${run.length} of ${units.length} shards to run`;
    return `${count}: ${reasons.slice(0, 2).join('; ')}${more}`;
  }
  if (refused !== null) return `cached, and its verdict is no: ${refused}`;
  return drifted.length > 0 ? `cached, to restore: ${drifted.join(', ')}` : 'cached';
}
