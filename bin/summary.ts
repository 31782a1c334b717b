// The last words of a run: what ran, what was cached, restored, failed or skipped, which dataset, where, how long, which log.
import { listOf } from '../lib/engine/alike.ts';
import type { RunEvent } from '../lib/engine/event.ts';
import { count, durationText } from '../lib/engine/narrate.ts';
import { clean, type Paint } from './paint.ts';
import type { StageTally, Tally } from './tally.ts';

type Finished = Extract<RunEvent, { type: 'run-finished' }>;

/** Lines ending in a line break. A run that had nothing to do gets one. */
export function summary(end: Finished, tally: Tally, paint: Paint): string {
  const stages = [...tally.stages.values()];
  const took = durationText(end.durationMs);
  if (end.ok && end.ran + end.failed + end.skipped + end.restored === 0) {
    const units = end.cached === 1 ? 'the one unit is cached' : `all ${end.cached} units are cached`;
    const where = end.datasetId === null ? '' : `, dataset ${dataset(end)}`;
    return `${paint('green', 'nothing to do')}: ${clean(units + where)} (${took})\n`;
  }
  const rows: [string, string][] = [
    ['ran', each(stages, (s) => s.ran, ranText)],
    [
      'cached',
      each(
        stages,
        (s) => s.cached,
        (s) => amount(s.cached, s),
      ),
    ],
    [
      'restored',
      each(
        stages,
        (s) => s.restored,
        (s) => ` ${count(s.restored, 'output')}`,
      ),
    ],
    ['failed', listOf(stages.flatMap((s) => s.failed))],
    ['skipped', skipped(stages)],
    ['dataset', dataset(end)],
    ['log', end.log ?? ''],
  ];
  const lines = rows
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `  ${paint('dim', name.padEnd(8))}  ${clean(text)}\n`);
  const failed = end.interrupted ? `stopped after ${took}; the next run goes on from here` : `failed after ${took}`;
  return `${end.ok ? paint('green', `done in ${took}`) : paint('red', failed)}\n${lines.join('')}`;
}

/** `calibrate, generate 3 of 40`: the stages for which there is anything to say. */
function each(stages: readonly StageTally[], many: (s: StageTally) => number, text: (s: StageTally) => string): string {
  const told = stages.filter((stage) => many(stage) > 0);
  const names = told.slice(0, MOST).map((stage) => stage.stage + text(stage));
  const more = told.length > MOST ? `, and ${told.length - MOST} more stages` : '';
  return names.join(', ') + more;
}

/** Stages named on one line; nobody reads a thousand. */
const MOST = 12;

function ranText(stage: StageTally): string {
  const same =
    stage.same === 0 ? '' : stage.same === stage.ran ? ' (same bytes)' : ` (${stage.same} with the same bytes)`;
  return amount(stage.ran, stage) + same;
}

/** Nothing for a stage of one unit: its name says it. */
function amount(units: number, stage: StageTally): string {
  return stage.shards <= 1 ? '' : ` ${units} of ${stage.shards}`;
}

/** `validate, publish (features failed)`: stages with one cause in a row. */
function skipped(stages: readonly StageTally[]): string {
  const byCause = new Map<string, string[]>();
  for (const { state, because, stage } of stages) {
    if (state === 'skipped') byCause.set(because ?? '', [...(byCause.get(because ?? '') ?? []), stage]);
  }
  return [...byCause].map(([because, names]) => `${names.join(', ')} (${because})`).join('; ');
}

function dataset(end: Finished): string {
  if (end.datasetId === null) return '';
  return end.datasetPath === null ? `${end.datasetId} (not published)` : `${end.datasetId} at ${end.datasetPath}`;
}
