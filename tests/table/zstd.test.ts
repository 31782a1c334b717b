// Laws of our Zstandard frames; that others can read them is what chunk.test.ts and duckdb.test.ts show.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { zstd } from '../../lib/table/zstd.ts';
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
