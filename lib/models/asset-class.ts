// The classes of assets that models and events tell apart.
export const ASSET_CLASSES = [
  'equity',
  'etf',
  'index',
  'fx',
  'commodity',
  'energy',
  'metal',
  'gold',
  'bond',
  'crypto',
  'stablecoin',
] as const;
export type AssetClass = (typeof ASSET_CLASSES)[number];
