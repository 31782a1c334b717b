// Zstandard frames: twin of `zstd` in lib/table/zstd.ts.
import {
  align,
  at,
  bits,
  codeBits,
  countOf,
  ENTROPY_BYTES,
  end,
  fseTable,
  goOn,
  goTo,
  held,
  histogram,
  huffman,
  initEntropy,
  logOf,
  lowest,
  nextState,
  put,
  putByte,
  putHuffman,
  putHuffmanTable,
  putTable,
  startState,
  wideOf,
} from './entropy.as';

const BLOCK: i32 = 131072;
const SHORTEST: i32 = 5;
/** Sequences of a block at most, a little more than BLOCK / SHORTEST. */
const SEQUENCES: i32 = 26224;
const LITERAL_CODES: i32 = 36;
const MATCH_CODES: i32 = 53;

/** Places in the scratch, one behind the other. */
let literalExtra: usize = 0;
let literalBase: usize = 0;
let matchExtra: usize = 0;
let matchBase: usize = 0;
let places: usize = 0;
let literals: usize = 0;
let literalRuns: usize = 0;
let matchRuns: usize = 0;
let distances: usize = 0;
let literalCodes: usize = 0;
let matchCodes: usize = 0;
let distanceCodes: usize = 0;
let packed: usize = 0;

/** Takes the extra bits of the codes of literal lengths and match lengths, a byte each; gives the bytes of scratch it uses. */
export function init(scratch: usize, extra: usize): i32 {
  initEntropy(scratch);
  let next = scratch + ENTROPY_BYTES;
  literalExtra = next;
  matchExtra = literalExtra + 64;
  literalBase = matchExtra + 64;
  matchBase = literalBase + 256;
  places = matchBase + 256;
  literals = places + 65536;
  // Vectors are written over the end.
  literalRuns = literals + BLOCK + 16;
  matchRuns = literalRuns + 4 * SEQUENCES;
  distances = matchRuns + 4 * SEQUENCES;
  literalCodes = distances + 4 * SEQUENCES;
  matchCodes = literalCodes + SEQUENCES;
  distanceCodes = matchCodes + SEQUENCES;
  packed = distanceCodes + SEQUENCES;
  memory.copy(literalExtra, extra, LITERAL_CODES);
  memory.copy(matchExtra, extra + LITERAL_CODES, MATCH_CODES);
  fillBases(literalExtra, literalBase, LITERAL_CODES, 0);
  fillBases(matchExtra, matchBase, MATCH_CODES, 3);
  return (packed + 2 * BLOCK - scratch) as i32;
}

function fillBases(extra: usize, base: usize, codes: i32, first: i32): void {
  for (let code = 0; code < codes; code++) {
    store<i32>(base + ((code as usize) << 2), first);
    first += 1 << (load<u8>(extra + code) as i32);
  }
  store<i32>(base + ((codes as usize) << 2), first);
}

/** A frame of the bytes at `out`: `step` is 1 or 8 for matches that begin anywhere or at values, 0 for planes. Returns its bytes. */
export function frame(bytes: usize, length: i32, step: i32, size: i32, out: usize): i32 {
  const blocks = max(1, (length + size - 1) / size);
  store<u32>(out, 0xfd2fb528);
  let next = out + 5;
  if (length < 256) {
    store<u8>(out + 4, 0x20);
    store<u8>(next, length as u8);
    next += 1;
  } else if (length < 65792) {
    store<u8>(out + 4, 0x60);
    store<u16>(next, (length - 256) as u16);
    next += 2;
  } else {
    store<u8>(out + 4, 0xa0);
    store<u32>(next, length);
    next += 4;
  }
  memory.fill(places, 0, 65536);
  let distance: i32 = 1;
  for (let k = 0; k < blocks; k++) {
    const from = k * size;
    const to = min(length, from + size);
    const total = to - from;
    const last = k == blocks - 1 ? 1 : 0;
    histogram(bytes + from, bytes + to);
    if (total > 0 && countOf(load<u8>(bytes + from)) == total) {
      header(next, 1, total, last);
      store<u8>(next + 3, load<u8>(bytes + from));
      next += 4;
      continue;
    }
    const used = compress(bytes, from, to, step, distance);
    const kept = (at - packed) as i32;
    if (kept < total) {
      header(next, 2, kept, last);
      memory.copy(next + 3, packed, kept);
      next += 3 + kept;
      distance = used;
    } else {
      header(next, 0, total, last);
      memory.copy(next + 3, bytes + from, total);
      next += 3 + total;
    }
  }
  return (next - out) as i32;
}

function header(place: usize, kind: i32, length: i32, last: i32): void {
  const value = (length << 3) | (kind << 1) | last;
  store<u16>(place, value as u16);
  store<u8>(place + 2, (value >> 16) as u8);
}

let sequences: i32 = 0;
let kept: i32 = 0;

