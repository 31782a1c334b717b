// The contract of an event type: its parameters, whom it touches, and the shape in time of what it does to prices and scales.
import type { Problem } from '../../base/problem.ts';
import { ASSET_CLASSES, type AssetClass } from '../asset-class.ts';
import { refusal } from '../model.ts';

/** A number, or [low, high] from which each occurrence draws its own, uniformly. */
export type Range = number | readonly [low: number, high: number];

export interface Parameter {
  readonly default: Range;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Open lower end. */
  readonly above?: number;
  /** Draws are rounded down, `high` included. */
  readonly integer?: true;
  readonly description: string;
}

/** The numbers of one occurrence: a value of each parameter and what `resolve` adds. */
export type Values = Readonly<Record<string, number>>;

/** Draws of one occurrence beyond its parameters, numbered 0 to 31. */
export interface Draws {
  uniform(draw: number): number;
  normal(draw: number): number;
}

/** `minutes` of open market, or `sessions` and their fractions: the night has no length in either. */
export type Clock = 'minutes' | 'sessions';

/** Log price shift per unit of loading, 0 before the start; between bends, and where sessions meet, it is taken as a line. */
export interface Shift {
  readonly clock: Clock;
  /** Shift at tau >= 0 since the start, Infinity included; a value at 0 is a jump. */
  at(tau: number): number;
  /** Where it bends, ascending, above 0. */
  readonly bends: readonly number[];
  /** When 99 percent of its way is behind it. */
  readonly lasts: number;
}

/** A scale 1 - g + peak g, or for `blend` a weight peak x g, where g = 1 to `hold` and e^(-(tau - hold) / decay) after it. */
export interface Channel {
  readonly name: 'volatility' | 'spread' | 'depth' | 'volume' | 'blend';
  readonly peak: number;
  readonly clock: Clock;
  readonly hold: number;
  /** Time constant; 0 ends it at `hold`. */
  readonly decay: number;
}

export interface Effect {
  readonly shift: Shift | null;
  readonly channels: readonly Channel[];
}

export interface EventType {
  readonly name: string;
  readonly summary: string;
  /** `overnight`: between a close and the next open; `open`: at the open; `within`: at any minute of the session. */
  readonly starts: 'overnight' | 'open' | 'within';
  /** Default arrivals per year. */
  readonly rate: number;
  /** Default shortest time between two starts, in sessions. */
  readonly minGap: number;
  /** Default loading of each class it touches. */
  readonly loadings: Readonly<Partial<Record<AssetClass, number>>>;
  readonly params: Readonly<Record<string, Parameter>>;
  /** Further values, from the parameters' own and further draws. */
  resolve?(values: Values, draws: Draws): Values;
  /** What an asset of that loading goes through, before loading and intensity scale it. */
  effect(values: Values, loading: number): Effect;
}

/** An event type whose effect reads its parameters, and what `resolve` adds, by name. */
export function defineEvent<P extends string, R extends string = never>(
  type: Omit<EventType, 'params' | 'resolve' | 'effect'> & {
    readonly params: Readonly<Record<P, Parameter>>;
    resolve?(values: Readonly<Record<P, number>>, draws: Draws): Readonly<Record<R, number>>;
    effect(values: Readonly<Record<P | R, number>>, loading: number): Effect;
  },
): EventType {
  return type as unknown as EventType;
}

/** Loading by ticker, else by sector, else by asset class, else 0: untouched. */
export interface Loadings {
  readonly classes: Readonly<Partial<Record<AssetClass, number>>>;
  readonly sectors: Readonly<Record<string, number>>;
  readonly tickers: Readonly<Record<string, number>>;
}

/** An event type as the config has it; what is left out has its default. */
export interface EventSettings {
  /** Times the shift and the blend, and the power of every scale: 0 is off. */
  readonly intensity?: number;
  readonly rate?: number;
  readonly min_gap?: number;
  /** `YYYY-MM-DD`, or for types that start within a session also `YYYY-MM-DDTHH:MMZ`: instead of random arrivals, whatever the rate. */
  readonly dates?: readonly string[];
  readonly loadings?: Partial<Loadings>;
  readonly params?: Readonly<Record<string, Range>>;
}

/** Settings with every number written out. */
export interface EventPlan extends Required<Omit<EventSettings, 'dates'>> {
  readonly type: EventType;
  readonly dates: readonly string[] | null;
  readonly loadings: Loadings;
}

const MOST = { intensity: 100, rate: 1000, min_gap: 100_000 };
const SETTINGS = ['intensity', 'rate', 'min_gap'] as const;

/** Time constants until 1 percent is left: ln 100. */
export const SETTLED = 4.605170185988092;

