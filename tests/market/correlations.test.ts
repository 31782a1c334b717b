// Laws of the test of correlations: right ones are rejected at the stated rate however they move, wrong ones found, by any copula.
import { describe, expect, it } from 'vitest';
import { type Moves, testCorrelations } from '../../lib/market/correlations.ts';
import { normal } from '../../lib/math/draw.ts';
import { chiSquare } from '../../lib/math/laws.ts';
import { studentTwoSided } from '../../lib/math/special.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { marginScale } from '../../lib/models/copula.ts';
import { runs } from '../thorough.ts';

const infinite = Number.POSITIVE_INFINITY;
const NAMES = ['A', 'B', 'C'];
const N = 250;
const column = (value: (s: number) => number) => Float64Array.from({ length: N }, (_, s) => value(s));
const MAPS: Readonly<Record<number, ReturnType<typeof marginScale>>> = {
  3: marginScale(3, infinite),
  1.5: marginScale(1.5, infinite),
};
/** From -.5 to .9. */
const PATH = column((s) => -0.5 + (1.4 * s) / N);

/** Scores of shocks whose pairs have these correlations before the shared shock of weight w comes in, through a copula. */
function market(seed: number, df: number, rho: (s: number) => number, w: (s: number) => number = () => 0) {
  const stream = (asset: string) => streamOf(seed, { scope: 'asset', asset, component: 'diffusion' });
  const streams = Object.fromEntries(['', ...NAMES].map((name) => [name, stream(name)]));
  const mixing = stream('mixing');
  const draw = (asset: string, s: number) => normal(streams[asset]!, s, 0);
  const toNormal = MAPS[df];
  const blend = column(w);
  // B follows A, C stands alone.
  const of = (name: string, s: number) => {
    const own = name === 'B' ? rho(s) * draw('A', s) + Math.sqrt(1 - rho(s) ** 2) * draw('B', s) : draw(name, s);
    const y = Math.sqrt(1 - w(s)) * own + Math.sqrt(w(s)) * draw('', s);
    return toNormal === undefined ? y : y * toNormal(y, Math.sqrt(df / chiSquare(mixing, s, 0, df)));
  };
  const moves = (name: string): Moves => ({ scores: column((s) => of(name, s)), own: null, variance: null, blend });
  return new Map(NAMES.map((name) => [name, moves(name)]));
}

const between = (rho: number | Float64Array) => (a: string, b: string) => (a === 'C' || b === 'C' ? 0 : rho);
const pvalue = (moves: ReturnType<typeof market>, copulaDf: number, rho: number | Float64Array) => {
  const found = testCorrelations(moves, NAMES, { copulaDf, between: between(rho) }, 0.05);
  return typeof found === 'string' ? Number.NaN : found.result.pvalue!;
};

describe.each([
  ['Gaussian', infinite],
  ['Student', 3],
  ['very heavy Student', 1.5],
] as const)('under a %s copula', (_, df) => {
  it.each([
    ['that never move', 0.6, () => 0],
    ['that move', PATH, () => 0],
    ['that a shared shock pulls', 0.6, (s: number) => (s % 4) / 4],
  ] as const)('right correlations %s are rejected as often as alpha says', (__, rho, w) => {
    const at = (s: number) => (typeof rho === 'number' ? rho : rho[s]!);
    const seeds = runs(400);
    let [five, twenty] = [0, 0];
    for (let seed = 0; seed < seeds; seed++) {
      const p = pvalue(market(seed, df, at, w), df, rho);
      expect(p).not.toBeNaN();
      if (p < 0.05) five++;
      if (p < 0.2) twenty++;
    }
    // Three pairs by Bonferroni have 1 - (1 - alpha / 3)^3; 99.9 percent bounds of binomials.
    for (const [count, alpha] of [
      [five, 0.0492],
      [twenty, 0.187],
    ] as const)
      expect(Math.abs(count - seeds * alpha)).toBeLessThan(1 + 3.3 * Math.sqrt(seeds * alpha * (1 - alpha)));
  });

  it('one that is .2 off is found, throughout or where it has moved to', () => {
    let found = 0;
    const lower = PATH.map((rho) => rho - 0.2);
    for (let seed = 0; seed < 10; seed++) {
      if (
        pvalue(
          market(seed, df, () => 0.7),
          df,
          0.5,
        ) < 0.05
      )
        found++;
      if (
        pvalue(
          market(seed, df, (s) => PATH[s]!),
          df,
          lower,
        ) < 0.05
      )
        found++;
    }
    // A year of sessions shifts artanh by some 4.5 standard errors, by 3.5 under Student.
    expect(found).toBeGreaterThanOrEqual(15);
  });
});

