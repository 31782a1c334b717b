// Laws of each event type: without noise it does what its parameters say.
import { describe, expect, it } from 'vitest';
import { event as bear_drift } from '../../../lib/models/events/bear_drift.ts';
import { event as commodity_shock } from '../../../lib/models/events/commodity_shock.ts';
import { event as depeg } from '../../../lib/models/events/depeg.ts';
import { event as flash_crash } from '../../../lib/models/events/flash_crash.ts';
import { event as gap_risk } from '../../../lib/models/events/gap_risk.ts';
import { event as geopolitical } from '../../../lib/models/events/geopolitical.ts';
import { event as liquidity_shock } from '../../../lib/models/events/liquidity_shock.ts';
import { event as macro_regime } from '../../../lib/models/events/macro_regime.ts';
import { event as volatility_spike } from '../../../lib/models/events/volatility_spike.ts';
import { assetOf, DAY, happening, STOCK, shiftAt } from './happening.ts';

describe('a flash crash', () => {
  const settings = { params: { drop: 0.08, fall_minutes: 10, recovery_minutes: 20, recovered: 0.9 } };

  it('[S1-80] lives inside its session: bottom -m at tf, back to -m(1-q), the close recovered', () => {
    const effects = happening(flash_crash, settings, { minute: 100 }).on(STOCK, 5);
    const at = (minute: number) => shiftAt(effects, 3, minute);
    expect(at(100)).toBe(0);
    expect(at(105)).toBeCloseTo(-0.04, 12);
    expect(at(110)).toBeCloseTo(-0.08, 12);
    expect(at(130)).toBeCloseTo(-0.08 * (1 - 0.9 * (1 - Math.exp(-1))), 12);
    expect(effects.close[3]).toBeCloseTo(-0.08 * (1 - 0.9 * (1 - Math.exp(-14))), 12);
    expect(effects.open[4]).toBe(effects.close[3]);
    const [inside] = effects.knots;
    expect(Math.min(...inside!.shifts)).toBeCloseTo(-0.08, 12);
    expect([...inside!.minutes]).toEqual([...inside!.minutes].sort((a, b) => a - b));
  });

  it('is followed by lines within 3 percent of its shape', () => {
    const { plan, occurrence, on } = happening(flash_crash, settings, { minute: 100 });
    const { shift } = plan.type.effect(occurrence.values, 1);
    const effects = on(STOCK, 5);
    for (let minute = 100; minute < DAY; minute += 0.37) {
      expect(Math.abs(shiftAt(effects, 3, minute) - shift!.at(minute - 100))).toBeLessThan(0.03 * 0.08);
    }
  });

  it('makes minutes of tenfold spread, a tenth of depth and fivefold volume; a day shows their mean', () => {
    const { on } = happening(flash_crash, settings, { minute: 100 });
    const minutes = on(STOCK, 5, 1);
    const at = 3 * DAY + 105;
    expect([minutes.spread[at], minutes.depth[at], minutes.volume[at]]).toEqual([10, 0.1, 5]);
    expect(minutes.spread[at - 6]).toBe(1);
    const day = on(STOCK, 5);
    const mean = minutes.spread.subarray(3 * DAY, 4 * DAY).reduce((a, b) => a + b, 0) / DAY;
    expect(day.spread[3]).toBeCloseTo(mean, 10);
    expect(day.spread[3]).toBeCloseTo(1 + (9 * (10 + 20)) / DAY, 3);
  });

  it('that begins before the close goes on at the next open', () => {
    const effects = happening(flash_crash, settings, { minute: 385 }).on(STOCK, 6);
    expect(effects.close[3]).toBeCloseTo(-0.04, 12);
    expect(effects.open[4]).toBe(effects.close[3]);
    expect(shiftAt(effects, 4, 5)).toBeCloseTo(-0.08, 12);
    expect(effects.knots.map((one) => one.session)).toEqual([3, 4]);
  });
});

