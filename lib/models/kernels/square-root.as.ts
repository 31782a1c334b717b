// Steps of the quadratic-exponential scheme while its law is the quadratic one: twin of `qeStep` in lib/models/square-root.ts.
import { log } from '../../math/kernels/elementary.as';

/** Where psi passes to the exponential law. */
const SWITCH: f64 = 1.5;

/**
 * Sessions 0..count-1, whose shocks and targets are at two places. At `law`: the variance, which moves along, then theta,
 * e^(-kappa dt), xi^2 e (1 - e) / kappa, xi^2 (1 - e)^2 / (2 kappa), k1, k2, k3, k2 + k3/2, -rho kappa, dt, xi.
 * Returns how many were done: the first one of the other law is left to the twin.
 */
export function quadraticSteps(
  count: i32, shocks: usize, targets: usize, law: usize, integrals: usize, leverages: usize, residuals: usize, annuals: usize,
): i32 {
  let v = load<f64>(law);
  const theta = load<f64>(law, 8);
  const kept = load<f64>(law, 16);
  const fromStart = load<f64>(law, 24);
  const fromLevel = load<f64>(law, 32);
  const k1 = load<f64>(law, 40);
  const k2 = load<f64>(law, 48);
  const k3 = load<f64>(law, 56);
  const tilt = load<f64>(law, 64);
  const dt = load<f64>(law, 80);
  let i = 0;
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
    const next = a * (root * root);
    const room = 1 - 2 * tilt * a;
    const k0 =
      room > 0
        ? -((tilt * b2 * a) / room) + 0.5 * log(room) - (k1 + 0.5 * k3) * v
        : (load<f64>(law, 72) * level * dt) / load<f64>(law, 88);
    const integral = 0.5 * (v + next) * dt;
    store<f64>(integrals + at, integral);
    store<f64>(leverages + at, k0 + k1 * v + k2 * next + 0.5 * integral);
    store<f64>(residuals + at, k3 * (v + next));
    store<f64>(annuals + at, v);
    v = next;
  }
  store<f64>(law, v);
  return i;
}
