// Seeded normal numbers for tests of estimators and tests: SHA-256 in counter mode through the transform of Box and Muller.
import { createHash } from 'node:crypto';

/** n standard normals that depend on the name and the seed only. */
export function normals(name: string, seed: number, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i += 4) {
    const block = createHash('sha256').update(`${name}/${seed}/${i}`).digest();
    for (let pair = 0; pair < 4 && i + pair < n; pair += 2) {
      const radius = Math.sqrt(-2 * Math.log(uniformAt(block, pair)));
      const angle = 2 * Math.PI * uniformAt(block, pair + 1);
      out[i + pair] = radius * Math.cos(angle);
      if (i + pair + 1 < n) out[i + pair + 1] = radius * Math.sin(angle);
    }
  }
  return out;
}

/** A number between 0 and 1, neither of them, of the block's 8 bytes at this place. */
function uniformAt(block: Buffer, place: number): number {
  const [low, high] = [block.readUInt32LE(place * 8), block.readUInt32LE(place * 8 + 4)];
  return (low * 2 ** 21 + (high >>> 11) + 0.5) / 2 ** 53;
}
