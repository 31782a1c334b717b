// The two entropy coders of Zstandard: Huffman codes for literals and finite state entropy (tANS) for the rest
// (specification: RFC 8878, sections 4 and 5; names of its terms in brackets where ours differ).

/** Bits and bytes of a block under way, in a buffer that is long enough: the caller says how long. */
export class BitWriter {
  readonly bytes: Uint8Array;
  /** The next byte to be written. */
  at: number;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** The low `count` bits of a value, least significant first; at most 24. */
  put(value: number, count: number): void {
    let bits = this.#bits | ((value & ((1 << count) - 1)) << this.#count);
    let held = this.#count + count;
    for (; held >= 8; held -= 8) {
      this.bytes[this.at++] = bits;
      bits >>>= 8;
    }
    this.#bits = bits;
    this.#count = held;
  }

  /** Zeros up to the next byte. */
  align(): void {
    if (this.#count > 0) this.bytes[this.at++] = this.#bits;
    this.#bits = 0;
    this.#count = 0;
  }

  /** The bit that tells a reader, who comes from behind, where to begin. */
  end(): void {
    this.put(1, 1);
    this.align();
  }
}

/** How often each byte value occurs in a part of the bytes. */
export function histogram(bytes: Uint8Array, from: number, to: number, counts: Int32Array): void {
  counts.fill(0);
  for (let i = from; i < to; i++) counts[bytes[i]!]!++;
}

const LONGEST = 11;

export interface HuffmanCode {
  readonly lengths: Uint8Array;
  readonly codes: Uint16Array;
  /** The longest length, and the last symbol that occurs. */
  readonly longest: number;
  readonly last: number;
  /** Bits of all symbols together. */
  readonly bits: number;
}

const order = new Int32Array(256);
const heights = new Float64Array(256);

/** A code of at most 11 bits a symbol for symbols that occur so often; null when fewer than two do. */
export function huffman(counts: Int32Array): HuffmanCode | null {
  let n = 0;
  for (let symbol = 0; symbol < 256; symbol++) if (counts[symbol]! > 0) order[n++] = symbol;
  if (n < 2) return null;
  const last = order[n - 1]!;
  const symbols = order.subarray(0, n).sort((a, b) => counts[a]! - counts[b]! || a - b);
  const perLength = limited(depths(symbols, counts), n);
  const lengths = new Uint8Array(256);
  const codes = new Uint16Array(256);
  // The rarest symbols take the longest codes; codes count upwards from the longest, within a length in order of symbols.
  let at = 0;
  let bits = 0;
  for (let length = LONGEST; length > 0; length--)
    for (let k = perLength[length]!; k > 0; k--) {
      lengths[symbols[at]!] = length;
      bits += length * counts[symbols[at++]!]!;
    }
  let longest = LONGEST;
  while (perLength[longest] === 0) longest--;
  for (let length = longest, code = 0; length > 0; length--, code >>>= 1)
    for (let symbol = 0; symbol <= last; symbol++) if (lengths[symbol] === length) codes[symbol] = code++;
  return { lengths, codes, longest, last, bits };
}

/** How many symbols have which depth in the optimal tree (Moffat & Katajainen 1995), by symbols from rare to frequent. */
function depths(symbols: Int32Array, counts: Int32Array): Int32Array {
  const n = symbols.length;
  const node = heights;
  for (let i = 0; i < n; i++) node[i] = counts[symbols[i]!]!;
  node[0]! += node[1]!;
  let root = 0;
  let leaf = 2;
  for (let next = 1; next < n - 1; next++) {
    if (leaf >= n || node[root]! < node[leaf]!) {
      node[next] = node[root]!;
      node[root++] = next;
    } else node[next] = node[leaf++]!;
    if (leaf >= n || (root < next && node[root]! < node[leaf]!)) {
      node[next]! += node[root]!;
      node[root++] = next;
    } else node[next]! += node[leaf++]!;
  }
  node[n - 2] = 0;
  for (let next = n - 3; next >= 0; next--) node[next] = node[node[next]!]! + 1;
  const perDepth = new Int32Array(256);
  let available = 1;
  let used = 0;
  let depth = 0;
  root = n - 2;
  while (available > 0) {
    while (root >= 0 && node[root] === depth) {
      used++;
      root--;
    }
    perDepth[depth]! += available - used;
    available = 2 * used;
    depth++;
    used = 0;
  }
  return perDepth;
}

/** Brings all depths to at most 11 and the code back to whole: a symbol moves down for each two that were too deep. */
function limited(perDepth: Int32Array, n: number): Int32Array {
  for (let depth = LONGEST + 1; depth < n; depth++) {
    perDepth[LONGEST]! += perDepth[depth]!;
    perDepth[depth] = 0;
  }
  let total = 0;
  for (let depth = 1; depth <= LONGEST; depth++) total += perDepth[depth]! << (LONGEST - depth);
  for (; total > 1 << LONGEST; total--) {
    perDepth[LONGEST]!--;
    let depth = LONGEST - 1;
    while (perDepth[depth] === 0) depth--;
    perDepth[depth]!--;
    perDepth[depth + 1]! += 2;
  }
  return perDepth;
}

/** One stream of literals, last byte first. */
export function putHuffman(
  out: BitWriter,
  { lengths, codes }: HuffmanCode,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  for (let i = to - 1; i >= from; i--) out.put(codes[bytes[i]!]!, lengths[bytes[i]!]!);
  out.end();
}

const weights = new Uint8Array(256);
const weightCounts = new Int32Array(LONGEST + 2);

/** The description of a code (4.2.1). False when it has none: more than 128 symbols whose weights are all the same. */
export function putHuffmanTable(out: BitWriter, { lengths, longest, last }: HuffmanCode): boolean {
  weightCounts.fill(0);
  for (let symbol = 0; symbol < last; symbol++) {
    const length = lengths[symbol]!;
    weights[symbol] = length === 0 ? 0 : longest + 1 - length;
    weightCounts[weights[symbol]!]!++;
  }
  const start = out.at;
  const table = last > 2 ? fseTable(weightCounts, last, 6) : null;
  if (table !== null) {
    out.at++;
    putTable(out, table);
    const states = [startState(table, weights[last - 1]!), startState(table, weights[last - 2]!)];
    for (let i = last - 3, k = 0; i >= 0; i--, k ^= 1) states[k] = putSymbol(out, table, states[k]!, weights[i]!);
    // The state of the first weight is read first, so it is written last.
    const [first, second] = last % 2 === 0 ? [1, 0] : [0, 1];
    out.put(states[second]!, table.log);
    out.put(states[first]!, table.log);
    out.end();
    const size = out.at - start - 1;
    if (size < 128 && (last > 128 || size < (last + 1) >> 1)) {
      out.bytes[start] = size;
      return true;
    }
    out.at = start;
  }
  if (last > 128) return false;
  out.bytes[out.at++] = 127 + last;
  for (let i = 0; i < last; i += 2) out.bytes[out.at++] = (weights[i]! << 4) | (i + 1 < last ? weights[i + 1]! : 0);
  return true;
}

export interface FseTable {
  readonly log: number;
  /** Slots of each symbol, adding up to 2^log. */
  readonly slots: Int32Array;
  readonly next: Uint16Array;
  readonly bits: Int32Array;
  readonly find: Int32Array;
}

/** A table for symbols that occur so often, `total` times in all; null when only one does. */
export function fseTable(counts: Int32Array, total: number, most: number): FseTable | null {
  let present = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol]! > 0) present++;
  if (present < 2) return null;
  // Small tables cost less to describe; one slot for each symbol must fit.
  const wanted = Math.max(5, Math.min(most, 29 - Math.clz32(total)));
  const log = Math.max(wanted, 32 - Math.clz32(present));
  if (log > most) return null;
  const slots = normalise(counts, total, log);
  const size = 1 << log;
  const spread = new Uint8Array(size);
  const step = (size >> 1) + (size >> 3) + 3;
  for (let symbol = 0, place = 0; symbol < slots.length; symbol++)
    for (let k = slots[symbol]!; k > 0; k--) {
      spread[place] = symbol;
      place = (place + step) & (size - 1);
    }
  const starts = new Int32Array(slots.length);
  const bits = new Int32Array(slots.length);
  const find = new Int32Array(slots.length);
  for (let symbol = 0, sum = 0; symbol < slots.length; symbol++) {
    const count = slots[symbol]!;
    starts[symbol] = sum;
    const wide = count <= 1 ? log : log - (31 - Math.clz32(count - 1));
    bits[symbol] = (wide << 16) - (count << wide);
    find[symbol] = sum - count;
    sum += count;
  }
  const next = new Uint16Array(size);
  for (let place = 0; place < size; place++) next[starts[spread[place]!]!++] = size + place;
  return { log, slots, next, bits, find };
}

