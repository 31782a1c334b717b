// The plan of the house as data: which room may import which, who lets foreign packages in, and each exception with its reason.

const SCIENCE = ['math', 'stats', 'models', 'market', 'features', 'calibration', 'report'];

/** Room -> what it may import besides itself: a room, one file, or a room's types. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  math: ['base'],
  table: ['lib/math/kernel.ts', 'base'],
  store: ['base'],
  git: ['base'],
  stats: ['math', 'base'],
  models: ['math', 'base'],
  market: ['models', 'stats', 'math', 'base'],
  features: ['models', 'stats', 'math', 'base'],
  calibration: ['models', 'stats', 'math', 'base'],
  report: ['base'],
  stage: ['table', 'base'],
  engine: ['types of stage', 'store', 'base'],
  dvc: ['lib/engine/spec.ts', 'lib/engine/event.ts', 'store', 'base'],
  'a pipeline': ['stage', 'table', 'base', 'config/schema/manifest.schema.json', ...SCIENCE],
  stages: ['a pipeline'],
  bin: ['cron', 'engine', 'dvc', 'git', 'base'],
  cron: ['engine', 'dvc', 'git', 'base'],
};

/** Foreign package -> the one file it enters through; a folder for what belongs to all its files. */
export const ENTERS_BY: Readonly<Record<string, string>> = {
  '@dagrejs/graphlib': 'lib/engine/graph.ts',
  yaml: 'lib/base/document.ts',
  ajv: 'lib/base/schema.ts',
  'isomorphic-git': 'lib/git/revision.ts',
  'apache-arrow': 'lib/table/arrow.ts',
  'parquet-wasm': 'lib/table/parquet.ts',
  'node-cron': 'cron/scheduler.ts',
  pino: 'lib/engine/journal.ts',
  esbuild: 'lib/engine/build.ts',
  commander: 'bin/',
};

export interface Exception {
  /** A file, or a folder ending in a slash. */
  readonly where: string;
  readonly why: string;
}

const DOORS: readonly Exception[] = [
  { where: 'bin/', why: 'a door reads files, arguments and the environment for the rooms behind it' },
  { where: 'cron/', why: 'a door, as bin' },
];
const TRAP: Exception = { where: 'lib/engine/trap.ts', why: 'stands in its place while a stage runs' };
const DISTURB: Exception = {
  where: 'lib/engine/disturb.ts',
  why: 'shifts it, so that `check` can tell who depends on it',
};

/** Imports the table does not have, each from one file, or the files of one folder, to one room. */
export const LETS_THROUGH: readonly { readonly from: string; readonly to: string; readonly why: string }[] = [
  { from: 'bin/', to: 'store', why: 'a door opens the store and hands it on; the engine and dvc do the work on it' },
  { from: 'cron/', to: 'store', why: 'a door, as bin' },
  { from: 'bin/differing.ts', to: 'table', why: 'names the row and column of the first cell that differs' },
];

