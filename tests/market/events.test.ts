// Laws of the arrivals: Poisson counts with their gap, addresses that nothing else moves, dates and times, and the ledger.
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { formatDate, parseDate } from '../../lib/market/day.ts';
import { drawEvents, eventImpacts, eventLedger, planEvents } from '../../lib/market/events.ts';
import { EVENT_NAMES } from '../../lib/models/events/catalog.ts';
import type { EventSettings } from '../../lib/models/events/event.ts';

type Library = Readonly<Record<string, EventSettings>>;
const ALL: Library = Object.fromEntries(EVENT_NAMES.map((name) => [name, { rate: 6, min_gap: 3 }]));

async function draw(
  library: Library,
  { seed = 1 as number | string, calendar = 'B', from = '2010-01-01', to = '2019-12-31' } = {},
) {
  const plans = await planEvents(library);
  const named = calendarOf(calendar);
  const sessions = sessionsBetween(named, parseDate(from), parseDate(to));
  return {
    ...drawEvents({ seed, plans, calendar: named, sessions, periodsPerYear: 252 }),
    plans,
    sessions,
    calendar: named,
  };
}

/** The problems of a promise that must be refused. */
async function refused(promise: Promise<unknown>) {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProblemError);
  return (error as ProblemError).problems;
}

const instantOf = (text: string) =>
  parseDate(text.slice(0, 10)) * 86_400_000_000 +
  (Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16))) * 60_000_000;

