// The world as another machine on another day would show it: `check` runs a variant under it, without traps.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Anything = (...args: unknown[]) => unknown;

/** Shift the clock by 37 days times n, and reverse folder listings. Unseeded chance needs no help: no two worlds share it. */
export function disturb(n: number): void {
  const RealDate = Date;
  const shiftMs = n * 86_400_000 * 37 + n * 1237;
  const now = () => RealDate.now() + shiftMs;
  const Shifted = function (this: unknown, ...args: unknown[]) {
    if (!new.target) return new RealDate(now()).toString();
    const target = new.target === (Shifted as unknown) ? RealDate : new.target;
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, target);
  };
  Shifted.prototype = RealDate.prototype;
  Shifted.UTC = RealDate.UTC;
  Shifted.parse = RealDate.parse;
  Shifted.now = now;
  Object.defineProperty(RealDate.prototype, 'constructor', { value: Shifted, configurable: true, writable: true });
  Object.defineProperty(globalThis, 'Date', { value: Shifted, configurable: true, writable: true });
  const all = fs as unknown as Record<'readdirSync' | 'readdir', Anything> & { promises: { readdir: Anything } };
  const { readdirSync, readdir } = all;
  const { readdir: promised } = all.promises;
  all.readdirSync = (...args) => (readdirSync(...args) as unknown[]).reverse();
  all.readdir = (...args) => {
    const done = args.pop() as Anything;
    return readdir(...args, (error: unknown, names?: unknown[]) => done(error, names?.reverse()));
  };
  all.promises.readdir = async (...args) => ((await promised(...args)) as unknown[]).reverse();
  syncBuiltinESMExports();
}
