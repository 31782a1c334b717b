import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sha256 } from '../../lib/base/digest.ts';
import type { LegacyRequest } from '../../lib/base/legacy-id.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import type { Bars } from '../../lib/market/bars.ts';
import { formatDate } from '../../lib/market/day.ts';
import { generateLegacyBars } from '../../lib/market/legacy.ts';

type Row = [date: string, ticker: string, open: number, high: number, low: number, close: number, volume: number];
interface Case extends LegacyRequest {
  rows: number;
  sample: Row[];
  price_sums: number[];
  volume_sha256: string;
}
const read = (name: string) => readFileSync(new URL(`../oracles/${name}`, import.meta.url), 'utf8');
const { cases } = JSON.parse(read('legacy.json')) as { cases: Case[] };
const legacy: LegacyRequest = { tickers: ['AAPL', 'MSFT'], start: '2020-01-01', end: '2024-01-01', seed: 123 };

function rowsOf(bars: readonly Bars[]): Row[] {
  return bars.flatMap(({ ticker, day, open, high, low, close, volume }) =>
    Array.from(day, (d, i): Row => [formatDate(d), ticker, open[i]!, high[i]!, low[i]!, close[i]!, volume[i]!]),
  );
}

/** Largest relative difference between the numbers of two rows; Infinity when any word or volume differs. */
function distance(a: Row, b: Row): number {
  if (a[0] !== b[0] || a[1] !== b[1] || a[6] !== b[6]) return Number.POSITIVE_INFINITY;
  return Math.max(...[2, 3, 4, 5].map((i) => Math.abs((a[i] as number) / (b[i] as number) - 1)));
}

test('[S1-70] [S1-73] the legacy profile gives the legacy first and last bars to the bit', () => {
  const rows = rowsOf(generateLegacyBars(legacy));
  expect(rows[0]).toEqual([
    '2020-01-01',
    'AAPL',
    98.60459747230809,
    98.83611030835912,
    98.15025908888792,
    98.69623529380247,
    972591,
  ]);
  expect(rows.at(-1)!.slice(5)).toEqual([246.72357234110268, 988470]);
});

test('[S1-108] all 2088 legacy rows come back to the bit', () => {
  const lines = read('syn_685360ffc97f.csv').trim().split('\n').slice(1);
  const stored = lines.map((line): Row => {
    const [date = '', ticker = '', ...numbers] = line.split(',');
    return [date, ticker, ...(numbers.map(Number) as [number, number, number, number, number])];
  });
  expect(stored.length).toBe(2088);
  expect(rowsOf(generateLegacyBars(legacy))).toEqual(stored);
});

test.each(cases)('[S1-108] $tickers $start..$end seed $seed is what numpy makes of it', (expected) => {
  const bars = generateLegacyBars(expected);
  const rows = rowsOf(bars);
  expect(bars.map((b) => b.ticker)).toEqual(expected.tickers);
  expect(rows.length).toBe(expected.rows);
  const at = [...new Set([0, Math.floor(rows.length / 2), rows.length - 1])].slice(0, expected.sample.length);
  for (const [i, row] of expected.sample.entries()) expect(distance(rows[at[i]!]!, row)).toBeLessThan(1e-12);
  // A sum in another order differs by some parts in 10^15 per row at most.
  for (const [i, sum] of expected.price_sums.entries()) {
    const ours = rows.reduce((total, row) => total + (row[i + 2] as number), 0);
    expect(Math.abs(ours - sum)).toBeLessThanOrEqual(1e-12 * sum);
  }
  const volume = Float64Array.from(rows, (row) => row[6]);
  expect(sha256(new Uint8Array(volume.buffer))).toBe(expected.volume_sha256);
});

test('adding a ticker behind the others leaves them as they were', () => {
  const more = generateLegacyBars({ ...legacy, tickers: ['AAPL', 'MSFT', 'NVDA'] });
  expect(more.slice(0, 2)).toEqual(generateLegacyBars(legacy));
});

test('a date that is none, or an end before the start, is refused', () => {
  expect(() => generateLegacyBars({ ...legacy, start: '2023-02-29' })).toThrow(ProblemError);
  expect(() => generateLegacyBars({ ...legacy, end: '2019-12-31' })).toThrow(ProblemError);
});
