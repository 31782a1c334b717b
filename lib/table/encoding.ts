// What the values of a page become before they are compressed
// (specification: apache/parquet-format, Encodings.md; its names are kept).
import { kernelOf, place } from '../math/kernel.ts';
import { BitWriter } from './entropy.ts';
import wasm from './kernels/pages.wasm';
import { bytesOf } from './plain.ts';

const BLOCK_VALUES = 128;
const MINIBLOCK_VALUES = 32;
/** Values are told apart by their bits: -0 is not 0. */
const EMPTY = -1;

/** The most values of a dictionary. */
const MOST_DISTINCT = 32_768;
/** Rows of a column that the kernels take; longer ones go to the twins. */
const KERNEL_ROWS = 131_072;

interface PagesKernel {
  init(
    values: number,
    places: number,
    distinct: number,
    sorted: number,
    rank: number,
    slots: number,
    out: number,
    most: number,
  ): void;
  range(n: number): void;
  runs(n: number): number;
  distinguish(n: number): number;
  order(known: number, n: number): void;
  hybrid(numbers: number, n: number, width: number): number;
  delta(n: number): number;
  splitStreams(n: number): void;
}

/** Where the kernels read and write. */
interface Lent {
  readonly values: Float64Array;
  /** In the same place as the values. */
  readonly numbers: Uint32Array;
  readonly places: Uint32Array;
  readonly distinct: Float64Array;
  readonly sorted: Float64Array;
  readonly out: Uint8Array;
}
let lent = null as unknown as Lent;

const pagesKernel = kernelOf<PagesKernel>(wasm, ({ init }, zeros) => {
  const [values, places, distinct] = [zeros(KERNEL_ROWS + 2), zeros(KERNEL_ROWS / 2), zeros(MOST_DISTINCT)];
  const [sorted, rank, slots, out] = [
    zeros(MOST_DISTINCT),
    zeros(MOST_DISTINCT / 2),
    zeros(2 * MOST_DISTINCT),
    zeros(KERNEL_ROWS + 8),
  ];
  init(
    place(values),
    place(places),
    place(distinct),
    place(sorted),
    place(rank),
    place(slots),
    place(out),
    MOST_DISTINCT,
  );
  lent = {
    values,
    numbers: new Uint32Array(values.buffer, values.byteOffset, KERNEL_ROWS),
    places: new Uint32Array(places.buffer, places.byteOffset, KERNEL_ROWS),
    distinct,
    sorted,
    out: bytesOf(out),
  };
});

/** The kernels with these values before them, or null when the twins must do. */
function kernelWith(values: Float64Array): PagesKernel | null {
  const kernel = values.length <= KERNEL_ROWS ? pagesKernel() : null;
  if (kernel !== null) lent.values.set(values);
  return kernel;
}