/** Shares of 2^log by counts: each symbol that occurs has one at least, the most frequent takes what rounding leaves. */
function normalise(counts: Int32Array, total: number, log: number): Int32Array {
  const size = 1 << log;
  const slots = new Int32Array(counts.length);
  let left = size;
  let top = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol] === 0) continue;
    slots[symbol] = Math.max(1, Math.floor((counts[symbol]! * size) / total + 0.5));
    left -= slots[symbol]!;
    if (counts[symbol]! > counts[top]!) top = symbol;
  }
  // More was given than there is: the largest shares give it back, one by one.
  for (; left < 0 && slots[top]! + left <= slots[top]! >> 1; left++) {
    let largest = 0;
    for (let symbol = 1; symbol < slots.length; symbol++) if (slots[symbol]! > slots[largest]!) largest = symbol;
    slots[largest]!--;
  }
  slots[top]! += left;
  return slots;
}

/** The description of a table (4.1.1). */
export function putTable(out: BitWriter, { log, slots }: FseTable): void {
  out.put(log - 5, 4);
  let remaining = (1 << log) + 1;
  let threshold = 1 << log;
  let width = log + 1;
  for (let symbol = 0; remaining > 1; ) {
    const count = slots[symbol++]! + 1;
    const spare = 2 * threshold - 1 - remaining;
    remaining -= count - 1;
    const value = count >= threshold ? count + spare : count;
    out.put(value, value < spare ? width - 1 : width);
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
    if (count > 1) continue;
    // After a zero come two bits at a time: how many more zeros, three meaning that it goes on.
    let zeros = 0;
    while (slots[symbol + zeros] === 0) zeros++;
    symbol += zeros;
    for (; zeros >= 3; zeros -= 3) out.put(3, 2);
    out.put(zeros, 2);
  }
  out.align();
}

/** The state that a symbol coded last begins with. */
export function startState({ bits, find, next }: FseTable, symbol: number): number {
  const wide = (bits[symbol]! + (1 << 15)) >> 16;
  return next[(((wide << 16) - bits[symbol]!) >> wide) + find[symbol]!]!;
}

/** Codes a symbol; returns the state after it. */
export function putSymbol(out: BitWriter, { bits, find, next }: FseTable, state: number, symbol: number): number {
  const wide = (state + bits[symbol]!) >> 16;
  out.put(state, wide);
  return next[(state >> wide) + find[symbol]!]!;
}
