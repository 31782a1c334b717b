// Laws of every event type: defaults that hold, nothing before its start, off at intensity 0, an impact that is what its path shows.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/base/canon.ts';
import { checkValue } from '../../../lib/base/schema.ts';
import { EVENT_NAMES, loadEvent } from '../../../lib/models/events/catalog.ts';
import type { EventEffects } from '../../../lib/models/events/effects.ts';
import { checkEvent, type EventSettings, eventSchema, planEvent } from '../../../lib/models/events/event.ts';
import { assetOf, DAY, happening } from './happening.ts';

const types = await Promise.all(EVENT_NAMES.map(loadEvent));

/** 0 and 1 up to the start, exactly. */
function expectNeutral(effects: EventEffects, sessions: number, bars: number): void {
  for (const name of ['open', 'close', 'blend'] as const) {
    expect(
      effects[name].subarray(0, sessions).every((x) => x === 0),
      name,
    ).toBe(true);
  }
  expect(effects.volatility.subarray(0, sessions).every((x) => x === 1)).toBe(true);
  for (const name of ['spread', 'depth', 'volume'] as const) {
    expect(
      effects[name].subarray(0, bars).every((x) => x === 1),
      name,
    ).toBe(true);
  }
  expect(effects.knots.filter((one) => one.session < sessions)).toEqual([]);
}

describe.each(types)('$name', (type) => {
  const touched = Object.keys(type.loadings)[0]!;

  it('is what the catalog calls it, and says what it is', () => {
    expect(EVENT_NAMES).toContain(type.name);
    expect(type.summary.length).toBeGreaterThan(20);
    expect(type.rate).toBeGreaterThan(0);
    expect(Object.values(type.params).every((parameter) => parameter.description.length > 0)).toBe(true);
  });

  it('takes its own defaults, by its schema and by its rules', () => {
    const params = Object.fromEntries(Object.entries(type.params).map(([name, { default: value }]) => [name, value]));
    const settings = {
      intensity: 1,
      rate: type.rate,
      min_gap: type.minGap,
      loadings: { classes: type.loadings },
      params,
    };
    expect(checkValue(eventSchema(type), JSON.parse(JSON.stringify(settings)) as Json)).toEqual([]);
    expect(checkEvent(type, settings)).toEqual([]);
    expect(planEvent(type, settings)).toEqual(planEvent(type, {}));
  });

  it('has no scale of whole sessions when it starts within one', () => {
    const { plan, occurrence } = happening(type);
    const names = plan.type.effect(occurrence.values, 1).channels.map((channel) => channel.name);
    if (type.starts === 'within') expect(names.filter((name) => name === 'volatility' || name === 'blend')).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('[S1-80] changes nothing before its start, to the bit', () => {
    const minute = type.starts === 'within' ? 200 : 0;
    const { on } = happening(type, {}, { minute });
    const effects = on(assetOf(touched), 6, 10);
    expectNeutral(effects, 3, (3 * DAY + minute) / 10);
    const { open, close, knots, ...scales } = effects;
    expect(
      [...open, ...close, ...knots].some((x) => x !== 0) || Object.values(scales).some((a) => a.some((x) => x > 1)),
    ).toBe(true);
  });

  it('[S1-60] of intensity 0 changes nothing at all, and nothing ever for an asset without loading', () => {
    const { on, impact } = happening(type, { intensity: 0 });
    expectNeutral(on(assetOf(touched), 20, 10), 20, 2 * DAY);
    expect(impact(assetOf(touched))).toBeNull();
    const untouched = happening(type).on({ ticker: 'X', class: 'no such class' }, 20, 10);
    expectNeutral(untouched, 20, 2 * DAY);
  });

  it('of a vanishing intensity does a vanishing thing, and of half of it half in logs', () => {
    const asset = assetOf(touched);
    const [whole, half, none] = [1, 0.5, 1e-9].map((intensity) => happening(type, { intensity }).on(asset, 20)) as [
      EventEffects,
      EventEffects,
      EventEffects,
    ];
    for (let i = 3; i < 20; i++) {
      expect(half.close[i]).toBeCloseTo(whole.close[i]! / 2, 12);
      expect(half.blend[i]).toBeCloseTo(whole.blend[i]! / 2, 12);
    }
    for (const name of ['volatility', 'spread', 'depth', 'volume'] as const) expect(none[name][3]).toBeCloseTo(1, 6);
  });

  it('is the same over a longer path as far as the shorter one goes', () => {
    const { on } = happening(type, {}, { minute: type.starts === 'within' ? 380 : 0 });
    const short = on(assetOf(touched), 9, 30);
    const long = on(assetOf(touched), 40, 30);
    for (const name of ['open', 'close', 'volatility', 'blend', 'spread', 'depth', 'volume'] as const) {
      expect(long[name].subarray(0, short[name].length)).toEqual(short[name]);
    }
    expect(long.knots.filter((one) => one.session < 9)).toEqual(short.knots);
  });

  it('tells an impact that is what its path shows', () => {
    const asset = assetOf(touched);
    const { on, impact } = happening(type, {}, { minute: type.starts === 'within' ? 200 : 0 });
    const effects = on(asset, 2500);
    const shifts = [...effects.open, ...effects.close, ...effects.knots.flatMap((one) => [...one.shifts])];
    const peak = shifts.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    const { peakShift, finalShift, peakVolatility } = impact(asset)!;
    expect(peak).toBeCloseTo(peakShift, 10);
    expect(effects.close.at(-1)).toBeCloseTo(finalShift, 5);
    expect(Math.max(...effects.volatility)).toBeCloseTo(peakVolatility, 10);
  });

  it('[S1-31] refuses what is outside its rules, naming field, value and rule', () => {
    const [name, parameter] = Object.entries(type.params)[0]!;
    const low = (parameter.minimum ?? parameter.above)! - 1;
    const bad: readonly [EventSettings, string][] = [
      [{ intensity: -1 }, 'intensity'],
      [{ rate: Number.NaN }, 'rate'],
      [{ min_gap: Number.POSITIVE_INFINITY }, 'min_gap'],
      [{ loadings: { classes: { stock: 1 } as object } }, 'loadings.classes.stock'],
      [{ loadings: { tickers: { A: Number.NaN } } }, 'loadings.tickers.A'],
      [{ params: { nonsense: 1 } }, 'params.nonsense'],
      [{ params: { [name]: low } }, `params.${name}`],
      [{ params: { [name]: [parameter.maximum! / 2, low] } }, `params.${name}`],
      [{ params: { [name]: Number.NaN } }, `params.${name}`],
    ];
    for (const [settings, field] of bad) {
      const [problem, ...more] = checkEvent(type, settings);
      expect(more, field).toEqual([]);
      expect(problem).toMatchObject({ code: 'model/refused', facts: { field, value: expect.any(String) } });
      expect(problem!.message).toMatch(new RegExp(`^${type.name}: .* must be `));
    }
  });
});
