// Normals that tickers of one thread share: drawn once for each run of bars and kept, for one seed, while there is room.
import { addRows, MOST_ROWS, putRow, type Row, roomForRows, rowOf } from '../math/arrays.ts';
import { addNormals, putNormals, RETRY } from '../math/draw.ts';
import { floats, release } from '../math/kernel.ts';
import { type Address, type Stream, streamOf } from '../math/stream.ts';

/** Bars of a run, numbered from a multiple of it. */
const RUN = 512;
/** Doubles of a slab, and the most slabs: 64 MiB. */
const SLAB = 65_536;
const MOST_SLABS = 128;
/** Runs are a line of the cache further apart than a page, or all would want the same place of the cache. */
const GAP = 8;

interface Store {
  readonly seed: number | string;
  readonly streams: Map<string, Stream>;
  /** Streams are numbered as they are asked for; the normals of a run of bars of so many pieces are kept by these numbers. */
  readonly numbers: Map<Stream, number>;
  readonly runs: Map<number, (Row | undefined)[]>;
  readonly slabs: Float64Array[];
  used: number;
}

const emptyStore = (seed: number | string): Store => ({
  seed,
  streams: new Map(),
  numbers: new Map(),
  runs: new Map(),
  slabs: [],
  used: SLAB,
});
let store = emptyStore('');
const rows = roomForRows();

/** The streams of some addresses; one of a seed is hashed once, whoever asks. What was kept for another seed is forgotten. */
export function sharedStreams(seed: number | string, addresses: readonly Address[]): Stream[] {
  if (seed !== store.seed) {
    release(...store.slabs);
    store = emptyStore(seed);
  }
  return addresses.map((address) => {
    const name = `${address.scope} ${address.component} ${address.asset}`;
    const known = store.streams.get(name);
    if (known !== undefined) return known;
    const stream = streamOf(seed, address);
    store.streams.set(name, stream);
    return stream;
  });
}

/** Adds weights[k] times the normals of streams[k], for k from `first` to `end` - 1, to shocks of bars of `perBar` pieces. */
export type AddShared = (
  out: Float64Array,
  weights: readonly number[],
  first: number,
  end: number,
  firstBar: number,
  bars: number,
  perBar: number,
) => void;

/** As `addNormals` source after source; whoever asks for streams of `sharedStreams` shares their normals. */
export function sharedNormals(streams: readonly Stream[]): AddShared {
  let of: Store | null = null;
  let numbers = new Int32Array(0);
  return (out, weights, first, end, firstBar, bars, perBar) => {
    if (of !== store) {
      of = store;
      numbers = Int32Array.from(streams, numberOf);
    }
    const own = numbers;
    for (let bar = firstBar; bar < firstBar + bars; ) {
      const run = Math.floor(bar / RUN);
      const last = Math.min(firstBar + bars, (run + 1) * RUN);
      const part = bar === firstBar ? out : out.subarray((bar - firstBar) * perBar);
      const length = (last - bar) * perBar;
      const from = (bar - run * RUN) * perBar;
      const known = rowsOf(run, perBar);
      let waiting = 0;
      for (let k = first; k < end; k++) {
        const weight = weights[k]!;
        if (weight === 0) continue;
        const number = own[k]!;
        const row = known[number] ?? drawnRow(known, number, streams[k]!, run, perBar);
        if (row !== null) {
          putRow(rows, waiting++, row, weight);
          if (waiting < MOST_ROWS) continue;
        }
        addRows(part, length, rows, waiting, from);
        waiting = 0;
        if (row === null) addNormals(part, streams[k]!, weight, bar, last - bar, perBar);
      }
      addRows(part, length, rows, waiting, from);
      bar = last;
    }
  };
}

function numberOf(stream: Stream): number {
  const { numbers } = store;
  if (!numbers.has(stream)) numbers.set(stream, numbers.size);
  return numbers.get(stream)!;
}

/** What is kept of a run, by the numbers of streams. */
function rowsOf(run: number, perBar: number): (Row | undefined)[] {
  // A bar has fewer draws than that.
  const name = run * RETRY + perBar;
  let known = store.runs.get(name);
  if (known === undefined) {
    known = [];
    store.runs.set(name, known);
  }
  return known;
}

/** Draws a run of bars of a stream; null when there is no room for it. */
function drawnRow(known: (Row | undefined)[], number: number, stream: Stream, run: number, perBar: number): Row | null {
  const length = RUN * perBar;
  if (store.used + length > SLAB) {
    if (length > SLAB || store.slabs.length === MOST_SLABS) return null;
    store.slabs.push(floats(SLAB, false));
    store.used = 0;
  }
  const normals = store.slabs.at(-1)!.subarray(store.used, store.used + length);
  store.used += length + GAP;
  putNormals(normals, stream, 1, run * RUN, RUN, perBar);
  const row = rowOf(normals);
  // Without gaps, which would make it a slower kind of array.
  for (let n = known.length; n < number; n++) known[n] = undefined;
  known[number] = row;
  return row;
}
