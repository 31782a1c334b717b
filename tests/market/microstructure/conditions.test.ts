// Laws of the inputs of the microstructure: ratios are bounded, impossible factors are refused by field and bar.
import { describe, expect, it } from 'vitest';
import { boundedRatio, logOf } from '../../../lib/market/microstructure/conditions.ts';
import { conditions } from './runs.ts';

describe('conditions', () => {
  it('ratios count between 1/1000 and 1000, and no ratio is 1', () => {
    const given = [Number.NaN, 0, 1e-9, 0.5, 1, 2, 1e9, Number.POSITIVE_INFINITY];
    expect(given.map(boundedRatio)).toEqual([1, 0.001, 0.001, 0.5, 1, 2, 1000, 1000]);
  });

  it('a factor that is not above 0 and finite is refused, with its bar', () => {
    const run = conditions(2, { bar: [7, 8] });
    expect(logOf('clock', [1, Math.E], run, 1)).toBeCloseTo(1, 15);
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => logOf('clock', [1, bad], run, 1)).toThrow('clock must be above 0 and finite in every bar');
    }
  });
});
