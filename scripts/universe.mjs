// Prints the assets of the preset universes: frozen lists, made once by a plain congruential generator and kept in the presets file.
const SECTORS = [
  'technology',
  'financials',
  'health',
  'industrials',
  'consumer',
  'staples',
  'energy',
  'utilities',
  'materials',
  'communication',
  'realestate',
];
let state = 20241121;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 4294967296;
};
const between = (low, high) => low + (high - low) * uniform();
const [count = '500', prefix = 'EQ'] = process.argv.slice(2);
const names = Array.from({ length: Number(count) }, (_, i) => `${prefix}${String(i + 1).padStart(count.length, '0')}`);
const lines = [`    tickers: [${names.join(', ')}]`, '    assets:'];
names.forEach((name, i) => {
  const sector = SECTORS[i % SECTORS.length];
  const liquidity = i < names.length * 0.2 ? 'large_cap' : i < names.length * 0.6 ? 'mid_cap' : 'small_cap';
  const volume = { large_cap: 2e7, mid_cap: 2e6, small_cap: 2e5 }[liquidity] * between(0.5, 2);
  const facts = [
    'class: equity',
    `sector: ${sector}`,
    `mu: ${between(0.03, 0.11).toFixed(3)}`,
    `sigma: ${between(0.18, 0.5).toFixed(3)}`,
    `start_price: ${between(10, 300).toFixed(2)}`,
    `volume: ${Math.round(volume / 1000) * 1000}`,
    `liquidity: ${liquidity}`,
  ];
  lines.push(`      ${name}: { ${facts.join(', ')} }`);
});
process.stdout.write(`${lines.join('\n')}\n`);
