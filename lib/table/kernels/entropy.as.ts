// Bits, Huffman codes and finite state entropy: twins of lib/table/entropy.ts. Places in the scratch are bytes from its start.

import { countInto } from './counts.as';

const LONGEST: i32 = 11;
const COUNTS: usize = 0;
export const LENGTHS: usize = 1024;
export const CODES: usize = 1280;
const ORDER: usize = 1792;
const HEIGHTS: usize = 2816;
const PER_LENGTH: usize = 3840;
const WEIGHTS: usize = 4864;
const FEW_COUNTS: usize = 5120;
const SPREAD: usize = 5376;
const STARTS: usize = 5888;
/** A table: slots, bits and find of 64 symbols each, then the states; then its logarithm. */
const SLOTS: usize = 0;
const BITS: usize = 256;
const FIND: usize = 512;
const NEXT: usize = 768;
const LOG: usize = 1792;
export const TABLE_BYTES: usize = 1800;
/** Room for four tables. */
export const TABLES: usize = 6144;
/** Three tables of counts beside the one that is asked for. */
const BESIDE: usize = TABLES + 4 * TABLE_BYTES + 8;
export const ENTROPY_BYTES: usize = BESIDE + 3 * 1024;

let scratch: usize = 0;
/** Where the next byte goes. */
export let at: usize = 0;
/** Bits under way, and how many. */
export let bits: u64 = 0;
export let held: u32 = 0;

export function initEntropy(place: usize): void {
  scratch = place;
}

export function goTo(place: usize): void {
  at = place;
}

@inline
export function putByte(value: i32): void {
  store<u8>(at++, value as u8);
}

@inline
export function put(value: u32, count: u32): void {
  bits |= ((value & ((1 << count) - 1)) as u64) << held;
  held += count;
  if (held >= 32) {
    store<u32>(at, bits as u32);
    at += 4;
    bits >>= 32;
    held -= 32;
  }
}

export function align(): void {
  for (; held > 0; held = held > 8 ? held - 8 : 0) {
    store<u8>(at++, bits as u8);
    bits >>= 8;
  }
  bits = 0;
}

export function end(): void {
  put(1, 1);
  align();
}

@inline
export function countOf(value: i32): i32 {
  return load<i32>(scratch + COUNTS + ((value as usize) << 2));
}

@inline
function intAt(base: usize, i: i32): i32 {
  return load<i32>(scratch + base + ((i as usize) << 2));
}

@inline
function setInt(base: usize, i: i32, value: i32): void {
  store<i32>(scratch + base + ((i as usize) << 2), value);
}

export function histogram(from: usize, to: usize): void {
  countInto(scratch + COUNTS, scratch + BESIDE, 1024, from, to);
}

export let longest: i32 = 0;
export let last: i32 = 0;
export let codeBits: i32 = 0;

/** A code for the counts, in LENGTHS and CODES; false when fewer than two symbols occur. */
export function huffman(): bool {
  let n: i32 = 0;
  for (let symbol = 0; symbol < 256; symbol++) {
    const count = countOf(symbol);
    if (count == 0) continue;
    last = symbol;
    // By count, then by symbol: those before have lower symbols.
    let low: i32 = 0;
    let high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (countOf(intAt(ORDER, middle)) <= count) low = middle + 1;
      else high = middle;
    }
    const place = scratch + ORDER + ((low as usize) << 2);
    memory.copy(place + 4, place, ((n - low) as usize) << 2);
    store<i32>(place, symbol);
    n++;
  }
  if (n < 2) return false;
  depths(n);
  limit(n);
  memory.fill(scratch + LENGTHS, 0, 256);
  let next: i32 = 0;
  codeBits = 0;
  for (let length = LONGEST; length > 0; length--)
    for (let k = intAt(PER_LENGTH, length); k > 0; k--) {
      const symbol = intAt(ORDER, next++);
      store<u8>(scratch + LENGTHS + symbol, length as u8);
      codeBits += length * countOf(symbol);
    }
  longest = LONGEST;
  while (intAt(PER_LENGTH, longest) == 0) longest--;
  let code: i32 = 0;
  for (let length = longest; length > 0; length--) {
    if (intAt(PER_LENGTH, length) > 0)
      for (let symbol = 0; symbol <= last; symbol++)
        if (load<u8>(scratch + LENGTHS + symbol) == length) store<u16>(scratch + CODES + ((symbol as usize) << 1), (code++) as u16);
    code >>= 1;
  }
  return true;
}

