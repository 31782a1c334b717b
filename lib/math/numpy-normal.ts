// Standard normals as numpy's Generator draws them: the 256-layer ziggurat of Marsaglia and Tsang (2000) on 64-bit words.
import { exp, log1p } from './elementary.ts';
import { FAST, HEIGHT, WIDTH } from './numpy-normal-tables.ts';
import { HIGH, LOW, next64, nextDouble, type Pcg64 } from './pcg64.ts';

const TAIL_START = 3.654152885361009;
const PER_TAIL_START = 0.2736612373297583;

/**
 * One draw from N(0, 1), using one 64-bit word in about 99 of 100 cases. Equal to numpy's to the bit, except that beyond 3.654
 * the last bit is ours: numpy takes log1p from the C library.
 */
export function standardNormal(rng: Pcg64): number {
  for (;;) {
    next64(rng);
    const low = rng[LOW]!;
    const layer = low & 0xff;
    // Bit 8 is the sign, the next 52 are the position in the layer, from its middle to its right edge.
    const position = (rng[HIGH]! & 0x1fffffff) * 8388608 + (low >>> 9);
    const size = position * WIDTH[layer]!;
    const x = low & 0x100 ? -size : size;
    if (position < FAST[layer]!) return x;
    if (layer === 0) return tail(rng, (low >>> 17) & 1);
    const height = HEIGHT[layer]!;
    if ((HEIGHT[layer - 1]! - height) * nextDouble(rng) + height < exp(-0.5 * x * x)) return x;
  }
}

/** A draw beyond TAIL_START by Marsaglia's (1964) two exponentials. */
function tail(rng: Pcg64, negative: number): number {
  for (;;) {
    const beyond = -PER_TAIL_START * log1p(-nextDouble(rng));
    const other = -log1p(-nextDouble(rng));
    if (other + other > beyond * beyond) return negative ? -(TAIL_START + beyond) : TAIL_START + beyond;
  }
}

/** Fill `out` with draws, in order; returns it. */
export function fillStandardNormal(rng: Pcg64, out: Float64Array): Float64Array {
  for (let i = 0; i < out.length; i++) out[i] = standardNormal(rng);
  return out;
}
