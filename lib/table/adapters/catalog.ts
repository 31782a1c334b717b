// Every price adapter by name, loaded when asked for.
import type { Adapter } from '../prices.ts';

export const adapters: Readonly<Record<string, () => Promise<{ readonly adapter: Adapter }>>> = {
  csv: () => import('./csv.ts'),
  parquet: () => import('./parquet.ts'),
};
