// Walks a model through sessions without a market around it: shocks by address, one block, neutral surroundings.
import { addNormals } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import type {
  Kernel,
  Model,
  ModelParams,
  PathBlock,
  VarianceProcess,
  VolatilityModel,
} from '../../lib/models/model.ts';

export const YEARS = 1 / 252;

export interface Walk {
  readonly block: PathBlock;
  /** Log price at the end of each session. */
  readonly ends: Float64Array;
  /** Log return of each session, the first from the start price. */
  readonly returns: Float64Array;
}

export interface WalkOptions<V extends ModelParams> {
  readonly seed?: number;
  readonly name?: string;
  readonly first?: number;
  readonly pieces?: number;
  readonly startPrice?: number;
  readonly years?: number;
  readonly volatility?: { readonly model: VolatilityModel<V>; readonly params: V };
  /** Share of the variance before the open. */
  readonly phi?: number;
  /** Change the inputs of the block before the kernel runs. */
  readonly prepare?: (block: PathBlock) => void;
}

export function emptyBlock(sessions: number, pieces: number, stateLength: number, room = 4): PathBlock {
  const perSession = (value: number) => new Float64Array(sessions).fill(value);
  const size = Math.ceil(sessions * pieces * room) + 64;
  const piece = () => new Float64Array(size);
  const shocks = new Float64Array(sessions * pieces);
  return {
    pieces: Int32Array.from({ length: sessions }, (_, s) => (s + 1) * pieces),
    phi: perSession(0),
    gap: perSession(0),
    scale: perSession(1),
    volatility: perSession(1),
    growth: perSession(0),
    jumpIntensity: perSession(1),
    jumpMean: perSession(0),
    jumpSd: perSession(1),
    target: perSession(1),
    varianceShock: perSession(0),
    shocks,
    fresh: shocks,
    share: new Float64Array(sessions * pieces).fill(1 / pieces),
    cuts: { count: 0, piece: new Int32Array(size), part: piece() },
    state: new Float64Array(stateLength),
    from: piece(),
    to: piece(),
    variance: piece(),
    until: piece(),
    ends: new Int32Array(sessions * pieces),
    annualVariance: perSession(0),
    sd: perSession(0),
    jumps: { count: 0, session: new Int32Array(size), time: piece(), size: piece() },
  };
}

interface Machine {
  readonly kernel: Kernel;
  /** Every input of the sessions asked for. */
  readonly block: PathBlock;
}

function machine<P extends ModelParams, V extends ModelParams>(
  model: Model<P>,
  params: P,
  sessions: number,
  options: WalkOptions<V>,
): Machine {
  const { seed = 1, name = 'X', first = 0, pieces = 1, startPrice = 1, years = YEARS, phi = 0 } = options;
  const stream = (component: string) => streamOf(seed, { scope: 'asset', asset: name, component });
  const setting = { yearsPerSession: years, stream };
  const { volatility = null } = options;
  const process: VarianceProcess | null = volatility?.model.process(volatility.params, setting) ?? null;
  const kernel = model.kernel(params, { ...setting, volatility: process });
  const block = emptyBlock(sessions, pieces, kernel.stateLength);
  addNormals(block.shocks, stream('diffusion'), 1, first, sessions, pieces);
  addNormals(block.varianceShock, stream('variance'), 1, first, sessions, 1);
  if (phi > 0) {
    addNormals(block.gap, stream('overnight'), 1, first, sessions, 1);
    block.phi.fill(phi);
    block.share.fill((1 - phi) / pieces);
  }
  block.state[0] = Math.log(startPrice);
  options.prepare?.(block);
  kernel.start(block.state, first);
  return { kernel, block };
}

export function walk<P extends ModelParams, V extends ModelParams = ModelParams>(
  model: Model<P>,
  params: P,
  sessions: number,
  options: WalkOptions<V> = {},
): Walk {
  const { first = 0, pieces = 1 } = options;
  const { kernel, block } = machine(model, params, sessions, options);
  const opening = block.state[0]!;
  const filled = kernel.fill(block, first, sessions);
  if (filled !== sessions) throw new Error(`only ${filled} of ${sessions} sessions fitted`);
  const ends = Float64Array.from({ length: sessions }, (_, s) => block.to[block.ends[(s + 1) * pieces - 1]! - 1]!);
  const returns = ends.map((x, s) => x - (s === 0 ? opening : ends[s - 1]!));
  return { block, ends, returns };
}