/** Memory that pages are made in, used again and again: fresh memory costs more than what is computed in it. */
let room = new Uint8Array(0);
function roomOf(size: number): Uint8Array {
  if (room.length < size) room = new Uint8Array(2 * size);
  return room;
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on; to be used before the next page is made. */
export function splitStreams(values: Float64Array): Uint8Array {
  const n = values.length;
  const kernel = kernelWith(values);
  if (kernel !== null) {
    kernel.splitStreams(n);
    return lent.out.subarray(0, 8 * n);
  }
  const from = bytesOf(values);
  const bytes = roomOf(8 * n).subarray(0, 8 * n);
  for (let plane = 0; plane < 8; plane++)
    for (let row = 0, at = plane * n; row < n; row++) bytes[at + row] = from[8 * row + plane]!;
  return bytes;
}

/** Whether `delta` takes integers between these: as doubles, differences of differences must stay exact; int32 must not wrap. */
export function deltaTakes(least: number, most: number, wide: boolean): boolean {
  const range = most - least;
  return wide ? range < TWO_51 && least >= -2 * TWO_51 && most <= 2 * TWO_51 : range < 2147483648;
}

const TWO_51 = 2251799813685248;

/**
 * DELTA_BINARY_PACKED: the first value, then differences less the least of their block, packed as narrow as 32 of them allow;
 * to be used before the next page is made.
 */
export function delta(values: Float64Array): Uint8Array {
  const n = values.length;
  const kernel = kernelWith(values);
  if (kernel !== null) return lent.out.subarray(0, kernel.delta(n));
  const out = new BitWriter(roomOf(40 + Math.ceil(n / BLOCK_VALUES) * (16 + 7 * BLOCK_VALUES)), 0);
  putVarint(out, BLOCK_VALUES);
  putVarint(out, BLOCK_VALUES / MINIBLOCK_VALUES);
  putVarint(out, n);
  putSigned(out, n === 0 ? 0 : values[0]!);
  for (let from = 1; from < n; from += BLOCK_VALUES) {
    const to = Math.min(n, from + BLOCK_VALUES);
    let least = values[from]! - values[from - 1]!;
    for (let row = from + 1; row < to; row++) {
      const step = values[row]! - values[row - 1]!;
      if (step < least) least = step;
    }
    putSigned(out, least);
    const widths = out.at;
    out.at += BLOCK_VALUES / MINIBLOCK_VALUES;
    for (let mini = 0; mini < BLOCK_VALUES / MINIBLOCK_VALUES; mini++) {
      const start = from + mini * MINIBLOCK_VALUES;
      out.bytes[widths + mini] =
        start < to ? packSteps(out, values, start, Math.min(to, start + MINIBLOCK_VALUES), least) : 0;
    }
  }
  return out.bytes.subarray(0, out.at);
}

/** The steps of a miniblock less the least, filled up with zeros; returns their width. */
function packSteps(out: BitWriter, values: Float64Array, from: number, to: number, least: number): number {
  let most = 0;
  for (let row = from; row < to; row++) {
    const step = values[row]! - values[row - 1]! - least;
    if (step > most) most = step;
  }
  let width = 0;
  for (let over = most; over >= 1; over /= 2) width++;
  if (width === 0) return 0;
  const end = out.at + (MINIBLOCK_VALUES / 8) * width;
  for (let row = from; row < to; row++) {
    const step = values[row]! - values[row - 1]! - least;
    if (width <= 24) out.put(step, width);
    else {
      const high = Math.floor(step / 16777216);
      out.put(step - high * 16777216, 24);
      if (width <= 48) out.put(high, width - 24);
      else {
        const top = Math.floor(high / 16777216);
        out.put(high - top * 16777216, 24);
        out.put(top, width - 48);
      }
    }
  }
  out.align();
  out.bytes.fill(0, out.at, end);
  out.at = end;
  return width;
}

function putVarint(out: BitWriter, value: number): void {
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.bytes[out.at++] = (rest % 128) | 128;
  out.bytes[out.at++] = rest;
}

/** Zigzag. */
function putSigned(out: BitWriter, value: number): void {
  putVarint(out, value < 0 ? -2 * value - 1 : 2 * value);
}

/** Bits that the numbers below `n` need. */
export const widthOf = (n: number) => (n < 2 ? 0 : 32 - Math.clz32(n - 1));

/** The hybrid of runs and packed groups, of numbers of so many bits (RLE / bit-packing); to be used before the next page is made. */
export function hybrid(numbers: Uint32Array, width: number): Uint8Array {
  const n = numbers.length;
  const kernel = n <= KERNEL_ROWS ? pagesKernel() : null;
  if (kernel !== null) {
    const inside = numbers.buffer === lent.places.buffer;
    if (!inside) lent.numbers.set(numbers);
    const at = inside ? numbers.byteOffset : lent.numbers.byteOffset;
    return lent.out.subarray(0, kernel.hybrid(at, n, width));
  }
  const size = (width + 7) >> 3;
  const out = new BitWriter(roomOf(16 + Math.ceil(n / 8) * (width + size + 2)), 0);
  /** Where the numbers begin that are not written yet: a multiple of eight from where the last run ended. */
  let packed = 0;
  for (let row = 0; row < n; ) {
    const value = numbers[row]!;
    let end = row + 1;
    while (end < n && numbers[end] === value) end++;
    // Packed groups are whole: a run gives its first numbers to the group that is open.
    const start = packed + 8 * Math.ceil((row - packed) / 8);
    if (end - start >= 16) {
      pack(out, numbers, packed, start, width);
      putVarint(out, 2 * (end - start));
      for (let byte = 0; byte < size; byte++) out.bytes[out.at++] = value >>> (8 * byte);
      packed = end;
    }
    row = end;
  }
  pack(out, numbers, packed, n, width);
  return out.bytes.subarray(0, out.at);
}

/** Groups of eight numbers, the last filled up with zeros. */
function pack(out: BitWriter, numbers: Uint32Array, from: number, to: number, width: number): void {
  if (to === from) return;
  const groups = Math.ceil((to - from) / 8);
  putVarint(out, 2 * groups + 1);
  const { bytes } = out;
  const end = out.at + groups * width;
  let at = out.at;
  let bits = 0;
  let held = 0;
  for (let row = from; row < to; row++) {
    bits |= numbers[row]! << held;
    held += width;
    for (; held >= 8; held -= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
    }
  }
  if (held > 0) bytes[at++] = bits;
  bytes.fill(0, at, end);
  out.at = end;
}

/** Distinct values in ascending order, and for each row the place of its value among them; to be used before the next is made. */
export interface Dictionary<V> {
  readonly values: V;
  readonly places: Uint32Array;
}

const distinct = new Float64Array(MOST_DISTINCT);
const distinctWords = new Int32Array(distinct.buffer);
let slots = new Int32Array(4096);
let allPlaces = new Uint32Array(0);

function placesOf(rows: number): Uint32Array {
  if (allPlaces.length < rows) allPlaces = new Uint32Array(rows);
  return allPlaces.subarray(0, rows);
}

const hashOf = (low: number, high: number) => {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
};

/**
 * The dictionary of numbers, or null when it would be too large, or have more than half as many values as rows seen so far.
 * The order is that of a sorted typed array: -0 before 0.
 */
export function dictionaryOf(values: Float64Array): Dictionary<Float64Array> | null {
  const n = values.length;
  const kernel = kernelWith(values);
  if (kernel !== null) {
    const known = kernel.distinguish(n);
    if (known < 0) return null;
    const sorted = lent.distinct.slice(0, known).sort();
    lent.sorted.set(sorted);
    kernel.order(known, n);
    return { values: sorted, places: lent.places.subarray(0, n) };
  }
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * n);
  const places = placesOf(n);
  let mask = 4095;
  slots.fill(EMPTY, 0, mask + 1);
  let known = 0;
  for (let row = 0, check = 1024; row < n; row++) {
    const low = words[2 * row]!;
    const high = words[2 * row + 1]!;
    let slot = hashOf(low, high) & mask;
    let place = slots[slot]!;
    while (place !== EMPTY && (distinctWords[2 * place] !== low || distinctWords[2 * place + 1] !== high)) {
      slot = (slot + 1) & mask;
      place = slots[slot]!;
    }
    if (place === EMPTY) {
      if (known === MOST_DISTINCT) return null;
      place = known++;
      slots[slot] = place;
      distinct[place] = values[row]!;
      if (2 * known > mask) mask = widen(known, 2 * mask + 1);
    }
    places[row] = place;
    if (row === check) {
      if (2 * known > row) return null;
      check *= 2;
    }
  }
  const sorted = distinct.slice(0, known).sort();
  const rank = new Uint32Array(known);
  const sortedWords = new Int32Array(sorted.buffer);
  for (let place = 0; place < known; place++) {
    const low = sortedWords[2 * place]!;
    const high = sortedWords[2 * place + 1]!;
    let slot = hashOf(low, high) & mask;
    while (distinctWords[2 * slots[slot]!] !== low || distinctWords[2 * slots[slot]! + 1] !== high)
      slot = (slot + 1) & mask;
    rank[slots[slot]!] = place;
  }
  for (let row = 0; row < n; row++) places[row] = rank[places[row]!]!;
  return { values: sorted, places };
}

