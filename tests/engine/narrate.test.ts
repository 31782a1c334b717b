import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../lib/engine/event.ts';
import { bytesText, durationText, narrate, unitName } from '../../lib/engine/narrate.ts';

const failed = (retryInMs: number | null): RunEvent => ({
  type: 'unit-failed',
  stage: 'generate',
  element: 'AAPL',
  key: 'k',
  problems: [
    { code: 'stage/failed', message: 'one' },
    { code: 'store/io', message: 'two' },
  ],
  retryInMs,
  alike: false,
});

describe('a sentence', () => {
  test('names the shard and every problem, and is an error only when there is no retry', () => {
    expect(narrate(failed(null))).toEqual({
      level: 'error',
      message: 'generate[AAPL]: failed: stage/failed: one; store/io: two',
    });
    expect(narrate(failed(2000))).toMatchObject({ level: 'warn', message: expect.stringContaining('again in 2.0 s') });
  });

  test('counts the shards that failed by one problem, and names the first', () => {
    const problem = { code: 'model/refused', message: 'sd must be 0 or more' } as const;
    const elements = Array.from({ length: 500 }, (_, i) => `T${i}`);
    expect(narrate({ type: 'shards-failed', stage: 'quotes', problem, elements })).toEqual({
      level: 'error',
      message: `quotes: 500 shards failed by "sd must be 0 or more": ${elements.slice(0, 12).join(', ')} and 488 more`,
    });
  });

  test('gives three reasons and counts the others', () => {
    const reasons = ['a', 'b', 'c', 'd', 'e'].map((path) => ({ kind: 'code', path, change: 'changed' }) as const);
    const { message } = narrate({ type: 'unit-started', stage: 's', element: null, key: 'k', reasons });
    expect(message).toBe('s: started, because code: `a` changed; code: `b` changed; code: `c` changed; and 2 more');
  });

  test('says that a stage ran for nothing when its bytes are the same', () => {
    const event = { type: 'unit-finished', stage: 's', element: null, key: 'k', durationMs: 5, bytes: 7 } as const;
    expect(narrate({ ...event, changed: false }).message).toBe('s: done in 5 ms, 7 B, the same bytes as before');
    expect(narrate({ ...event, changed: true }).message).toBe('s: done in 5 ms, 7 B');
  });

  test('a stage without work is not worth a line, one with work is', () => {
    expect(narrate({ type: 'stage-ready', stage: 's', shards: 4, hits: 4 }).level).toBe('debug');
    expect(narrate({ type: 'stage-ready', stage: 's', shards: 4, hits: 3 })).toEqual({
      level: 'info',
      message: 's: 4 shards, 3 cached',
    });
  });

  test('a failed verdict is an error', () => {
    const event = { type: 'unit-verdict', stage: 'validate', element: null, summary: 'KS p = 1e-9' } as const;
    expect(narrate({ ...event, passed: false })).toEqual({
      level: 'error',
      message: 'validate: did not pass: KS p = 1e-9',
    });
    expect(narrate({ ...event, passed: true }).level).toBe('info');
  });
});

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.5, '1.0 s'],
  [9949, '9.9 s'],
  [9950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min 00 s'],
  [3_599_400, '59 min 59 s'],
  [3_600_000, '1 h 00 min'],
])('%d ms reads %s', (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [45_600_000, '45.6 MB'],
])('%d bytes read %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test('a stage without elements is named bare', () => {
  expect(unitName({ stage: 'publish', element: null })).toBe('publish');
  expect(unitName({ stage: 'generate', element: 'BRK.B' })).toBe('generate[BRK.B]');
});
