// Markov regimes of the market: a chain that steps once a session, and what each regime changes for every asset.
import { type Problem, ProblemError } from '../base/problem.ts';
import { categorical } from '../math/laws.ts';
import { streamOf } from '../math/stream.ts';
import { refusal } from './model.ts';

/** What a regime changes, in the unit of each; the neutral value leaves the model as it is. */
export const REGIME_CHANNELS = {
  mu_shift: { neutral: 0, rule: 'a finite number', description: 'added to the growth of the mean per year' },
  vol_scale: { neutral: 1, minimum: 0, rule: 'a finite number, 0 or more', description: 'times the volatility' },
  jump_scale: { neutral: 1, minimum: 0, rule: 'a finite number, 0 or more', description: 'times the jumps per year' },
  jump_mean_shift: { neutral: 0, rule: 'a finite number', description: 'added to the mean log jump' },
  jump_sd_scale: { neutral: 1, minimum: 0, rule: 'a finite number, 0 or more', description: 'times the sd of a jump' },
  correlation: {
    neutral: 0,
    minimum: 0,
    maximum: 1,
    rule: 'a number from 0 to 1',
    description: 'weight w of the crisis matrix of ones: R becomes (1 - w) R + w',
  },
  spread_scale: { neutral: 1, above: 0, rule: 'a finite number above 0', description: 'times the spread' },
  depth_scale: { neutral: 1, above: 0, rule: 'a finite number above 0', description: 'times the depth' },
  volume_scale: { neutral: 1, above: 0, rule: 'a finite number above 0', description: 'times the volume' },
  ar1: {
    neutral: 0,
    above: -1,
    below: 1,
    rule: 'a number between -1 and 1, both excluded',
    description: 'added to the autocorrelation of bar returns: above 0 trends, below 0 reverts',
  },
} as const satisfies Readonly<Record<string, Limits>>;

interface Limits {
  readonly neutral: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly above?: number;
  readonly below?: number;
  readonly rule: string;
  readonly description: string;
}

export type RegimeChannel = keyof typeof REGIME_CHANNELS;
const CHANNEL_NAMES = Object.keys(REGIME_CHANNELS) as RegimeChannel[];

export type Regime = {
  readonly label: string;
  /** Expected length in sessions, 1 or more. */
  readonly duration?: number;
  /** Where it goes when it ends: label -> probability; the others alike when left out. */
  readonly exit?: Readonly<Record<string, number>>;
} & { readonly [name in RegimeChannel]?: number };

export type RegimeParams = {
  readonly regimes: readonly Regime[];
  /** Row i: probabilities of the next session's regime after regime i. Instead of durations, or agreeing with them. */
  readonly transition?: readonly (readonly number[])[];
  /** Label of the first session; drawn from the stationary law when left out. */
  readonly start?: string;
};

/** The suggested four states (models.md 4): calm, trend, turbulent and crisis, each leaving to the others alike. */
export const DEFAULT_REGIMES: RegimeParams = {
  regimes: [
    { label: 'calm', duration: 120, vol_scale: 0.7, volume_scale: 0.9 },
    { label: 'trend', duration: 60, ar1: 0.05 },
    {
      label: 'turbulent',
      duration: 25,
      vol_scale: 1.8,
      jump_scale: 4,
      correlation: 0.15,
      spread_scale: 1.8,
      depth_scale: 0.6,
      volume_scale: 1.3,
    },
    {
      label: 'crisis',
      duration: 10,
      vol_scale: 3.5,
      jump_scale: 20,
      correlation: 0.4,
      spread_scale: 4,
      depth_scale: 0.25,
      volume_scale: 2,
    },
  ],
};

/** How far a row may sum from 1, and a matrix stand from the durations given with it. */
const TOLERANCE = 1e-9;
/** Labels of a path are bytes. */
const MOST_REGIMES = 256;

const probability = { type: 'number', minimum: 0, maximum: 1 };
const channelSchema = ({ neutral, minimum, maximum, above, below, description }: Limits) => ({
  type: 'number',
  default: neutral,
  ...(minimum === undefined ? {} : { minimum }),
  ...(maximum === undefined ? {} : { maximum }),
  ...(above === undefined ? {} : { exclusiveMinimum: above }),
  ...(below === undefined ? {} : { exclusiveMaximum: below }),
  description,
});