function compress(bytes: usize, from: i32, to: i32, step: i32, distance: i32): i32 {
  goTo(packed);
  if (isRandom(to - from)) {
    goTo(packed + (to - from));
    return distance;
  }
  if (step == 0 && !stays(bytes + from, bytes + to)) {
    putLiterals(bytes + from, to - from);
    putByte(0);
    return distance;
  }
  const used = findMatches(bytes, from, to, max(step, 1), distance);
  if (sequences > 0) {
    histogram(literals, literals + kept);
    putLiterals(literals, kept);
  } else putLiterals(bytes + from, to - from);
  putSequences(sequences);
  return used;
}

function squares(): f64 {
  let sum: f64 = 0;
  for (let value = 0; value < 256; value++) sum += (countOf(value) as f64) * (countOf(value) as f64);
  return sum;
}

function isRandom(total: i32): bool {
  const all = total as f64;
  return total > 1024 && 256 * squares() < 1.05 * all * all + 256 * all;
}

function stays(from: usize, to: usize): bool {
  const all = (to - from) as f64;
  let equal: i32 = 0;
  for (let place = from + 1; place < to; place++) if (load<u8>(place) == load<u8>(place - 1)) equal++;
  const byChance = squares() / all;
  return (equal as f64) - byChance > (all - byChance) / 2;
}

@inline
function same(a: usize, b: usize): bool {
  return load<u32>(a) == load<u32>(b) && load<u8>(a, 4) == load<u8>(b, 4);
}

function findMatches(bytes: usize, from: i32, to: i32, step: i32, before: i32): i32 {
  let distance = before;
  let anchor = from;
  const last = to - 8;
  sequences = 0;
  let out = literals;
  for (let here = from; here <= last; ) {
    const place = bytes + here;
    const slot = (load<u32>(place) * <u32>0x9e3779b1 + (load<u8>(place, 4) as u32) * <u32>0x85ebca77) >>> 18;
    let back = load<i32>(places + (slot << 2)) - 1;
    store<i32>(places + (slot << 2), here + 1);
    let found = false;
    if (here - distance >= 0 && same(place - distance, place)) {
      back = here - distance;
      found = here - back <= 0xfffff;
    } else found = back >= 0 && here - back <= 0xfffff && same(bytes + back, place);
    if (!found) {
      here += step == 1 ? 1 + ((here - anchor) >> 7) : step;
      continue;
    }
    let stop = here + SHORTEST;
    // Eight bytes at a time; beyond the last byte there is room to read.
    while (stop < to) {
      const differ = load<u64>(bytes + (stop - here + back)) ^ load<u64>(bytes + stop);
      if (differ != 0) {
        stop += (ctz(differ) >> 3) as i32;
        break;
      }
      stop += 8;
    }
    if (stop > to) stop = to;
    let start = here;
    for (; start > anchor && back > 0 && load<u8>(bytes + start - 1) == load<u8>(bytes + back - 1); start--) back--;
    const run = start - anchor;
    // Runs are short: a vector at a time, where there is room behind.
    for (let i = 0; i < run; i += 16) v128.store(out + i, v128.load(bytes + anchor + i));
    out += run;
    const index = (sequences as usize) << 2;
    store<i32>(literalRuns + index, run);
    store<i32>(matchRuns + index, stop - start);
    store<i32>(distances + index, start - back == distance && run > 0 ? 1 : start - back + 3);
    sequences++;
    distance = start - back;
    anchor = stop;
    here = step == 1 ? stop : from + (((stop - from + 7) >> 3) << 3);
  }
  memory.copy(out, bytes + anchor, to - anchor);
  kept = (out - literals) as i32 + (to - anchor);
  return distance;
}

function putLiterals(bytes: usize, total: i32): void {
  const start = at;
  const coded = total > 16 && !isRandom(total) && huffman();
  if (!coded || (codeBits >> 3) + 8 >= total) {
    putPlain(bytes, total, total > 0 && countOf(load<u8>(bytes)) == total);
    return;
  }
  const form = total < 256 ? 0 : total < 1024 ? 1 : total < 16384 ? 2 : 3;
  const head = form < 2 ? 3 : form + 2;
  goTo(start + head);
  const described = putHuffmanTable();
  if (form == 0) putHuffman(bytes, bytes + total);
  else {
    const jumps = at;
    goTo(at + 6);
    const part = (total + 3) >> 2;
    for (let k = 0; k < 4; k++) {
      const begun = at;
      putHuffman(bytes + k * part, bytes + min(total, (k + 1) * part));
      if (k < 3) store<u16>(jumps + 2 * k, (at - begun) as u16);
    }
  }
  const size = (at - start - head) as i32;
  if (!described || size >= total) {
    goTo(start);
    putPlain(bytes, total, false);
    return;
  }
  const after = at;
  const width = form < 2 ? 10 : form == 2 ? 14 : 18;
  goTo(start);
  put(2 | (form << 2), 4);
  put(total, width);
  put(size, width);
  align();
  goTo(after);
}