/** JSON Schema (draft-07) of the settings of a type, its defaults written out. */
export function eventSchema(type: EventType): Readonly<Record<string, unknown>> {
  const finite = { type: 'number' };
  const map = (among: string) => ({
    type: 'object',
    additionalProperties: finite,
    default: {},
    'x-keys-among': [among],
  });
  const properties = Object.entries(type.params).map(([name, { above, integer, ...rest }]) => {
    const { default: value, description, ...limits } = rest;
    const one = {
      type: integer === true ? 'integer' : 'number',
      ...limits,
      ...(above === undefined ? {} : { exclusiveMinimum: above }),
    };
    const range = { type: 'array', items: one, minItems: 2, maxItems: 2 };
    const expected = `${ruleOf(type.params[name]!)}, or [low, high] of such`;
    return [name, { anyOf: [one, range], default: value, description, 'x-expected': expected }];
  });
  const own = { type: 'object', additionalProperties: false };
  return {
    ...own,
    description: type.summary,
    properties: {
      intensity: { type: 'number', minimum: 0, maximum: MOST.intensity, default: 1, description: 'strength; 0 is off' },
      rate: { type: 'number', minimum: 0, maximum: MOST.rate, default: type.rate, description: 'arrivals per year' },
      min_gap: {
        type: 'number',
        minimum: 0,
        maximum: MOST.min_gap,
        default: type.minGap,
        description: 'fewest sessions between two starts',
      },
      dates: { type: 'array', items: { type: 'string' }, uniqueItems: true, description: 'instead of random arrivals' },
      loadings: {
        ...own,
        description: 'by ticker, else by sector, else by class, else 0',
        properties: {
          classes: {
            ...own,
            properties: Object.fromEntries(
              ASSET_CLASSES.map((name) => [name, { ...finite, default: type.loadings[name] ?? 0 }]),
            ),
          },
          sectors: map('assets.*.sector'),
          tickers: map('tickers'),
        },
      },
      params: { ...own, properties: Object.fromEntries(properties) },
    },
  };
}

/** Everything wrong with the settings of a type, each naming field, value and rule. Dates are the calendar's to check. */
export function checkEvent(type: EventType, settings: EventSettings): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, value: unknown, rule: string) => {
    problems.push(refusal(type.name, field, value, rule));
  };
  for (const field of SETTINGS) {
    const value = settings[field];
    const most = MOST[field];
    if (value !== undefined && !(value >= 0 && value <= most)) refuse(field, value, `a number from 0 to ${most}`);
  }
  const { classes = {}, sectors = {}, tickers = {} } = settings.loadings ?? {};
  for (const [kind, map] of Object.entries({ classes, sectors, tickers })) {
    for (const [name, value] of Object.entries(map)) {
      const field = `loadings.${kind}.${name}`;
      if (!Number.isFinite(value)) refuse(field, value, 'a finite number');
      if (kind === 'classes' && !(ASSET_CLASSES as readonly string[]).includes(name)) {
        refuse(field, name, `a class: ${ASSET_CLASSES.join(', ')}`);
      }
    }
  }
  for (const [name, value] of Object.entries(settings.params ?? {})) {
    const parameter = Object.hasOwn(type.params, name) ? type.params[name]! : null;
    const [low, high] = ends(value);
    if (parameter === null) refuse(`params.${name}`, value, `one of ${Object.keys(type.params).join(', ')}`);
    else if (![low, high].every((end) => keeps(end, parameter))) refuse(`params.${name}`, value, ruleOf(parameter));
    else if (low > high) refuse(`params.${name}`, value, 'a range [low, high] with low not above high');
  }
  return problems;
}

/** The settings with every number written out; the caller has checked them. */
export function planEvent(type: EventType, settings: EventSettings): EventPlan {
  const { intensity = 1, rate = type.rate, min_gap = type.minGap, dates = null, loadings = {} } = settings;
  const defaults = Object.entries(type.params).map(([name, parameter]) => [name, parameter.default]);
  return {
    type,
    intensity,
    rate,
    min_gap,
    dates,
    loadings: {
      classes: { ...type.loadings, ...loadings.classes },
      sectors: loadings.sectors ?? {},
      tickers: loadings.tickers ?? {},
    },
    params: { ...Object.fromEntries(defaults), ...settings.params },
  };
}

/** Values of one occurrence; `at(k)` is the uniform of the k-th parameter in the order of the type. */
export function drawValues({ type, params }: EventPlan, at: (k: number) => number, draws: Draws): Values {
  const values: Record<string, number> = {};
  Object.entries(type.params).forEach(([name, { integer }], k) => {
    const [low, high] = ends(params[name]!);
    const wide = integer === true ? Math.floor(low + (high + 1 - low) * at(k)) : low + (high - low) * at(k);
    values[name] = Math.min(high, wide);
  });
  return { ...values, ...type.resolve?.(values, draws) };
}

function ends(range: Range): readonly [low: number, high: number] {
  return typeof range === 'number' ? [range, range] : range;
}

function keeps(value: number, { minimum, maximum, above, integer }: Parameter): boolean {
  return (
    Number.isFinite(value) &&
    value >= (minimum ?? value) &&
    value <= (maximum ?? value) &&
    (above === undefined || value > above) &&
    (integer !== true || Number.isInteger(value))
  );
}

function ruleOf({ minimum, maximum, above, integer }: Parameter): string {
  const kind = integer === true ? 'a whole number' : 'a number';
  const from = above !== undefined ? ` above ${above}` : minimum !== undefined ? ` from ${minimum}` : '';
  return `${kind}${from}${maximum === undefined ? '' : ` to ${maximum}`}`;
}
