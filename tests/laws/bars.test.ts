// Laws of bars of any model at any frequency: sound rows on random requests, prefixes, neutral surroundings, nights, memory, days that add up.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import { calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { formatDate, parseDate } from '../../lib/market/day.ts';
import { clockOf, frequencyOf } from '../../lib/market/frequency.ts';
import { allBars, type BarsRequest, generateBars } from '../../lib/market/generate.ts';
import { INVARIANTS } from '../../lib/market/invariants.ts';
import { seasonOf } from '../../lib/market/season.ts';
import { CALM, type PriceShift, type Surroundings } from '../../lib/market/surroundings.ts';
import { STOCK_VOLUME } from '../../lib/market/volume.ts';
import { bars, columns, request } from '../market/rig.ts';
import { runs } from '../thorough.ts';
import { CLASSES, type Combination, combinations } from './rig.ts';

const of = ({ model, params, volatility }: Combination): Partial<BarsRequest> => ({
  model,
  params,
  volatility,
  copulaDf: volatility?.model.name === 'garch' ? 6 : Number.POSITIVE_INFINITY,
});
const every = (b: Bars) => [...columns(b), b.time];
const sessionsOf = ({ calendar, start, end }: BarsRequest) =>
  sessionsBetween(calendarOf(calendar), parseDate(start), parseDate(end));
/** A price that falls at noon of every tenth session and comes back by its end. */
const dip: PriceShift = {
  knots: (session) => (session % 10 === 3 ? [0.5, 0.75] : []),
  at(session, fraction, side) {
    if (session % 10 !== 3 || fraction < 0.5 || (fraction === 0.5 && side === 'before')) return 0;
    return fraction >= 0.75 ? -0.05 : -0.1 + 0.2 * (fraction - 0.5);
  },
};
const lively = (sessions: number, seed: number): Surroundings => {
  const wave = (low: number, high: number, period: number) =>
    Float64Array.from({ length: sessions }, (_, s) => low + ((high - low) * ((s + seed) % period)) / period);
  return {
    ...CALM,
    volatility: wave(0.5, 4, 7),
    target: wave(0, 2, 5),
    jumpIntensity: wave(0, 60, 11),
    jumpSd: wave(0.5, 2, 3),
    growth: wave(-3, 3, 4),
    jumpMean: wave(-0.05, 0.05, 6),
    memory: wave(-0.2, 0.2, 8),
    volume: wave(0, 3, 9),
    blend: wave(0, 1, 10),
    shift: dip,
  };
};

describe('a random request', () => {
  const anyOf = fc.constantFrom(...CLASSES).chain((one) => fc.constantFrom(...combinations(one)));
  const config = fc.record({
    combination: anyOf,
    seed: fc.oneof(fc.maxSafeNat(), fc.string()),
    calendar: fc.constantFrom('B', 'XNYS', '24/7', 'FX'),
    frequency: fc.constantFrom('B', 'D', '1h', '30min', '15min', '5min', '1min'),
    // 1960 to 2050: winters, summers, early closes, and days before the origin.
    start: fc.integer({ min: -3650, max: 29_200 }).map(formatDate),
    night: fc.option(fc.record({ share: fc.constantFrom(0, 0.035, 0.35), nu: fc.constantFrom(2.5, 3, 8) })),
    memory: fc.constantFrom(-0.15, 0, 0.1),
    tick: fc.constantFrom(0.0001, 0.01, 0.25),
    pieces: fc.constantFrom(1, 4, 5),
    none: fc.constantFrom(0, 0.3),
    noise: fc.constantFrom(0, 0.4),
    level: fc.constantFrom(0.5, 1000, 1e7),
    surrounded: fc.option(fc.nat(100)),
  });

  it('[S1-105] [S1-106] [S1-107] gives sound bars, all of them, at their times', () => {
    let rows = 0;
    fc.assert(
      fc.property(config, fc.nat(40), ({ combination, none, noise, level, surrounded, ...rest }, days) => {
        const { calendar, frequency, start, tick } = rest;
        if (frequency === 'B' && calendar === '24/7') return;
        // As many bars in a session as fewer sessions.
        const length = frequency === 'B' || frequency === 'D' ? days : frequency === '1h' ? days % 12 : days % 3;
        const end = formatDate(parseDate(start) + length);
        const plain = request({ ...of(combination), ...rest, end, season: seasonOf(calendarOf(calendar)) });
        const days_ = sessionsOf(plain);
        const asked: BarsRequest = {
          ...plain,
          volume: { ...STOCK_VOLUME, level, none, noise },
          surroundings: surrounded === null ? CALM : lively(days_.length, surrounded),
        };
        const { bars: made } = allBars(asked);
        const clock = clockOf(calendarOf(calendar), frequencyOf(frequency, calendarOf(calendar)), days_);
        expect(made.day).toEqual(clock.day);
        expect(made.time === null || made.time.every((t, i) => t === clock.start[i])).toBe(true);
        for (let i = 1; i < clock.start.length; i++)
          if (!(clock.start[i]! > clock.start[i - 1]!)) throw new Error(`bar ${i}`);
        for (const check of ['finite', 'positive', 'ohlc', 'volume', 'tick'] as const)
          INVARIANTS[check](made, { calendar: null, times: null, tick }, ({ row, detail }) => {
            throw new Error(`${check}, row ${row}: ${detail}`);
          });
        rows += made.day.length;
      }),
      { numRuns: runs(200), seed: 20_240_101 },
    );
    expect(rows).toBeGreaterThan(2000);
  });
});

