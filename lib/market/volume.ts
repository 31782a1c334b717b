// Daily volume: a log level moved by two memories, one short and one long, and by the size of the day's return.
import type { Problem } from '../base/problem.ts';
import { ProblemError } from '../base/problem.ts';
import { expEach } from '../math/arrays.ts';
import { putNormals, uniform } from '../math/draw.ts';
import { log } from '../math/elementary.ts';
import { floats, place } from '../math/kernel.ts';
import type { Stream } from '../math/stream.ts';
import { refusal } from '../models/model.ts';
import type { Plan } from './plan.ts';
import { pricesKernel } from './ticks.ts';
import { volumeSplit } from './volume-split.ts';

export interface VolumeParams {
  /** exp of the mean log volume: a typical day's count. */
  readonly level: number;
  /** Standard deviation of log volume. */
  readonly sd: number;
  /** Correlation of log volume with the size of the return, 0 to below 1. */
  readonly returnCorrelation: number;
  /** Probability of a session without any trade. */
  readonly none: number;
  /** Standard deviation of the noise in the logarithm of each bar's share of its session. */
  readonly noise: number;
}

/** A typical stock (medians of real series): total sd and correlation of ln V with |r|. */
export const STOCK_VOLUME = { sd: 0.42, returnCorrelation: 0.42, none: 0, noise: 0.4 } as const;

/** AR(1) coefficients and variance shares: autocorrelation .55, .18, .02 at lags 1, 5, 20, which one AR(1) cannot match. */
export const MEMORIES = [
  { share: 0.6, phi: 0.35 },
  { share: 0.4, phi: 0.85 },
] as const;

/** Where the kernel finds its constants. */
const kernelLaw = floats(11);

const MEAN_SIZE = 0.7978845608028654; // E|Z| = sqrt(2 / pi)
const SIZE_VARIANCE = 0.3633802276324187; // 1 - 2 / pi

export function checkVolume({ level, sd, returnCorrelation, none, noise }: VolumeParams): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, value: number, rule: string) => problems.push(refusal('volume', field, value, rule));
  if (!(level > 0 && level <= 1e12)) refuse('level', level, 'above 0, at most 1e12');
  if (!(sd >= 0 && sd <= 3)) refuse('sd', sd, 'between 0 and 3');
  if (!(returnCorrelation >= 0 && returnCorrelation < 1))
    refuse('returnCorrelation', returnCorrelation, '0 or more and below 1');
  if (!(none >= 0 && none < 1)) refuse('none', none, '0 or more and below 1');
  if (!(noise >= 0 && noise <= 3)) refuse('noise', noise, 'between 0 and 3');
  return problems;
}

/**
 * Volumes of the bars of a plan's first sessions into out: `sizes` = |r| / sd of each session, NaN where it does not move;
 * `factors` multiply its volume, null for none.
 */
export type VolumeKernel = (
  out: Float64Array,
  first: number,
  sessions: number,
  sizes: Float64Array,
  factors: Float64Array | null,
) => void;

/**
 * ln V = ln level + x1 + x2 + kappa (|r| / sigma - sqrt(2 / pi)), V rounded to an integer, 0 or more.
 * x1 and x2 start at their stationary law on the first session. kappa = rho sd / sqrt(1 - 2/pi) gives corr(ln V, |r|) = rho for
 * normal returns; x keeps the rest of the variance. Bars of a session share its volume to the last unit.
 */
