// Laws of the entropy coders' tables: whole codes, no longer than allowed, near what entropy allows.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitWriter, fseTable, huffman } from '../../lib/table/entropy.ts';
import { runs } from '../thorough.ts';

const someCounts = (most: number) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.nat({ max: 3 }), fc.nat({ max: 1_000_000 })), {
      minLength: most,
      maxLength: most,
    })
    .map((list) => Int32Array.from(list));

const sum = (counts: Iterable<number>) => [...counts].reduce((total, one) => total + one, 0);

test('a code is whole, at most 11 bits long, gives rarer symbols no shorter codes and comes within a bit of the entropy', () => {
  fc.assert(
    fc.property(someCounts(256), fc.integer({ min: 1, max: 256 }), (all, used) => {
      const counts = all.fill(0, used);
      const code = huffman(counts);
      const present = [...counts.keys()].filter((symbol) => counts[symbol]! > 0);
      if (present.length < 2) {
        expect(code).toBeNull();
        return;
      }
      const lengths = present.map((symbol) => code!.lengths[symbol]!);
      expect(Math.min(...lengths)).toBeGreaterThan(0);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(11);
      expect(sum(lengths.map((length) => 2 ** -length))).toBe(1);
      const ranked = present.toSorted((a, b) => counts[a]! - counts[b]!).map((symbol) => code!.lengths[symbol]!);
      expect(ranked).toEqual(ranked.toSorted((a, b) => b - a));
      const total = sum(counts);
      const entropy = sum(present.map((symbol) => counts[symbol]! * Math.log2(total / counts[symbol]!)));
      // Symbols rarer than one in 2,048 lengthen the others where there are many of them.
      expect(code!.bits).toBeLessThanOrEqual(entropy + total * 1.15 + 11 * present.length);
      const words = present.map((symbol) => `${code!.lengths[symbol]}:${code!.codes[symbol]}`);
      expect(new Set(words).size).toBe(present.length);
    }),
    { numRuns: runs(400) },
  );
});

test('a table gives every symbol that occurs a slot, and all slots together are a power of two', () => {
  fc.assert(
    fc.property(someCounts(40), fc.constantFrom(6, 8, 9), (counts, most) => {
      const table = fseTable(counts, sum(counts), most);
      const present = [...counts].filter((count) => count > 0).length;
      if (present < 2) {
        expect(table).toBeNull();
        return;
      }
      expect(table!.log).toBeLessThanOrEqual(most);
      expect(sum(table!.slots)).toBe(2 ** table!.log);
      expect([...table!.slots].map((slots) => slots > 0)).toEqual([...counts].map((count) => count > 0));
      expect([...table!.next].toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 2 ** table!.log }, (_, place) => 2 ** table!.log + place),
      );
    }),
    { numRuns: runs(400) },
  );
});

test('bits come out least significant first, and the mark of the end is one bit', () => {
  const out = new BitWriter(new Uint8Array(8), 1);
  out.put(0b101, 3);
  out.put(0b1_1111_0000, 9);
  out.end();
  expect([...out.bytes.subarray(1, out.at)]).toEqual([0b1000_0101, 0b0001_1111]);
});
