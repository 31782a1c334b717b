// Laws of what made bars: every model of the catalog is known, and a session's variance is shared between its hours.
import { describe, expect, it } from 'vitest';
import { EXCHANGE } from '../../lib/market/season.ts';
import { spanOf } from '../../lib/market/span.ts';
import { lawOf, sharesOf, type Truth } from '../../lib/market/truth.ts';
import { combinations } from '../laws/rig.ts';

it('every model of the catalog states its law, under every volatility model; where one states none there is none', () => {
  for (const { name, model, params, volatility } of combinations('equity')) {
    expect(lawOf({ model, params }, volatility, 1 / 252), name).not.toBeNull();
    const { law: _, ...silent } = model;
    expect(lawOf({ model: silent, params }, volatility, 1 / 252), name).toBeNull();
    if (volatility === null) continue;
    const { law: __, ...driver } = volatility.model;
    expect(lawOf({ model, params }, { ...volatility, model: driver }, 1 / 252), name).toBeNull();
  }
});

describe('shares', () => {
  const of = (night: Truth['night']) => {
    const span = spanOf('XNYS', '30min', '2020-11-23', '2020-12-04');
    return sharesOf({ span, season: EXCHANGE, night } as Truth);
  };

  it('without a night a full session has all of its variance while it is open, a short one less', () => {
    const { open, closed, end } = of(null);
    // The fourth session is the day after Thanksgiving, which closes at one.
    expect(Array.from(closed)).toEqual(Array(9).fill(0));
    expect(open[0]).toBeCloseTo(1, 12);
    expect(open[3]).toBeLessThan(0.75);
    expect([end[0], end[3]]).toEqual([1, 210 / 390]);
  });

  it('a night takes its share, a weekend a tenth more than a night', () => {
    const { open, closed } = of({ share: 0.3, nu: 3 });
    expect(open[0]).toBeCloseTo(0.7, 12);
    expect(closed[4]! / closed[5]!).toBeCloseTo(1.1, 12);
    expect((4 * closed[5]! + closed[4]!) / 5).toBeCloseTo(0.3, 12);
  });
});
