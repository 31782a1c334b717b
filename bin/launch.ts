// Starts the program: answers at once when nothing can have changed, rebuilds when its own sources did, else loads the rest.
import * as fs from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { setFlagsFromString } from 'node:v8';

interface Build {
  readonly id: string;
  readonly sources: readonly (readonly [string, number, number])[];
  readonly help: Readonly<Record<string, string>>;
}

interface State {
  readonly format: number;
  readonly question: string;
  readonly answer?: { readonly stdout: string; readonly stderr: string };
  readonly paths: readonly string[];
  readonly marks: readonly number[];
}

/** As in lib/store/marks: younger entries prove nothing. */
const GRAIN_MS = 12;

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

/** The last run's answer, when it was to the same question and no file it rests on has changed. */
function sameAnswer(build: Build, args: readonly string[]): State['answer'] {
  let root = process.cwd();
  const top = parse(root).root;
  while (!fs.statSync(join(root, 'pipeline.yaml'), { throwIfNoEntry: false })) {
    if (root === top) return undefined;
    root = dirname(root);
  }
  let state: State | null;
  let savedAtMs: number;
  try {
    const fd = fs.openSync(join(root, '.pipeline', 'state.json'), 'r');
    savedAtMs = fs.fstatSync(fd).mtimeMs;
    state = JSON.parse(fs.readFileSync(fd, 'utf8')) as State;
    fs.closeSync(fd);
  } catch {
    return undefined;
  }
  const isWhole = Array.isArray(state?.paths) && Array.isArray(state.marks);
  if (
    !isWhole ||
    state.format !== 2 ||
    typeof state.answer?.stderr !== 'string' ||
    state.question !== question(build.id, args)
  )
    return undefined;
  const here = process.cwd();
  // Names relative to the project cost the kernel a third less than absolute ones.
  process.chdir(root);
  try {
    return isUnchanged(state, savedAtMs) ? state.answer : undefined;
  } catch {
    // A file where a folder was, a loop of links: the program will tell.
    return undefined;
  } finally {
    process.chdir(here);
  }
}

const LONG = 8000;

function isUnchanged({ paths, marks }: State, savedAtMs: number): boolean {
  const quiet = { throwIfNoEntry: false } as const;
  // A longer loop repays its optimisation.
  if (paths.length > LONG) setFlagsFromString('--opt');
  for (let i = 0, m = 0; i < paths.length; i++, m += 4) {
    const stat = fs.statSync(paths[i] as string, quiet);
    // What was not there must still not be there.
    if (marks[m] === -1 && stat === undefined) continue;
    if (
      stat === undefined ||
      stat.size !== marks[m] ||
      stat.mtimeMs !== marks[m + 1] ||
      stat.ctimeMs !== marks[m + 2] ||
      stat.ino !== marks[m + 3]
    )
      return false;
    if (stat.ctimeMs + GRAIN_MS >= savedAtMs) return false;
  }
  return true;
}

/** Everything besides files that can change what a run does: the program, its arguments, our environment variables. */
function question(build: string, args: readonly string[]): string {
  const environment = Object.keys(process.env)
    .filter((name) => name.startsWith('PIPELINE_') || name === 'NO_COLOR')
    .sort()
    .map((name) => `${name}=${process.env[name]}`);
  return JSON.stringify([build, args, environment]);
}

/** Load the program through V8's code cache, which this Node wrote the first time. */
function loadMain(build: Build): void {
  setFlagsFromString('--opt');
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
    .main?.({ own, build: build.id, question: (args: readonly string[]) => question(build.id, args) })
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
const answer = args[0] === 'run' && process.env.DVC_STAGE === undefined ? sameAnswer(build, args) : undefined;
// Straight to the descriptors: Node's streams cost more than all the rest of a run that does nothing.
if (help !== undefined && build.help[help] !== undefined) say(1, build.help[help]);
else if (answer !== undefined) {
  say(2, answer.stderr);
  say(1, answer.stdout);
} else loadMain(build);
