// The catalog of indicator families: one line each, loaded only when a configuration picks it.
import type { Indicator } from './indicators.ts';

export const indicators: Readonly<Record<string, () => Promise<{ readonly indicator: Indicator }>>> = {
  ema: () => import('./ema.ts'),
  log_return: () => import('./log-return.ts'),
  rsi: () => import('./rsi.ts'),
  simple_return: () => import('./simple-return.ts'),
  sma: () => import('./sma.ts'),
  volatility: () => import('./volatility.ts'),
};