describe('arrivals', () => {
  for (const seed of [1, 2, 3]) {
    it(`are Poisson without a gap: mean and variance of counts by year, seed ${seed}`, async () => {
      const { occurrences, sessions } = await draw(
        { flash_crash: { rate: 12, min_gap: 0 } },
        { seed, from: '1800-01-01', to: '2149-12-31' },
      );
      const years = Math.floor(sessions.length / 252);
      const first = calendarOf('B').ordinal(sessions[0]!);
      const counts = new Array<number>(years).fill(0);
      for (const { ordinal } of occurrences) {
        const year = Math.floor((ordinal - first) / 252);
        if (year < years) counts[year]!++;
      }
      const mean = counts.reduce((a, b) => a + b) / years;
      const variance = counts.reduce((a, x) => a + (x - mean) ** 2, 0) / (years - 1);
      expect(Math.abs(mean - 12)).toBeLessThan(4 * Math.sqrt(12 / years));
      // Dispersion (n - 1) s^2 / mean is chi-square with n - 1 degrees of freedom.
      expect(Math.abs(variance / mean - 1)).toBeLessThan(4 * Math.sqrt(2 / years));
    });

    it(`that keep a gap g come at rate 1 / (1/lambda + g), never closer, seed ${seed}`, async () => {
      const { occurrences, sessions } = await draw(
        { flash_crash: { rate: 12, min_gap: 15 } },
        { seed, from: '1800-01-01', to: '2149-12-31' },
      );
      const places = occurrences.map(({ ordinal, minute }) => ordinal + minute / 390);
      const waits = places.slice(1).map((x, i) => x - places[i]!);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(15 - 1e-9);
      const expected = sessions.length / (21 + 15);
      // A renewal process of mean m and sd s counts with variance n s^2 / m^3.
      expect(Math.abs(occurrences.length - expected)).toBeLessThan(
        4 * Math.sqrt((sessions.length * 21 ** 2) / 36 ** 3),
      );
    });
  }

  it('[S1-80] of one type change when nothing else does: others on or off, a later end, another order of keys', async () => {
    const all = (await draw(ALL)).occurrences;
    expect(new Set(all.map(({ type }) => type)).size).toBe(EVENT_NAMES.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const name of EVENT_NAMES) {
      const alone = await draw({ [name]: ALL[name]! });
      expect(
        all.filter(({ type }) => type === name),
        name,
      ).toEqual(alone.occurrences);
    }
    const sooner = await draw(ALL, { to: '2012-06-30' });
    expect(sooner.occurrences).toEqual(all.filter(({ day }) => day <= parseDate('2012-06-30')));
    const turned = Object.fromEntries(Object.entries(ALL).reverse());
    expect((await draw(turned)).occurrences).toEqual(all);
    expect((await draw(ALL, { seed: 2 })).occurrences).not.toEqual(all);
  });

  it('[S1-60] of intensity 0 are those of a type that is off, also on dates', async () => {
    const { flash_crash: _, ...rest } = ALL;
    const off = (await draw(rest)).occurrences;
    expect((await draw({ ...ALL, flash_crash: { rate: 6, intensity: 0 } })).occurrences).toEqual(off);
    expect((await draw({ ...ALL, flash_crash: { dates: ['2015-05-06'], intensity: 0 } })).occurrences).toEqual(off);
    const half = (await draw({ ...ALL, flash_crash: { rate: 6, min_gap: 3, intensity: 0.5 } })).occurrences;
    expect(half).toEqual((await draw(ALL)).occurrences);
  });

  it('never come overnight before the first session, and start at the open unless their type starts within', async () => {
    const library = {
      gap_risk: { rate: 1000, min_gap: 0 },
      bear_drift: { rate: 1000, min_gap: 0 },
      depeg: { rate: 1000, min_gap: 0 },
    };
    const { occurrences, sessions } = await draw(library, { to: '2010-03-01' });
    const days = (name: string) => occurrences.filter(({ type }) => type === name).map(({ day }) => day);
    expect(Math.min(...days('gap_risk'))).toBe(sessions[1]);
    expect(Math.min(...days('bear_drift'))).toBe(sessions[0]);
    for (const { type, minute } of occurrences) expect(minute === 0).toBe(type !== 'depeg');
    const minutes = occurrences.filter(({ type }) => type === 'depeg').map(({ minute }) => minute);
    const mean = minutes.reduce((a, b) => a + b) / minutes.length;
    expect(Math.abs(mean - 195)).toBeLessThan((4 * 390) / Math.sqrt(12 * minutes.length));
    expect(Math.max(...minutes)).toBeLessThan(390);
  });

  it('have parameters inside their ranges, each occurrence its own', async () => {
    const { occurrences } = await draw({ flash_crash: { rate: 100, min_gap: 0 } });
    const drops = occurrences.map(({ values }) => values.drop!);
    expect(Math.min(...drops)).toBeGreaterThanOrEqual(0.05);
    expect(Math.max(...drops)).toBeLessThanOrEqual(0.1);
    expect(new Set(drops).size).toBe(drops.length);
    const mean = drops.reduce((a, b) => a + b) / drops.length;
    expect(Math.abs(mean - 0.075)).toBeLessThan((4 * 0.05) / Math.sqrt(12 * drops.length));
  });

  it('go down as often as they should', async () => {
    const { occurrences } = await draw({ gap_risk: { rate: 200, min_gap: 0 } });
    const n = occurrences.length;
    const down = occurrences.filter(({ values }) => values.gap! < 0).length / n;
    expect(Math.abs(down - 0.65)).toBeLessThan(4 * Math.sqrt((0.65 * 0.35) / n));
    // E|N(m, s^2)| with m = 2 s: s sqrt(2/pi) e^-2 + m (1 - 2 Phi(-2)).
    const size = occurrences.reduce((sum, { values }) => sum + Math.abs(values.gap!), 0) / n;
    expect(Math.abs(size - 0.0403397)).toBeLessThan((4 * 0.02) / Math.sqrt(n));
  });
});

describe('occurrences', () => {
  it('of one session keep a gap below a session too, and start in the order of time', async () => {
    const { occurrences } = await draw({
      depeg: { rate: 1000, min_gap: 0.2 },
      flash_crash: { rate: 1000, min_gap: 0 },
    });
    const places = occurrences.map(({ type, ordinal, minute }) => ({ type, at: ordinal + minute / 390 }));
    expect(places).toEqual([...places].sort((a, b) => a.at - b.at));
    const breaks = places.filter(({ type }) => type === 'depeg').map(({ at }) => at);
    const waits = breaks.slice(1).map((at, i) => at - breaks[i]!);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0.2 - 1e-9);
    expect(Math.min(...waits)).toBeLessThan(0.21);
  });

  it('draw what happens apart from how much: a collapse says nothing of the drop', async () => {
    const { occurrences } = await draw({ depeg: { rate: 250, min_gap: 0, params: { collapse: 0.5 } } });
    const drops = occurrences.filter(({ values }) => values.collapsed === 1).map(({ values }) => values.drop!);
    const mean = drops.reduce((a, b) => a + b) / drops.length;
    expect(Math.abs(drops.length / occurrences.length - 0.5)).toBeLessThan(2 / Math.sqrt(occurrences.length));
    expect(Math.abs(mean - 0.08)).toBeLessThan((4 * 0.1) / Math.sqrt(12 * drops.length));
  });
});

