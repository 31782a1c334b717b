// Laws of daily volume: stated autocorrelation, stated tie to the size of returns, whole numbers.
import { afterAll, describe, expect, it } from 'vitest';
import { calendarOf } from '../../lib/market/calendar.ts';
import { frequencyOf } from '../../lib/market/frequency.ts';
import { planOf } from '../../lib/market/plan.ts';
import { FLAT } from '../../lib/market/season.ts';
import { checkVolume, MEMORIES, scaleVolume, volumeKernel } from '../../lib/market/volume.ts';
import { addNormals } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { draws, seeds } from '../thorough.ts';

const stream = (seed: number, component = 'volume') => streamOf(seed, { scope: 'asset', asset: 'X', component });

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [sab, saa, sbb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    sab += (a[i]! - ma) * (b[i]! - mb);
    saa += (a[i]! - ma) ** 2;
    sbb += (b[i]! - mb) ** 2;
  }
  return sab / Math.sqrt(saa * sbb);
}

const N = draws(100_000);
const params = { level: 5e6, sd: 0.42, returnCorrelation: 0.42, none: 0, noise: 0.4 };
const calendar = calendarOf('B');
const daily = frequencyOf('B', calendar);
// One for all: a plan keeps memory of the kernels until it is closed.
const plan = planOf(calendar, daily, 4, FLAT, 1, 1);
afterAll(() => plan.close());

/** A kernel that fills daily volumes of successive runs of sessions. */
function dailyKernel(given: typeof params, seed: number) {
  const fill = volumeKernel(given, (component) => stream(seed, component), plan);
  const sessions = {
    days: new Int32Array(512).fill(4),
    opens: new Float64Array(512),
    minutes: new Float64Array(512).fill(calendar.mostMinutes),
  };
  return (out: Float64Array, at: number, sizes: Float64Array) => {
    plan.lay(sessions, 0, sizes.length, at);
    fill(out.subarray(at), at, sizes.length, sizes, null);
  };
}

function sample(seed: number, sizes: Float64Array, given = params): Float64Array {
  const out = new Float64Array(N);
  const fill = dailyKernel(given, seed);
  for (let at = 0; at < N; at += 500) fill(out, at, sizes.subarray(at, at + 500));
  return out;
}

function absoluteNormals(seed: number): Float64Array {
  const z = new Float64Array(N);
  addNormals(z, stream(seed, 'diffusion'), 1, 0, N, 1);
  return z.map(Math.abs);
}

describe('volume', () => {
  for (const seed of seeds(1, 2, 3)) {
    it(`log volume has the stated sd, tie to |r| and autocorrelation with seed ${seed}`, () => {
      const sizes = absoluteNormals(seed);
      const x = sample(seed, sizes).map(Math.log);
      const mean = x.reduce((a, b) => a + b, 0) / N;
      const sd = Math.sqrt(x.reduce((a, v) => a + (v - mean) ** 2, 0) / N);
      // Sum over lags of acf^2 is below 1.6 and of acf below 8, both sides: 4 se with n / 16 independent values.
      const bound = 4 / Math.sqrt(N / 16);
      expect(Math.abs(mean - Math.log(5e6))).toBeLessThan(bound * 0.42);
      expect(Math.abs(sd / 0.42 - 1)).toBeLessThan(bound);
      expect(Math.abs(correlation(x, sizes) - 0.42)).toBeLessThan(bound);
      for (const lag of [1, 5, 20]) {
        // |r| is independent in time, so its share rho^2 of the variance has no memory.
        const memory = MEMORIES.reduce((sum, m) => sum + m.share * m.phi ** lag, 0) * (1 - 0.42 ** 2);
        expect(Math.abs(correlation(x.slice(lag), x.slice(0, N - lag)) - memory), `lag ${lag}`).toBeLessThan(bound);
      }
    });
  }

  it('the memories give autocorrelation .55, .18 and .02 at lags 1, 5 and 20', () => {
    const acf = (lag: number) => MEMORIES.reduce((sum, m) => sum + m.share * m.phi ** lag, 0);
    expect([acf(1), acf(5), acf(20)].map((v) => v.toFixed(2))).toEqual(['0.55', '0.18', '0.02']);
  });

  it('the first day already has the stationary law', () => {
    const firsts = Float64Array.from({ length: 4000 }, (_, seed) => {
      const out = new Float64Array(1);
      dailyKernel({ ...params, returnCorrelation: 0 }, seed)(out, 0, new Float64Array(1));
      return Math.log(out[0]! / 5e6) / 0.42;
    });
    const variance = firsts.reduce((a, v) => a + v * v, 0) / 4000;
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
  });

  it('[S1-107] volume is whole and 0 or more, however small the level', () => {
    const drawn = sample(4, absoluteNormals(4), { ...params, level: 0.5, sd: 2 });
    expect(drawn.filter((v) => !Number.isInteger(v) || v < 0)).toEqual(new Float64Array(0));
  });

  it('a bar without variance moves volume by its memories alone', () => {
    const none = new Float64Array(N).fill(Number.NaN);
    const average = new Float64Array(N).fill(Math.sqrt(2 / Math.PI));
    const [a, b] = [sample(5, none), sample(5, average)];
    for (let i = 0; i < N; i++) if (Math.abs(a[i]! - b[i]!) > 1) throw new Error(`day ${i}: ${a[i]} and ${b[i]}`);
  });

  it('factors on bars give the nearest whole number, 1 the volume itself, and none may pass 2^53', () => {
    const volume = Float64Array.of(7, 3, 10, 0);
    scaleVolume(volume, Float64Array.of(1, 1.5, 0.26, 5));
    expect([...volume]).toEqual([7, 5, 3, 0]);
    expect(() => scaleVolume(volume, Float64Array.of(1e16, 1, 1, 1))).toThrow('2^53');
  });

  it('params out of range are refused by field', () => {
    const fields = checkVolume({ level: 0, sd: -1, returnCorrelation: 1, none: 1, noise: -1 }).map(
      (p) => p.facts?.field,
    );
    expect(fields).toEqual(['level', 'sd', 'returnCorrelation', 'none', 'noise']);
    expect(checkVolume(params)).toEqual([]);
    const wild = dailyKernel({ ...params, level: 1e12, sd: 3, returnCorrelation: 0.9 }, 1);
    expect(() => wild(new Float64Array(1), 0, Float64Array.of(40))).toThrow(/2\^53/);
  });
});
