// Laws of DECO: its level, the many names it stands for, its range and prefix, refusals.
import { expect, it } from 'vitest';
import { addNormals, normal } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import { checkDeco, decoPath } from '../../lib/models/deco.ts';
import { burnInSessions, sessionNormal } from '../../lib/models/session.ts';
import { correlation, fisherBand } from '../../lib/stats/dependence.ts';
import { draws } from '../thorough.ts';

const market = (seed: number) => streamOf(seed, { scope: 'market', asset: '', component: 'diffusion' });
const own = (seed: number, asset: string) => streamOf(seed, { scope: 'asset', asset, component: 'diffusion' });

function commonShocks(seed: number, sessions: number): Float64Array {
  const out = new Float64Array(sessions);
  addNormals(out, market(seed), 1, 0, sessions, 1);
  return out;
}

const params = { a: 0.04, b: 0.93, rho: 0.3 };

it('averages near its level at every seed, and names have that correlation', () => {
  const n = draws(30_000);
  for (const seed of [1, 2, 3]) {
    const c = commonShocks(seed, n);
    const path = decoPath(seed, params, 0, c);
    const average = path.reduce((sum, rho) => sum + rho, 0) / n;
    expect(Math.abs(average - params.rho), `seed ${seed}`).toBeLessThan(0.015);
    const [x, y] = ['A', 'B'].map((asset) => {
      const stream = own(seed, asset);
      return c.map((shared, s) => Math.sqrt(1 - path[s]!) * normal(stream, s, 0) + Math.sqrt(path[s]!) * shared);
    });
    const [low, high] = fisherBand(average, n, 0.999)!;
    const r = correlation(x!, y!)!;
    expect(r).toBeGreaterThan(low);
    expect(r).toBeLessThan(high);
  }
});

it('is what DCC averaged over the pairs of many names gives', () => {
  const [names, sessions] = [1500, 250];
  const { a, b, rho } = params;
  const c = commonShocks(4, sessions);
  const path = decoPath(4, params, 0, c);
  const streams = Array.from({ length: names }, (_, i) => own(4, `N${i}`));
  // Engle & Kelly's definition with the products of all pairs, from where the path starts.
  let pair = path[0]!;
  let square = 1;
  let largest = 0;
  for (let s = 0; s < sessions; s++) {
    const now = pair / square;
    largest = Math.max(largest, Math.abs(now - path[s]!));
    let sum = 0;
    let squares = 0;
    for (const stream of streams) {
      const x = Math.sqrt(1 - now) * normal(stream, s, 0) + Math.sqrt(now) * c[s]!;
      sum += x;
      squares += x * x;
    }
    pair = (1 - a - b) * rho + (a * (sum * sum - squares)) / (names * (names - 1)) + b * pair;
    square = 1 - a - b + (a * squares) / names + b * square;
  }
  expect(largest).toBeLessThan(0.03);
  expect(Math.max(...path) - Math.min(...path)).toBeGreaterThan(5 * 0.03);
});

it('stays between 0 and 1 and rises after a large common move', () => {
  const wild = { a: 0.5, b: 0.49, rho: 0.9 };
  const c = commonShocks(5, 5000);
  c[100] = 30;
  const path = decoPath(5, wild, 0, c);
  for (const rho of path) if (!(rho >= 0 && rho < 1)) throw new Error(`${rho}`);
  expect(path[101]).toBeGreaterThan(path[100]!);
  const [quiet, moved] = [0, 4].map((x) => decoPath(5, params, 0, c.with(200, x))[201]!);
  expect(moved).toBeGreaterThan(quiet! + 0.05);
});

it('the burn-in is addressed by session: another first day begins from another level', () => {
  const [a, b] = [9, 10].map((first) => decoPath(6, params, first, commonShocks(6, 1))[0]!);
  expect(a).not.toBeCloseTo(b!, 6);
});

it('without weights it is the level, and a later end changes nothing', () => {
  const c = commonShocks(6, 50);
  expect(decoPath(6, { a: 0, b: 0, rho: 0.3 }, 9, c)).toEqual(new Float64Array(50).fill(0.3));
  expect(decoPath(6, params, 9, c.slice(0, 20))).toEqual(decoPath(6, params, 9, c).slice(0, 20));
});

it('weights that never revert and levels that are no correlation of many names are refused', () => {
  expect(checkDeco({ a: 0.2, b: 0.8, rho: 1 }).map((p) => p.facts?.field)).toEqual(['a + b', 'rho']);
  expect(checkDeco({ a: 0.1, b: 0.8, rho: -0.01 })).toHaveLength(1);
  expect(checkDeco(params)).toEqual([]);
});

it('the unit shock of a session is made of the normals of all its pieces', () => {
  const stream = market(8);
  expect(sessionNormal(stream, 5, 1, 1)).toBe(normal(stream, 5, 0));
  const sum = [0, 1, 2].reduce((total, d) => total + normal(stream, 10, d) + normal(stream, 11, d), 0);
  expect(sessionNormal(stream, 10, 2, 3)).toBeCloseTo(sum / Math.sqrt(6), 14);
});

it('five half-lives are burnt in, none without memory, and never for ever', () => {
  expect(burnInSessions(0)).toBe(0);
  expect(burnInSessions(0.5)).toBe(5);
  expect(burnInSessions(0.97)).toBe(114);
  expect(burnInSessions(0.9999999)).toBe(20_000);
  expect(burnInSessions(1)).toBe(20_000);
});