describe('dates', () => {
  it('happen on their days, and a time is a minute of the session that holds it', async () => {
    const at = async (calendar: string, date: string) => {
      const { occurrences } = await draw({ flash_crash: { dates: [date] } }, { calendar });
      return occurrences.map(({ day, minute, id }) => [formatDate(day), minute, id]);
    };
    expect(await at('XNYS', '2010-05-06T18:32Z')).toEqual([['2010-05-06', 302, 'flash_crash:2010-05-06:0']]);
    expect(await at('FX', '2015-01-11T23:30Z')).toEqual([['2015-01-12', 90, 'flash_crash:2015-01-12:0']]);
    expect(await at('24/7', '2015-01-11T23:30Z')).toEqual([['2015-01-11', 1410, 'flash_crash:2015-01-11:0']]);
    const [[day, minute]] = (await at('XNYS', '2010-05-06')) as [[string, number]];
    expect(day).toBe('2010-05-06');
    expect(minute).toBeGreaterThan(0);
    expect(minute).toBeLessThan(390);
  });

  it('take the place of random arrivals, in the order of time', async () => {
    const { occurrences } = await draw({
      gap_risk: { dates: ['2015-03-03', '2011-01-05'] },
      bear_drift: { dates: ['2011-01-05'] },
    });
    expect(occurrences.map(({ id }) => id)).toEqual([
      'gap_risk:2011-01-05:0',
      'bear_drift:2011-01-05:0',
      'gap_risk:2015-03-03:0',
    ]);
  });

  it('at two times of one day are two, told apart by their order in time', async () => {
    const dates = ['2015-03-03T18:00Z', '2015-03-03T15:00Z'];
    const { occurrences } = await draw({ flash_crash: { dates } }, { calendar: 'XNYS' });
    expect(occurrences.map(({ id, minute }) => [id, minute])).toEqual([
      ['flash_crash:2015-03-03:0', 30],
      ['flash_crash:2015-03-03:1', 210],
    ]);
    expect(occurrences[0]!.values).not.toEqual(occurrences[1]!.values);
  });

  it('outside the sessions are warned of, not made', async () => {
    const { occurrences, warnings } = await draw({ gap_risk: { dates: ['2009-12-31', '2015-03-03', '2020-01-02'] } });
    expect(occurrences).toHaveLength(1);
    expect(warnings.map(({ code, facts }) => [code, facts.date])).toEqual([
      ['events/outside', '2009-12-31'],
      ['events/outside', '2020-01-02'],
    ]);
  });

  it.each<[string, Library, string, string]>([
    ['a weekend', { gap_risk: { dates: ['2015-03-07'] } }, 'B', 'model/refused'],
    ['a holiday', { gap_risk: { dates: ['2015-12-25'] } }, 'XNYS', 'model/refused'],
    ['a time before the open', { flash_crash: { dates: ['2015-03-03T14:29Z'] } }, 'XNYS', 'model/refused'],
    ['a time at the close', { flash_crash: { dates: ['2015-03-03T21:00Z'] } }, 'XNYS', 'model/refused'],
    ['a time for what starts at the open', { bear_drift: { dates: ['2015-03-03T15:00Z'] } }, 'XNYS', 'model/refused'],
    ['an overnight jump before the first session', { gap_risk: { dates: ['2010-01-01'] } }, 'B', 'model/refused'],
    ['a day that does not exist', { gap_risk: { dates: ['2015-02-29'] } }, 'B', 'config/invalid'],
    ['a time without its zone', { flash_crash: { dates: ['2015-03-03T15:00'] } }, 'XNYS', 'config/invalid'],
    ['an hour that does not exist', { flash_crash: { dates: ['2015-03-03T24:00Z'] } }, 'XNYS', 'config/invalid'],
    ['a type that is none', { flash_crush: {} }, 'B', 'model/refused'],
  ])('refuse %s', async (_what, library, calendar, code) => {
    const [problem, ...more] = await refused(draw(library, { calendar }));
    expect(more).toEqual([]);
    expect(problem!.code).toBe(code);
  });

  it('and other settings are refused together, every problem of every type', async () => {
    const problems = await refused(draw({ gap_risk: { rate: -1 }, depeg: { params: { drop: -1, floor: 0 } } }));
    expect(problems.map(({ facts }) => facts?.field)).toEqual(['rate', 'params.drop', 'params.floor']);
  });
});

