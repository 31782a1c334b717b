import { afterEach, expect, test, vi } from 'vitest';
import { nowIso, nowMs, tickMs } from '../../lib/base/clock.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test('both ways to ask for the time mean the same instant, in UTC whatever the zone', () => {
  vi.stubEnv('TZ', 'Asia/Tokyo');
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 31, 9, 30), toFake: ['Date'] });
  expect(nowIso()).toBe('2026-01-31T09:30:00.000Z');
  expect(nowMs()).toBe(Date.parse(nowIso()));
});

test('a duration does not follow a clock that is set back', () => {
  const from = tickMs();
  vi.useFakeTimers({ now: nowMs() - 3_600_000, toFake: ['Date'] });
  expect(tickMs()).toBeGreaterThanOrEqual(from);
});
