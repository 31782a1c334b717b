// Laws of effects: ranges and loadings, and how overlapping events add up, stop at their caps and fall on uneven sessions.
import { describe, expect, it } from 'vitest';
import { ASSET_CLASSES } from '../../../lib/models/asset-class.ts';
import { event as bear_drift } from '../../../lib/models/events/bear_drift.ts';
import { event as depeg } from '../../../lib/models/events/depeg.ts';
import { eventEffects, loadingOf } from '../../../lib/models/events/effects.ts';
import { checkEvent, drawValues, planEvent } from '../../../lib/models/events/event.ts';
import { event as flash_crash } from '../../../lib/models/events/flash_crash.ts';
import { event as gap_risk } from '../../../lib/models/events/gap_risk.ts';
import { event as geopolitical } from '../../../lib/models/events/geopolitical.ts';
import { linesOf } from '../../../lib/models/events/lines.ts';
import { event as liquidity_shock } from '../../../lib/models/events/liquidity_shock.ts';
import { event as volatility_spike } from '../../../lib/models/events/volatility_spike.ts';
import { assetOf, DAY, grid, happening, STOCK, shiftAt } from './happening.ts';

describe('a range', () => {
  it('is drawn between its ends, whole numbers with both of them, and low is not above high', () => {
    const plan = planEvent(bear_drift, { params: { drop: [0.2, 0.3], length: [60, 62] } });
    const at = (u: number) => drawValues(plan, () => u, { uniform: () => u, normal: () => 0 });
    expect(at(1e-17)).toMatchObject({ drop: 0.2, length: 60, volatility: 1.5 });
    expect(at(0.5)).toMatchObject({ drop: 0.25, length: 61 });
    expect(at(0.9)).toMatchObject({ length: 62 });
    expect(at(1 - 2 ** -53)).toMatchObject({ length: 62 });
    expect(checkEvent(plan.type, { params: { drop: [0.3, 0.2] } })).toHaveLength(1);
    expect(checkEvent(plan.type, { params: { length: 60.5 } })).toHaveLength(1);
  });
});

describe('a loading', () => {
  it('is that of the ticker, else of the sector, else of the class, else 0', () => {
    const { plan } = happening(flash_crash, { loadings: { tickers: { ACME: 3 }, sectors: { tools: 2 } } });
    expect(loadingOf(plan, STOCK)).toBe(3);
    expect(loadingOf(plan, { ...STOCK, ticker: 'B' })).toBe(2);
    expect(loadingOf(plan, { ticker: 'B', class: 'equity' })).toBe(1);
    expect(loadingOf(plan, { ticker: 'toString', class: 'constructor', sector: 'valueOf' })).toBe(0);
    for (const name of ASSET_CLASSES) expect(Number.isFinite(loadingOf(plan, assetOf(name)))).toBe(true);
  });
});

describe('settings', () => {
  it('change what they name and leave the other defaults', () => {
    const { plan } = happening(flash_crash, { loadings: { classes: { bond: 0.5 } }, params: { drop: 0.2 } });
    expect(plan.loadings.classes).toEqual({ ...flash_crash.loadings, bond: 0.5 });
    expect(plan.params).toMatchObject({ drop: 0.2, fall_minutes: [5, 15] });
  });

  it('of intensity above 1 stop where the caps do, also in what the impact tells', () => {
    const spike = happening(volatility_spike, { intensity: 5 });
    expect(spike.on(STOCK).volatility[3]).toBe(10);
    expect(spike.impact(STOCK)!.peakVolatility).toBe(10);
    expect(happening(bear_drift, { intensity: 9 }).on(STOCK).blend[3]).toBe(1);
  });

  it('that leave a scale at 1 leave every bar at exactly 1', () => {
    const settings = { params: { spread: 1, fall_minutes: 7, recovery_minutes: 13 } };
    expect(new Set(happening(flash_crash, settings, { minute: 3 }).on(STOCK, 9, 5).spread)).toEqual(new Set([1]));
  });
});

describe('an occurrence', () => {
  it('outside the sessions asked for does nothing there', () => {
    const { plan, occurrence } = happening(bear_drift);
    const minutes = new Float64Array(5).fill(DAY);
    for (const first of [1004, 990]) {
      const effects = eventEffects([plan], [occurrence], STOCK, { first, minutes, barMinutes: DAY });
      expect([...effects.close, ...effects.blend]).toEqual(new Array(10).fill(0));
    }
  });

  it('in the last, shorter bar of a session counts by the minutes of that bar', () => {
    const params = { fall_minutes: 10, recovery_minutes: 20, volume: 5 };
    const effects = happening(flash_crash, { params }, { minute: 360 }).on(STOCK, 5, 60);
    expect(effects.volume[3 * 7 + 6]).toBeCloseTo(1 + (4 * (10 + 20 * (1 - Math.exp(-1)))) / 30, 12);
    expect(effects.volume[3 * 7 + 5]).toBe(1);
    // An hour later by the clock, a bar later: from 20 minutes after the bottom on.
    expect(effects.volume[4 * 7]).toBeCloseTo(1 + (4 * 20 * (Math.exp(-1) - Math.exp(-4))) / 60, 12);
  });
});

