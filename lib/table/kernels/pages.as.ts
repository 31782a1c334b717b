// Encodings of pages: twins of lib/table/encoding.ts.

const EMPTY: i32 = -1;

/** Places in the scratch. */
let values: usize = 0;
let places: usize = 0;
let distinct: usize = 0;
let sorted: usize = 0;
let rank: usize = 0;
let slots: usize = 0;
let out: usize = 0;
let most: i32 = 0;

export function init(
  ofValues: usize,
  ofPlaces: usize,
  ofDistinct: usize,
  ofSorted: usize,
  ofRank: usize,
  ofSlots: usize,
  ofOut: usize,
  mostDistinct: i32,
): void {
  values = ofValues;
  places = ofPlaces;
  distinct = ofDistinct;
  sorted = ofSorted;
  rank = ofRank;
  slots = ofSlots;
  out = ofOut;
  most = mostDistinct;
}

let at: usize = 0;
let bits: u64 = 0;
let held: u32 = 0;

/** At most 32 bits of a value that has no more. */
@inline
function put(value: u32, count: u32): void {
  bits |= (value as u64) << held;
  held += count;
  if (held >= 32) {
    store<u32>(at, bits as u32);
    at += 4;
    bits >>= 32;
    held -= 32;
  }
}

/** The bits that are left, and zeros up to a place. */
@inline
function fillTo(end: usize): void {
  store<u32>(at, bits as u32);
  at += (held + 7) >> 3;
  bits = 0;
  held = 0;
  memory.fill(at, 0, end - at);
  at = end;
}

function putVarint(rest: u64): void {
  for (; rest > 127; rest >>= 7) store<u8>(at++, ((rest as u8) & 127) | 128);
  store<u8>(at++, rest as u8);
}

function putSigned(value: i64): void {
  putVarint((value << 1) ^ (value >> 63));
}

/** Least and most of the values, left where the sorted ones go. */
export function range(n: i32): void {
  let least = v128.load64_splat(values);
  let greatest = least;
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const pair = v128.load(values + ((i as usize) << 3));
    least = f64x2.pmin(least, pair);
    greatest = f64x2.pmax(greatest, pair);
  }
  if (i < n) {
    const one = v128.load64_splat(values + ((i as usize) << 3));
    least = f64x2.pmin(least, one);
    greatest = f64x2.pmax(greatest, one);
  }
  store<f64>(sorted, min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1)));
  store<f64>(sorted, max(f64x2.extract_lane(greatest, 0), f64x2.extract_lane(greatest, 1)), 8);
}

export function runs(n: i32): i32 {
  let count: i32 = 1;
  for (let i = 1; i < n; i++) {
    const place = values + ((i as usize) << 3);
    count += (load<f64>(place) != load<f64>(place - 8)) as i32;
  }
  return count;
}

@inline
function slotOf(word: u64, mask: u32): u32 {
  const mixed = ((word as u32) ^ (((word >> 32) as u32) * <u32>0x85ebca6b)) * <u32>0x9e3779b1;
  return (mixed ^ (mixed >>> 15)) & mask;
}

@inline
function slotAt(slot: u32): usize {
  return slots + ((slot as usize) << 2);
}

/** Distinct values in order of appearance, and for each value which it is; how many, or -1 when there are too many. */
export function distinguish(n: i32): i32 {
  let mask: u32 = 8191;
  memory.fill(slots, 0xff, (mask + 1) << 2);
  let known: i32 = 0;
  let check: i32 = 1024;
  for (let i = 0; i < n; i++) {
    const word = load<u64>(values + ((i as usize) << 3));
    let slot = slotOf(word, mask);
    let place = load<i32>(slotAt(slot));
    while (place != EMPTY && load<u64>(distinct + ((place as usize) << 3)) != word) {
      slot = (slot + 1) & mask;
      place = load<i32>(slotAt(slot));
    }
    if (place == EMPTY) {
      if (known == most) return -1;
      place = known++;
      store<i32>(slotAt(slot), place);
      store<u64>(distinct + ((place as usize) << 3), word);
      if (2 * known > (mask as i32)) mask = widen(known, 2 * mask + 1);
    }
    store<i32>(places + ((i as usize) << 2), place);
    if (i == check) {
      if (2 * known > i) return -1;
      check *= 2;
    }
  }
  lastMask = mask;
  return known;
}