/** JSON Schema (draft-07) of the params; rules between values are in `checkRegimes`. */
export const REGIME_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['regimes'],
  properties: {
    regimes: {
      type: 'array',
      minItems: 1,
      maxItems: MOST_REGIMES,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['label'],
        properties: {
          label: { type: 'string', minLength: 1 },
          duration: { type: 'number', minimum: 1, description: 'expected length in sessions' },
          exit: {
            type: 'object',
            additionalProperties: probability,
            description: 'where it goes when it ends; to the others alike when left out',
          },
          ...Object.fromEntries(CHANNEL_NAMES.map((name) => [name, channelSchema(REGIME_CHANNELS[name])])),
        },
      },
    },
    transition: { type: 'array', items: { type: 'array', items: probability } },
    start: { type: 'string', description: 'label of the first session; drawn from the stationary law when left out' },
  },
} as const;

/** A chain ready to run. Index = place in `regimes`. */
export interface RegimeChain {
  readonly labels: readonly string[];
  readonly transition: readonly (readonly number[])[];
  /** pi P = pi; null when the chain is reducible and `start` decides. */
  readonly stationary: readonly number[] | null;
  readonly start: number | null;
  /** Value of each regime per channel, neutral where left out. */
  readonly channels: Readonly<Record<RegimeChannel, Float64Array>>;
}

/** Everything wrong with the params, each naming field, value and rule; empty when `regimeChain` will not throw. */
export function checkRegimes(params: RegimeParams): readonly Problem[] {
  const { regimes, transition, start } = params;
  const problems: Problem[] = [];
  const refuse = (field: string, value: unknown, rule: string) => problems.push(refusal('regimes', field, value, rule));
  const n = regimes.length;
  if (n === 0 || n > MOST_REGIMES) refuse('regimes', n, `1 to ${MOST_REGIMES} regimes`);
  const labels = regimes.map((regime) => regime.label);
  regimes.forEach((regime, i) => {
    const at = `regimes[${i}]`;
    if (labels.indexOf(regime.label) !== i) refuse(`${at}.label`, regime.label, 'a label of its own');
    for (const name of CHANNEL_NAMES) {
      const value = regime[name];
      const limits: Limits = REGIME_CHANNELS[name];
      if (value !== undefined && !within(value, limits)) refuse(`${at}.${name}`, value, limits.rule);
    }
    const { duration, exit } = regime;
    if (duration === undefined && transition === undefined && n > 1) {
      refuse(`${at}.duration`, duration, 'given, in sessions, where there is no transition matrix');
    }
    if (duration !== undefined && !(Number.isFinite(duration) && duration >= 1)) {
      refuse(`${at}.duration`, duration, 'a finite number of sessions, 1 or more');
    } else if (duration !== undefined && n === 1) {
      refuse(`${at}.duration`, duration, 'left out: a regime alone never ends');
    }
    if (exit === undefined) return;
    const strange = Object.keys(exit).find((label) => label === regime.label || !labels.includes(label));
    if (strange !== undefined) refuse(`${at}.exit`, strange, 'labels of other regimes');
    if (!isRow(Object.values(exit))) refuse(`${at}.exit`, exit, 'probabilities, 0 or more, that sum to 1 within 1e-9');
  });
  if (start !== undefined && !labels.includes(start)) refuse('start', start, `one of ${labels.join(', ')}`);
  if (transition !== undefined) {
    if (transition.length !== n) refuse('transition', transition.length, `${n} rows, one for each regime`);
    transition.forEach((row, i) => {
      if (row.length !== n) refuse(`transition[${i}]`, row.length, `${n} entries, one for each regime`);
      else if (!isRow(row)) refuse(`transition[${i}]`, row, 'probabilities, 0 or more, that sum to 1 within 1e-9');
    });
  }
  if (problems.length > 0) return problems;
  if (transition !== undefined) {
    regimes.forEach((regime, i) => {
      const differs = (wanted: readonly number[]) =>
        wanted.some((p, j) => Math.abs(p - transition[i]![j]!) > TOLERANCE);
      if (regime.duration !== undefined && Math.abs(1 - 1 / regime.duration - transition[i]![i]!) > TOLERANCE) {
        const implied = `1 / (1 - ${transition[i]![i]}), as the transition matrix has it, or left out`;
        refuse(`regimes[${i}].duration`, regime.duration, implied);
      } else if (regime.exit !== undefined && differs(rowOf(regime, i, labels, transition[i]![i]!))) {
        refuse(`regimes[${i}].exit`, regime.exit, 'what the transition matrix has, or left out');
      }
    });
  }
  if (problems.length === 0 && start === undefined && !isIrreducible(matrixOf(params))) {
    refuse('start', start, 'given: some regime is never reached from some other, so there is no one stationary law');
  }
  return problems;
}

