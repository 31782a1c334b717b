// Draws at an address: uniform, normal, exponential and integer values of (stream, bar, draw), none depending on another.
import { exp, log } from './elementary.ts';
import { inPlace, kernelOf, LONGEST_UNIT, place } from './kernel.ts';
import wasm from './kernels/draw.wasm';
import { type Stream, threefry, word, words } from './stream.ts';

/** Draws of one bar are numbered below this; a rejection at draw d goes on at d + RETRY, d + 2 RETRY, ... of the same bar. */
export const RETRY = 65536;

const TWO_M53 = 1.1102230246251565e-16;

/** The uniform that `word` holds: (53-bit integer + 1/2) 2^-53. Ties round to even; the one that would reach 1 stays below. */
function uniformOfWord(): number {
  const u = ((word[0]! >>> 5) * 67108864 + (word[1]! >>> 6) + 0.5) * TWO_M53;
  return u < 1 ? u : 1 - TWO_M53;
}

/** A value in (0, 1), never 0 or 1. */
export function uniform(stream: Stream, bar: number, draw: number): number {
  words(stream, bar, draw);
  return uniformOfWord();
}

/** Exponential of mean 1, by inversion. */
export function exponential(stream: Stream, bar: number, draw: number): number {
  return -log(uniform(stream, bar, draw));
}

/** An integer from 0 to n - 1, n up to 2^32, without modulo bias: words past the last whole multiple of n are rejected. */
export function integerBelow(stream: Stream, bar: number, draw: number, n: number): number {
  const limit = 4294967296 - (4294967296 % n);
  for (let retry = 0; ; retry += RETRY) {
    words(stream, bar, draw + retry);
    for (let i = 0; i < 2; i++) {
      const w = word[i]! >>> 0;
      if (w < limit) return w % n;
    }
  }
}

// Ziggurat of 256 layers of equal area under exp(-x^2/2), x > 0 (Marsaglia & Tsang 2000, JSS 5(8)); layer 0 holds the tail.
// EDGE and AREA close the stack: the top layer ends at height 1. Roots found to 40 digits, rounded once.
export const LAYERS = 256;
export const EDGE = 3.654152885361009;
export const AREA = 0.004928673233974655;
/** edge[i] is the right end of layer i; edge[0] is the width that gives the base strip the common area. */
const edge = new Float64Array(LAYERS + 1);
/** height[i] = exp(-edge[i]^2 / 2), the bottom of layer i for i > 0. */
const height = new Float64Array(LAYERS + 1);
/** A 53-bit magnitude below this is surely under the curve. */
const sure = new Float64Array(LAYERS);
const width = new Float64Array(LAYERS);
edge[0] = AREA / exp(-0.5 * EDGE * EDGE);
edge[1] = EDGE;
height[1] = exp(-0.5 * EDGE * EDGE);
for (let i = 2; i < LAYERS; i++) {
  height[i] = AREA / edge[i - 1]! + height[i - 1]!;
  edge[i] = Math.sqrt(-2 * log(height[i]!));
}
height[LAYERS] = 1;
for (let i = 0; i < LAYERS; i++) {
  sure[i] = (edge[i + 1]! / edge[i]!) * 9007199254740992;
  width[i] = edge[i]! * TWO_M53;
}

/** Standard normal: 53-bit ziggurat; low word bits 0-7 choose the layer, 8 the sign, the other 53 of the pair the place. */
export function normal(stream: Stream, bar: number, draw: number): number {
  words(stream, bar, draw);
  const low = word[1]!;
  const layer = low & 255;
  const magnitude = (word[0]! >>> 0) * 2097152 + (low >>> 11);
  const size = magnitude < sure[layer]! ? magnitude * width[layer]! : rejected(stream, bar, draw, layer, magnitude);
  // The sign belongs to the address, so a rejection redraws the size alone.
  return (low & 256) === 0 ? size : -size;
}

/** Size of the normal when the first pair fell outside the inner rectangle: about 1.2 percent of draws. */
function rejected(stream: Stream, bar: number, draw: number, layer: number, magnitude: number): number {
  for (;;) {
    if (layer === 0) return tail(stream, bar, draw);
    const x = magnitude * width[layer]!;
    draw += RETRY;
    const y = height[layer]! + uniform(stream, bar, draw) * (height[layer + 1]! - height[layer]!);
    if (y < exp(-0.5 * x * x)) return x;
    draw += RETRY;
    words(stream, bar, draw);
    layer = word[1]! & 255;
    magnitude = (word[0]! >>> 0) * 2097152 + (word[1]! >>> 11);
    if (magnitude < sure[layer]!) return magnitude * width[layer]!;
  }
}

/** Normal beyond EDGE (Marsaglia 1964): exponential proposals, accepted when 2y > x^2. */
function tail(stream: Stream, bar: number, draw: number): number {
  for (;;) {
    draw += RETRY;
    const x = exponential(stream, bar, draw) / EDGE;
    draw += RETRY;
    if (2 * exponential(stream, bar, draw) > x * x) return EDGE + x;
  }
}

/** Doubles that the kernel writes for itself (kernels/draw.as.ts). */
const SCRATCH = 304;

interface DrawKernel {
  init(scratch: number, ziggurat: number): void;
  addNormals(
    out: number,
    key0: number,
    key1: number,
    mask0: number,
    mask1: number,
    weight: number,
    firstBar: number,
    bars: number,
    perBar: number,
    toZeros: number,
  ): void;
}

const drawKernel = kernelOf<DrawKernel>(wasm, ({ init }, zeros) => {
  const ziggurat = zeros(3 * LAYERS + 2);
  for (let i = 0; i < LAYERS; i++) {
    ziggurat[2 * i] = sure[i]!;
    ziggurat[2 * i + 1] = width[i]!;
  }
  ziggurat.set(height, 2 * LAYERS);
  ziggurat[3 * LAYERS + 1] = EDGE;
  init(place(zeros(SCRATCH)), place(ziggurat));
});