let lastMask: u32 = 0;

function widen(known: i32, mask: u32): u32 {
  memory.fill(slots, 0xff, (mask + 1) << 2);
  for (let place = 0; place < known; place++) {
    let slot = slotOf(load<u64>(distinct + ((place as usize) << 3)), mask);
    while (load<i32>(slotAt(slot)) != EMPTY) slot = (slot + 1) & mask;
    store<i32>(slotAt(slot), place);
  }
  return mask;
}

/** Gives each value the place that its own has among the sorted ones. */
export function order(known: i32, n: i32): void {
  for (let place = 0; place < known; place++) {
    const word = load<u64>(sorted + ((place as usize) << 3));
    let slot = slotOf(word, lastMask);
    while (load<u64>(distinct + ((load<i32>(slotAt(slot)) as usize) << 3)) != word) slot = (slot + 1) & lastMask;
    store<i32>(rank + ((load<i32>(slotAt(slot)) as usize) << 2), place);
  }
  for (let i = 0; i < n; i++) {
    const place = places + ((i as usize) << 2);
    store<i32>(place, load<i32>(rank + ((load<i32>(place) as usize) << 2)));
  }
}

@inline
function numberAt(numbers: usize, row: i32): u32 {
  return load<u32>(numbers + ((row as usize) << 2));
}

export function hybrid(numbers: usize, n: i32, width: i32): i32 {
  at = out;
  let packed: i32 = 0;
  const size = (width + 7) >> 3;
  for (let row = 0; row < n; ) {
    const value = numberAt(numbers, row);
    let end = row + 1;
    while (end < n && numberAt(numbers, end) == value) end++;
    const start = packed + (((row - packed + 7) >> 3) << 3);
    if (end - start >= 16) {
      pack(numbers, packed, start, width);
      putVarint(2 * (end - start));
      for (let byte = 0; byte < size; byte++) store<u8>(at++, (value >> (8 * byte)) as u8);
      packed = end;
    }
    row = end;
  }
  pack(numbers, packed, n, width);
  return (at - out) as i32;
}

function pack(numbers: usize, from: i32, to: i32, width: i32): void {
  if (to == from) return;
  const groups = (to - from + 7) >> 3;
  putVarint(2 * groups + 1);
  const end = at + groups * width;
  for (let row = from; row < to; row++) put(numberAt(numbers, row), width);
  fillTo(end);
}

@inline
function valueAt(row: i32): i64 {
  return load<f64>(values + ((row as usize) << 3)) as i64;
}

export function delta(n: i32): i32 {
  at = out;
  putVarint(128);
  putVarint(4);
  putVarint(n);
  putSigned(n == 0 ? 0 : valueAt(0));
  for (let from = 1; from < n; from += 128) {
    const to = min(n, from + 128);
    let least = i64.MAX_VALUE;
    let before = valueAt(from - 1);
    for (let row = from; row < to; row++) {
      const value = valueAt(row);
      least = min(least, value - before);
      before = value;
    }
    putSigned(least);
    const widths = at;
    at += 4;
    store<u32>(widths, 0);
    for (let start = from; start < to; start += 32)
      store<u8>(widths + ((start - from) >> 5), packSteps(start, min(to, start + 32), least) as u8);
  }
  return (at - out) as i32;
}

function packSteps(from: i32, to: i32, least: i64): i32 {
  let any: u64 = 0;
  let before = valueAt(from - 1);
  for (let row = from; row < to; row++) {
    const value = valueAt(row);
    any |= value - before - least;
    before = value;
  }
  const width = (64 - clz<u64>(any)) as i32;
  if (width == 0) return 0;
  const end = at + 4 * width;
  before = valueAt(from - 1);
  for (let row = from; row < to; row++) {
    const value = valueAt(row);
    const step = (value - before - least) as u64;
    before = value;
    if (width <= 32) put(step as u32, width);
    else {
      put(step as u32, 32);
      put((step >> 32) as u32, width - 32);
    }
  }
  fillTo(end);
  return width;
}

export function splitStreams(n: i32): void {
  for (let row = 0; row < n; row++) {
    let word = load<u64>(values + ((row as usize) << 3));
    let place = out + row;
    for (let plane = 0; plane < 8; plane++) {
      store<u8>(place, word as u8);
      word >>= 8;
      place += n;
    }
  }
}
