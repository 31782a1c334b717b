// Runs of sessions that nothing cuts and no jump falls into, by a kernel: what lib/models/path.ts does session by session.
import { putNormals } from '../math/draw.ts';
import { floats, kernelOf, place, release } from '../math/kernel.ts';
import type { Stream } from '../math/stream.ts';
import wasm from './kernels/path.wasm';
import type { PathBlock, VarianceColumns, VarianceProcess, VarianceStep } from './model.ts';

/** A boolean would be turned into a number anew with every call. */
type Flag = 0 | 1;

interface PathKernel {
  init(columns: number, most: number): void;
  lay(table: number): void;
  path(
    first: number,
    end: number,
    planned: number,
    piece: number,
    each: Flag,
    single: Flag,
    jumps: Flag,
    sway: number,
    x: number,
    mu: number,
    years: number,
  ): number;
  alone(first: number, end: number, planned: number): number;
  leans(count: number): number;
  garchPath(
    first: number,
    end: number,
    planned: number,
    piece: number,
    jumps: Flag,
    law: number,
    mu: number,
    years: number,
  ): void;
}

/** Sessions of a run at most. */
export const LONGEST_RUN = 512;
/** What the kernel finds in a block, in its order. */
const COLUMNS = [
  'pieces',
  'phi',
  'gap',
  'scale',
  'volatility',
  'growth',
  'target',
  'share',
  'shocks',
  'fresh',
  'from',
  'to',
  'variance',
  'until',
  'ends',
  'annualVariance',
  'sd',
] as const satisfies readonly (keyof PathBlock)[];

let table: Int32Array;
let columns: VarianceColumns;
let compensations: Float64Array;
let law: Float64Array;
let swayNormals: Float64Array = floats(0);

const pathKernel = kernelOf<PathKernel>(wasm, ({ init }, zeros) => {
  const all = zeros(8 * LONGEST_RUN);
  const column = (k: number) => all.subarray(k * LONGEST_RUN, (k + 1) * LONGEST_RUN);
  columns = { integrated: column(0), leverage: column(1), residual: column(2), annual: column(3) };
  compensations = column(4);
  law = zeros(7);
  const places = zeros(Math.ceil(COLUMNS.length / 2));
  table = new Int32Array(places.buffer, places.byteOffset, COLUMNS.length);
  init(place(all), LONGEST_RUN);
});

/** The block that the kernel knows, and whether it all lies in its memory. */
let laid: PathBlock | null = null;
let reachable = false;

function lay(kernel: PathKernel, block: PathBlock): boolean {
  if (block === laid) return reachable;
  laid = block;
  COLUMNS.forEach((name, k) => {
    table[k] = place(block[name]);
  });
  reachable = table.every((at) => at !== 0);
  kernel.lay(table.byteOffset);
  return reachable;
}

/** Walks a path through sessions at once. */
export interface PlainRuns {
  /** Drift that the jumps of each session of a run take, from its first on. */
  readonly lost: Float64Array;
  /** Can the kernel reach this block? */
  ready(block: PathBlock): boolean;
  /** Sessions first..end-1, the first of which is session `session` and has its pieces from `planned` on, which go to `piece`. */
  run(block: PathBlock, session: number, first: number, end: number, planned: number, piece: number): void;
}

/** Runs of a path of growth `mu`; null where its variance needs every session by itself. */
export function plainRuns(
  mu: number,
  variance: VarianceProcess,
  jumps: boolean,
  years: number,
  leverage: () => Stream,
): PlainRuns | null {
  const { source } = variance;
  if (source === undefined) return null;
  const step: VarianceStep = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
  if (source.of === 'nothing') variance.step(new Float64Array(1), 0, 0, 1, step);
  const lost = new Float64Array(jumps ? LONGEST_RUN : 0);
  const jumping = jumps ? 1 : 0;
  return {
    lost,
    ready(block) {
      const kernel = pathKernel();
      return kernel !== null && lay(kernel, block) && hasRoom(block.share.length + block.phi.length);
    },
    run(block, session, first, end, planned, piece) {
      const { state } = block;
      const kernel = pathKernel()!;
      if (jumps) compensations.set(lost.subarray(0, end - first));
      if (source.of === 'innovations') {
        const { alpha, gamma, beta, omega } = source;
        law.set([state[0]!, state[1]!, state[2]!, alpha, alpha + gamma, beta, omega]);
        kernel.garchPath(first, end, planned, piece, jumping, law.byteOffset, mu, years);
        state.set(law.subarray(0, 3));
        return;
      }
      const each = source.of === 'shocks' ? 1 : 0;
      const single = each === 1 && kernel.alone(first, end, planned) !== 0 ? 1 : 0;
      let sway = 0;
      if (source.of === 'shocks') {
        source.steps(state, 1, block, first, end, columns);
        if (single === 0 && kernel.leans(end - first) !== 0)
          sway = drawSways(block, leverage(), session, first, end, planned);
      } else {
        columns.integrated[0] = step.integrated;
        columns.leverage[0] = step.leverage;
        columns.residual[0] = step.residual;
        columns.annual[0] = step.annual;
      }
      state[0] = kernel.path(first, end, planned, piece, each, single, jumping, sway, state[0]!, mu, years);
    },
  };
}

/** Is there room for that many normals of the leverage? */
function hasRoom(length: number): boolean {
  if (swayNormals.length < length) {
    release(swayNormals);
    swayNormals = floats(2 * length);
  }
  return place(swayNormals) !== 0;
}

/** Normals of the leverage of a run, for each session one more than its pieces; returns where they lie. */
function drawSways(
  { pieces }: PathBlock,
  stream: Stream,
  session: number,
  first: number,
  end: number,
  planned: number,
): number {
  for (let s = first, at = 0; s < end; ) {
    const begun = s;
    const count = pieces[s]! - planned;
    for (; s < end && pieces[s]! - planned === count; s++) planned = pieces[s]!;
    putNormals(swayNormals.subarray(at), stream, 1, session + begun - first, s - begun, count + 1);
    at += (s - begun) * (count + 1);
  }
  return place(swayNormals);
}
