// Daily volume: a log level moved by two memories, one short and one long, and by the size of the day's return.
import type { Problem } from '../base/problem.ts';
import { ProblemError } from '../base/problem.ts';
import { addNormals } from '../math/draw.ts';
import { exp, log } from '../math/elementary.ts';
import type { Stream } from '../math/stream.ts';

export interface VolumeParams {
  /** exp of the mean log volume: a typical day's count. */
  readonly level: number;
  /** Standard deviation of log volume. */
  readonly sd: number;
  /** Correlation of log volume with the size of the return, 0 to below 1. */
  readonly returnCorrelation: number;
}

/** A typical stock (medians of real series): total sd and correlation of ln V with |r|. */
export const STOCK_VOLUME = { sd: 0.42, returnCorrelation: 0.42 } as const;

/** AR(1) coefficients and variance shares: autocorrelation .55, .18, .02 at lags 1, 5, 20, which one AR(1) cannot match. */
export const MEMORIES = [
  { share: 0.6, phi: 0.35 },
  { share: 0.4, phi: 0.85 },
] as const;

const MEAN_SIZE = 0.7978845608028654; // E|Z| = sqrt(2 / pi)
const SIZE_VARIANCE = 0.3633802276324187; // 1 - 2 / pi

export function checkVolume({ level, sd, returnCorrelation }: VolumeParams): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, value: number, rule: string) =>
    problems.push({
      code: 'model/refused',
      message: `volume: ${field} must be ${rule}`,
      facts: { field, value: String(value) },
    });
  if (!(level > 0 && level <= 1e12)) refuse('level', level, 'above 0, at most 1e12');
  if (!(sd >= 0 && sd <= 3)) refuse('sd', sd, 'between 0 and 3');
  if (!(returnCorrelation >= 0 && returnCorrelation < 1))
    refuse('returnCorrelation', returnCorrelation, '0 or more and below 1');
  return problems;
}

/** `fill(out, at, firstBar, bars, sizes)` for successive blocks of one asset. */
export type VolumeKernel = (out: Float64Array, at: number, firstBar: number, bars: number, sizes: Float64Array) => void;

/**
 * ln V = ln level + x1 + x2 + kappa (|r| / sigma - sqrt(2 / pi)), V rounded to an integer, 0 or more.
 * x1 and x2 start at their stationary law on the first bar; sizes[b] = |r| / sigma of bar b, or NaN where it does not move.
 * kappa = rho sd / sqrt(1 - 2/pi) gives corr(ln V, |r|) = rho for normal returns; x keeps the rest of the variance.
 */
export function volumeKernel(
  { level, sd, returnCorrelation }: VolumeParams,
  stream: Stream,
  most: number,
): VolumeKernel {
  const kappa = (returnCorrelation * sd) / Math.sqrt(SIZE_VARIANCE);
  const memorySd = sd * Math.sqrt(1 - returnCorrelation * returnCorrelation);
  const centre = log(level);
  const [short, long] = MEMORIES;
  const shortSd = memorySd * Math.sqrt(short.share);
  const longSd = memorySd * Math.sqrt(long.share);
  const shortStep = Math.sqrt(1 - short.phi * short.phi);
  const longStep = Math.sqrt(1 - long.phi * long.phi);
  const normals = new Float64Array(2 * most);
  let started = false;
  let x1 = 0;
  let x2 = 0;
  return (out, at, firstBar, bars, sizes) => {
    normals.fill(0);
    addNormals(normals, stream, 1, firstBar, bars, 2);
    for (let b = 0; b < bars; b++) {
      const z1 = normals[2 * b]!;
      const z2 = normals[2 * b + 1]!;
      x1 = started ? short.phi * x1 + shortStep * z1 : z1;
      x2 = started ? long.phi * x2 + longStep * z2 : z2;
      started = true;
      const size = sizes[b]!;
      const surprise = Number.isNaN(size) ? 0 : kappa * (size - MEAN_SIZE);
      const volume = Math.floor(exp(centre + shortSd * x1 + longSd * x2 + surprise) + 0.5);
      if (!(volume <= Number.MAX_SAFE_INTEGER)) {
        throw new ProblemError({
          code: 'model/refused',
          message: 'volume grew past 2^53',
          facts: { level, sd, size_of_return: size },
        });
      }
      out[at + b] = volume;
    }
  };
}
