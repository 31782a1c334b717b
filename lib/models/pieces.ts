// Writes the pieces of a path into a block: a planned piece is cut where a jump falls or somebody asked for a node.
import { normal } from '../math/draw.ts';
import type { Stream } from '../math/stream.ts';
import type { PathBlock } from './model.ts';

/** Jumps of a session in the order of their times; the arrays are scratch. */
export interface SessionJumps {
  count: number;
  readonly time: Float64Array;
  readonly size: Float64Array;
}

export interface PieceWriter {
  /** Start a block. */
  begin(block: PathBlock): void;
  /** Will session s, of that many planned pieces and jumps, fit into what is left of the arrays? */
  fits(s: number, planned: number, jumps: number): boolean;
  /** Start session s; the log price moves by the returned sum of the jumps before the open. */
  open(s: number, session: number, jumps: SessionJumps): number;
  /** Leave the next planned pieces, which nothing cuts, to the caller. Returns where the first of them goes. */
  skip(planned: number): number;
  /** Write the next planned piece from x on: an increment and the variance of its bridge. Returns the log price at its end. */
  piece(x: number, increment: number, width: number): number;
}

/**
 * Cut pieces are a bridge over the whole one: the first part, a share f of it, moves by f times what is left of the increment plus
 * sqrt(width f (1 - f)) N, so the end stays where it was, to the bit. Draws of `bridge` are numbered within their session.
 */
export function pieceWriter(bridge: Stream): PieceWriter {
  let block: PathBlock;
  let jumps: SessionJumps;
  let s = 0;
  let session = 0;
  let piece = 0;
  let planned = 0;
  let cut = 0;
  let jump = 0;
  let nodes = 0;
  let passed = 0;

  const note = (): number => {
    const { jumps: ledger } = block;
    ledger.session[ledger.count] = s;
    ledger.time[ledger.count] = jumps.time[jump]!;
    ledger.size[ledger.count] = jumps.size[jump]!;
    ledger.count++;
    return jumps.size[jump++]!;
  };
  const write = (from: number, to: number, variance: number, until: number) => {
    block.from[piece] = from;
    block.to[piece] = to;
    block.variance[piece] = variance;
    block.until[piece] = until;
    piece++;
  };

  return {
    begin(next) {
      block = next;
      piece = 0;
      planned = 0;
      cut = 0;
      block.jumps.count = 0;
    },
    fits(of, pieces, more) {
      const { cuts } = block;
      let last = cut;
      while (last < cuts.count && cuts.piece[last]! < block.pieces[of]!) last++;
      const { count, size } = block.jumps;
      return piece + pieces + more + last - cut <= block.from.length && count + more <= size.length;
    },
    open(of, number, drawn) {
      s = of;
      session = number;
      jumps = drawn;
      jump = 0;
      nodes = 0;
      passed = block.phi[s]!;
      let sum = 0;
      while (jump < jumps.count && jumps.time[jump]! < passed) sum += note();
      return sum;
    },
    skip(count) {
      piece += count;
      planned += count;
      return piece - count;
    },
    piece(x, increment, width) {
      const { cuts } = block;
      const part = block.share[planned]!;
      let done = 0;
      let end = x + increment;
      for (;;) {
        const jumpPlace =
          jump < jumps.count && jumps.time[jump]! < passed + part ? (jumps.time[jump]! - passed) / part : 2;
        const cutPlace = cut < cuts.count && cuts.piece[cut]! <= planned ? cuts.part[cut]! : 2;
        if (jumpPlace === 2 && cutPlace === 2) break;
        const place = Math.min(Math.max(Math.min(jumpPlace, cutPlace), done), 1);
        if (place > done) {
          const f = (place - done) / (1 - done);
          const moved = (end - x) * f + Math.sqrt(width * (1 - done) * f * (1 - f)) * normal(bridge, session, nodes++);
          write(x, x + moved, width * (place - done), place);
          x += moved;
          done = place;
        }
        if (jumpPlace <= cutPlace) {
          const size = note();
          x += size;
          end += size;
        } else cut++;
      }
      write(x, end, width * (1 - done), 1);
      block.ends[planned] = piece;
      planned++;
      passed += part;
      return end;
    },
  };
}
