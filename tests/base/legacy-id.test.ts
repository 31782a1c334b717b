import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LegacyRequest, legacyDatasetId } from '../../lib/base/legacy-id.ts';

const oracle = JSON.parse(readFileSync(new URL('../oracles/legacy.json', import.meta.url), 'utf8')) as {
  cases: (LegacyRequest & { id: string })[];
};
const legacy: LegacyRequest = { tickers: ['AAPL', 'MSFT'], start: '2020-01-01', end: '2024-01-01', seed: 123 };

test('the legacy profile has the legacy id', () => {
  expect(legacyDatasetId(legacy)).toBe('syn_685360ffc97f');
});

test.each(oracle.cases)('the id of $tickers, seed $seed is that of Python', ({ id, ...request }) => {
  expect(legacyDatasetId(request)).toBe(id);
});

test('changing a ticker, their order, a date or the seed changes the id', () => {
  const others = [
    { tickers: ['AAPL', 'MSFX'] },
    { tickers: ['MSFT', 'AAPL'] },
    { start: '2020-01-02' },
    { end: '2024-01-02' },
    { seed: 124 },
  ].map((edit) => legacyDatasetId({ ...legacy, ...edit }));
  expect(new Set([legacyDatasetId(legacy), ...others]).size).toBe(6);
});
