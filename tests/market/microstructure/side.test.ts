// The side channel over real bars: one row a bar, regimes and events widen spreads, costs grow with size.
import { describe, expect, test } from 'vitest';
import { DEFAULT_COSTS } from '../../../lib/market/microstructure/costs.ts';
import { DEFAULT_FLOW } from '../../../lib/market/microstructure/flow.ts';
import { DEFAULT_QUOTES, LIQUIDITY } from '../../../lib/market/microstructure/quotes.ts';
import { makeSide, type SideRequest } from '../../../lib/market/microstructure/side.ts';
import { FLAT } from '../../../lib/market/season.ts';
import { spanOf } from '../../../lib/market/span.ts';
import { bars } from '../rig.ts';

const made = bars({ end: '2021-12-31' });
const n = made.day.length;
const request = (change: Partial<SideRequest> = {}): SideRequest => ({
  seed: 123,
  span: spanOf('B', 'B', '2020-01-01', '2021-12-31'),
  season: FLAT,
  periodsPerYear: 252,
  bars: made,
  sd: new Float64Array(n).fill(0.25 / Math.sqrt(252)),
  overnight: 0,
  sigma: 0.25,
  volumeLevel: 1e6,
  tick: 0.01,
  sessionSpread: null,
  sessionDepth: null,
  barSpread: null,
  barDepth: null,
  depthScale: 1,
  regimes: ['all'],
  path: null,
  quotes: { ...DEFAULT_QUOTES, ...LIQUIDITY.mid_cap },
  flow: DEFAULT_FLOW,
  costs: DEFAULT_COSTS,
  ...change,
});

describe('[S1-24] the side channel', () => {
  const side = makeSide(request());

  test('has one row a bar, positive and finite', () => {
    for (const values of [side.quotes.spread, side.quotes.bid, side.quotes.ask, side.quotes.depth, side.slippage]) {
      expect(values).toHaveLength(n);
      expect(values.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    }
    expect(side.quotes.ask.every((ask, b) => ask > side.quotes.bid[b]!)).toBe(true);
  });

  test('a factor of a session or of a bar multiplies its spread and no other', () => {
    const session = new Float64Array(n).fill(1);
    session[7] = 3;
    const bar = new Float64Array(n).fill(1);
    bar[9] = 2;
    const wide = makeSide(request({ sessionSpread: session, barSpread: bar }));
    wide.quotes.spread.forEach((spread, b) => {
      expect(spread / side.quotes.spread[b]!).toBeCloseTo(b === 7 ? 3 : b === 9 ? 2 : 1, 9);
    });
  });

  test('costs are told for every regime that has a label, and grow with the size of the order', () => {
    const path = Uint8Array.from({ length: n }, (_, s) => s % 2);
    const { costs } = makeSide(request({ regimes: ['calm', 'wild'], path }));
    for (const regime of ['calm', 'wild']) {
      const totals = costs.filter((row) => row.regime === regime && row.part === 'total');
      expect(totals.map(({ n: bars }) => bars)).toEqual(
        totals.map(() => n / 2 + (regime === 'calm' ? (n % 2) / 2 : -(n % 2) / 2)),
      );
      for (let i = 1; i < totals.length; i++) expect(totals[i]!.medianBps!).toBeGreaterThan(totals[i - 1]!.medianBps!);
    }
  });

  test('every wrong parameter is refused before a draw', () => {
    const bad = () =>
      makeSide(request({ flow: { ...DEFAULT_FLOW, correlation: 2 }, costs: { ...DEFAULT_COSTS, impact: -1 } }));
    expect(bad).toThrow(/correlation[\s\S]*impact/);
  });
});
