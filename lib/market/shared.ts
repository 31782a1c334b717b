// Normals that tickers of one thread share: drawn once for each run of bars and kept, for one seed, while there is room.
import { addRows, type Row, rowOf } from '../math/arrays.ts';
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

/** Runs of a stream that are kept, by number and pieces of a bar, and the one asked for last. */
interface Shelf {
  readonly rows: Map<number, Row>;
  last: number;
  row: Row | null;
}

interface Store {
  readonly seed: number | string;
  readonly streams: Map<string, Stream>;
  readonly shelves: Map<Stream, Shelf>;
  readonly slabs: Float64Array[];
  used: number;
}

const emptyStore = (seed: number | string): Store => ({
  seed,
  streams: new Map(),
  shelves: new Map(),
  slabs: [],
  used: SLAB,
});
let store = emptyStore('');

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
  let shelves: Shelf[] = [];
  const rows: Row[] = [];
  const factors: number[] = [];
  return (out, weights, first, end, firstBar, bars, perBar) => {
    if (of !== store) {
      of = store;
      shelves = streams.map(shelfOf);
    }
    for (let bar = firstBar; bar < firstBar + bars; ) {
      const run = Math.floor(bar / RUN);
      const last = Math.min(firstBar + bars, (run + 1) * RUN);
      const part = out.subarray((bar - firstBar) * perBar, (last - firstBar) * perBar);
      const add = () => {
        addRows(part, rows, (bar - run * RUN) * perBar, factors);
        rows.length = 0;
        factors.length = 0;
      };
      // A bar has fewer draws than that.
      const name = run * RETRY + perBar;
      for (let k = first; k < end; k++) {
        const weight = weights[k]!;
        if (weight === 0) continue;
        const shelf = shelves[k]!;
        if (shelf.last !== name) {
          shelf.last = name;
          shelf.row = shelf.rows.get(name) ?? drawnRun(shelf, streams[k]!, run, perBar);
        }
        if (shelf.row !== null) {
          rows.push(shelf.row);
          factors.push(weight);
          continue;
        }
        add();
        addNormals(part, streams[k]!, weight, bar, last - bar, perBar);
      }
      add();
      bar = last;
    }
  };
}

function shelfOf(stream: Stream): Shelf {
  let shelf = store.shelves.get(stream);
  if (shelf === undefined) {
    shelf = { rows: new Map(), last: Number.NaN, row: null };
    store.shelves.set(stream, shelf);
  }
  return shelf;
}

/** Draws a run of bars of a stream; null when there is no room for it. */
function drawnRun({ rows, last }: Shelf, stream: Stream, run: number, perBar: number): Row | null {
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
  rows.set(last, row);
  return row;
}
