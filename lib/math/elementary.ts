// Our own exp, log and friends from IEEE + - * / and sqrt, so that their bits are the same in every engine, for ever.

// Constants are split so that k * head is exact for every k in use; each tail is the rest, rounded once.
// biome-ignore lint/suspicious/noApproximativeNumericConstant: typed out so that its bits are ours
const LOG2E = 1.4426950408889634;
const LN2_HEAD = 0.6931471805582987; // 38 fractional bits
const LN2_TAIL = 1.6465949582897082e-12;
const LN2_MID = 1.6465949581013578e-12; // next 34 bits of ln 2 after LN2_HEAD
const LN2_LAST = 1.8835029794789685e-22;

/** 2^(i - 1074), exact by doubling. */
const POWER_OF_TWO = new Float64Array(2098);
for (let i = 0, p = Number.MIN_VALUE; i < 2098; i++, p *= 2) POWER_OF_TWO[i] = p;

const bits = new Float64Array(1);
const halves = new Uint32Array(bits.buffer);
bits[0] = 1;
const HIGH = halves[1] === 0x3ff00000 ? 1 : 0; // which half holds the exponent on this machine
const LOW = 1 - HIGH;

/** m * 2^k, one rounding, for m in [0.25, 4). */
function scale(m: number, k: number): number {
  if (k >= -1020 && k <= 1021) return m * POWER_OF_TWO[k + 1074]!;
  return k > 0 ? m * POWER_OF_TWO[k + 1072]! * 4 : m * POWER_OF_TWO[k + 1274]! * POWER_OF_TWO[874]!;
}

// Scratch for second results: a store into a typed array allocates nothing, a module variable holding a double does.
const scratch = new Float64Array(2);

/** x + tail = k ln2 + r + e with |r| <= ln2 / 2: returns k, leaves r and e in scratch. */
function reduceExp(x: number, tail: number): number {
  const k = Math.floor(x * LOG2E + 0.5);
  const head = x - k * LN2_HEAD;
  const low = k * LN2_TAIL - tail;
  const r = head - low;
  scratch[0] = r;
  scratch[1] = head - r - low;
  return k;
}

/** (e^r - 1 - r) / r^2 by its Taylor series to r^11, in Estrin's order; truncation below 2^-58 for |r| <= ln2 / 2. */
function expTail(r: number): number {
  const r2 = r * r;
  const r4 = r2 * r2;
  const low = 1 / 2 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120));
  const mid = 1 / 720 + r * (1 / 5040) + r2 * (1 / 40320 + r * (1 / 362880));
  const top = 1 / 3628800 + r * (1 / 39916800) + r2 * (1 / 479001600 + r * (1 / 6227020800));
  return low + r4 * (mid + r4 * top);
}

/** e^(x + tail) with |tail| far below |x|; the caller has checked the range. */
function expOfSum(x: number, tail: number): number {
  const k = reduceExp(x, tail);
  const r = scratch[0]!;
  const e = scratch[1]!;
  const s = 1 + r;
  return scale(s + (1 - s + r + (e + r * (e + r * expTail(r)))), k);
}

/** e^x, within 1 ulp; Infinity above 709.78, 0 below -745.13. */
export function exp(x: number): number {
  if (!(x <= 709.782712893384)) return Number.isNaN(x) ? x : Number.POSITIVE_INFINITY;
  return x < -745.1332191019412 ? 0 : expOfSum(x, 0);
}

/** e^x - 1, within 1 ulp also near 0. */
export function expm1(x: number): number {
  if (!(x < 40)) return Number.isNaN(x) ? x : exp(x); // 1 is below half an ulp of e^40
  if (x < -40) return -1;
  const k = reduceExp(x, 0);
  const r = scratch[0]!;
  const e = scratch[1]!;
  const t = e + r * (e + r * expTail(r));
  if (k === 0) return x === 0 ? x : r + t;
  // 2^k (1 + r + t) - 1 = (2^k - 1) + 2^k r + 2^k t, the first sum kept with its error.
  const power = POWER_OF_TWO[k + 1074]!;
  const whole = power - 1;
  const part = power * r;
  const sum = whole + part;
  const back = sum - whole;
  const error = whole - (sum - back) + (part - back) + (power - whole - 1);
  return sum + (error + power * t);
}

/** k ln2 + log(1 + f) + tail for f = m - 1 exact, 1 + f in [sqrt(1/2), sqrt 2): 2 artanh(s), s = f / (2 + f). */
function logOfParts(k: number, f: number, tail: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = 2 / 3 + w * (2 / 7 + w * (2 / 11 + w * (2 / 15 + w * (2 / 19 + w * (2 / 23)))));
  const even = 2 / 5 + w * (2 / 9 + w * (2 / 13 + w * (2 / 17 + w * (2 / 21))));
  const half = 0.5 * f * f;
  // 2s = f - s f and s f = f^2/2 - s f^2/2: the large term f is exact, the rest is small.
  const rest = s * (half + (z * odd + w * even)) + (k * LN2_TAIL + tail);
  return k * LN2_HEAD - (half - rest - f);
}

