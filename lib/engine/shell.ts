// Runs commands of external stages in a private folder with a clean environment; one resident shell per job slot forks cheaply.
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { nowMs } from '../base/clock.ts';
import { ProblemError } from '../base/problem.ts';
import {
  ensureDir,
  errorCode,
  guard,
  hashFile,
  mark,
  moveFile,
  remove,
  settleFile,
  statIfAny,
  tempName,
  walk,
} from '../store/files.ts';
import type { Mark } from '../store/glance.ts';
import { GRAIN_MS } from '../store/state.ts';
import { isSafeName } from '../store/tree.ts';
import { inputFiles, type MadeFile, type WorkItem, type WorkResult } from './executor.ts';

/** Only what programs need to be found and to behave alike everywhere. */
const ENVIRONMENT = { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** A resident `/bin/sh` that runs one command at a time, each in a subshell of its own. */
export class ShellSlot {
  /** The private folder of its commands. */
  readonly home: string;
  isClosed = false;
  #shell: ChildProcess | null = null;
  #finish: ((status: number | null) => void) | null = null;

  constructor(home: string) {
    this.home = home;
  }

  /** Exit status of the command, or null when the shell itself went away (killed, out of memory). */
  run(script: string): Promise<number | null> {
    const shell = this.#start();
    return new Promise((resolve) => {
      this.#finish = (status) => {
        this.#finish = null;
        resolve(status);
      };
      shell.stdin?.write(`${script}; echo "$?" >&3\n`);
    });
  }

  #start(): ChildProcess {
    if (this.#shell !== null) return this.#shell;
    // A process group of its own: a signal to it reaches everything the command started.
    const shell = spawn('/bin/sh', [], {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      env: ENVIRONMENT,
      detached: true,
    });
    shell.stdio[3]?.on('data', (text: Buffer) => this.#finish?.(Number.parseInt(text.toString(), 10)));
    shell.stdin?.on('error', () => {});
    shell.on('error', () => this.#gone(shell));
    shell.on('close', () => this.#gone(shell));
    this.#shell = shell;
    return shell;
  }

  #gone(shell: ChildProcess): void {
    if (this.#shell === shell) this.#shell = null;
    this.#finish?.(null);
  }

  /** End the command and all it started; the next `run` gets a new shell. */
  kill(): void {
    const pid = this.#shell?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }

  /** Resolves when nothing of it runs any more. */
  close(): Promise<void> {
    this.isClosed = true;
    const shell = this.#shell;
    if (shell === null) return Promise.resolve();
    this.kill();
    return new Promise((resolve) => shell.once('close', resolve));
  }
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Run one external unit: lay its inputs under `in/`, its params in `params.json`, collect what it leaves under `out/`. */
export async function runCommand(item: WorkItem, slot: ShellSlot, tmp: string): Promise<WorkResult> {
  const cmd = (item.code as { cmd: string }).cmd;
  const { home } = slot;
  const log = `${home}.log`;
  let timer: NodeJS.Timeout | null = null;
  let timedOut = false;
  let whole = false;
  try {
    layInputs(item, home);
    const before = lookAtInputs(item);
    if (item.timeoutMs !== null) {
      timer = setTimeout(() => {
        timedOut = true;
        slot.kill();
      }, item.timeoutMs);
    }
    const status = await slot.run(
      // What the command leaves in the background belongs to it: it may still be writing outputs.
      `( cd ${quote(home)} && { ${exportsOf(item)}eval ${quote(cmd)}; s=$?; wait; exit $s; } ) >${quote(log)} 2>&1 </dev/null 3>&-`,
    );
    if (timedOut) throw failure('stage/timeout', item, `ran longer than ${(item.timeoutMs ?? 0) / 1000} s`, log);
    if (status === null && slot.isClosed)
      throw new ProblemError({ code: 'interrupted', message: `the command of stage \`${item.stage}\` was stopped` });
    if (status === null) throw failure('stage/failed', item, 'was killed', log);
    if (status !== 0) throw failure('stage/failed', item, `left with status ${status}`, log);
    checkInputs(item, before, log);
    const outputs = collect(item, home, log, tmp);
    whole = clear(item, home);
    return { outputs, verdict: null };
  } finally {
    if (timer !== null) clearTimeout(timer);
    if (!whole) remove(home);
  }
}

/** Scalar params and the mapped element as `PARAM_NAME`; lists and maps are in params.json only. */
function exportsOf(item: WorkItem): string {
  return Object.entries({ ...item.params, ...(item.element !== null && { element: item.element }) })
    .filter(([, value]) => value === null || typeof value !== 'object')
    .map(([name, value]) => {
      const variable = `PARAM_${name.toUpperCase().replaceAll('-', '_')}`;
      return `${variable}=${quote(String(value))}; export ${variable}; `;
    })
    .join('');
}

/** The slot's folder is made once and emptied after each command; one that is not as expected is removed whole. */
function layInputs(item: WorkItem, home: string): void {
  guard('prepare', home, () => {
    if (!fs.existsSync(home)) {
      fs.mkdirSync(join(home, 'out'), { recursive: true });
      fs.mkdirSync(join(home, 'in'));
    }
    for (const [port, input] of Object.entries(item.inputs)) {
      for (const [label, artifact] of Object.entries(input.artifacts)) {
        const base = input.many ? join(home, 'in', port, label.replaceAll('/', '__')) : join(home, 'in', port);
        if (!artifact.md5.endsWith('.dir')) place((artifact.files[0] as { path: string }).path, base, input.many);
        else {
          fs.mkdirSync(base, { recursive: true });
          for (const file of artifact.files) place(file.path, join(base, file.relpath), true);
        }
      }
    }
    for (const [port, { kind }] of Object.entries(item.outputs))
      if (kind === 'tree') fs.mkdirSync(join(home, 'out', port));
    if (Object.keys(item.params).length > 0)
      fs.writeFileSync(join(home, 'params.json'), `${JSON.stringify(item.params, null, 2)}\n`);
  });
}

/** Empty the folder for the next command; false when something is there that should not be. */
function clear(item: WorkItem, home: string): boolean {
  for (const [port, { many, artifacts }] of Object.entries(item.inputs)) {
    const plain = !many && Object.values(artifacts).every(({ md5 }) => !md5.endsWith('.dir'));
    if (plain) fs.unlinkSync(join(home, 'in', port));
    else remove(join(home, 'in', port));
  }
  for (const [port, { kind }] of Object.entries(item.outputs)) if (kind === 'tree') remove(join(home, 'out', port));
  if (Object.keys(item.params).length > 0) fs.unlinkSync(join(home, 'params.json'));
  return (
    fs.readdirSync(home).length === 2 &&
    fs.readdirSync(join(home, 'in')).length === 0 &&
    fs.readdirSync(join(home, 'out')).length === 0
  );
}

/** A link of the read-only blob costs nothing at any size; `checkInputs` sees a program that wrote through it. */
function place(from: string, to: string, nested: boolean): void {
  if (nested) ensureDir(dirname(to));
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw error;
    fs.copyFileSync(from, to);
  }
}

/** Every input's blob as it was before the command ran; together with the time, that tells whether the command wrote through a link. */
interface Before {
  readonly atMs: number;
  readonly marks: ReadonlyMap<string, Mark | null>;
}

function lookAtInputs(item: WorkItem): Before {
  return { marks: new Map(inputFiles(item).map(({ path }) => [path, mark(path)])), atMs: nowMs() };
}

function checkInputs(item: WorkItem, { marks, atMs }: Before, log: string): void {
  for (const [port, input] of Object.entries(item.inputs)) {
    for (const file of Object.values(input.artifacts).flatMap(({ files }) => files)) {
      const [was, now] = [marks.get(file.path), statIfAny(file.path)];
      const kept =
        was != null &&
        now !== undefined &&
        (now.mode & 0o222) === 0 &&
        now.size === file.size &&
        now.ino === was.ino &&
        now.mtimeMs === was.mtimeMs;
      // A write within a tick of the clock after the blob's own leaves its times as they were.
      if (kept && (was.mtimeMs + GRAIN_MS < atMs || hashFile(file.path).md5 === file.md5)) continue;
      throw failure('stage/undeclared-input', item, `changed its input \`${port}\` (${file.relpath})`, log);
    }
  }
}

/** Hash what the command left and move it to temporary names of the store. */
function collect(item: WorkItem, home: string, log: string, tmp: string): Record<string, MadeFile[]> {
  const outputs: Record<string, MadeFile[]> = {};
  for (const [port, { kind }] of Object.entries(item.outputs)) {
    const path = join(home, 'out', port);
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    const wanted = kind === 'tree' ? stat?.isDirectory() : stat?.isFile();
    if (!wanted)
      throw failure(
        'stage/bad-output',
        item,
        `did not make \`out/${port}\` (a ${kind === 'tree' ? 'folder' : 'file'})`,
        log,
      );
    if (kind !== 'tree') {
      outputs[port] = [made('', path, tmp)];
      continue;
    }
    outputs[port] = walk(path).map((file) => {
      if (!isSafeName(file.relpath))
        throw failure(
          'stage/bad-output',
          item,
          `left the unsafe name ${JSON.stringify(file.relpath)} in \`out/${port}\``,
          log,
        );
      if (file.kind !== 'file')
        throw failure('stage/bad-output', item, `left \`out/${port}/${file.relpath}\`, which is not a plain file`, log);
      const inner = join(path, file.relpath);
      return made(file.relpath, inner, tmp);
    });
  }
  return outputs;
}

function made(relpath: string, path: string, tmp: string): MadeFile {
  const temp = tempName(tmp);
  guard('store', path, () => moveFile(path, temp));
  return { relpath, ...settleFile(temp), temp };
}

function failure(
  code: 'stage/failed' | 'stage/timeout' | 'stage/bad-output' | 'stage/undeclared-input',
  item: WorkItem,
  what: string,
  log: string,
): ProblemError {
  const text = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trimEnd() : '';
  const tail = text.split('\n').slice(-8).join('\n');
  const who = item.element === null ? `\`${item.stage}\`` : `\`${item.stage}\` for \`${item.element}\``;
  return new ProblemError({
    code,
    message: `the command of stage ${who} ${what}`,
    facts: { cmd: (item.code as { cmd: string }).cmd, ...(tail && { output: tail }) },
  });
}
