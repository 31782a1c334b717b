// The configuration of a market as the stages get it, and how it is asked of science.
import type { Problem } from '../../lib/base/problem.ts';
import { calendarOf } from '../../lib/market/calendar.ts';
import type { EnvironmentRequest, RegimeSetting } from '../../lib/market/environment.ts';
import { planEvents } from '../../lib/market/events.ts';
import { type Season, seasonOf } from '../../lib/market/season.ts';
import { type Span, spanOf } from '../../lib/market/span.ts';
import type { EventSettings } from '../../lib/models/events/event.ts';
import type { Model, ModelSettings } from '../../lib/models/model.ts';
import { withDefaults } from '../../lib/models/own.ts';
import type { Regime } from '../../lib/models/regime.ts';
import type { Owners } from '../../lib/stage/owners.ts';

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

/** The regimes that are asked for; null without any. */
export function regimesFrom({ regimes }: Pick<SceneSetting, 'regimes'>): RegimeSetting | null {
  if (!regimes.enabled) return null;
  const { states, transition, start, mode, keep_variance: keepVariance } = regimes;
  const params = {
    regimes: states,
    ...(transition === null ? {} : { transition }),
    ...(start === null ? {} : { start }),
  };
  return { params, mode, keepVariance };
}

/** Owners of what surrounds all assets. */
export const sceneOwners = ({ events }: Pick<SceneSetting, 'events'>): Owners => ({
  'regimes.regimes': ['regimes', 'states'],
  season: ['season'],
  ...Object.fromEntries(Object.keys(events).map((type) => [type, ['events', type]])),
});

/** What the configuration says of models, by name; all assets alike unless `assets` says otherwise. */
export type ModelsSetting = Readonly<Record<string, ModelSettings>>;

/** Where the settings of a model are, the last one over the others: `hybrid` has the jumps of `jump_diffusion`. */
function sectionsOf(name: string): readonly string[] {
  if (name === 'hybrid') return ['jump_diffusion', 'hybrid'];
  if (name === 'stochastic_vol') return ['heston'];
  return [name.startsWith('./') ? 'plugin' : name];
}

/** Settings of a model for an asset: what the configuration says, for a model of somebody's own over the defaults that it declares. */
export function settingsOf(
  name: string,
  model: Pick<Model, 'settings'>,
  models: ModelsSetting,
  own: ModelsSetting | undefined,
): ModelSettings {
  const given = sectionsOf(name).map((section) => ({ ...models[section], ...own?.[section] }));
  return withDefaults(model, Object.assign({}, ...given));
}

/** Problems of a model's params with the setting that is in force for the asset; what is no setting of its own, with all of them. */
export function ofModel(
  name: string,
  models: ModelsSetting,
  { ticker, own }: { readonly ticker: string; readonly own: ModelsSetting | undefined },
  problems: readonly Problem[],
): Problem[] {
  const sections = sectionsOf(name).toReversed();
  return problems.map((problem) => {
    const [, field] = problem.path ?? [];
    const has = (of: ModelsSetting | undefined) =>
      sections.find((section) => field !== undefined && (of?.[section]?.[field] ?? null) !== null);
    const [mine, shared] = [has(own), has(models)];
    const last = sections.at(-1)!;
    const path =
      mine !== undefined
        ? ['assets', ticker, 'models', mine, field!]
        : shared !== undefined
          ? ['models', shared, field!]
          : own?.[last] === undefined
            ? ['models', last]
            : ['assets', ticker, 'models', last];
    return { ...problem, path };
  });
}