/** The k of x = 2^k m with m in [sqrt(1/2), sqrt 2), for normal x > 0. */
function exponentOf(x: number): number {
  bits[0] = x;
  const high = halves[HIGH]!;
  // Mantissas from sqrt 2 up belong to the next power of two: 0x6a09e is the top of sqrt(2)'s fraction.
  return (high >>> 20) - 1023 + ((high & 0xfffff) >= 0x6a09e ? 1 : 0);
}

const SMALLEST_NORMAL = 2.2250738585072014e-308;
const LIFT = 18014398509481984; // 2^54 makes a subnormal normal

/** Natural logarithm, within 1 ulp; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) {
    if (x === 0) return Number.NEGATIVE_INFINITY;
    return x > 0 ? x : Number.NaN;
  }
  if (x < SMALLEST_NORMAL) {
    const k = exponentOf(x * LIFT);
    return logOfParts(k - 54, x * LIFT * POWER_OF_TWO[1074 - k]! - 1, 0);
  }
  const k = exponentOf(x);
  return logOfParts(k, x * POWER_OF_TWO[1074 - k]! - 1, 0);
}

/** log(1 + x), within 1 ulp also near 0. */
export function log1p(x: number): number {
  if (x > -0.29 && x < 0.41) return x === 0 ? x : logOfParts(0, x, 0);
  if (!(x > -1 && x < 9007199254740992)) return x >= 9007199254740992 ? log(x) : log(1 + x);
  const u = 1 + x;
  // What the sum lost; u and x are within 2^53 of each other, so both differences are exact.
  const lost = x >= 1 ? 1 - (u - x) : x - (u - 1);
  const k = exponentOf(u);
  return logOfParts(k, u * POWER_OF_TWO[1074 - k]! - 1, lost / u);
}

const HALF_PI_HEAD = 1.5707963267341256; // 32 fractional bits: n * head is exact for n < 2^20
const HALF_PI_MID = 6.077100506303966e-11; // the next 33
const HALF_PI_LAST = 2.0222662487959506e-21;
const TWO_OVER_PI = 0.6366197723675814;
const HALF_PI = 1.5707963267948966;
const HALF_PI_REST = 6.123233995736766e-17;
/** floor(2/pi * 2^1200), for arguments where subtracting multiples of pi/2 loses too much. */
const TWO_OVER_PI_BITS = BigInt(
  '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb' +
    '4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7' +
    'ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b',
);

// x = quadrant * pi/2 + angle + angleRest, |angle| <= pi/4, of the last reduceAngle call; quadrant counts modulo 4.
let quadrant = 0;
let angle = 0;
let angleRest = 0;
function reduceAngle(x: number): void {
  quadrant = 0;
  angle = x;
  angleRest = 0;
  if (Math.abs(x) <= 0.7853981633974483) return;
  if (Math.abs(x) < 1000000) {
    const n = Math.floor(x * TWO_OVER_PI + 0.5);
    const head = x - n * HALF_PI_HEAD;
    const mid = n * HALF_PI_MID;
    const sum = head - mid;
    const back = sum - head;
    const low = head - (sum - back) - (mid + back) - n * HALF_PI_LAST;
    quadrant = n & 3;
    angle = sum + low;
    angleRest = sum - angle + low;
    if (Math.abs(angle) > 1e-9) return;
  }
  reduceLargeAngle(x);
}

/** Payne & Hanek (1983): the fraction of x * 2/pi from the exact product with enough bits of 2/pi. */
function reduceLargeAngle(x: number): void {
  bits[0] = Math.abs(x);
  const high = halves[HIGH]!;
  const mantissa = BigInt((high & 0xfffff) | 0x100000) * 0x100000000n + BigInt(halves[LOW]!);
  const places = BigInt(1200 + 1075 - (high >>> 20));
  const product = mantissa * TWO_OVER_PI_BITS;
  const turns = (product + (1n << (places - 1n))) >> places;
  const fraction = product - (turns << places); // in units of 2^-places, between -1/2 and 1/2
  const size = fraction < 0n ? -fraction : fraction;
  const length = BigInt(size.toString(16).length * 4);
  const cut = length > 106n ? length - 106n : 0n;
  const top = size >> cut;
  const first = (top >> 53n) << 53n;
  const unit = Number(cut - places);
  const down = (v: bigint) => Number(v) * POWER_OF_TWO[unit + 1074]!;
  const head = down(first);
  const tail = down(top - first);
  const product1 = head * HALF_PI;
  const rest = productError(head, HALF_PI, product1) + (head * HALF_PI_REST + tail * HALF_PI);
  const sign = fraction < 0n === x < 0 ? 1 : -1;
  angle = sign * (product1 + rest);
  angleRest = sign * (product1 - (product1 + rest) + rest);
  quadrant = Number(x < 0 ? -turns & 3n : turns & 3n);
}

/** a * b - p for p = the rounded product, exact (Dekker 1971, by Veltkamp's splitting). */
function productError(a: number, b: number, p: number): number {
  const ca = 134217729 * a;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = 134217729 * b;
  const bh = cb - (cb - b);
  const bl = b - bh;
  return ah * bh - p + ah * bl + al * bh + al * bl;
}

