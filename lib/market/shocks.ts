// The unit shocks of one ticker: the normals of the names or factors it mixes, the blend toward one market, the memory of bars.
import { addNormals, putNormals } from '../math/draw.ts';
import { floats, release } from '../math/kernel.ts';
import { chiSquare } from '../math/laws.ts';
import { type Scope, streamOf } from '../math/stream.ts';
import { sharedNormals, sharedStreams } from './shared.ts';

/** Whose normals go into a shock: a ticker's own or a factor's. */
export interface Source {
  readonly scope: Scope;
  readonly name: string;
}

/**
 * The unit shock of a ticker: sum of weights[k] times the normals of sources[k], squares of the weights summing to 1.
 * Where the mix changes with time, `varying[k]` multiplies the weight, session by session from the first.
 */
export interface Mix {
  readonly sources: readonly Source[];
  readonly weights: readonly number[];
  readonly varying: readonly (Float64Array | null)[] | null;
}

/** The mix of a ticker that nobody else moves. */
export const alone = (ticker: string): Mix => ({
  sources: [{ scope: 'asset', name: ticker }],
  weights: [1],
  varying: null,
});

/** Squares of weights that sum to 1 differ from it by less. */
const ROUNDING = 1e-9;

/** Standard deviation of a session's shock: 1 but where factors move, whose volatility is no matter of the margin. */
export function shockSd({ weights, varying }: Mix, blend: Float64Array | null): (session: number) => number {
  if (varying === null) return () => 1;
  return (session) => {
    let power = 0;
    for (const [k, weight] of weights.entries()) {
      const w = weight * (varying[k]?.[session] ?? 1);
      power += w * w;
    }
    const common = blend?.[session] ?? 0;
    const variance = (1 - common) * power + common;
    return Math.abs(variance - 1) <= ROUNDING ? 1 : Math.sqrt(variance);
  };
}

export interface Mixer {
  /** out[b * perBar + d] = shock d of bar b. `session(b)` is the session of bar b, counted from the first of the request. */
  fill(out: Float64Array, firstBar: number, bars: number, perBar: number, session: (bar: number) => number): void;
}

/**
 * Shocks of one component (`diffusion`, `overnight`, `variance`). `blend` is the weight w, per session, of one normal common to
 * the whole market: correlations R become (1 - w) R + w, a mix of two correlation matrices, so nothing needs repair.
 */
export function mixer(seed: number | string, mix: Mix, component: string, blend: Float64Array | null): Mixer {
  const market = { scope: 'market', name: '' } as const;
  const streams = sharedStreams(
    seed,
    [...mix.sources, ...(blend === null ? [] : [market])].map(({ scope, name }) => ({ scope, asset: name, component })),
  );
  const sources = mix.sources.length;
  // The ticker's own source, the last beside its factors, which nobody else asks for; a name among names may be asked for again.
  const named = sources > 1 && mix.sources.every(({ scope }) => scope === 'asset');
  const own = named ? -1 : sources - 1;
  const varies = (k: number) => (mix.varying?.[k] ?? null) !== null;
  const addShared = sharedNormals(streams);
  // One past the sources from k on that others share and that never change.
  const lastOf = new Int32Array(sources);
  for (let k = sources; k-- > 0; )
    lastOf[k] = k + 1 < sources && k + 1 !== own && !varies(k + 1) ? lastOf[k + 1]! : k + 1;
  const ones = streams.map(() => 1);
  const drawn = (k: number, firstBar: number, bars: number, perBar: number) => {
    const out = scratchOf(bars * perBar);
    if (k === own) addNormals(out, streams[k]!.stream, 1, firstBar, bars, perBar);
    else addShared(out, ones, k, k + 1, firstBar, bars, perBar);
    return out;
  };
  return {
    fill(out, firstBar, bars, perBar, session) {
      const alone = own === 0 && !varies(0);
      if (alone) putNormals(out, streams[0]!.stream, mix.weights[0]!, firstBar, bars, perBar);
      // What others share is put where nothing is yet.
      const isShared = sources > 0 && own !== 0 && !varies(0) && mix.weights[0] !== 0;
      if (!alone && !isShared) out.fill(0, 0, bars * perBar);
      for (let k = alone ? 1 : 0; k < sources; k++) {
        const weight = mix.weights[k]!;
        if (weight === 0) continue;
        if (varies(k)) {
          const normals = drawn(k, firstBar, bars, perBar);
          const varying = mix.varying![k]!;
          for (let b = 0; b < bars; b++) {
            const w = weight * varying[session(b)]!;
            for (let d = b * perBar; d < (b + 1) * perBar; d++) out[d] = out[d]! + w * normals[d]!;
          }
        } else if (k === own) addNormals(out, streams[k]!.stream, weight, firstBar, bars, perBar);
        else {
          addShared(out, mix.weights, k, lastOf[k]!, firstBar, bars, perBar, k === 0);
          k = lastOf[k]! - 1;
        }
      }
      if (blend === null) return;
      const normals = drawn(sources, firstBar, bars, perBar);
      for (let b = 0; b < bars; b++) {
        const w = blend[session(b)]!;
        if (w === 0) continue;
        const [own, shared] = [Math.sqrt(1 - w), Math.sqrt(w)];
        for (let d = b * perBar; d < (b + 1) * perBar; d++) out[d] = own * out[d]! + shared * normals[d]!;
      }
    },
  };
}

let scratch = floats(0);

/** Zeros, until the next call. */
function scratchOf(length: number): Float64Array {
  if (scratch.length < length) {
    release(scratch);
    scratch = floats(length);
  }
  return scratch.subarray(0, length).fill(0);
}

/**
 * Factor sqrt((nu - 2) / chi^2(nu)) that turns unit normals into unit-variance Student t(nu): one draw a session for the whole
 * market, so correlations stay and large moves come together.
 */
export function studentMixing(seed: number | string, component: string, nu: number): (session: number) => number {
  const stream = streamOf(seed, { scope: 'market', asset: '', component });
  return (session) => Math.sqrt((nu - 2) / chiSquare(stream, session, 0, nu));
}

/** First-order memory of bar shocks: y(b) = phi y(b - 1) + sqrt(1 - phi^2) times the bar's own, so the variance stays 1. */
export interface Memory {
  /** Shocks of bars from their own ones, `perBar` a bar; phi of each bar. The part that is known before the bar is spread evenly over it. */
  apply(fresh: Float64Array, shocks: Float64Array, bars: number, perBar: number, phi: Float64Array): void;
  /** Go on after that bar of the last run: the ones behind it were not used. */
  resume(bar: number): void;
}

export function memory(): Memory {
  let last = 0;
  let moves = new Float64Array(0);
  return {
    apply(own, shocks, bars, perBar, phi) {
      if (moves.length < bars) moves = new Float64Array(bars);
      const even = 1 / Math.sqrt(perBar);
      for (let b = 0; b < bars; b++) {
        const share = phi[b]!;
        const known = share * last * even;
        const fresh = Math.sqrt(1 - share * share);
        for (let d = b * perBar; d < (b + 1) * perBar; d++) shocks[d] = known + fresh * own[d]!;
        last = moveOf(shocks, b, perBar);
        moves[b] = last;
      }
    },
    resume(bar) {
      last = moves[bar]!;
    },
  };
}

/** The unit shock of a whole bar. */
function moveOf(shocks: Float64Array, bar: number, perBar: number): number {
  let sum = 0;
  for (let d = bar * perBar; d < (bar + 1) * perBar; d++) sum += shocks[d]!;
  return sum / Math.sqrt(perBar);
}
