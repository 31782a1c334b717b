// Starts the program: answers at once when nothing can have changed, rebuilds when its own sources did, else loads the rest.
import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { cheapestLooker, folderText, Look, MARK_FIELDS, MTIME, SIZE, SIZE_AT, timeMs } from '../lib/store/glance.ts';
import { type Answer, decodeState, frontBytes, GRAIN_MS, type Looked, type State } from '../lib/store/state.ts';

interface Build {
  readonly id: string;
  /** The Node whose binding was tried when this was built. */
  readonly node: string;
  readonly sources: readonly string[];
  /** Size and mtimeMs of each source. */
  readonly marks: readonly number[];
  readonly help: Readonly<Record<string, string>>;
}

const own = dirname(__dirname);

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
    const { sources, marks } = build;
    // A package installed without its sources can not be stale.
    if (!looker.stat(sources[0] ?? '')) return true;
    for (let i = 0; i < sources.length; i++) {
      const found = looker.stat(sources[i] as string);
      if (found === undefined || found[SIZE] !== marks[2 * i] || timeMs(found, MTIME) !== marks[2 * i + 1])
        return false;
    }
    return true;
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
  while (!looker.stat(join(root, 'pipeline.yaml'))) {
    if (root === top) return undefined;
    root = dirname(root);
  }
  const here = process.cwd();
  try {
    const before = command === 'run' ? unlocked(join(root, '.pipeline')) : null;
    const file = join(root, '.pipeline', MEMORY_OF[command] as string);
    // Before it is read: of one that takes its place meanwhile too little is trusted, not too much.
    const found = looker.stat(file);
    if (found === undefined) return undefined;
    const savedAtMs = timeMs(found, MTIME);
    const state = readState(file);
    const answer = state?.answers[command];
    if (state === null || typeof answer?.stderr !== 'string' || typeof answer.stdout !== 'string') return undefined;
    if (state.question !== question(build.id, root, args)) return undefined;
    // What changed within a tick of the clock before it was remembered may have changed once more.
    if (!(state.newestMs + GRAIN_MS < savedAtMs)) return undefined;
    const changed = changes(state, root);
    if (changed.size === 0) return answer;
    if (changed.size < MANY && before !== null) looked = { before, changed };
    return undefined;
  } catch {
    // No memory, a file where a folder was, a loop of links: the program will tell.
    return undefined;
  } finally {
    process.chdir(here);
  }
}

/** A state without its md5s. Memory costs more than what is in it: each page that is touched is a trap. */
function readState(file: string): State | null {
  const fd = openSync(file, 'r');
  const head = Buffer.allocUnsafeSlow(64);
  readSync(fd, head);
  const front = Buffer.allocUnsafeSlow(frontBytes(head));
  const got = front.length === 0 ? 0 : readSync(fd, front, 0, front.length, 0);
  closeSync(fd);
  return got === front.length ? decodeState(front) : null;
}

/** Where a command keeps what it would say again. */
const MEMORY_OF: Readonly<Record<string, string>> = { run: 'state', status: 'state', push: 'pushed' };

/** A folder of state that no run is writing to, as it is now. */
function unlocked(folder: string): string | null {
  const found = looker.stat(folder);
  const text = found === undefined ? null : folderText(new Look(found));
  return looker.stat(join(folder, 'lock')) === undefined ? text : null;
}

/** More than this is another project. */
const MANY = 1000;

/** Names that do not look as they are remembered. The system's own numbers are compared as bytes, so that none is made of them: thousands would be collected. */
function changes({ folders, names, marks }: State, root: string): Set<string> {
  const changed = new Set<string>();
  let most = 0;
  for (const [, count] of folders) if (count > most) most = count;
  const seen = new Float64Array(most * MARK_FIELDS);
  const seenBytes = Buffer.from(seen.buffer);
  const bytes = Buffer.from(marks.buffer, marks.byteOffset, marks.byteLength);
  const size = MARK_FIELDS * 8;
  let from = 0;
  for (const [folder, count, age] of folders) {
    // What only earlier runs looked at has no part in the answer.
    if (age > 0 || changed.size >= MANY) break;
    // The kernel finds a short name in the folder it stands in for two thirds of what an absolute one costs.
    process.chdir(folder.startsWith('/') ? folder : `${root}/${folder}`);
    lookAtAll(names, from, count, seen);
    const start = size * from;
    if (seenBytes.compare(bytes, start, start + size * count, 0, size * count) !== 0)
      for (let i = 0, at = start; i < count; i++, at += size)
        if (seenBytes.compare(bytes, at, at + size, size * i, size * (i + 1)) !== 0)
          changed.add(folder === '' ? (names[from + i] as string) : `${folder}/${names[from + i]}`);
    from += count;
  }
  return changed;
}

/** One long step a name: V8's optimiser costs more than the looks of some thousand names, and prefers short functions. */
function lookAtAll(names: readonly string[], from: number, count: number, seen: Float64Array): void {
  const { stat, own, times } = looker;
  for (let i = from, at = 0; i < from + count; i++, at += MARK_FIELDS) {
    if (stat(names[i] as string) !== undefined) {
      seen.set(own, at);
      seen.set(times, at + own.length);
    } else {
      // What was not there must still not be there.
      seen.fill(0, at, at + MARK_FIELDS);
      seen[at + SIZE_AT] = -1;
    }
  }
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
      looked,
    })
    .finally(saveCache);
}

function say(descriptor: number, text: string): void {
  if (text === '') return;
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
let looked: Looked | null = null;
const looker = build?.node === process.version ? cheapestLooker(true) : cheapestLooker();
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
