// Decimal numbers as text and as bytes, strictly: a number is the whole cell or it is none.

/** The finite number that all of the text says, NaN when it says none: no spaces, no thousands separators, no names. */
export function parseNumber(text: string): number {
  const value = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

// Both operands are exact doubles up to 2^53 and 10^22, so one division rounds once, as the nearest double does
// (W. D. Clinger, How to read floating point numbers accurately, 1990).
const TENS = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));

/** Plain decimals of at most 15 digits; NaN for everything else, which the slow way then judges. */
export function numberAt(view: Uint8Array, from: number, to: number): number {
  const negative = view[from] === 0x2d;
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  for (let at = negative ? from + 1 : from; at < to; at += 1) {
    const byte = view[at]!;
    if (byte >= 0x30 && byte <= 0x39) {
      mantissa = 10 * mantissa + (byte - 0x30);
      digits += 1;
    } else if (byte === 0x2e && point < 0) point = digits;
    else return Number.NaN;
  }
  if (digits === 0 || digits > 15) return Number.NaN;
  const value = point < 0 ? mantissa : mantissa / TENS[digits - point]!;
  return negative ? -value : value;
}
