// The door to compiled kernels: one memory that all of them work in, arrays that lie there, and the switch to the twins.
// A kernel does the same operations in the same order as its TypeScript twin, so which of them runs shows in no bit.

const PAGE_BYTES = 65_536;
/** 128 MiB of addresses; the system gives pages when they are first written. It never grows, for that would detach every view. */
const PAGES = 2048;

interface Memory {
  readonly memory: object;
  readonly buffer: ArrayBuffer;
  /** Bytes handed out so far. */
  top: number;
  /** Arrays given back, by length. */
  readonly free: Map<number, Float64Array[]>;
  /** Through which the values of arrays go that lie elsewhere. */
  readonly spare: Float64Array;
}

/** Bytes of a line of the cache: arrays begin with one, because a step of two vectors costs more where it straddles two halves. */
const LINE = 64;
/** Doubles of such an array worked on at a time. */
const SPARE = 2048;

let opened: Memory | null | undefined;

/** Made with the first use; null where the engine has no WebAssembly, or no addresses left. */
function open(): Memory | null {
  if (opened !== undefined) return opened;
  opened = null;
  try {
    if (typeof WebAssembly !== 'undefined') {
      const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
      // Place 0 stays free: it means elsewhere.
      const spare = new Float64Array(memory.buffer, LINE, SPARE);
      opened = { memory, buffer: memory.buffer, top: LINE + 8 * SPARE, free: new Map(), spare };
    }
  } catch {
    // The twins need none.
  }
  return opened;
}

/**
 * Zeros, in the kernels' memory while there is room, else an ordinary array: what is computed is the same, only with copies.
 * For blocks that are used again and again; give them back with `release`. Whoever writes before he reads can do without zeros.
 */
export function floats(length: number, zeros = true): Float64Array {
  return inMemory(length, zeros) ?? new Float64Array(length);
}

function inMemory(length: number, zeros = true): Float64Array | null {
  const room = open();
  const known = room?.free.get(length)?.pop();
  if (known !== undefined) return zeros ? known.fill(0) : known;
  const bytes = LINE * Math.ceil((8 * length) / LINE);
  // Kernels read two at a time, so beyond the last array there is room for one more.
  if (room === null || room.top + bytes > PAGES * PAGE_BYTES - 16) return null;
  room.top += bytes;
  return new Float64Array(room.buffer, room.top - bytes, length);
}

/** Gives arrays of `floats` back; they must not be used any more. */
export function release(...arrays: readonly Float64Array[]): void {
  for (const array of arrays) {
    if (place(array) === 0) continue;
    const same = opened?.free.get(array.length);
    if (same === undefined) opened?.free.set(array.length, [array]);
    else same.push(array);
  }
}

/** Where in the kernels' memory an array lies; 0 when it lies elsewhere. */
export function place(array: Float64Array | Int32Array): number {
  return opened && array.buffer === opened.buffer ? array.byteOffset : 0;
}

/**
 * Lets a kernel work on a whole array: where it lies, or piece by piece through a copy. Pieces are multiples of `unit`, at most 2048
 * long; `work` is given the place of one, its length and the index where it starts. What is only written is not copied there first.
 */
export function inPlace(
  array: Float64Array,
  unit: number,
  work: (place: number, length: number, start: number) => void,
  isRead = true,
): void {
  const at = place(array);
  if (at !== 0) {
    work(at, array.length, 0);
    return;
  }
  const { spare } = opened as Memory;
  const most = unit * Math.floor(SPARE / unit);
  for (let start = 0; start < array.length; start += most) {
    const part = array.subarray(start, start + most);
    if (isRead) spare.set(part);
    work(spare.byteOffset, part.length, start);
    part.set(spare.subarray(0, part.length));
  }
}

/** The longest unit that `inPlace` can copy. */
export const LONGEST_UNIT = SPARE;

/** Doubles that kernels of exponentials and logarithms ask for (`layConstants` in kernels/elementary.as.ts). */
export const CONSTANTS = 60;

let twins = false;

/** Lets the TypeScript twins do the work, or the kernels again: for tests and benches, which compare them. */
export function useTwins(on: boolean): void {
  twins = on;
}

/**
 * A compiled kernel, instantiated with the first use. The function returned gives its exports, or null where its twin must
 * do: no WebAssembly with SIMD, not compiled, or no room. `prepare` is given its exports and a maker of zeros that do lie in
 * the memory, for its tables and scratch.
 */
export function kernelOf<Exports>(
  wasm: Uint8Array,
  prepare: (exports: Exports, zeros: (length: number) => Float64Array) => void,
): () => Exports | null {
  let found: Exports | null | undefined;
  const instantiate = (): Exports | null => {
    const memory = open()?.memory;
    if (memory === undefined || !WebAssembly?.validate(wasm)) return null;
    const exports = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } }).exports as Exports;
    let full = false;
    prepare(exports, (length) => {
      const array = inMemory(length);
      full ||= array === null;
      return array ?? new Float64Array(length);
    });
    return full ? null : exports;
  };
  return () => {
    if (twins) return null;
    if (found === undefined) found = instantiate();
    return found;
  };
}
