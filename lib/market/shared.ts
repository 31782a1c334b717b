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
  readonly streams: Map<string, Shared>;
  /** The normals of a run of bars of so many pieces, by the numbers of their streams; how many streams have one. */
  readonly runs: Map<number, Rows>;
  count: number;
  readonly slabs: Float64Array[];
  used: number;
}

/** A stream that tickers share, and its number in the store that it was asked of last. */
export interface Shared {
  readonly stream: Stream;
  of: Store | null;
  number: number;
}

const emptyStore = (seed: number | string): Store => ({
  seed,
  streams: new Map(),
  runs: new Map(),
  count: 0,
  slabs: [],
  used: SLAB,
});
let store = emptyStore('');

/** The streams of some addresses; one of a seed is hashed once, whoever asks. What was kept for another seed is forgotten. */
export function sharedStreams(seed: number | string, addresses: readonly Address[]): Shared[] {
  if (seed !== store.seed) {
    release(...store.slabs);
    for (const rows of store.runs.values()) rows.close();
    store = emptyStore(seed);
  }
  return addresses.map((address) => {
    const name = `${address.scope} ${address.component} ${address.asset}`;
    const known = store.streams.get(name);
    if (known !== undefined) return known;
    const shared: Shared = { stream: streamOf(seed, address), of: null, number: 0 };
    store.streams.set(name, shared);
    return shared;
  });
}

/** Adds weights[k] times the normals of streams[k], for k from `first` to `end` - 1, to shocks of bars of `perBar` pieces, or to zeros. */
export type AddShared = (
  out: Float64Array,
  weights: readonly number[],
  first: number,
  end: number,
  firstBar: number,
  bars: number,
  perBar: number,
  toZeros?: boolean,
) => void;

/** As `addNormals` source after source; whoever asks for streams of `sharedStreams` shares their normals. */
export function sharedNormals(streams: readonly Shared[]): AddShared {
  return (out, weights, first, end, firstBar, bars, perBar, toZeros = false) => {
    for (let bar = firstBar; bar < firstBar + bars; ) {
      const run = Math.floor(bar / RUN);
      const last = Math.min(firstBar + bars, (run + 1) * RUN);
      const part = bar === firstBar ? out : out.subarray((bar - firstBar) * perBar);
      const length = (last - bar) * perBar;
      const from = (bar - run * RUN) * perBar;
      const rows = rowsOf(run, perBar);
      let fresh = toZeros;
      for (let k = first; k < end; ) {
        // Those of a matrix are numbered one after the other, and added at once.
        const begin = k;
        const number = numberOf(streams[k]!);
        while (
          k < end &&
          weights[k] !== 0 &&
          numberOf(streams[k]!) - number === k - begin &&
          (rows.values[number + k - begin] !== undefined || draw(rows, number + k - begin, streams[k]!, run, perBar))
        )
          k++;
        if (k > begin) rows.add(part, length, number - begin, weights, begin, k, from, fresh);
        else {
          if (fresh) part.fill(0, 0, length);
          if (weights[k] !== 0) addNormals(part, streams[k]!.stream, weights[k]!, bar, last - bar, perBar);
          k++;
        }
        fresh = false;
      }
      bar = last;
    }
  };
}

/** Streams are numbered as they are asked for. */
function numberOf(shared: Shared): number {
  if (shared.of !== store) {
    shared.of = store;
    shared.number = store.count++;
  }
  return shared.number;
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
function draw(rows: Rows, number: number, { stream }: Shared, run: number, perBar: number): boolean {
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
