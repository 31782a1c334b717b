// Laws of cut pieces: a cut moves no planned node by a bit, jumps fall between pieces, block boundaries change nothing.
import { describe, expect, it } from 'vitest';
import { normalCdf } from '../../lib/math/special.ts';
import { model } from '../../lib/models/jump-diffusion.ts';
import type { PathBlock } from '../../lib/models/model.ts';
import { testKolmogorov } from '../../lib/stats/hypothesis.ts';
import { trace, walk } from './rig.ts';

const PIECES = 4;
const calm = { mu: 0.1, sigma: 0.3, law: 'merton', intensity: 0, mean: -0.02, sd: 0.05 } as const;
const jumpy = { ...calm, intensity: 200 };

const ask =
  (...places: readonly number[]) =>
  ({ cuts }: PathBlock) => {
    cuts.piece.set(places.map(Math.floor));
    cuts.part.set(places.map((place) => place - Math.floor(place)));
    cuts.count = places.length;
  };
/** Log price at the end of each planned piece. */
const nodes = ({ ends, to }: PathBlock) => Array.from(ends, (end) => to[end - 1]!);
const pieces = (block: PathBlock) => block.ends.at(-1)!;

describe('pieces', () => {
  it('cuts move no planned node by a single bit, with jumps and without', () => {
    const places = Array.from({ length: 60 }, (_, i) => i * 2.37);
    for (const params of [calm, jumpy]) {
      const plain = walk(model, params, 40, { pieces: PIECES, phi: 0.2 }).block;
      const cut = walk(model, params, 40, { pieces: PIECES, phi: 0.2, prepare: ask(...places) }).block;
      expect(nodes(cut)).toEqual(nodes(plain));
      expect(cut.jumps.size).toEqual(plain.jumps.size);
      expect(pieces(cut)).toBeGreaterThan(pieces(plain) + 40);
    }
  });

  it('a cut adds a piece that ends there; one at the edge of a piece or twice at a place adds none', () => {
    const cut = walk(model, calm, 2, { pieces: PIECES, prepare: ask(1, 2.25, 2.25, 2.75, 5.5) }).block;
    expect(Array.from(cut.until.subarray(0, 11))).toEqual([1, 1, 0.25, 0.75, 1, 1, 1, 0.5, 1, 1, 1]);
    expect(Array.from(cut.ends)).toEqual([1, 2, 5, 6, 7, 9, 10, 11]);
  });

  it('pieces join end to end, but for a jump, which is exactly the difference', () => {
    for (const phi of [0, 0.3]) {
      const { block } = walk(model, jumpy, 300, { pieces: PIECES, phi });
      const { jumps, from, to } = block;
      const inside = Array.from(jumps.size.subarray(0, jumps.count)).filter((_, j) => jumps.time[j]! >= phi);
      expect(inside.length).toBeGreaterThan(100);
      const gaps: number[] = [];
      for (let p = 1; p < pieces(block); p++) {
        // The hours before the open are no piece.
        const opens = phi > 0 && block.ends.indexOf(p) % PIECES === PIECES - 1;
        if (!opens && from[p] !== to[p - 1]) gaps.push(from[p]! - to[p - 1]!);
      }
      expect(gaps.length).toBe(inside.length);
      gaps.forEach((gap, j) => {
        expect(gap).toBeCloseTo(inside[j]!, 13);
      });
    }
  });

  it('a jump cuts its piece where its share of the variance has passed', () => {
    const { jumps, until, ends } = walk(model, jumpy, 300, { pieces: PIECES }).block;
    for (let j = 0; j < jumps.count; j++) {
      const place = (jumps.session[j]! + jumps.time[j]!) * PIECES;
      const planned = Math.floor(place);
      const parts = until.subarray(planned === 0 ? 0 : ends[planned - 1]!, ends[planned]);
      expect(Math.min(...parts.map((part) => Math.abs(part - (place - planned))))).toBeLessThan(1e-9);
    }
  });

  it('the parts of a piece share its variance by their lengths', () => {
    const { block } = walk(model, jumpy, 100, { pieces: PIECES, prepare: ask(0.1, 0.5, 7.9) });
    const each = (0.3 * 0.3) / 252 / PIECES;
    for (let p = 0, done = 0; p < pieces(block); p++) {
      expect(block.variance[p]).toBeCloseTo(each * (block.until[p]! - done), 15);
      done = block.until[p]! % 1;
    }
  });

  it('the log price at a cut follows the Brownian bridge between the planned nodes', () => {
    const n = 2000;
    const f = 0.3;
    const places = Array.from({ length: n }, (_, s) => s + f);
    const { block } = walk(model, calm, n, { prepare: ask(...places) });
    const w = ((0.3 * 0.3) / 252) * f * (1 - f);
    const z = Float64Array.from(places, (_, s) => {
      const [a, x, b] = [block.from[2 * s]!, block.to[2 * s]!, block.to[2 * s + 1]!];
      return (x - a - f * (b - a)) / Math.sqrt(w);
    });
    expect(testKolmogorov(z, normalCdf).pvalue).toBeGreaterThan(1e-3);
  });

  it('where blocks begin and how much room they have changes nothing', () => {
    const places = Array.from({ length: 100 }, (_, i) => i * 3.3 + 0.1);
    const options = { pieces: PIECES, phi: 0.2, prepare: ask(...places), first: -7 };
    const whole = trace(model, jumpy, 120, 512, options);
    expect(whole.jumps.length).toBeGreaterThan(50);
    expect(trace(model, jumpy, 120, 1, options)).toEqual(whole);
    expect(trace(model, jumpy, 120, 50, options)).toEqual(whole);
    // Room for 20 cuts and jumps: a block of 50 sessions is left early, again and again.
    expect(trace(model, jumpy, 120, 50, { ...options, room: 20 })).toEqual(whole);
  });
});