function depths(n: i32): void {
  for (let i = 0; i < n; i++) setInt(HEIGHTS, i, countOf(intAt(ORDER, i)));
  setInt(HEIGHTS, 0, intAt(HEIGHTS, 0) + intAt(HEIGHTS, 1));
  let root: i32 = 0;
  let leaf: i32 = 2;
  for (let next = 1; next < n - 1; next++) {
    if (leaf >= n || intAt(HEIGHTS, root) < intAt(HEIGHTS, leaf)) {
      setInt(HEIGHTS, next, intAt(HEIGHTS, root));
      setInt(HEIGHTS, root++, next);
    } else setInt(HEIGHTS, next, intAt(HEIGHTS, leaf++));
    if (leaf >= n || (root < next && intAt(HEIGHTS, root) < intAt(HEIGHTS, leaf))) {
      setInt(HEIGHTS, next, intAt(HEIGHTS, next) + intAt(HEIGHTS, root));
      setInt(HEIGHTS, root++, next);
    } else setInt(HEIGHTS, next, intAt(HEIGHTS, next) + intAt(HEIGHTS, leaf++));
  }
  setInt(HEIGHTS, n - 2, 0);
  for (let next = n - 3; next >= 0; next--) setInt(HEIGHTS, next, intAt(HEIGHTS, intAt(HEIGHTS, next)) + 1);
  memory.fill(scratch + PER_LENGTH, 0, 1024);
  let available: i32 = 1;
  let used: i32 = 0;
  let depth: i32 = 0;
  root = n - 2;
  while (available > 0) {
    while (root >= 0 && intAt(HEIGHTS, root) == depth) {
      used++;
      root--;
    }
    setInt(PER_LENGTH, depth, intAt(PER_LENGTH, depth) + available - used);
    available = 2 * used;
    depth++;
    used = 0;
  }
}

function limit(n: i32): void {
  for (let depth = LONGEST + 1; depth < n; depth++) {
    setInt(PER_LENGTH, LONGEST, intAt(PER_LENGTH, LONGEST) + intAt(PER_LENGTH, depth));
    setInt(PER_LENGTH, depth, 0);
  }
  let total: i32 = 0;
  for (let depth = 1; depth <= LONGEST; depth++) total += intAt(PER_LENGTH, depth) << (LONGEST - depth);
  for (; total > 1 << LONGEST; total--) {
    setInt(PER_LENGTH, LONGEST, intAt(PER_LENGTH, LONGEST) - 1);
    let depth = LONGEST - 1;
    while (intAt(PER_LENGTH, depth) == 0) depth--;
    setInt(PER_LENGTH, depth, intAt(PER_LENGTH, depth) - 1);
    setInt(PER_LENGTH, depth + 1, intAt(PER_LENGTH, depth + 1) + 2);
  }
}

export function putHuffman(from: usize, to: usize): void {
  const lengths = scratch + LENGTHS;
  const codes = scratch + CODES;
  // Locals stay in registers, which globals do not.
  let out = at;
  let waiting = bits;
  let count = held as u64;
  while (to > from) {
    const byte = load<u8>(--to) as usize;
    waiting |= (load<u16>(codes + (byte << 1)) as u64) << count;
    count += load<u8>(lengths + byte) as u64;
    if (count >= 32) {
      store<u32>(out, waiting as u32);
      out += 4;
      waiting >>= 32;
      count -= 32;
    }
  }
  at = out;
  bits = waiting;
  held = count as u32;
  end();
}

@inline
function weightAt(symbol: i32): i32 {
  return load<u8>(scratch + WEIGHTS + symbol);
}

export function putHuffmanTable(): bool {
  for (let symbol = 0; symbol < last; symbol++) {
    const length = load<u8>(scratch + LENGTHS + symbol) as i32;
    store<u8>(scratch + WEIGHTS + symbol, (length == 0 ? 0 : longest + 1 - length) as u8);
  }
  const start = at;
  const weights = scratch + WEIGHTS;
  const table = last > 2 ? fseTable(weights, weights + last, LONGEST + 2, 6, 3) : 0;
  if (table != 0) {
    at++;
    putTable(table, LONGEST + 2);
    let even = startState(table, weightAt(last - 1));
    let odd = startState(table, weightAt(last - 2));
    for (let i = last - 3; i >= 0; i--) {
      if (((last - i) & 1) == 1) even = putSymbol(table, even, weightAt(i));
      else odd = putSymbol(table, odd, weightAt(i));
    }
    // The state of the first weight is read first, so it is written last.
    const log = logOf(table);
    put((last & 1) == 0 ? even : odd, log);
    put((last & 1) == 0 ? odd : even, log);
    end();
    const size = (at - start - 1) as i32;
    if (size < 128 && (last > 128 || size < (last + 1) >> 1)) {
      store<u8>(start, size as u8);
      return true;
    }
    at = start;
  }
  if (last > 128) return false;
  putByte(127 + last);
  for (let i = 0; i < last; i += 2) putByte((weightAt(i) << 4) | (i + 1 < last ? weightAt(i + 1) : 0));
  return true;
}

@inline
export function logOf(table: usize): u32 {
  return load<u32>(table + LOG);
}

@inline
function partOf(table: usize, part: usize, symbol: i32): i32 {
  return load<i32>(table + part + ((symbol as usize) << 2));
}

