// Laws of residuals: what is left of a move is its shock, through whatever the move went.
import { describe, expect, it } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import { generateBars } from '../../lib/market/generate.ts';
import { residualsOf } from '../../lib/market/residuals.ts';
import { spanOf } from '../../lib/market/span.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import { lawOf, type Truth } from '../../lib/market/truth.ts';
import { normalCdf } from '../../lib/math/special.ts';
import type { VolatilityModel } from '../../lib/models/model.ts';
import { model as garch } from '../../lib/models/volatility/garch.ts';
import { acf } from '../../lib/stats/dependence.ts';
import { testKolmogorov, testVariance } from '../../lib/stats/hypothesis.ts';
import { request } from './rig.ts';

const SPAN = { start: '2020-01-01', end: '2023-12-31' };
const infinite = Number.POSITIVE_INFINITY;
const FINE = 1e-6;

function made(change: Parameters<typeof request>[0] = {}, truth: Partial<Truth> = {}): { bars: Bars; truth: Truth } {
  const asked = request({ ...SPAN, tick: FINE, ...change });
  const parts = {
    day: [] as number[],
    variance: [] as number[],
    sd: [] as number[],
    open: [] as number[],
    close: [] as number[],
  };
  for (const { bars, latent } of generateBars(asked)) {
    parts.day.push(...bars.day);
    parts.open.push(...bars.open);
    parts.close.push(...bars.close);
    parts.variance.push(...latent.variance);
    parts.sd.push(...latent.sd);
  }
  const column = (values: number[]) => Float64Array.from(values);
  const [open, close] = [column(parts.open), column(parts.close)];
  const driven = asked.volatility;
  return {
    bars: {
      ticker: asked.ticker,
      day: Int32Array.from(parts.day),
      time: null,
      open,
      high: open,
      low: close,
      close,
      volume: open,
    },
    truth: {
      law: lawOf(asked, driven, 1 / 252)!,
      span: spanOf(asked.calendar, asked.frequency, SPAN.start, SPAN.end),
      periodsPerYear: 252,
      season: asked.season,
      night: asked.night,
      surroundings: asked.surroundings,
      memory: asked.memory,
      copulaDf: Number.POSITIVE_INFINITY,
      marginDf: driven === null ? infinite : driven.model.marginDf(driven.params),
      shockVariance: null,
      latent: {
        variance: column(parts.variance),
        sd: column(parts.sd),
        jumps: { day: new Int32Array(0), time: new Float64Array(0), size: new Float64Array(0) },
      },
      ...truth,
    },
  };
}

const student = {
  model: garch as unknown as VolatilityModel,
  params: { sigma: 0.25, alpha: 0.06, gamma: 0.02, beta: 0.9, innovations: 'student', nu: 3.5 },
};

