// Makes a function of node:fs fail, or see something else, for as long as a test lasts.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { vi } from 'vitest';

type Act = (...args: unknown[]) => unknown;
type Name = {
  [K in keyof typeof fs]: (typeof fs)[K] extends (...args: never[]) => unknown ? K : never;
}[keyof typeof fs];

/** Put `act` in the place of a function of node:fs; it gets the real one first. */
export function replaceFs(name: Name, act: (real: Act, ...args: unknown[]) => unknown): void {
  const real = (fs[name] as unknown as Act).bind(fs);
  vi.spyOn(fs as unknown as Record<string, Act>, name as string).mockImplementation((...args) => act(real, ...args));
  syncBuiltinESMExports();
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: planted, act '/somewhere'`), { code });
}

/** The function throws this system error, from the call that `from` counts from 1. */
export function failFs(name: Name, code: string, from = 1): void {
  let calls = 0;
  replaceFs(name, (real, ...args) => {
    calls++;
    if (calls >= from) throw systemError(code);
    return real(...args);
  });
}

export function healFs(): void {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
}
