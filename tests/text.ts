// Makes the texts that properties are tried with, whatever characters are in them.
import fc from 'fast-check';

/** Any code point but half a surrogate pair. fast-check's own `binary` first lists all 1.1 million of them. */
const point = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

/** Texts of any characters, and of printable ones, among them names that every object has. */
export const anyText = (limits: fc.StringConstraints = {}): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.string({ ...limits, unit: point }) }, fc.string(limits));
