// How many runs a property has and how many seeds a law: all of them in the slow suites, a share of them in the gate.

const THOROUGH = process.env.THOROUGH === 'true';

/** Runs of a property. */
export const runs = (all: number): number => (THOROUGH ? all : Math.ceil(all / 8));

/** Size of a sample; what it shows is held to the standard errors of that size. */
export const draws = (all: number): number => (THOROUGH ? all : Math.ceil(all / 4));

/** Seeds of a law of chance; the gate takes the first. */
export const seeds = (...all: readonly number[]): readonly number[] => (THOROUGH ? all : all.slice(0, 1));