/** Puts the values known into more slots. */
function widen(known: number, mask: number): number {
  if (slots.length <= mask) slots = new Int32Array(mask + 1);
  slots.fill(EMPTY, 0, mask + 1);
  for (let place = 0; place < known; place++) {
    let slot = hashOf(distinctWords[2 * place]!, distinctWords[2 * place + 1]!) & mask;
    while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
    slots[slot] = place;
  }
  return mask;
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
}

/** The least and the most of some values; which of 0 and -0 is not told. */
export function rangeOf(values: Float64Array): NumberRange {
  const kernel = kernelWith(values);
  if (kernel !== null) {
    kernel.range(values.length);
    return { least: lent.sorted[0]!, most: lent.sorted[1]! };
  }
  let least = values[0]!;
  let most = least;
  for (let row = 1; row < values.length; row++) {
    const value = values[row]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}

/** How many runs of equal values there are. */
export function runsOf(values: Float64Array): number {
  const kernel = kernelWith(values);
  if (kernel !== null) return kernel.runs(values.length);
  let runs = 1;
  for (let row = 1; row < values.length; row++) if (values[row] !== values[row - 1]) runs++;
  return runs;
}

/** The dictionary of texts in order of their UTF-8, or null when more than half of them are distinct. */
export function dictionaryOfTexts(texts: readonly string[]): Dictionary<readonly Uint8Array[]> | null {
  const known = new Map<string, number>();
  const places = placesOf(texts.length);
  for (let row = 0; row < texts.length; ) {
    const text = texts[row]!;
    const place = known.get(text) ?? known.size;
    if (place === known.size) known.set(text, place);
    let end = row + 1;
    while (end < texts.length && texts[end] === text) end++;
    places.fill(place, row, end);
    row = end;
  }
  if (2 * known.size > texts.length + 16) return null;
  const found = [...known.keys()].map((text) => Buffer.from(text));
  const order = found.map((_, i) => i).sort((x, y) => Buffer.compare(found[x]!, found[y]!));
  const rank = new Uint32Array(found.length);
  order.forEach((from, to) => {
    rank[from] = to;
  });
  if (known.size > 1) for (let row = 0; row < places.length; row++) places[row] = rank[places[row]!]!;
  return { values: order.map((i) => found[i]!), places };
}
