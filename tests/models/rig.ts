// Walks a model through sessions without a market around it: shocks by address, one block, neutral surroundings.
import { addNormals } from '../../lib/math/draw.ts';
import { streamOf } from '../../lib/math/stream.ts';
import type { Model, ModelParams, PathBlock, VarianceProcess, VolatilityModel } from '../../lib/models/model.ts';

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
    shocks: new Float64Array(sessions * pieces),
    share: new Float64Array(sessions * pieces).fill(1 / pieces),
    cuts: { count: 0, place: piece() },
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

export function walk<P extends ModelParams, V extends ModelParams = ModelParams>(
  model: Model<P>,
  params: P,
  sessions: number,
  options: WalkOptions<V> = {},
): Walk {
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
  const opening = block.state[0]!;
  const filled = kernel.fill(block, first, sessions);
  if (filled !== sessions) throw new Error(`only ${filled} of ${sessions} sessions fitted`);
  const ends = Float64Array.from({ length: sessions }, (_, s) => block.to[block.ends[(s + 1) * pieces - 1]! - 1]!);
  const returns = ends.map((x, s) => x - (s === 0 ? opening : ends[s - 1]!));
  return { block, ends, returns };
}

export function mean(x: Float64Array): number {
  return x.reduce((a, b) => a + b, 0) / x.length;
}

/** Central moment of order k. */
export function central(x: Float64Array, k: number): number {
  const m = mean(x);
  return x.reduce((a, v) => a + (v - m) ** k, 0) / x.length;
}

/** Mean and its standard error, for independent values. */
export function meanWithError(x: Float64Array): { readonly mean: number; readonly se: number } {
  return { mean: mean(x), se: Math.sqrt(central(x, 2) / x.length) };
}
