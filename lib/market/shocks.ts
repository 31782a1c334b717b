// The unit shocks of one ticker: the normals of the names or factors it mixes, the blend toward one market, the memory of bars.
import { addNormals } from '../math/draw.ts';
import { chiSquare } from '../math/laws.ts';
import { type Scope, type Stream, streamOf } from '../math/stream.ts';

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

export interface Mixer {
  /** out[b * perBar + d] = shock d of bar b. `session(b)` is the session of bar b, counted from the first of the request. */
  fill(out: Float64Array, firstBar: number, bars: number, perBar: number, session: (bar: number) => number): void;
}

/**
 * Shocks of one component (`diffusion`, `overnight`, `variance`). `blend` is the weight w, per session, of one normal common to
 * the whole market: correlations R become (1 - w) R + w, a mix of two correlation matrices, so nothing needs repair.
 */
export function mixer(seed: number | string, mix: Mix, component: string, blend: Float64Array | null): Mixer {
  const streams = mix.sources.map(({ scope, name }) => streamOf(seed, { scope, asset: name, component }));
  // The ticker's own source, the last beside its factors, which nobody else asks for; a name among names may be asked for again.
  const named = mix.sources.length > 1 && mix.sources.every(({ scope }) => scope === 'asset');
  const own = named ? -1 : mix.sources.length - 1;
  forget(seed);
  const common = streamOf(seed, { scope: 'market', asset: '', component });
  let scratch = new Float64Array(0);
  const drawn = (stream: Stream, firstBar: number, bars: number, perBar: number) => {
    if (scratch.length < bars * perBar) scratch = new Float64Array(bars * perBar);
    scratch.fill(0, 0, bars * perBar);
    addNormals(scratch.subarray(0, bars * perBar), stream, 1, firstBar, bars, perBar);
    return scratch;
  };
  return {
    fill(out, firstBar, bars, perBar, session) {
      out.fill(0, 0, bars * perBar);
      streams.forEach((stream, k) => {
        const weight = mix.weights[k]!;
        const varying = mix.varying?.[k] ?? null;
        if (weight === 0) return;
        if (varying === null) {
          if (k === own) addNormals(out, stream, weight, firstBar, bars, perBar);
          else addShared(out, stream, weight, firstBar, bars, perBar);
          return;
        }
        const normals = drawn(stream, firstBar, bars, perBar);
        for (let b = 0; b < bars; b++) {
          const w = weight * varying[session(b)]!;
          for (let d = b * perBar; d < (b + 1) * perBar; d++) out[d] = out[d]! + w * normals[d]!;
        }
      });
      if (blend === null) return;
      const normals = drawn(common, firstBar, bars, perBar);
      for (let b = 0; b < bars; b++) {
        const w = blend[session(b)]!;
        if (w === 0) continue;
        const [own, shared] = [Math.sqrt(1 - w), Math.sqrt(w)];
        for (let d = b * perBar; d < (b + 1) * perBar; d++) out[d] = own * out[d]! + shared * normals[d]!;
      }
    },
  };
}

// Tickers of one thread mix the same names and factors: normals are kept, for one seed, while there is room.
const RUN = 512;
const SLAB = 65_536;
const MOST_SLABS = 128;
const kept = new Map<string, Float64Array>();
let keptSeed: number | string = '';
const slabs: Float64Array[] = [];
let used = SLAB;

function forget(seed: number | string): void {
  if (seed === keptSeed) return;
  keptSeed = seed;
  slabs.length = 0;
  used = SLAB;
  kept.clear();
}

/** `addNormals` by runs of bars that are drawn once. */
function addShared(
  out: Float64Array,
  stream: Stream,
  weight: number,
  firstBar: number,
  bars: number,
  perBar: number,
): void {
  for (let bar = firstBar; bar < firstBar + bars; ) {
    const run = Math.floor(bar / RUN);
    const end = Math.min(firstBar + bars, (run + 1) * RUN);
    const part = out.subarray((bar - firstBar) * perBar, (end - firstBar) * perBar);
    const normals = runOf(stream, run, perBar);
    const at = (bar - run * RUN) * perBar;
    if (normals === null) addNormals(part, stream, weight, bar, end - bar, perBar);
    else for (let i = 0; i < part.length; i++) part[i] = part[i]! + weight * normals[at + i]!;
    bar = end;
  }
}

/** Normals of a run of bars of a stream; null when there is no room for them. */
function runOf(stream: Stream, run: number, perBar: number): Float64Array | null {
  const { key0, key1, mask0, mask1 } = stream;
  const name = `${key0} ${key1} ${mask0} ${mask1} ${run} ${perBar}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const length = RUN * perBar;
  if (used + length > SLAB) {
    if (length > SLAB || slabs.length === MOST_SLABS) return null;
    slabs.push(new Float64Array(SLAB));
    used = 0;
  }
  const normals = slabs.at(-1)!.subarray(used, used + length);
  used += length;
  addNormals(normals, stream, 1, run * RUN, RUN, perBar);
  kept.set(name, normals);
  return normals;
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
