// Every event type by name, one line each, loaded only when asked for: a stage is keyed by the types it selects.
import { nearest } from '../../base/nearest.ts';
import { ProblemError } from '../../base/problem.ts';
import type { EventType } from './event.ts';

const lines = {
  flash_crash: () => import('./flash_crash.ts'),
  volatility_spike: () => import('./volatility_spike.ts'),
  gap_risk: () => import('./gap_risk.ts'),
  bear_drift: () => import('./bear_drift.ts'),
  liquidity_shock: () => import('./liquidity_shock.ts'),
  macro_regime: () => import('./macro_regime.ts'),
  geopolitical: () => import('./geopolitical.ts'),
  commodity_shock: () => import('./commodity_shock.ts'),
  depeg: () => import('./depeg.ts'),
} satisfies Record<string, () => Promise<{ readonly event: EventType }>>;

export const EVENT_NAMES: readonly string[] = Object.keys(lines);

/** The event type of that name. Throws `model/refused` when there is none. */
export async function loadEvent(name: string): Promise<EventType> {
  if (Object.hasOwn(lines, name)) return (await lines[name as keyof typeof lines]()).event;
  const guess = nearest(name, EVENT_NAMES);
  throw new ProblemError({
    code: 'model/refused',
    message: `there is no event type "${name}"`,
    facts: { known: EVENT_NAMES.join(', ') },
    ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
  });
}
