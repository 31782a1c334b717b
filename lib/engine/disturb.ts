// The world as another machine on another day would show it: `check` runs a variant under it, without traps.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Shift the clock, change unseeded chance and reverse folder listings; `n` picks how. */
export function disturb(n: number): void {
  const RealDate = Date;
  const shiftMs = n * 86_400_000 * 37 + n * 1237;
  const now = () => RealDate.now() + shiftMs;
  const Shifted = function (this: unknown, ...args: unknown[]) {
    if (!new.target) return new RealDate(now()).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args);
  };
  Shifted.prototype = RealDate.prototype;
  Shifted.UTC = RealDate.UTC;
  Shifted.parse = RealDate.parse;
  Shifted.now = now;
  Object.defineProperty(globalThis, 'Date', { value: Shifted, configurable: true, writable: true });
  const random = Math.random;
  Math.random = () => (random() + n * 0.377) % 1;
  const bytes = crypto.randomBytes;
  crypto.randomBytes = ((size: number) => Buffer.from(bytes(size).map((byte) => byte ^ n))) as typeof bytes;
  const list = fs.readdirSync;
  fs.readdirSync = ((...args: Parameters<typeof list>) =>
    (list(...args) as unknown as string[]).reverse()) as unknown as typeof list;
  syncBuiltinESMExports();
}