function putPlain(bytes: usize, total: i32, same: bool): void {
  const form = total < 32 ? 0 : total < 4096 ? 1 : 3;
  const value = (form == 0 ? total << 3 : (total << 4) | (form << 2)) | (same ? 1 : 0);
  putByte(value);
  if (form > 0) putByte(value >> 8);
  if (form == 3) putByte(value >> 16);
  const length = same ? 1 : total;
  memory.copy(at, bytes, length);
  goTo(at + length);
}

@inline
function codeOf(base: usize, code: i32, length: i32): i32 {
  while (load<i32>(base + ((code as usize) << 2), 4) <= length) code++;
  return code;
}

function putSequences(n: i32): void {
  if (n < 128) putByte(n);
  else if (n < 0x7f00) {
    putByte((n >> 8) + 128);
    putByte(n);
  } else {
    putByte(255);
    putByte(n - 0x7f00);
    putByte((n - 0x7f00) >> 8);
  }
  if (n == 0) return;
  for (let i = 0; i < n; i++) {
    const index = (i as usize) << 2;
    const run = load<i32>(literalRuns + index);
    const length = load<i32>(matchRuns + index);
    store<u8>(literalCodes + i, codeOf(literalBase, min(run, 15), run) as u8);
    store<u8>(matchCodes + i, codeOf(matchBase, min(length - 3, 31), length) as u8);
    store<u8>(distanceCodes + i, (31 - clz<i32>(load<i32>(distances + index))) as u8);
  }
  const modes = at;
  goTo(at + 1);
  const literal = putCodes(literalCodes, n, 9, 0);
  const far = putCodes(distanceCodes, n, 8, 1);
  const match = putCodes(matchCodes, n, 9, 2);
  store<u8>(modes, ((literal == 0 ? 1 : 2) << 6) | ((far == 0 ? 1 : 2) << 4) | ((match == 0 ? 1 : 2) << 2));
  let ofMatch: u32 = match == 0 ? 0 : startState(match, load<u8>(matchCodes + n - 1));
  let ofFar: u32 = far == 0 ? 0 : startState(far, load<u8>(distanceCodes + n - 1));
  let ofLiteral: u32 = literal == 0 ? 0 : startState(literal, load<u8>(literalCodes + n - 1));
  // Locals stay in registers, which globals do not.
  let out = at;
  let waiting = bits;
  let count = held;
  for (let i = n - 1; i >= 0; i--) {
    const a = load<u8>(literalCodes + i) as i32;
    const b = load<u8>(matchCodes + i) as i32;
    const c = load<u8>(distanceCodes + i) as i32;
    if (i < n - 1) {
      // No more than 26 bits.
      if (far != 0) {
        const wide = wideOf(far, ofFar, c);
        waiting |= lowest(ofFar, wide) << (count as u64);
        count += wide;
        ofFar = nextState(far, ofFar, c, wide);
      }
      if (match != 0) {
        const wide = wideOf(match, ofMatch, b);
        waiting |= lowest(ofMatch, wide) << (count as u64);
        count += wide;
        ofMatch = nextState(match, ofMatch, b, wide);
      }
      if (literal != 0) {
        const wide = wideOf(literal, ofLiteral, a);
        waiting |= lowest(ofLiteral, wide) << (count as u64);
        count += wide;
        ofLiteral = nextState(literal, ofLiteral, a, wide);
      }
      if (count >= 32) {
        store<u32>(out, waiting as u32);
        out += 4;
        waiting >>= 32;
        count -= 32;
      }
    }
    // No more than 16 bits each.
    const index = (i as usize) << 2;
    const run = load<i32>(literalRuns + index) - load<i32>(literalBase + ((a as usize) << 2));
    waiting |= (run as u64) << (count as u64);
    count += load<u8>(literalExtra + a);
    const length = load<i32>(matchRuns + index) - load<i32>(matchBase + ((b as usize) << 2));
    waiting |= (length as u64) << (count as u64);
    count += load<u8>(matchExtra + b);
    if (count >= 32) {
      store<u32>(out, waiting as u32);
      out += 4;
      waiting >>= 32;
      count -= 32;
    }
    waiting |= lowest(load<i32>(distances + index), c) << (count as u64);
    count += c;
    if (count >= 32) {
      store<u32>(out, waiting as u32);
      out += 4;
      waiting >>= 32;
      count -= 32;
    }
  }
  goOn(out, waiting, count);
  if (match != 0) put(ofMatch, logOf(match));
  if (far != 0) put(ofFar, logOf(far));
  if (literal != 0) put(ofLiteral, logOf(literal));
  end();
}

function putCodes(codes: usize, n: i32, most: i32, k: usize): usize {
  const table = fseTable(codes, codes + n, 64, most, k);
  if (table == 0) putByte(load<u8>(codes));
  else putTable(table, 64);
  return table;
}
