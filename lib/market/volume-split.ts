// A session's volume over its bars: stated shares moved by noise, in whole numbers that add up to it exactly.
import { ProblemError } from '../base/problem.ts';
import { addNormals } from '../math/draw.ts';
import { exp } from '../math/elementary.ts';
import type { Stream } from '../math/stream.ts';

/**
 * `split(out, at, total, shares, firstBar)` writes a volume for each share from out[at] on. Shares are positive, in any unit;
 * total is a whole number, 0 or more; the noise of a bar is addressed by its number.
 */
export type VolumeSplit = (
  out: Float64Array,
  at: number,
  total: number,
  shares: Float64Array,
  firstBar: number,
) => void;

/**
 * Each share times e^(s Z), then the largest remainders (Hamilton), earlier bars first where they tie: whole numbers, sum
 * exactly the total. (The mean -s^2/2 of the noise cancels.) `most` is the most bars of a session.
 * Throws `model/refused` unless s is from 0 to 3.
 */
export function volumeSplit(sd: number, stream: Stream, most: number): VolumeSplit {
  if (!(sd >= 0 && sd <= 3)) {
    throw new ProblemError({
      code: 'model/refused',
      message: 'volume: the noise of bars must be between 0 and 3',
      facts: { sd: String(sd) },
    });
  }
  const scratch = new Float64Array(most);
  const ranking = new Float64Array(most);
  return (out, at, total, shares, firstBar) => {
    const bars = shares.length;
    const parts = scratch.subarray(0, bars).fill(0);
    if (sd > 0) addNormals(parts, stream, sd, firstBar, bars, 1);
    let whole = 0;
    for (let b = 0; b < bars; b++) {
      parts[b] = shares[b]! * exp(parts[b]!);
      whole += parts[b]!;
    }
    let left = total;
    let largest = 0;
    for (let b = 0; b < bars; b++) {
      const exact = total * (parts[b]! / whole);
      const floor = Math.floor(exact);
      out[at + b] = floor;
      parts[b] = exact - floor;
      left -= floor;
      if (floor > out[at + largest]!) largest = b;
    }
    // Past some 2^44 the rounding of shares alone can miss by more than the remainders hold; the largest bar takes it.
    if (left < 0 || left > bars) {
      out[at + largest] = out[at + largest]! + left;
      return;
    }
    if (left === 0) return;
    const last = ranked(ranking, parts, bars - left);
    for (let b = 0; b < bars; b++) {
      const more = parts[b]! > last ? 1 : 0;
      out[at + b] = out[at + b]! + more;
      left -= more;
    }
    for (let b = 0; left > 0; b++) {
      if (parts[b] !== last) continue;
      out[at + b] = out[at + b]! + 1;
      left--;
    }
  };
}

/** The value that has `rank` values before it in ascending order: Hoare's selection, in scratch. */
function ranked(scratch: Float64Array, values: Float64Array, rank: number): number {
  scratch.set(values);
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = scratch[(low + high) >>> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (scratch[i]! < pivot) i++;
      while (scratch[j]! > pivot) j--;
      if (i > j) break;
      const moved = scratch[i]!;
      scratch[i++] = scratch[j]!;
      scratch[j--] = moved;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return scratch[rank]!;
}
