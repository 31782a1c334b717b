// Starts the program: answers at once when nothing can have changed, rebuilds when its own sources did, else loads the rest.
import * as fs from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { type Answer, decodeState, GRAIN_MS, type State } from '../lib/store/state.ts';

interface Build {
  readonly id: string;
  readonly sources: readonly (readonly [string, number, number])[];
  readonly help: Readonly<Record<string, string>>;
}

const own = dirname(__dirname);

function readBuild(): Build | null {
  try {
    return JSON.parse(fs.readFileSync(join(__dirname, 'build.json'), 'utf8')) as Build;
  } catch {
    return null;
  }
}

/** What executes is what its sources say: stat them, and build again when one differs (settled point 1). */
function isFresh(build: Build): boolean {
  for (const [path, size, mtimeMs] of build.sources) {
    const stat = fs.statSync(`${own}/${path}`, { throwIfNoEntry: false });
    // A package installed without its sources can not be stale.
    if (stat === undefined && path === build.sources[0]?.[0]) return true;
    if (stat === undefined || stat.size !== size || stat.mtimeMs !== mtimeMs) return false;
  }
  return true;
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
  let root = process.cwd();
  const top = parse(root).root;
  while (!fs.statSync(join(root, 'pipeline.yaml'), { throwIfNoEntry: false })) {
    if (root === top) return undefined;
    root = dirname(root);
  }
  const here = process.cwd();
  try {
    const fd = fs.openSync(join(root, '.pipeline', MEMORY_OF[command] as string), 'r');
    const savedAtMs = fs.fstatSync(fd).mtimeMs;
    const state = decodeState(fs.readFileSync(fd));
    fs.closeSync(fd);
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
  // A longer loop repays its optimisation.
  if (names.length > LONG) setFlagsFromString('--opt');
  let from = 0;
  for (const [folder, count] of folders) {
    // The kernel finds a short name in the folder it stands in for two thirds of what an absolute one costs.
    process.chdir(folder.startsWith('/') ? folder : `${root}/${folder}`);
    if (!areUnchanged(names, marks, from, from + count, savedAtMs)) return false;
    from += count;
  }
  return true;
}

const LONG = 8000;
const QUIET = { throwIfNoEntry: false } as const;

function areUnchanged(
  names: readonly string[],
  marks: Float64Array,
  from: number,
  to: number,
  savedAtMs: number,
): boolean {
  for (let i = from, m = 4 * from; i < to; i++, m += 4) {
    const stat = fs.statSync(names[i] as string, QUIET);
    // What was not there must still not be there.
    if (marks[m] === -1 && stat === undefined) continue;
    if (
      stat === undefined ||
      stat.size !== marks[m] ||
      stat.mtimeMs !== marks[m + 1] ||
      stat.ctimeMs !== marks[m + 2] ||
      stat.ino !== marks[m + 3] ||
      stat.ctimeMs + GRAIN_MS >= savedAtMs
    )
      return false;
  }
  return true;
}

/** Everything besides files that can change an answer: the program, the project's place, arguments, our environment variables. */
function question(build: string, root: string, args: readonly string[]): string {
  const environment = Object.keys(process.env)
    .filter((name) => name.startsWith('PIPELINE_') || name === 'NO_COLOR' || name === 'HOME')
    .sort()
    .map((name) => `${name}=${process.env[name]}`);
  return JSON.stringify([build, root, args, environment]);
}

/** Load the program through V8's code cache, which this Node wrote the first time. */
function loadMain(build: Build): void {
  setFlagsFromString('--opt');
  // Most commands end within a second: what runs seven times longer than V8's default is worth its optimiser (55 of 1,000 stages: a quarter of the CPU).
  setFlagsFromString('--interrupt-budget=1000000');
  const { Script } = require('node:vm') as typeof import('node:vm');
  const file = join(__dirname, 'main.cjs');
  const cache = join(__dirname, `main-${build.id}-${process.version}-${process.arch}.cache`);
  const source = `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, 'utf8')}\n})`;
  const cachedData = fs.existsSync(cache) ? fs.readFileSync(cache) : undefined;
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  const module = { exports: {} as { main?: (options: unknown) => Promise<void> } };
  script.runInThisContext()(module.exports, require, module, file, __dirname);
  const saveCache = () => {
    if (cachedData !== undefined && !script.cachedDataRejected) return;
    try {
      fs.writeFileSync(`${cache}.${process.pid}`, script.createCachedData());
      fs.renameSync(`${cache}.${process.pid}`, cache);
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
      rest = rest.subarray(fs.writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader that went away, or a full pipe that is read slowly.
      if (code !== 'EAGAIN') return;
    }
  }
}

// The loop over marks lasts milliseconds; optimising it on other threads costs more CPU than it saves (1,000 stages: 2.1 to 1.6 times a bare start).
setFlagsFromString('--no-opt');
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
