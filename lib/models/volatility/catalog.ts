// Every volatility model by name, one line each, loaded only when asked for; `none` is the price model's own volatility.
import { lookUp } from '../lookup.ts';
import type { VolatilityModel } from '../model.ts';

const lines = {
  garch: () => import('./garch.ts'),
  stochastic_vol: () => import('./stochastic-vol.ts'),
} satisfies Record<string, () => Promise<{ readonly model: unknown }>>;

export const VOLATILITY_NAMES: readonly string[] = Object.keys(lines);

/** The volatility model of that name. Throws `model/refused` when there is none. */
export async function loadVolatility(name: string): Promise<VolatilityModel> {
  return (await lookUp(lines, name, 'volatility model')).model as unknown as VolatilityModel;
}