function sinNearZero(x: number, rest: number): number {
  const z = x * x;
  const high = 1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800 + z * (-1 / 1307674368000 + z / 355687428096000)));
  const series = 1 / 120 + z * (-1 / 5040 + z * high);
  return x - (z * (0.5 * rest - x * z * series) - rest + x * z * (1 / 6));
}

function cosNearZero(x: number, rest: number): number {
  const z = x * x;
  const high = -1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z * (1 / 20922789888000)));
  const series = 1 / 24 + z * (-1 / 720 + z * (1 / 40320 + z * high));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + (z * z * series - x * rest));
}

/** sin x, x in radians, within 1 ulp for every finite x; NaN otherwise. */
export function sin(x: number): number {
  if (!(Math.abs(x) < Number.POSITIVE_INFINITY)) return Number.NaN;
  if (x === 0) return x;
  reduceAngle(x);
  const y = (quadrant & 1) === 0 ? sinNearZero(angle, angleRest) : cosNearZero(angle, angleRest);
  return quadrant >= 2 ? -y : y;
}

/** cos x, x in radians, within 1 ulp for every finite x; NaN otherwise. */
export function cos(x: number): number {
  if (!(Math.abs(x) < Number.POSITIVE_INFINITY)) return Number.NaN;
  reduceAngle(x);
  const y = (quadrant & 1) === 0 ? cosNearZero(angle, angleRest) : sinNearZero(angle, angleRest);
  return quadrant === 1 || quadrant === 2 ? -y : y;
}

/** log x to about 2^-70 relative as a sum of two left in scratch: the artanh series with its first three terms in pair arithmetic. */
function logPair(x: number): void {
  const lift = x < SMALLEST_NORMAL ? 54 : 0;
  const lifted = lift === 0 ? x : x * LIFT;
  const exponent = exponentOf(lifted);
  const k = exponent - lift;
  const f = lifted * POWER_OF_TWO[1074 - exponent]! - 1;
  const g = 2 + f;
  const gRest = f - (g - 2);
  const s = f / g;
  const p = s * g;
  const sRest = (f - p - productError(s, g, p) - s * gRest) / g;
  const z = s * s;
  const zRest = productError(s, s, z) + 2 * s * sRest;
  const high = 2 / 17 + z * (2 / 19 + z * (2 / 21 + z * (2 / 23 + z * (2 / 25 + z * (2 / 27)))));
  const w = 2 / 7 + z * (2 / 9 + z * (2 / 11 + z * (2 / 13 + z * (2 / 15 + z * high))));
  // a = 2/5 + z w; b = 2/3 + z a; c = 2 + z b; log = s c. Each constant's own rounding error is the last number.
  let product = z * w;
  let head = 0.4 + product;
  let tail = 0.4 - head + product + (productError(z, w, product) - 2.2204460492503132e-17);
  product = z * head;
  let rest = productError(z, head, product) + z * tail + zRest * head;
  let next = 0.6666666666666666 + product;
  tail = 0.6666666666666666 - next + product + (rest + 3.700743415417188e-17);
  head = next;
  product = z * head;
  rest = productError(z, head, product) + z * tail + zRest * head;
  next = 2 + product;
  tail = 2 - next + product + rest;
  head = next;
  product = s * head;
  rest = productError(s, head, product) + s * tail + sRest * head;
  // Add k ln2 in three parts, largest first.
  const whole = k * LN2_HEAD;
  const middle = k * LN2_MID;
  const first = whole + product;
  const back = first - whole;
  const low = whole - (first - back) + (product - back);
  const second = first + middle;
  const back2 = second - first;
  const low2 = first - (second - back2) + (middle - back2);
  const small = low + low2 + (rest + k * LN2_LAST);
  scratch[0] = second + small;
  scratch[1] = second - scratch[0]! + small;
}

/** x^y, within 1 ulp, with ECMAScript's special cases (a NaN exponent, and 1 to an infinite power, give NaN). */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const odd = Math.abs(y) < 9007199254740992 && Math.floor(y) === y && Math.abs(y % 2) === 1;
  const size = Math.abs(x);
  if (Math.abs(y) === Number.POSITIVE_INFINITY) {
    if (size === 1) return Number.NaN;
    return size > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  const negative = odd && (x < 0 || Object.is(x, -0));
  if (size === 0 || size === Number.POSITIVE_INFINITY) {
    const result = (size === 0) === y > 0 ? 0 : Number.POSITIVE_INFINITY;
    return negative ? -result : result;
  }
  if (x < 0 && Math.floor(y) !== y) return Number.NaN;
  const result = size === 1 ? 1 : powPositive(size, y);
  return negative ? -result : result;
}

function powPositive(x: number, y: number): number {
  logPair(x);
  const logHead = scratch[0]!;
  const logTail = scratch[1]!;
  const rough = y * logHead;
  if (rough > 710) return Number.POSITIVE_INFINITY;
  if (rough < -746) return 0;
  if (Math.abs(rough) < 1e-20) return 1;
  const rest = productError(y, logHead, rough) + y * logTail;
  return expOfSum(rough, rest);
}