describe('residuals', () => {
  it('of geometric Brownian motion are its returns less their mean over their standard deviation', () => {
    const { bars, truth } = made();
    const { sessions, shocks, gaps, jumps, variance, recursion } = residualsOf(bars, truth, FINE)!;
    const drift = (0.08 - 0.25 ** 2 / 2) / 252;
    for (const s of [0, 7, 500])
      expect(sessions[s]).toBeCloseTo((Math.log(bars.close[s]! / bars.open[s]!) - drift) / (0.25 / Math.sqrt(252)), 6);
    expect(shocks).toEqual(sessions);
    expect(gaps.every(Number.isNaN)).toBe(true);
    expect([jumps, variance, recursion]).toEqual([null, null, null]);
  });

  it('are normal where innovations and gaps have no fourth moment', () => {
    const { bars, truth } = made({ volatility: student, night: { share: 0.3, nu: 3 } });
    const { sessions, gaps, recursion } = residualsOf(bars, truth, FINE)!;
    for (const scores of [sessions, gaps.subarray(1)])
      expect(testKolmogorov(scores, normalCdf).pvalue).toBeGreaterThan(0.001);
    expect(Math.abs(recursion!)).toBeLessThan(4);
    const wrong = {
      ...truth,
      law: lawOf(request(), { ...student, params: { ...student.params, sigma: 0.26 } }, 1 / 252)!,
    };
    expect(Math.abs(residualsOf(bars, wrong, FINE)!.recursion!)).toBeGreaterThan(100);
  });

  it.each([
    ['a bar a session', 'B', {}],
    ['bars of half an hour, over nights', '30min', { night: { share: 0.3, nu: 3 }, calendar: 'XNYS' }],
    [
      'normal innovations that feed a variance',
      'B',
      { volatility: { ...student, params: { ...student.params, innovations: 'normal' } } },
    ],
  ] as const)('of bars that remember are what is new in them: %s', (_, frequency, change) => {
    const surroundings = { ...CALM, memory: Float64Array.from({ length: 1100 }, (__, s) => (s % 3 === 0 ? 0.3 : 0)) };
    const { bars, truth } = made({ ...change, frequency, memory: -0.3, surroundings });
    const { sessions, shocks, recursion } = residualsOf(bars, truth, FINE)!;
    expect(sessions.every(Number.isFinite)).toBe(true);
    expect(shocks).toEqual(sessions);
    const lag = (of: Float64Array) => acf(of, 1)![1]! * Math.sqrt(of.length);
    expect(testKolmogorov(sessions, normalCdf).pvalue).toBeGreaterThan(0.001);
    expect(testVariance(sessions, 1).pvalue).toBeGreaterThan(0.001);
    expect(Math.abs(lag(sessions))).toBeLessThan(3.3);
    if (recursion !== null) expect(Math.abs(recursion)).toBeLessThan(4);
    if (frequency === 'B') {
      const deaf = { ...truth, memory: 0, surroundings: CALM };
      expect(Math.abs(lag(residualsOf(bars, deaf, FINE)!.sessions))).toBeGreaterThan(3.3);
    }
  });

  it('of Student bars that remember are those of the same draws without memory, but where memory drowns them', () => {
    const market = { volatility: student, night: { share: 0.3, nu: 3 }, tick: 1e-6 };
    const plain = made(market);
    const { sessions } = residualsOf(plain.bars, plain.truth, 1e-6)!;
    const surroundings = { ...CALM, memory: Float64Array.from({ length: 1100 }, (_, s) => (s % 50 < 20 ? 0.1 : 0)) };
    for (const memory of [0, -0.1, 0.25]) {
      const { bars, truth } = made({ ...market, memory, surroundings });
      const { sessions: found, shocks, recursion } = residualsOf(bars, truth, 1e-6)!;
      const known = Array.from(found.keys()).filter((s) => !Number.isNaN(found[s]));
      expect(known.length).toBeGreaterThan(0.98 * found.length);
      for (const s of known) expect(found[s]).toBeCloseTo(sessions[s]!, 3);
      expect(shocks).toEqual(found);
      if (recursion !== null) expect(Math.abs(recursion)).toBeLessThan(4);
    }
    const { bars, truth } = made({ ...market, memory: 0.9 });
    expect(residualsOf(bars, truth, 1e-6)!.sessions.every(Number.isNaN)).toBe(true);
  });

  it('are left out where the tick is coarse, where volatility is 0, and where bars remember what a Student law hides', () => {
    const { bars, truth } = made();
    const known = (change: Partial<Truth>, tick = FINE) =>
      residualsOf(bars, { ...truth, ...change }, tick)!.sessions.reduce((n, q) => n + Number(!Number.isNaN(q)), 0);
    const n = bars.day.length;
    const every = (value: number) => Float64Array.from({ length: n }, (_, s) => (s % 2 === 0 ? value : 0));
    expect(known({})).toBe(n);
    expect(known({ memory: 0.1 })).toBe(n - 1);
    const moving = { marginDf: 4, shockVariance: new Float64Array(n).fill(1.5) };
    for (const hides of [{ copulaDf: 4 }, moving]) {
      expect(known({ ...hides, memory: 0.1 })).toBe(0);
      expect(known({ ...hides, surroundings: { ...CALM, memory: every(0.1) } })).toBe(Math.floor(n / 2));
    }
    expect(known({ surroundings: { ...CALM, volatility: every(1) } })).toBe(Math.ceil(n / 2));
    expect(known({}, 100)).toBe(0);
  });

  it('do not exist for bars of other sessions', () => {
    const { bars, truth } = made();
    const cut = (of: Float64Array) => of.subarray(1);
    const less = { ...bars, day: bars.day.subarray(1), open: cut(bars.open), close: cut(bars.close) };
    expect(residualsOf(less, truth, FINE)).toBeNull();
  });
});
