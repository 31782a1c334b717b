// Laws of runs of sessions in the kernel: the bits of the loop session by session, whatever happens to the sessions around them.
import { afterEach, describe, expect, it } from 'vitest';
import { addNormals, uniform } from '../../lib/math/draw.ts';
import { floats, kernelOf, release, useTwins } from '../../lib/math/kernel.ts';
import { type Stream, streamOf } from '../../lib/math/stream.ts';
import wasm from '../../lib/models/kernels/path.wasm';
import squareRootWasm from '../../lib/models/kernels/square-root.wasm';
import type { JumpLaw } from '../../lib/models/law.ts';
import type { PathBlock, VarianceProcess } from '../../lib/models/model.ts';
import { constantVariance, pathKernel } from '../../lib/models/path.ts';
import { plainRuns } from '../../lib/models/plain.ts';
import { type SquareRootParams, squareRootVariance } from '../../lib/models/square-root.ts';
import { type GarchParams, model as garch } from '../../lib/models/volatility/garch.ts';
import { emptyBlock, YEARS } from './rig.ts';

afterEach(() => useTwins(false));
const stream = (component: string): Stream => streamOf(5, { scope: 'asset', asset: 'X', component });

/** The same block with every array in the memory of kernels; `close` gives them back. */
function reachable(block: PathBlock): { readonly block: PathBlock; readonly close: () => void } {
  const lent: Float64Array[] = [];
  const moved = new Map<unknown, Float64Array | Int32Array>();
  const move = (array: Float64Array | Int32Array) => {
    const known = moved.get(array);
    if (known !== undefined) return known;
    const under = floats(Math.ceil(array.byteLength / 8));
    lent.push(under);
    const there = array instanceof Int32Array ? new Int32Array(under.buffer, under.byteOffset, array.length) : under;
    there.set(array);
    moved.set(array, there);
    return there;
  };
  const entries = Object.entries(block).map(([name, value]) => [
    name,
    value instanceof Float64Array || value instanceof Int32Array ? move(value) : value,
  ]);
  return { block: Object.fromEntries(entries) as PathBlock, close: () => release(...lent) };
}

interface Sort {
  readonly sessions: number;
  /** Pieces of each session, by its number. */
  readonly pieces: (s: number) => number;
  readonly phi: number;
  /** Regimes, events and margins: factors that differ from session to session. */
  readonly loud: boolean;
  /** Is every seventh session half as long? */
  readonly short: boolean;
  readonly remembers: boolean;
}

/** A block with room for 40 pieces that jumps cut. */
function blockOf({ sessions, pieces, phi, loud, short, remembers }: Sort, stateLength: number): PathBlock {
  const counts = Array.from({ length: sessions }, (_, s) => pieces(s));
  const planned = counts.reduce((a, b) => a + b, 0);
  const fresh = new Float64Array(planned);
  const piece = () => new Float64Array(planned + 40);
  const block: PathBlock = {
    ...emptyBlock(sessions, 1, stateLength),
    pieces: new Int32Array(sessions),
    shocks: fresh,
    fresh,
    share: new Float64Array(planned),
    from: piece(),
    to: piece(),
    variance: piece(),
    until: piece(),
    ends: new Int32Array(planned),
  };
  let p = 0;
  counts.forEach((count, s) => {
    const whole = short && s % 7 === 3 ? 0.5 : 1;
    for (let k = 0; k < count; k++, p++) block.share[p] = (whole * (1 - phi) * (loud ? 1 + (k % 3) : 1)) / count;
    block.pieces[s] = p;
    block.phi[s] = loud && s % 5 === 4 ? 0 : phi;
    if (!loud) return;
    const some = (k: number) => uniform(stream('loud'), s, k);
    block.volatility[s] = s % 11 === 5 ? 0 : 0.5 + some(0);
    block.scale[s] = 0.5 + some(1);
    block.growth[s] = some(2) - 0.5;
    block.target[s] = 0.5 + some(3);
    block.jumpIntensity[s] = some(4) < 0.2 ? 0 : 1;
  });
  addNormals(fresh, stream('diffusion'), 1, 0, planned, 1);
  addNormals(block.varianceShock, stream('variance'), 1, 0, sessions, 1);
  addNormals(block.gap, stream('overnight'), 1, 0, sessions, 1);
  block.state[0] = 4.6;
  return remembers ? { ...block, shocks: fresh.map((z, k) => 0.9 * z + 0.1 * (k === 0 ? 0 : fresh[k - 1]!)) } : block;
}

/** All that a path says of the sessions that fitted, and how many did. */
function told(block: PathBlock, filled: number): Record<string, unknown> {
  const { pieces, ends, state, jumps } = block;
  const planned = pieces[filled - 1]!;
  const last = ends[planned - 1]!;
  const values = (array: Float64Array | Int32Array, count: number) => Array.from(array.subarray(0, count));
  return {
    filled,
    state: Array.from(state),
    ends: values(ends, planned),
    ...Object.fromEntries(
      (['from', 'to', 'variance', 'until'] as const).map((name) => [name, values(block[name], last)]),
    ),
    ...Object.fromEntries((['annualVariance', 'sd'] as const).map((name) => [name, values(block[name], filled)])),
    jumps: values(jumps.time, jumps.count),
  };
}