describe('the other types, without noise, do what their parameters say', () => {
  it('volatility_spike: k on the first session, decaying with td, the spread to sqrt k', () => {
    const effects = happening(volatility_spike, { params: { volatility: 4, decay: 10 } }).on(STOCK);
    expect([...effects.volatility.subarray(2, 4)]).toEqual([1, 4]);
    expect(effects.volatility[13]).toBeCloseTo(1 + 3 * Math.exp(-1), 12);
    expect(effects.spread[3]).toBe(2);
    expect(effects.close.every((x) => x === 0)).toBe(true);
  });

  it('gap_risk: one jump of |m + s z| between a close and the next open, volume x3 in that session alone', () => {
    const { on } = happening(gap_risk, { params: { mean: 0.04, sd: 0.02 } }, { z: -3 });
    const effects = on(STOCK, 6, 30);
    expect(effects.close[2]).toBe(0);
    expect(effects.open[3]).toBeCloseTo(-0.02, 12);
    expect(effects.close[5]).toBe(effects.open[3]);
    expect(effects.volume.subarray(39, 52).every((x) => x === 3)).toBe(true);
    expect(effects.volume[52]).toBe(1);
    expect(effects.spread[39]).toBeCloseTo(1 + (1 - Math.exp(-1)), 12);
    expect(happening(gap_risk, {}, { u: 0.66 }).on(STOCK).open[3]).toBeCloseTo(0.04, 12);
  });

  it('bear_drift: a line to -d over T sessions that stays, volatility x1.5 and blend 0.3 for exactly T', () => {
    const effects = happening(bear_drift, { params: { drop: 0.3, length: 10 } }).on(STOCK, 20);
    expect(effects.close[7]).toBeCloseTo(-0.15, 12);
    expect(effects.close[12]).toBeCloseTo(-0.3, 12);
    expect(effects.close[19]).toBeCloseTo(-0.3, 12);
    expect(effects.volatility.reduce((n, x) => n + Number(x === 1.5), 0)).toBe(10);
    expect(effects.blend.reduce((n, x) => n + Number(x === 0.3), 0)).toBe(10);
    expect(effects.blend[13]).toBe(0);
  });

  it('[S1-25] liquidity_shock: spread x k, depth x (1 - delta), prices untouched', () => {
    const effects = happening(liquidity_shock).on(STOCK, 20, 30);
    expect(effects.spread[39]).toBe(5);
    expect(effects.depth[39]).toBeCloseTo(0.2, 12);
    expect(effects.spread[39 + 3 * 13]).toBeCloseTo(1 + 4 * Math.exp(-1), 12);
    expect(effects.blend[3]).toBe(0.2);
    expect(effects.close.every((x) => x === 0)).toBe(true);
  });

  it('[S1-81] macro_regime: yields up move a bond by minus duration x change, down the other way, each ticker by its own', () => {
    const settings = { loadings: { tickers: { LONG: -17 } }, params: { change: 0.015, length: 10 } };
    const up = happening(macro_regime, settings, { u: 0.1 });
    expect(up.on(assetOf('bond')).close[12]).toBeCloseTo(-7 * 0.015, 12);
    expect(up.on({ ticker: 'LONG', class: 'bond' }).close[12]).toBeCloseTo(-17 * 0.015, 12);
    expect(up.on(STOCK).close[19]).toBeCloseTo(-4 * 0.015, 12);
    expect(up.on(STOCK).blend[12]).toBe(0.3);
    expect(up.on(STOCK).blend[13]).toBe(0);
    expect(happening(macro_regime, settings, { u: 0.9 }).on(assetOf('bond')).close[12]).toBeCloseTo(7 * 0.015, 12);
  });

  it('geopolitical: equities -g, energy +2g, gold +g/2 overnight, half of it back, half of that after h', () => {
    const { on } = happening(geopolitical, { params: { gap: 0.03, half_life: 10 } });
    for (const [name, loading] of [
      ['equity', -1],
      ['energy', 2],
      ['gold', 0.5],
    ] as const) {
      const effects = on(assetOf(name), 300);
      expect(effects.close[2]).toBe(0);
      expect(effects.open[3]).toBeCloseTo(0.03 * loading, 12);
      expect(effects.open[13]).toBeCloseTo(0.03 * loading * 0.75, 12);
      expect(effects.close[299]).toBeCloseTo(0.03 * loading * 0.5, 8);
    }
    expect(on(STOCK).volatility[3]).toBe(2);
    expect(on(assetOf('gold')).volatility[3]).toBeCloseTo(Math.SQRT2, 12);
    expect(on(STOCK).blend[3]).toBe(0.4);
  });

  it('[S1-81] commodity_shock: a ramp of m over T, half of it after h; others by their loading, a named ticker by its own', () => {
    const settings = { loadings: { sectors: { tools: -0.5 } }, params: { size: 0.3, ramp: 10, half_life: 20 } };
    const { on } = happening(commodity_shock, settings, { u: 0.1 });
    expect(on(assetOf('energy'), 40).close[12]).toBeCloseTo(0.3, 12);
    expect(on(assetOf('energy'), 40).close[32]).toBeCloseTo(0.15, 12);
    expect(on(STOCK, 40).close[12]).toBeCloseTo(-0.15, 12);
    expect(on(assetOf('etf'), 40).close[12]).toBeCloseTo(-0.03, 12);
    expect(on(assetOf('energy')).volatility[5]).toBe(2);
    expect(happening(commodity_shock, settings, { u: 0.9 }).on(assetOf('energy')).close[12]).toBeCloseTo(-0.3, 12);
  });

  it('depeg: a jump of -m at its minute, half back after h, a fifth of it for crypto, spread x20', () => {
    const { on } = happening(depeg, { params: { drop: 0.1, half_life_hours: 24 } }, { minute: 195 });
    const peg = on(assetOf('stablecoin'), 40, 1);
    expect(shiftAt(peg, 3, 194.9)).toBe(0);
    expect(shiftAt(peg, 3, 195)).toBeCloseTo(-0.1, 12);
    expect(peg.open[3]).toBe(0);
    expect(shiftAt(peg, 4, 195)).toBeCloseTo(-0.05, 12);
    expect(peg.close[39]).toBeCloseTo(0, 8);
    expect(on(assetOf('crypto'), 40).close[3]).toBeCloseTo(peg.close[3]! / 5, 12);
    expect(peg.spread[3 * DAY + 195]).toBeCloseTo(20, 1);
    expect(peg.volume[3 * DAY + 195]).toBeCloseTo(10, 1);
    expect(peg.spread[3 * DAY + 194]).toBe(1);
  });

  it('depeg: a collapse takes the peg to its floor, and those it infects no lower than before', () => {
    const { on } = happening(depeg, { params: { drop: 0.1, collapse: 1, floor: 0.25 } }, { minute: 10 });
    expect(on(assetOf('stablecoin'), 60).close[59]).toBeCloseTo(Math.log(0.25), 8);
    const crypto = on(assetOf('crypto'), 60);
    expect(crypto.close[59]).toBeCloseTo(0, 8);
    expect(Math.min(...crypto.close)).toBeGreaterThan(-0.02);
  });

  it('depeg in the first minute of a session breaks at its open', () => {
    const effects = happening(depeg, { params: { drop: 0.1 } }, { minute: 0 }).on(assetOf('stablecoin'));
    expect(effects.close[2]).toBe(0);
    expect(effects.open[3]).toBeCloseTo(-0.1, 12);
    expect(effects.knots[0]!.minutes[0]).toBeGreaterThan(0);
  });
});
