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
  const sorted = new Float64Array(most);
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
    const ranked = sorted.subarray(0, bars);
    ranked.set(parts);
    ranked.sort();
    const last = ranked[bars - left]!;
    let ties = left;
    for (let b = 0; b < bars; b++) if (parts[b]! > last) ties--;
    for (let b = 0; b < bars; b++) {
      if (parts[b]! > last || (parts[b]! === last && ties-- > 0)) out[at + b] = out[at + b]! + 1;
    }
  };
}
