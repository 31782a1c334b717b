// Standard normals as numpy's Generator draws them: the 256-layer ziggurat of Marsaglia and Tsang (2000) on 64-bit words.
import { exp, log1p } from './elementary.ts';
import { inPlace, kernelOf, place } from './kernel.ts';
import wasm from './kernels/pcg64.wasm';
import { FAST, HEIGHT, WIDTH } from './numpy-normal-tables.ts';
import { BLOCK, fillWords, nextDouble, type Pcg64 } from './pcg64.ts';

const TAIL_START = 3.654152885361009;
const PER_TAIL_START = 0.2736612373297583;

interface Pcg64Kernel {
  init(state: number, words: number, bytes: number, layers: number): void;
  fill(out: number, count: number, from: number): number;
  nextIndex(): number;
}

/** The generator that the kernel works on; others are copied there and back. */
let inside: Pcg64;

const pcg64Kernel = kernelOf<Pcg64Kernel>(wasm, ({ init }, zeros) => {
  const layers = zeros(2 * WIDTH.length);
  for (let i = 0; i < WIDTH.length; i++) layers.set([WIDTH[i]!, FAST[i]!], 2 * i);
  const [state, words] = [zeros(4), zeros(BLOCK)];
  const ints = ({ buffer, byteOffset, length }: Float64Array) => new Int32Array(buffer, byteOffset, 2 * length);
  inside = { state: ints(state), words: ints(words), at: 0, half: -1 };
  init(place(state), place(words), 8 * BLOCK, place(layers));
});

/** Fewer are not worth copying the generator. */
const WORTH_COPYING = 64;

/**
 * Fill `out` with draws from N(0, 1), in order; returns it. About 99 of 100 take one 64-bit word. Equal to numpy's to the
 * bit, except that beyond 3.654 the last bit is ours: numpy takes log1p from the C library.
 */
export function fillStandardNormal(rng: Pcg64, out: Float64Array): Float64Array {
  const kernel = out.length < WORTH_COPYING ? null : pcg64Kernel();
  if (kernel === null) return fillStandardNormalTwin(rng, out);
  copyTo(inside, rng);
  const draw = (at: number, length: number) => {
    const part = new Float64Array(inside.state.buffer as ArrayBuffer, at, length);
    for (let i = 0; i < length; i++) {
      i += kernel.fill(at + 8 * i, length - i, inside.at);
      inside.at = kernel.nextIndex();
      if (i < length) part[i] = atEdge(inside);
    }
  };
  inPlace(out, 1, draw, false);
  copyTo(rng, inside);
  return out;
}

function copyTo(to: Pcg64, from: Pcg64): void {
  to.state.set(from.state);
  to.words.set(from.words);
  to.at = from.at;
  to.half = from.half;
}

/** The draw whose word, the next, did not surely fall under the density. */
function atEdge(rng: Pcg64): number {
  const low = rng.words[rng.at]!;
  const x = positionOf(low, rng.words[rng.at + 1]!) * WIDTH[low & 0xff]! * (1 - ((low >>> 7) & 2));
  rng.at += 2;
  return edge(rng, low, x);
}

/** Bit 8 is the sign, the next 52 are the position in the layer, from its middle to its right edge. */
function positionOf(low: number, high: number): number {
  return (high & 0x1fffffff) * 8388608 + (low >>> 9);
}

/** `fillStandardNormal` in TypeScript: what the kernel is held to, and what runs where there is none. */
export function fillStandardNormalTwin(rng: Pcg64, out: Float64Array): Float64Array {
  const words = rng.words;
  const width = WIDTH;
  const fast = FAST;
  let at = rng.at; // what next64 does, without a call per draw
  for (let i = 0; i < out.length; i++) {
    if (at === words.length) {
      fillWords(rng.state, words);
      at = 0;
    }
    const low = words[at]!;
    const layer = low & 0xff;
    const position = positionOf(low, words[at + 1]!);
    // Times 1 or -1: a branch on a random bit would be mispredicted half of the time.
    const x = position * width[layer]! * (1 - ((low >>> 7) & 2));
    at += 2;
    if (position < fast[layer]!) {
      out[i] = x;
    } else {
      rng.at = at;
      out[i] = edge(rng, low, x);
      at = rng.at;
    }
  }
  rng.at = at;
  return out;
}

/** One draw, the next in the same order. */
export function standardNormal(rng: Pcg64): number {
  return fillStandardNormal(rng, new Float64Array(1))[0]!;
}

/** What a point x outside the fast range gives: the tail, itself when it is under the density, or a new draw. */
function edge(rng: Pcg64, low: number, x: number): number {
  const layer = low & 0xff;
  if (layer === 0) return tail(rng, (low >>> 17) & 1);
  const height = HEIGHT[layer]!;
  const under = (HEIGHT[layer - 1]! - height) * nextDouble(rng) + height < exp(-0.5 * x * x);
  return under ? x : standardNormal(rng);
}

/** A draw beyond TAIL_START by Marsaglia's (1964) two exponentials. */
function tail(rng: Pcg64, negative: number): number {
  for (;;) {
    const beyond = -PER_TAIL_START * log1p(-nextDouble(rng));
    const other = -log1p(-nextDouble(rng));
    if (other + other > beyond * beyond) return negative ? -(TAIL_START + beyond) : TAIL_START + beyond;
  }
}
