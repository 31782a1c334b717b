// What processes that step once a session share: the unit shock of a session, and how long to burn in.
import { normal } from '../math/draw.ts';
import { log } from '../math/elementary.ts';
import type { Stream } from '../math/stream.ts';

/** Unit normal of a session whose bars from `firstBar` on have `perBar` pieces each: the sum of its normals over sqrt of their number. */
export function sessionNormal(stream: Stream, firstBar: number, bars: number, perBar: number): number {
  let sum = 0;
  for (let bar = firstBar; bar < firstBar + bars; bar++) for (let d = 0; d < perBar; d++) sum += normal(stream, bar, d);
  return sum / Math.sqrt(bars * perBar);
}

const HALF_LIVES = 5;
const LONGEST = 20_000;

/** Sessions to burn in a process that keeps `persistence` of a deviation per session: 5 half-lives, at most 20 000. */
export function burnInSessions(persistence: number): number {
  if (persistence <= 0) return 0;
  return persistence < 1 ? Math.min(Math.ceil((HALF_LIVES * log(0.5)) / log(persistence)), LONGEST) : LONGEST;
}