/**
 * out[b * perBar + d] += weight * normal(stream, firstBar + b, d) for b < bars, d < perBar: the row of a mixing matrix.
 * Same values as `normal`, one call per block. Fastest on arrays of `floats`.
 */
export function addNormals(
  out: Float64Array,
  stream: Stream,
  weight: number,
  firstBar: number,
  bars: number,
  perBar: number,
): void {
  normals(out, stream, weight, firstBar, bars, perBar, false);
}

/** As `addNormals` into zeros, whatever is there. */
export function putNormals(
  out: Float64Array,
  stream: Stream,
  weight: number,
  firstBar: number,
  bars: number,
  perBar: number,
): void {
  normals(out, stream, weight, firstBar, bars, perBar, true);
}

function normals(
  out: Float64Array,
  stream: Stream,
  weight: number,
  firstBar: number,
  bars: number,
  perBar: number,
  toZeros: boolean,
): void {
  if (!(bars > 0 && perBar > 0)) return;
  // The kernel would write past the end.
  if (!(bars * perBar <= out.length)) throw new RangeError(`${bars} x ${perBar} normals into ${out.length} places`);
  const kernel = drawKernel();
  if (kernel === null || perBar > LONGEST_UNIT) {
    if (toZeros) out.fill(0, 0, bars * perBar);
    addNormalsTwin(out, stream, weight, firstBar, bars, perBar);
    return;
  }
  const { key0, key1, mask0, mask1 } = stream;
  // A boolean would be turned into a number anew with every call.
  const zeros = toZeros ? 1 : 0;
  const to = place(out);
  if (to !== 0) {
    kernel.addNormals(to, key0, key1, mask0, mask1, weight, firstBar, bars, perBar, zeros);
    return;
  }
  const act = (at: number, length: number, start: number) =>
    kernel.addNormals(at, key0, key1, mask0, mask1, weight, firstBar + start / perBar, length / perBar, perBar, zeros);
  inPlace(out.subarray(0, bars * perBar), perBar, act, !toZeros);
}

/** `addNormals` in TypeScript: what the kernel is held to, and what runs where there is none. */
export function addNormalsTwin(
  out: Float64Array,
  stream: Stream,
  weight: number,
  firstBar: number,
  bars: number,
  perBar: number,
): void {
  const { key0, key1, mask0, mask1 } = stream;
  let at = 0;
  for (let b = 0; b < bars; b++) {
    const counter = (firstBar + b) ^ mask0;
    for (let d = 0; d < perBar; d++) {
      threefry(key0, key1, counter, d ^ mask1);
      const low = word[1]!;
      const layer = low & 255;
      const magnitude = (word[0]! >>> 0) * 2097152 + (low >>> 11);
      const size =
        magnitude < sure[layer]! ? magnitude * width[layer]! : rejected(stream, firstBar + b, d, layer, magnitude);
      out[at] = out[at]! + weight * ((low & 256) === 0 ? size : -size);
      at++;
    }
  }
}

/** Standard normal quantile of u in (0, 1), about 1e-16 relative: Wichura (1988), AS241, PPND16. Monotone, one uniform each. */
export function inverseNormal(u: number): number {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return q * ratio(CENTRE_TOP, CENTRE_BOTTOM, r);
  }
  const r = Math.sqrt(-log(q < 0 ? u : 1 - u));
  const size = r <= 5 ? ratio(NEAR_TOP, NEAR_BOTTOM, r - 1.6) : ratio(FAR_TOP, FAR_BOTTOM, r - 5);
  return q < 0 ? -size : size;
}

/** Quotient of two polynomials of degree 7, constant term first. */
function ratio(top: Float64Array, bottom: Float64Array, x: number): number {
  let a = top[7]!;
  let b = bottom[7]!;
  for (let i = 6; i >= 0; i--) {
    a = a * x + top[i]!;
    b = b * x + bottom[i]!;
  }
  return a / b;
}

// Coefficients of the three ranges of the paper, constant term first.
const CENTRE_TOP = Float64Array.of(
  3.3871328727963665,
  133.14166789178438,
  1971.5909503065513,
  13731.693765509461,
  45921.95393154987,
  67265.7709270087,
  33430.57558358813,
  2509.0809287301227,
);
const CENTRE_BOTTOM = Float64Array.of(
  1,
  42.31333070160091,
  687.1870074920579,
  5394.196021424751,
  21213.794301586597,
  39307.89580009271,
  28729.085735721943,
  5226.495278852854,
);
const NEAR_TOP = Float64Array.of(
  1.4234371107496835,
  4.630337846156546,
  5.769497221460691,
  3.6478483247632045,
  1.2704582524523684,
  0.2417807251774506,
  0.022723844989269184,
  7.745450142783414e-4,
);
const NEAR_BOTTOM = Float64Array.of(
  1,
  2.053191626637759,
  1.6763848301838038,
  0.6897673349851,
  0.14810397642748008,
  0.015198666563616457,
  5.475938084995345e-4,
  1.0507500716444169e-9,
);
const FAR_TOP = Float64Array.of(
  6.657904643501103,
  5.463784911164114,
  1.7848265399172913,
  0.29656057182850487,
  0.026532189526576124,
  0.0012426609473880784,
  2.7115555687434876e-5,
  2.0103343992922881e-7,
);
const FAR_BOTTOM = Float64Array.of(
  1,
  0.599832206555888,
  0.1369298809227358,
  0.014875361290850615,
  7.868691311456133e-4,
  1.8463183175100548e-5,
  1.421511758316446e-7,
  2.0442631033899397e-15,
);
