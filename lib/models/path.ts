// The path that every diffusion with parts takes through its sessions: drift, variance, jumps, one order of operations.

import { ProblemError } from '../base/problem.ts';
import { putNormals, uniform } from '../math/draw.ts';
import { poisson } from '../math/laws.ts';
import type { Stream } from '../math/stream.ts';
import type { JumpLaw } from './law.ts';
import type { Kernel, KernelSetting, PathBlock, VarianceProcess, VarianceStep } from './model.ts';
import { pieceWriter, type SessionJumps } from './pieces.ts';
import { LONGEST_RUN, plainRuns } from './plain.ts';

export interface Parts {
  /** Growth of the mean price per year. */
  readonly mu: number;
  readonly variance: VarianceProcess;
  readonly jumps: JumpLaw | null;
}

/** Most jumps of one session: the bounds on intensity keep the mean of a trading day far below. */
const MOST_JUMPS = 1024;

/** A variance that never changes: sigma^2 per year. */
export function constantVariance(sigma: number, yearsPerSession: number): VarianceProcess {
  const annual = sigma * sigma;
  const integrated = annual * yearsPerSession;
  return {
    stateLength: 0,
    source: { of: 'nothing' },
    start() {},
    step(_state, _at, _shock, _target, out) {
      out.integrated = integrated;
      out.leverage = 0;
      out.residual = integrated;
      out.annual = annual;
    },
    settle() {},
  };
}

/**
 * Per session, with s the volatility factor and v dt the integrated variance:
 * d ln S = (mu + growth) dt - s^2 v dt / 2 - lambda kappa dt + s leverage + s sqrt(residual) Z + sum of jumps.
 * A session whose shares sum to w (less when it closes early, more after a weekend) has w of drift, variance and jumps, and
 * sqrt(w) of the leverage. Within it the leverage, whose end is known, moves as a bridge, so that pieces have the whole variance.
 * A part that is off adds 0 or multiplies by 1, so it leaves every bit as it is.
 */
export function pathKernel(parts: Parts, setting: Pick<KernelSetting, 'yearsPerSession' | 'stream'>): Kernel {
  const { mu, variance, jumps } = parts;
  const years = setting.yearsPerSession;
  const step: VarianceStep = { integrated: 0, leverage: 0, residual: 0, annual: 0 };
  const most = jumps === null ? 0 : MOST_JUMPS;
  const drawn: SessionJumps = { count: 0, time: new Float64Array(most), size: new Float64Array(most) };
  const streams = jumps && {
    count: setting.stream('jumpCount'),
    time: setting.stream('jumpTime'),
    size: setting.stream('jumpSize'),
  };
  let leverage: Stream | null = null;
  // Most paths never ask for it, and it costs as much as hundreds of sessions.
  const leverageOf = (): Stream => {
    leverage ??= setting.stream('leverage');
    return leverage;
  };
  const sway = swayOf(leverageOf);
  const writer = pieceWriter(setting.stream('bridge'));
  // Of the session looked at last: sum of its shares, and the drift that its jumps take.
  let whole = 0;
  let compensation = 0;
  const look = (block: PathBlock, s: number, session: number, planned: number): void => {
    whole = block.phi[s]!;
    for (let p = planned; p < block.pieces[s]!; p++) whole += block.share[p]!;
    const intensity = jumps === null ? 0 : jumps.intensity * block.jumpIntensity[s]!;
    const shift = block.jumpMean[s]!;
    const spread = block.jumpSd[s]!;
    compensation = intensity === 0 ? 0 : intensity * jumps!.compensator(shift, spread) * years;
    drawn.count =
      intensity === 0 ? 0 : drawJumps(jumps!, streams!, session, intensity * years, whole, shift, spread, drawn);
  };
  const plain = plainRuns(mu, variance, jumps !== null, years, leverageOf);
  /** One past the last session, from s on, that the kernel may take along: jumps of the one behind it are drawn. */
  const quiet = (block: PathBlock, s: number, sessions: number, firstSession: number, planned: number): number => {
    const most = Math.min(sessions, s + LONGEST_RUN);
    if (jumps === null) return most;
    for (let end = s; end < most; end++) {
      look(block, end, firstSession + end, end === s ? planned : block.pieces[end - 1]!);
      if (drawn.count > 0) return end;
      plain!.lost[end - s] = compensation;
    }
    return most;
  };

  return {
    stateLength: 1 + variance.stateLength,
    unshaken: variance.source !== undefined && variance.source.of !== 'shocks',
    start(state, firstSession) {
      variance.start(state, 1, firstSession);
    },
    fill(block, firstSession, sessions) {
      const { pieces, phi, shocks, fresh, share, state, from, to, until, ends } = block;
      const uncut = block.cuts.count === 0;
      let x = state[0]!;
      let planned = 0;
      writer.begin(block);
      let runs = uncut && plain?.ready(block) === true;
      for (let s = 0; s < sessions; s++) {
        if (runs) {
          const end = quiet(block, s, sessions, firstSession, planned);
          const count = end === s ? 0 : pieces[end - 1]! - planned;
          runs = count === 0 || writer.fits(end - 1, count, 0);
          if (runs && count > 0) {
            state[0] = x;
            plain!.run(block, firstSession + s, s, end, planned, writer.skip(count));
            x = state[0]!;
            planned += count;
            s = end;
            if (s === sessions) break;
          }
        }
        const session = firstSession + s;
        const closed = phi[s]!;
        look(block, s, session, planned);
        if (s > 0 && !writer.fits(s, pieces[s]! - planned, drawn.count)) {
          state[0] = x;
          return s;
        }
        variance.step(state, 1, block.varianceShock[s]!, block.target[s]!, step);
        const factor = block.volatility[s]!;
        const integrated = factor * factor * step.integrated;
        const power = factor * factor * step.residual;
        const lean = (factor * step.leverage) / Math.sqrt(whole);
        const drift = (mu + block.growth[s]!) * years - 0.5 * integrated - compensation + lean;
        block.annualVariance[s] = factor * factor * step.annual;
        block.sd[s] = Math.sqrt(integrated);

        const extra = integrated - power;
        // The only piece of a session without closed hours leaves the leverage no way to move.
        const alone = pieces[s]! - planned === 1 && closed === 0 && share[planned] === 1;
        const sways = extra > 0 && !alone;
        if (sways) sway.draw(session, closed, whole, share, planned, pieces[s]!);
        const scale = block.scale[s]!;
        const gap = Math.sqrt(power * closed) * block.gap[s]!;
        let innovation = gap;
        x += drift * closed + gap;
        if (sways) x += Math.sqrt(extra) * sway.at(0, closed);
        x += writer.open(s, session, drawn);
        let at = uncut && drawn.count === 0 ? writer.skip(pieces[s]! - planned) : -1;
        for (let n = 1; planned < pieces[s]!; planned++, n++) {
          const part = share[planned]!;
          const unit = Math.sqrt(power * part) * scale;
          let increment = drift * part + unit * shocks[planned]!;
          let width = power * part * (scale * scale);
          if (sways) increment += Math.sqrt(extra) * sway.at(n, part);
          if (extra > 0) width += extra * part;
          innovation += unit * fresh[planned]!;
          if (at < 0) x = writer.piece(x, increment, width);
          else {
            from[at] = x;
            x += increment;
            to[at] = x;
            block.variance[at] = width;
            until[at] = 1;
            ends[planned] = ++at;
          }
        }
        variance.settle(state, 1, factor === 0 ? 0 : innovation / (factor * Math.sqrt(whole)));
      }
      state[0] = x;
      return sessions;
    },
  };
}

