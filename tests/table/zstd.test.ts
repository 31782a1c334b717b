// Laws of our Zstandard frames; that others can read them is what chunk.test.ts and duckdb.test.ts show.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kernelOf, useTwins } from '../../lib/math/kernel.ts';
import wasm from '../../lib/table/kernels/zstd.wasm';
import { type Look, zstd } from '../../lib/table/zstd.ts';
import { runs } from '../thorough.ts';

test('a frame is longer than its bytes by its headers at most', () => {
  const looks = fc.constantFrom({ kind: 'bytes' }, { kind: 'records' }, { kind: 'planes', block: 1000 } as const);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat({ max: 255 }), looks, (bytes, mask, look) => {
      const some = bytes.map((byte) => byte & mask);
      expect(zstd(some, look as never).length).toBeLessThanOrEqual(
        some.length + 9 + 3 * Math.ceil(some.length / 1000 + 1),
      );
    }),
    { numRuns: runs(400) },
  );
});

test('repeated bytes, records and planes are found by those who look for them', () => {
  const text = Buffer.from('open,high,low,close\n'.repeat(200));
  expect(zstd(text, { kind: 'bytes' }).length).toBeLessThan(60);
  const records = new Uint8Array(Float64Array.from({ length: 1000 }, (_, row) => 1 + (row % 50) / 1024).buffer);
  expect(zstd(records, { kind: 'records' }).length).toBeLessThan(1000);
  const planes = Uint8Array.from({ length: 4000 }, (_, at) => Math.floor(at / 1000) * 60 + ((at * 2654435761) >>> 30));
  // Two bits of 4,000 bytes, by four codes.
  expect(zstd(planes, { kind: 'planes', block: 1000 }).length).toBeLessThan(1100);
});

test('kernels and their twins make the same frames of bytes of any law', () => {
  expect(kernelOf(wasm, () => {})()).not.toBeNull();
  const laws: readonly ((at: number, next: () => number, before: (back: number) => number) => number)[] = [
    (_, next) => 256 * next(),
    (_, next) => 40 * next() * next(),
    (_, next) => (next() < 0.96 ? 0 : 256 * next()),
    (_, next) => 256 * next() ** 8,
    (at, next, before) => (at > 40 && next() < 0.97 ? before(23) : 256 * next()),
    (at, next, before) => (at % 8 < 5 && at > 99 ? before(8 * (1 + Math.floor(12 * next() ** 9))) : 9 * next()),
    (at) => at >> 9,
  ];
  const sizes = fc.oneof(
    fc.nat({ max: 64 }),
    fc.nat({ max: 5000 }),
    fc.constantFrom(131_071, 131_072, 131_073, 300_000),
  );
  const looks = fc.oneof(
    fc.constantFrom<Look>({ kind: 'bytes' }, { kind: 'records' }),
    fc.integer({ min: 500, max: 200_000 }).map((block): Look => ({ kind: 'planes', block })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...laws), sizes, fc.nat(), looks, (law, size, seed, look) => {
      let state = seed >>> 0;
      const next = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 4294967296;
      };
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; at++) bytes[at] = law(at, next, (back) => bytes[at - back]!);
      const made = [true, false].map((twins) => {
        useTwins(twins);
        return Buffer.from(zstd(bytes, look)).toString('hex');
      });
      expect(made[1]).toBe(made[0]);
    }),
    { numRuns: runs(400) },
  );
});
