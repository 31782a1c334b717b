// Sessions of a path that nothing cuts and no jump falls into: twin of the loop over sessions in lib/models/path.ts.

import {
  annuals, annualVariance, at, compensations, drifts, ends, extras, findIn, fresh, from, gap, growth, integrals,
  keepAt, leverages, phi, pieces, powers, put, putTwo, residuals, scale, sd, share, shocks, target, to, two, until,
  variance, volatility,
} from './columns.as';
import { areAlike, extraOf, steady } from './steady.as';

export function init(columns: usize, most: i32): void {
  keepAt(columns, most);
}

export function lay(table: usize): void {
  findIn(table);
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
 * Pieces p and p + 1, which go to `piece`: `part` of their sessions, of a variance whose root is known. The path stands at lane 0 of
 * `x`, and of what is returned. Leverage moves it by what is at `sway`, unless that is 0.
 */
@inline
function moves(
  x: v128, p: i32, piece: i32, part: v128, amount: v128, root: v128, drift: v128, extra: v128, wide: v128, both: bool, sway: usize,
): v128 {
  const unit = f64x2.mul(root, wide);
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

/** Pieces of one session. */
@inline
function piecesOf(
  x: v128, p: i32, piece: i32, drift: v128, power: v128, extra: v128, wide: v128, both: bool, sway: usize,
): v128 {
  const part = two(share, p, true);
  const amount = f64x2.mul(power, part);
  return moves(x, p, piece, part, amount, rootsOf(amount, false), drift, extra, wide, both, sway);
}

/** Sessions s and s + 1 of one piece each and no closed hours: all of them at once. `rooted`: their roots are there. */
@inline
function wholes(
  x: v128, s: i32, i: i32, p: i32, piece: i32, each: bool, rooted: bool, both: bool, jumps: bool, mu: v128, years: v128,
): v128 {
  const factor = two(volatility, s, true);
  const square = f64x2.mul(factor, factor);
  const integrated = f64x2.mul(square, two(integrals, i, each));
  const power = rooted ? integrated : f64x2.mul(square, two(residuals, i, each));
  putTwo(annualVariance, s, f64x2.mul(square, two(annuals, i, each)), both);
  const root = rooted ? two(powers, i, true) : rootsOf(integrated, each);
  putTwo(sd, s, root, both);
  const drift = driftOf(s, i, each, jumps, each && !rooted, factor, integrated, mu, years);
  const part = two(share, p, true);
  const amount = f64x2.mul(power, part);
  return moves(
    x, p, piece, part, amount, rooted ? root : rootsOf(amount, each), drift, extraOf(integrated, power), two(scale, s, true), both, 0,
  );
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
    for (; s + 2 <= end; s += 2, p += 2, k += 2) x = wholes(x, s, s - first, p, k, true, false, true, jumps, mu2, years2);
    if (s < end) x = wholes(x, s, s - first, p, k, true, false, false, jumps, mu2, years2);
    return f64x2.extract_lane(x, 0);
  }
  if (each) {
    for (; s + 2 <= end; s += 2) sessions(s, s - first, true, true, jumps, false, mu2, years2);
    if (s < end) sessions(s, s - first, true, false, jumps, false, mu2, years2);
    lean(first, end, planned);
    if (sway != 0) swing(first, end, planned, sway);
  } else {
    const last = load<i32>(pieces + ((end - 1) << 2));
    if (!jumps && areAlike(first, end, planned, last)) return steady(first, end, planned, last, piece, start, mu2, years2);
    if (last - planned == end - first && isOpen(first, end)) {
      for (; s + 2 <= end; s += 2, p += 2, k += 2) x = wholes(x, s, s - first, p, k, false, false, true, jumps, mu2, years2);
      if (s < end) x = wholes(x, s, s - first, p, k, false, false, false, jumps, mu2, years2);
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
      for (; p + 2 <= stop; p += 2, k += 2, sway += 16) x = piecesOf(x, p, k, drift, power, extra, wide, true, sway);
      if (p < stop) {
        x = piecesOf(x, p++, k++, drift, power, extra, wide, false, sway);
        sway += 8;
      }
    } else {
      for (; p + 2 <= stop; p += 2, k += 2) x = piecesOf(x, p, k, drift, power, extra, wide, true, 0);
      if (p < stop) x = piecesOf(x, p++, k++, drift, power, extra, wide, false, 0);
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

/** Sessions by which the rest of a path follows its variance: what it reads has reached the memory. */
const LAG: i32 = 8;

/** What is left to do for sessions i and i + 1 of a run of whole ones, whose variances and their roots are there. */
@inline
function restOf(x: v128, i: i32, first: i32, p: i32, piece: i32, both: bool, jumps: bool, mu: v128, years: v128): v128 {
  v128.store(annuals + (i << 3), f64x2.div(two(integrals, i, true), years));
  return wholes(x, first + i, i, p + i, piece + i, true, true, both, jumps, mu, years);
}

function remaining(x: v128, i: i32, count: i32, first: i32, p: i32, piece: i32, jumps: bool, mu: v128, years: v128): f64 {
  for (; i + 2 <= count; i += 2) x = restOf(x, i, first, p, piece, true, jumps, mu, years);
  if (i < count) x = restOf(x, i, first, p, piece, false, jumps, mu, years);
  return f64x2.extract_lane(x, 0);
}

/** `garchPath` where `alone` says so: one variance waits for the other, and all else is done meanwhile. */
function garchWholes(first: i32, end: i32, p: i32, piece: i32, jumps: bool, law: usize, mu: f64, years: f64): void {
  let h = load<f64>(law, 8);
  let e = load<f64>(law, 16);
  const rise = v128.load64_splat(law, 24);
  const fall = v128.load64_splat(law, 32);
  const beta = load<f64>(law, 40);
  const omega = load<f64>(law, 48);
  const mu2 = f64x2.splat(mu);
  const years2 = f64x2.splat(years);
  let x = f64x2.splat(load<f64>(law));
  let sign = f64x2.splat(e);
  let done = 0;
  for (let s = first; s < end; s++) {
    const i = s - first;
    const aim = at(target, s);
    // No branch, which would be guessed wrong every other time; the sign is that of the shock, long known.
    const weight = f64x2.extract_lane(v128.bitselect(fall, rise, f64x2.lt(sign, f64x2.splat(0))), 0);
    if (e == e) h = omega * (aim * aim) + weight * (e * e) + beta * h;
    put(integrals, i, h);
    const factor = at(volatility, s);
    const wide = at(scale, s);
    const shock = at(fresh, p + i);
    // The next variance would wait for a factor of 1.
    const root = sqrt<f64>(factor == 1 ? h : factor * factor * h);
    put(powers, i, root);
    e = (wide == 1 ? root : root * wide) * shock;
    if (factor != 1) e = factor == 0 ? 0 : e / factor;
    sign = f64x2.splat(factor * (wide * shock));
    if (i > done + LAG) {
      x = restOf(x, done, first, p, piece, true, jumps, mu2, years2);
      done += 2;
    }
  }
  store<f64>(law, remaining(x, done, end - first, first, p, piece, jumps, mu2, years2));
  store<f64>(law, h, 8);
  store<f64>(law, e + 0, 16);
}

/**
 * As `path` where the variance follows the innovations, as GARCH does. At `law`: log price, variance of a session, innovation of
 * the last one, then alpha, alpha + gamma, beta, omega; the first three move along.
 */
export function garchPath(
  first: i32, end: i32, planned: i32, piece: i32, jumps: bool, law: usize, mu: f64, years: f64,
): void {
  if (alone(first, end, planned)) return garchWholes(first, end, planned, piece, jumps, law, mu, years);
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