/** Node's own modules -> who may use them. What is not named here is for doors alone. */
export const NODE_MODULES: Readonly<Record<string, readonly Exception[]>> = {
  'node:fs': [
    { where: 'lib/store/', why: 'the room that owns the disk' },
    { where: 'lib/git/', why: 'reads refs and objects of a repository' },
    { where: 'lib/engine/build.ts', why: 'stats the sources a bundle was made from' },
    { where: 'lib/engine/sources.ts', why: 'reads sources where users keep them, before they are artifacts' },
    { where: 'lib/engine/shell.ts', why: 'makes the private folder of an external stage' },
    { where: 'lib/engine/workspace.ts', why: 'links outputs into the workspace' },
    { where: 'lib/engine/worker.ts', why: 'reads inputs on the thread that runs the stage' },
    { where: 'lib/engine/check.ts', why: 'makes the folders of the variants it compares' },
    TRAP,
    DISTURB,
  ],
  'node:path': ['base', 'store', 'engine', 'dvc', 'git'].map((room) => ({ where: `lib/${room}/`, why: 'names files' })),
  'node:crypto': [
    { where: 'lib/base/', why: 'hash primitives' },
    { where: 'lib/store/', why: 'hashes while bytes are written, and unguessable temporary names' },
    { where: 'lib/table/logical.ts', why: 'hashes columns piece by piece' },
    TRAP,
  ],
  'node:module': [
    { where: 'lib/table/parquet.ts', why: 'loads a fresh codec after damaged bytes have crashed one' },
    { where: 'lib/engine/worker.ts', why: 'loads the bundle of a stage' },
    { where: 'lib/engine/origin.ts', why: 'reads source maps as Node does' },
    TRAP,
    DISTURB,
  ],
  'node:os': ['store', 'engine', 'git'].map((room) => ({
    where: `lib/${room}/`,
    why: 'cores, host and home, for people only',
  })),
  'node:worker_threads': [
    { where: 'lib/engine/pool.ts', why: 'owns the workers' },
    { where: 'lib/engine/worker.ts', why: 'is one' },
    TRAP,
  ],
  'node:child_process': [
    { where: 'lib/engine/shell.ts', why: 'runs external stages' },
    { where: 'lib/engine/check.ts', why: 'runs each variant in its own process' },
    { where: 'lib/dvc/guard.ts', why: 'holds the lock of DVC through the flock program; Node has none' },
    TRAP,
  ],
  'node:buffer': [{ where: 'lib/table/csv.ts', why: 'tells whether bytes are UTF-8' }],
  ...Object.fromEntries(
    ['net', 'dns', 'http', 'https', 'http2', 'tls', 'dgram'].map((name) => [`node:${name}`, [TRAP]]),
  ),
};

/** Word that brings the outside in -> who may say it, beside the doors. */
export const OUTSIDE: Readonly<Record<string, readonly Exception[]>> = {
  Date: [{ where: 'lib/base/clock.ts', why: 'the room of the clock' }, TRAP, DISTURB],
  performance: [{ where: 'lib/base/clock.ts', why: 'the room of the clock' }, TRAP],
  'Math.random': [TRAP],
  'process.env': [
    { where: 'lib/engine/shell.ts', why: 'finds programs on the PATH for external stages' },
    { where: 'lib/git/', why: 'takes an author as git itself does' },
    TRAP,
  ],
  'process.stdout': [],
  'process.stderr': [],
  console: [],
  Intl: [TRAP],
  localeCompare: [],
  toLocaleString: [],
  toLocaleDateString: [],
  toLocaleUpperCase: [],
  toLocaleLowerCase: [],
  globalThis: [TRAP, DISTURB],
};
/** Doors may say these; the others are for nobody outside the lists above. */
export const DOORS_MAY_SAY: readonly string[] = ['process.env', 'process.stdout', 'process.stderr'];

/** The parts of Math whose bits every engine agrees on. */
export const EXACT_MATH: ReadonlySet<string> = new Set(
  'sqrt abs floor ceil trunc round sign min max imul fround clz32 PI E LN2 LN10 LOG2E LOG10E SQRT2 SQRT1_2'.split(' '),
);
export const NUMERIC = [...SCIENCE.map((room) => `lib/${room}/`), 'stages/'];

export function isDoor(path: string): boolean {
  return DOORS.some((door) => path.startsWith(door.where));
}

export function allowed(list: readonly Exception[], path: string): boolean {
  return list.some(({ where }) => (where.endsWith('/') ? path.startsWith(where) : path === where));
}

/** The room a file belongs to, as MAY_IMPORT names it, and the folder that is the room itself. */
export function roomOf(path: string): { readonly room: string; readonly folder: string } | null {
  const [top = '', second = ''] = path.split('/');
  if (top === 'lib' && path.split('/').length > 2) return { room: second, folder: `lib/${second}/` };
  if (top === 'stages')
    return second.includes('.')
      ? { room: 'stages', folder: 'stages/*' }
      : { room: 'a pipeline', folder: `stages/${second}/` };
  return top === 'bin' || top === 'cron' ? { room: top, folder: `${top}/` } : null;
}