describe('lines', () => {
  const line = (minutes: readonly number[], settings = {}, minute = 60) => {
    const { plan, occurrence } = happening(depeg, settings, { minute });
    const asset = assetOf('stablecoin');
    const effects = eventEffects([plan], [occurrence], asset, { first: 1000, minutes, barMinutes: 30 });
    return { effects, lines: linesOf(effects, minutes, DAY) };
  };
  const week = [DAY, DAY, DAY, 210, DAY];

  it('are nothing where nothing happens', () => {
    expect(line(week, { intensity: 0 }).lines).toBeNull();
    expect(line([DAY, DAY]).lines).toBeNull();
  });

  it('tell the two sides of a jump apart, also when its place comes back with rounding', () => {
    const { lines } = line(week, { params: { drop: 0.1 } });
    const places = lines!.knots(3);
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    const [place] = places;
    expect(place).toBeCloseTo(60 / DAY, 15);
    for (const slip of [0, 1e-15, -1e-15]) {
      expect(lines!.at(3, place! + slip, 'before')).toBe(0);
      expect(lines!.at(3, place! + slip, 'after')).toBeCloseTo(-0.1, 12);
    }
    expect(lines!.knots(2)).toEqual([]);
    expect(lines!.at(2, 0.5, 'after')).toBe(0);
  });

  it('end where the next session begins, also at an early close', () => {
    const { lines, effects } = line(week);
    expect(lines!.at(3, 210 / DAY, 'before')).toBeCloseTo(effects.close[3]!, 15);
    expect(lines!.at(4, 0, 'after')).toBe(effects.close[3]);
    expect(Math.max(...lines!.knots(3))).toBeLessThan(210 / DAY);
  });
});

describe('overlaps', () => {
  const many = (parts: readonly ReturnType<typeof happening>[], asset = STOCK, sessions = 20) =>
    eventEffects(
      [...new Map(parts.map(({ plan }) => [plan.type.name, plan])).values()],
      parts.map(({ occurrence }) => occurrence),
      asset,
      grid(sessions),
    );

  it('add shifts, multiply scales and take the largest blend', () => {
    const bear = happening(bear_drift, { params: { drop: 0.3, length: 10 } });
    const crash = happening(flash_crash, {}, { session: 5, minute: 100 });
    const geo = happening(geopolitical, {}, { session: 5 });
    const parts = [bear, crash, geo];
    const all = many(parts);
    const alone = parts.map((part) => part.on(STOCK));
    for (let i = 0; i < 20; i++) {
      expect(all.close[i]).toBeCloseTo(
        alone.reduce((sum, one) => sum + one.close[i]!, 0),
        14,
      );
      expect(all.open[i]).toBeCloseTo(
        alone.reduce((sum, one) => sum + one.open[i]!, 0),
        14,
      );
      expect(all.volatility[i]).toBeCloseTo(
        alone.reduce((product, one) => product * one.volatility[i]!, 1),
        14,
      );
      expect(all.blend[i]).toBe(Math.max(...alone.map((one) => one.blend[i]!)));
    }
    for (const minute of [0, 50, 100, 105, 110, 200, 300, DAY]) {
      const sum = alone.reduce((total, one) => total + shiftAt(one, 5, minute), 0);
      // Knots of the crash cut the lines of the others where these are curved, which moves them by less than a basis point.
      expect(Math.abs(shiftAt(all, 5, minute) - sum)).toBeLessThan(1e-4);
    }
  });

  it('stop at volatility x10, spread x100 and 1 percent of depth, and let volume be', () => {
    const spikes = [0, 1, 2].map(() => happening(volatility_spike, { params: { volatility: 4, decay: 10 } }));
    expect(many(spikes).volatility[3]).toBe(10);
    const shocks = [0, 1, 2].map(() => happening(liquidity_shock, { params: { spread: 50, depth_lost: 0.9 } }));
    expect(many(shocks).spread[3]).toBe(100);
    expect(many(shocks).depth[3]).toBe(0.01);
    const gaps = [0, 1, 2].map(() => happening(gap_risk));
    expect(many(gaps).volume[3]).toBe(27);
  });

  it('of two jumps at one minute is one jump of both', () => {
    const breaks = [0, 1].map(() => happening(depeg, { params: { drop: 0.1 } }, { minute: 60 }));
    const effects = many(breaks, assetOf('stablecoin'));
    expect([...effects.knots[0]!.minutes.subarray(0, 2)]).toEqual([60, 60]);
    expect(shiftAt(effects, 3, 60)).toBeCloseTo(-0.2, 12);
  });

  it('on sessions and bars of unequal length keep every bar', () => {
    const { plan, occurrence } = happening(flash_crash, { params: { drop: 0.1, fall_minutes: 10 } }, { minute: 205 });
    const minutes = [390, 390, 210, 210, 390];
    const effects = eventEffects([plan], [occurrence], STOCK, { first: 1000, minutes, barMinutes: 60 });
    expect(effects.spread.length).toBe(7 + 7 + 4 + 4 + 7);
    // Five minutes before the early close: the first five there, the bottom five minutes after the next open.
    expect(effects.close[3]).toBeCloseTo(-0.05, 12);
    expect(shiftAt(effects, 4, 5)).toBeCloseTo(-0.1, 12);
    expect(effects.spread[21]).toBeGreaterThan(2);
    expect(effects.spread[20]).toBe(1);
    const daily = eventEffects([plan], [occurrence], STOCK, {
      first: 1000,
      minutes,
      barMinutes: Number.POSITIVE_INFINITY,
    });
    expect(daily.spread.length).toBe(5);
  });
});
