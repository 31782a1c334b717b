// Starts the program: answers at once when nothing can have changed, rebuilds when its own sources did, else loads the rest.
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { CTIME, cheapestGlance, type Fields, INO, MTIME, SIZE, timeMs } from '../lib/store/glance.ts';
import { type Answer, decodeState, GRAIN_MS, type State } from '../lib/store/state.ts';

interface Build {
  readonly id: string;
  readonly sources: readonly (readonly [string, number, number])[];
  readonly help: Readonly<Record<string, string>>;
}

const own = dirname(__dirname);
const glance = cheapestGlance(__filename);

function readBuild(): Build | null {
  try {
    return JSON.parse(readFileSync(join(__dirname, 'build.json'), 'utf8')) as Build;
  } catch {
    return null;
  }
}

/** What executes is what its sources say: stat them, and build again when one differs (settled point 1). */
function isFresh(build: Build): boolean {
  const here = process.cwd();
  process.chdir(own);
  try {
    // A package installed without its sources can not be stale.
    if (!glance(build.sources[0]?.[0] ?? '')) return true;
    return build.sources.every(([path, size, mtimeMs]) => {
      const found = glance(path);
      return found !== undefined && found[SIZE] === size && timeMs(found, MTIME) === mtimeMs;
    });
  } finally {
    process.chdir(here);
  }
}

