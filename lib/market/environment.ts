// What all assets of a market share, session by session: regimes, events, factor volatility, the pull of correlations.
import { type DccParams, dccRows, logisticWeight, type RowsOverTime } from '../models/dcc.ts';
import { decoPath } from '../models/deco.ts';
import type { EventEffects, Occurrence } from '../models/events/effects.ts';
import { type EventAsset, eventEffects } from '../models/events/effects.ts';
import type { EventPlan } from '../models/events/event.ts';
import { type FactorVolatility, factorVolatility } from '../models/factors.ts';
import {
  meanJumpScale,
  meanSquareScale,
  type RegimeChain,
  type RegimeParams,
  regimeChain,
  regimePath,
} from '../models/regime.ts';
import { drawEvents, type EventsWarning } from './events.ts';
import { planOf } from './plan.ts';
import type { Season } from './season.ts';
import { mixer, type Source } from './shocks.ts';
import type { Span } from './span.ts';
import { surround } from './surround.ts';
import type { Surroundings } from './surroundings.ts';

/** Plain data: what the shards of a market read. Values are per session, from the first. */
export interface Environment {
  /** Index of the regime; null without regimes. */
  readonly path: readonly number[] | null;
  readonly occurrences: readonly Occurrence[];
  /** Factor on the shocks of each factor; those that are not here never change. */
  readonly factors: Readonly<Record<string, readonly number[]>>;
  /** Weight of the shock that all assets share; null for none. */
  readonly blend: readonly number[] | null;
}

export interface RegimeSetting {
  readonly params: RegimeParams;
  /** `scale` multiplies volatility at once, which separates regimes better; `target` lets a variance revert to it. */
  readonly mode: 'scale' | 'target';
  /** Divide the scales of volatility and of jumps by their stationary means, so that the long-run variance stays the asset's. */
  readonly keepVariance: boolean;
}

export interface EnvironmentRequest {
  readonly seed: number | string;
  readonly span: Span;
  readonly periodsPerYear: number;
  readonly pieces: number;
  readonly season: Season;
  readonly regimes: RegimeSetting | null;
  readonly plans: readonly EventPlan[];
  /** Factors that are mixed, and how their volatility moves; null when it does not. */
  readonly factors: readonly string[];
  readonly factorVolatility: FactorVolatility | null;
  /** Equicorrelation that moves; null for none. */
  readonly deco: (DccParams & { readonly rho: number }) | null;
  /** Weight of the common shock that passes along a logistic path; null for none. */
  readonly logistic: { readonly weight: number; readonly midpoint: number; readonly width: number } | null;
}

export function makeEnvironment(request: EnvironmentRequest): {
  readonly environment: Environment;
  /** Unit normal of each factor in each session: ground truth that no shard needs, because it draws them itself. */
  readonly factorShocks: Readonly<Record<string, Float64Array>>;
  readonly warnings: readonly EventsWarning[];
} {
  const { seed, span, regimes, plans, deco, logistic } = request;
  const { calendar, days, origin } = span;
  const path = regimes === null ? null : regimePath(chainOf(regimes), seed, origin, days.length);
  const { occurrences, warnings } = drawEvents({
    seed,
    plans,
    calendar,
    sessions: days,
    periodsPerYear: request.periodsPerYear,
  });
  const shocks = request.factors.map((name) => [name, sessionShocks(request, { scope: 'class', name })] as const);
  const moving = request.factorVolatility;
  const factors = (moving === null ? [] : shocks).map(([name, of]): [string, number[]] => [
    name,
    Array.from(factorVolatility(seed, name, moving!, origin, of)),
  ]);
  let blend: Float64Array | null = null;
  if (deco !== null) blend = decoPath(seed, deco, origin, sessionShocks(request, { scope: 'market', name: '' }));
  else if (logistic !== null)
    blend = logisticWeight(logistic.midpoint, logistic.width, 0, days.length).map((w) => logistic.weight * w);
  return {
    environment: {
      path: path && Array.from(path),
      occurrences,
      factors: Object.fromEntries(factors),
      blend: blend && Array.from(blend),
    },
    factorShocks: Object.fromEntries(shocks),
    warnings,
  };
}

