// While a stage runs, everything that could change its result without being in its key is an error that names it (design D11).
import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Module, { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import workerThreads from 'node:worker_threads';
import type { Place } from '../base/place.ts';
import { type Problem, ProblemError } from '../base/problem.ts';

type Anything = (...args: unknown[]) => unknown;
type Bag = Record<string, unknown>;

/** What was touched while armed; a stage that swallows the error still fails. */
let violations: Problem[] = [];
let armed: { stage: string; place: (stack: string) => Place | null } | null = null;
let installed = false;

/** Arm the traps for a stage. Returns a function that disarms them and gives back what was touched. */
export function arm(stage: string, place: (stack: string) => Place | null): () => readonly Problem[] {
  if (!installed) install();
  installed = true;
  violations = [];
  armed = { stage, place };
  return () => {
    armed = null;
    return violations;
  };
}

/** The host's own file work on behalf of the stage (declared inputs, outputs) happens untrapped; it is synchronous. */
export function untrapped<T>(work: () => T): T {
  const before = armed;
  armed = null;
  try {
    return work();
  } finally {
    armed = before;
  }
}

function touch(what: string, hint: string): void {
  if (armed === null) return;
  const { stage, place } = armed;
  const stack = untrapped(() => new Error().stack ?? '');
  if (isNodeItself(stack)) return;
  const at = untrapped(() => place(stack));
  const problem: Problem = {
    code: 'stage/undeclared-input',
    message: `stage \`${stage}\` ${what}`,
    ...(at && { place: at }),
    hint,
  };
  if (violations.length < 20 && !violations.some((known) => known.message === problem.message))
    violations.push(problem);
  throw new ProblemError(problem);
}

/** Node's own code asks its environment while it loads code and maps errors; that is no act of the stage. */
function isNodeItself(stack: string): boolean {
  const frames = stack
    .split('\n')
    .slice(1)
    .filter((line) => !/worker\.cjs|\/engine\/trap\.ts|at (Object|Reflect|Proxy)\.\w+ \(<anonymous>\)/.test(line));
  // Only these rooms of Node: `promisify(readFile)` and `then(Date.now)` call from others on behalf of the stage.
  const outer = frames.findIndex((line) => !line.includes('node:'));
  return frames
    .slice(0, outer < 0 ? frames.length : outer)
    .some((line) => /node:internal\/(modules|source_map|errors|util\/debuglog)/.test(line));
}

const HINT = {
  file: 'wire the file to an input port (`./path` or a source) and read it from `in`',
  clock: 'outputs are a function of the key: take dates from params',
  zone: 'use UTC and say the locale: outputs must not depend on where they are made',
  chance: 'draw from lib/math/stream with the seed the stage declares it uses',
  network: 'fetch it outside the pipeline and declare it as a source',
  environment: 'declare a param and wire it from the configuration',
  process: 'use a `cmd:` stage for programs',
} as const;

/** Replace functions of a module object by ones that first look whether a stage is running. */
function guardAll(bag: Bag, names: readonly string[], what: (name: string) => string, hint: string): void {
  for (const name of names) {
    const original = bag[name];
    // crypto.getRandomValues cannot be replaced, but it goes through globalThis.crypto, which can.
    if (typeof original !== 'function' || Object.getOwnPropertyDescriptor(bag, name)?.configurable === false) continue;
    const guarded = function (this: unknown, ...args: unknown[]) {
      touch(what(name), hint);
      return new.target ? Reflect.construct(original, args) : (original as Anything).apply(this, args);
    };
    Object.assign(guarded, original);
    (guarded as { prototype: unknown }).prototype = (original as { prototype: unknown }).prototype;
    Object.defineProperty(bag, name, { value: guarded, configurable: true, writable: true, enumerable: true });
  }
}

const functionsOf = (bag: object) => Object.keys(bag).filter((name) => typeof (bag as Bag)[name] === 'function');

function install(): void {
  allowModuleLoading();
  guardAll(fs as unknown as Bag, functionsOf(fs), (name) => `touches files (fs.${name})`, HINT.file);
  for (const name of ['realpath', 'realpathSync'] as const)
    guardAll(fs[name] as unknown as Bag, ['native'], () => `touches files (fs.${name}.native)`, HINT.file);
  guardAll(
    fs.promises as unknown as Bag,
    functionsOf(fs.promises),
    (name) => `touches files (fs.promises.${name})`,
    HINT.file,
  );
  guardAll(os as unknown as Bag, functionsOf(os), (name) => `asks about the machine (os.${name})`, HINT.environment);
  guardAll(
    childProcess as unknown as Bag,
    functionsOf(childProcess),
    (name) => `starts a program (${name})`,
    HINT.process,
  );
  guardAll(workerThreads as unknown as Bag, ['Worker'], () => 'starts a thread', HINT.process);
  for (const [label, bag] of Object.entries({ net, http, https, dns, 'dns.promises': dns.promises, dgram })) {
    const names = functionsOf(bag).filter((name) =>
      /^(connect|createConnection|request|get|lookup|resolve|Resolver|createSocket|createServer|Socket)/.test(name),
    );
    guardAll(bag as unknown as Bag, names, (name) => `uses the network (${label}.${name})`, HINT.network);
  }
  guardAll(
    net.Socket.prototype as unknown as Bag,
    ['connect'],
    () => 'uses the network (socket.connect)',
    HINT.network,
  );
  guardAll(globalThis as unknown as Bag, ['fetch', 'WebSocket'], (name) => `uses the network (${name})`, HINT.network);
  guardEntropy();
  guardClock();
  guardZone();
  guardProcess();
  syncBuiltinESMExports();
}

/** Packages are in the key with their integrity, so loading one lazily is allowed to read its files. */
function allowModuleLoading(): void {
  const loader = Module as unknown as { _load: Anything };
  const load = loader._load;
  loader._load = function (this: unknown, ...args: unknown[]) {
    return untrapped(() => load.apply(this, args));
  };
}

function guardEntropy(): void {
  const what = (name: string) => `draws unseeded randomness (${name})`;
  guardAll(Math as unknown as Bag, ['random'], () => what('Math.random'), HINT.chance);
  const names = functionsOf(crypto).filter((name) =>
    /^(random|pseudoRandom|getRandom|prng|rng|generateKey|generatePrime)/.test(name),
  );
  guardAll(crypto as unknown as Bag, names, (name) => what(`crypto.${name}`), HINT.chance);
  const web = globalThis.crypto as unknown as Bag;
  guardAll(web, ['getRandomValues', 'randomUUID'], (name) => what(`crypto.${name}`), HINT.chance);
  guardAll(crypto.subtle as unknown as Bag, ['generateKey'], () => what('crypto.subtle.generateKey'), HINT.chance);
}

function guardClock(): void {
  const RealDate = Date;
  const message = (name: string) => `reads the clock (${name})`;
  const TrappedDate = function (this: unknown, ...args: unknown[]) {
    if (!new.target) {
      touch(message('Date()'), HINT.clock);
      return RealDate();
    }
    if (args.length === 0) touch(message('new Date()'), HINT.clock);
    if (args.length > 1 || isLocalTime(args[0])) touch('reads the local time zone (new Date of local time)', HINT.zone);
    return Reflect.construct(RealDate, args, new.target === (TrappedDate as unknown) ? RealDate : new.target);
  };
  TrappedDate.prototype = RealDate.prototype;
  TrappedDate.UTC = RealDate.UTC;
  TrappedDate.parse = (text: string) => {
    if (isLocalTime(text)) touch('reads the local time zone (Date.parse of local time)', HINT.zone);
    return RealDate.parse(text);
  };
  TrappedDate.now = () => {
    touch(message('Date.now'), HINT.clock);
    return RealDate.now();
  };
  Object.defineProperty(RealDate.prototype, 'constructor', { value: TrappedDate, configurable: true, writable: true });
  Object.defineProperty(globalThis, 'Date', { value: TrappedDate, configurable: true, writable: true });
  guardAll(
    Object.getPrototypeOf(performance) as Bag,
    ['now', 'mark', 'measure'],
    (name) => message(`performance.${name}`),
    HINT.clock,
  );
  guardAll(
    process as unknown as Bag,
    ['hrtime', 'uptime', 'cpuUsage'],
    (name) => message(`process.${name}`),
    HINT.clock,
  );
  guardAll(process.hrtime as unknown as Bag, ['bigint'], () => message('process.hrtime.bigint'), HINT.clock);
  for (const name of ['timeOrigin', 'toJSON'])
    guardGetter(performance, name, message(`performance.${name}`), HINT.clock);
}

/** ECMAScript reads a date alone as UTC, and anything without an offset as local time. */
function isLocalTime(text: unknown): boolean {
  return typeof text === 'string' && !/^\d{4}(-\d\d){0,2}$|(Z|GMT|UTC|[+-]\d\d:?\d\d)$/.test(text);
}

/** Trap reading a property that is no function. */
function guardGetter(bag: object, name: string, what: string, hint: string): void {
  let owner: object | null = bag;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  const found = owner === null ? undefined : Object.getOwnPropertyDescriptor(owner, name);
  if (owner === null || found?.configurable !== true) return;
  const get = function (this: unknown) {
    touch(what, hint);
    return found.get === undefined ? found.value : found.get.call(this);
  };
  Object.defineProperty(owner, name, {
    get,
    set: found.set,
    configurable: true,
    enumerable: found.enumerable === true,
  });
}

function guardZone(): void {
  const names = Object.getOwnPropertyNames(Date.prototype).filter((name) =>
    /^(get|set)(?!UTC|Time$)|^to(String|DateString|TimeString)/.test(name),
  );
  guardAll(Date.prototype as unknown as Bag, names, (name) => `reads the local time zone (Date.${name})`, HINT.zone);
  const unsaid = ([locale, options]: readonly unknown[]) =>
    locale === undefined || (options as Bag | undefined)?.['timeZone'] === undefined;
  for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])
    guardWhen(Date.prototype as unknown as Bag, name, unsaid);
  for (const [name, Real] of Object.entries(Object.getOwnPropertyDescriptors(Intl))) {
    const { prototype } = Real.value as { prototype?: object };
    // Locale has no default, and the rest are no classes.
    if (name === 'Locale' || prototype === undefined) continue;
    guardWhen(Intl as unknown as Bag, name, name === 'DateTimeFormat' ? unsaid : ([locale]) => locale === undefined);
    const guarded = { value: (Intl as unknown as Bag)[name], configurable: true, writable: true };
    Object.defineProperty(prototype, 'constructor', guarded);
  }
  guardWhen(String.prototype as unknown as Bag, 'localeCompare', (args) => args[1] === undefined);
  for (const name of ['toLocaleUpperCase', 'toLocaleLowerCase'])
    guardWhen(String.prototype as unknown as Bag, name, (args) => args[0] === undefined);
  for (const bag of [Number.prototype, BigInt.prototype, Array.prototype])
    guardWhen(bag as unknown as Bag, 'toLocaleString', (args) => args[0] === undefined);
}

