// What a model states of its returns, so that a market can be tested against the law that made it.
import { normalQuantile } from '../math/special.ts';
import type { Stream } from '../math/stream.ts';

/** The law of jumps in the log price: a compound Poisson process. */
export interface JumpLaw {
  /** Mean number per year. */
  readonly intensity: number;
  /** E e^J - 1: what a jump adds to the price on average, with its mean shifted and its spread multiplied. */
  compensator(shift: number, spread: number): number;
  /** Size of the jump at an address. */
  size(stream: Stream, session: number, draw: number, shift: number, spread: number): number;
  /** Standard normal score of a size by its law, NaN where sizes are no random numbers; without it they are not tested. */
  score?(size: number, shift: number, spread: number): number;
}

/** Of a session of full length: integrated variance, what the variance's own shock explains of the log return, variance of the rest. */
export interface VarianceParts {
  readonly integrated: number;
  readonly leverage: number;
  readonly residual: number;
}

/**
 * The law of a variance, per year and before any factor of regime or event, by what it looks at beside its own past (as the
 * `source` of its process). `target` is a factor on the volatility that it is drawn to.
 */
export type VarianceLaw =
  /** Nothing: it never changes. */
  | { readonly of: 'nothing'; readonly annual: number }
  /** Its own shocks. */
  | {
      readonly of: 'shocks';
      /** Parts of a session from its variance and the next one; null where these do not say them. */
      parts(variance: number, next: number, target: number): VarianceParts | null;
      /** Standard normal score of the next variance given this one; NaN where its law has none, which must rest on `variance` and `target` alone. */
      score(variance: number, next: number, target: number): number;
    }
  /** The innovations of returns. */
  | {
      readonly of: 'innovations';
      /** The next variance from this one, and from what was new in the log return of a session of full length. */
      next(variance: number, innovation: number, target: number): number;
    };

/** The law of an asset's log returns between what surrounds them. */
export type ReturnLaw =
  /** Drift, a variance, jumps: as `pathKernel` makes them. */
  | { readonly kind: 'path'; readonly mu: number; readonly jumps: JumpLaw | null; readonly variance: VarianceLaw }
  /** Normal given the price before. */
  | {
      readonly kind: 'transition';
      /**
       * Mean and variance of the log return from the log price `from` on, when `passed` years are over, for `years` more, with growth
       * per year added and volatility multiplied by a factor.
       */
      over(
        from: number,
        passed: number,
        years: number,
        growth: number,
        volatility: number,
      ): { readonly mean: number; readonly variance: number };
    };

/** How a variance feeds on returns: weights of the last squared innovation, of it again after a fall, and of the last variance, as in GARCH(1,1) with asymmetry. */
export interface Feedback {
  readonly alpha: number;
  readonly gamma: number;
  readonly beta: number;
}

/** A probability that underflows counts as this one. */
const LEAST = 1e-300;

/** The standard normal whose distribution function is p. */
export const normalScore = (p: number): number => normalQuantile(Math.max(LEAST, p));

export const constantLaw = (sigma: number): VarianceLaw => ({ of: 'nothing', annual: sigma * sigma });
