// Which key each unit had last time here: only explanations rest on it, so losing it costs nothing but words.
import { readTextIfAny, writeAtomic } from '../store/files.ts';
import type { Project } from './project.ts';
import type { LastKeys } from './units.ts';

export type { LastKeys };

export function readLast(project: Project): LastKeys {
  try {
    const value: unknown = JSON.parse(readTextIfAny(project.paths.last) ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as LastKeys) : {};
  } catch {
    return {};
  }
}

export function writeLast(project: Project, last: LastKeys): void {
  writeAtomic(project.paths.last, JSON.stringify(last), project.store.tmp, { fsync: false });
}
