// Joins the regimes and the events of a market into what surrounds one asset.
import type { EventEffects } from '../models/events/effects.ts';
import { linesOf } from '../models/events/lines.ts';
import { type RegimeChain, type RegimeChannel, regimeValues } from '../models/regime.ts';
import { CALM, type Surroundings } from './surroundings.ts';

export interface Around {
  /** A chain and the regime of each session; `target` lets variance revert to the scale instead of jumping with it. */
  readonly regimes: {
    readonly chain: RegimeChain;
    readonly path: Uint8Array;
    readonly mode: 'scale' | 'target';
  } | null;
  /** Effects on the asset, over the bars that are made. */
  readonly events: EventEffects | null;
  /** Open minutes of each session, and of a full one. */
  readonly minutes: ArrayLike<number>;
  readonly mostMinutes: number;
}

/** Factors multiply, shifts add, of two blends the larger counts; what is neutral throughout is null. */
export function surround({ regimes, events, minutes, mostMinutes }: Around): Surroundings {
  const regime = (channel: RegimeChannel) =>
    regimes === null ? null : regimeValues(regimes.chain, regimes.path, channel);
  const scale = regime('vol_scale');
  const reverting = regimes?.mode === 'target';
  return {
    ...CALM,
    volatility: unless(
      1,
      joined(reverting ? null : scale, events?.volatility, (a, b) => a * b),
    ),
    target: reverting ? unless(1, scale) : null,
    jumpIntensity: unless(1, regime('jump_scale')),
    jumpMean: unless(0, regime('jump_mean_shift')),
    jumpSd: unless(1, regime('jump_sd_scale')),
    growth: unless(0, regime('mu_shift')),
    memory: unless(0, regime('ar1')),
    volume: unless(1, regime('volume_scale')),
    barVolume: unless(1, events?.volume ?? null),
    blend: unless(0, joined(regime('correlation'), events?.blend, Math.max)),
    shift: events === null ? null : linesOf(events, minutes, mostMinutes),
  };
}

function joined(
  a: Float64Array | null,
  b: Float64Array | undefined,
  join: (a: number, b: number) => number,
): Float64Array | null {
  if (a === null || b === undefined) return a ?? b ?? null;
  return a.map((value, i) => join(value, b[i]!));
}

function unless(neutral: number, values: Float64Array | null): Float64Array | null {
  return values?.some((value) => value !== neutral) ? values : null;
}
