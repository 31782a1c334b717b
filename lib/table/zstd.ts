// Zstandard frames whose bytes no upgrade of Node or of a library can change (specification: RFC 8878): greedy matches,
// Huffman literals, tables of each block's own; never a table that the format predefines or a block before has left.
import { kernelOf, place } from '../math/kernel.ts';
import {
  BitWriter,
  type FseTable,
  fseTable,
  histogram,
  huffman,
  putHuffman,
  putHuffmanTable,
  putSymbol,
  putTable,
  startState,
} from './entropy.ts';
import wasm from './kernels/zstd.wasm';

/** The most bytes of a block. */
const BLOCK = 131_072;
/** Bytes that a match has at least. */
const SHORTEST = 5;

/**
 * How to look at the bytes: `bytes` finds repetitions anywhere, `records` those that begin where a value of eight bytes does;
 * `planes` codes every `block` bytes by themselves, each plane having its own law, and looks for repetitions only where bytes stay the same.
 */
export type Look = { readonly kind: 'bytes' | 'records' } | { readonly kind: 'planes'; readonly block: number };

const scratch = new BitWriter(new Uint8Array(2 * BLOCK), 0);
const literals = new Uint8Array(BLOCK);
const counts = new Int32Array(256);
const places = new Int32Array(1 << 14);
const literalRuns = new Int32Array(BLOCK / SHORTEST + 1);
const matchRuns = new Int32Array(literalRuns.length);
/** Distance + 3, or 1 for the distance used last. */
const distances = new Int32Array(literalRuns.length);

/** The frame under way. */
let frame = new Uint8Array(BLOCK);

interface ZstdKernel {
  init(scratch: number, extra: number): number;
  frame(bytes: number, length: number, step: number, block: number, out: number): number;
}

/** Bytes the kernel takes; longer ones go to the twin. */
const ROOM = 1 << 20;
let input: Uint8Array = new Uint8Array(0);
let output: Uint8Array = input;

const zstdKernel = kernelOf<ZstdKernel>(wasm, ({ init }, zeros) => {
  const bytesOf = (size: number) => {
    const array = zeros(size / 8);
    return { at: place(array), bytes: new Uint8Array(array.buffer, array.byteOffset, size) };
  };
  const [own, extra] = [bytesOf(ROOM), bytesOf(96)];
  extra.bytes.set(LITERAL_EXTRA);
  extra.bytes.set(MATCH_EXTRA, LITERAL_EXTRA.length);
  init(own.at, extra.at);
  // A little more, for vectors that are read or written over the end.
  input = bytesOf(ROOM + 64).bytes;
  output = bytesOf(ROOM + 4096).bytes;
});

/** One frame of all the bytes, with their number in its header; to be used before the next is made. */
export function zstd(bytes: Uint8Array, look: Look): Uint8Array {
  const size = look.kind === 'planes' ? Math.min(BLOCK, look.block) : BLOCK;
  const blocks = Math.max(1, Math.ceil(bytes.length / size));
  const most = bytes.length + 3 * blocks + 9;
  const kernel = zstdKernel();
  if (kernel !== null && bytes.length <= ROOM && most <= output.length) {
    input.set(bytes);
    const step = look.kind === 'planes' ? 0 : look.kind === 'records' ? 8 : 1;
    return output.subarray(0, kernel.frame(input.byteOffset, bytes.length, step, size, output.byteOffset));
  }
  if (frame.length < most) frame = new Uint8Array(2 * most);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  const form = bytes.length < 256 ? 0 : bytes.length < 65_792 ? 1 : 2;
  frame[4] = (form << 6) | 0x20;
  let at = 5 + [1, 2, 4][form]!;
  if (form === 0) frame[5] = bytes.length;
  else if (form === 1) view.setUint16(5, bytes.length - 256, true);
  else view.setUint32(5, bytes.length, true);
  places.fill(0);
  let distance = 1;
  for (let k = 0; k < blocks; k++) {
    const from = k * size;
    const to = Math.min(bytes.length, from + size);
    const last = k === blocks - 1 ? 1 : 0;
    const header = (kind: number, length: number) => {
      const value = (length << 3) | (kind << 1) | last;
      frame[at++] = value;
      frame[at++] = value >> 8;
      frame[at++] = value >> 16;
    };
    histogram(bytes, from, to, counts);
    if (to > from && counts[bytes[from]!] === to - from) {
      header(1, to - from);
      frame[at++] = bytes[from]!;
      continue;
    }
    const used = compress(bytes, from, to, look, distance);
    if (scratch.at < to - from) {
      header(2, scratch.at);
      frame.set(scratch.bytes.subarray(0, scratch.at), at);
      at += scratch.at;
      distance = used;
    } else {
      header(0, to - from);
      frame.set(bytes.subarray(from, to), at);
      at += to - from;
    }
  }
  return frame.subarray(0, at);
}