const combos = combinations('equity');
describe.each(combos.map((one) => [one.name, one] as const))('%s', (_, combination) => {
  for (const [calendar, frequency, end, later] of [
    ['B', 'D', '2022-12-31', '2023-06-30'],
    ['XNYS', '1h', '2020-02-03', '2020-04-15'],
    ['FX', '5min', '2020-01-03', '2020-01-08'],
  ] as const) {
    const asked = (change: Partial<BarsRequest>) => {
      const plain = request({
        ...of(combination),
        calendar,
        frequency,
        end,
        night: { share: 0.2, nu: 4 },
        memory: 0.05,
        season: seasonOf(calendarOf(calendar)),
        ...change,
      });
      return { ...plain, surroundings: lively(sessionsOf(plain).length, 3) };
    };

    it(`a later end leaves every earlier bar of ${calendar} by ${frequency}`, () => {
      const short = allBars(asked({})).bars;
      const long = allBars(asked({ end: later })).bars;
      expect(long.day.length).toBeGreaterThan(short.day.length);
      every(short).forEach((column, k) => {
        expect(every(long)[k]?.slice(0, column!.length) ?? null).toEqual(column);
      });
    });

    it(`what is made in between changes nothing of ${calendar} by ${frequency}`, () => {
      const [mine, other] = [generateBars(asked({})), generateBars(asked({ ticker: 'MSFT' }))];
      const alone = allBars(asked({})).bars;
      const closes: number[] = [];
      for (let step = mine.next(); step.done !== true; step = mine.next()) {
        closes.push(...step.value.bars.close);
        other.next();
      }
      expect(Float64Array.from(closes)).toEqual(alone.close);
    });

    it(`neutral surroundings of ${calendar} by ${frequency} change nothing`, () => {
      const plain = { ...asked({}), surroundings: CALM };
      const n = sessionsOf(plain).length;
      const [ones, zeros] = [new Float64Array(n).fill(1), new Float64Array(n)];
      const neutral: Surroundings = {
        volatility: ones,
        target: ones,
        jumpIntensity: ones,
        jumpSd: ones,
        volume: ones,
        growth: zeros,
        jumpMean: zeros,
        memory: zeros,
        barVolume: null,
        blend: zeros,
        shift: { knots: () => [], at: () => 0 },
      };
      expect(every(allBars({ ...plain, surroundings: neutral }).bars)).toEqual(every(allBars(plain).bars));
    });
  }

  it('a shift of prices is exactly that: the path beneath is the counterfactual', () => {
    const change = { ...of(combination), frequency: '30min', end: '2020-02-28', tick: 1e-6, memory: 0.05 };
    const plain = bars(change);
    const shifted = bars({ ...change, surroundings: { ...CALM, shift: dip } });
    const days = [...new Set(plain.day)];
    plain.close.forEach((close, i) => {
      const session = days.indexOf(plain.day[i]!);
      const bar = i % 13;
      const moved = dip.at(session, (bar + 1) / 13, 'before');
      expect(Math.log(shifted.close[i]! / close)).toBeCloseTo(moved, 6);
      if (session % 10 !== 3) expect(shifted.high[i]).toBe(plain.high[i]);
    });
    const hit = days[3]!;
    const low = (b: Bars) => Math.min(...b.low.filter((_, i) => b.day[i] === hit));
    expect(low(shifted)).toBeLessThan(low(plain));
  });
});
