// Laws of the sketch: its quantiles are those of the sorted values within its stated error, in whatever order they came.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSketch } from '../../lib/stats/sketch.ts';

function sketchOf(values: Iterable<number>) {
  const sketch = newSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

const value = fc.oneof(
  fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
  fc.double({ min: 0.5, max: 2, noNaN: true }),
  fc.constantFrom(0, -0, 1, 1e300),
);

describe('a sketch', () => {
  it('gives the value of rank ceil(p n) within one part in 2048', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (values, p) => {
          const exact = [...values].sort((a, b) => a - b)[Math.max(1, Math.ceil(p * values.length)) - 1]!;
          const found = sketchOf(values).quantile(p)!;
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact / 2048);
        },
      ),
    );
  });

  it('does not see the order of the values', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const [a, b] = [sketchOf(values), sketchOf([...values].reverse())];
        expect([a.count, a.quantile(0.5), a.quantile(0.95)]).toEqual([b.count, b.quantile(0.5), b.quantile(0.95)]);
      }),
    );
  });

  it('gives quantiles no smaller for values no smaller', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.double({ min: 1, max: 1.01, noNaN: true }), (values, up) => {
        const raised = sketchOf(values.map((v) => Math.min(v * up, 1e300))).quantile(0.5)!;
        expect(raised).toBeGreaterThanOrEqual(sketchOf(values).quantile(0.5)!);
      }),
    );
  });

  it('goes on taking values after it was asked', () => {
    const sketch = sketchOf([2, 3]);
    expect(sketch.quantile(0.5)).toBeCloseTo(2, 2);
    for (const late of [1, 1, 1]) sketch.add(late);
    expect([sketch.count, sketch.quantile(0.5)]).toEqual([5, sketchOf([1]).quantile(1)]);
  });

  it('of nothing has no quantile, and takes only what it can order', () => {
    expect(newSketch().quantile(0.5)).toBeNull();
    for (const bad of [Number.NaN, -1e-9, Number.POSITIVE_INFINITY, 1e301]) {
      expect(() => newSketch().add(bad), String(bad)).toThrow(RangeError);
    }
  });
});
