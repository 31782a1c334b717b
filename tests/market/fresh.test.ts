// Laws of what is new where bars remember: it is what was drawn, and its slopes in the logs of prices are what it says.
import { expect, it } from 'vitest';
import { freshOf } from '../../lib/market/fresh.ts';
import type { Move } from '../../lib/market/moves.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import type { Shares, Truth } from '../../lib/market/truth.ts';

const PHI = -0.4;
const SHARE = Float64Array.of(0.3, 0.2, 0.2);
const OPEN = 0.7;
const infinite = Number.POSITIVE_INFINITY;
const days = Int32Array.of(10, 11, 12);
const move: Move = { mean: 0.002, variance: 1e-4 * OPEN, gapMean: 0, gapVariance: 0, sway: 0, leans: false };
const shift = { knots: () => [], at: (s: number, fraction: number) => (s === 1 ? 0.03 * fraction : 0) };
/** A jump before the open of the second session, and two within its bars. */
const jumps = {
  day: Int32Array.of(11, 11, 11),
  time: Float64Array.of(0.1, 0.4, 0.95),
  size: Float64Array.of(9, 0.05, -0.02),
};
const truth = {
  ...{ law: { kind: 'path' }, memory: PHI, marginDf: infinite, copulaDf: infinite },
  ...{ surroundings: { ...CALM, shift }, latent: { jumps }, span: { days }, night: { share: 0.3, nu: 3 } },
} as unknown as Truth;
const shares = {
  ...{ closed: Float64Array.of(0.3, 0.3, 0.3), open: Float64Array.of(OPEN, OPEN, OPEN) },
  bars: () => ({ share: SHARE, edges: Float64Array.of(0, 0.5, 0.8, 1) }),
} as unknown as Shares;

const DRAWN = [
  [0.3, -1.1, 0.8],
  [1.7, 0.2, -0.6],
  [-0.9, 1.2, 0.1],
];

/** Log prices that the drawn shocks make: four a session, opens wherever. */
function logs(): number[] {
  const out: number[] = [];
  let y = 0;
  for (const [s, drawn] of DRAWN.entries()) {
    let x = 4.6 + 0.01 * s;
    out.push(x);
    for (const [k, own] of drawn.entries()) {
      y = s === 0 && k === 0 ? own : PHI * y + Math.sqrt(1 - PHI * PHI) * own;
      x += Math.sqrt(1e-4 * SHARE[k]!) * y + (move.mean * SHARE[k]!) / OPEN;
      if (s === 1) x += [0.05 + 0.015, 0.009, -0.02 + 0.006][k]!;
      out.push(x);
    }
  }
  return out;
}

const read = (of: readonly number[], change: Partial<Truth> = {}, moves: Partial<Move> = {}) => {
  const nodes = { prices: Float64Array.from(of, Math.exp), first: Int32Array.of(0, 4, 8, 12) };
  const fresh = freshOf({ ...truth, ...change }, shares, nodes, 1e-6);
  return [0, 1, 2].map((s) => fresh(s, { ...move, ...moves }));
};

it('a session’s part is the sum of what was drawn for its bars, each by the root of its share, apart from jumps and events', () => {
  const [first, ...rest] = read(logs());
  expect(first, 'nobody saw the bar before it').toBeNull();
  for (const [i, fresh] of rest.entries()) {
    const sum = DRAWN[i + 1]!.reduce((total, own, k) => total + Math.sqrt(SHARE[k]!) * own, 0);
    expect(fresh!.value).toBeCloseTo(sum / Math.sqrt(OPEN), 9);
  }
});

it('its slopes are those of the logs of prices, and rounding is their sum of squares', () => {
  const base = logs();
  const fresh = read(base)[2]!;
  const slopes = base.map((_, node) => {
    const bumped = read(base.map((x, k) => (k === node ? x + 1e-6 : x)))[2]!;
    return (bumped.value - fresh.value) / 1e-6;
  });
  const said = base.map((_, node) => fresh.by[fresh.at.indexOf(node)] ?? 0);
  for (const [node, slope] of slopes.entries()) expect(said[node]).toBeCloseTo(slope, 3);
  const rounding = slopes.reduce((sum, slope, node) => sum + (slope / Math.exp(base[node]!)) ** 2, 0);
  expect(fresh.rounding / (1e-6 * rounding)).toBeCloseTo(1, 6);
  expect(fresh.expected / fresh.rounding).toBeCloseTo(1, 1);
});

it('the close that a session opens at, without closed hours, is one price and not two', () => {
  const joined = logs();
  joined[8] = joined[7]!;
  expect(read(joined, { night: null })[2]!.at).not.toContain(8);
  expect(read(joined)[2]!.at).toContain(8);
});

it('is not known of Student laws, of reverting prices, of leverage between bars, and after a session without variance', () => {
  const all = (change: Partial<Truth>, moves: Partial<Move> = {}) =>
    read(logs(), change, moves).every((one) => one === null);
  expect(all({ marginDf: 5 })).toBe(true);
  expect(all({ copulaDf: 5 })).toBe(true);
  expect(all({ law: { kind: 'transition', over: () => ({ mean: 0, variance: 1 }) } })).toBe(true);
  expect(all({}, { leans: true })).toBe(true);
  expect(all({}, { variance: 0 })).toBe(true);
  expect(all({})).toBe(false);
});
