// What latent pieces become bars with: twins of the loops in lib/market/bars.ts, ticks.ts and volume.ts.

@inline
function at(column: usize, i: i32): f64 {
  return load<f64>(column + (i << 3));
}

@inline
function put(column: usize, i: i32, value: f64): void {
  store<f64>(column + (i << 3), value);
}

/** Log prices at both ends of each bar of `perBar` runs of pieces. */
export function openAndClose(bars: i32, perBar: i32, from: usize, to: usize, ends: usize, open: usize, close: usize): void {
  let first = 0;
  for (let b = 0; b < bars; b++) {
    const last = load<i32>(ends + (((b + 1) * perBar - 1) << 2));
    put(open, b, at(from, first));
    put(close, b, at(to, last - 1));
    first = last;
  }
}

/** Two bars a step: behind an odd last one there is room for one more. */
export function bound(bars: i32, open: usize, high: usize, low: usize, close: usize): void {
  for (let i: usize = 0, end: usize = bars << 3; i < end; i += 16) {
    const o = v128.load(open + i);
    const c = v128.load(close + i);
    v128.store(high + i, f64x2.max(f64x2.max(v128.load(high + i), o), c));
    v128.store(low + i, f64x2.min(f64x2.min(v128.load(low + i), o), c));
  }
}

@inline
function nearest(ticks: v128): v128 {
  const one = f64x2.splat(1);
  const whole = f64x2.floor(ticks);
  const up = f64x2.ge(f64x2.sub(ticks, whole), f64x2.splat(0.5));
  return f64x2.max(one, f64x2.add(whole, v128.and(one, up)));
}

/** In place. Returns the first bar whose high is not at most so many ticks, or -1. */
export function toTicks(
  bars: i32, open: usize, high: usize, low: usize, close: usize, tick: f64, parts: f64, slack: f64, most: f64,
): i32 {
  const size = f64x2.splat(tick);
  const scale = f64x2.splat(parts);
  for (let b = 0; b < bars; b += 2) {
    const i = (b as usize) << 3;
    const o = nearest(f64x2.div(f64x2.mul(v128.load(open + i), scale), size));
    const c = nearest(f64x2.div(f64x2.mul(v128.load(close + i), scale), size));
    const up = f64x2.div(f64x2.mul(v128.load(high + i), scale), size);
    const down = f64x2.div(f64x2.mul(v128.load(low + i), scale), size);
    const h = f64x2.max(f64x2.max(f64x2.ceil(f64x2.sub(up, f64x2.splat(slack))), o), c);
    const l = f64x2.min(f64x2.min(f64x2.floor(f64x2.add(down, f64x2.splat(slack))), o), c);
    const fits = i64x2.bitmask(f64x2.le(h, f64x2.splat(most)));
    if (fits != 3 && b + (fits & 1) < bars) return b + (fits & 1);
    v128.store(open + i, f64x2.div(f64x2.mul(o, size), scale));
    v128.store(high + i, f64x2.div(f64x2.mul(h, size), scale));
    v128.store(low + i, f64x2.div(f64x2.mul(f64x2.max(f64x2.splat(1), l), size), scale));
    v128.store(close + i, f64x2.div(f64x2.mul(c, size), scale));
  }
  return -1;
}

/** Sizes of the moves of sessions, whose bars begin at `begins` and have `share` of the variance. */
export function sizes(
  sessions: i32, from: usize, to: usize, ends: usize, pieces: usize, sd: usize, begins: usize, share: usize, out: usize,
  still: f64, largest: f64,
): void {
  let first = 0;
  let b = load<i32>(begins);
  for (let s = 0; s < sessions; s++) {
    const end = load<i32>(ends + ((load<i32>(pieces + (s << 2)) - 1) << 2));
    let whole: f64 = 0;
    for (const stop = load<i32>(begins + (s << 2), 4); b < stop; b++) whole += at(share, b);
    const deviation = at(sd, s) * sqrt<f64>(whole);
    const move = abs<f64>(at(to, end - 1) - at(from, first));
    put(out, s, deviation < still ? NaN : min<f64>(move / deviation, largest));
    first = end;
  }
}

/**
 * Logarithms of volumes from two normals and the size of the move of each session. At `law`: both memories, which move along, then
 * phi and step of the one, of the other, the level, both deviations, kappa and the mean size.
 */
export function volumes(sessions: i32, normals: usize, moves: usize, out: usize, law: usize, started: bool): void {
  let x1 = load<f64>(law);
  let x2 = load<f64>(law, 8);
  for (let s = 0; s < sessions; s++) {
    const z1 = at(normals, 2 * s);
    const z2 = at(normals, 2 * s + 1);
    x1 = started ? load<f64>(law, 16) * x1 + load<f64>(law, 24) * z1 : z1;
    x2 = started ? load<f64>(law, 32) * x2 + load<f64>(law, 40) * z2 : z2;
    started = true;
    const size = at(moves, s);
    const surprise = size != size ? 0 : load<f64>(law, 72) * (size - load<f64>(law, 80));
    put(out, s, load<f64>(law, 48) + load<f64>(law, 56) * x1 + load<f64>(law, 64) * x2 + surprise);
  }
  store<f64>(law, x1);
  store<f64>(law, x2, 8);
}

/** Volumes of sessions of one bar each from their means. Returns the first that is not at most so many, or -1. */
export function wholes(sessions: i32, means: usize, out: usize, part: f64, most: f64): i32 {
  for (let s = 0; s < sessions; s++) {
    const volume = floor<f64>(at(means, s) * part + 0.5);
    if (!(volume <= most)) return s;
    put(out, s, volume);
  }
  return -1;
}

/** How many bars have a standard deviation of less than so many ticks; the least deviation goes to `worst` where it is less. */
export function coarse(
  bars: i32, sd: usize, session: usize, share: usize, open: usize, size: f64, scale: f64, few: f64, worst: usize,
): i32 {
  let count = 0;
  let least = load<f64>(worst);
  for (let b = 0; b < bars; b++) {
    const ticks = (at(sd, load<i32>(session + (b << 2))) * sqrt<f64>(at(share, b)) * at(open, b) * scale) / size;
    if (ticks < few) count++;
    if (ticks < least) least = ticks;
  }
  store<f64>(worst, least);
  return count;
}