/** A block into `scratch`; `counts` are those of its bytes. Returns the distance used last. */
function compress(bytes: Uint8Array, from: number, to: number, look: Look, distance: number): number {
  scratch.at = 0;
  if (isRandom(to - from)) {
    scratch.at = to - from;
    return distance;
  }
  if (look.kind === 'planes' && !stays(bytes, from, to)) {
    putLiterals(bytes.subarray(from, to));
    scratch.bytes[scratch.at++] = 0;
    return distance;
  }
  const found = findMatches(bytes, from, to, look.kind === 'records' ? 8 : 1, distance);
  if (found.sequences > 0) histogram(literals, 0, found.literals, counts);
  putLiterals(found.sequences > 0 ? literals.subarray(0, found.literals) : bytes.subarray(from, to));
  putSequences(found.sequences);
  return found.distance;
}

/** Whether the bytes counted are as even as chance would have them, so that no code can shorten them. */
function isRandom(total: number): boolean {
  let squares = 0;
  for (let value = 0; value < 256; value++) squares += counts[value]! * counts[value]!;
  return total > 1024 && 256 * squares < 1.05 * total * total + 256 * total;
}

/** Whether a byte is that before it much more often than chance would have it: half of the rest, too. */
function stays(bytes: Uint8Array, from: number, to: number): boolean {
  const total = to - from;
  let squares = 0;
  for (let value = 0; value < 256; value++) squares += counts[value]! * counts[value]!;
  let equal = 0;
  for (let at = from + 1; at < to; at++) if (bytes[at] === bytes[at - 1]) equal++;
  const byChance = squares / total;
  return equal - byChance > (total - byChance) / 2;
}

interface Found {
  readonly sequences: number;
  readonly literals: number;
  readonly distance: number;
}

/** Greedy matches of a block with anything before; `step` is how far apart they may begin. */
function findMatches(bytes: Uint8Array, from: number, to: number, step: number, before: number): Found {
  let distance = before;
  let sequences = 0;
  let kept = 0;
  let anchor = from;
  const last = to - 8;
  for (let at = from; at <= last; ) {
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const slot = (Math.imul(low, 0x9e3779b1) + Math.imul(bytes[at + 4]!, 0x85ebca77)) >>> 18;
    let back = places[slot]! - 1;
    places[slot] = at + 1;
    // The distance of the match before is the cheapest to name.
    if (at - distance >= 0 && same(bytes, at - distance, at)) back = at - distance;
    if (back < 0 || at - back > 0xf_ffff || !same(bytes, back, at)) {
      at += step === 1 ? 1 + ((at - anchor) >> 7) : step;
      continue;
    }
    let end = at + SHORTEST;
    while (end < to && bytes[end - at + back] === bytes[end]) end++;
    let start = at;
    for (; start > anchor && back > 0 && bytes[start - 1] === bytes[back - 1]; start--) back--;
    const run = start - anchor;
    for (let i = 0; i < run; i++) literals[kept++] = bytes[anchor + i]!;
    literalRuns[sequences] = run;
    matchRuns[sequences] = end - start;
    distances[sequences++] = start - back === distance && run > 0 ? 1 : start - back + 3;
    distance = start - back;
    anchor = end;
    at = step === 1 ? end : from + 8 * Math.ceil((end - from) / 8);
  }
  for (let i = anchor; i < to; i++) literals[kept++] = bytes[i]!;
  return { sequences, literals: kept, distance };
}

