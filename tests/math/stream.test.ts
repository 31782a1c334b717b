// Laws of addressed words: published vectors, addresses that never touch each other, seeds that differ in all their bits.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { type Address, seedTag, streamOf, threefry, word, words } from '../../lib/math/stream.ts';

const hex = (w: number) => (w >>> 0).toString(16).padStart(8, '0');
const home: Address = { scope: 'asset', asset: 'AAPL', component: 'diffusion' };

describe('threefry', () => {
  it('gives the known answers of Random123 for 2x32, 20 rounds', () => {
    const known = [
      [0, 0, 0, 0, '6b200159 99ba4efe'],
      [-1, -1, -1, -1, '1cb996fc bb002be7'],
      [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 'c4923a9c 483df7a0'],
    ] as const;
    for (const [k0, k1, c0, c1, answer] of known) {
      threefry(k0, k1, c0, c1);
      expect(`${hex(word[0]!)} ${hex(word[1]!)}`).toBe(answer);
    }
  });
});

describe('streamOf', () => {
  it('keys by sha256 over length-prefixed fields read as little-endian words', () => {
    const parts = ['v1', 'i:123', 'asset', 'AAPL', 'diffusion', '0'].flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(field));
      return [length, Buffer.from(field)];
    });
    const digest = createHash('sha256').update(Buffer.concat(parts)).digest();
    const stream = streamOf(123, home);
    expect([stream.key0, stream.key1, stream.mask0, stream.mask1]).toEqual(
      [0, 4, 8, 12].map((at) => digest.readInt32LE(at)),
    );
  });

  it('known words of our own streams never change', () => {
    const at = (seed: number | string, address: Address, bar: number, draw: number) => {
      words(streamOf(seed, address), bar, draw);
      return `${hex(word[0]!)} ${hex(word[1]!)}`;
    };
    expect([
      at(123, home, 0, 0),
      at(123, home, 13044, 3),
      at('crisis é', { scope: 'market', asset: '', component: 'event:gap_risk', path: '7' }, -1, 65536),
      at(9007199254740991, { ...home, component: 'extremes' }, 4294967295, 0),
    ]).toEqual(['6c9bf328 96cb7398', 'ef066ed6 1fbc5b8e', '24f069d2 37b21b2e', '67c42ac9 36a490d0']);
  });

  it('every field of the address and every seed makes another stream', () => {
    const streams = [
      streamOf(0, home),
      streamOf(1, home),
      streamOf('0', home),
      streamOf(2 ** 32, home),
      streamOf(2 ** 53 - 1, home),
      streamOf(0, { ...home, scope: 'market' }),
      streamOf(0, { ...home, asset: 'AAP' }),
      streamOf(0, { ...home, asset: 'AAPLd', component: 'iffusion' }),
      streamOf(0, { ...home, component: 'volume' }),
      streamOf(0, { ...home, path: '1' }),
    ];
    expect(new Set(streams.map((s) => JSON.stringify(s))).size).toBe(streams.length);
  });

  it('path 0 is the stream of an address without a path', () => {
    expect(streamOf(5, { ...home, path: '0' })).toEqual(streamOf(5, home));
  });

  it('seeds that are not safe are refused by name', () => {
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '\ud800']) {
      expect(() => streamOf(seed, home)).toThrow(ProblemError);
    }
    expect([seedTag(7), seedTag('7'), seedTag('')]).toEqual(['i:7', 's:7', 's:']);
  });

  it('flipping one bit of the counter flips half of the output bits', () => {
    // 64 output bits over 32 * 200 trials: mean 32, standard error 4 / sqrt(6400) = 0.05.
    const stream = streamOf(1, home);
    let flips = 0;
    for (let bar = 0; bar < 200; bar++) {
      words(stream, bar, 0);
      const [a, b] = [word[0]!, word[1]!];
      for (let bit = 0; bit < 32; bit++) {
        words(stream, bar ^ (1 << bit), 0);
        for (let x = (word[0]! ^ a) >>> 0; x !== 0; x &= x - 1) flips++;
        for (let x = (word[1]! ^ b) >>> 0; x !== 0; x &= x - 1) flips++;
      }
    }
    expect(Math.abs(flips / 6400 - 32)).toBeLessThan(4 * 0.05);
  });
});