const JUMPS: JumpLaw = { intensity: 20, compensator: () => 0.01, size: () => -0.02 };
const HESTON: SquareRootParams = { kappa: 4, theta: 0.04, xi: 0.36, rho: -0.5 };
const GARCH: GarchParams = { sigma: 0.2, alpha: 0.06, gamma: 0.05, beta: 0.9, innovations: 'normal' };
const variances: readonly (readonly [string, () => VarianceProcess])[] = [
  ['a variance that never changes', () => constantVariance(0.2, YEARS)],
  ['GARCH', () => garch.process(GARCH, { yearsPerSession: YEARS, stream })],
  ['QE', () => squareRootVariance(HESTON, YEARS)],
  ['QE that touches 0', () => squareRootVariance({ ...HESTON, theta: 0.01, xi: 0.9, rho: 0.7 }, YEARS)],
  ['Euler', () => squareRootVariance({ ...HESTON, scheme: 'euler' }, YEARS)],
  ['a variance that only reverts', () => squareRootVariance({ ...HESTON, xi: 0, v0: 0.09 }, YEARS)],
];
const sorts: readonly (readonly [string, Sort])[] = [
  ['days of one piece', { sessions: 531, pieces: () => 1, phi: 0, loud: false, short: false, remembers: false }],
  ['loud days of one piece', { sessions: 99, pieces: () => 1, phi: 0, loud: true, short: false, remembers: true }],
  ['short days of one piece', { sessions: 40, pieces: () => 1, phi: 0, loud: true, short: true, remembers: false }],
  [
    'days of four pieces and a night',
    { sessions: 90, pieces: () => 4, phi: 0.2, loud: false, short: false, remembers: true },
  ],
  ['days of three pieces', { sessions: 45, pieces: () => 3, phi: 0, loud: false, short: false, remembers: false }],
  [
    'days of one piece and a night',
    { sessions: 33, pieces: () => 1, phi: 0.3, loud: true, short: true, remembers: true },
  ],
  [
    'sessions of every length',
    { sessions: 61, pieces: (s) => 1 + (s % 6), phi: 0.1, loud: true, short: true, remembers: true },
  ],
  ['one long session', { sessions: 1, pieces: () => 301, phi: 0.1, loud: true, short: true, remembers: false }],
];

describe('runs of sessions', () => {
  it('have a kernel here, for blocks that lie in its memory', () => {
    expect(kernelOf(wasm, () => {})()).not.toBeNull();
    expect(kernelOf(squareRootWasm, () => {})()).not.toBeNull();
    const runs = plainRuns(0, constantVariance(0.2, YEARS), false, YEARS, () => stream('leverage'))!;
    const outside = blockOf(sorts[0]![1], 1);
    const { block, close } = reachable(outside);
    expect([runs.ready(outside), runs.ready(block)]).toEqual([false, true]);
    useTwins(true);
    expect(runs.ready(block)).toBe(false);
    close();
  });

  /** What a path makes of a block that is readied so, by kernels and by their twins. */
  const bothWays = (parts: Parameters<typeof pathKernel>[0], of: Sort, ready: (block: PathBlock) => void) =>
    [false, true].map((twins) => {
      const kernel = pathKernel(parts, { yearsPerSession: YEARS, stream });
      const { block, close } = reachable(blockOf(of, kernel.stateLength));
      kernel.start(block.state, 0);
      ready(block);
      useTwins(twins);
      const out = told(block, kernel.fill(block, 0, of.sessions));
      useTwins(false);
      close();
      return out;
    });

  for (const [name, variance] of variances)
    for (const [sort, of] of sorts)
      it(`${name}, ${sort}: the bits of one session after the other`, () => {
        for (const jumps of [null, JUMPS, { ...JUMPS, intensity: 400 }]) {
          const [kernels, twins] = bothWays({ mu: 0.1, variance: variance(), jumps }, of, () => {});
          expect(kernels).toEqual(twins);
        }
      });

  it('a session that differs from those around it is not taken for one of them, nor are all alike for usual ones', () => {
    const of: Sort = { sessions: 23, pieces: () => 3, phi: 0, loud: false, short: false, remembers: false };
    const parts = { mu: 0.1, variance: constantVariance(0.2, YEARS), jumps: null };
    for (const name of ['volatility', 'growth', 'scale', 'phi', 'share', null] as const)
      for (const odd of [0, 1, 17, 22]) {
        const [kernels, twins] = bothWays(parts, of, (block) => {
          block.volatility.fill(0.7);
          block.growth.fill(-0.3);
          block.scale.fill(1.1);
          if (name !== null) block[name][odd] = 0.25;
        });
        expect(kernels).toEqual(twins);
      }
  });
});
