// Addressed random words: Threefry-2x32-20 keyed by names, counted by bar and draw, with no state to carry.
import { sha256 } from '../base/digest.ts';
import { ProblemError } from '../base/problem.ts';

/** One stream of draws: two key words and the two words xored into the counter, as signed 32-bit integers. */
export interface Stream {
  readonly key0: number;
  readonly key1: number;
  readonly mask0: number;
  readonly mask1: number;
}

export type Scope = 'market' | 'class' | 'asset';

/** What a stream is for; equal addresses under equal seeds are the same numbers, different ones share nothing. */
export interface Address {
  readonly scope: Scope;
  /** Ticker, class or factor; empty when the scope has one member. */
  readonly asset: string;
  readonly component: string;
  /** Number of the path in a bundle of paths; "0" when there is one. */
  readonly path?: string;
}

/** `i:7` or `s:text`: an integer and its decimal text are different seeds. Refuses fractions, negatives and unsafe integers. */
export function seedTag(seed: number | string): string {
  if (typeof seed === 'string') {
    if (seed.isWellFormed()) return `s:${seed}`;
  } else if (Number.isSafeInteger(seed) && seed >= 0) return `i:${seed}`;
  throw new ProblemError({
    code: 'model/refused',
    message: 'seed must be an integer from 0 to 2^53 - 1 or a text',
    facts: { seed: typeof seed === 'string' ? 'text with a lone surrogate' : String(seed) },
    hint: 'write the seed as a plain integer, or quote it to use it as text',
  });
}

const encoder = new TextEncoder();

/** The stream of an address: SHA-256 over the fields, each as u32-LE length + UTF-8, read as little-endian words. */
export function streamOf(seed: number | string, address: Address): Stream {
  const fields = ['v1', seedTag(seed), address.scope, address.asset, address.component, address.path ?? '0'];
  // A unit of UTF-16 takes three bytes at most.
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + 4 + 3 * field.length, 0));
  let at = 0;
  for (const field of fields) {
    const { written: length } = encoder.encodeInto(field, bytes.subarray(at + 4));
    bytes[at] = length;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length >>> 16;
    bytes[at + 3] = length >>> 24;
    at += 4 + length;
  }
  const hex = sha256(bytes.subarray(0, at));
  const word = (i: number) => {
    const big = Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16);
    return (big >>> 24) | ((big >>> 8) & 0xff00) | ((big & 0xff00) << 8) | (big << 24);
  };
  return { key0: word(0), key1: word(1), mask0: word(2), mask1: word(3) };
}

/** The words of the last call of `words`. Shared scratch: read it before the next draw. */
export const word = new Int32Array(2);

/**
 * Words of a stream at (bar, draw) into `word`: Threefry-2x32, 20 rounds (Salmon et al. 2011, 3.2).
 * Both coordinates count modulo 2^32.
 */
export function words(stream: Stream, bar: number, draw: number): void {
  threefry(stream.key0, stream.key1, bar ^ stream.mask0, draw ^ stream.mask1);
}

/** The bare block: key and counter words in, two words out into `word`. */
export function threefry(k0: number, k1: number, c0: number, c1: number): void {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  let a = (c0 + k0) | 0;
  let b = (c1 + k1) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 1) | 0;
  a = (a + b) | 0;
  b = ((b << 17) | (b >>> 15)) ^ a;
  a = (a + b) | 0;
  b = ((b << 29) | (b >>> 3)) ^ a;
  a = (a + b) | 0;
  b = ((b << 16) | (b >>> 16)) ^ a;
  a = (a + b) | 0;
  b = ((b << 24) | (b >>> 8)) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 2) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k0) | 0;
  b = (b + k1 + 3) | 0;
  a = (a + b) | 0;
  b = ((b << 17) | (b >>> 15)) ^ a;
  a = (a + b) | 0;
  b = ((b << 29) | (b >>> 3)) ^ a;
  a = (a + b) | 0;
  b = ((b << 16) | (b >>> 16)) ^ a;
  a = (a + b) | 0;
  b = ((b << 24) | (b >>> 8)) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 4) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 5) | 0;
  word[0] = a;
  word[1] = b;
}
