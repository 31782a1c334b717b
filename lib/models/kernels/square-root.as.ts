// Steps of the quadratic-exponential scheme while its law is the quadratic one: twin of `qeStep` in lib/models/square-root.ts.
import { isPlainLog, layConstants, log, log2 } from '../../math/kernels/elementary.as';

/** Where psi passes to the exponential law. */
const SWITCH: f64 = 1.5;
/** Sessions by which all else follows the variance: what it reads has reached the memory. */
const LAG: i32 = 8;

let constants: usize = 0;
let law: usize = 0;

/** At `at`, before each run: the variance, which moves along, then theta, e^(-kappa dt), xi^2 e (1 - e) / kappa, xi^2 (1 - e)^2 / (2 kappa), k1, k2, k3, k2 + k3/2, -rho kappa, dt, xi. */
export function init(at: usize, by: usize): void {
  law = at;
  constants = by;
  layConstants(by);
}

@inline
function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b);
}

@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b);
}

/** What a session says, from its variance v, the next one, and a and b^2 of its law, all of which are in the columns. */
function say(target: usize, integral: usize, leverage: usize, residual: usize, annual: usize): void {
  const k1 = load<f64>(law, 40);
  const k3 = load<f64>(law, 56);
  const tilt = load<f64>(law, 64);
  const dt = load<f64>(law, 80);
  const v = load<f64>(annual);
  const next = load<f64>(integral);
  const a = load<f64>(leverage);
  const level = load<f64>(law, 8) * (load<f64>(target) * load<f64>(target));
  const room = 1 - 2 * tilt * a;
  const k0 =
    room > 0
      ? -((tilt * load<f64>(residual) * a) / room) + 0.5 * log(room) - (k1 + 0.5 * k3) * v
      : (load<f64>(law, 72) * level * dt) / load<f64>(law, 88);
  const half = 0.5 * (v + next) * dt;
  store<f64>(integral, half);
  store<f64>(leverage, k0 + k1 * v + load<f64>(law, 48) * next + 0.5 * half);
  store<f64>(residual, k3 * (v + next));
}

/** `say` of two sessions. */
@inline
function sayTwo(target: usize, integral: usize, leverage: usize, residual: usize, annual: usize): void {
  const half = f64x2.splat(0.5);
  const tilt = v128.load64_splat(law, 64);
  const a = v128.load(leverage);
  const room = f64x2.sub(f64x2.splat(1), mul(mul(f64x2.splat(2), tilt), a));
  if (i64x2.bitmask(isPlainLog(room)) != 3) {
    say(target, integral, leverage, residual, annual);
    say(target + 8, integral + 8, leverage + 8, residual + 8, annual + 8);
    return;
  }
  const k1 = v128.load64_splat(law, 40);
  const k3 = v128.load64_splat(law, 56);
  const v = v128.load(annual);
  const next = v128.load(integral);
  const sum = add(v, next);
  const least = f64x2.neg(f64x2.div(mul(mul(tilt, v128.load(residual)), a), room));
  const k0 = f64x2.sub(add(least, mul(half, log2(room, constants))), mul(add(k1, mul(half, k3)), v));
  const integrated = mul(mul(half, sum), v128.load64_splat(law, 80));
  v128.store(integral, integrated);
  v128.store(leverage, add(add(add(k0, mul(k1, v)), mul(v128.load64_splat(law, 48), next)), mul(half, integrated)));
  v128.store(residual, mul(k3, sum));
}

/**
 * Sessions 0..count-1, whose shocks and targets are at two places. Returns how many were done: the first one of the other law is
 * left to the twin. One variance waits for the other, and all else is done meanwhile.
 */
export function quadraticSteps(
  count: i32, shocks: usize, targets: usize, integrals: usize, leverages: usize, residuals: usize, annuals: usize,
): i32 {
  let v = load<f64>(law);
  const theta = load<f64>(law, 8);
  const kept = load<f64>(law, 16);
  const fromStart = load<f64>(law, 24);
  const fromLevel = load<f64>(law, 32);
  let i = 0;
  let done = 0;
  for (; i < count; i++) {
    const at = i << 3;
    const target = load<f64>(targets + at);
    const level = theta * (target * target);
    const m = level + (v - level) * kept;
    const square = m * m;
    const psi = (v * fromStart + level * fromLevel) / square;
    if (square == 0 || !(psi <= SWITCH)) break;
    const q = 2 / psi;
    const b2 = q - 1 + sqrt<f64>(q) * sqrt<f64>(q - 1);
    const a = m / (1 + b2);
    const root = sqrt<f64>(b2) + load<f64>(shocks + at);
    store<f64>(annuals + at, v);
    v = a * (root * root);
    store<f64>(integrals + at, v);
    store<f64>(leverages + at, a);
    store<f64>(residuals + at, b2);
    if (i > done + LAG) {
      const to = done << 3;
      sayTwo(targets + to, integrals + to, leverages + to, residuals + to, annuals + to);
      done += 2;
    }
  }
  store<f64>(law, v);
  for (; done < i; done++) {
    const to = done << 3;
    say(targets + to, integrals + to, leverages + to, residuals + to, annuals + to);
  }
  return i;
}