/** Rows of a DCC over the sessions of a market, driven by the shocks that make its prices. */
export function mixingOverTime(
  request: Pick<EnvironmentRequest, 'seed' | 'span' | 'pieces' | 'season'>,
  params: DccParams,
  level: readonly (readonly number[])[],
  names: readonly string[],
): RowsOverTime {
  const shocks = names.map((name) => sessionShocks(request, { scope: 'asset', name }));
  return dccRows(request.seed, params, level, names, request.span.origin, shocks);
}

/**
 * The chain, its scales of volatility and of jumps per year divided so that the variance of both stays if that is asked for and
 * there is a stationary law.
 */
export function chainOf({ params, keepVariance }: RegimeSetting): RegimeChain {
  const chain = regimeChain(params);
  if (!keepVariance) return chain;
  const { vol_scale, jump_scale } = chain.channels;
  const over = (scale: Float64Array, by: number | null) =>
    by === null || by === 0 ? scale : scale.map((value) => value / by);
  const square = meanSquareScale(chain);
  const channels = {
    ...chain.channels,
    vol_scale: over(vol_scale, square && Math.sqrt(square)),
    jump_scale: over(jump_scale, meanJumpScale(chain)),
  };
  return { ...chain, channels };
}

export interface AssetAround {
  readonly surroundings: Surroundings;
  /** Null when no event type is switched on. */
  readonly events: EventEffects | null;
}

/** What surrounds one asset in an environment. */
export function aroundAsset(
  environment: Environment,
  { span, regimes, plans }: Pick<EnvironmentRequest, 'span' | 'regimes' | 'plans'>,
  asset: EventAsset,
): AssetAround {
  const { calendar, frequency, origin, minutes } = span;
  const grid = { first: origin, minutes, barMinutes: frequency.minutes };
  const events = plans.length === 0 ? null : eventEffects(plans, environment.occurrences, asset, grid);
  const surroundings = surround({
    regimes:
      regimes === null || environment.path === null
        ? null
        : { chain: chainOf(regimes), path: Uint8Array.from(environment.path), mode: regimes.mode },
    events,
    minutes,
    mostMinutes: calendar.mostMinutes,
  });
  const { blend } = environment;
  if (blend === null) return { surroundings, events };
  // Two blends one after the other: a mix of a mix.
  const both = Float64Array.from(blend, (w, s) => 1 - (1 - w) * (1 - (surroundings.blend?.[s] ?? 0)));
  return { surroundings: { ...surroundings, blend: both }, events };
}

/** The unit normal of each session that a source's pieces add up to, each piece by the root of its share. */
function sessionShocks(
  { seed, span, pieces, season }: Pick<EnvironmentRequest, 'seed' | 'span' | 'pieces' | 'season'>,
  source: Source,
): Float64Array {
  const { calendar, frequency, days, origin } = span;
  const plan = planOf(calendar, frequency, pieces, season, 1, 1);
  const { block, layout } = plan;
  const draw = mixer(seed, { sources: [source], weights: [1], varying: null }, 'diffusion', null);
  const out = new Float64Array(days.length);
  for (let at = 0; at < days.length; at += plan.sessions) {
    const count = Math.min(plan.sessions, days.length - at);
    plan.lay(span, at, count, origin + at);
    for (let s = 0; s < count; s++) {
      const first = layout.first[s]! * pieces;
      const bars = layout.first[s + 1]! - layout.first[s]!;
      draw.fill(block.shocks, layout.number[layout.first[s]!]!, bars, pieces, () => at + s);
      let sum = 0;
      let whole = 0;
      for (let p = 0; p < bars * pieces; p++) {
        const share = block.share[first + p]!;
        sum += Math.sqrt(share) * block.shocks[p]!;
        whole += share;
      }
      out[at + s] = sum / Math.sqrt(whole);
    }
  }
  plan.close();
  return out;
}