/** The table for symbols at a place, the k-th of the room for tables; 0 when only one occurs or they do not fit. */
export function fseTable(from: usize, to: usize, symbols: i32, most: i32, k: usize): usize {
  const counts = scratch + FEW_COUNTS;
  countInto(counts, scratch + BESIDE, 256, from, to);
  const total = (to - from) as i32;
  let present: i32 = 0;
  for (let symbol = 0; symbol < symbols; symbol++) if (intAt(FEW_COUNTS, symbol) > 0) present++;
  if (present < 2) return 0;
  const wanted = max(5, min(most, 29 - clz<i32>(total)));
  const log = max(wanted, 32 - clz<i32>(present));
  if (log > most) return 0;
  const table = scratch + TABLES + k * TABLE_BYTES;
  store<u32>(table + LOG, log);
  normalise(table, symbols, total, log);
  const size = 1 << log;
  const step = (size >> 1) + (size >> 3) + 3;
  let place: i32 = 0;
  let sum: i32 = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = partOf(table, SLOTS, symbol);
    for (let k = count; k > 0; k--) {
      store<u8>(scratch + SPREAD + place, symbol as u8);
      place = (place + step) & (size - 1);
    }
    setInt(STARTS, symbol, sum);
    const wide = count <= 1 ? log : log - (31 - clz<i32>(count - 1));
    store<i32>(table + BITS + ((symbol as usize) << 2), (wide << 16) - (count << wide));
    store<i32>(table + FIND + ((symbol as usize) << 2), sum - count);
    sum += count;
  }
  for (let place = 0; place < size; place++) {
    const symbol = load<u8>(scratch + SPREAD + place) as i32;
    const start = intAt(STARTS, symbol);
    setInt(STARTS, symbol, start + 1);
    store<u16>(table + NEXT + ((start as usize) << 1), (size + place) as u16);
  }
  return table;
}

function normalise(table: usize, symbols: i32, total: i32, log: i32): void {
  const size = 1 << log;
  let left = size;
  let top: i32 = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = intAt(FEW_COUNTS, symbol);
    // Rounded half up, as doubles do it in the twin.
    const share = count == 0 ? 0 : max(1, ((2 * (count as i64) * size + total) / (2 * (total as i64))) as i32);
    store<i32>(table + SLOTS + ((symbol as usize) << 2), share);
    if (count == 0) continue;
    left -= share;
    if (count > intAt(FEW_COUNTS, top)) top = symbol;
  }
  for (; left < 0 && partOf(table, SLOTS, top) + left <= partOf(table, SLOTS, top) >> 1; left++) {
    let largest: i32 = 0;
    for (let symbol = 1; symbol < symbols; symbol++)
      if (partOf(table, SLOTS, symbol) > partOf(table, SLOTS, largest)) largest = symbol;
    store<i32>(table + SLOTS + ((largest as usize) << 2), partOf(table, SLOTS, largest) - 1);
  }
  store<i32>(table + SLOTS + ((top as usize) << 2), partOf(table, SLOTS, top) + left);
}

export function putTable(table: usize, symbols: i32): void {
  const log = logOf(table);
  put(log - 5, 4);
  let remaining = (1 << log) + 1;
  let threshold = 1 << log;
  let width = log + 1;
  for (let symbol = 0; remaining > 1; ) {
    const count = partOf(table, SLOTS, symbol++) + 1;
    const spare = 2 * threshold - 1 - remaining;
    remaining -= count - 1;
    const value = count >= threshold ? count + spare : count;
    put(value, value < spare ? width - 1 : width);
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
    if (count > 1) continue;
    let zeros: i32 = 0;
    while (symbol + zeros < symbols && partOf(table, SLOTS, symbol + zeros) == 0) zeros++;
    symbol += zeros;
    for (; zeros >= 3; zeros -= 3) put(3, 2);
    put(zeros, 2);
  }
  align();
}

@inline
export function startState(table: usize, symbol: i32): u32 {
  const bits = partOf(table, BITS, symbol);
  const wide = (bits + (1 << 15)) >> 16;
  return load<u16>(table + NEXT + (((((wide << 16) - bits) >> wide) + partOf(table, FIND, symbol)) as usize << 1));
}

@inline
export function putSymbol(table: usize, state: u32, symbol: i32): u32 {
  const wide = wideOf(table, state, symbol);
  put(state, wide);
  return nextState(table, state, symbol, wide);
}

/** Bits that a state gives up for a symbol. */
@inline
export function wideOf(table: usize, state: u32, symbol: i32): u32 {
  return (((state as i32) + partOf(table, BITS, symbol)) >> 16) as u32;
}

@inline
export function nextState(table: usize, state: u32, symbol: i32, wide: u32): u32 {
  return load<u16>(table + NEXT + ((((state >>> wide) as i32) + partOf(table, FIND, symbol)) as usize << 1));
}

/** The lowest `count` bits. */
@inline
export function lowest(value: u32, count: u32): u64 {
  return (value & ((1 << count) - 1)) as u64;
}

/** Goes on where a loop ended that kept these to itself. */
export function goOn(place: usize, waiting: u64, count: u32): void {
  at = place;
  bits = waiting;
  held = count;
}