export function volumeKernel(
  { level, sd, returnCorrelation, none, noise }: VolumeParams,
  streams: (component: string) => Stream,
  { layout, daily, room }: Plan,
): VolumeKernel {
  const kappa = (returnCorrelation * sd) / Math.sqrt(SIZE_VARIANCE);
  const memorySd = sd * Math.sqrt(1 - returnCorrelation * returnCorrelation);
  const centre = log(level);
  const [short, long] = MEMORIES;
  const shortSd = memorySd * Math.sqrt(short.share);
  const longSd = memorySd * Math.sqrt(long.share);
  const shortStep = Math.sqrt(1 - short.phi * short.phi);
  const longStep = Math.sqrt(1 - long.phi * long.phi);
  const stream = streams('volume');
  const empty = none > 0 ? streams('noVolume') : null;
  const split = daily ? null : volumeSplit(noise, streams('volumeSplit'), layout.session.length);
  const { normals, means } = room;
  const memory = new Float64Array(2);
  const law = [short.phi, shortStep, long.phi, longStep, centre, shortSd, longSd, kappa, MEAN_SIZE];
  let started = false;
  return (out, first, sessions, sizes, factors) => {
    putNormals(normals, stream, 1, first, sessions, 2);
    const kernel = pricesKernel(normals, sizes, means, kernelLaw);
    if (kernel !== null) {
      kernelLaw.set(memory);
      kernelLaw.set(law, 2);
      kernel.volumes(sessions, place(normals), place(sizes), place(means), place(kernelLaw), started ? 1 : 0);
      memory.set(kernelLaw.subarray(0, 2));
    } else {
      // A variable of the kernel would be a new object with every session.
      let [x1, x2] = [memory[0]!, memory[1]!];
      for (let s = 0; s < sessions; s++) {
        const z1 = normals[2 * s]!;
        const z2 = normals[2 * s + 1]!;
        const goesOn = started || s > 0;
        x1 = goesOn ? short.phi * x1 + shortStep * z1 : z1;
        x2 = goesOn ? long.phi * x2 + longStep * z2 : z2;
        const size = sizes[s]!;
        const surprise = Number.isNaN(size) ? 0 : kappa * (size - MEAN_SIZE);
        means[s] = centre + shortSd * x1 + longSd * x2 + surprise;
      }
      memory.set([x1, x2]);
    }
    started = true;
    expEach(means.subarray(0, sessions));
    const { shape } = layout;
    const isPlain = split === null && empty === null && factors === null;
    if (kernel !== null && isPlain && shape !== null && place(out) !== 0) {
      const most = Number.MAX_SAFE_INTEGER;
      const bad = kernel.wholes(sessions, place(means), place(out), partOf(shape.volume), most);
      if (bad >= 0) throw tooLarge({ level, sd, size_of_return: sizes[bad]! });
      return;
    }
    let shares: Float64Array = new Float64Array(0);
    let part = 1;
    for (let s = 0; s < sessions; s++) {
      if (layout.shapes[s]!.volume !== shares) {
        shares = layout.shapes[s]!.volume;
        part = partOf(shares);
      }
      const mean = means[s]! * (factors?.[s] ?? 1) * part;
      const volume = empty !== null && uniform(empty, first + s, 0) < none ? 0 : Math.floor(mean + 0.5);
      if (!(volume <= Number.MAX_SAFE_INTEGER)) throw tooLarge({ level, sd, size_of_return: sizes[s]! });
      const from = layout.first[s]!;
      if (split === null) out[from] = volume;
      else split(out, from, volume, shares, layout.number[from]!);
    }
  };
}

/** The part of a full session's volume that these shares have. */
function partOf(shares: Float64Array): number {
  let open = 0;
  for (let b = 0; b < shares.length; b++) open += shares[b]!;
  // The shares of a full session sum to 1 up to rounding.
  return open < 1 - 1e-9 ? open : 1;
}

/** Multiply the volumes of bars, rounded to whole numbers; a factor of 1 changes nothing. */
export function scaleVolume(volume: Float64Array, factors: Float64Array): void {
  for (let b = 0; b < volume.length; b++) {
    const scaled = Math.floor(volume[b]! * factors[b]! + 0.5);
    if (!(scaled <= Number.MAX_SAFE_INTEGER)) throw tooLarge({ volume: volume[b]!, factor: factors[b]! });
    volume[b] = scaled;
  }
}

function tooLarge(facts: Readonly<Record<string, number>>): ProblemError {
  return new ProblemError({ code: 'model/refused', message: 'volume grew past 2^53', facts });
}