/** The chain of the params. Throws `model/refused` with every problem found. */
export function regimeChain(params: RegimeParams): RegimeChain {
  const problems = checkRegimes(params);
  if (problems.length > 0) throw new ProblemError(problems);
  const { regimes, start } = params;
  const labels = regimes.map((regime) => regime.label);
  const transition = matrixOf(params);
  const values = (name: RegimeChannel) =>
    Float64Array.from(regimes, (regime) => regime[name] ?? REGIME_CHANNELS[name].neutral);
  return {
    labels,
    transition,
    stationary: isIrreducible(transition) ? stationaryLaw(transition) : null,
    start: start === undefined ? null : labels.indexOf(start),
    channels: Object.fromEntries(CHANNEL_NAMES.map((name) => [name, values(name)])) as RegimeChain['channels'],
  };
}

/**
 * Index of the regime of each of `sessions` sessions from the one with ordinal `first`. One uniform a session, addressed by
 * its ordinal, through the inverse cdf of the row: a later end changes nothing before it.
 */
export function regimePath(chain: RegimeChain, seed: number | string, first: number, sessions: number): Uint8Array {
  const stream = streamOf(seed, { scope: 'market', asset: '', component: 'regime' });
  const path = new Uint8Array(sessions);
  for (let i = 0; i < sessions; i++) {
    const row = i > 0 ? chain.transition[path[i - 1]!]! : chain.start === null ? chain.stationary! : null;
    path[i] = row === null ? chain.start! : categorical(stream, first + i, 0, row);
  }
  return path;
}

/** Value of a channel in each session of a path. */
export function regimeValues(chain: RegimeChain, path: Uint8Array, channel: RegimeChannel): Float64Array {
  const values = chain.channels[channel];
  return Float64Array.from(path, (regime) => values[regime]!);
}

/** Stationary mean of vol_scale^2: divide the variance by it and its long-run level stays what it was. Null if reducible. */
export function meanSquareScale({ stationary, channels }: RegimeChain): number | null {
  return stationary?.reduce((sum, p, i) => sum + p * channels.vol_scale[i]! * channels.vol_scale[i]!, 0) ?? null;
}

/** Stationary mean of jump_scale jump_sd_scale^2, the same for the variance of jumps (of mean 0). Null if reducible. */
export function meanJumpScale({ stationary, channels: { jump_scale, jump_sd_scale } }: RegimeChain): number | null {
  const square = (i: number) => jump_sd_scale[i]! * jump_sd_scale[i]!;
  return stationary?.reduce((sum, p, i) => sum + p * jump_scale[i]! * square(i), 0) ?? null;
}

function within(value: number, { minimum, maximum, above, below }: Limits): boolean {
  return (
    Number.isFinite(value) &&
    value >= (minimum ?? value) &&
    value <= (maximum ?? value) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

function isRow(row: readonly number[]): boolean {
  return row.every((p) => p >= 0) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) <= TOLERANCE;
}

/** Stay with probability `stay`, else leave by the exit law. */
function rowOf({ exit }: Regime, i: number, labels: readonly string[], stay: number): number[] {
  const others = labels.length - 1;
  return labels.map((label, j) => {
    if (j === i) return stay;
    return (1 - stay) * (exit === undefined ? 1 / others : (exit[label] ?? 0));
  });
}

/** Checked params only. */
function matrixOf({ regimes, transition }: RegimeParams): readonly (readonly number[])[] {
  if (transition !== undefined) return transition;
  if (regimes.length === 1) return [[1]];
  const labels = regimes.map((regime) => regime.label);
  return regimes.map((regime, i) => rowOf(regime, i, labels, 1 - 1 / regime.duration!));
}

/** Every regime is reached from regime 0, and regime 0 from every regime. */
function isIrreducible(p: readonly (readonly number[])[]): boolean {
  return reached((i, j) => p[i]![j]! > 0) && reached((i, j) => p[j]![i]! > 0);

  function reached(edge: (i: number, j: number) => boolean): boolean {
    const seen = new Set([0]);
    // A set hands out what is added to it while it is walked.
    for (const i of seen) for (let j = 0; j < p.length; j++) if (edge(i, j)) seen.add(j);
    return seen.size === p.length;
  }
}

/** pi of an irreducible chain without a subtraction, so that small entries keep their digits (Grassmann, Taksar & Heyman 1985). */
function stationaryLaw(p: readonly (readonly number[])[]): number[] {
  const n = p.length;
  const a = p.map((row) => [...row]);
  for (let k = n - 1; k > 0; k--) {
    let leave = 0;
    for (let j = 0; j < k; j++) leave += a[k]![j]!;
    for (let i = 0; i < k; i++) {
      a[i]![k] = a[i]![k]! / leave;
      for (let j = 0; j < k; j++) a[i]![j] = a[i]![j]! + a[i]![k]! * a[k]![j]!;
    }
  }
  const pi = [1];
  for (let k = 1; k < n; k++) {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += pi[i]! * a[i]![k]!;
    pi.push(sum);
  }
  const total = pi.reduce((x, y) => x + y, 0);
  return pi.map((x) => x / total);
}
