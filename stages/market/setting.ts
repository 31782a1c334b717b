// The configuration of a market as the stages get it, and how it is asked of science.

import { calendarOf } from '../../lib/market/calendar.ts';
import { type EnvironmentRequest, type RegimeSetting, type Span, spanOf } from '../../lib/market/environment.ts';
import { planEvents } from '../../lib/market/events.ts';
import { type Season, seasonOf } from '../../lib/market/season.ts';
import type { EventSettings } from '../../lib/models/events/event.ts';
import type { ModelSettings } from '../../lib/models/model.ts';
import type { Regime } from '../../lib/models/regime.ts';

/** Params that say which sessions and bars there are. */
export interface SpanSetting {
  readonly start_date: string;
  readonly end_date: string;
  readonly calendar: string;
  readonly frequency: string;
  readonly periods_per_year: number;
}

export const SPAN_SCHEMA = {
  start_date: { type: 'string' },
  end_date: { type: 'string' },
  calendar: { type: 'string' },
  frequency: { type: 'string' },
  periods_per_year: { type: 'number' },
} as const;

/** Params of what surrounds assets. */
export interface SceneSetting extends SpanSetting {
  readonly regimes: {
    readonly enabled: boolean;
    readonly mode: 'scale' | 'target';
    readonly keep_variance: boolean;
    readonly start: string | null;
    readonly states: readonly Regime[];
    readonly transition: readonly (readonly number[])[] | null;
  };
  readonly events: Readonly<Record<string, EventSettings>>;
  readonly season: {
    readonly open: number | null;
    readonly close: number | null;
    readonly first_volume: number | null;
    readonly last_volume: number | null;
  };
  readonly pieces: number;
}

export const SCENE_SCHEMA = {
  ...SPAN_SCHEMA,
  regimes: { type: 'object' },
  events: { type: 'object' },
  season: { type: 'object' },
  pieces: { type: 'integer' },
} as const;

export type Scene = Pick<
  EnvironmentRequest,
  'seed' | 'span' | 'periodsPerYear' | 'pieces' | 'season' | 'regimes' | 'plans'
>;

export async function sceneOf(setting: SceneSetting, seed: number | string): Promise<Scene> {
  return {
    seed,
    span: spanFrom(setting),
    periodsPerYear: setting.periods_per_year,
    pieces: setting.pieces,
    season: seasonFrom(setting),
    regimes: regimesFrom(setting),
    plans: await planEvents(setting.events),
  };
}

export function spanFrom({ calendar, frequency, start_date, end_date }: SpanSetting): Span {
  return spanOf(calendar, frequency, start_date, end_date);
}

/** The season that is asked for, the calendar's own where nothing is said. */
export function seasonFrom({ calendar, season }: Pick<SceneSetting, 'calendar' | 'season'>): Season {
  const usual = seasonOf(calendarOf(calendar));
  return {
    open: season.open ?? usual.open,
    close: season.close ?? usual.close,
    firstVolume: season.first_volume ?? usual.firstVolume,
    lastVolume: season.last_volume ?? usual.lastVolume,
  };
}

function regimesFrom({ regimes }: SceneSetting): RegimeSetting | null {
  if (!regimes.enabled) return null;
  const { states, transition, start, mode, keep_variance: keepVariance } = regimes;
  const params = {
    regimes: states,
    ...(transition === null ? {} : { transition }),
    ...(start === null ? {} : { start }),
  };
  return { params, mode, keepVariance };
}

/** What the configuration says of models, by name; all assets alike unless `assets` says otherwise. */
export type ModelsSetting = Readonly<Record<string, ModelSettings>>;

/** Settings of a price model for an asset; `hybrid` has the jumps of `jump_diffusion`. */
export function settingsOf(name: string, models: ModelsSetting, own: ModelsSetting | undefined): ModelSettings {
  const of = (model: string): ModelSettings => ({ ...models[model], ...own?.[model] });
  if (name === 'hybrid') return { ...of('jump_diffusion'), ...of('hybrid') };
  if (name === 'stochastic_vol') return of('heston');
  return name.startsWith('./') ? of('plugin') : of(name);
}