/** Jumps of a session whose shares sum to `whole` into `out`, ordered by time; `mean` of them in one of share 1. */
function drawJumps(
  law: JumpLaw,
  streams: { readonly count: Stream; readonly time: Stream; readonly size: Stream },
  session: number,
  mean: number,
  whole: number,
  shift: number,
  spread: number,
  out: SessionJumps,
): number {
  const count = poisson(streams.count, session, 0, mean * whole);
  if (count > MOST_JUMPS) {
    throw new ProblemError({
      code: 'model/refused',
      message: `more than ${MOST_JUMPS} jumps in one session`,
      facts: { field: 'intensity', jumps_per_session: mean },
    });
  }
  for (let j = 0; j < count; j++) {
    const time = uniform(streams.time, session, j) * whole;
    const size = law.size(streams.size, session, j, shift, spread);
    let at = j;
    for (; at > 0 && out.time[at - 1]! > time; at--) {
      out.time[at] = out.time[at - 1]!;
      out.size[at] = out.size[at - 1]!;
    }
    out.time[at] = time;
    out.size[at] = size;
  }
  return count;
}

/** Normals drawn at once, for as many sessions as they serve. */
const SWAYS = 1024;

/** Increments of a unit Brownian bridge over a session: share 0 is the closed hours, share n its n-th piece. */
function swayOf(stream: () => Stream) {
  let normals = new Float64Array(0);
  // Normals of `held` sessions from `begun` on, `each` a session, are in the array; those of the last one asked for begin at `base`.
  let held = 0;
  let begun = 0;
  let each = 0;
  let base = 0;
  let mean = 0;
  return {
    draw(session: number, closed: number, whole: number, share: Float64Array, first: number, end: number): void {
      const count = end - first + 1;
      if (count !== each || session < begun || session >= begun + held) {
        held = Math.max(1, Math.floor(SWAYS / count));
        begun = session;
        each = count;
        if (normals.length < held * count) normals = new Float64Array(held * count);
        putNormals(normals, stream(), 1, session, held, count);
      }
      base = (session - begun) * count;
      let sum = Math.sqrt(closed) * normals[base]!;
      for (let p = first, n = base + 1; p < end; p++, n++) sum += Math.sqrt(share[p]!) * normals[n]!;
      mean = sum / whole;
    },
    at: (n: number, part: number): number => Math.sqrt(part) * normals[base + n]! - part * mean,
  };
}
