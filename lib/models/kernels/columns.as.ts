// Where a kernel of the path finds the columns of a block, and those it keeps for itself.

/** Columns of the block, in the order of `COLUMNS` in lib/models/plain.ts. */
export let pieces: usize = 0;
export let phi: usize = 0;
export let gap: usize = 0;
export let scale: usize = 0;
export let volatility: usize = 0;
export let growth: usize = 0;
export let target: usize = 0;
export let share: usize = 0;
export let shocks: usize = 0;
export let fresh: usize = 0;
export let from: usize = 0;
export let to: usize = 0;
export let variance: usize = 0;
export let until: usize = 0;
export let ends: usize = 0;
export let annualVariance: usize = 0;
export let sd: usize = 0;

/** What the variance says of each session of the run, and what jumps take from its drift. */
export let integrals: usize = 0;
export let leverages: usize = 0;
export let residuals: usize = 0;
export let annuals: usize = 0;
export let compensations: usize = 0;
/** Of each session of the run: its drift, the variance that its shocks carry, and the one of its leverage. */
export let drifts: usize = 0;
export let powers: usize = 0;
export let extras: usize = 0;

export function keepAt(columns: usize, most: i32): void {
  const bytes = most << 3;
  integrals = columns;
  leverages = integrals + bytes;
  residuals = leverages + bytes;
  annuals = residuals + bytes;
  compensations = annuals + bytes;
  drifts = compensations + bytes;
  powers = drifts + bytes;
  extras = powers + bytes;
}

export function findIn(table: usize): void {
  pieces = load<u32>(table);
  phi = load<u32>(table, 4);
  gap = load<u32>(table, 8);
  scale = load<u32>(table, 12);
  volatility = load<u32>(table, 16);
  growth = load<u32>(table, 20);
  target = load<u32>(table, 24);
  share = load<u32>(table, 28);
  shocks = load<u32>(table, 32);
  fresh = load<u32>(table, 36);
  from = load<u32>(table, 40);
  to = load<u32>(table, 44);
  variance = load<u32>(table, 48);
  until = load<u32>(table, 52);
  ends = load<u32>(table, 56);
  annualVariance = load<u32>(table, 60);
  sd = load<u32>(table, 64);
}

@inline
export function at(column: usize, i: i32): f64 {
  return load<f64>(column + (i << 3));
}

@inline
export function put(column: usize, i: i32, value: f64): void {
  store<f64>(column + (i << 3), value);
}

/** Places i and i + 1 of a column, or its first place twice. */
@inline
export function two(column: usize, i: i32, each: bool): v128 {
  return each ? v128.load(column + (i << 3)) : v128.load64_splat(column);
}

/** Puts two values, or the first of them. */
@inline
export function putTwo(column: usize, i: i32, values: v128, both: bool): void {
  if (both) v128.store(column + (i << 3), values);
  else v128.store64_lane(column + (i << 3), values, 0);
}