function same(bytes: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < SHORTEST; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

/** The literals section; `counts` are theirs. */
function putLiterals(bytes: Uint8Array): void {
  const total = bytes.length;
  const start = scratch.at;
  const code = total > 16 && !isRandom(total) ? huffman(counts) : null;
  if (code === null || (code.bits >> 3) + 8 >= total) {
    const same = total > 0 && counts[bytes[0]!] === total;
    const form = total < 32 ? 0 : total < 4096 ? 1 : 3;
    const value = (form === 0 ? total << 3 : (total << 4) | (form << 2)) | (same ? 1 : 0);
    for (let i = 0; i < (form === 3 ? 3 : form + 1); i++) scratch.bytes[scratch.at++] = value >> (8 * i);
    for (let i = 0; i < (same ? 1 : total); i++) scratch.bytes[scratch.at++] = bytes[i]!;
    return;
  }
  const form = total < 256 ? 0 : total < 1024 ? 1 : total < 16_384 ? 2 : 3;
  const head = form < 2 ? 3 : form + 2;
  scratch.at = start + head;
  const described = putHuffmanTable(scratch, code);
  if (form === 0) putHuffman(scratch, code, bytes, 0, total);
  else {
    const jumps = scratch.at;
    scratch.at += 6;
    const part = (total + 3) >> 2;
    for (let k = 0; k < 4; k++) {
      const begun = scratch.at;
      putHuffman(scratch, code, bytes, k * part, Math.min(total, (k + 1) * part));
      if (k === 3) break;
      scratch.bytes[jumps + 2 * k] = scratch.at - begun;
      scratch.bytes[jumps + 2 * k + 1] = (scratch.at - begun) >> 8;
    }
  }
  const size = scratch.at - start - head;
  if (!described || size >= total) {
    scratch.at = start;
    counts.fill(0);
    putLiterals(bytes);
    return;
  }
  const width = form < 2 ? 10 : form === 2 ? 14 : 18;
  const header = new BitWriter(scratch.bytes, start);
  header.put(2 | (form << 2), 4);
  header.put(total, width);
  header.put(size, width);
  header.align();
}

const LITERAL_EXTRA = Uint8Array.from(
  '000000000000000011112233467'.split('').map(Number).concat([8, 9, 10, 11, 12, 13, 14, 15, 16]),
);
const MATCH_EXTRA = Uint8Array.from(
  [...'00000000000000000000000000000000']
    .map(Number)
    .concat([1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
);
const LITERAL_BASE = bases(LITERAL_EXTRA, 0);
const MATCH_BASE = bases(MATCH_EXTRA, 3);
const literalCodes = new Uint8Array(literalRuns.length);
const matchCodes = new Uint8Array(literalRuns.length);
const distanceCodes = new Uint8Array(literalRuns.length);

function bases(extra: Uint8Array, first: number): Int32Array {
  const base = new Int32Array(extra.length + 1).fill(first);
  for (let code = 0; code < extra.length; code++) base[code + 1] = base[code]! + (1 << extra[code]!);
  return base;
}

/** The code of a length: the last base that is not above it. */
function codeOf(base: Int32Array, length: number): number {
  let code = base === LITERAL_BASE ? Math.min(length, 15) : Math.min(length - 3, 31);
  while (base[code + 1]! <= length) code++;
  return code;
}

/** The sequences section. */
function putSequences(n: number): void {
  const { bytes } = scratch;
  if (n < 128) bytes[scratch.at++] = n;
  else if (n < 0x7f00) {
    bytes[scratch.at++] = (n >> 8) + 128;
    bytes[scratch.at++] = n;
  } else {
    bytes[scratch.at++] = 255;
    bytes[scratch.at++] = n - 0x7f00;
    bytes[scratch.at++] = (n - 0x7f00) >> 8;
  }
  if (n === 0) return;
  for (let i = 0; i < n; i++) {
    literalCodes[i] = codeOf(LITERAL_BASE, literalRuns[i]!);
    matchCodes[i] = codeOf(MATCH_BASE, matchRuns[i]!);
    distanceCodes[i] = 31 - Math.clz32(distances[i]!);
  }
  const modes = scratch.at++;
  const [literal, l] = putCodes(literalCodes, n, 9);
  const [far, f] = putCodes(distanceCodes, n, 8);
  const [match, m] = putCodes(matchCodes, n, 9);
  bytes[modes] = (l << 6) | (f << 4) | (m << 2);
  const end = n - 1;
  let ofMatch = match === null ? 0 : startState(match, matchCodes[end]!);
  let ofFar = far === null ? 0 : startState(far, distanceCodes[end]!);
  let ofLiteral = literal === null ? 0 : startState(literal, literalCodes[end]!);
  for (let i = end; i >= 0; i--) {
    const a = literalCodes[i]!;
    const b = matchCodes[i]!;
    const c = distanceCodes[i]!;
    if (i < end) {
      if (far !== null) ofFar = putSymbol(scratch, far, ofFar, c);
      if (match !== null) ofMatch = putSymbol(scratch, match, ofMatch, b);
      if (literal !== null) ofLiteral = putSymbol(scratch, literal, ofLiteral, a);
    }
    scratch.put(literalRuns[i]! - LITERAL_BASE[a]!, LITERAL_EXTRA[a]!);
    scratch.put(matchRuns[i]! - MATCH_BASE[b]!, MATCH_EXTRA[b]!);
    scratch.put(distances[i]!, c);
  }
  if (match !== null) scratch.put(ofMatch, match.log);
  if (far !== null) scratch.put(ofFar, far.log);
  if (literal !== null) scratch.put(ofLiteral, literal.log);
  scratch.end();
}

const codeCounts = new Int32Array(64);

/** The table for codes, described: of its own, or none for a code that is always the same. Returns it and its mode. */
function putCodes(codes: Uint8Array, n: number, most: number): readonly [FseTable | null, number] {
  histogram(codes, 0, n, codeCounts);
  const table = fseTable(codeCounts, n, most);
  if (table === null) scratch.bytes[scratch.at++] = codes[0]!;
  else putTable(scratch, table);
  return [table, table === null ? 1 : 2];
}