function guardWhen(bag: Bag, name: string, depends: (args: readonly unknown[]) => boolean): void {
  const original = bag[name] as Anything;
  const guarded = function (this: unknown, ...args: unknown[]) {
    if (armed !== null && depends(args)) touch(`depends on the default locale or zone (${name})`, HINT.zone);
    return new.target ? Reflect.construct(original, args) : original.apply(this, args);
  };
  Object.assign(guarded, original);
  (guarded as { prototype: unknown }).prototype = (original as { prototype: unknown }).prototype;
  for (const key of ['supportedLocalesOf'])
    if (key in original) (guarded as unknown as Bag)[key] = (original as unknown as Bag)[key];
  Object.defineProperty(bag, name, { value: guarded, configurable: true, writable: true });
}

const PROCESS = (
  'cwd chdir exit kill abort umask getuid geteuid getgid getegid getgroups memoryUsage resourceUsage availableMemory ' +
  'constrainedMemory getActiveResourcesInfo loadEnvFile binding'
).split(' ');

function guardProcess(): void {
  const environment = process.env;
  const look = (name: string | symbol) =>
    touch(`reads the environment (process.env.${String(name)})`, HINT.environment);
  const change = (name: string | symbol) =>
    touch(`changes the environment (process.env.${String(name)})`, HINT.environment);
  const trapped = new Proxy(environment, {
    get: (target, name) => {
      look(name);
      return Reflect.get(target, name);
    },
    has: (target, name) => {
      look(name);
      return Reflect.has(target, name);
    },
    ownKeys: (target) => {
      look('*');
      return Reflect.ownKeys(target);
    },
    // What one stage sets, the next on this thread would read.
    set: (target, name, value) => {
      change(name);
      return Reflect.set(target, name, value);
    },
    deleteProperty: (target, name) => {
      change(name);
      return Reflect.deleteProperty(target, name);
    },
  });
  Object.defineProperty(process, 'env', { value: trapped, configurable: true, writable: true });
  guardAll(process as unknown as Bag, PROCESS, (name) => `asks about the process (process.${name})`, HINT.environment);
  for (const name of ['pid', 'ppid', 'argv', 'argv0', 'execPath', 'title'])
    guardGetter(process, name, `asks about the process (process.${name})`, HINT.environment);
}
