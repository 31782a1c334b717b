// Every price model under every volatility model it allows, with the usual parameters of an asset: what laws iterate.
import { ASSET_CLASSES, type AssetClass } from '../../lib/models/asset-class.ts';
import { loadModel, MODEL_NAMES } from '../../lib/models/catalog.ts';
import type { AssetFacts, Model, ModelParams, VolatilityModel } from '../../lib/models/model.ts';
import { loadVolatility, VOLATILITY_NAMES } from '../../lib/models/volatility/catalog.ts';

export const MODELS: readonly Model[] = await Promise.all(MODEL_NAMES.map((name) => loadModel(name)));
export const VOLATILITIES: readonly VolatilityModel[] = await Promise.all(
  VOLATILITY_NAMES.map((name) => loadVolatility(name)),
);

export interface Combination {
  readonly name: string;
  readonly model: Model;
  readonly params: ModelParams;
  readonly volatility: { readonly model: VolatilityModel; readonly params: ModelParams } | null;
}

/** Usual volatility of a class. */
const SIGMA: Readonly<Record<AssetClass, number>> = {
  equity: 0.3,
  etf: 0.18,
  index: 0.17,
  fx: 0.08,
  commodity: 0.25,
  energy: 0.35,
  metal: 0.25,
  gold: 0.15,
  bond: 0.06,
  crypto: 0.7,
  stablecoin: 0.01,
};

export const facts = (of: AssetClass): AssetFacts => ({
  ticker: 'X',
  class: of,
  mu: 0.07,
  sigma: SIGMA[of],
  startPrice: 100,
});

/** All that may go together, for an asset of that class; `settings` as the configuration has them. */
export function combinations(of: AssetClass, settings: ModelParams = {}): Combination[] {
  const asset = facts(of);
  return MODELS.flatMap((model) => {
    const params = model.resolve(asset, settings);
    const plain = { name: model.name, model, params, volatility: null };
    if (model.ownVolatility !== null) return [plain];
    // What the shocks drive is left to the volatility model.
    const rest = { ...asset, sigma: model.diffusion(params) };
    return [
      plain,
      ...VOLATILITIES.map((volatility) => ({
        name: `${model.name} with ${volatility.name}`,
        model,
        params,
        volatility: { model: volatility, params: volatility.resolve(rest, settings) },
      })),
    ];
  });
}

export const CLASSES: readonly AssetClass[] = ASSET_CLASSES;
