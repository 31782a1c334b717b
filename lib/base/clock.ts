// The only room that reads the time; nothing it returns may reach an output or a key.

/** Milliseconds since 1970, UTC. */
export function nowMs(): number {
  return Date.now();
}

/** UTC instant as `2026-01-31T09:30:00.000Z`. */
export function nowIso(): string {
  return new Date().toISOString();
}

/** Monotonic milliseconds for durations; its zero means nothing. Not `performance.now`, which loads a module. */
export function tickMs(): number {
  const [s, ns] = process.hrtime();
  return s * 1000 + ns / 1e6;
}
