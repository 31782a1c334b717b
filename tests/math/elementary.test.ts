// Laws of the elementary functions: one ulp, special values, identities, and bits that never change.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cos, exp, expm1, log, log1p, pow, sin } from '../../lib/math/elementary.ts';
import oracle from '../oracles/elementary.json' with { type: 'json' };

const functions: Record<keyof typeof oracle, (...args: number[]) => number> = {
  exp: (x) => exp(x!),
  expm1: (x) => expm1(x!),
  log: (x) => log(x!),
  log1p: (x) => log1p(x!),
  sin: (x) => sin(x!),
  cos: (x) => cos(x!),
  pow: (x, y) => pow(x!, y!),
};

/** Distance from the number to the next one away from zero. */
function ulp(y: number): number {
  const at = new Float64Array([Math.abs(y)]);
  const next = new BigInt64Array(at.buffer);
  next[0] = next[0]! + 1n;
  return at[0]! - Math.abs(y);
}

describe('elementary functions', () => {
  for (const name of Object.keys(functions) as (keyof typeof oracle)[]) {
    it(`${name} is within 1 ulp of exact values`, () => {
      let worst = 0;
      let where: readonly number[] = [];
      for (const row of oracle[name]) {
        const [y, part] = row.slice(-2) as [number, number];
        const error = Math.abs((functions[name](...row.slice(0, -2)) - y) / ulp(y) - part);
        if (!(error <= worst)) [worst, where] = [error, row];
      }
      expect(worst, `at ${where.join(' ')}`).toBeLessThanOrEqual(1);
    });
  }

  it('exp and log keep the ends of the range', () => {
    expect([exp(710), exp(-746), exp(0), exp(Number.NEGATIVE_INFINITY)]).toEqual([Number.POSITIVE_INFINITY, 0, 1, 0]);
    expect([log(0), log(1), log(-1), log(Number.POSITIVE_INFINITY)]).toEqual([
      Number.NEGATIVE_INFINITY,
      0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
    expect([expm1(-50), expm1(-0), log1p(-1), log1p(-2), log1p(-0)]).toEqual([
      -1,
      -0,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      -0,
    ]);
    for (const f of [exp, expm1, log, log1p, sin, cos]) expect(f(Number.NaN)).toBeNaN();
    for (const f of [sin, cos]) expect(f(Number.POSITIVE_INFINITY)).toBeNaN();
  });

  it('pow treats zeros, infinities, signs and NaN as ECMAScript does', () => {
    const values = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1e300, -1e300, 5e-324].concat([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
    for (const x of values) {
      for (const y of values) {
        // Zeros, infinities and NaN are exact in every engine; other values of the built-in only to a few ulp.
        const builtin = x ** y;
        const special = builtin === 0 || !Number.isFinite(builtin);
        if (special) expect(pow(x, y), `${x} ^ ${y}`).toBe(builtin);
        else expect(Math.abs(pow(x, y) / builtin - 1), `${x} ^ ${y}`).toBeLessThan(1e-15);
      }
    }
  });

  it('small integer powers of small integers are exact', () => {
    for (let base = 2; base <= 10; base++) {
      for (let n = 1, exact = base; exact < 2 ** 53; n++, exact *= base) expect(pow(base, n)).toBe(exact);
    }
  });

  it('log is odd under reciprocal powers of two and exp inverts it to rounding', () => {
    for (let k = -1074; k <= 1023; k += 13) expect(log(2 ** k)).toBeCloseTo(k * Math.LN2, 10);
    for (let x = 0.01; x < 50; x *= 1.01) expect(Math.abs(exp(log(x)) / x - 1)).toBeLessThan(2e-15);
  });

  it('bits over a million arguments never change', () => {
    const n = 1_000_000;
    const out = new Float64Array(n);
    let seed = 1;
    for (let i = 0; i < n; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; // any fixed sequence would do
      const u = seed / 4294967296;
      const which = i % 8;
      if (which === 0) out[i] = exp((u - 0.5) * 1400);
      else if (which === 1) out[i] = log(u * 1e6 + 1e-300);
      else if (which === 2) out[i] = expm1((u - 0.5) * 6);
      else if (which === 3) out[i] = log1p(u * 3 - 0.99);
      else if (which === 4) out[i] = sin((u - 0.5) * 1e4);
      else if (which === 5) out[i] = cos((u - 0.5) * 1e4);
      else if (which === 6) out[i] = pow(u + 0.1, (u - 0.3) * 90);
      else out[i] = exp(u - 0.5);
    }
    expect(createHash('sha256').update(new Uint8Array(out.buffer)).digest('hex')).toBe(
      'b17ade3bb58adaf1d2ef59407f9c38093374e20ae2a3638e474c5b34a5b3252c',
    );
  });
});
