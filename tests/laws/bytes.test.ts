// Bytes of generated bars that must be the same on every engine and for ever: one digest per model, volatility model and frequency.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { calendarOf, sessionsBetween } from '../../lib/market/calendar.ts';
import { parseDate } from '../../lib/market/day.ts';
import { generateBars } from '../../lib/market/generate.ts';
import { seasonOf } from '../../lib/market/season.ts';
import { CALM } from '../../lib/market/surroundings.ts';
import { useTwins } from '../../lib/math/kernel.ts';
import { columns, request } from '../market/rig.ts';
import { combinations } from './rig.ts';

/** Calendar, frequency, last day: a year of days, a month of hours, some days of minutes. */
const RUNS = [
  ['B', 'D', '2021-01-08'],
  ['XNYS', '1h', '2020-02-03'],
  ['24/7', '30min', '2020-01-12'],
  ['XNYS', '15min', '2020-01-17'],
  ['FX', '5min', '2020-01-03'],
  ['XNYS', '1min', '2020-01-03'],
] as const;

/** Everything on: a night, memory, a copula, a market that changes. A change of usual parameters shows as one of arithmetic does. */
function digests(): Record<string, string> {
  const out: Record<string, string> = {};
  const made = [
    ...combinations('index').map((one) => [`index, ${one.name}`, one] as const),
    ...combinations('crypto', { law: 'kou', scheme: 'euler' }).map((one) => [`crypto, ${one.name}`, one] as const),
  ];
  for (const [name, { model, params, volatility }] of made) {
    for (const [calendar, frequency, end] of RUNS) {
      const sessions = sessionsBetween(calendarOf(calendar), parseDate('2020-01-01'), parseDate(end)).length;
      const step = (a: number, b: number) => Float64Array.from({ length: sessions }, (_, s) => (s % 5 < 2 ? a : b));
      const hash = createHash('sha256');
      const asked = request({
        model,
        params,
        volatility,
        calendar,
        frequency,
        end,
        night: { share: calendar === '24/7' ? 0 : 0.1, nu: 3 },
        memory: 0.05,
        copulaDf: 5,
        copulaGroup: 'all',
        season: seasonOf(calendarOf(calendar)),
        surroundings: {
          ...CALM,
          volatility: step(1, 1.8),
          growth: step(0, -0.5),
          jumpIntensity: step(1, 20),
          blend: step(0, 0.4),
          volume: step(1, 1.5),
        },
      });
      for (const { bars, latent } of generateBars(asked)) {
        const { jumps } = latent;
        for (const column of [
          ...columns(bars),
          bars.time,
          latent.variance,
          latent.sd,
          jumps.day,
          jumps.time,
          jumps.size,
        ])
          if (column !== null) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
      }
      out[`${name}: ${calendar} by ${frequency}`] = hash.digest('hex');
    }
  }
  return out;
}

it('bytes are those of the file, made by kernels or by their twins', async () => {
  const made = digests();
  // Bytes changed on purpose? `npx vitest run tests/laws/bytes.test.ts -u` writes the file, and lib/market/version.ts moves on.
  await expect(`${JSON.stringify(made, null, 2)}\n`).toMatchFileSnapshot('../oracles/bars.json');
  useTwins(true);
  try {
    expect(digests()).toEqual(made);
  } finally {
    useTwins(false);
  }
});
