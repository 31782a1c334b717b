// Laws of the Hawkes process: stated mean and variance of counts, unit exponential compensator, explosions refused.
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../lib/math/stream.ts';
import { advance, checkHawkes, countVariance, type Hawkes, MOST_EVENTS, meanExcess } from '../../lib/models/hawkes.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { draws, seeds } from '../thorough.ts';

const stream = (seed: number) => streamOf(seed, { scope: 'asset', asset: 'X', component: 'hawkes' });

interface Event {
  readonly side: 0 | 1;
  readonly time: number;
}

/** Events of `bars` bars of `length` each, in absolute time, and the numbers of each side by bar. */
function simulate(params: Hawkes, seed: number, bars: number, length = 1, firstBar = 0, excess = meanExcess(params)) {
  const events: Event[] = [];
  const counts = [new Float64Array(bars), new Float64Array(bars)] as const;
  for (let b = 0; b < bars; b++) {
    const found = advance(params, excess, stream(seed), firstBar + b, length, (side, time) => {
      events.push({ side, time: b * length + time });
      counts[side][b]!++;
    });
    if (found !== counts[0][b]! + counts[1][b]!) throw new Error(`bar ${b} says it has ${found} events`);
  }
  return { events, counts, excess };
}

/** Integral of a side's intensity between its successive events (from 0 for the first), by its definition, event by event. */
function compensator({ rate, self, cross, decay }: Hawkes, events: readonly Event[], side: 0 | 1): number[] {
  const mu = rate * (1 - self - cross);
  const gaps: number[] = [];
  let excess = rate - mu;
  let last = 0;
  let integral = 0;
  for (const event of events) {
    const gap = event.time - last;
    integral += mu * gap + (excess * (1 - Math.exp(-decay * gap))) / decay;
    excess *= Math.exp(-decay * gap);
    excess += decay * (event.side === side ? self : cross);
    last = event.time;
    if (event.side !== side) continue;
    gaps.push(integral);
    integral = 0;
  }
  return gaps;
}

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;
const variance = (x: ArrayLike<number>) => {
  const m = mean(x);
  return Array.from(x).reduce((a, b) => a + (b - m) ** 2, 0) / x.length;
};
/** Sums of consecutive entries, `width` each. */
const windows = (x: Float64Array, width: number) =>
  Float64Array.from({ length: Math.floor(x.length / width) }, (_, w) =>
    x.subarray(w * width, (w + 1) * width).reduce((a, b) => a + b, 0),
  );

const params: Hawkes = { rate: 3, self: 0.4, cross: 0.2, decay: 2 };
const unitExponential = (x: number) => 1 - Math.exp(-x);

