// Square-root variance of Heston (1993): Andersen's quadratic-exponential step, or Euler with full truncation.
import type { Problem } from '../base/problem.ts';
import { exp, expm1, log } from '../math/elementary.ts';
import { CONSTANTS, kernelOf, place } from '../math/kernel.ts';
import { logGamma, normalCdf } from '../math/special.ts';
import type { AssetClass } from './asset-class.ts';
import wasm from './kernels/square-root.wasm';
import {
  type AssetFacts,
  type ModelSettings,
  refusals,
  type StepRun,
  setting,
  type VarianceProcess,
  type VarianceStep,
} from './model.ts';

export type SquareRootParams = {
  /** Speed of reversion per year, long-run variance per year, volatility of variance per year. */
  readonly kappa: number;
  readonly theta: number;
  readonly xi: number;
  /** Correlation of price and variance. */
  readonly rho: number;
  /** Variance at the start; theta when left out. */
  readonly v0?: number | undefined;
  readonly scheme?: 'qe' | 'euler' | undefined;
  /** Refuse parameters whose variance can reach 0. */
  readonly require_feller?: boolean | undefined;
};

export const SQUARE_ROOT_PROPERTIES = {
  kappa: { type: 'number', exclusiveMinimum: 0, description: 'speed at which variance reverts, per year' },
  theta: { type: 'number', exclusiveMinimum: 0, description: 'long-run variance per year' },
  xi: { type: 'number', minimum: 0, description: 'volatility of variance' },
  rho: { type: 'number', minimum: -1, maximum: 1, description: 'correlation of price and variance' },
  v0: { type: 'number', minimum: 0, description: 'variance at the start' },
  scheme: { enum: ['qe', 'euler'], description: 'quadratic-exponential, or Euler with full truncation' },
  require_feller: { type: 'boolean', description: 'refuse a variance that can reach 0' },
} as const;

/** 2 kappa theta / xi^2: below 1 the variance touches 0. */
export const fellerRatio = ({ kappa, theta, xi }: SquareRootParams): number => (2 * kappa * theta) / (xi * xi);

/** E sqrt(v) / sqrt(E v) of the stationary Gamma law of shape a = 2 kappa theta / xi^2: Gamma(a + 1/2) / (Gamma(a) sqrt(a)). */
export function steadiness(params: SquareRootParams): number {
  const a = fellerRatio(params);
  return a < 1e6 ? exp(logGamma(a + 0.5) - logGamma(a)) / Math.sqrt(a) : 1;
}

export function checkSquareRoot(model: string, params: SquareRootParams): Problem[] {
  const { kappa, theta, xi, rho, v0, scheme = 'qe', require_feller: strict = false } = params;
  const most = 1e4;
  return refusals(model, [
    ['kappa', kappa, kappa > 0 && kappa <= most, `above 0, at most ${most}`],
    ['theta', theta, theta > 0 && theta <= most, `above 0, at most ${most}`],
    ['xi', xi, xi === 0 || (xi >= 1e-6 && xi <= most), `0, or between 1e-6 and ${most}`],
    ['rho', rho, Math.abs(rho) <= 1, 'between -1 and 1'],
    ['v0', v0, v0 === undefined || (v0 >= 0 && v0 <= most), `between 0 and ${most}`],
    ['scheme', scheme, scheme === 'qe' || scheme === 'euler', '"qe" or "euler"'],
    ['xi', xi, !strict || fellerRatio(params) >= 1, 'small enough for 2 kappa theta >= xi^2 (require_feller)'],
  ]);
}

export function warnSquareRoot(model: string, params: SquareRootParams): string[] {
  const ratio = fellerRatio(params);
  return ratio < 1 ? [`${model}: Feller ratio ${ratio.toPrecision(3)} is below 1, so the variance touches 0`] : [];
}

