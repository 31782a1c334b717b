// Limits of models that must coincide bit for bit: the hybrid with its parts off is the plain model, as are vanishing parameters.
import { describe, expect, it } from 'vitest';
import { model as gbm } from '../../lib/models/gbm.ts';
import { model as heston } from '../../lib/models/heston.ts';
import { type HybridParams, model as hybrid } from '../../lib/models/hybrid.ts';
import { model as jumpDiffusion } from '../../lib/models/jump-diffusion.ts';
import { lookUp } from '../../lib/models/lookup.ts';
import { type PathBlock, refusal, refusals, setting } from '../../lib/models/model.ts';
import type { SquareRootParams } from '../../lib/models/square-root.ts';
import { model as garch } from '../../lib/models/volatility/garch.ts';
import { model as stochasticVol } from '../../lib/models/volatility/stochastic-vol.ts';
import { trace, type WalkOptions } from './rig.ts';

/** A market in which everything happens at once. */
const busy: WalkOptions<never> = {
  pieces: 3,
  phi: 0.25,
  prepare: (block: PathBlock) => {
    for (let s = 0; s < 60; s++) {
      block.volatility[s] = 1 + (s % 3);
      block.growth[s] = 0.1 * (s % 5) - 0.2;
      block.jumpIntensity[s] = s % 4;
      block.jumpMean[s] = -0.01 * (s % 2);
      block.target[s] = 1 + 0.1 * (s % 7);
      block.scale[s] = 0.5 + 0.25 * (s % 3);
    }
    block.cuts.count = 2;
    block.cuts.piece.set([4, 11]);
    block.cuts.part.set([0.5, 0.125]);
  },
};
const jumps = { law: 'merton', intensity: 80, mean: -0.02, sd: 0.04 } as const;
const variance: SquareRootParams = { kappa: 3, theta: 0.05, xi: 0.4, rho: -0.6, v0: 0.03 };
const off: HybridParams = { mu: 0.1, sigma: 0.25, jumps: null };

describe('limits, bit for bit', () => {
  const plain = trace(gbm, { mu: 0.1, sigma: 0.25 }, 60, 60, busy);

  it('hybrid with every part off is gbm', () => {
    expect(trace(hybrid, off, 60, 60, busy)).toEqual(plain);
  });

  it('hybrid with jumps is jump_diffusion', () => {
    const made = trace(hybrid, { ...off, jumps }, 60, 60, busy);
    expect(made).toEqual(trace(jumpDiffusion, { mu: 0.1, sigma: 0.25, ...jumps }, 60, 60, busy));
    expect(made.jumps.length).toBeGreaterThan(10);
  });

  it('hybrid with stochastic_vol is heston, and so is gbm', () => {
    const volatility = { model: stochasticVol, params: variance };
    const wanted = trace(heston, { mu: 0.1, ...variance }, 60, 60, busy);
    expect(trace(hybrid, off, 60, 60, { ...busy, volatility })).toEqual(wanted);
    expect(trace(gbm, { mu: 0.1, sigma: 9 }, 60, 60, { ...busy, volatility })).toEqual(wanted);
  });

  it('jump_diffusion and hybrid without intensity are gbm', () => {
    const none = { ...jumps, intensity: 0 };
    expect(trace(jumpDiffusion, { mu: 0.1, sigma: 0.25, ...none }, 60, 60, busy)).toEqual(plain);
    expect(trace(hybrid, { ...off, jumps: none }, 60, 60, busy)).toEqual(plain);
    const calm: WalkOptions<never> = {
      ...busy,
      prepare: (block) => {
        busy.prepare!(block);
        block.jumpIntensity.fill(0);
      },
    };
    expect(trace(hybrid, { ...off, jumps }, 60, 60, calm)).toEqual(plain);
  });

  it('heston whose variance stands still is gbm', () => {
    const still = { mu: 0.1, kappa: 3, theta: 0.0625, xi: 0, rho: -0.6 };
    const level: WalkOptions<never> = {
      ...busy,
      prepare: (block) => {
        busy.prepare!(block);
        block.target.fill(1);
      },
    };
    expect(trace(heston, still, 60, 60, level)).toEqual(trace(gbm, { mu: 0.1, sigma: 0.25 }, 60, 60, level));
  });

  it('where blocks begin changes nothing, for any part', () => {
    const all = { ...off, jumps };
    for (const volatility of [
      { model: stochasticVol, params: variance },
      { model: stochasticVol, params: { ...variance, scheme: 'euler' } },
      {
        model: garch,
        params: { sigma: 0.2, alpha: 0.1, gamma: 0.1, beta: 0.8, innovations: 'student', nu: 5 },
      },
    ] as const) {
      const options = { ...busy, volatility: volatility as never, first: -20 };
      const whole = trace(hybrid, all, 60, 512, options);
      expect(trace(hybrid, all, 60, 1, options)).toEqual(whole);
      expect(trace(hybrid, all, 60, 60, { ...options, room: 6 })).toEqual(whole);
    }
  });

  it('neutral surroundings are none: they leave every bit', () => {
    const neutral: WalkOptions<never> = {
      pieces: 3,
      prepare: (block) => {
        for (const factor of [block.volatility, block.target, block.jumpIntensity, block.jumpSd, block.scale])
          factor.fill(1);
        for (const shift of [block.growth, block.jumpMean]) shift.fill(0);
      },
    };
    const params = { ...off, jumps };
    expect(trace(hybrid, params, 60, 60, neutral)).toEqual(trace(hybrid, params, 60, 60, { pieces: 3 }));
  });
});

describe('what models share', () => {
  it('hybrid refuses bad params of any part by field', () => {
    const bad = { mu: Number.NaN, sigma: -1, jumps: { ...jumps, sd: -1 } };
    expect(hybrid.check(bad).map((p) => p.facts?.field)).toEqual(['mu', 'sigma', 'sd']);
    expect(hybrid.check(off)).toEqual([]);
  });

  it('a refusal names model, field, value and rule; rules that hold say nothing', () => {
    expect(refusal('m', 'f', -1, 'above 0')).toEqual({
      code: 'model/refused',
      message: 'm: f must be above 0',
      facts: { field: 'f', value: '-1' },
      path: ['m', 'f'],
    });
    expect(refusal('m', 'rows[1].sum', 2, '1').path).toEqual(['m', 'rows', 1, 'sum']);
    expect(refusal('m', 'a + b', 2, '1').path).toEqual(['m']);
    expect(refusal('m', 'f', undefined, 'a number').facts).toEqual({ field: 'f', value: 'missing' });
    expect(
      refusals('m', [
        ['a', 1, true, 'x'],
        ['b', 2, false, 'y'],
      ]).map((p) => p.message),
    ).toEqual(['m: b must be y']);
  });

  it('a setting that is null or left out is the usual value; 0 and false are said', () => {
    expect([
      setting({ a: null }, 'a', 1),
      setting({}, 'a', 1),
      setting({ a: 0 }, 'a', 1),
      setting({ a: false }, 'a', true),
    ]).toEqual([1, 1, 0, false]);
  });

  it('an unknown name is refused with the nearest, and none is found in the prototype', () => {
    const lines = { gbm: () => 1, heston: () => 2 };
    expect(lookUp(lines, 'heston', 'model')).toBe(2);
    expect(() => lookUp(lines, 'hestn', 'model')).toThrow(/there is no model "hestn"/);
    expect(() => lookUp(lines, 'constructor', 'model')).toThrow(/there is no model/);
  });
});
