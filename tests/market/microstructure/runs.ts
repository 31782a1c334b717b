// Runs of bars for tests of the microstructure: neutral unless told otherwise, cut into blocks at will.
import type { Conditions } from '../../../lib/market/microstructure/conditions.ts';
import { normal } from '../../../lib/math/draw.ts';
import { type Stream, streamOf } from '../../../lib/math/stream.ts';

export const streamFor = (seed: number, component: string): Stream =>
  streamOf(seed, { scope: 'asset', asset: 'X', component });

/** n unit normals by address. */
export function normals(seed: number, component: string, n: number): Float64Array {
  const stream = streamFor(seed, component);
  return Float64Array.from({ length: n }, (_, bar) => normal(stream, bar, 0));
}

/** n bars at a mid of 1000 where every ratio and factor is 1 and nothing moved, save what is given. */
export function conditions(n: number, given: Partial<Conditions> = {}): Conditions {
  const one = new Float64Array(n).fill(1);
  return {
    bars: n,
    bar: Int32Array.from({ length: n }, (_, b) => b),
    mid: new Float64Array(n).fill(1000),
    volatility: one,
    volume: one,
    spreadFactor: one,
    depthFactor: one,
    clock: one,
    shock: new Float64Array(n),
    ...given,
  };
}

type Columns = Readonly<Record<string, Float64Array>>;
const part = (values: ArrayLike<number>, from: number, to: number) => Float64Array.from(values).subarray(from, to);

/** Entries from..to of a run. */
export function slice(run: Conditions, from: number, to: number): Conditions {
  const arrays = Object.entries(run).filter(([name]) => name !== 'bars');
  return {
    ...Object.fromEntries(arrays.map(([name, values]) => [name, part(values, from, to)])),
    bars: to - from,
  } as unknown as Conditions;
}

/** What a kernel gives for a whole run when it gets it in blocks of the given length. */
export function inBlocks<Out>(
  kernel: (run: Conditions, out: Out) => void,
  run: Conditions,
  out: Out,
  block: number,
): Out {
  for (let at = 0; at < run.bars; at += block) {
    const end = Math.min(run.bars, at + block);
    const cut = Object.entries(out as Columns).map(([name, values]) => [name, values.subarray(at, end)]);
    kernel(slice(run, at, end), Object.fromEntries(cut));
  }
  return out;
}