/** Usual correlation of price and variance: strong where the market falls together, none in currencies and metals. */
const LEVERAGE: Readonly<Partial<Record<AssetClass, number>>> = { equity: -0.5, etf: -0.65, index: -0.7, bond: -0.2 };

/** Usual parameters: half of a shock to variance is gone in two months, and the Feller ratio is 2.5 at any sigma. */
export function resolveSquareRoot(asset: AssetFacts, settings: ModelSettings): SquareRootParams {
  const { sigma } = asset;
  const v0 = setting<number | null>(settings, 'v0', null);
  return {
    kappa: setting(settings, 'kappa', 4),
    theta: sigma * sigma,
    xi: setting(settings, 'xi', 1.8 * sigma),
    rho: setting(settings, 'rho', LEVERAGE[asset.class] ?? 0),
    ...(v0 === null ? {} : { v0 }),
    scheme: setting(settings, 'scheme', 'qe'),
    require_feller: setting(settings, 'require_feller', false),
  };
}

/** Where psi = s^2 / m^2 passes from the quadratic to the exponential law of the next variance (Andersen 2008, 3.2.3). */
export const SWITCH = 1.5;

export function squareRootVariance(params: SquareRootParams, yearsPerSession: number): VarianceProcess {
  const start = params.v0 ?? params.theta;
  const euler = params.scheme === 'euler';
  const step = euler ? eulerStep(params, yearsPerSession) : qeStep(params, yearsPerSession);
  return {
    stateLength: 1,
    start(state, at) {
      state[at] = start;
    },
    step,
    settle() {},
    source: {
      of: 'shocks',
      steps: stepsOf(step, euler || params.xi === 0 ? null : quadraticLaw(params, yearsPerSession)),
    },
  };
}

interface SquareRootKernel {
  init(law: number, constants: number): void;
  quadraticSteps(
    count: number,
    shocks: number,
    targets: number,
    integrals: number,
    leverages: number,
    residuals: number,
    annuals: number,
  ): number;
}

let law: Float64Array;
const squareRootKernel = kernelOf<SquareRootKernel>(wasm, ({ init }, zeros) => {
  law = zeros(12);
  init(place(law), place(zeros(CONSTANTS)));
});

/** Many sessions one after the other: those of the quadratic law by the kernel, the others one by one. */
function stepsOf(step: VarianceProcess['step'], constants: Float64Array | null): StepRun {
  const one: VarianceStep = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
  return (state, at, { varianceShock, target }, first, end, out) => {
    const kernel = constants === null ? null : squareRootKernel();
    const [shocks, targets] = [place(varianceShock), place(target)];
    const reachable = shocks !== 0 && targets !== 0 && place(out.integrated) !== 0;
    for (let s = first; s < end; s++) {
      if (kernel !== null && reachable) {
        const from = (places: number, i: number) => places + 8 * i;
        const done = s - first;
        law.set(constants!);
        law[0] = state[at]!;
        s += kernel.quadraticSteps(
          end - s,
          from(shocks, s),
          from(targets, s),
          from(out.integrated.byteOffset, done),
          from(out.leverage.byteOffset, done),
          from(out.residual.byteOffset, done),
          from(out.annual.byteOffset, done),
        );
        state[at] = law[0]!;
        if (s === end) return;
      }
      step(state, at, varianceShock[s]!, target[s]!, one);
      out.integrated[s - first] = one.integrated;
      out.leverage[s - first] = one.leverage;
      out.residual[s - first] = one.residual;
      out.annual[s - first] = one.annual;
    }
  };
}

/** Lord, Koekkoek & van Dijk (2010): the stored variance may go below 0, everything that uses it takes max(v, 0). */
function eulerStep({ kappa, theta, xi, rho }: SquareRootParams, dt: number): VarianceProcess['step'] {
  const other = 1 - rho * rho;
  return (state, at, shock, target, out) => {
    const v = state[at]!;
    const used = Math.max(v, 0);
    const sd = Math.sqrt(used * dt);
    state[at] = v + kappa * (theta * (target * target) - used) * dt + xi * sd * shock;
    out.integrated = used * dt;
    out.leverage = rho * sd * shock;
    out.residual = other * used * dt;
    out.annual = used;
  };
}

