// What may change without a byte of somebody else's prices: tickers, dates, channels, events.
import { expect, test } from 'vitest';
import type { Bars } from '../../lib/market/bars.ts';
import { type Made, makeMarket } from './market.ts';

const SETTINGS: Readonly<Record<string, string>> = {
  A: '{class: equity, sector: s0, sigma: 0.2}',
  B: '{class: equity, sector: s1, sigma: 0.3}',
  C: '{class: equity, sector: s0, sigma: 0.4}',
};
const assets = (names: readonly string[]) => `assets={${names.map((name) => `${name}: ${SETTINGS[name]}`).join(', ')}}`;
const NAMES = ['A', 'B', 'C'];
const SPAN = ['start_date=2021-01-04', 'end_date=2021-06-30'];
const RICH = [
  'generation.price_model=hybrid',
  'generation.volatility_model=garch',
  'generation.market_condition=mixed',
  'generation.overnight.share=null',
];
const FACTOR = 'generation.correlation={mode: factor, factor: {volatility: {alpha: 0.1, gamma: 0, beta: 0.85}}}';
const make = (names: readonly string[], ...set: string[]) =>
  makeMarket('default', [assets(names), `tickers=[${names.join(', ')}]`, ...SPAN, ...RICH, ...set]);

const columns = ({ day, open, high, low, close, volume }: Bars) => [day, open, high, low, close, volume] as const;
const head = (bars: Bars, rows: number) => columns(bars).map((column) => column.slice(0, rows));

function same(a: Made, b: Made, names: readonly string[]): void {
  for (const name of names) expect(columns(b.bars[name]!), name).toEqual(columns(a.bars[name]!));
}

test('with factors, dropping, adding or reordering tickers leaves every other byte as it was', async () => {
  const all = await make(NAMES, FACTOR);
  same(all, await make(['C', 'A'], FACTOR), ['A', 'C']);
  same(all, await make(['B'], FACTOR), ['B']);
  expect(all.bars.A!.close).not.toEqual(all.bars.C!.close);
});

test('a static market may be appended to', async () => {
  same(await make(['A', 'B']), await make(NAMES), ['A', 'B']);
});

test.each([
  ['factors', [FACTOR]],
  ['dcc', ['generation.correlation.mode=rolling']],
  ['events', ['generation.events={flash_crash: {rate: 20}, gap_risk: {rate: 10}, bear_drift: {rate: 4}}']],
  ['ou', ['generation.price_model=ou', 'generation.volatility_model=none']],
  ['heston', ['generation.price_model=heston', 'generation.volatility_model=none']],
  ['half hours', ['frequency=30min', 'calendar=XNYS', 'end_date=2021-03-31']],
] as const)('with %s a later end date keeps every earlier bar', async (_, set) => {
  const long = await make(['A', 'B'], ...set);
  const short = await make(['A', 'B'], ...set, 'end_date=2021-03-12');
  for (const name of ['A', 'B']) {
    const rows = short.bars[name]!.day.length;
    expect(rows).toBeLessThan(long.bars[name]!.day.length);
    expect(head(long.bars[name]!, rows)).toEqual(columns(short.bars[name]!));
  }
});

test('another channel changes no price', async () => {
  const plain = await make(['A']);
  const quoted = await make(['A'], 'microstructure.enabled=true');
  same(plain, quoted, ['A']);
  expect(Object.keys(quoted.quotes)).toEqual(['A']);
});

test('events of intensity 0 are no events, byte for byte', async () => {
  const off = 'generation.events={flash_crash: {intensity: 0}, gap_risk: {intensity: 0}, macro_regime: {intensity: 0}}';
  same(await make(['A', 'B']), await make(['A', 'B'], off), ['A', 'B']);
});

test('without its events a market is the paired counterfactual: equal before the first one, the same path under them', async () => {
  const without = (await make(['A'])).bars.A!;
  const made = await make(
    ['A'],
    'generation.events={gap_risk: {dates: ["2021-03-10"], params: {mean: 0.2, sd: 0, down: 1}}}',
  );
  const crash = made.bars.A!;
  const first = crash.day.indexOf(made.environment.occurrences[0]!.day);
  expect(first).toBeGreaterThan(0);
  expect(head(crash, first)).toEqual(head(without, first));
  // One shift of the log price for ever: the returns after it are those of the counterfactual, up to ticks.
  for (let i = first; i < crash.day.length; i++)
    expect(Math.log(crash.close[i]! / without.close[i]!)).toBeCloseTo(-0.2, 3);
});
