// What each unit gave last time here: it makes explanations and spares work, so losing it costs time and words but nothing else.
import { readTextIfAny, writeAtomic } from '../store/files.ts';
import type { Project } from './project.ts';
import type { Known, Last, LastUnit, UnitPlan } from './units.ts';

export function readLast(project: Project): Last {
  try {
    const value = JSON.parse(readTextIfAny(project.paths.last) ?? 'null') as { format?: number } & Last;
    const isMap = (inner: unknown) => typeof inner === 'object' && inner !== null;
    const isUnit = (unit: LastUnit | null) => typeof unit?.key === 'string' && isMap(unit.outputs);
    const isStage = (units: Readonly<Record<string, LastUnit>>) => isMap(units) && Object.values(units).every(isUnit);
    if (value?.format === 2 && isMap(value.units) && Object.values(value.units).every(isStage))
      return { ...value, run: value.run ?? '' };
  } catch {
    // A torn file is no file.
  }
  return { stamp: '', run: '', units: {} };
}

export function writeLast(project: Project, { stamp, run, units }: Last): void {
  writeAtomic(project.paths.last, JSON.stringify({ format: 2, stamp, run, units }), project.tmp, { fsync: false });
}

/** What a run remembers: its own units over those of the run before. */
export class Memory {
  readonly last: Last;
  readonly units: Record<string, Readonly<Record<string, LastUnit>>>;
  /** Stages whose units are a copy of this run. */
  readonly #own = new Map<string, Record<string, LastUnit>>();
  /** Whether this run gave anything that was not remembered; else the file stays as it is, because a push rests on it. */
  isNew: boolean;

  constructor(last: Last, stamp: string) {
    this.last = last;
    this.units = { ...last.units };
    this.isNew = last.stamp !== stamp;
    if (last.stamp === stamp) return;
    // Units this run does not visit keep their keys for explanations; under another stamp their inputs prove nothing.
    for (const [stage, units] of Object.entries(last.units))
      this.units[stage] = Object.fromEntries(
        Object.entries(units).map(([element, unit]) => [element, { ...unit, inputText: '' }]),
      );
  }

  note({ stage, element, key, inputText }: UnitPlan, { outputs, verdict }: Known): void {
    this.isNew = true;
    let own = this.#own.get(stage);
    if (own === undefined) {
      own = { ...this.units[stage] };
      this.#own.set(stage, own);
      this.units[stage] = own;
    }
    own[element ?? ''] = { key, inputText, outputs, verdict };
  }
}
