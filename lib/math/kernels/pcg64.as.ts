// Normals of numpy's generator: twin of the loops in lib/math/pcg64.ts and lib/math/numpy-normal.ts.

/** The multiplier of O'Neill (2014), "PCG", HMC-CS-2014-0905, in halves. */
const HIGH: u64 = 0x2360ed051fc65da4;
const LOW: u64 = 0x4385df649fccf645;

/** Places in the memory: state and increment, low halves first; the block of outputs, with its end; 256 pairs (width, sure below). */
let state: usize = 0;
let words: usize = 0;
let end: usize = 0;
let layers: usize = 0;
/** Index of the next output of the block, in 32-bit words. */
let next: i32 = 0;

export function init(generator: usize, block: usize, bytes: i32, table: usize): void {
  state = generator;
  words = block;
  end = block + bytes;
  layers = table;
}

/** Step the state once for every place in the block and put the outputs there. */
function refill(): void {
  let low = load<u64>(state);
  let high = load<u64>(state, 8);
  const addLow = load<u64>(state, 16);
  const addHigh = load<u64>(state, 24);
  for (let at = words; at < end; at += 8) {
    // The high half of low * LOW by halves of 32 bits, none of whose sums overflows.
    const a0 = low & 0xffffffff;
    const a1 = low >> 32;
    const cross = a0 * (LOW >> 32);
    const middle = ((a0 * (LOW & 0xffffffff)) >> 32) + (cross & 0xffffffff) + a1 * (LOW & 0xffffffff);
    const top = a1 * (LOW >> 32) + (cross >> 32) + (middle >> 32);
    high = top + low * HIGH + high * LOW + addHigh;
    low = low * LOW + addLow;
    high += u64(low < addLow);
    store<u64>(at, rotr<u64>(high ^ low, high >> 58));
  }
  store<u64>(state, low);
  store<u64>(state, high, 8);
}

/** Normals from the output with index `from` on, until `count` are there or one is not surely under the density. Returns how many. */
export function fill(out: usize, count: i32, from: i32): i32 {
  let at = words + (from << 2);
  let done = 0;
  for (; done < count; done++, at += 8) {
    if (at == end) {
      refill();
      at = words;
    }
    const word = load<u64>(at);
    const pair = layers + (((word as usize) & 0xff) << 4);
    const position = ((word >> 9) & 0xfffffffffffff) as i64 as f64;
    if (!(position < load<f64>(pair, 8))) break;
    const size = position * load<f64>(pair);
    store<u64>(out + (done << 3), reinterpret<u64>(size) | ((word & 0x100) << 55));
  }
  next = ((at - words) >> 2) as i32;
  return done;
}

export function nextIndex(): i32 {
  return next;
}
