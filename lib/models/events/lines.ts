// The log price shift of an asset at any place of a session, as a generator of paths asks for it.
import type { EventEffects } from './effects.ts';

export interface Lines {
  /** Where it bends or jumps inside a session, ascending, as fractions of a full session. */
  knots(session: number): readonly number[];
  /** Its value there; where it jumps, the value after it or before it. */
  at(session: number, fraction: number, side: 'before' | 'after'): number;
}

/** Pieces end where a knot was up to rounding: places closer than this are one. In fractions of a session. */
const ONE_PLACE = 1e-9;

/**
 * The shift as lines through open, knots and close, or null where it is 0 throughout. `minutes` are those of each session, the
 * fractions are of a session of `mostMinutes`.
 */
export function linesOf(effects: EventEffects, minutes: ArrayLike<number>, mostMinutes: number): Lines | null {
  const { open, close, knots } = effects;
  if (knots.length === 0 && [open, close].every((side) => side.every((shift) => shift === 0))) return null;
  const inside = new Map(
    knots.map(({ session, minutes: at, shifts }) => [
      session,
      { at: at.map((minute) => minute / mostMinutes), shifts },
    ]),
  );
  return {
    knots: (session) => [...new Set(inside.get(session)?.at)],
    at(session, fraction, side) {
      const cuts = inside.get(session);
      const end = minutes[session]! / mostMinutes;
      if (cuts === undefined) return between(0, open[session]!, end, close[session]!, fraction);
      const { at, shifts } = cuts;
      // Knots up to `next` lie before the place, or at it when its right side is asked for.
      const reach = side === 'after' ? fraction + ONE_PLACE : fraction - ONE_PLACE;
      let next = 0;
      while (next < at.length && at[next]! <= reach) next++;
      const from = next === 0 ? 0 : at[next - 1]!;
      const low = next === 0 ? open[session]! : shifts[next - 1]!;
      const to = next === at.length ? end : at[next]!;
      const high = next === at.length ? close[session]! : shifts[next]!;
      return between(from, low, to, high, fraction);
    },
  };
}

/** The line through (from, low) and (to, high). */
function between(from: number, low: number, to: number, high: number, place: number): number {
  if (low === high || to - from <= ONE_PLACE) return low;
  return low + Math.min(1, Math.max(0, (place - from) / (to - from))) * (high - low);
}
