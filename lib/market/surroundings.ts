// What regimes and events do to one asset, session by session: factors and shifts that leave every bit alone where they are neutral.
import type { Problem } from '../base/problem.ts';

/** One value per session of the request (`barVolume`: per bar), from the first; null where nothing ever happens. */
export interface Surroundings {
  /** Factors on volatility, on the volatility that variance reverts to, on jump intensity and spread, on volume. */
  readonly volatility: Float64Array | null;
  readonly target: Float64Array | null;
  readonly jumpIntensity: Float64Array | null;
  readonly jumpSd: Float64Array | null;
  readonly volume: Float64Array | null;
  /** Added to the growth per year, to the mean jump, to the autocorrelation of bar returns. */
  readonly growth: Float64Array | null;
  readonly jumpMean: Float64Array | null;
  readonly memory: Float64Array | null;
  /** Factor on the volume of each bar after the session's has been split, so that no other bar knows of it. */
  readonly barVolume: Float64Array | null;
  /** Weight of the one shock that all assets share. */
  readonly blend: Float64Array | null;
  readonly shift: PriceShift | null;
}

export const CALM: Surroundings = Object.freeze({
  volatility: null,
  target: null,
  jumpIntensity: null,
  jumpSd: null,
  volume: null,
  growth: null,
  jumpMean: null,
  memory: null,
  barVolume: null,
  blend: null,
  shift: null,
});

/** What is added to the log price, as a function of time; the underlying path knows nothing of it. */
export interface PriceShift {
  /** Where it bends or jumps inside a session, ascending, as fractions of a full session. */
  knots(session: number): readonly number[];
  /** Its value there; where it jumps, the value after it, or before it when asked for the end of a piece. */
  at(session: number, fraction: number, side: 'before' | 'after'): number;
}

const FACTORS = ['volatility', 'target', 'jumpIntensity', 'jumpSd', 'volume'] as const;
type Channel = (typeof FACTORS)[number] | 'growth' | 'jumpMean' | 'memory' | 'blend';

/** Everything wrong with what surrounds `sessions` sessions whose bars remember `memory` anyway. */
export function checkSurroundings(surroundings: Surroundings, memory: number, sessions: number): readonly Problem[] {
  const problems: Problem[] = [];
  const check = (field: Channel, rule: string, holds: (x: number) => boolean) => {
    const values = surroundings[field];
    if (values === null) return;
    const wrong = values.subarray(0, sessions).findIndex((x) => !holds(x));
    if (wrong < 0 && values.length >= sessions) return;
    const session = wrong < 0 ? values.length : wrong;
    problems.push({
      code: 'model/refused',
      message: `surroundings: ${field} must be ${rule} in each of ${sessions} sessions`,
      facts: { field, session, value: String(values[session] ?? 'missing') },
      path: ['surroundings', field],
    });
  };
  for (const field of FACTORS) check(field, '0 or more', (x) => x >= 0 && Number.isFinite(x));
  check('growth', 'finite', Number.isFinite);
  check('jumpMean', 'finite', Number.isFinite);
  check('memory', 'between -1 and 1, with that of the bars', (x) => Math.abs(memory + x) < 1);
  check('blend', 'between 0 and 1', (x) => x >= 0 && x <= 1);
  return problems;
}

/** Copy a channel into a block, neutral where there is none. */
export function fillChannel(
  out: Float64Array,
  from: Float64Array | null,
  at: number,
  count: number,
  neutral: number,
): void {
  if (from === null) out.fill(neutral, 0, count);
  else out.set(from.subarray(at, at + count));
}