describe('the ledger', () => {
  it('[S1-80] has a row for each occurrence: whom, from when to when, which way and by which numbers', async () => {
    const library: Library = {
      flash_crash: { dates: ['2010-05-06T18:32Z'], params: { fall_minutes: 10, recovery_minutes: 20 } },
      bear_drift: {
        dates: ['2011-01-03'],
        intensity: 0.5,
        params: { length: 10, drop: 0.3 },
        loadings: { tickers: { ACME: 2, NONE: 0 } },
      },
      volatility_spike: { dates: ['2019-12-31'], params: { volatility: 3, decay: 10 } },
    };
    const { plans, occurrences, calendar } = await draw(library, { calendar: 'XNYS' });
    const [crash, bear, spike] = eventLedger(plans, occurrences, calendar);
    expect(crash).toMatchObject({ id: 'flash_crash:2010-05-06:0', direction: -1, intensity: 1 });
    expect(crash!.start).toBe(instantOf('2010-05-06T18:32'));
    // 302 + 10 + 20 ln 100 minutes: 14.1 minutes past the close, so the next morning.
    expect(crash!.end - instantOf('2010-05-07T13:30')).toBeCloseTo((302 + 10 + 20 * Math.log(100) - 390) * 60e6, -1);
    expect(bear).toMatchObject({ direction: -1, intensity: 0.5 });
    expect(bear!.scope).toBe('commodity 0.5, crypto 1, energy 0.5, equity 1, etf 1, index 1, metal 0.5, ACME 2');
    expect(bear!.end).toBe(instantOf('2011-01-14T21:00'));
    expect(JSON.parse(bear!.parameters)).toEqual({ length: 10, drop: 0.3, volatility: 1.5, blend: 0.3 });
    expect(spike!.direction).toBe(0);
    // It ends after the last session, whose place changes no row.
    expect(spike!.end).toBeGreaterThan(instantOf('2020-03-01T00:00'));
    const longer = await draw(library, { calendar: 'XNYS', to: '2021-12-31' });
    expect(eventLedger(longer.plans, longer.occurrences, calendar)).toEqual([crash, bear, spike]);
  });

  it('tells the impact on each asset it touches and names no other', async () => {
    const library: Library = {
      geopolitical: { dates: ['2015-03-03'] },
      depeg: { dates: ['2015-03-04'], params: { drop: 0.1, collapse: 0 } },
    };
    const { plans, occurrences } = await draw(library);
    const assets = ['equity', 'energy', 'bond', 'stablecoin', 'crypto'].map((name) => ({
      ticker: name.toUpperCase(),
      class: name,
    }));
    const rows = eventImpacts(plans, occurrences, assets);
    expect(rows.map(({ id, ticker }) => `${id.split(':')[0]} ${ticker}`)).toEqual([
      'geopolitical EQUITY',
      'geopolitical ENERGY',
      'depeg STABLECOIN',
      'depeg CRYPTO',
    ]);
    const [equity, energy, peg, crypto] = rows;
    expect(equity).toMatchObject({ peak_shift: -0.03, peak_volatility: 2 });
    expect(equity!.final_shift).toBeCloseTo(-0.015, 12);
    expect(energy!.peak_shift).toBeCloseTo(0.06, 12);
    expect(peg).toMatchObject({ peak_shift: -0.1, peak_volatility: 1 });
    expect(Math.abs(peg!.final_shift)).toBe(0);
    expect(crypto!.peak_shift).toBeCloseTo(-0.02, 12);
  });

  it('ends a row when the last of its effects is over', async () => {
    const { plans, occurrences, calendar } = await draw({ commodity_shock: { dates: ['2015-03-03'] } });
    const [row] = eventLedger(plans, occurrences, calendar);
    // A ramp of 10 sessions and a decay of 90 to the half: 1 percent is left after 90 log2(100) more.
    const sessions = (row!.end - row!.start) / 86_400_000_000 / 1.4;
    expect(Math.abs(sessions - 10 - 90 * Math.log2(100))).toBeLessThan(2);
  });

  it('shows every direction a type can take', async () => {
    const { plans, occurrences, calendar } = await draw({
      macro_regime: { rate: 20, min_gap: 0 },
      gap_risk: { rate: 20, min_gap: 0 },
    });
    for (const row of eventLedger(plans, occurrences, calendar)) {
      const values = JSON.parse(row.parameters) as Record<string, number>;
      expect(row.direction).toBe(Math.sign(values.yields ?? values.gap!));
    }
  });
});