describe('the test', () => {
  const right = market(1, infinite, () => 0.6);
  const of = (moves: ReadonlyMap<string, Moves | null>, copulaDf = infinite, rho: number | Float64Array = 0.6) =>
    testCorrelations(moves, NAMES, { copulaDf, between: between(rho) }, 0.05);
  const change = (name: string, more: Partial<Moves>) => new Map([...right, [name, { ...right.get(name)!, ...more }]]);

  it('of one pair is the exact one: Student of sqrt(n) (sqrt F - 1 / sqrt F) / 2', () => {
    const [x, y] = [right.get('A')!.scores, right.get('B')!.scores];
    let [a, b] = [0, 0];
    for (let s = 0; s < N; s++) {
      a += (x[s]! + y[s]!) ** 2 / 3.2;
      b += (x[s]! - y[s]!) ** 2 / 0.8;
    }
    const found = testCorrelations(right, ['A', 'B'], { copulaDf: infinite, between: () => 0.6 }, 0.05);
    if (typeof found === 'string') throw new Error(found);
    const t = (Math.sqrt(N) * (Math.sqrt(a / b) - Math.sqrt(b / a))) / 2;
    expect(found.result.stat).toBeCloseTo(t, 10);
    expect(found.result.pvalue).toBeCloseTo(studentTwoSided(t, N), 10);
    expect(found.detail).toMatch(/^A and B: 0\.\d{4} against 0\.6000, band 0\.\d{4}\.\.0\.\d{4} for 1 pairs$/);
  });

  it('allows for what a score has beside the shock, which a Student copula does not bear', () => {
    const half = Math.SQRT1_2;
    const noisy = (name: string) => {
      const noise = streamOf(9, { scope: 'asset', asset: name, component: 'noise' });
      const scores = right.get(name)!.scores.map((score, s) => half * (score + normal(noise, s, 0)));
      return [name, { ...right.get(name)!, scores, own: column(() => half) }] as const;
    };
    const moves = new Map(NAMES.map(noisy));
    const found = of(moves);
    expect(typeof found === 'string' ? null : found.result.pvalue).toBeGreaterThan(0.01);
    const ignored = of(new Map([...moves].map(([name, one]) => [name, { ...one, own: null }])));
    expect(typeof ignored === 'string' ? null : ignored.result.pvalue).toBeLessThan(0.01);
    expect(of(moves, 4)).toBe('too few sessions have moves of known laws');
  });

  it('reads sessions that all tickers have', () => {
    const gaps = column((s) => (s % 2 === 0 ? Number.NaN : right.get('A')!.scores[s]!));
    const found = of(change('A', { scores: gaps }));
    expect(typeof found === 'string' ? null : found.result.n).toBe(N / 2);
    expect(of(change('A', { scores: column(() => Number.NaN) }))).toBe('too few sessions have moves of known laws');
  });

  it.each([
    ['A and B move as one', change('B', { scores: right.get('A')!.scores }), 0.6],
    ['C has no returns that vary', change('C', { scores: column(() => 0) }), 0.6],
    ['C has no returns that vary', new Map([...right, ['C', null]]), 0.6],
    ['the target of A and B is 1, which has no band', right, 1],
    ['the target of A and B is -2, which has no band', right, PATH.map((_, s) => (s === 7 ? -2 : 0))],
    ['the target of A and B is NaN, which has no band', right, Number.NaN],
  ] as const)('is inconclusive where %s', (why, moves, rho) => {
    expect(of(moves as Map<string, Moves | null>, infinite, rho)).toMatchObject({
      result: { pvalue: null, note: `inconclusive: ${why}` },
    });
  });
});
