// Seeded normal numbers for tests of estimators and tests: SHA-256 in counter mode through the inverse normal distribution.
import { createHash } from 'node:crypto';
import { normalQuantile } from '../../lib/math/special.ts';

/** n standard normals that depend on the name and the seed only. */
export function normals(name: string, seed: number, n: number): Float64Array {
  const out = new Float64Array(n);
  let block = Buffer.alloc(0);
  for (let i = 0; i < n; i++) {
    if (i % 4 === 0) block = createHash('sha256').update(`${name}/${seed}/${i}`).digest();
    const at = (i % 4) * 8;
    const u = (block.readUInt32LE(at) * 2 ** 21 + (block.readUInt32LE(at + 4) >>> 11) + 0.5) / 2 ** 53;
    out[i] = normalQuantile(u);
  }
  return out;
}
