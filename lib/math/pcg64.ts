// PCG64 (XSL-RR 128/64) seeded by SeedSequence, word for word as numpy's default_rng draws it.
import { ProblemError } from '../base/problem.ts';

/** A generator. Its outputs are made a block at a time and handed out in order. */
export interface Pcg64 {
  /** 32-bit words, lowest first: 0..3 the state behind the block, 4..7 the increment. */
  readonly state: Int32Array;
  /** 64-bit outputs as pairs of signed halves, the low one first. */
  readonly words: Int32Array;
  /** Index in `words` of the next output; their length when all are used. */
  at: number;
  /** The high half that next32 has left over, or -1. */
  half: number;
}

/** Outputs made at a time. */
export const BLOCK = 256;
const TWO_32 = 4294967296;

/**
 * `count` 32-bit words spread from one whole number in 0..2^53-1: numpy's SeedSequence with a pool of four words,
 * after O'Neill (2015), "Developing a seed_seq alternative". Throws `config/invalid` for any other seed.
 */
export function seedSequence(seed: number, count: number): Uint32Array {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ProblemError({
      code: 'config/invalid',
      message: `a seed is a whole number from 0 to 2^53-1, not ${seed}`,
    });
  }
  let constant = 0x43b0d7e5;
  const hash = (word: number): number => {
    word ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    word = Math.imul(word, constant);
    return word ^ (word >>> 16);
  };
  const pool = [hash(seed | 0), hash(Math.floor(seed / TWO_32)), hash(0), hash(0)];
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(pool[to]!, 0xca01f9dd) - Math.imul(hash(pool[from]!), 0x4973f715);
      pool[to] = mixed ^ (mixed >>> 16);
    }
  }
  constant = 0x8b51f9dd;
  return Uint32Array.from({ length: count }, (_, i) => {
    let word = pool[i % 4]! ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    word = Math.imul(word, constant);
    return word ^ (word >>> 16);
  });
}

/** The generator that numpy's `default_rng(seed)` starts with; seed as in `seedSequence`. */
export function pcg64(seed: number): Pcg64 {
  const [s2, s3, s0, s1, c2, c3, c0, c1] = seedSequence(seed, 8) as unknown as number[];
  const state = new Int32Array(8);
  // increment = 2 c + 1; the state starts at 0, steps, takes the seed in and steps again.
  state.set([(c0! << 1) | 1, (c1! << 1) | (c0! >>> 31), (c2! << 1) | (c1! >>> 31), (c3! << 1) | (c2! >>> 31)], 4);
  const unused = new Int32Array(2);
  fillWords(state, unused);
  let carry = 0;
  [s0!, s1!, s2!, s3!].forEach((word, i) => {
    const sum = (state[i]! >>> 0) + word + carry;
    state[i] = sum | 0;
    carry = sum >= TWO_32 ? 1 : 0;
  });
  fillWords(state, unused);
  return { state, words: new Int32Array(2 * BLOCK), at: 2 * BLOCK, half: -1 };
}

/**
 * Step `state` once for every pair in `words` and put the outputs there; both as in `Pcg64`.
 *
 * state = state * M + increment modulo 2^128, by columns of 32 bits. The low word of a column is exact by imul; what
 * it carries on is (column - low word) / 2^32, a whole number that doubles give with an error below 2^-16.
 */
export function fillWords(state: Int32Array, words: Int32Array): void {
  // The multiplier 0x2360ed051fc65da44385df649fccf645 of O'Neill (2014), "PCG", HMC-CS-2014-0905, in 32-bit words. It is
  // local because bundling makes variables of module constants, which costs half of the speed.
  const M0 = 0x9fccf645;
  const M1 = 0x4385df64;
  const M2 = 0x1fc65da4;
  const M3 = 0x2360ed05;
  const PER_2_32 = 1 / 4294967296;
  let s0 = state[0]!;
  let s1 = state[1]!;
  let s2 = state[2]!;
  let s3 = state[3]!;
  const c0 = state[4]!;
  const c1 = state[5]!;
  const c2 = state[6]!;
  const c3 = state[7]!;
  const u0 = c0 >>> 0;
  const u1 = c1 >>> 0;
  const u2 = c2 >>> 0;
  for (let i = 0; i < words.length; i += 2) {
    const a0 = s0 >>> 0;
    const a1 = s1 >>> 0;
    const a2 = s2 >>> 0;
    const n0 = (Math.imul(s0, M0) + c0) | 0;
    const e0 = (a0 * M0 + u0 - (n0 >>> 0)) * PER_2_32;
    const n1 = (Math.imul(s0, M1) + Math.imul(s1, M0) + c1 + ((e0 + 0.5) | 0)) | 0;
    const e1 = (a0 * M1 + a1 * M0 + (u1 + e0) - (n1 >>> 0)) * PER_2_32;
    const n2 = (Math.imul(s0, M2) + Math.imul(s1, M1) + Math.imul(s2, M0) + c2 + ((e1 + 0.5) | 0)) | 0;
    const e2 = (a0 * M2 + a1 * M1 + a2 * M0 + (u2 + e1) - (n2 >>> 0)) * PER_2_32;
    const top = Math.imul(s0, M3) + Math.imul(s1, M2) + Math.imul(s2, M1) + Math.imul(s3, M0);
    s3 = (top + c3 + ((e2 + 0.5) | 0)) | 0;
    s0 = n0;
    s1 = n1;
    s2 = n2;
    // Rotate high ^ low right by the top six bits; without branches, which would be mispredicted half of the time.
    const high = s3 ^ s1;
    const low = s2 ^ s0;
    const swap = (high ^ low) & (s3 >> 31);
    const x = low ^ swap;
    const y = high ^ swap;
    const by = s3 >>> 26;
    words[i] = (x >>> by) | ((y << 1) << ~by);
    words[i + 1] = (y >>> by) | ((x << 1) << ~by);
  }
  state[0] = s0;
  state[1] = s1;
  state[2] = s2;
  state[3] = s3;
}

/** Take one 64-bit output; its halves are `rng.words` at the index returned and behind it. */
export function next64(rng: Pcg64): number {
  let at = rng.at;
  if (at === rng.words.length) {
    fillWords(rng.state, rng.words);
    at = 0;
  }
  rng.at = at + 2;
  return at;
}

/** A 32-bit word in 0..2^32-1: the low half of an output, then its high half, whatever is drawn in between. */
export function next32(rng: Pcg64): number {
  const left = rng.half;
  if (left >= 0) {
    rng.half = -1;
    return left;
  }
  const at = next64(rng);
  rng.half = rng.words[at + 1]! >>> 0;
  return rng.words[at]! >>> 0;
}

/** A double in [0, 1): the top 53 bits of an output times 2^-53. */
export function nextDouble(rng: Pcg64): number {
  const at = next64(rng);
  return ((rng.words[at + 1]! >>> 0) * 2097152 + (rng.words[at]! >>> 11)) * (1 / 9007199254740992);
}

/**
 * A whole number in 0..bound-1 as numpy's `integers(bound)` draws it, for a whole bound in 1..2^32: the high word of
 * word * bound, drawn again while the low word falls in the part that would favour some numbers (Lemire 2019, algorithm 5).
 */
export function nextInteger(rng: Pcg64, bound: number): number {
  if (bound === 1) return 0;
  if (bound === TWO_32) return next32(rng);
  const threshold = (TWO_32 - bound) % bound;
  for (;;) {
    const word = next32(rng);
    const low = Math.imul(word, bound) >>> 0;
    if (low >= threshold) return Math.round((word * bound - low) / TWO_32);
  }
}