describe('a Hawkes process', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`has the stated mean and variance of counts, of the sum and the difference of its sides, with seed ${seed}`, () => {
      const bars = draws(20_000);
      const { counts } = simulate(params, seed, bars);
      const sum = counts[0].map((c, b) => c + counts[1][b]!);
      const difference = counts[0].map((c, b) => c - counts[1][b]!);
      const [n, m] = [params.self + params.cross, params.self - params.cross];
      const total = 2 * params.rate;
      expect(Math.abs(mean(sum) - total)).toBeLessThan(
        (4 * Math.sqrt(countVariance(total, n, params.decay, bars))) / bars,
      );
      expect(Math.abs(mean(difference))).toBeLessThan(
        (4 * Math.sqrt(countVariance(total, m, params.decay, bars))) / bars,
      );
      for (const width of [1, 10]) {
        // Windows of these counts have kurtosis below 6 and little memory between their squares.
        const bound = 4 * Math.sqrt((2 * 5) / (bars / width));
        const law = (branching: number) => countVariance(total, branching, params.decay, width);
        expect(Math.abs(variance(windows(sum, width)) / law(n) - 1), `sum, width ${width}`).toBeLessThan(bound);
        expect(Math.abs(variance(windows(difference, width)) / law(m) - 1), `difference, ${width}`).toBeLessThan(bound);
      }
    });

    it(`[S1-136] has compensator increments that are Exp(1), however time is cut into bars, with seed ${seed}`, () => {
      for (const length of [0.05, 1, 40]) {
        const { events } = simulate(params, seed, 2000 / length, length);
        for (const side of [0, 1] as const) {
          const { pvalue } = testKolmogorov(compensator(params, events, side), unitExponential);
          expect(pvalue, `length ${length}, side ${side}`).toBeGreaterThan(1e-3);
        }
        const poisson = compensator({ ...params, self: 0, cross: 0 }, events, 0);
        expect(testKolmogorov(poisson, unitExponential).pvalue, 'the test sees clustering').toBeLessThan(1e-6);
      }
    });

    it(`[S1-84] gives its branching ratio back: long windows have Fano factor 1 / (1 - n)^2, with seed ${seed}`, () => {
      const n = 0.7;
      const { counts } = simulate({ rate: 2, self: n, cross: 0, decay: 5 }, seed, 40_000);
      for (const side of [0, 1] as const) {
        const long = windows(counts[side], 40);
        const fano = variance(long) / mean(long);
        // d n / d F = (1 - n)^3 / 2; F has relative error sqrt(2 / windows), its limit is short of 40 bars by 1.5 percent.
        expect(Math.abs(1 - 1 / Math.sqrt(fano) - n)).toBeLessThan(4 * 0.5 * (1 - n) * Math.sqrt(3 / 1000) + 0.005);
      }
    });
  }

  it('without children is a Poisson process, whose counts have variance rate x window', () => {
    for (const window of [0.01, 1, 100]) expect(countVariance(7, 0, 3, window)).toBeCloseTo(7 * window, 12);
    const { events } = simulate({ rate: 3, self: 0, cross: 0, decay: 1 }, 5, 2000);
    const gaps = events.map(({ time }, i) => 6 * (time - (events[i - 1]?.time ?? 0)));
    expect(testKolmogorov(gaps, unitExponential).pvalue).toBeGreaterThan(1e-3);
    expect(Math.abs(mean(events.map(({ side }) => side)) - 0.5)).toBeLessThan(2 / Math.sqrt(events.length));
  });

  it('count variance is that of Poisson counts in short windows and k^2 times as much in long ones', () => {
    expect(countVariance(1, 0.6, 2, 1e-6) / 1e-6).toBeCloseTo(1, 5);
    expect(countVariance(1, 0.6, 2, 1e6) / 1e6).toBeCloseTo(1 / 0.16, 4);
  });

  it('with children on the other side alone lets sides answer each other', () => {
    const { events } = simulate({ rate: 3, self: 0, cross: 0.8, decay: 20 }, 6, 1000);
    let alternations = 0;
    for (let i = 1; i < events.length; i++) if (events[i]!.side !== events[i - 1]!.side) alternations++;
    expect(alternations / events.length).toBeGreaterThan(0.6);
  });

  it('goes on from its excess: a bar is the same bits whatever ran before it', () => {
    const whole = simulate(params, 9, 50);
    const front = simulate(params, 9, 30);
    const back = simulate(params, 9, 20, 1, 30, front.excess);
    expect([...front.counts[0], ...back.counts[0]]).toEqual([...whole.counts[0]]);
    expect(back.excess).toEqual(whole.excess);
    expect(whole.events.slice(0, front.events.length)).toEqual(front.events);
  });

  it('has times inside the bar, in order', () => {
    let last = 0;
    advance(params, meanExcess(params), stream(4), 0, 100, (_side, time) => {
      expect(time).toBeGreaterThan(last);
      expect(time).toBeLessThan(100);
      last = time;
    });
    expect(last).toBeGreaterThan(90);
  });
});

describe('[S1-84] Hawkes parameters', () => {
  const fields = (given: Partial<Hawkes>, longest = 1) =>
    checkHawkes('flow', { ...params, ...given }, longest).map((problem) => problem.facts?.field);

  it('are refused by field when out of range, and together when the process would explode', () => {
    expect(fields({})).toEqual([]);
    expect(fields({ rate: 0, self: -0.1, cross: Number.NaN, decay: 0 })).toEqual(['rate', 'self', 'cross', 'decay']);
    expect(fields({ self: 0.5, cross: 0.5 })).toEqual(['self + cross']);
    expect(fields({ self: 0.5, cross: 0.499 })).toEqual([]);
    expect(fields({ self: 1.2 })).toEqual(['self']);
    expect(checkHawkes('flow', { ...params, self: 0.9 }, 1)[0]).toMatchObject({
      code: 'model/refused',
      message: expect.stringContaining('flow: self + cross must be below 1'),
      facts: { value: '1.1' },
    });
  });

  it('are refused when a bar could hold more events than it has draws for, and a bar that does says so', () => {
    expect(fields({ rate: 7000 })).toEqual([]);
    expect(fields({ rate: 7000 }, 2)).toEqual(['rate']);
    const wild = { ...params, rate: 20_000 };
    expect(fields(wild)).toEqual(['rate']);
    let events = 0;
    let last = 0;
    const found = advance(wild, meanExcess(wild), stream(1), 0, 1, (_side, _time, draw) => {
      events++;
      last = draw;
    });
    expect([found, events]).toEqual([-1, MOST_EVENTS]);
    expect(last).toBeLessThan(65536);
  });
});
