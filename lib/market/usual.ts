// What is usual for an asset of a class, where neither prices nor the configuration say otherwise.
import type { AssetClass } from '../models/asset-class.ts';
import type { VarianceShares } from '../models/factors.ts';
import type { LIQUIDITY } from './microstructure/quotes.ts';
import { OVERNIGHT_SHARE } from './overnight.ts';

export interface Usual {
  /** Growth of the mean price and volatility of log returns, per year. */
  readonly mu: number;
  readonly sigma: number;
  readonly startPrice: number;
  readonly tick: number;
  /** Share of a session's variance that its opening gap has. */
  readonly overnight: number;
  readonly liquidity: keyof typeof LIQUIDITY;
  /** Shares of variance by factor; `sector` stands for the factor of the asset's own sector. */
  readonly factors: VarianceShares;
}

const { stock, etf, index, commodity, fx, crypto } = OVERNIGHT_SHARE;
const priced = (mu: number, sigma: number, startPrice = 100, tick = 0.01) => ({ mu, sigma, startPrice, tick });

export const USUAL: Readonly<Record<AssetClass, Usual>> = {
  // Ten large stocks: mean pair correlation .32, of which a sector's own tenth.
  equity: { ...priced(0.07, 0.28), overnight: stock, liquidity: 'large_cap', factors: { market: 0.32, sector: 0.1 } },
  etf: { ...priced(0.06, 0.18), overnight: etf, liquidity: 'large_cap', factors: { market: 0.75 } },
  index: { ...priced(0.06, 0.17, 1000), overnight: index, liquidity: 'futures', factors: { market: 0.9 } },
  fx: { ...priced(0, 0.08, 1, 0.00001), overnight: fx, liquidity: 'fx', factors: { market: 0.05, rates: 0.1 } },
  commodity: {
    ...priced(0.02, 0.25),
    overnight: commodity,
    liquidity: 'futures',
    factors: { market: 0.05, commodity: 0.4 },
  },
  energy: {
    ...priced(0.02, 0.35),
    overnight: commodity,
    liquidity: 'futures',
    factors: { market: 0.05, commodity: 0.5 },
  },
  metal: {
    ...priced(0.02, 0.22),
    overnight: commodity,
    liquidity: 'futures',
    factors: { market: 0.05, commodity: 0.4 },
  },
  gold: {
    ...priced(0.03, 0.16, 1500),
    overnight: commodity,
    liquidity: 'futures',
    factors: { commodity: 0.2, rates: -0.1 },
  },
  bond: { ...priced(0.03, 0.06), overnight: commodity, liquidity: 'futures', factors: { market: -0.1, rates: -0.5 } },
  crypto: {
    ...priced(0.1, 0.7, 10_000),
    overnight: crypto,
    liquidity: 'mid_cap',
    factors: { market: 0.1, sector: 0.4 },
  },
  stablecoin: { ...priced(0, 0.01, 1, 0.0001), overnight: crypto, liquidity: 'mid_cap', factors: {} },
};

/** Shares of variance by factor of an asset: its own, else the usual ones of its class; `sector` is the factor of its own sector. */
export function sharesOf(
  asset: { readonly class: AssetClass; readonly sector: string },
  own: VarianceShares | undefined,
): VarianceShares {
  const named = Object.entries(own ?? USUAL[asset.class].factors).map(([name, share]) => [
    name === 'sector' ? `sector:${asset.sector}` : name,
    share,
  ]);
  return Object.fromEntries(named);
}
