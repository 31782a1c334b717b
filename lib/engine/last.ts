// What each unit gave last time here: it makes explanations and spares work, so losing it costs time and words but nothing else.
import { readTextIfAny, writeAtomic } from '../store/files.ts';
import type { Project } from './project.ts';
import type { Last, LastUnit } from './units.ts';

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