/** All that a walk says, piece by piece, session by session and jump by jump, however it was cut into blocks. */
export interface Trace {
  readonly pieces: number[][];
  readonly sessions: number[][];
  readonly jumps: number[][];
}

/** The same walk in blocks of some sessions, whose arrays have room for that many pieces more than were planned. */
export function trace<P extends ModelParams, V extends ModelParams = ModelParams>(
  model: Model<P>,
  params: P,
  sessions: number,
  length: number,
  options: WalkOptions<V> & { readonly room?: number } = {},
): Trace {
  const { first = 0, pieces = 1, room = 4096 } = options;
  const { kernel, block: whole } = machine(model, params, sessions, options);
  const out: Trace = { pieces: [], sessions: [], jumps: [] };
  const state = whole.state.slice();
  for (let at = 0; at < sessions; ) {
    const asked = Math.min(length, sessions - at);
    const planned = asked * pieces;
    const skipped = whole.cuts.piece.subarray(0, whole.cuts.count).filter((p) => p < at * pieces).length;
    const cutPieces = whole.cuts.piece
      .subarray(skipped, whole.cuts.count)
      .filter((p) => p < (at + asked) * pieces)
      .map((p) => p - at * pieces);
    const cuts = { count: cutPieces.length, piece: cutPieces, part: whole.cuts.part.subarray(skipped) };
    const part = (values: Float64Array) => values.slice(at, at + asked);
    const shocks = whole.shocks.slice(at * pieces, at * pieces + planned);
    const piece = () => new Float64Array(planned + room);
    const block: PathBlock = {
      ...emptyBlock(asked, pieces, 0),
      phi: part(whole.phi),
      gap: part(whole.gap),
      scale: part(whole.scale),
      volatility: part(whole.volatility),
      growth: part(whole.growth),
      jumpIntensity: part(whole.jumpIntensity),
      jumpMean: part(whole.jumpMean),
      jumpSd: part(whole.jumpSd),
      target: part(whole.target),
      varianceShock: part(whole.varianceShock),
      shocks,
      fresh: shocks,
      share: whole.share.slice(at * pieces, at * pieces + planned),
      cuts,
      state,
      from: piece(),
      to: piece(),
      variance: piece(),
      until: piece(),
      jumps: { count: 0, session: new Int32Array(room), time: new Float64Array(room), size: new Float64Array(room) },
    };
    const filled = kernel.fill(block, first + at, asked);
    if (filled === 0) throw new Error('no session fitted');
    const last = block.ends[filled * pieces - 1]!;
    for (let p = 0; p < last; p++) out.pieces.push([block.from[p]!, block.to[p]!, block.variance[p]!, block.until[p]!]);
    for (let s = 0; s < filled; s++) out.sessions.push([block.annualVariance[s]!, block.sd[s]!]);
    for (let j = 0; j < block.jumps.count; j++)
      out.jumps.push([block.jumps.session[j]! + at, block.jumps.time[j]!, block.jumps.size[j]!]);
    at += filled;
  }
  return out;
}

export function mean(x: Float64Array): number {
  let sum = 0;
  for (const v of x) sum += v;
  return sum / x.length;
}

/** Central moment of order k. */
export function central(x: Float64Array, k: number): number {
  const m = mean(x);
  let sum = 0;
  for (const v of x) sum += (v - m) ** k;
  return sum / x.length;
}

/** Mean and its standard error, from the means of some batches: right where values depend on near ones. */
export function meanWithError(x: Float64Array, batches = 200): { readonly mean: number; readonly se: number } {
  const size = Math.floor(x.length / batches);
  const means = Float64Array.from({ length: batches }, (_, b) => mean(x.subarray(b * size, (b + 1) * size)));
  return { mean: mean(x), se: Math.sqrt(central(means, 2) / (batches - 1)) };
}

/** Standard errors between the mean of x and what it should be: below 4 in all but one of 16000. */
export function errors(x: Float64Array, expected: number, batches = 200): number {
  const { mean: m, se } = meanWithError(x, batches);
  return Math.abs(m - expected) / se;
}

export function correlation(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [mean(a), mean(b)];
  const products = a.map((x, i) => (x - ma) * (b[i]! - mb));
  return mean(products) / Math.sqrt(central(a, 2) * central(b, 2));
}
