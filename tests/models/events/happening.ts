// One occurrence of an event type, made by hand, and what it does to an asset.

import { expect } from 'vitest';
import {
  type EventAsset,
  type EventEffects,
  eventEffects,
  impactOf,
  type Occurrence,
} from '../../../lib/models/events/effects.ts';
import {
  checkEvent,
  drawValues,
  type EventSettings,
  type EventType,
  planEvent,
} from '../../../lib/models/events/event.ts';
import { linesOf } from '../../../lib/models/events/lines.ts';

export const DAY = 390;
export const STOCK: EventAsset = { ticker: 'ACME', class: 'equity', sector: 'tools' };
export const grid = (sessions: number, barMinutes = Number.POSITIVE_INFINITY) => ({
  first: 1000,
  minutes: new Float64Array(sessions).fill(DAY),
  barMinutes,
});
export const assetOf = (name: string): EventAsset => ({ ticker: name.toUpperCase(), class: name });

/** A type with settings, and its occurrence in session 3 with every uniform a half and every normal `z`. */
export function happening(
  type: EventType,
  settings: EventSettings = {},
  { minute = 0, session = 3, u = 0.5, z = 0 } = {},
) {
  const plan = planEvent(type, settings);
  expect(checkEvent(type, settings)).toEqual([]);
  const values = drawValues(plan, () => u, { uniform: () => u, normal: () => z });
  const occurrence: Occurrence = {
    id: `${type.name}:${session}`,
    type: type.name,
    day: 0,
    ordinal: 1000 + session,
    minute,
    values,
  };
  const on = (asset: EventAsset, sessions = 20, barMinutes?: number) =>
    eventEffects([plan], [occurrence], asset, grid(sessions, barMinutes));
  return { plan, occurrence, on, impact: (asset: EventAsset) => impactOf([plan], occurrence, asset) };
}

/** Shift at a minute of a session, the right side of a jump. */
export function shiftAt(effects: EventEffects, session: number, minute: number, minutes = DAY): number {
  const every = new Float64Array(effects.open.length).fill(minutes);
  return linesOf(effects, every, DAY)!.at(session, minute / DAY, 'after');
}
