// Each profile moves a named statistic in a named direction, against the default market of the same seed.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import { calendarOf } from '../../lib/market/calendar.ts';
import { frequencyOf, mostBars } from '../../lib/market/frequency.ts';
import { excessKurtosis } from '../../lib/stats/moments.ts';
import { column } from '../../lib/table/column.ts';
import { type Made, makeMarket } from './market.ts';

const ASSETS = 'assets={AAPL: {class: equity, volume: 50000000}, SPX: {class: index, volume: 1000000}}';
const SPAN = ['start_date=2004-01-01', 'end_date=2024-01-01'];
const plain = (profile: string, ...set: string[]) => makeMarket(profile, [ASSETS, ...SPAN, ...set]);

const returns = ({ close }: Bars) =>
  Float64Array.from({ length: close.length - 1 }, (_, i) => Math.log(close[i + 1]! / close[i]!));

function autocorrelation(x: Float64Array, lag = 1): number {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  let [top, bottom] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    bottom += (x[i]! - mean) ** 2;
    if (i >= lag) top += (x[i]! - mean) * (x[i - lag]! - mean);
  }
  return top / bottom;
}

const sd = (x: Float64Array) => Math.sqrt(x.reduce((a, b) => a + b * b, 0) / x.length);
const median = (x: Float64Array) => Float64Array.from(x).sort()[x.length >> 1]!;
const quoted = (made: Made, name: string) => column(made.quotes.AAPL!, name, 'float64').values;

describe('[S1-44] profiles', () => {
  let efficient: Made;
  beforeAll(async () => {
    efficient = await plain('efficient');
  });

  test('efficient: returns have no memory', () => {
    const r = returns(efficient.bars.AAPL!);
    expect(Math.abs(autocorrelation(r))).toBeLessThan(4 / Math.sqrt(r.length));
  });

  test('inefficient: returns bounce, the book is thinner, the spread has fatter tails', async () => {
    const made = await plain('inefficient');
    const r = returns(made.bars.AAPL!);
    expect(Math.abs(autocorrelation(r) + 0.1)).toBeLessThan(4 / Math.sqrt(r.length));
    expect(median(quoted(made, 'depth')) / median(quoted(efficient, 'depth'))).toBeLessThan(0.6);
    const tail = (of: Made) => {
      const sorted = Float64Array.from(quoted(of, 'spread')).sort();
      return sorted[Math.floor(0.999 * sorted.length)]! / sorted[sorted.length >> 1]!;
    };
    expect(tail(made)).toBeGreaterThan(tail(efficient));
  });

  test('crisis: volatility, tails, clustering and spreads are larger', async () => {
    const made = await plain('crisis');
    const [wild, calm] = [returns(made.bars.AAPL!), returns(efficient.bars.AAPL!)];
    expect(sd(wild)).toBeGreaterThan(1.1 * sd(calm));
    expect(excessKurtosis(wild)!).toBeGreaterThan(excessKurtosis(calm)! + 2);
    expect(autocorrelation(wild.map(Math.abs))).toBeGreaterThan(0.1);
    expect(made.environment.occurrences.length).toBeGreaterThan(100);
    const high = (of: Made) =>
      Float64Array.from(quoted(of, 'spread')).sort()[Math.floor(0.99 * quoted(of, 'spread').length)]!;
    expect(high(made)).toBeGreaterThan(2 * high(efficient));
  });

  test('[S1-23] illiquid: spreads are wide and some days have no trade', async () => {
    const made = await plain('illiquid');
    expect(median(quoted(made, 'spread'))).toBeGreaterThan(20 * median(quoted(efficient, 'spread')));
    const { volume } = made.bars.AAPL!;
    const empty = volume.filter((v) => v === 0).length / volume.length;
    expect(Math.abs(empty - 0.15)).toBeLessThan(0.03);
  });

  test('microstructure_heavy: order flow clusters more than chance within the session', async () => {
    const heavy = await makeMarket('microstructure_heavy', [ASSETS]);
    const chance = await makeMarket('microstructure_heavy', [
      ASSETS,
      'microstructure.flow.self=0',
      'microstructure.flow.cross=0',
    ]);
    const spread = (of: Made) => {
      const [buys, sells] = [quoted(of, 'buys'), quoted(of, 'sells')];
      return sd(buys.map((b, i) => b - sells[i]!));
    };
    expect(spread(heavy)).toBeGreaterThan(1.1 * spread(chance));
    expect(heavy.bars.AAPL!.time).not.toBeNull();
  });

  test('[S1-54] large and intraday: as many rows as their calendars say', async () => {
    const calendar = calendarOf('XNYS');
    const short = ['tickers=[ST01, ST02]', 'start_date=2023-11-20', 'end_date=2023-11-24'];
    const minutes = await makeMarket('intraday', short);
    // Thanksgiving is closed, the day after closes at 13:00.
    expect(minutes.bars.ST01!.day.length).toBe(3 * mostBars(calendar, frequencyOf('1min', calendar)) + 210);
    const large = await makeMarket('large', ['tickers=[EQ001, EQ500]']);
    expect(large.bars.EQ500!.day.length).toBe(2516);
  });
});
