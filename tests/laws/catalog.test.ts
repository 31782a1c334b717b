// Laws that every line of the catalogs obeys: total variance, martingale, blocks, ledger, identity, refused combinations.
import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../lib/market/generate.ts';
import type { Model, PathBlock } from '../../lib/models/model.ts';
import { request } from '../market/rig.ts';
import { errors, mean, trace, type WalkOptions, walk, YEARS } from '../models/rig.ts';
import { draws, seeds } from '../thorough.ts';
import { CLASSES, combinations, facts, MODELS, VOLATILITIES } from './rig.ts';

/** Sessions of different volatility, growth, jumps, level and margin. */
const busy: WalkOptions<never> = {
  pieces: 3,
  phi: 0.25,
  first: -10,
  prepare: (block: PathBlock) => {
    for (let s = 0; s < block.phi.length; s++) {
      block.volatility[s] = 1 + (s % 3);
      block.growth[s] = 0.1 * (s % 5) - 0.2;
      block.jumpIntensity[s] = 40 * (s % 4);
      block.jumpMean[s] = -0.01 * (s % 2);
      block.jumpSd[s] = 1 + (s % 2);
      block.target[s] = 1 + 0.1 * (s % 7);
      block.scale[s] = 0.5 + 0.25 * (s % 3);
    }
    block.cuts.count = 2;
    block.cuts.piece.set([4, 50]);
    block.cuts.part.set([0.5, 0.125]);
  },
};
const heavy = new Set(['gbm with garch', 'jump_diffusion with garch', 'hybrid with garch']);

describe.each(combinations('equity').map((one) => [one.name, one] as const))(
  '%s',
  (name, { model, params, volatility }) => {
    const options = volatility === null ? {} : { volatility };

    for (const seed of seeds(1, 2, 3)) {
      it(`log returns have the asset's sigma in total, over nights too, with seed ${seed}`, () => {
        const n = draws(15_000);
        const { sigma, startPrice } = facts('equity');
        // A price that reverts has less variance in a session: sigma^2 (1 - e^(-theta dt)) / theta.
        const theta = model.name === 'ou' ? (params.theta as number) : 0;
        const left = theta === 0 ? YEARS : -Math.expm1(-theta * YEARS) / theta;
        for (const phi of [0, 0.3]) {
          const { returns } = walk(model, params, n, { ...options, seed, phi, startPrice });
          const m = mean(returns);
          // Long memory of variance: few long batches.
          const batches = heavy.has(name) ? 40 : 100;
          expect(
            errors(
              returns.map((r) => (r - m) ** 2),
              sigma ** 2 * left,
              batches,
            ),
          ).toBeLessThan(4);
        }
      });

      it.runIf(model.name !== 'ou')(`the mean price grows as e^(mu t), in regimes too, with seed ${seed}`, () => {
        const plain = walk(model, params, 10_000, { ...options, seed }).returns;
        expect(errors(plain.map(Math.exp), Math.exp(0.07 * YEARS))).toBeLessThan(4);
        const regime = walk(model, params, 10_000, {
          ...options,
          seed,
          phi: 0.3,
          prepare: (block) => {
            block.volatility.fill(1.8);
            block.growth.fill(0.4);
            block.jumpIntensity.fill(20);
            block.jumpMean.fill(-0.01);
            block.target.fill(1.2);
          },
        }).returns;
        expect(errors(regime.map(Math.exp), Math.exp(0.47 * YEARS))).toBeLessThan(4);
      });
    }

    it('the variance that it reports is its diffusion squared on average', () => {
      const { block } = walk(model, params, 15_000, options);
      const diffusion = model.diffusion(params);
      const reported = block.sd.map((sd) => sd ** 2 / YEARS);
      if (Math.max(...reported) - Math.min(...reported) < 1e-12) expect(reported[0]).toBeCloseTo(diffusion ** 2, 12);
      else expect(errors(reported, diffusion ** 2, 40)).toBeLessThan(4);
    });

    it('where blocks begin, and room that runs out, change nothing', () => {
      const all = { ...busy, ...options } as WalkOptions<never>;
      const whole = trace(model, params, 60, 512, all);
      expect(trace(model, params, 60, 1, all)).toEqual(whole);
      expect(trace(model, params, 60, 60, { ...all, room: 60 })).toEqual(whole);
      expect(trace(model, params, 40, 7, all).pieces).toEqual(
        whole.pieces.slice(0, trace(model, params, 40, 7, all).pieces.length),
      );
    });

    it('what it writes is finite, of variance 0 or more, and jumps only by its ledger', () => {
      const { pieces, sessions, jumps } = trace(model, params, 60, 60, { ...busy, ...options } as WalkOptions<never>);
      expect([...pieces, ...sessions, ...jumps].flat().every(Number.isFinite)).toBe(true);
      expect(pieces.every(([, , variance, until]) => variance! >= 0 && until! > 0 && until! <= 1)).toBe(true);
      expect(sessions.flat().every((v) => v >= 0)).toBe(true);
      const expected = 'law' in params || (params.jumps ?? null) !== null;
      expect(jumps.length > 0).toBe(expected);
    });

    it('another name, seed or component is another path; the same is the same', () => {
      const path = (change: WalkOptions<never>) =>
        walk(model, params, 20, { ...options, ...change } as WalkOptions<never>).ends.join();
      expect(path({})).toBe(path({}));
      expect(new Set([path({}), path({ name: 'Y' }), path({ seed: 2 })]).size).toBe(3);
    });
  },
);

describe('parameters', () => {
  it('the usual ones of every class are sound, fit their schema and leave nothing out', () => {
    for (const of of CLASSES) {
      for (const { model, params, volatility } of combinations(of)) {
        for (const [one, values] of [
          [model, params],
          ...(volatility === null ? [] : [[volatility.model, volatility.params]]),
        ] as const) {
          const { name, check, params: schema } = one as Pick<Model, 'name' | 'check' | 'params'>;
          expect(check(values as never), `${name} of ${of}`).toEqual([]);
          for (const field of Object.keys(values!))
            expect(Object.keys(schema.properties), `${name} of ${of}`).toContain(field);
          for (const field of schema.required) expect(values, `${name} of ${of}`).toHaveProperty(field);
        }
      }
    }
  });

  it('a setting takes the place of what is usual', () => {
    for (const { model, params } of combinations('index', { kappa: 7, intensity: 3, theta: 9, xi: 0.2 })) {
      if (model.name === 'heston') expect(params).toMatchObject({ kappa: 7, xi: 0.2 });
      if (model.name === 'jump_diffusion') expect(params).toMatchObject({ intensity: 3 });
      if (model.name === 'ou') expect(params).toMatchObject({ theta: 9 });
    }
  });

  it('a model with a volatility of its own refuses any other, with the reason', () => {
    for (const model of MODELS) {
      for (const volatility of VOLATILITIES) {
        const found = checkRequest(
          request({
            model,
            params: model.resolve(facts('equity'), {}),
            volatility: { model: volatility, params: volatility.resolve(facts('equity'), {}) },
          }),
        );
        if (model.ownVolatility === null) expect(found).toEqual([]);
        else {
          expect(found).toMatchObject([
            { code: 'model/refused', facts: { field: 'volatility_model', value: volatility.name } },
          ]);
          expect(found[0]!.message).toContain(model.ownVolatility);
        }
      }
    }
    expect(MODELS.filter((m) => m.ownVolatility !== null).map((m) => m.name)).toEqual(['ou', 'heston']);
  });
});
