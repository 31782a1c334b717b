// Normals that tickers of one thread share: drawn once for each run of bars and kept, for one seed, while there is room.
import { Rows } from '../math/arrays.ts';
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
  readonly runs: Map<number, Rows>;
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

/** The streams of some addresses; one of a seed is hashed once, whoever asks. What was kept for another seed is forgotten. */
export function sharedStreams(seed: number | string, addresses: readonly Address[]): Stream[] {
  if (seed !== store.seed) {
    release(...store.slabs);
    for (const rows of store.runs.values()) rows.close();
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
      numbers = new Int32Array(streams.length).fill(-1);
    }
    const own = numbers;
    for (let bar = firstBar; bar < firstBar + bars; ) {
      const run = Math.floor(bar / RUN);
      const last = Math.min(firstBar + bars, (run + 1) * RUN);
      const part = bar === firstBar ? out : out.subarray((bar - firstBar) * perBar);
      const length = (last - bar) * perBar;
      const from = (bar - run * RUN) * perBar;
      const rows = rowsOf(run, perBar);
      const { values } = rows;
      // Those of a matrix are numbered one after the other, and added at once.
      let begin = first;
      for (let k = first; k < end; k++) {
        if (own[k]! < 0) own[k] = numberOf(streams[k]!);
        const number = own[k]!;
        const there =
          weights[k] !== 0 && (values[number] !== undefined || draw(rows, number, streams[k]!, run, perBar));
        if (there && number - own[begin]! === k - begin) continue;
        if (k > begin) rows.add(part, length, own[begin]! - begin, weights, begin, k, from);
        begin = there ? k : k + 1;
        if (!there && weights[k] !== 0) addNormals(part, streams[k]!, weights[k]!, bar, last - bar, perBar);
      }
      if (end > begin) rows.add(part, length, own[begin]! - begin, weights, begin, end, from);
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
function rowsOf(run: number, perBar: number): Rows {
  // A bar has fewer draws than that.
  const name = run * RETRY + perBar;
  let rows = store.runs.get(name);
  if (rows === undefined) {
    rows = new Rows();
    store.runs.set(name, rows);
  }
  return rows;
}

/** Draws a run of bars of a stream; false when there is no room for it. */
function draw(rows: Rows, number: number, stream: Stream, run: number, perBar: number): boolean {
  const length = RUN * perBar;
  if (store.used + length > SLAB) {
    if (length > SLAB || store.slabs.length === MOST_SLABS) return false;
    store.slabs.push(floats(SLAB, false));
    store.used = 0;
  }
  const normals = store.slabs.at(-1)!.subarray(store.used, store.used + length);
  store.used += length + GAP;
  putNormals(normals, stream, 1, run * RUN, RUN, perBar);
  rows.put(number, normals);
  return true;
}
