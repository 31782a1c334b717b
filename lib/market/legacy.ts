// The legacy generator v0: daily bars from one numpy stream, kept so that old dataset ids still give their numbers.
import type { LegacyRequest } from '../base/legacy-id.ts';
import { fillStandardNormal, standardNormal } from '../math/numpy-normal.ts';
import { pcg64 } from '../math/pcg64.ts';
import type { Bars } from './bars.ts';
import { calendarOf, sessionsBetween } from './calendar.ts';
import { parseDate } from './day.ts';

const BASE_PRICE = 100;
const BASE_SPREAD = 0.01;
const DRIFT = 0.0005; // per business day, as are the rest
const VOLATILITY = 0.01;
const OPEN_NOISE = 0.002;
const RANGE_NOISE = 0.003;
const BASE_VOLUME = 1_000_000;
const VOLUME_NOISE = 50_000;

/**
 * Bars of each ticker, in the order asked. With z fresh standard normals, drawn a column at a time:
 * close = 100 (1 + 0.01 z) prod(1 + 0.0005 + 0.01 z), open = close (1 + 0.002 z), high = max(open, close) (1 + |0.003 z|),
 * low = min(open, close) (1 - |0.003 z|), volume = trunc(1000000 + 50000 z). One generator serves all tickers in turn, so
 * a ticker's numbers depend on those before it and on the number of days. A range without a business day gives empty bars.
 * The tickers share one `day` array. Throws `config/invalid` for a date or seed that is none, `model/refused` when the end
 * is before the start.
 */
export function generateLegacyBars(request: LegacyRequest): Bars[] {
  const day = sessionsBetween(calendarOf('B'), parseDate(request.start), parseDate(request.end));
  const count = day.length;
  const rng = pcg64(request.seed);
  return request.tickers.map((ticker) => {
    const base = BASE_PRICE * (1 + BASE_SPREAD * standardNormal(rng));
    const draws = fillStandardNormal(rng, new Float64Array(5 * count));
    const [close, open, high, low, volume] = Array.from({ length: 5 }, (_, i) =>
      draws.subarray(i * count, (i + 1) * count),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    let growth = 1;
    for (let i = 0; i < count; i++) {
      growth *= 1 + (DRIFT + VOLATILITY * close[i]!);
      const c = base * growth;
      const o = c * (1 + OPEN_NOISE * open[i]!);
      close[i] = c;
      open[i] = o;
      high[i] = Math.max(o, c) * (1 + Math.abs(RANGE_NOISE * high[i]!));
      low[i] = Math.min(o, c) * (1 - Math.abs(RANGE_NOISE * low[i]!));
      volume[i] = Math.trunc(BASE_VOLUME + VOLUME_NOISE * volume[i]!);
    }
    return { ticker, day, time: null, open, high, low, close, volume };
  });
}
