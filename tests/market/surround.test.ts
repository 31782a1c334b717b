// Laws of what surrounds an asset: regimes and events reach its prices as they say, and nothing reaches them where nothing happens.
import { describe, expect, it } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import { calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { parseDate } from '../../lib/market/day.ts';
import { drawEvents, planEvents } from '../../lib/market/events.ts';
import { frequencyOf } from '../../lib/market/frequency.ts';
import { surround } from '../../lib/market/surround.ts';
import { CALM, type Surroundings } from '../../lib/market/surroundings.ts';
import { EVENT_NAMES } from '../../lib/models/events/catalog.ts';
import { type EventAsset, eventEffects } from '../../lib/models/events/effects.ts';
import type { EventSettings } from '../../lib/models/events/event.ts';
import { DEFAULT_REGIMES, regimeChain, regimePath } from '../../lib/models/regime.ts';
import { bars, columns, request } from './rig.ts';

const STOCK: EventAsset = { ticker: 'AAPL', class: 'equity' };
const PEG: EventAsset = { ticker: 'AAPL', class: 'stablecoin' };

interface World {
  readonly calendar: string;
  readonly frequency: string;
  readonly start: string;
  readonly end: string;
}
const DAILY: World = { calendar: 'XNYS', frequency: 'D', start: '2020-01-02', end: '2020-12-31' };
const INTRADAY: World = { ...DAILY, frequency: '5min', start: '2020-11-23', end: '2020-12-18' };

async function around(library: Readonly<Record<string, EventSettings>>, world: World, asset = STOCK) {
  const calendar = calendarOf(world.calendar);
  const sessions = sessionsBetween(calendar, parseDate(world.start), parseDate(world.end));
  const plans = await planEvents(library);
  const { occurrences } = drawEvents({ seed: 5, plans, calendar, sessions, periodsPerYear: 252 });
  const minutes = Float64Array.from(sessions, (day) => calendar.hours(day).minutes);
  const grid = {
    first: calendar.ordinal(sessions[0]!),
    minutes,
    barMinutes: frequencyOf(world.frequency, calendar).minutes,
  };
  const events = eventEffects(plans, occurrences, asset, grid);
  const surroundings = surround({ regimes: null, events, minutes, mostMinutes: calendar.mostMinutes });
  const silent = { params: { mu: 0, sigma: 0 }, tick: 1e-6 };
  return {
    events,
    surroundings,
    sessions,
    /** Prices without noise, and with it. */
    still: (change = {}) => bars({ ...world, ...silent, ...change, surroundings }),
    noisy: (given: Surroundings = surroundings) => bars({ ...world, tick: 1e-6, surroundings: given }),
  };
}

const logs = (prices: ArrayLike<number>) => Array.from(prices, (price) => Math.log(price / 100));
const upTo = (b: Bars, count: number) => columns(b).map((column) => column.subarray(0, count));

describe('events in prices', () => {
  it('[S1-80] without noise, the path is its parameters: a crash within a daily bar is its low, the close recovered', async () => {
    const params = { drop: 0.1, fall_minutes: 10, recovery_minutes: 20, recovered: 0.9 };
    const { still, sessions } = await around({ flash_crash: { dates: ['2020-05-06T18:32Z'], params } }, DAILY);
    const b = still();
    const i = sessions.indexOf(parseDate('2020-05-06'));
    expect(b.close[i - 1]).toBe(100);
    expect(b.open[i]).toBe(100);
    expect(b.low[i]).toBeCloseTo(100 * Math.exp(-0.1), 4);
    expect(b.close[i]).toBeCloseTo(100 * Math.exp(-0.1 * (1 - 0.9 * (1 - Math.exp(-78 / 20)))), 4);
    expect(b.high[i]).toBeCloseTo(100, 5);
    expect(b.close.at(-1)).toBeCloseTo(100 * Math.exp(-0.01), 4);
  });

  it('the same crash in 5 minute bars: nothing to the bar of its start, the low within it, the day equal', async () => {
    const params = { drop: 0.1, fall_minutes: 10, recovery_minutes: 20, recovered: 0.9 };
    const library = { flash_crash: { dates: ['2020-11-25T18:32Z'], params } };
    const [fine, day] = await Promise.all([
      around(library, INTRADAY),
      around(library, { ...INTRADAY, frequency: 'D' }),
    ]);
    const b = fine.still();
    const start = 2 * 78 + Math.floor((18 * 60 + 32 - 14 * 60 - 30) / 5);
    expect([...b.low.subarray(0, start)].every((x) => Math.abs(x - 100) < 2e-6)).toBe(true);
    expect(Math.min(...b.low)).toBeCloseTo(100 * Math.exp(-0.1), 4);
    expect(b.low.indexOf(Math.min(...b.low))).toBe(start + 2);
    const daily = day.still();
    expect(daily.low[2]).toBeCloseTo(Math.min(...b.low), 4);
    // The session of 27 November closes early: 42 bars.
    const closes = [77, 155, 233, 275].map((i) => b.close[i]!);
    expect(closes).toEqual([...daily.close.subarray(0, 4)]);
  });

  it('a gap falls between a close and the next open, a break of a peg inside its bar', async () => {
    const gap = await around({ gap_risk: { dates: ['2020-05-06'], params: { mean: 0.05, sd: 0, down: 1 } } }, DAILY);
    const b = gap.still();
    const i = gap.sessions.indexOf(parseDate('2020-05-06'));
    expect(b.close[i - 1]).toBe(100);
    for (const price of [b.open[i], b.high[i], b.low[i], b.close.at(-1)])
      expect(price).toBeCloseTo(100 * Math.exp(-0.05), 5);
    const library = { depeg: { dates: ['2020-11-25T18:32Z'], params: { drop: 0.1, collapse: 0 } } };
    const peg = (await around(library, INTRADAY, PEG)).still();
    const at = 2 * 78 + 48;
    expect(peg.open[at]).toBe(100);
    expect(peg.high[at]).toBeCloseTo(100, 5);
    expect(peg.low[at]).toBeCloseTo(100 * Math.exp(-0.1), 4);
  });

  it('a slow fall is spread over its sessions in every bar alike', async () => {
    const library = {
      bear_drift: { dates: ['2020-02-03'], params: { drop: 0.3, length: 100, volatility: 1, blend: 0 } },
    };
    const { still, sessions } = await around(library, DAILY);
    const closes = logs(still().close);
    const i = sessions.indexOf(parseDate('2020-02-03'));
    for (const n of [0, 9, 49, 99, 120]) expect(closes[i + n]).toBeCloseTo(-0.003 * Math.min(n + 1, 100), 7);
  });

  it('[S1-60] off is the counterfactual: equal to the bit before the start, apart by the shift after it', async () => {
    const library = {
      flash_crash: { dates: ['2020-11-25T18:32Z', '2020-12-16T18:32Z'], params: { fall_minutes: 10 } },
      geopolitical: { dates: ['2020-11-30'], params: { volatility: 1, blend: 0 } },
    };
    const world = await around(library, INTRADAY);
    const [on, off] = [world.noisy(), world.noisy(CALM)];
    const start = 2 * 78 + 48;
    expect(upTo(on, start)).toEqual(upTo(off, start));
    const apart = (i: number) => Math.log(on.close[i]! / off.close[i]!);
    expect(apart(233)).toBeCloseTo(world.events.close[2]!, 6);
    expect(apart(275)).toBeCloseTo(world.events.close[3]!, 6);
    expect(Math.log(on.open[276]! / off.open[276]!)).toBeCloseTo(world.events.open[4]!, 6);
    expect(apart(on.close.length - 1)).toBeCloseTo(world.events.close.at(-1)!, 6);
    // In the minutes of a crash five times as much is traded, to a whole number, in the second block of sessions too.
    const second = 3 * 78 + 42 + 12 * 78 + 48;
    for (const bar of [start + 1, second + 1])
      expect(Math.abs(on.volume[bar]! - off.volume[bar]! * 5)).toBeLessThan(0.5);
    const none = await around({ flash_crash: { intensity: 0 }, geopolitical: { intensity: 0 } }, INTRADAY);
    expect(none.surroundings).toEqual(CALM);
  });

  it('keep high and low around open and close in a year of all of them', async () => {
    const names = ['flash_crash', 'volatility_spike', 'gap_risk', 'bear_drift', 'macro_regime', 'geopolitical'];
    const library = Object.fromEntries(names.map((name) => [name, { rate: 20, min_gap: 0 }]));
    const { noisy } = await around(library, DAILY);
    const b = noisy();
    for (let i = 0; i < b.close.length; i++) {
      expect(b.high[i]).toBeGreaterThanOrEqual(Math.max(b.open[i]!, b.close[i]!));
      expect(b.low[i]).toBeLessThanOrEqual(Math.min(b.open[i]!, b.close[i]!));
      expect(b.low[i]).toBeGreaterThan(0);
    }
  });

  it('a spike of volatility multiplies the returns of its sessions and leaves their signs', async () => {
    const library = { volatility_spike: { dates: ['2020-05-06'], params: { volatility: 4, decay: 10 } } };
    const world = await around(library, DAILY);
    const [on, off] = [logs(world.noisy().close), logs(world.noisy(CALM).close)];
    const i = world.sessions.indexOf(parseDate('2020-05-06'));
    const move = (x: readonly number[], k: number) => x[k]! - x[k - 1]!;
    const years = 1 / 252;
    const noise = (x: readonly number[], k: number, factor: number) =>
      move(x, k) - (0.08 - 0.5 * (0.25 * factor) ** 2) * years;
    expect(noise(on, i, 4) / noise(off, i, 1)).toBeCloseTo(4, 3);
    const second = 1 + 3 * Math.exp(-0.1);
    expect(noise(on, i + 1, second) / noise(off, i + 1, 1)).toBeCloseTo(second, 3);
    expect(on.slice(0, i)).toEqual(off.slice(0, i));
  });
});

describe('regimes in surroundings', () => {
  const chain = regimeChain(DEFAULT_REGIMES);
  const path = Uint8Array.of(0, 1, 2, 3);
  const rest = { minutes: new Float64Array(4).fill(390), mostMinutes: 390 };

  it('[S1-78] are the values of the regime of each session, null where a channel is neutral in all of them', () => {
    const given = surround({ regimes: { chain, path, mode: 'scale' }, events: null, ...rest });
    expect([...given.volatility!]).toEqual([0.7, 1, 1.8, 3.5]);
    expect([...given.jumpIntensity!]).toEqual([1, 1, 4, 20]);
    expect([...given.blend!]).toEqual([0, 0, 0.15, 0.4]);
    expect([...given.memory!]).toEqual([0, 0.05, 0, 0]);
    expect([given.growth, given.jumpMean, given.jumpSd, given.target, given.shift]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(
      surround({ regimes: { chain, path: path.fill(1), mode: 'scale' }, events: null, ...rest }).volatility,
    ).toBeNull();
  });

  it('reach the channel of their name', () => {
    const own = {
      mu_shift: 0.1,
      vol_scale: 1.1,
      jump_scale: 1.2,
      jump_mean_shift: 0.2,
      jump_sd_scale: 1.3,
      correlation: 0.3,
      volume_scale: 1.4,
      ar1: 0.4,
    };
    const one = regimeChain({ regimes: [{ label: 'only', ...own }] });
    const given = surround({ regimes: { chain: one, path: Uint8Array.of(0), mode: 'scale' }, events: null, ...rest });
    const names = ['growth', 'volatility', 'jumpIntensity', 'jumpMean', 'jumpSd', 'blend', 'volume', 'memory'] as const;
    expect(names.map((name) => given[name]![0])).toEqual(Object.values(own));
  });

  it('draw variance to the scale instead of multiplying it when they are its target', () => {
    const given = surround({ regimes: { chain, path: Uint8Array.of(0, 3), mode: 'target' }, events: null, ...rest });
    expect(given.volatility).toBeNull();
    expect([...given.target!]).toEqual([0.7, 3.5]);
  });

  it('[S1-78] scale the volatility of returns by what they say, measured regime by regime', () => {
    const sessions = 50_000;
    const long = regimePath(chain, 3, 0, sessions);
    const every = new Float64Array(sessions).fill(390);
    const given = surround({
      regimes: { chain, path: long, mode: 'scale' },
      events: null,
      minutes: every,
      mostMinutes: 390,
    });
    const quiet = { ...given, memory: null };
    const b = bars({
      ...request(),
      start: '1900-01-01',
      end: '2091-08-01',
      tick: 1e-9,
      params: { mu: 0, sigma: 0.1 },
      startPrice: 1000,
      surroundings: quiet,
      calendar: 'B',
    });
    const sums = [0, 0, 0, 0];
    const counts = [0, 0, 0, 0];
    for (let i = 1; i < Math.min(sessions, b.close.length); i++) {
      sums[long[i]!]! += Math.log(b.close[i]! / b.close[i - 1]!) ** 2;
      counts[long[i]!]!++;
    }
    [0.7, 1, 1.8, 3.5].forEach((scale, k) => {
      const ratio = Math.sqrt((sums[k]! / counts[k]!) * 252) / (0.1 * scale);
      expect(Math.abs(ratio - 1)).toBeLessThan(4 / Math.sqrt(2 * counts[k]!));
    });
  });

  it('and events leave the bars before a later end as they were, to the bit', async () => {
    const library = Object.fromEntries(EVENT_NAMES.map((name) => [name, { rate: 10, min_gap: 0 }]));
    const upToDay = async (end: string) => {
      const world = { ...DAILY, start: '2020-01-02', end };
      const { events, sessions } = await around(library, world);
      const { minutes, mostMinutes } = { minutes: new Float64Array(sessions.length).fill(390), mostMinutes: 390 };
      const path = regimePath(chain, 4, calendarOf('XNYS').ordinal(sessions[0]!), sessions.length);
      return bars({
        ...world,
        surroundings: surround({ regimes: { chain, path, mode: 'scale' }, events, minutes, mostMinutes }),
      });
    };
    const [short, long] = await Promise.all(['2020-02-28', '2020-10-30'].map(upToDay));
    expect(upTo(long!, short!.close.length)).toEqual(upTo(short!, short!.close.length));
  });

  it('and events together: factors multiply, the larger blend counts', async () => {
    const calendar = calendarOf('B');
    const sessions = sessionsBetween(calendar, parseDate('2020-01-06'), parseDate('2020-01-09'));
    const plans = await planEvents({ bear_drift: { dates: ['2020-01-07'] }, gap_risk: { dates: ['2020-01-08'] } });
    const { occurrences } = drawEvents({ seed: 1, plans, calendar, sessions, periodsPerYear: 252 });
    const grid = { first: calendar.ordinal(sessions[0]!), minutes: rest.minutes, barMinutes: Number.POSITIVE_INFINITY };
    const events = eventEffects(plans, occurrences, STOCK, grid);
    const given = surround({ regimes: { chain, path: Uint8Array.of(0, 1, 2, 3), mode: 'scale' }, events, ...rest });
    expect([...given.volatility!]).toEqual([0.7, 1.5, 1.8 * 1.5, 3.5 * 1.5]);
    expect([...given.blend!]).toEqual([0, 0.3, 0.3, 0.4]);
    expect([...given.volume!]).toEqual([0.9, 1, 1.3, 2]);
    expect([...given.barVolume!]).toEqual([1, 1, 3, 1]);
  });
});
