// Every indicator family by name, one line each, loaded only when asked for: a stage is keyed by the families it selects.
import { nearest } from '../base/nearest.ts';
import { ProblemError } from '../base/problem.ts';
import type { Indicator } from './indicators.ts';

const lines = {
  ema: () => import('./ema.ts'),
  log_return: () => import('./log-return.ts'),
  rsi: () => import('./rsi.ts'),
  simple_return: () => import('./simple-return.ts'),
  sma: () => import('./sma.ts'),
  volatility: () => import('./volatility.ts'),
} satisfies Record<string, () => Promise<{ readonly indicator: Indicator }>>;

export const INDICATOR_NAMES: readonly string[] = Object.keys(lines);

/** The indicator family of that name. Throws `model/refused` when there is none. */
export async function loadIndicator(name: string): Promise<Indicator> {
  if (Object.hasOwn(lines, name)) return (await lines[name as keyof typeof lines]()).indicator;
  const guess = nearest(name, INDICATOR_NAMES);
  throw new ProblemError({
    code: 'model/refused',
    message: `there is no indicator "${name}"`,
    facts: { known: INDICATOR_NAMES.join(', ') },
    ...(guess === null ? {} : { hint: `did you mean "${guess}"?` }),
  });
}
