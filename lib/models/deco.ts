// DECO: one correlation for all pairs of any number of names, changing from session to session.
import type { Problem } from '../base/problem.ts';
import { normal } from '../math/draw.ts';
import { streamOf } from '../math/stream.ts';
import { checkDcc, type DccParams } from './dcc.ts';
import { refusal } from './model.ts';
import { burnInSessions } from './session.ts';

export interface DecoParams extends DccParams {
  /** Correlation that the path reverts to. */
  readonly rho: number;
}

/** Everything wrong with the parameters of a DECO. */
export function checkDeco({ a, b, rho }: DecoParams): readonly Problem[] {
  const range = rho >= 0 && rho < 1 ? [] : [refusal('deco', 'rho', rho, '0 or more and below 1')];
  return [...checkDcc({ a, b }), ...range];
}

/**
 * Equicorrelation rho(t), session by session from `first` (Engle & Kelly 2012): the mean DCC covariance of a pair over the mean
 * DCC variance of a name, both by the recursion of DCC(1,1). Shocks are sqrt(1 - rho) own + sqrt(rho) common, so with many names
 * the mean products are functions of the common shock c alone: pairs rho c^2, squares 1 - rho + rho c^2. No name is needed to
 * make the path, and none changes it. `common` holds c per session; the burn-in draws its own (scope market, component
 * `deco`). 0 <= rho(t) < 1, its mean a little below the level (.296 for .3 with a = .04, b = .93); value t depends on the
 * first session and on c before t only.
 */
export function decoPath(
  seed: number | string,
  { a, b, rho }: DecoParams,
  first: number,
  common: Float64Array,
): Float64Array {
  const early = streamOf(seed, { scope: 'market', asset: '', component: 'deco' });
  const out = new Float64Array(common.length);
  let pair = rho;
  let square = 1;
  for (let s = -burnInSessions(a + b); s < common.length; s++) {
    const now = pair / square;
    if (s >= 0) out[s] = now;
    const c = s < 0 ? normal(early, first + s, 0) : common[s]!;
    const product = now * c * c;
    pair = (1 - a - b) * rho + a * product + b * pair;
    square = 1 - a - b + a * (1 - now + product) + b * square;
  }
  return out;
}