/** What the scheme needs of its parameters (Andersen 2008, 3.2 and 4). */
function constantsOf({ kappa, xi, rho }: SquareRootParams, dt: number) {
  const e = exp(-kappa * dt);
  const gone = -expm1(-kappa * dt);
  const k1 = 0.5 * dt * ((kappa * rho) / xi - 0.5) - rho / xi;
  const k2 = 0.5 * dt * ((kappa * rho) / xi - 0.5) + rho / xi;
  const k3 = 0.5 * dt * (1 - rho * rho);
  return {
    e,
    fromStart: (xi * xi * e * gone) / kappa,
    fromLevel: (xi * xi * gone * gone) / (2 * kappa),
    k1,
    k2,
    k3,
    tilt: k2 + 0.5 * k3,
  };
}

/** What the kernel reads, its variance first. */
function quadraticLaw(params: SquareRootParams, dt: number): Float64Array {
  const { kappa, theta, xi, rho } = params;
  const { e, fromStart, fromLevel, k1, k2, k3, tilt } = constantsOf(params, dt);
  return Float64Array.of(0, theta, e, fromStart, fromLevel, k1, k2, k3, tilt, -rho * kappa, dt, xi);
}

/**
 * Andersen (2008), 3.2 and 4, gamma1 = gamma2 = 1/2, with the martingale correction of 4.3 where its moment exists.
 * One normal a session serves both laws: it is the quantile in the quadratic one, and its cdf the uniform of the other.
 */
function qeStep({ kappa, theta, xi, rho }: SquareRootParams, dt: number): VarianceProcess['step'] {
  const e = exp(-kappa * dt);
  const gone = -expm1(-kappa * dt);
  if (xi === 0) {
    return (state, at, _shock, target, out) => {
      const v = state[at]!;
      const level = theta * (target * target);
      const away = v - level;
      state[at] = level + away * e;
      out.integrated = (level + (away * gone) / (kappa * dt)) * dt;
      out.leverage = 0;
      out.residual = out.integrated;
      out.annual = v;
    };
  }
  const { fromStart, fromLevel, k1, k2, k3, tilt } = constantsOf({ kappa, theta, xi, rho }, dt);
  return (state, at, shock, target, out) => {
    const v = state[at]!;
    const level = theta * (target * target);
    const m = level + (v - level) * e;
    const square = m * m;
    const psi = (v * fromStart + level * fromLevel) / square;
    let k0 = (-rho * kappa * level * dt) / xi;
    let next: number;
    if (square === 0) {
      // Drawn to 0, and there.
      next = 0;
    } else if (psi <= SWITCH) {
      const q = 2 / psi;
      const b2 = q - 1 + Math.sqrt(q) * Math.sqrt(q - 1);
      const a = m / (1 + b2);
      const root = Math.sqrt(b2) + shock;
      next = a * (root * root);
      const room = 1 - 2 * tilt * a;
      if (room > 0) k0 = -((tilt * b2 * a) / room) + 0.5 * log(room) - (k1 + 0.5 * k3) * v;
    } else {
      // Probability of a variance above 0, which 1 - p would lose where p is near 1.
      const rest = 2 / (psi + 1);
      const beta = rest / m;
      const above = normalCdf(-shock);
      next = above >= rest ? 0 : log(rest / above) / beta;
      if (tilt < beta) k0 = -log(1 - rest + (beta * rest) / (beta - tilt)) - (k1 + 0.5 * k3) * v;
    }
    state[at] = next;
    out.integrated = 0.5 * (v + next) * dt;
    out.leverage = k0 + k1 * v + k2 * next + 0.5 * out.integrated;
    out.residual = k3 * (v + next);
    out.annual = v;
  };
}
