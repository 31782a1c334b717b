// Sessions of a path that nothing cuts and no jump falls into: twin of the loop over sessions in lib/models/path.ts.

/** Columns of the block, in the order of `COLUMNS` in lib/models/plain.ts. */
let pieces: usize = 0;
let phi: usize = 0;
let gap: usize = 0;
let scale: usize = 0;
let volatility: usize = 0;
let growth: usize = 0;
let target: usize = 0;
let share: usize = 0;
let shocks: usize = 0;
let fresh: usize = 0;
let from: usize = 0;
let to: usize = 0;
let variance: usize = 0;
let until: usize = 0;
let ends: usize = 0;
let annualVariance: usize = 0;
let sd: usize = 0;

/** What the variance says of each session of the run, and what jumps take from its drift. */
let integrals: usize = 0;
let leverages: usize = 0;
let residuals: usize = 0;
let annuals: usize = 0;
let compensations: usize = 0;
/** Of each session of the run: its drift, the variance that its shocks carry, and the one of its leverage. */
let drifts: usize = 0;
let powers: usize = 0;
let extras: usize = 0;

export function init(columns: usize, most: i32): void {
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

export function lay(table: usize): void {
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
function at(column: usize, i: i32): f64 {
  return load<f64>(column + (i << 3));
}

@inline
function put(column: usize, i: i32, value: f64): void {
  store<f64>(column + (i << 3), value);
}

/** Places i and i + 1 of a column, or its first place twice. */
@inline
function two(column: usize, i: i32, each: bool): v128 {
  return each ? v128.load(column + (i << 3)) : v128.load64_splat(column);
}

/** Puts two values, or the first of them. */
@inline
function putTwo(column: usize, i: i32, values: v128, both: bool): void {
  if (both) v128.store(column + (i << 3), values);
  else v128.store64_lane(column + (i << 3), values, 0);
}

/** Roots that were worked out last: most sessions and pieces are as the one before, unless `each` says otherwise. */
let under: v128 = f64x2.splat(0);
let roots: v128 = f64x2.splat(0);

@inline
function rootsOf(x: v128, each: bool): v128 {
  if (each) return f64x2.sqrt(x);
  if (i64x2.bitmask(f64x2.ne(x, under)) != 0) {
    under = x;
    roots = f64x2.sqrt(x);
  }
  return roots;
}

/** Drift of sessions s and s + 1, numbers i and i + 1 of the run. */
@inline
function driftOf(s: i32, i: i32, each: bool, jumps: bool, single: bool, factor: v128, integrated: v128, mu: v128, years: v128): v128 {
  let drift = f64x2.mul(f64x2.add(mu, two(growth, s, true)), years);
  drift = f64x2.sub(drift, f64x2.mul(f64x2.splat(0.5), integrated));
  if (jumps) drift = f64x2.sub(drift, two(compensations, i, true));
  return single ? f64x2.add(drift, f64x2.mul(factor, two(leverages, i, each))) : drift;
}

@inline
function extraOf(integrated: v128, power: v128): v128 {
  return f64x2.pmax(f64x2.sub(integrated, power), f64x2.splat(0));
}

/** Drift and variances of two sessions, where `moves` takes them up. */
@inline
function sessions(s: i32, i: i32, each: bool, both: bool, jumps: bool, single: bool, mu: v128, years: v128): void {
  const factor = two(volatility, s, true);
  const square = f64x2.mul(factor, factor);
  const integrated = f64x2.mul(square, two(integrals, i, each));
  const power = f64x2.mul(square, two(residuals, i, each));
  v128.store(drifts + (i << 3), driftOf(s, i, each, jumps, single, factor, integrated, mu, years));
  v128.store(powers + (i << 3), power);
  v128.store(extras + (i << 3), extraOf(integrated, power));
  putTwo(annualVariance, s, f64x2.mul(square, two(annuals, i, each)), both);
  putTwo(sd, s, rootsOf(integrated, each), both);
}

/**
 * Pieces p and p + 1, which go to `piece`, from the drift and the variances of their sessions on. The path stands at lane 0 of `x`,
 * and of what is returned. Leverage moves it by what is at `sway`, unless that is 0.
 */
@inline
function moves(
  x: v128, p: i32, piece: i32, drift: v128, power: v128, extra: v128, wide: v128, each: bool, both: bool, sway: usize,
): v128 {
  const part = two(share, p, true);
  const amount = f64x2.mul(power, part);
  const unit = f64x2.mul(rootsOf(amount, each), wide);
  let move = f64x2.add(f64x2.mul(drift, part), f64x2.mul(unit, two(shocks, p, true)));
  if (sway != 0) move = f64x2.add(move, v128.load(sway));
  const middle = f64x2.add(x, move);
  putTwo(from, piece, v128.shuffle<u64>(x, middle, 0, 2), both);
  const last = f64x2.add(middle, v128.shuffle<u64>(move, move, 1, 1));
  putTwo(to, piece, v128.shuffle<u64>(middle, last, 0, 2), both);
  const width = f64x2.mul(amount, f64x2.mul(wide, wide));
  putTwo(variance, piece, f64x2.add(width, f64x2.mul(extra, part)), both);
  putTwo(until, piece, f64x2.splat(1), both);
  store<i32>(ends + (p << 2), piece + 1);
  if (!both) return middle;
  store<i32>(ends + (p << 2), piece + 2, 4);
  return last;
}

/** Sessions s and s + 1 of one piece each and no closed hours: all of them at once. */
@inline
function wholes(
  x: v128, s: i32, i: i32, p: i32, piece: i32, each: bool, both: bool, jumps: bool, mu: v128, years: v128,
): v128 {
  const factor = two(volatility, s, true);
  const square = f64x2.mul(factor, factor);
  const integrated = f64x2.mul(square, two(integrals, i, each));
  const power = f64x2.mul(square, two(residuals, i, each));
  putTwo(annualVariance, s, f64x2.mul(square, two(annuals, i, each)), both);
  putTwo(sd, s, rootsOf(integrated, each), both);
  const drift = driftOf(s, i, each, jumps, each, factor, integrated, mu, years);
  return moves(x, p, piece, drift, power, extraOf(integrated, power), two(scale, s, true), each, both, 0);
}

/**
 * Sessions first..end-1 of a variance that does not look at them; the pieces of the first begin at `planned` and go to `piece`.
 * `each`: the columns of the variance are filled, else their first places hold for all, without leverage. `single`: as `alone`
 * says. Normals of the leverage are at `sway`, for a session one more than its pieces; 0 where none moves within a session. Returns the log price.
 */
export function path(
  first: i32, end: i32, planned: i32, piece: i32, each: bool, single: bool, jumps: bool, sway: usize, start: f64,
  mu: f64, years: f64,
): f64 {
  const mu2 = f64x2.splat(mu);
  const years2 = f64x2.splat(years);
  let x = f64x2.splat(start);
  let s = first;
  let p = planned;
  let k = piece;
  if (single) {
    for (; s + 2 <= end; s += 2, p += 2, k += 2) x = wholes(x, s, s - first, p, k, true, true, jumps, mu2, years2);
    if (s < end) x = wholes(x, s, s - first, p, k, true, false, jumps, mu2, years2);
    return f64x2.extract_lane(x, 0);
  }
  if (each) {
    for (; s + 2 <= end; s += 2) sessions(s, s - first, true, true, jumps, false, mu2, years2);
    if (s < end) sessions(s, s - first, true, false, jumps, false, mu2, years2);
    lean(first, end, planned);
    if (sway != 0) swing(first, end, planned, sway);
  } else {
    if (load<i32>(pieces + ((end - 1) << 2)) - planned == end - first && isOpen(first, end)) {
      for (; s + 2 <= end; s += 2, p += 2, k += 2) x = wholes(x, s, s - first, p, k, false, true, jumps, mu2, years2);
      if (s < end) x = wholes(x, s, s - first, p, k, false, false, jumps, mu2, years2);
      return f64x2.extract_lane(x, 0);
    }
    for (; s + 2 <= end; s += 2) sessions(s, s - first, false, true, jumps, false, mu2, years2);
    if (s < end) sessions(s, s - first, false, false, jumps, false, mu2, years2);
  }
  for (s = first; s < end; s++) {
    const i = s - first;
    const closed = at(phi, s);
    if (closed != 0) {
      const opening = at(drifts, i) * closed + sqrt<f64>(at(powers, i) * closed) * at(gap, s);
      x = f64x2.add(x, f64x2.splat(opening));
      if (sway != 0) x = f64x2.add(x, v128.load(sway));
    }
    const drift = two(drifts + (i << 3), 0, false);
    const power = two(powers + (i << 3), 0, false);
    const extra = two(extras + (i << 3), 0, false);
    const wide = two(scale + (s << 3), 0, false);
    const stop = load<i32>(pieces + (s << 2));
    if (sway != 0) {
      sway += 8;
      for (; p + 2 <= stop; p += 2, k += 2, sway += 16) x = moves(x, p, k, drift, power, extra, wide, false, true, sway);
      if (p < stop) {
        x = moves(x, p++, k++, drift, power, extra, wide, false, false, sway);
        sway += 8;
      }
    } else {
      for (; p + 2 <= stop; p += 2, k += 2) x = moves(x, p, k, drift, power, extra, wide, false, true, 0);
      if (p < stop) x = moves(x, p++, k++, drift, power, extra, wide, false, false, 0);
    }
  }
  return f64x2.extract_lane(x, 0);
}

/** Has no session of a run closed hours? */
function isOpen(first: i32, end: i32): bool {
  let s = first;
  for (; s + 2 <= end; s += 2) if (v128.any_true(f64x2.ne(two(phi, s, true), f64x2.splat(0)))) return false;
  return s == end || at(phi, s) == 0;
}

/** Is every session of a run one whole piece without closed hours? Leverage has no way to move within it. */
export function alone(first: i32, end: i32, planned: i32): bool {
  const last = load<i32>(pieces + ((end - 1) << 2));
  if (last - planned != end - first || !isOpen(first, end)) return false;
  let p = planned;
  for (; p + 2 <= last; p += 2) if (v128.any_true(f64x2.ne(two(share, p, true), f64x2.splat(1)))) return false;
  return p == last || at(share, p) == 1;
}

/** Has some session of a run a variance that leverage carries? */
export function leans(count: i32): bool {
  for (let i = 0; i < count; i++) if (at(integrals, i) > at(residuals, i)) return true;
  return false;
}

/** Adds what leverage moves the price by to the drift of each session. */
function lean(first: i32, end: i32, p: i32): void {
  let known: f64 = 0;
  let root: f64 = 0;
  for (let s = first; s < end; s++) {
    let whole = at(phi, s);
    for (const stop = load<i32>(pieces + (s << 2)); p < stop; p++) whole += at(share, p);
    if (whole != known) {
      known = whole;
      root = sqrt<f64>(whole);
    }
    const i = s - first;
    const leverage = at(volatility, s) * at(leverages, i);
    put(drifts, i, at(drifts, i) + (root == 1 ? leverage : leverage / root));
  }
}

/** Turns the normals of the leverage into what its bridge adds: to the opening of each session, then to its pieces. */
function swing(first: i32, end: i32, p: i32, normal: usize): void {
  let known: f64 = 0;
  let root: f64 = 0;
  for (let s = first; s < end; s++) {
    const closed = at(phi, s);
    const more = sqrt<f64>(at(extras, s - first));
    const opening = sqrt<f64>(closed) * load<f64>(normal);
    const begun = p;
    const stop = load<i32>(pieces + (s << 2));
    let whole = closed;
    let sum = opening;
    const own = normal;
    for (; p < stop; p++) {
      const part = at(share, p);
      whole += part;
      normal += 8;
      if (part != known) {
        known = part;
        root = sqrt<f64>(part);
      }
      const move = root * load<f64>(normal);
      store<f64>(normal, move);
      sum += move;
    }
    normal += 8;
    const mean = sum / whole;
    store<f64>(own, more * (opening - closed * mean));
    for (p = begun; p < stop; p++) {
      const place = normal - ((stop - p) << 3);
      store<f64>(place, more * (load<f64>(place) - at(share, p) * mean));
    }
  }
}

/**
 * As `path` where the variance follows the innovations, as GARCH does. At `law`: log price, variance of a session, innovation of
 * the last one, then alpha, alpha + gamma, beta, omega; the first three move along.
 */
export function garchPath(
  first: i32, end: i32, planned: i32, piece: i32, jumps: bool, law: usize, mu: f64, years: f64,
): void {
  let x = load<f64>(law);
  let h = load<f64>(law, 8);
  let e = load<f64>(law, 16);
  const rise = load<f64>(law, 24);
  const fall = load<f64>(law, 32);
  const beta = load<f64>(law, 40);
  const omega = load<f64>(law, 48);
  let whole1: f64 = 0;
  let wholeRoot: f64 = 0;
  let amount1: f64 = 0;
  let root: f64 = 0;
  const rises = f64x2.splat(rise);
  const falls = f64x2.splat(fall);
  let weight = e < 0 ? fall : rise;
  for (let s = first; s < end; s++) {
    const aim = at(target, s);
    if (e == e) h = omega * (aim * aim) + weight * (e * e) + beta * h;
    const closed = at(phi, s);
    const stop = load<i32>(pieces + (s << 2));
    let whole = closed;
    for (let p = planned; p < stop; p++) whole += at(share, p);
    if (whole != whole1) {
      whole1 = whole;
      wholeRoot = sqrt<f64>(whole);
    }
    const factor = at(volatility, s);
    const square = factor * factor;
    // One variance waits for the other: a factor of 1 is left out.
    const power = square == 1 ? h : square * h;
    let drift = (mu + at(growth, s)) * years - 0.5 * power;
    if (jumps) drift -= at(compensations, s - first);
    put(annualVariance, s, square * (h / years));
    put(sd, s, sqrt<f64>(power));
    let innovation: f64 = 0;
    if (closed != 0) {
      innovation = sqrt<f64>(power * closed) * at(gap, s);
      x += drift * closed + innovation;
    }
    const wide = at(scale, s);
    const wider = wide * wide;
    for (; planned < stop; planned++, piece++) {
      const part = at(share, planned);
      const amount = part == 1 ? power : power * part;
      if (amount != amount1) {
        amount1 = amount;
        root = sqrt<f64>(amount);
      }
      const unit = wide == 1 ? root : root * wide;
      innovation += unit * at(fresh, planned);
      put(from, piece, x);
      x += drift * part + unit * at(shocks, planned);
      put(to, piece, x);
      put(variance, piece, amount * wider);
      put(until, piece, 1);
      store<i32>(ends + (planned << 2), piece + 1);
    }
    const norm = factor * wholeRoot;
    e = factor == 0 ? 0 : norm == 1 ? innovation : innovation / norm;
    // No branch, which would be guessed wrong every other time.
    const last = f64x2.splat(e);
    weight = f64x2.extract_lane(v128.bitselect(falls, rises, f64x2.lt(last, f64x2.splat(0))), 0);
  }
  store<f64>(law, x);
  store<f64>(law, h, 8);
  store<f64>(law, e, 16);
}