function rebuild(): Build {
  const { spawnSync } = require('node:child_process') as typeof import('node:child_process');
  const done = spawnSync(process.execPath, [join(own, 'scripts', 'build.mjs')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const build = done.status === 0 ? readBuild() : null;
  if (build !== null) return build;
  process.stderr.write(
    `error code/stale: the program differs from its sources and cannot be built again\n${done.stderr}  hint: run \`npm ci\` in ${own}\n`,
  );
  process.exit(2);
}

/** The answer of last time, when it was to the same question and nothing it rests on has changed. */
function sameAnswer(build: Build, [command = '', ...args]: readonly string[]): Answer | undefined {
  // The program tells that no other command takes these.
  if (command !== 'run' && telling(args).length < args.length) return undefined;
  let root = process.cwd();
  const top = parse(root).root;
  while (!glance(join(root, 'pipeline.yaml'))) {
    if (root === top) return undefined;
    root = dirname(root);
  }
  const here = process.cwd();
  try {
    const fd = openSync(join(root, '.pipeline', MEMORY_OF[command] as string), 'r');
    const savedAtMs = fstatSync(fd).mtimeMs;
    const state = decodeState(readFileSync(fd));
    closeSync(fd);
    const answer = state?.answers[command];
    if (state === null || typeof answer?.stderr !== 'string' || typeof answer.stdout !== 'string') return undefined;
    if (state.question !== question(build.id, root, args)) return undefined;
    return isUnchanged(state, savedAtMs, root) ? answer : undefined;
  } catch {
    // No memory, a file where a folder was, a loop of links: the program will tell.
    return undefined;
  } finally {
    process.chdir(here);
  }
}

/** Where a command keeps what it would say again. */
const MEMORY_OF: Readonly<Record<string, string>> = { run: 'state', status: 'state', push: 'pushed' };

function isUnchanged({ folders, names, marks }: State, savedAtMs: number, root: string): boolean {
  let from = 0;
  for (const [folder, count, age] of folders) {
    // What only earlier runs looked at has no part in the answer.
    if (age > 0) return true;
    // The kernel finds a short name in the folder it stands in for two thirds of what an absolute one costs.
    process.chdir(folder.startsWith('/') ? folder : `${root}/${folder}`);
    if (!areUnchanged(names, marks, from, from + count, savedAtMs)) return false;
    from += count;
  }
  return true;
}

function areUnchanged(
  names: readonly string[],
  marks: Float64Array,
  from: number,
  to: number,
  savedAtMs: number,
): boolean {
  for (let i = from, m = 4 * from; i < to; i++, m += 4) {
    const found = glance(names[i] as string);
    // What was not there must still not be there.
    if (found === undefined ? marks[m] !== -1 : !looksAs(found, marks, m)) return false;
    if ((marks[m + 2] as number) + GRAIN_MS >= savedAtMs) return false;
  }
  return true;
}

/** By itself, so that neither this nor the loop is long enough under way to be optimised below some thousand names: that costs more than their looks. */
function looksAs(found: Fields, marks: Float64Array, m: number): boolean {
  return (
    found[SIZE] === marks[m] &&
    (found[MTIME] as number) * 1000 + (found[MTIME + 1] as number) / 1e6 === marks[m + 1] &&
    (found[CTIME] as number) * 1000 + (found[CTIME + 1] as number) / 1e6 === marks[m + 2] &&
    found[INO] === marks[m + 3]
  );
}

/** Everything besides files that can change an answer: the program, the project's place, arguments, our environment variables. */
function question(build: string, root: string, args: readonly string[]): string {
  const environment = Object.keys(process.env)
    .filter((name) => name.startsWith('PIPELINE_') || name === 'NO_COLOR' || name === 'HOME')
    .sort()
    .map((name) => `${name}=${process.env[name]}`);
  return JSON.stringify([build, root, telling(args), environment]);
}

/** The arguments without those of `run` that change only how it goes about its work. */
function telling(args: readonly string[]): string[] {
  const isCount = (text = '') => /^\d{1,4}$/.test(text) && Number(text) > 0;
  const isHow = (arg: string, i: number) =>
    arg === '--keep-going' ||
    (arg === '--jobs' && isCount(args[i + 1])) ||
    (args[i - 1] === '--jobs' && isCount(arg)) ||
    (arg.startsWith('--jobs=') && isCount(arg.slice('--jobs='.length)));
  return args.filter((arg, i) => !isHow(arg, i));
}

/** Load the program through V8's code cache, which this Node wrote the first time. */
function loadMain(build: Build): void {
  const { setFlagsFromString } = require('node:v8') as typeof import('node:v8');
  // Most commands end within a second: what runs seven times longer than V8's default is worth its optimiser (55 of 1,000 stages: a quarter of the CPU).
  setFlagsFromString('--interrupt-budget=1000000');
  const { Script } = require('node:vm') as typeof import('node:vm');
  const file = join(__dirname, 'main.cjs');
  const cache = join(__dirname, `main-${build.id}-${process.version}-${process.arch}.cache`);
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  const module = { exports: {} as { main?: (options: unknown) => Promise<void> } };
  script.runInThisContext()(module.exports, require, module, file, __dirname);
  const saveCache = () => {
    if (cachedData !== undefined && !script.cachedDataRejected) return;
    try {
      writeFileSync(`${cache}.${process.pid}`, script.createCachedData());
      renameSync(`${cache}.${process.pid}`, cache);
    } catch {
      // A read-only installation works too, only slower.
    }
  };
  void module.exports
    .main?.({
      own,
      build: build.id,
      question: (root: string, args: readonly string[]) => question(build.id, root, args),
    })
    .finally(saveCache);
}

function say(descriptor: number, text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader that went away, or a full pipe that is read slowly.
      if (code !== 'EAGAIN') return;
    }
  }
}

const args = process.argv.slice(2);
let build = readBuild();
if (build === null || !isFresh(build)) build = rebuild();
const help =
  args.length === 0 ? '' : args.at(-1) === '--help' || args.at(-1) === '-h' ? args.slice(0, -1).join(' ') : undefined;
const answer =
  Object.hasOwn(MEMORY_OF, args[0] ?? '') && process.env.DVC_STAGE === undefined ? sameAnswer(build, args) : undefined;
// Straight to the descriptors: Node's streams cost more than all the rest of a run that does nothing.
if (help !== undefined && build.help[help] !== undefined) say(1, build.help[help]);
else if (answer !== undefined) {
  say(2, answer.stderr);
  say(1, answer.stdout);
} else loadMain(build);
